"""Assessments: scores and ranks by a scheme, how firm they are, what would lift a unit; published and settled."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.base_samples import COUNTY, DAY, OTHER_COUNTY, OTHER_TOWN, TOWN, make_places, make_user
from xianjie.messages import UserError
from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.supervision import assessments
from xianjie.web.supervision.declared import indicators, schemes
from xianjie.web.supervision.scoring import firmness, gains, score, weights
from xianjie.web.supervision.target_models import Assessment, Observation, Talk

OFFICE = Scope((Holding("county", COUNTY),))
TOWNSHIP = Scope((Holding("township", TOWN),))
SCHEME: dict[str, Any] = {
    "weight_shift": 0.2,
    "indicators": [
        {"name": "a", "weight": 60, "better": "higher", "scale": "span", "worst": 0, "best": 10},
        {"name": "b", "weight": 40, "better": "lower", "scale": "minmax"},
    ],
    "grades": [{"zh": "好", "from": 80}, {"zh": "差", "from": 0}],
}  # fmt: skip
value = st.floats(-100, 100)
groups = st.dictionaries(st.sampled_from("甲乙丙丁戊"), st.fixed_dictionaries({"a": value, "b": value}), min_size=2)


def test_a_score_is_what_one_reckons_by_hand() -> None:
    scored = score(SCHEME, {"甲": {"a": 5, "b": 1}, "乙": {"a": 12, "b": 3}, "丙": {"a": 5, "b": None}})
    assert {name: one.score for name, one in scored.items()} == {"甲": 70.0, "乙": 60.0, "丙": 30.0}
    assert {name: one.rank for name, one in scored.items()} == {"甲": 1, "乙": 2, "丙": 3}
    assert scored["甲"].parts == {"a": 30.0, "b": 40.0} and scored["丙"].missing == ["b"]
    assert [one.grade for one in scored.values()] == ["差", "差", "差"]


@settings(max_examples=80, deadline=None)
@given(values=groups)
def test_scores_lie_between_nothing_and_all_and_parts_add_up(values: dict[str, Any]) -> None:
    for one in score(SCHEME, values).values():
        assert 0 <= one.score <= 100 and one.score == pytest.approx(sum(one.parts.values()), abs=1e-5)


@settings(max_examples=80, deadline=None)
@given(values=groups, more=st.floats(0, 50))
def test_nobody_loses_by_doing_better(values: dict[str, Any], more: float) -> None:
    before = score(SCHEME, values)
    for unit in values:
        better = {**values, unit: {"a": values[unit]["a"] + more, "b": values[unit]["b"]}}
        after = score(SCHEME, better)[unit]
        assert after.score >= before[unit].score - 1e-9 and after.rank <= before[unit].rank


@settings(max_examples=60, deadline=None)
@given(values=groups)
def test_the_range_of_ranks_holds_the_rank_and_whoever_leads_everywhere_stays_first(values: dict[str, Any]) -> None:
    scored, firm = score(SCHEME, values), firmness(SCHEME, values)
    for unit, one in scored.items():
        assert firm[unit].best <= one.rank <= firm[unit].worst
    best = {**values, "首": {"a": 200, "b": -200}}
    assert (firmness(SCHEME, best)["首"].best, firmness(SCHEME, best)["首"].worst) == (1, 1)


@settings(max_examples=60, deadline=None)
@given(values=groups)
def test_gains_are_what_is_left_to_reach_and_lift_no_rank_downwards(values: dict[str, Any]) -> None:
    scored = score(SCHEME, values)
    for unit, found in gains(SCHEME, values).items():
        assert sum(one.points for one in found) == pytest.approx(100 - scored[unit].score, abs=0.05)
        assert all(one.rank <= scored[unit].rank for one in found)
        assert found == sorted(found, key=lambda one: (-one.points, one.indicator))


def test_every_scheme_is_whole() -> None:
    for name, scheme in schemes().items():
        assert scheme["zh"] and scheme["en"] and scheme["source"] and scheme["about"], name
        assert sum(weights(scheme).values()) == pytest.approx(100), name
        for one in scheme["indicators"]:
            assert one["scale"] == "minmax" or one["worst"] != one["best"], one["name"]
            assert one["source"] != "system" or one["name"] in indicators(), one["name"]
            if one["scale"] == "span":
                assert (one["best"] > one["worst"]) == (one["better"] == "higher"), one["name"]
        assert min(one["from"] for one in scheme["grades"]) == 0, name


def test_counties_fall_into_three_kinds_with_an_explanation() -> None:
    scheme = schemes()["three_kinds_of_county"]
    names = [one["name"] for one in scheme["indicators"]]
    good = dict.fromkeys(names, 90.0) | {"burden": 2.0}
    poor = dict.fromkeys(names, 10.0) | {"burden": 20.0}
    middle = dict.fromkeys(names, 50.0) | {"burden": 11.0}
    scored = score(scheme, {"强县": good, "弱县": poor, "中县": middle})
    assert {name: one.grade for name, one in scored.items()} == {
        "强县": "先行示范县", "弱县": "重点帮扶县", "中县": "整体推进县",
    }  # fmt: skip
    assert set(scored["弱县"].parts) == set(names)


def begun() -> Assessment:
    """An assessment of the county's two townships, with everything that the system knows."""
    for code, more in ((TOWN, 0.0), (OTHER_TOWN, 3.0)):
        for name in indicators():
            Observation.everything.create(
                indicator=name, region_code=code, day=DAY, value=95 - more, source="system"
            )  # fmt: skip
    return assessments.begin(
        OFFICE, scheme="township_consolidation", title="评价", begins_on=date(2025, 1, 1), ends_on=DAY
    )


