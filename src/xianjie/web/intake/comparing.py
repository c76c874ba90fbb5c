"""A doubtful row beside its candidates, field by field: what is the same, alike, different, and where.

Comparing looks at the values; showing goes through the scope's masks. Where a number is masked, its positions still
say which digits differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from functools import cache
from typing import Any

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from pypinyin import lazy_pinyin

from xianjie.dictionary import dictionary, normal_word
from xianjie.linkage import IDENTITY
from xianjie.web.accounts.scope import Scope
from xianjie.web.design.comparing import SIGNS
from xianjie.web.intake.results import identity_field
from xianjie.web.regions.selectors import names
from xianjie.web.registry.models import Person
from xianjie.web.registry.records import unpack
from xianjie.web.sealing import normal_number
from xianjie.web.words import code_label

ORDER = (
    "name", "id_no", "sex", "birth_date", "age", "village_name", "town_name", "household_head", "phone",
    "disability_no", "region_code",
)  # fmt: skip
assert set(ORDER) == set(IDENTITY)
NEAR_DIGITS = 2  # so many different digits are still alike


@dataclass(frozen=True)
class Judged:
    """One fact of a candidate against the row: verdict (same, similar, differs, unknown) and why in a few words."""

    verdict: str
    note: str = ""


@dataclass(frozen=True)
class Cell:
    """A candidate's value as the page writes it."""

    html: SafeString | str
    verdict: str
    word: str

    @property
    def sign(self) -> str:
        return SIGNS[self.verdict]


@dataclass(frozen=True)
class Fact:
    """A line of the comparison: label, what the row says, what each candidate's record says."""

    label: str
    given: str
    cells: list[Cell]


@dataclass(frozen=True)
class Candidate:
    """A candidate's column: place in the list (the key to press), person, score and why."""

    number: int
    person_id: str
    score: float
    reason: str
    about: str
    gone: bool = False


def labels() -> dict[str, str]:
    """Identity column → its label."""
    return {
        "name": _("姓名"), "id_no": _("身份证号"), "sex": _("性别"), "birth_date": _("出生日期"), "age": _("年龄"),
        "village_name": _("村"), "town_name": _("乡镇"), "household_head": _("户主"), "phone": _("电话"),
        "disability_no": _("残疾人证号"), "region_code": _("村代码"),
    }  # fmt: skip


def record_of(person: Person, places: dict[str, str]) -> dict[str, str]:
    """A person of the register in the words of an identity."""
    known = dictionary()
    household = person.household
    extra = unpack("person", {name: value for name, value in person.data.items() if name == "disability_no"})
    return {
        "name": person.name,
        "id_no": person.id_no or "",
        "sex": known.label("sex", person.sex),
        "birth_date": person.birth_date.isoformat() if person.birth_date else "",
        "age": "",
        "village_name": places.get(person.region_code, ""),
        "town_name": places.get(person.region_code[:9] + "000", ""),
        "household_head": household.head_name if household else "",
        "phone": person.phone or "",
        "disability_no": extra.get("disability_no") or "",
        "region_code": person.region_code,
    }


def side_by_side(
    given: dict[str, str],
    offered: list[dict[str, Any]],
    people: dict[str, Person],
    scope: Scope,
    region_code: str,
    day: date | None,
) -> tuple[list[Candidate], list[Fact]]:
    """The candidates and the lines that compare them with the row; one query, for the places' names."""
    codes = {person.region_code for person in people.values()}
    places = names(codes | {code[:9] + "000" for code in codes})
    heads, records = [], []
    for number, one in enumerate(offered, 1):
        person = people.get(one["person_id"])
        about = _about(person) if person else ""
        heads.append(Candidate(number, one["person_id"], one["score"], one["reason"], about, person is None))
        records.append((person, record_of(person, places) if person else {}))
    given = {name: _sex_word(text) if name == "sex" else text for name, text in given.items()}
    facts = []
    for name in ORDER:
        text = given.get(name, "")
        if not text and (name == "age" or not any(record.get(name) for _person, record in records)):
            continue
        if name == "region_code" and not text:
            continue
        cells = [
            _cell(name, text, _value(name, record, person, day), scope, person.region_code if person else region_code)
            for person, record in records
        ]
        facts.append(Fact(labels()[name], shown(name, text, scope, region_code), cells))
    return heads, facts


def _about(person: Person) -> str:
    household, known = person.household, dictionary()
    parts = [known.label("relation", person.relation) if person.relation else ""]
    if household:
        parts.append(known.label("household_type", household.household_type))
        parts.append(_("户内 %(n)s 人") % {"n": household.size})
    if person.alive is False:
        parts.append(_("已去世"))
    return " · ".join(part for part in parts if part)


