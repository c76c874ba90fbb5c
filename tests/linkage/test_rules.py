"""The declared data of matching holds together."""

from __future__ import annotations

import re

from linkage_people import REGISTRY, crowd, match

from xianjie.engines import Engine
from xianjie.linkage import names
from xianjie.linkage.rulebook import TIERS, rulebook


def test_rules_speak_only_of_what_exists() -> None:
    book = rulebook()
    assert len({rule.id for rule in book.rules}) == len(book.rules)
    assert {rule.tier for rule in book.rules} <= set(TIERS)
    kinds = {kind for relation in book.numbers for kind in re.findall(r"f\.kind = '(\w+)'", relation.when)}
    assert kinds <= set(book.kinds)
    for rule in book.rules:
        assert set(re.findall(r"\{(\w+)\}", rule.zh)) <= {"number", "name", "agree", "against", "broken"}
        for asked in re.findall(r"name = '(\w+)'", rule.when):
            assert asked in book.names
        for asked in re.findall(r"number_kind = '(\w+)'", rule.when):
            assert asked in {relation.id for relation in book.numbers}
        assert 0 < rule.score <= 1
        assert (rule.score >= 0.8) == (rule.tier != "review"), rule.id


def test_every_decision_by_name_alone_needs_all_namesakes_seen() -> None:
    for rule in rulebook().rules:
        by_number = any(word in rule.when for word in ("number =", "number IN", "number_kind =", "kin AND"))
        assert by_number or rule.tier == "review" or rule.alone, rule.id


def test_variants_lead_to_forms_that_stay() -> None:
    assert all(new not in names.variants() for new in names.variants().values())


def test_names_alike_however_written(engine: Engine) -> None:
    """The relation of two names, asked through matching: the number is right, the reason tells the relation."""
    pairs = {
        ("单秀英", "山秀英"): "同音", ("曾玉兰", "曾玉蓝"): "同音", ("刘丽", "刘莉"): "同音", ("陳軍", "陈军"): "一致",
        ("张三丰", "张丰三"): "次序", ("欧阳建国", "欧阳国"): "少字", ("王建国", "刘建国"): "姓不同",
        ("林国强", "凌国强"): "音近",
        ("次仁卓玛", "次仁桌玛"): "姓名", ("古丽·买买提", "古麗 · 買買提"): "一致", ("李雷", "韩梅梅"): "姓名不同",
    }  # fmt: skip
    base = crowd(len(pairs))
    register = [{**one, "name": registered} for one, (registered, _) in zip(base, pairs, strict=True)]
    feed = [
        {"row_id": written, "id_no": one["id_no"], "name": written, "village_name": one["village_name"]}
        for one, (_, written) in zip(base, pairs, strict=True)
    ]
    found, _ = match(engine, register, feed)
    for (_, written), words in pairs.items():
        assert words in found[written]["reason"], (written, found[written]["reason"])
    assert set(REGISTRY) >= set(register[0])