def filled() -> Assessment:
    made = begun()
    by_hand = {one.pk: {"satisfaction": 90.0, "work": 80.0} for one in assessments.units(made)}
    assessments.set_values(OFFICE, made, by_hand, "抽样")
    return made


@pytest.mark.django_db
def test_system_values_come_by_themselves_and_nothing_is_published_while_values_lack() -> None:
    make_places()
    made = begun()
    units = assessments.units(made)
    assert {one.region_code for one in units} == {TOWN, OTHER_TOWN}
    assert units[0].values["house_safe_share"] == {"value": 95.0, "source": "system", "day": DAY.isoformat()}
    with pytest.raises(UserError):
        assessments.publish(OFFICE, made)
    assert assessments.set_values(OFFICE, made, {units[0].pk: {"house_safe_share": 100.0}}, "x") == 0
    by_hand = {one.pk: {"satisfaction": 90.0, "work": 80.0} for one in units}
    assert assessments.set_values(OFFICE, made, by_hand, "抽样") == 4
    assert assessments.publish(OFFICE, made).objections_to == DAY + timedelta(days=5)


@pytest.mark.django_db
def test_units_see_a_published_result_and_only_their_own_may_be_objected_to(client: Client) -> None:
    make_places()
    made = filled()
    assert not assessments.assessments(TOWNSHIP).exists()
    assessments.publish(OFFICE, made)
    assert assessments.assessments(TOWNSHIP).exists()
    assert not assessments.assessments(Scope((Holding("county", OTHER_COUNTY),))).exists()
    own, other = sorted(assessments.units(made), key=lambda one: one.region_code != TOWN)
    own.assessment = other.assessment = made
    assessments.object_to(TOWNSHIP, own, "数据有误")
    with pytest.raises(PermissionDenied):
        assessments.object_to(TOWNSHIP, other, "x")
    client.force_login(make_user("t", "township", TOWN))
    page = client.get(reverse("supervision:assessment", args=[made.pk])).content.decode()
    assert "数据有误" in page and "待答复" in page
    assert client.post(reverse("supervision:object_to", args=[made.pk, other.pk]), {"text": "x"}).status_code == 404
    assert client.post(reverse("supervision:assessment_do", args=[made.pk, "publish"])).status_code == 403


@pytest.mark.django_db
def test_a_result_is_settled_after_objections_and_the_last_is_called_for_a_talk(settings: Any) -> None:
    make_places()
    made = assessments.publish(OFFICE, filled())
    last = assessments.units(made)[-1]
    last.assessment = made
    objection = assessments.object_to(OFFICE, last, "请复核")
    with pytest.raises(UserError):
        assessments.settle(OFFICE, made, "用于评优")
    settings.TODAY = (DAY + timedelta(days=6)).isoformat()
    with pytest.raises(UserError):
        assessments.settle(OFFICE, made, "用于评优")
    objection.unit.assessment = made
    assessments.answer_objection(OFFICE, objection, upheld=False, answer="数据无误")
    assessments.settle(OFFICE, made, "用于评优")
    talk = Talk.everything.select_related("unit__assessment").get()
    assert talk.unit_id == last.pk
    assessments.hold_talk(OFFICE, talk, DAY, "已提醒")
    with pytest.raises(UserError):
        assessments.set_values(OFFICE, made, {last.pk: {"work": 100.0}}, "x")


@pytest.mark.django_db
def test_pages_explain_a_unit_and_ask_a_fixed_number_of_queries(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    make_places()
    made = filled()
    client.force_login(make_user("x", "county"))
    unit = assessments.units(made)[0]
    with django_assert_max_num_queries(16):
        page = client.get(reverse("supervision:assessment", args=[made.pk])).content.decode()
    assert unit.name in page
    with django_assert_max_num_queries(12):
        page = client.get(reverse("supervision:assessed", args=[made.pk, unit.pk])).content.decode()
    assert "群众满意度" in page and "最多可提高" in page
    form = {"why": "重新抽样", f"{unit.pk}-satisfaction": "97.5", f"{unit.pk}-work": "80"}
    client.post(reverse("supervision:values", args=[made.pk]), form)
    unit.refresh_from_db()
    assert unit.values["satisfaction"]["value"] == 97.5
    assert client.get(reverse("supervision:assessment_export", args=[made.pk])).status_code == 200
