"""Where the document's body begins and ends, and what its head says: title, level, issuer, year.

Before the first heading stands the preamble, or the rest of a clause whose heading is missing (a fragment). After the
last heading's text may follow a closing paragraph, a signature, attachments, other articles.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from xianjie.documents.clean import Clean
from xianjie.documents.deadlines import FIVE_YEAR_PLANS
from xianjie.documents.model import Head
from xianjie.documents.noise import patterns
from xianjie.documents.numbering import TERMINAL, Mark
from xianjie.documents.vocabulary import load

DATE = r"20\d{2}年\d{1,2}月\d{1,2}日"
ORGAN = r"(?:[\u4e00-\u9fff]{2,22}(?:政府|办公室|办公厅|委员会|[省市州县区]委|[局厅部院会办委]))"
SIGNATURE = re.compile(rf"({ORGAN}{{0,3}})\(?({DATE})\)?(?![前起止底至到,、。;])")
ATTACHED = re.compile(r"附件[一二三四\d]{0,2}[::]?")
RUN_IN = re.compile(r"[\u4e00-\u9fff“”、]{3,20}[。:]")
ORG_DUTY = re.compile(r"^[(（]?(?:责任|牵头|配合|主办|协办|承办|参与|完成)(?:单位|部门|领导|时限)?")
CLOSING_CUES = re.compile(
    r"^(?:各(?:地|级|市|州|县|乡|区)[^。]{0,20}(?:各(?:有关)?(?:部门|单位)|各相关部门)[^。,]{0,6}要"
    r"|[^。]{0,30}我们要更加紧密地?团结|本(?:意见|方案|办法|规定|计划)自|让我们)"
)
UNIT_LIST_END = re.compile(r"(?:责任单位|牵头|配合|负责)[^。]*\)$")
LEVELS = (("province", "省"), ("city", "市"), ("city", "州"), ("county", "县"), ("county", "区"), ("township", "乡镇"))
TITLE = re.compile(
    r"[\u4e00-\u9fff、()“”《》·\d—-]{0,40}?(?:关于|有关)?[\u4e00-\u9fff、()“”《》·\d—,-]{2,60}?"
    r"(?:实施意见|指导意见|意见|实施方案|工作方案|行动方案|分工方案|方案|行动计划|工作计划|计划|办法|规定|细则|规划|纲要"
    r"|要点|通知|决定|措施|条例|清单|制度)(?:\((?:试行|暂行|20\d{2}[^)]{0,10}|修订|征求意见稿)\))?"
)


HEAD_TITLE = re.compile(
    r"(?:^|[。)\d])(?P<title>[\u4e00-\u9fff]{0,30}?关于[^。,;《]{4,50}?的?(?:实施意见|指导意见|意见|实施方案|工作方案|行动方案|方案|行动计划|计划|办法"
    r"|通知|决定|措施)(?:\(试行\))?)"
)


@dataclass
class Tail:
    """Where the last heading's own text ends, and the spans after it: (start, end, why), in clean places."""

    end: int
    rest: list[tuple[int, int, str]]


def without_appendix(clean: Clean, marks: list[Mark]) -> tuple[list[Mark], int | None, int | None]:
    """The marks of the document itself, the place where others' text begins, and where attachments with marks begin.

    A stop (agency line, signature, release note, chrome) ends the document unless the numbering goes on after it; what
    starts over after an attachment's heading belongs to the attachment.
    """
    if not marks:
        return marks, None, None
    attached: int | None = None
    for stop, end in _stops(clean, marks[0].start):
        before = [m for m in marks if m.start < stop]
        after = [m for m in marks if m.start >= end]
        if len(before) < 2 or _goes_on(before, after):
            continue
        listed = _attachment_list(clean, end, after)
        after = [m for m in after if m not in listed]
        if after and ATTACHED.search(clean.text[max(0, stop - 60) : min(after[0].start, end + 120)]):
            attached = attached or end
            marks = [*before, *after]
            continue
        return before, stop, attached
    return marks, None, attached


