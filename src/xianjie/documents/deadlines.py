"""Deadlines and periods as documents write them: 到2025年, “十四五”末, 2022年6月底前, 过渡期内, 每年 …"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass

from xianjie.documents.numerals import DIGITS, chinese_number

YEAR = r"(?:20\d{2}|二[〇零○][一二三四五六七八九〇零○]{2})年"
EDGE = (
    r"(?:(?:年|月)?(?:底|末|初|中旬|上旬|下旬)|[上下]半年|第?[一二三四]季度|汛期|秋冬季|春节)?"
    r"(?:之?前|以前|起|开始|内|之内|期间)?"
)
DEADLINE = re.compile(
    rf"(?:(?:力争)?(?:到|至|从|自|于|在|用)|截至|截止)?(?:"
    rf"“?十[一二三四五六七]五”?(?:规划)?(?:期?末|时?期(?:间|内)?|以来)"
    rf"|{YEAR}?(?:20\d{{2}})?(?:[—~-]|至|到)+{YEAR}(?:底|末|期间)?(?:之?前|内)?"
    rf"|20\d{{2}}[—~-]+20\d{{2}}年(?:期间)?"
    rf"|{YEAR}(?:\d{{1,2}}月(?:\d{{1,2}}日)?)?{EDGE}"
    rf"|(?<!\d)\d{{1,2}}月(?:\d{{1,2}}日|底|末|中旬|上旬|下旬)?(?:之?前|以前|底前)"
    rf"|(?:整个)?过渡期(?:间)?(?:内|期间|间内)?(?!限|结束)|过渡期前\d年"
    rf"|(?:今后|未来|力?争?用|通过|利用|经过)(?:[一二三四五六七八九十两]|\d{{1,2}}){{1,2}}[—~-]?\d?年(?:左右)?(?:的?时间|的?努力)?(?:左右)?(?:内)?"
    rf"|(?<![第满近前后\d前])(?:[一二三四五六七八九十两]|\d{{1,2}})年(?:之?内|时间内)"
    rf"|(?:(?<![\u4e00-\u9fff第])|(?<=力争)|(?<=努力))(?:[三五]|[35])年(?=(?!来|以|前|级|制|行动|过渡|期|计划|规划)[\u4e00-\u9fff])"
    rf"|今年(?:{EDGE})|年(?:底|内)之?前?|明年(?:{EDGE})"
    rf")(?:,?每年)?|(?<!每人)(?<!每户)(?<!每亩)(?<!每生)(?<!每床)每年(?!度)"
)
FIVE_YEAR_PLANS = {"一": 2010, "二": 2015, "三": 2020, "四": 2025, "五": 2030, "六": 2035, "七": 2040}


@dataclass(frozen=True)
class Deadline:
    """One deadline: `text` as printed, clean place [start, end), `year` of its end if it names one."""

    text: str
    start: int
    end: int
    year: int | None


def find_deadlines(text: str, offset: int = 0) -> list[Deadline]:
    """All deadlines of a piece of text; `offset` is added to places."""
    found = []
    for match in DEADLINE.finditer(text):
        if match.end() - match.start() < 2:
            continue
        printed = match.group()
        found.append(Deadline(printed, match.start() + offset, match.end() + offset, last_year(printed)))
    return found


def last_year(printed: str) -> int | None:
    """The last year a deadline names."""
    years = [int(y) for y in re.findall(r"20\d{2}", printed)]
    chinese = re.search(r"(二[〇零○]\S{2})年", printed)
    if chinese:
        years += [chinese_number(chinese.group(1).replace("○", "〇")) or 0]
    plan = re.search(r"十([一二三四五六七])五", printed)
    if plan and not years:
        return FIVE_YEAR_PLANS[plan.group(1)]
    return max(years) if years else None


def due_date(deadline: Deadline | None) -> str | None:
    """The last day a deadline can mean, as ISO date: 2022年6月底前 → 2022-06-30; None without a year."""
    if deadline is None or deadline.year is None or deadline.text.endswith(("起", "开始")):
        return None
    tail = deadline.text.rsplit("年", 1)[-1] if "月" in deadline.text else ""
    month = re.match(r"(\d{1,2})月(?:(\d{1,2})日)?", tail)
    if month and 1 <= int(month.group(1)) <= 12:
        last = calendar.monthrange(deadline.year, int(month.group(1)))[1]
        return f"{deadline.year}-{int(month.group(1)):02d}-{min(int(month.group(2) or last), last):02d}"
    quarter = re.search("([一二三四])季度", deadline.text)
    if quarter:
        end = DIGITS[quarter.group(1)] * 3
        return f"{deadline.year}-{end:02d}-{calendar.monthrange(deadline.year, end)[1]}"
    return f"{deadline.year}-06-30" if "上半年" in deadline.text else f"{deadline.year}-12-31"
