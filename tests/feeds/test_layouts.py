"""Layouts as data: complete, strict, and open to a county's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from xianjie.dictionary import dictionary
from xianjie.feeds import read_layouts
from xianjie.feeds.headers import field_targets, identity_targets
from xianjie.messages import UserError

OWN = """
layout: charity_gifts
department: civil_affairs
zh: 慈善救助发放
entity: benefit
identity: {name: [受助人]}
constants: {kind: relief}
columns:
  amount: {headers: [善款], required: true}
  paid_on: {headers: [到账日]}
"""


def test_twelve_departments_and_the_national_exports_have_layouts() -> None:
    layouts = read_layouts()
    assert len({layout.department for layout in layouts.values()}) >= 12
    assert {name for name in layouts if name.startswith("national_")} == {
        "national_households",
        "national_members",
        "national_monitored",
        "national_villages",
        "national_migrant_work",
    }


@pytest.mark.parametrize("name", sorted(read_layouts()))
def test_headers_of_a_layout_never_mean_two_fields_at_once(name: str) -> None:
    layout = read_layouts()[name]
    for targets in (identity_targets(layout), field_targets(layout)):
        first: dict[str, str] = {}
        beside = {name for name, column in layout.columns.items() if column.beside}
        for target in (target for target in targets if target.name not in beside):
            for header, rank in target.ranks.items():
                if rank == 0:
                    assert first.setdefault(header, target.name) == target.name, header


@pytest.mark.parametrize("name", sorted(read_layouts()))
def test_constants_and_defaults_are_values_of_their_field(name: str) -> None:
    layout = read_layouts()[name]
    for field, value in {**layout.constants, **layout.defaults}.items():
        codes = layout.of.fields[field].codes
        if codes:
            assert value in dictionary().codes[codes].values


def test_a_county_adds_a_layout_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "charity_gifts.yaml").write_text(OWN, encoding="utf-8")
    layouts = read_layouts(tmp_path)
    assert layouts["charity_gifts"].columns["amount"].required
    assert "medical_bills" in layouts


@pytest.mark.parametrize(
    ("wrong", "piece"),
    [
        (OWN.replace("entity: benefit", "entity: gift"), "gift"),
        (OWN.replace("civil_affairs", "charity_office"), "charity_office"),
        (OWN.replace("  amount:", "  amuont:"), "amuont"),
        (OWN.replace("kind: relief", "colour: red"), "colour"),
        (OWN.replace("{name: [受助人]}", "{nickname: [受助人]}"), "nickname"),
        (OWN + "words: {kind: {善款: charity}}", "charity"),
        (OWN + "columnz: {}", "columnz"),
        ("layout: [", "charity_gifts.yaml"),
        (OWN.replace("layout: charity_gifts", "layout: other"), "other"),
    ],
)
def test_a_slip_in_a_layout_is_told_with_its_file(tmp_path: Path, wrong: str, piece: str) -> None:
    (tmp_path / "charity_gifts.yaml").write_text(wrong, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_layouts(tmp_path)
    assert "charity_gifts.yaml" in str(caught.value)
    assert piece in str(caught.value)
