"""Every sentence that users read exists in Chinese and English, with the same places to fill."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from xianjie.messages import UserError, catalogue, say

SOURCE = Path(__file__).parents[2] / "src" / "xianjie"


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_fill_the_same_places() -> None:
    for code, texts in catalogue().items():
        assert _places(texts["zh"]) == _places(texts["en"]), code


def test_chinese_sentences_are_chinese() -> None:
    for code, texts in catalogue().items():
        assert re.search(r"[\u4e00-\u9fff]", texts["zh"]) or not re.sub(r"\{\w+\}|\W", "", texts["zh"]), code


def _calls() -> Iterator[tuple[str, ast.Call, str]]:
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("say", "UserError"):
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield f"{path.name}:{node.lineno}", node, first.value


def test_every_code_written_in_the_source_exists() -> None:
    missing = [f"{where} {code}" for where, _, code in _calls() if code not in catalogue()]
    assert not missing


def test_every_call_fills_the_places_of_its_sentence() -> None:
    for where, call, code in _calls():
        named = {keyword.arg for keyword in call.keywords}
        if None not in named:  # with ** the names are not in the source
            assert _places(catalogue()[code]["zh"]) <= named, f"{where} {code}"


def test_the_language_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "找不到" in say("screening.no_data_folder", data="x")
    monkeypatch.setenv("XIANJIE_LANG", "en")
    assert say("screening.no_data_folder", data="x") == "There is no data folder x"
    monkeypatch.setenv("XIANJIE_LANG", "xx")
    assert "找不到" in say("screening.no_data_folder", data="x")


def test_a_user_error_speaks_for_itself() -> None:
    error = UserError("cli.bad_date", text="昨天")
    assert "昨天" in str(error)
    assert error.code == "cli.bad_date"
