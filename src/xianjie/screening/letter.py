"""A household's whole assistance as a letter 救助情况说明 that people can read, from the explanation of its results.

Which sections it has, in which order, and how results are worded stands in the policy's `letter.yaml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from xianjie.messages import say
from xianjie.policy import builtin
from xianjie.rules.text import show_value

_NUMERALS = "一二三四五六七八九十"


@cache
def _sections() -> tuple[dict[str, Any], ...]:
    return tuple(yaml.safe_load((builtin() / "letter.yaml").read_text(encoding="utf-8"))["sections"])


def letter_results() -> list[str]:
    """The results that the letter speaks of: `Policy.explain` has to be asked for them."""
    names = [section.get(key) for section in _sections() for key in ("result", "amount")]
    return list(dict.fromkeys(name for name in names if name))


def letter(explained: Mapping[str, Any]) -> list[str]:
    """The lines of the letter.

    `explained` is what `Policy.explain` gives for at least `letter_results()`; where it has `readable` (one entry
    for each step, members by name, clauses in words) that wording is used. Sections none of whose results were asked
    for are left out.
    """
    steps: dict[str, list[dict[str, Any]]] = {}
    readable = explained.get("readable") or [{} for _ in explained["steps"]]
    for step, words in zip(explained["steps"], readable, strict=True):
        steps.setdefault(step["rule"], []).append({**step, "text": words.get("text") or step["text"]})
    lines = [say("letter.title", household=explained["household_id"], date=explained["date"])]
    told = [section for section in _sections() if _is_told(section, explained, steps)]
    for number, section in enumerate(told):
        lines.append(say("letter.section", number=_numeral(number), title=section["title"]))
        if "result" in section:
            lines.append("　　" + say("letter.result", words=_result(section, explained)))
        decided = explained["results"].get(section.get("result")) is not None
        shown: dict[str, None] = {}
        for name in section["steps"]:
            for step in steps.get(name, []):
                if _is_worth_telling(step, decided):
                    shown |= dict.fromkeys(_step_lines(step))
        lines += shown
    lines += _needs(explained)
    return [*lines, say("letter.closing")]


def _is_told(section: Mapping[str, Any], explained: Mapping[str, Any], steps: Mapping[str, Any]) -> bool:
    if "result" in section:
        return section["result"] in explained["results"]
    return any(name in steps for name in section["steps"])


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


def _is_worth_telling(step: Mapping[str, Any], decided: bool) -> bool:
    """Amounts of nothing are left out, and what stayed unknown without mattering to the result."""
    if step["value"] is None:
        return not decided
    return isinstance(step["value"], bool) or step["value"] != 0


def _step_lines(step: Mapping[str, Any]) -> list[str]:
    """What came out and by which clause; below it each number with its source, and how sure it is."""
    parts = step["text"].split("；依据 ")
    sentence = parts[0].split("；用到 ")[0]
    clause = say("letter.clause", cite=parts[1]) if len(parts) > 1 else ""
    lines = [f"　　{sentence}{clause}"]
    for parameter in _numbers_used(step):
        trust = parameter["trust"] if parameter["value"] is not None else "none"
        sure = trust in ("stated", "regulation")
        tag = "" if sure else say("letter.unsure", trust=say(f"report.trust.{trust}"))
        lines.append("　　　　" + say("letter.number", text=parameter["text"]) + tag)
    return lines


def _numbers_used(step: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Of a rule that picks one of several numbers only the one picked; of an unknown one only those missing."""
    if step["value"] is None:
        return [one for one in step["parameters"] if one["value"] is None]
    known = [one for one in step["parameters"] if one["value"] is not None]
    picked = [one for one in known if one["value"] == step["value"] and not isinstance(step["value"], bool)]
    return picked or known


def _needs(explained: Mapping[str, Any]) -> list[str]:
    """What to ask for: first what the most results hang on."""
    titles = {section["result"]: section["title"] for section in _sections() if "result" in section}
    titles |= {section["amount"]: section["title"] for section in _sections() if "amount" in section}
    decided: dict[str, dict[str, None]] = {}
    for result, needs in explained["missing"].items():
        if result in titles:
            for need in needs:
                decided.setdefault(need["text"], {})[titles[result]] = None
    if not decided:
        return []
    order = sorted(decided, key=lambda text: (-len(decided[text]), text))
    lines = [
        say("letter.need", text=text, number=len(decided[text]), titles="、".join(decided[text])) for text in order
    ]
    return [say("letter.needs"), *(f"　　{number}. {line}" for number, line in enumerate(lines, start=1))]
