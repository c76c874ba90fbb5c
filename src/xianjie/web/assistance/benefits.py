"""Who receives what 在享待遇, brought in line with each daily run; deaths that are to be looked into.

The run merges the register's decisions and the civil-affairs lists. What was decided here stands as decided; the rest
follows the lists.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from xianjie.engines import open_engine, quote
from xianjie.rules.language import add_months
from xianjie.web.accounts.scope import Scope
from xianjie.web.assistance import selectors
from xianjie.web.assistance.models import Benefit
from xianjie.web.assistance.programmes import Months, number, programmes
from xianjie.web.audit.services import record
from xianjie.web.clock import today
from xianjie.web.daily.models import Run
from xianjie.web.regions.models import area_of
from xianjie.web.registry.models import Household, Person

BATCH = 1000
FROM_RUN = (
    "household_id", "region_code", "begins_on", "ends_on", "amount_month", "dibao_class", "single_person",
    "support_mode", "grace_until", "reviewed_on", "review_due_on",
)  # fmt: skip


@transaction.atomic
def sync(run: Run) -> dict[str, int]:
    """Bring a county's benefits in line with a run; gives how many stand, begin and have gone from the lists."""
    low, high = area_of(run.region_code)
    there = Benefit.everything.filter(region_code__gte=low, region_code__lt=high)
    decided = set(there.filter(source=Benefit.APPLICATION).values_list("key", flat=True))
    ours = set(there.filter(source=Benefit.APPLICATION, ends_on__isnull=True).values_list("person_id", "programme"))
    rows = [row for row in _rows(run) if row["key"] not in decided and (row["person_id"], row["programme"]) not in ours]
    known = _known({row["person_id"] for row in rows})
    kept = [_benefit(run, row) for row in rows if row["person_id"] in known]
    before = set(there.filter(source=Benefit.RUN, ends_on__isnull=True).values_list("key", flat=True))
    Benefit.everything.bulk_create(
        kept, batch_size=BATCH, update_conflicts=True, unique_fields=["key"], update_fields=list(FROM_RUN)
    )
    gone = sorted(before - {one.key for one in kept})
    for start in range(0, len(gone), BATCH):
        Benefit.everything.filter(key__in=gone[start : start + BATCH]).update(ends_on=run.day, review_due_on=None)
    told = {
        "standing": len(kept),
        "begun": len({one.key for one in kept if one.ends_on is None} - before),
        "gone": len(gone),
    }
    record("assistance.benefits", subject=("county", run.region_code), region_code=run.region_code, after=told)
    return told


def _known(people: set[str]) -> set[str]:
    """Those of some people whom the register has."""
    ordered, known = sorted(people), set[str]()
    for start in range(0, len(ordered), BATCH):
        known |= set(Person.everything.filter(pk__in=ordered[start : start + BATCH]).values_list("pk", flat=True))
    return known


def _rows(run: Run) -> list[dict[str, Any]]:
    """The categories of a run that are programmes, with the household's ability to work."""
    entities = run.folder / "work" / "entities"
    results = run.folder / "work" / "results.parquet"
    if not (entities / "categories.parquet").exists() or not results.exists():
        return []
    names = {one.category: code for code, one in programmes().items() if one.category}
    with open_engine(memory_limit="500MB", threads=1) as engine:
        wanted = ", ".join(quote(name) for name in names)
        found = engine.records(
            "SELECT c.category_id AS key, c.person_id, p.household_id, p.region_code, c.category, c.valid_from, "
            "c.valid_to, c.amount_month, c.dibao_class, c.single_person, c.support_mode, c.reviewed_on, "
            f"c.grace_until, r.no_labour FROM read_parquet({quote(str(entities / 'categories.parquet'))}) c "
            f"JOIN read_parquet({quote(str(entities / 'persons.parquet'))}) p USING (person_id) "
            f"LEFT JOIN read_parquet({quote(str(results))}) r USING (household_id) "
            f"WHERE c.category IN ({wanted}) AND c.valid_from IS NOT NULL ORDER BY key"
        )
    return [{**row, "programme": names[row["category"]]} for row in found]


def _benefit(run: Run, row: dict[str, Any]) -> Benefit:
    ended = row["valid_to"] is not None and row["valid_to"] <= run.day
    review = programmes()[row["programme"]].review
    months = number(review.get("stable" if row["no_labour"] else "labour", ""), row["region_code"], run.day)
    due = add_months(row["reviewed_on"] or row["valid_from"], int(months.value)) if months and not ended else None
    return Benefit(
        key=row["key"], person_id=row["person_id"], household_id=row["household_id"], region_code=row["region_code"],
        programme=row["programme"], begins_on=row["valid_from"], ends_on=row["valid_to"],
        amount_month=row["amount_month"], dibao_class=row["dibao_class"] or "", single_person=row["single_person"],
        support_mode=row["support_mode"] or "", grace_until=row["grace_until"], reviewed_on=row["reviewed_on"],
        review_due_on=due, source=Benefit.RUN,
    )  # fmt: skip


def death_rule() -> Months | None:
    """Within how many months after a death a family that receives something is looked into."""
    return next((one.death_check for one in programmes().values() if one.death_check), None)


def dead(scope: Scope, place: str = "") -> QuerySet[Benefit]:
    """Benefits that run for somebody who, by the register, has died or whose household has ended."""
    rows = selectors.in_place(Benefit.objects.within(scope, selectors.VIEW), place)
    rows = rows.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=today()))
    gone = Q(person__alive=False) | Q(person__left_by="death") | Q(household__ends_on__isnull=False)
    return rows.filter(gone).select_related("household", "person")


def bereaved(scope: Scope, place: str = "") -> list[dict[str, Any]]:
    """Households that receive something and lost a member: by when their situation is to be looked into, and whether
    it has been since. The day of death is the day on which the register recorded it when no other is known."""
    rule = death_rule()
    if rule is None:
        return []
    since = add_months(today(), -2 * rule.value)  # overdue ones stay in sight as long again
    people = selectors.in_place(Person.objects.within(scope, selectors.VIEW), place)
    people = people.filter(Q(alive=False) | Q(left_by="death"), changed_on__gte=since)
    ended = dict(
        people.filter(memberships__ends_by="death").order_by("memberships__ends_on")
        .values_list("memberships__household_id", "memberships__ends_on")
    )  # fmt: skip
    inside = {key: day for key, day in people.values_list("household_id", "changed_on") if key}
    days = {**inside, **{key: day for key, day in ended.items() if day}}
    running = Benefit.objects.within(scope, selectors.VIEW).filter(household__in=list(days), ends_on__isnull=True)
    reviewed: dict[str, date | None] = {}
    for household, day in running.order_by("reviewed_on").values_list("household_id", "reviewed_on"):
        reviewed[household] = day
    homes = {one.pk: one for one in Household.everything.filter(pk__in=list(reviewed))}
    found = [
        {"household": homes[key], "died_on": days[key], "due_on": add_months(days[key], rule.value)}
        for key, day in reviewed.items()
        if key in homes and (day is None or day < days[key])
    ]
    return sorted(found, key=lambda one: (one["due_on"], one["household"].pk))
