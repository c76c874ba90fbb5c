"""A region change moves households; their pages of past days still show the village of that day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from tests.web import registry_samples as sample
from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.regions import services
from xianjie.web.registry import actions, recording
from xianjie.web.registry.models import Change, Household, Person, Version
from xianjie.web.registry.snapshots import as_on

pytestmark = pytest.mark.django_db
ALL = Scope((Holding("administrator", "000000000000"),))
DAY, BEFORE, AFTER = date(2025, 9, 1), date(2025, 8, 31), date(2025, 9, 1)
FRESH = "999901100209"


@pytest.fixture
def staff() -> Any:
    sample.regions()
    sample.household("H1", sample.VILLAGE, [{"name": "王大明"}, {"name": "王小明"}])
    sample.household("H2", sample.VILLAGE, [{"name": "李小红"}])
    return sample.scope("county", sample.COUNTY)


def village(day: date, key: str = "H1") -> set[str]:
    """Where a household and its people lived on a day."""
    home = as_on([Household.everything.get(pk=key)], day)[0]
    people = as_on(list(Person.everything.filter(household_id=key)), day)
    return {home.region_code, *(one.region_code for one in people)}


def test_the_page_of_a_past_day_shows_the_village_that_was_merged(staff: Any) -> None:
    client = Client()
    client.force_login(sample.user("county-clerk", ("county", sample.COUNTY)))
    services.merge(ALL, [sample.VILLAGE], sample.VILLAGE2, DAY, "撤并")
    now = client.get("/registry/households/H1/").content.decode()
    then = client.get(f"/registry/households/H1/?on={BEFORE}").content.decode()
    assert "竹原镇下湾村" in now and "竹原镇上湾村" not in now
    assert "竹原镇上湾村" in then and "竹原镇下湾村" not in then
    assert village(BEFORE) == {sample.VILLAGE} and village(AFTER) == {sample.VILLAGE2}


def test_only_the_households_that_a_split_takes_have_moved(staff: Any) -> None:
    services.split(ALL, sample.VILLAGE, {FRESH: "新湾村"}, {FRESH: ["H2"]}, DAY, "拆分")
    assert village(BEFORE, "H2") == {sample.VILLAGE} and village(AFTER, "H2") == {FRESH}
    assert village(AFTER) == {sample.VILLAGE} and not Version.everything.filter(subject_id="H1").exists()


def test_villages_that_change_twice_are_told_day_by_day(staff: Any) -> None:
    services.merge(ALL, [sample.VILLAGE], sample.VILLAGE2, DAY, "撤并")
    services.renumber(ALL, sample.VILLAGE2, FRESH, DAY + timedelta(days=20), "换号")
    days = [BEFORE, AFTER, DAY + timedelta(days=19), DAY + timedelta(days=20)]
    assert [village(day) for day in days] == [
        {sample.VILLAGE}, {sample.VILLAGE2}, {sample.VILLAGE2}, {FRESH},
    ]  # fmt: skip


@pytest.mark.parametrize("recorded_first", [True, False])
def test_what_happened_before_is_told_in_the_village_of_its_day_whenever_it_is_recorded(
    staff: Any, recorded_first: bool
) -> None:
    def name_head() -> None:
        actions.new_head(staff, "H1", {"H1P0": "52", "H1P1": "01"}, on=BEFORE, reason="户主年老")

    if recorded_first:
        name_head()
    services.merge(ALL, [sample.VILLAGE], sample.VILLAGE2, DAY, "撤并")
    if not recorded_first:
        name_head()
    assert village(BEFORE) == {sample.VILLAGE} and village(AFTER) == {sample.VILLAGE2}
    long_ago = as_on([Household.everything.get(pk="H1")], date(2025, 1, 1))[0]
    assert (long_ago.region_code, long_ago.head_name) == (sample.VILLAGE, "王大明")
    # An undo would bring the household back into a village that is no more.
    assert recording.may_undo(Change.everything.get(), staff) is not recorded_first
