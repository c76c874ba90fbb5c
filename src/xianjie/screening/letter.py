"""A household's whole assistance as a letter 救助情况说明 that people can read, from the explanation of its results.

Which sections it has, in which order, and how results are worded stands in the policy's `letter.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import yaml

from xianjie.dictionary import dictionary
from xianjie.messages import say
from xianjie.policy import builtin
from xianjie.rules.text import show_value
from xianjie.screening.policies import clause_number

_NUMERALS = "一二三四五六七八九十"
NAMED = 3


@cache
def _documents() -> dict[str, Any]:
    return dict(yaml.safe_load((builtin() / "documents.yaml").read_text(encoding="utf-8"))["documents"])


@cache
def _sections() -> tuple[dict[str, Any], ...]:
    return tuple(yaml.safe_load((builtin() / "letter.yaml").read_text(encoding="utf-8"))["sections"])


def letter_results() -> list[str]:
    """The results that the letter speaks of: `Policy.explain` has to be asked for them."""
    names = [section.get(key) for section in _sections() for key in ("result", "amount")]
    names += [name for section in _sections() for name in section.get("why", [])]
    return list(dict.fromkeys(name for name in names if name))


def letter(explained: Mapping[str, Any]) -> list[str]:
    """The lines of the letter.

    `explained` is what `Policy.explain` gives for at least `letter_results()`; where it has `readable` (one entry
    for each step, with whom it is `of`) members have their names. Sections none of whose results were
    asked for are left out; those of programmes that do not concern the household are named in one line.
    """
    steps: dict[str, list[dict[str, Any]]] = {}
    readable = explained.get("readable") or [{} for _ in explained["steps"]]
    for step, words in zip(explained["steps"], readable, strict=True):
        of = words.get("of") or (step["key"] if step["entity"] != "household" else "")
        steps.setdefault(step["rule"], []).append({**step, "of": of})
    lines = [say("letter.title", household=explained["household_id"], date=explained["date"])]
    asked = [section for section in _sections() if _is_asked(section, explained, steps)]
    told = [section for section in asked if not _is_none(section, explained)]
    for number, section in enumerate(told):
        lines.append(say("letter.section", number=_numeral(number), title=section["title"]))
        if "result" in section:
            lines.append("　　" + say("letter.result", words=_result(section, explained)))
        lines += _section_lines(section, explained, steps)
    if none := [section["title"] for section in asked if section not in told]:
        lines.append(say("letter.none", titles="、".join(none)))
    return [*lines, *_needs(explained), say("letter.closing")]


def _is_asked(section: Mapping[str, Any], explained: Mapping[str, Any], steps: Mapping[str, Any]) -> bool:
    if "result" in section:
        return section["result"] in explained["results"]
    return any(name in steps for name in section["steps"])


def _is_none(section: Mapping[str, Any], explained: Mapping[str, Any]) -> bool:
    """The programme does not concern the household: the result is one that `none` lists."""
    value = explained["results"].get(section.get("result"))
    return value is not None and any(value == one and type(value) is type(one) for one in section.get("none", []))


def _numeral(number: int) -> str:
    tens, ones = divmod(number + 1, 10)
    return ("十" if tens else "") + (_NUMERALS[ones - 1] if ones else "")


def _result(section: Mapping[str, Any], explained: Mapping[str, Any]) -> str:
    value, words = explained["results"][section["result"]], section["words"]
    if value is None:
        return say("letter.unknown")
    if isinstance(value, bool):
        return str(words["yes" if value else "no"])
    if isinstance(value, int):
        return f"{words['amount']} {show_value(value, 'fen')}"
    sentence = str(words.get(value, value))
    if "amount" not in section or section["amount"] not in explained["results"]:
        return sentence
    amount = explained["results"][section["amount"]]
    if amount == 0:
        return sentence
    more = (
        say("letter.amount_unknown") if amount is None else say("letter.amount_month", amount=show_value(amount, "fen"))
    )
    return f"{sentence}；{more}"


def _section_lines(
    section: Mapping[str, Any], explained: Mapping[str, Any], steps: Mapping[str, list[dict[str, Any]]]
) -> list[str]:
    """What came out step by step, each number with its source and how sure it is, and the clauses at the end."""
    result = explained["results"].get(section.get("result"))
    refused = result in section.get("no", [])
    lines: dict[str, None] = {}
    clauses: dict[str, None] = {}
    for name in section["why"] if refused else section["steps"]:
        told = [step for step in steps.get(name, []) if _is_worth_telling(step, result is not None)]
        clauses |= dict.fromkeys(step["cite"] for step in told if step["cite"])
        for text, of in _by_answer(told).items():
            lines[f"　　{text}{say('letter.of', names='、'.join(of)) if any(of) else ''}"] = None
        for step in told:
            lines |= dict.fromkeys(_number_lines(step))
    cited = ["　　" + say("letter.clauses", cites="；".join(_clauses(clauses)))] if clauses else []
    return [*lines, *cited]


def _clauses(cites: Iterable[str]) -> list[str]:
    """The documents cited, each once with its clauses in order: 最低生活保障审核确认办法第七、十三条."""
    by_document: dict[str, set[str]] = {}
    for cite in cites:
        document, _, clause = cite.partition("/")
        by_document.setdefault(document, set()).add(clause)
    shown = []
    for document, clauses in by_document.items():
        told = _documents().get(document, {})
        title = str(told.get("zh", document)).split("（")[0]
        numbers = [clause_number(one) for one in sorted(clauses, key=lambda one: (len(one), one))]
        if told.get("articles"):
            bare = "、".join(one.strip("（）") for one in numbers)
            shown.append(say("letter.articles", document=title, numbers=bare))
        else:
            shown.append(title + "、".join(numbers))
    return shown


def _by_answer(steps: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Members with the same answer together: label and value, and whose."""
    answers: dict[str, list[str]] = {}
    for step in steps:
        answers.setdefault(say("letter.step", label=step["label"], value=_value(step)), []).append(step["of"])
    return answers


