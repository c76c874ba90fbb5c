"""What happens to households is recorded, never overwritten: the laws that hold after any sequence of actions."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web import registry_samples as sample
from xianjie.messages import UserError
from xianjie.web.audit.models import Event
from xianjie.web.audit.services import verify
from xianjie.web.registry import actions, recording
from xianjie.web.registry.models import Change, Fact, Household, Membership, Person
from xianjie.web.registry.snapshots import as_on, snapshot
from xianjie.web.registry.story import members_on

pytestmark = pytest.mark.django_db
DAY = date(2025, 6, 1)
WHY = "户口簿"
UNSEEN = ("id_no", "phone", "changed_on", "last_change", "ends_on")


@pytest.fixture
def place() -> Any:
    sample.regions()
    sample.household("H1", sample.VILLAGE, [{"name": "王大明"}, {"name": "王小明"}, {"name": "王小红"}])
    sample.household("H2", sample.VILLAGE2, [{"name": "李小红"}, {"name": "李明"}])
    return sample.scope("county", sample.COUNTY)


def seen_on(day: date) -> list[Any]:
    """Everything that pages show of a day: households, people, who belongs where."""
    homes = as_on(list(Household.everything.order_by("pk")), day)
    people = as_on(list(Person.everything.order_by("pk")), day)
    there = [home for home in homes if (home.begins_on is None or home.begins_on <= day)]
    told = [
        {key: value for key, value in snapshot(home).items() if key not in UNSEEN}
        | {"members": members_on(home, day), "gone": home.ends_on is not None and home.ends_on <= day}
        for home in there
    ]
    belonging = {key for home in there for key in members_on(home, day)}
    return [told, [
        {key: value for key, value in snapshot(one).items() if key not in UNSEEN}
        for one in people if one.pk in belonging
    ]]  # fmt: skip


def holds(people_before: int, memberships_before: int) -> None:
    """The laws: nobody in two households on a day, nobody lost, sizes right, members live where the household does."""
    assert Person.everything.count() >= people_before
    assert Membership.everything.count() >= memberships_before
    spans: dict[str, list[tuple[date, date]]] = {}
    for one in Membership.everything.all():
        begins, ends = one.begins_on or date.min, one.ends_on or date.max
        if begins < ends:
            spans.setdefault(one.person_id, []).append((begins, ends))
    for own in spans.values():
        own.sort()
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(own))
    for home in Household.everything.all():
        members = Person.everything.filter(household=home)
        assert home.size == members.exclude(alive=False).count()
        assert sorted(members.values_list("pk", flat=True)) == sorted(
            Membership.everything.filter(household=home, ends_on__isnull=True).values_list("person_id", flat=True)
        )
        assert all(member.region_code == home.region_code for member in members)
        if home.ends_on is None and members:
            assert [member.name for member in members if member.relation == "01"] == [home.head_name]
        if home.ends_on is not None:
            assert not members


def any_action(data: Any, scope: Any, day: date) -> None:  # noqa: C901
    """One action that a user might try, sensible or not."""
    homes = [home for home in Household.everything.order_by("pk") if home.ends_on is None]
    if not homes:
        actions.settle_in(
            scope, {"region_code": sample.VILLAGE, "household_type": "general"}, {"name": "新户主"}, on=day, reason=WHY
        )
        return
    home = data.draw(st.sampled_from(homes))
    members = list(Person.everything.filter(household=home).order_by("pk"))
    other = data.draw(st.sampled_from(homes))
    codes = st.sampled_from(["01", "10", "20", "30", "97"])
    relations = {member.pk: data.draw(codes) for member in members}
    someone = data.draw(st.sampled_from(members)) if members else None
    kind = data.draw(st.sampled_from(
        ["birth", "in", "cross", "death", "out", "marry", "split", "merge", "head", "relocate", "away", "correct",
         "undo"]
    ))  # fmt: skip
    common: dict[str, Any] = {"on": day, "reason": WHY}
    if kind == "birth":
        actions.birth(scope, home.pk, {"name": "新生儿", "sex": "2", "relation": "20"}, **common)
    elif kind == "in":
        actions.come_in(scope, "move_in", home.pk, {"name": "外来人", "sex": "1", "relation": "97"}, **common)
    elif kind == "undo" and (last := actions.last_change(home)):
        recording.undo(last, scope, WHY)
    elif kind == "merge":
        actions.merge(scope, home.pk, other.pk, {key: "97" for key in relations}, **common)
    elif kind == "head":
        actions.new_head(scope, home.pk, relations, **common)
    elif kind == "relocate":
        actions.relocate(scope, home.pk, data.draw(st.sampled_from([sample.VILLAGE, sample.FAR])), **common)
    elif kind == "away":
        actions.move_away(scope, home.pk, **common)
    elif someone is None:
        return
    elif kind == "cross":
        actions.come_in(scope, "marriage_in", other.pk, {"person_id": someone.pk, "relation": "38"}, **common)
    elif kind == "death":
        actions.death(scope, someone.pk, relations=relations, **common)
    elif kind == "out":
        actions.go_out(scope, "move_out", someone.pk, relations=relations, **common)
    elif kind == "marry":
        actions.go_out(
            scope, "marriage_out", someone.pk, to_household=other.pk, relation="38", relations=relations, **common
        )
    elif kind == "split":
        going = {key: relation for key, relation in relations.items() if data.draw(st.booleans())}
        staying = {key: relation for key, relation in relations.items() if key not in going}
        actions.split(scope, home.pk, going, staying=staying, **common)
    elif kind == "correct":
        actions.correct(scope, "person", someone.pk, {"name": "更名" + someone.name[:3]}, **common)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_recorded_the_laws_of_the_register_hold_and_the_past_stands(place: Any, data: Any) -> None:
    from django.db import transaction

    with transaction.atomic():
        day, people, memberships = DAY, Person.everything.count(), Membership.everything.count()
        past: dict[date, list[Any]] = {day - timedelta(days=200): seen_on(day - timedelta(days=200))}
        for _step in range(data.draw(st.integers(2, 7))):
            before_refused = seen_on(day)
            try:
                with transaction.atomic():
                    any_action(data, place, day)
            except (UserError, PermissionDenied):
                assert seen_on(day) == before_refused
            holds(people, memberships)
            people, memberships = Person.everything.count(), Membership.everything.count()
            day += timedelta(days=data.draw(st.integers(1, 20)))
            past = {then: told for then, told in past.items() if not _undone_since(then)}
            for then, told in past.items():
                assert seen_on(then) == told, f"the view of {then} changed"
            past[day - timedelta(days=1)] = seen_on(day - timedelta(days=1))
        assert verify().first_bad is None
        transaction.set_rollback(True)


def _undone_since(then: date) -> bool:
    """Taking an action back does change how the days since it look: it never was."""
    return Change.everything.filter(kind="undo", happened_on__lte=then).exists()


def test_a_split_makes_two_households_and_undoing_it_makes_one_again(place: Any) -> None:
    before = seen_on(DAY)
    new = actions.split(place, "H1", {"H1P1": "01", "H1P2": "75"}, on=DAY, reason="成家分户")
    assert new.head_name == "王小明"
    assert members_on(Household.everything.get(pk="H1"), DAY) == ["H1P0"]
    assert members_on(new, DAY) == ["H1P1", "H1P2"]
    assert members_on(Household.everything.get(pk="H1"), DAY - timedelta(days=1)) == ["H1P0", "H1P1", "H1P2"]
    last = actions.last_change(new)
    assert last is not None
    undone = recording.undo(last, place, "登记错了")
    assert undone.kind == "undo"
    assert seen_on(DAY)[0][0] == before[0][0]
    assert Household.everything.get(pk=new.pk).ends_on == DAY
    verbs = list(Event.objects.order_by("seq").values_list("verb", flat=True))
    assert verbs == ["registry.split", "registry.undo"]
    with pytest.raises(UserError):
        recording.undo(Change.everything.get(pk=last.pk), place, "再撤一次")


def test_the_second_of_two_people_is_told_what_the_first_has_recorded(place: Any) -> None:
    seen = {"H1": Household.everything.get(pk="H1").revision}
    actions.birth(place, "H1", {"name": "王新", "sex": "1", "relation": "20"}, on=DAY, reason=WHY, expected=seen)
    with pytest.raises(recording.Overtaken) as told:
        actions.death(place, "H1P2", on=DAY, reason=WHY, expected=seen)
    assert "出生" in str(told.value)
    assert Person.everything.get(pk="H1P2").alive


def test_nothing_is_recorded_for_a_day_to_come_or_before_the_last_action(place: Any) -> None:
    with pytest.raises(UserError):
        actions.move_away(place, "H1", on=date(2025, 11, 1), reason=WHY)
    actions.correct(place, "household", "H1", {"main_industry": "养羊"}, on=DAY, reason=WHY)
    with pytest.raises(UserError):
        actions.move_away(place, "H1", on=DAY - timedelta(days=1), reason=WHY)
    with pytest.raises(UserError):
        actions.move_away(place, "H1", on=DAY, reason="  ")


def test_a_birth_told_late_is_taken_up_unless_what_came_since_contradicts_it(place: Any) -> None:
    born, between, before = DAY - timedelta(days=10), DAY - timedelta(days=5), DAY - timedelta(days=11)
    child = {"name": "王新", "sex": "1", "relation": "20"}
    actions.correct(place, "household", "H1", {"main_industry": "养羊"}, on=DAY, reason=WHY)
    home = actions.birth(place, "H1", child, on=born, reason="补录")
    home.refresh_from_db()
    assert (len(members_on(home, between)), len(members_on(home, before)), home.size) == (4, 3, 4)
    assert "main_industry" not in as_on([Household.everything.get(pk="H1")], between)[0].data
    assert home.data["main_industry"] == "养羊" and home.changed_on == DAY
    last = actions.last_change(home)
    assert last is not None and last.kind == "birth"
    recording.undo(last, place, "登记错了")
    home.refresh_from_db()
    assert (home.size, home.data["main_industry"], home.changed_on) == (3, "养羊", DAY)
    actions.new_head(place, "H1", {"H1P0": "51", "H1P1": "01", "H1P2": "75"}, on=DAY, reason=WHY)
    with pytest.raises(UserError):
        actions.birth(place, "H1", child, on=born, reason="补录")


def test_a_head_who_dies_leaves_a_new_head(place: Any) -> None:
    with pytest.raises(UserError):
        actions.death(place, "H1P0", on=DAY, reason="死亡证明")
    home = actions.death(place, "H1P0", on=DAY, reason="死亡证明", relations={"H1P1": "01", "H1P2": "75"})
    assert home is not None and home.head_name == "王小明" and home.size == 2
    gone = Person.everything.get(pk="H1P0")
    assert gone.alive is False and gone.household is None and gone.left_by == "death"
    with pytest.raises(UserError):
        actions.death(place, "H1P0", on=DAY, reason="死亡证明")


def test_a_person_known_by_their_identity_number_is_not_taken_up_twice(place: Any) -> None:
    number = Person.everything.get(pk="H2P1").id_no
    with pytest.raises(UserError, match="H2P1"):
        actions.come_in(place, "move_in", "H1", {"name": "李明", "id_no": number, "relation": "97"}, on=DAY, reason=WHY)
    narrow = sample.scope("township", sample.TOWN2)
    sample.household("H9", sample.FAR, [{"name": "赵远"}])
    with pytest.raises(UserError) as told:
        actions.come_in(
            narrow, "move_in", "H9", {"name": "李明", "id_no": number, "relation": "97"}, on=DAY, reason=WHY
        )
    assert "H2P1" not in str(told.value) and "李明" not in str(told.value)


def test_facts_about_a_person_go_with_them_and_the_past_keeps_them(place: Any) -> None:
    home, someone = Household.everything.get(pk="H1"), Person.everything.get(pk="H1P1")
    sample.fact(home, "category", "C1", someone, category="dibao", valid_from=date(2024, 1, 1))
    actions.go_out(place, "marriage_out", "H1P1", to_household="H2", relation="38", on=DAY, reason=WHY)
    kept = Fact.everything.get(key="C1")
    assert (kept.household_id, kept.region_code) == ("H2", sample.VILLAGE2)
    last = actions.last_change(home)
    assert last is not None
    recording.undo(last, place, "登记错了")
    kept.refresh_from_db()
    assert (kept.household_id, kept.region_code) == ("H1", sample.VILLAGE)


def test_a_corrected_fact_is_withdrawn_and_told_anew(place: Any) -> None:
    home = Household.everything.get(pk="H1")
    wrong = sample.fact(home, "income", "I1", kind="wage", amount=100_00, period_from=date(2024, 1, 1),
                        period_to=date(2024, 12, 31), said_by="household")  # fmt: skip
    values = {"kind": "wage", "amount": 200_00, "period_from": date(2024, 1, 1), "period_to": date(2024, 12, 31),
              "said_by": "cadre"}  # fmt: skip
    actions.state_fact(place, "income", "H1", values, on=DAY, reason="入户核实", replaces=wrong)
    wrong.refresh_from_db()
    assert wrong.withdrawn_on == DAY
    assert [row.data["amount"] for row in Fact.everything.filter(withdrawn_on__isnull=True)] == [200_00]
    last = actions.last_change(home)
    assert last is not None
    recording.undo(last, place, "还是原来的对")
    assert [row.data["amount"] for row in Fact.everything.filter(withdrawn_on__isnull=True)] == [100_00]


def test_nobody_changes_what_lies_outside_their_area(place: Any) -> None:
    elsewhere = sample.scope("township", sample.TOWN2)
    with pytest.raises(PermissionDenied):
        actions.move_away(elsewhere, "H1", on=DAY, reason=WHY)
    sample.household("H9", sample.FAR, [{"name": "赵远"}, {"name": "赵近"}])
    with pytest.raises(PermissionDenied):
        actions.merge(elsewhere, "H9", "H1", {"H9P0": "97", "H9P1": "97"}, on=DAY, reason=WHY)
    with pytest.raises(PermissionDenied):
        actions.relocate(elsewhere, "H9", sample.VILLAGE, on=DAY, reason=WHY)
    assert not Event.objects.exists()


def test_numbers_of_papers_stay_sealed_in_versions_and_in_the_audit_trail(place: Any) -> None:
    number = Person.everything.get(pk="H1P1").id_no
    assert number is not None
    actions.correct(place, "person", "H1P1", {"name": "王晓明"}, on=DAY, reason=WHY)
    for event in Event.objects.all():
        assert number not in str(event.before) and number not in str(event.after)
    assert as_on([Person.everything.get(pk="H1P1")], DAY - timedelta(days=1))[0].id_no == number