def _stops(clean: Clean, first: int) -> list[tuple[int, int]]:
    text = clean.text
    found = [m.span() for m in patterns("stops").finditer(text, first)]
    found += [m.span() for m in ATTACHED.finditer(text, first) if m.start() in clean.breaks or m.group()[-1] == ":"]
    for match in SIGNATURE.finditer(text, first):
        apart = (
            match.end() in clean.breaks or match.end() == len(text) or re.match("附件|抄送|[(]", text[match.end() :])
        )
        begins = match.start() in clean.breaks or text[match.start() - 1] in "。)”;"
        if begins and (apart or match.group(1)):
            found.append(match.span())
    return sorted(found)


def _goes_on(before: list[Mark], after: list[Mark]) -> bool:
    last = {m.style: m.number for m in before}
    seen: set[str] = set()
    for mark in after:
        if mark.style in seen or mark.style == "dash":
            continue
        seen.add(mark.style)
        if mark.style in last and mark.number == last[mark.style] + 1:
            return True
    return False


def _attachment_list(clean: Clean, start: int, after: list[Mark]) -> list[Mark]:
    listed: list[Mark] = []
    place = start
    for mark in after:
        if mark.style != "item" or mark.number != len(listed) + 1 or mark.start - place > 60:
            break
        if "。" in clean.text[place : mark.start]:
            break
        listed.append(mark)
        place = mark.end
    return listed


def find_tail(clean: Clean, start: int, end: int, single_paragraphs: bool) -> Tail:
    """Split the text from the last heading on: its own words, then closing, signature, other articles.

    `single_paragraphs`: the document's other clauses keep to one paragraph each, so a further one is the closing.
    """
    own = end
    paragraphs = paragraphs_of(clean, start, end)
    if single_paragraphs and len(paragraphs) > 1:
        own = _own_paragraphs(clean, paragraphs)
    if own == end:
        own = _closing_sentence(clean.text, start, end)
    if own == end:
        return Tail(end, [])
    return Tail(own, _name_rest(clean, own, end))


def paragraphs_of(clean: Clean, start: int, end: int) -> list[tuple[int, int]]:
    """Paragraphs by line breaks that follow the end of a sentence or heading line."""
    cuts = [
        b
        for b in sorted(clean.breaks)
        if start < b < end and (clean.text[b - 1] in TERMINAL + ")”" or b in clean.ended)
    ]
    return list(zip([start, *cuts], [*cuts, end], strict=True))


def running_paragraphs(clean: Clean, start: int, end: int) -> int:
    """How many paragraphs of running text, lines with responsible units and dates not counted."""
    return sum(not ORG_DUTY.match(clean.text[a:b]) for a, b in paragraphs_of(clean, start, end))


def _own_paragraphs(clean: Clean, paragraphs: list[tuple[int, int]]) -> int:
    """The first paragraph, with a heading line's body and with lists of responsible units."""
    text, own = clean.text, paragraphs[0][1]
    heading = own - paragraphs[0][0] < 40
    for start, end in paragraphs[1:]:
        body = heading and (start == paragraphs[1][0] or RUN_IN.match(text, start))
        if not body and not ORG_DUTY.match(text[start:end]):
            break
        own = end
    return own


def _closing_sentence(text: str, start: int, end: int) -> int:
    """Where, without line breaks to tell, a closing sentence begins: after a list of units or by its wording."""
    listed = [m.end() for m in re.finditer(r"\)(?=[^。,;、)])", text[start:end])]
    for place in listed:
        if UNIT_LIST_END.search(text[start : start + place]) and "。" in text[start + place : end]:
            return start + place
    labels = [m.end() for m in re.finditer("(?:责任|牵头|配合)(?:单位|部门):", text[start:end])]
    if labels:
        closing = re.compile("各[地县市乡级州][^。:]{0,24}?要[^。]{2,}").search(text, start + labels[-1], end)
        return closing.start() if closing else end
    stops = [m.end() for m in re.finditer("。", text[start:end])]
    for place in stops[1:-1] if len(stops) > 2 else []:
        if CLOSING_CUES.match(text[start + place : end]):
            return start + place
    return end


def _name_rest(clean: Clean, start: int, end: int) -> list[tuple[int, int, str]]:
    """Closing paragraph(s), then signature, then whatever follows."""
    spans: list[tuple[int, int, str]] = []
    why = "closing"
    for first, last in paragraphs_of(clean, start, end):
        text = clean.text[first:last]
        if SIGNATURE.match(text):
            why = "signature" if why == "closing" else why
        elif why != "closing" or (text[-1] not in TERMINAL and len(text) < 40):
            why = "other"
        spans.append((first, last, why))
        if why == "signature":
            why = "other"
    return spans