def _sex_word(text: str) -> str:
    code = dictionary().words("sex").get(normal_word(text))
    return code_label("sex", code) if code else text


def _value(name: str, record: dict[str, str], person: Person | None, day: date | None) -> str:
    if name == "age" and person and person.birth_date and day:
        before = (day.month, day.day) < (person.birth_date.month, person.birth_date.day)
        return str(day.year - person.birth_date.year - before)
    return record.get(name, "")


def shown(name: str, text: str, scope: Scope, region_code: str) -> str:
    """A value of an identity as this user may see it."""
    field = identity_field("birth_date" if name == "age" else name)
    if not text or field is None:
        return text
    if name == "age":
        return text if scope.sees(field.sensitivity, region_code) else "***"
    return str(scope.show(field, text, region_code))


def _cell(name: str, given: str, theirs: str, scope: Scope, region_code: str) -> Cell:
    judged = judge(name, given, theirs)
    words = {"same": _("相同"), "similar": _("相近"), "differs": _("不同"), "unknown": _("缺")}
    text = shown(name, theirs, scope, region_code)
    html = _marked(given, theirs, text) if judged.verdict in ("similar", "differs") else conditional_escape(text)
    return Cell(html, judged.verdict, judged.note or words[judged.verdict])


def _marked(given: str, theirs: str, text: str) -> SafeString | str:
    """`text` (theirs, perhaps masked) with a mark on each position in which the two values differ."""
    if len(text) != len(theirs):
        return conditional_escape(text)
    blocks = SequenceMatcher(None, given, theirs, autojunk=False).get_opcodes()
    if not any(tag == "equal" for tag, *_rest in blocks):
        return conditional_escape(text)
    pieces = [(tag, text[first:last]) for tag, _a, _b, first, last in blocks if last > first]
    return format_html_join(
        "", "{}", ((part if tag == "equal" else format_html("<mark>{}</mark>", part),) for tag, part in pieces)
    )


def judge(name: str, given: str, theirs: str) -> Judged:
    """How a value of the row agrees with the register's."""
    if not given or not theirs:
        return Judged("unknown")
    return JUDGES.get(name, _words)(given, theirs)


def _words(given: str, theirs: str) -> Judged:
    one, other = normal_word(given), normal_word(theirs)
    if one == other:
        return Judged("same")
    if one in other or other in one:
        return Judged("similar")
    return Judged("differs")


@cache
def _sound(name: str) -> str:
    return "".join(lazy_pinyin(name))


def _name(given: str, theirs: str) -> Judged:
    one, other = normal_word(given), normal_word(theirs)
    if one == other:
        return Judged("same")
    if _sound(one) == _sound(other):
        return Judged("similar", _("同音"))
    if _differing(one, other) == 1:
        return Judged("similar", _("差一字"))
    return Judged("differs")


def _differing(one: str, other: str) -> int:
    """How many characters differ: position by position, or as edits where lengths differ."""
    if len(one) == len(other):
        return sum(a != b for a, b in zip(one, other, strict=True))
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for tag, a, b, c, d in blocks if tag != "equal")


def _number(given: str, theirs: str) -> Judged:
    one, other = normal_number(given), normal_number(theirs)
    if len(one) == 15 and len(other) == 18:  # the old number lacks the century and the check digit
        other = other[:6] + other[8:17]
        if one == other:
            return Judged("same", _("15 位旧号，相同"))
    if one == other:
        return Judged("same")
    count = _differing(one, other)
    if len(one) == len(other) and count <= NEAR_DIGITS + 1:
        places = "、".join(str(at) for at, (a, b) in enumerate(zip(one, other, strict=True), 1) if a != b)
        words = _("第 %(places)s 位不同") % {"places": places}
        return Judged("similar" if count <= NEAR_DIGITS else "differs", words)
    if count <= NEAR_DIGITS:
        return Judged("similar", _("差 %(count)s 位") % {"count": count})
    return Judged("differs")


def _day(given: str, theirs: str) -> Judged:
    if given == theirs:
        return Judged("same")
    if given[:7] == theirs[:7]:
        return Judged("similar", _("同年同月"))
    if given[:4] == theirs[:4]:
        return Judged("similar", _("同年"))
    return Judged("differs")


def _age(given: str, theirs: str) -> Judged:
    digits = "".join(char for char in given if char.isdigit())
    if not digits:
        return Judged("unknown")
    apart = abs(int(digits) - int(theirs))
    if apart == 0:
        return Judged("same")
    return Judged("similar", _("差一岁")) if apart == 1 else Judged("differs")


JUDGES: dict[str, Callable[[str, str], Judged]] = {
    "name": _name,
    "household_head": _name,
    "id_no": _number,
    "phone": _number,
    "disability_no": _number,
    "birth_date": _day,
    "age": _age,
}
