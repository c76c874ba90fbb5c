"""Numbers in a sentence with their unit and bound: 不低于50%, 30万人以上, 三百所, xx以上, 提高5个百分点."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from xianjie.documents.vocabulary import any_of, load

CN = "一二两三四五六七八九十百千万亿"
DIGITS = r"\d+(?:,\d{3})*(?:\.\d+)?"
QUOTED = re.compile(r"“[^”]{1,30}”|《[^》]{1,60}》|[〔\[]\d{4}[〕\]]|\d+号")
POWERS_ONLY = re.compile(r"[十百千万亿]+")


@dataclass(frozen=True)
class Quantity:
    """A number at clean [start, end) with its unit and the bound printed after it; `value` None when blanked.

    `kind` is `digits`, `chinese` or `blank`; `after` the bound behind the unit (以上, 左右 …), `measure` the unit
    without its multiplier.
    """

    value: str | None
    unit: str | None
    measure: str
    kind: str
    after: str | None
    start: int
    end: int


@cache
def number_pattern() -> re.Pattern[str]:
    """Every form of number with what may stand behind it."""
    measure, multiplier = any_of("words", "measures"), any_of("words", "multipliers")
    after = "|".join(any_of("words", "bounds", name) for name in ("up_after", "down_after", "about_after"))
    unit = rf"(?P<unit>/10+万|/万|(?:{multiplier})?(?:{measure})(?:/[\u4e00-\u9fff]{{1,2}})?|(?:{multiplier})(?!分之))?"
    return re.compile(
        rf"(?:百分之(?P<percent>[{CN}零点]+|{DIGITS})"
        rf"|翻(?P<double>[一两二三123]?)番"
        rf"|(?P<ratio>\d+(?:\.\d+)?:\d+(?:\.\d+)?)"
        rf"|(?P<digits>{DIGITS}[%‰]?(?:[—~-]+|至|到){DIGITS}|{DIGITS}){unit}"
        rf"|(?P<chinese>[{CN}]+(?:[—至到][{CN}]+)?)(?P<cunit>(?:{measure}))"
        rf"|(?P<blank>(?<![A-Za-z])[xX×*]{{1,4}}(?![A-Za-z]))(?P<bunit>(?:{multiplier})?(?:{measure})|(?:{multiplier}))?)"
        rf"(?:\((?:含|不含)[^)]{{1,8}}\))?(?P<after>{after})?"
    )


def find_quantities(text: str, start: int, end: int) -> list[Quantity]:
    """The quantities of clean [start, end), without those inside names and quotation marks."""
    quoted = [m.span() for m in QUOTED.finditer(text, start, end)]
    found = []
    for match in number_pattern().finditer(text, start, end):
        if any(a <= match.start() < b for a, b in quoted):
            continue
        quantity = _quantity(match)
        if quantity and not _part_of_name(text, match):
            found.append(quantity)
    return found


def _part_of_name(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - 1) : match.start()]
    after = text[match.end() : match.end() + 1]
    latin = (before.isascii() and before.isalpha()) or (match["digits"] and after.isascii() and after.isalpha())
    return bool(latin) or before == "第" or after == "届"


def _quantity(match: re.Match[str]) -> Quantity | None:
    after = match["after"]
    span = match.span()
    if match["percent"]:
        return Quantity(match["percent"], "%", "%", "chinese", after, *span)
    if match["double"] is not None:
        return Quantity(match["double"] or "一", "番", "番", "digits", after, *span)
    if match["ratio"]:
        return Quantity(match["ratio"], None, ":", "digits", after, *span)
    if match["digits"]:
        return Quantity(
            match["digits"].replace("%", ""), match["unit"], _measure(match["unit"]), "digits", after, *span
        )
    if match["chinese"]:
        if POWERS_ONLY.fullmatch(match["chinese"]):
            return None
        return Quantity(match["chinese"], match["cunit"], _measure(match["cunit"]), "chinese", after, *span)
    return Quantity(None, match["bunit"], _measure(match["bunit"]), "blank", after, *span)


def _measure(unit: str | None) -> str:
    """The unit without its multiplier: 万人 → 人."""
    if unit and unit.startswith("/"):
        return unit
    for multiplier in sorted(load("words")["multipliers"].split(), key=len, reverse=True):
        if unit and unit.startswith(multiplier):
            return unit[len(multiplier) :]
    return unit or ""


def operator_of(before: str, quantity: Quantity) -> str:
    """The relation a target states, from the words before and behind the number."""
    bounds = load("words")["bounds"]
    if quantity.measure.endswith("百分点") and not re.search("(?:高于|快于|低于|高出)[^,。;]{1,14}$", before):
        return "+"
    tail = before[-14:]
    change = re.search(rf"(?:{any_of('words', 'changes')})(?:了|约|近|至少)?$", before)
    made = re.search(rf"(?:{any_of('words', 'doing')})$", before)
    grown = change and not (made and len(made.group()) >= len(change.group()))
    if quantity.measure == "番" or (grown and not (quantity.measure == "%" and (quantity.after or _at_least(tail)))):
        return "+"
    for name, sign in (("over", ">"), ("under", "<")):
        if _ends_with(before, bounds[name], strict=True) and not _ends_with(
            before, bounds["at_least"] + " " + bounds["at_most"]
        ):
            return sign
    if quantity.after in bounds["up_after"].split():
        return ">="
    if quantity.after in bounds["down_after"].split() or _ends_with(before, bounds["at_most"]):
        return "<="
    if _at_least(tail):
        return ">="
    if quantity.after in bounds["about_after"].split() or _ends_with(before, bounds["about"]):
        return "≈"
    return "<=" if re.search("(?:最高|最多|至多)[^,。;、]{0,4}$", tail) else "="


def _at_least(tail: str) -> bool:
    bounds = load("words")["bounds"]["at_least"]
    return _ends_with(tail, bounds) or bool(re.search("(?:至少|最少)[^,。;、]{0,8}$", tail))


def _ends_with(before: str, words: str, *, strict: bool = False) -> bool:
    """Whether one of the words stands right before the number, or (not `strict`) before `总投资的` and the like."""
    alternatives = "|".join(re.escape(w) for w in sorted(words.split(), key=len, reverse=True))
    between = "每[\u4e00-\u9fff]{1,6}|[^,。;、\\d]{1,16}的" if strict else "(?:(?!达到)[^,。;、\\d]){1,16}"
    return bool(re.search(rf"(?<![不未])(?:{alternatives})(?:{between})?$", before))
