"""Every verb that the code puts into the audit trail is said in words, in both languages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import xianjie.web
from xianjie.messages import catalogue, speaking
from xianjie.web.audit.selectors import known_verbs, verb_words
from xianjie.web.flows.definition import load_flows

WEB = Path(xianjie.web.__file__).parent
APPS = {path.name for path in WEB.iterdir() if (path / "apps.py").exists()} | {"quality", "warnings"}
TELLERS = {"record", "Entry", "_tell", "_told", "tell"}
# Where a verb is put together from what somebody did: its words come from the lists below.
MADE_UP = {"registry/recording.py": "registry.", "cases/services.py": "cases."}
HANDED_ON = {
    "accounts/services.py", "accounts/sign_in.py", "commands/accounts.py", "daily/national_in.py", "exporting.py",
    "intake/doubts.py", "intake/services.py", "regions/services.py",
}  # fmt: skip


def calls() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted(WEB.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield path.relative_to(WEB).as_posix(), node


def is_verb(text: object) -> bool:
    app, dot, name = text.partition(".") if isinstance(text, str) else ("", "", "")
    return bool(dot) and app in APPS and name.isidentifier()


def literals(node: ast.AST) -> list[str]:
    return [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and is_verb(one.value)]


def written() -> set[str]:
    """Every verb that stands in the code as such."""
    found: set[str] = set()
    for _path, call in calls():
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        if name in TELLERS:
            found.update(text for argument in call.args for text in literals(argument))
        found.update(text for keyword in call.keywords if keyword.arg == "verb" for text in literals(keyword.value))
    for path in WEB.rglob("*.py"):  # a verb that is chosen first and told then
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and any(getattr(one, "id", "") == "verb" for one in node.targets):
                found.update(literals(node.value))
    return found


def made_up() -> set[str]:
    """Every verb that is put together: actions on the register, and what the flows let people do with a case."""
    kinds = {code.removeprefix("registry.kind_") for code in catalogue() if code.startswith("registry.kind_")}
    actions = {
        name for flow in load_flows()["monitoring_case"] for step in flow.steps.values() for name in step.actions
    }
    return {f"registry.{kind}" for kind in kinds - {"register"}} | {f"cases.{name}" for name in actions}


def test_every_verb_has_its_words_in_both_languages() -> None:
    verbs = written() | made_up() | {"cases.open", "cases.reopen"}
    assert {"accounts.close", "regions.merge", "intake.decide", "daily.export", "registry.split"} <= verbs
    with speaking("zh"):
        missing = sorted(verb for verb in verbs if verb_words(verb) == verb)
        assert not missing
    with speaking("en"):
        assert {verb for verb in verbs if not verb_words(verb).isascii()} == set()


def test_no_verb_is_offered_that_nothing_records() -> None:
    """The search page's list of verbs would lead to empty results."""
    assert {verb for verb, _words in known_verbs()} <= written() | made_up() | {"cases.open", "cases.reopen"}


def test_verbs_that_are_put_together_are_known_to_this_test() -> None:
    for path, call in calls():
        if isinstance(call.func, ast.Name) and call.func.id == "record" and path not in HANDED_ON:
            verb = call.args[0]
            if isinstance(verb, ast.JoinedStr):
                assert path in MADE_UP and ast.unparse(verb).startswith(f"f'{MADE_UP[path]}")
            else:
                assert literals(verb), f"{path}:{call.lineno}: a verb that is no literal"