def read_head(clean: Clean, body: int, fragment: int) -> Head:
    """Title, level, issuer and year, from the words before the body and from how the text calls its own area."""
    front = clean.text[: min(body, fragment)]
    title = _title(clean, front)
    level = _level(clean.text, title or "")
    return Head(title, level, _issuer(clean.text, front, title or "", level), _year(clean.text, front, title or ""))


def _title(clean: Clean, front: str) -> str | None:
    cuts = [0, *(b for b in sorted(clean.breaks) if b < len(front)), len(front)]
    for first in range(len(cuts) - 1):
        for last in range(first + 1, min(first + 4, len(cuts))):
            line = front[cuts[first] : cuts[last]].strip("#>《》")
            if len(line) <= 80 and TITLE.fullmatch(line) and ("关于" in line or len(line) > 7):
                return line
    found = HEAD_TITLE.search(front)
    return found.group("title") if found else None


def _level(text: str, title: str) -> str | None:
    if re.search("^(?:中共中央、?国务院|国务院|中共中央)", title):
        return "central"
    counts: dict[str, int] = {}
    for level, word in LEVELS:
        pattern = rf"(?:我|全|本){word}(?!面|镇长)" if level != "township" else "(?:我|全|本)[乡镇](?!村)"
        counts[level] = counts.get(level, 0) + len(re.findall(pattern, text))
    for level, word in reversed(LEVELS):
        if re.match(
            rf"^(?:中共)?[\u4e00-\u9fff]{{1,8}}?(?:{'[乡镇]' if level == 'township' else word})(?:委|人民|20)?", title
        ):
            counts[level] = counts.get(level, 0) + 2
            break
    best = max(counts, key=lambda name: counts[name])
    if counts[best]:
        return best
    return "central" if "省负总责" in text and "各省" in text else None


def _issuer(text: str, front: str, title: str, level: str | None) -> str | None:
    if level == "central":
        found = re.search("中共中央办公厅|国务院办公厅|中共中央、?国务院|国务院|中共中央", title or front)
        return found.group() if found else None
    organ = re.search(
        r"^((?:中共)?[\u4e00-\u9fff、]{2,30}?(?:人民政府办公[厅室]|人民政府|[省市州县区]委员会|[厅局委]))关于", title
    )
    if organ:
        return organ.group(1)
    word = {"province": "省", "city": "[市州]", "county": "[县区旗]", "township": "[乡镇]"}.get(
        level or "", "[省市州县]"
    )
    named = re.search(rf"^(?:中共)?([\u4e00-\u9fff]{{2,8}}?{word})", title)
    if named:
        return named.group(1)
    if level == "province":
        names = [n for n in load("words")["provinces"] if n in text]
        return max(names, key=text.count) if names else None
    place = re.match(rf"([\u4e00-\u9fff]{{2,6}}?{word})(?:作为|是|认真|深入)", text)
    return place.group(1) if place else None


def _year(text: str, front: str, title: str) -> int | None:
    """The year of the document's own number or date; without them, what its horizon (到2025年, “十四五”) suggests."""
    own = re.search(r"(?<![(》中国])[\u4e00-\u9fff]{1,8}[〔\[](20\d{2})[〕\]]\d+号(?!\))", front)
    dated = (
        own
        or re.search(r"\(?(20\d{2})年\d{1,2}月\d{1,2}日\)?", front)
        or re.search(rf"{ORGAN}(20\d{{2}})年\d{{1,2}}月\d{{1,2}}日", text)
    )
    if dated:
        return int(dated.group(1))
    titled = re.search(r"(20\d{2})(?:[—-]20\d{2})?年", title) if not re.search(r"\(20\d{2}年\)$", title) else None
    if titled:
        return int(titled.group(1))
    ahead = [int(y) - 4 for y in re.findall(r"到(20\d[0-46-9]|20[0-24-9]5)年", text[len(front) :])]
    ahead += [
        FIVE_YEAR_PLANS[p] - 4 for p in re.findall("“?十([三四五六])五”?(?:期间|末|规划|时期)", text[len(front) :])
    ]
    return min(ahead) if ahead else None
