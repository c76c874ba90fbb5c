"""The one rule of areas and roles: what a grant opens, and that nothing else opens."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.db.models import Exists, OuterRef, Subquery
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.base_samples import COUNTY, DAY, FAR, NEXT, TOWN, A, B, C, make_household, make_places, make_user
from xianjie.web.accounts.models import Grant
from xianjie.web.accounts.roles import all_roles
from xianjie.web.accounts.scope import Holding, NoScope, Scope, scope_of
from xianjie.web.jobs.models import Job
from xianjie.web.regions.models import Region, area_of, level_of
from xianjie.web.registry.models import Household, Person

pytestmark = pytest.mark.django_db

province = st.sampled_from(["62", "99", "98"])
two = st.sampled_from(["00", "01", "02", "99"])
three = st.sampled_from(["000", "001", "100", "201", "999"])
codes = st.one_of(
    st.tuples(province, two, two, three, three).map("".join), st.sampled_from(["000000000000", "990000000000", COUNTY])
)
holdings = st.lists(
    st.builds(Holding, st.sampled_from(sorted(all_roles().roles)), codes, st.sampled_from(["", "health", "water"])),
    max_size=5,
)


@given(holdings, st.lists(codes, max_size=12), st.sampled_from(sorted(all_roles().permissions)))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_record_is_listed_exactly_when_it_may_be_touched(
    held: list[Holding], places: list[str], permission: str
) -> None:
    scope = Scope(tuple(held))
    Job.everything.all().delete()
    Job.everything.bulk_create(
        Job(kind=department, title=place, region_code=place)
        for place in places
        for department in ("", "health", "water")
    )
    by_area = set(Job.everything.filter(scope.where(permission)).values_list("region_code", flat=True))
    assert by_area == {place for place in places if scope.allows(permission, place)}
    listed = Job.everything.filter(scope.where(permission, "region_code", "kind")).values_list("region_code", "kind")
    assert set(listed) == {
        (place, kind) for place in places for kind in ("", "health", "water") if scope.allows(permission, place, kind)
    }
    areas = scope.areas(permission)
    assert by_area == {place for place in places if any(low <= place < high for low, high in areas)}
    assert all(first[1] < second[0] for first, second in pairwise(areas))


@given(codes, codes)
def test_an_area_holds_its_own_region_and_what_shares_its_leading_digits(code: str, other: str) -> None:
    low, high = area_of(code)
    digits = {"province": 2, "prefecture": 4, "county": 6, "township": 9, "village": 12, "country": 0}[level_of(code)]
    assert (low <= other < high) == other.startswith(code[:digits])


@given(codes, codes, st.sampled_from(sorted(all_roles().roles)))
def test_a_scope_contains_a_region_only_with_everything_in_it(held: str, asked: str, role: str) -> None:
    scope = Scope((Holding(role, held),))
    permission = min(all_roles().roles[role].permissions)
    low, high = area_of(asked)
    inside = [low, high[:-1] + chr(ord(high[-1]) - 1) if high != "A" else "999999999999"]
    if scope.contains(permission, asked):
        assert all(scope.allows(permission, code) for code in inside if low <= code < high)
    elif scope.allows(permission, low):
        assert level_of(asked) != "village"


@given(st.dictionaries(codes, codes, max_size=8), st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_grant_on_a_merged_place_opens_where_it_went_and_never_runs_in_circles(
    follows: dict[str, str], data: st.DataObject
) -> None:
    Region.objects.all().delete()
    known = set(follows) | set(follows.values())
    Region.objects.bulk_create(
        Region(
            region_code=code, name=code, level=level_of(code), valid_from=date(2016, 1, 1),
            valid_to=DAY if code in follows else None, successor_code=follows.get(code, ""),
        )
        for code in known
    )  # fmt: skip
    user = make_user(f"u{Grant.objects.count()}x{len(known)}{data.draw(st.integers(0, 10**9))}")
    for code in known:
        Grant.objects.create(user=user, role="village", region_code=code)
    expected = set()
    for held in known:
        code, seen = held, {held}
        while follows.get(code, code) not in seen:
            code = follows[code]
            seen.add(code)
        if level_of(code) == "village":
            expected.add(code)
    assert {one.region_code for one in scope_of(user).holdings} == expected


def test_a_scope_costs_two_queries_however_many_roles_and_mergers(django_assert_num_queries) -> None:
    make_places()
    user = make_user("duo")
    for code in (A, B, C):
        Grant.objects.create(user=user, role="village", region_code=code)
    with django_assert_num_queries(2):
        words = scope_of(user).words()
    assert "一号村 村级干部" in words
    Region.objects.filter(region_code__in=[A, B]).update(valid_to=DAY, successor_code=C)
    with django_assert_num_queries(2):
        merged = scope_of(user)
    assert {held.region_code for held in merged.holdings} == {C}


def test_grants_that_make_no_sense_open_nothing() -> None:
    make_places()
    user = make_user("kong")
    for role, code, department in [
        ("village", COUNTY, ""), ("county", "", ""), ("county", "6299", ""), ("county", "６２９９０１００００００", ""),
        ("department", COUNTY, ""), ("sorcerer", COUNTY, ""), ("administrator", "000000000000", ""),
    ]:  # fmt: skip
        Grant.objects.create(user=user, role=role, region_code=code, department=department)
    assert scope_of(user).holdings == ()


def test_a_grant_counts_from_its_first_day_until_before_its_last() -> None:
    make_places()
    user = make_user("ri")
    Grant.objects.create(user=user, role="county", region_code=COUNTY, begins_on=DAY, ends_on=NEXT)
    counted = [bool(scope_of(user, DAY + timedelta(days=days)).holdings) for days in (-1, 0, 1)]
    assert counted == [False, True, False]
    user.is_active = False
    assert scope_of(user, DAY).holdings == ()


class TestNoScope:
    """Whatever way a query over people's data is put, it raises unless somebody's rights stand behind it."""

    def test_every_way_to_read(self) -> None:
        rows = Household.objects.filter(size=1)
        for way in (
            list,
            len,
            bool,
            lambda q: q.count(), lambda q: q.exists(), lambda q: q.first(), lambda q: q.get(),
            lambda q: list(q.values()), lambda q: list(q.iterator()), lambda q: q.aggregate(),
            lambda q: q.in_bulk(["H1"]),
            lambda q: q.explain(), lambda q: q[:1].get(), lambda q: q.update(size=2), lambda q: q.delete(),
            lambda q: q.raw("SELECT * FROM registry_household"), lambda q: str(q.query),
            lambda q: list(q.within(_scope(), "registry.view") | Household.objects.all()),
            lambda q: list(q.within(_scope(), "registry.view").union(Household.objects.all())),
        ):  # fmt: skip
            with pytest.raises(NoScope):
                if way(rows) == {}:
                    raise NoScope  # an aggregate of nothing asks nothing

    def test_inside_another_query(self) -> None:
        allowed = Person.objects.within(_scope(), "registry.view")
        hidden = Household.objects.filter(household_id=OuterRef("household_id"))
        for query in (
            allowed.filter(household__in=Household.objects.all()),
            allowed.filter(Exists(hidden)),
            allowed.annotate(head=Subquery(hidden.values("head_name")[:1])),
            allowed.filter(household__in=Household.objects.values("pk")),
        ):
            with pytest.raises(NoScope):
                list(query)

    def test_with_a_scope_all_of_it_works(self) -> None:
        make_household(1, A)
        make_household(2, FAR)
        mine = Household.objects.within(_scope(), "registry.view")
        assert [row.pk for row in mine] == ["H1"]
        assert mine.count() == 1 and mine.exists() and mine.get().pk == "H1"
        assert list(
            Person.objects.within(_scope(), "registry.view").filter(Exists(mine.filter(pk=OuterRef("household"))))
        )
        assert list(mine.exclude(people__name="无此人"))
        assert mine.filter(size=1).update(size=3) == 1
        assert list(Household.objects.none()) == []


def _scope() -> Scope:
    return Scope((Holding("township", TOWN),))