def _value(step: Mapping[str, Any]) -> str:
    """The value with its unit; of a run made before steps had types, as its text shows it."""
    if "type" in step:
        return show_value(step["value"], step["type"], step["unit"])
    return str(step["text"]).split("：", 1)[-1].split("；")[0]


def _is_worth_telling(step: Mapping[str, Any], decided: bool) -> bool:
    """Left out: amounts of nothing, what stayed unknown without mattering, and a member's no beside others' yes."""
    if step["value"] is None:
        return not decided
    if step["entity"] != "household" and step["value"] is False:
        return False
    return isinstance(step["value"], bool) or step["value"] not in (0, "普通")


def _number_lines(step: Mapping[str, Any]) -> list[str]:
    """The numbers that a step took; of one that stayed unknown those that are missing."""
    missing = step["value"] is None
    lines = []
    for parameter in step["parameters"]:
        if (parameter["value"] is None) == missing:
            trust = parameter["trust"] if parameter["value"] is not None else "none"
            sure = trust in ("stated", "regulation")
            tag = "" if sure else say("letter.unsure", trust=say(f"report.trust.{trust}"))
            lines.append("　　　　" + _number(parameter) + tag)
    return lines


def _number(parameter: Mapping[str, Any]) -> str:
    label = parameter["label"]
    if parameter["value"] is None:
        return say("letter.number_missing", label=label)
    shown = show_value(parameter["value"], parameter.get("type", ""), parameter["unit"])
    return say("letter.number", label=label, value=shown, source=parameter["source"], since=parameter["since"])


def _needs(explained: Mapping[str, Any]) -> list[str]:
    """What to ask for: first what the most results hang on; facts first, then numbers that the county lacks."""
    titles = {section["result"]: section["title"] for section in _sections() if "result" in section}
    titles |= {section["amount"]: section["title"] for section in _sections() if "amount" in section}
    decided: dict[tuple[bool, str], dict[str, None]] = {}
    where: dict[tuple[bool, str], dict[str, None]] = {}
    for result, needs in explained["missing"].items():
        for need in needs if result in titles else ():
            asked = (need["kind"] == "parameter", _asked(need))
            decided.setdefault(asked, {})[titles[result]] = None
            where.setdefault(asked, {})[_whose(explained, need)] = None
    lines: list[str] = []
    for numbers in (False, True):
        order = sorted((one for one in decided if one[0] is numbers), key=lambda one: (-len(decided[one]), one))
        if order:
            lines.append(say("letter.numbers_needed" if numbers else "letter.needs"))
        for position, one in enumerate(order, start=1):
            facts = {"number": len(decided[one]), "titles": "、".join(decided[one])}
            lines.append(f"　　{position}. " + say("letter.need", text=one[1] + _places(where[one]), **facts))
    return lines


def _asked(need: Mapping[str, str]) -> str:
    """What is asked for, without whose it is."""
    if need["kind"] == "parameter":
        return say("letter.need_parameter", label=need["label"], reason=need["reason"])
    if need["kind"] == "field":
        entity = dictionary().entities.get(need["entity"])
        return say("letter.need_field", entity=entity.zh if entity else need["entity"], label=need["label"])
    return say(f"letter.need_{need['kind']}", label=need["label"])


def _whose(explained: Mapping[str, Any], need: Mapping[str, str]) -> str:
    if need["entity"] in ("", "household"):
        return ""
    readable = explained.get("readable") or []
    names = {step["key"]: words.get("of") for step, words in zip(explained["steps"], readable, strict=False)}
    return names.get(need["key"]) or need["key"]


def _places(keys: Mapping[str, None]) -> str:
    named = [key for key in keys if key]
    if not named:
        return ""
    some = "、".join(named[:NAMED])
    return say("letter.of" if len(named) <= NAMED else "letter.of_more", names=some, number=len(named))
