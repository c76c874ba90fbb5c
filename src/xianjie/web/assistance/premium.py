"""The yearly list of premium help 参保资助名单: every member's highest single identity, and what it gives."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse

from xianjie.engines import open_engine
from xianjie.messages import UserError, say
from xianjie.screening.facts import view_folder
from xianjie.screening.policies import open_policy
from xianjie.web.accounts.scope import Scope
from xianjie.web.assistance.payment_models import PremiumLine, PremiumList
from xianjie.web.audit.services import current_actor, record
from xianjie.web.daily.models import Run
from xianjie.web.daily.runs import overlays
from xianjie.web.daily.selectors import newest_run
from xianjie.web.jobs.services import Work, enqueue, job
from xianjie.web.registry.models import Person

KIND, PAY, MEDICAL = "assistance.premium_help", "assistance.pay", "medical_insurance"
NOBODY = "普通"  # the identity of who belongs to no group
RESULTS = ["living", "medical_identity", "premium_help_due", "premium_helped_this_year", "insured_as_resident"]
BATCH = 2000


def order(scope: Scope, county: str, owner: Any) -> Any:
    """Have the list of the newest run's year made. Raises `UserError` without a run."""
    if not scope.allows(PAY, county, MEDICAL):
        raise PermissionDenied
    run = newest_run(county)
    if run is None or not (run.folder / "work" / "entities" / "persons.parquet").exists():
        raise UserError("assistance.no_run")
    return enqueue(KIND, title=say("assistance.verb_premium"), region_code=county, owner=owner, run=run.pk)


@job(KIND)
def make(work: Work) -> dict[str, Any]:
    """Make the list of a run's year; made again it takes the place of the one before."""
    run = Run.everything.get(pk=work.arguments["run"])
    rows = identities(run)
    names: dict[str, str] = {}
    for start in range(0, len(rows), BATCH):
        work.progress(start, len(rows), "")
        keys = [row["person_id"] for row in rows[start : start + BATCH]]
        names |= dict(Person.everything.filter(pk__in=keys).values_list("pk", "name"))
    made = _write(run, rows, names)
    return {"persons": made.persons, "url": reverse("assistance:premium"), "label": say("assistance.premium_done")}


def identities(run: Run) -> list[dict[str, Any]]:
    """The living members of a group whose premium is helped with, or whose identity is not known."""
    with open_engine(memory_limit="1GB", threads=1, temp_folder=run.folder / "work" / "spill") as engine:
        view_folder(engine, run.folder / "work" / "entities")
        policy = open_policy(overlays()).policy
        columns = ["household_id", "region_code", *RESULTS]
        found = policy.compute(engine, columns, date=run.day, entity="person", region=None)
    assert isinstance(found, list)
    return [row for row in found if row["living"] is not False and row["medical_identity"] != NOBODY]


@transaction.atomic
def _write(run: Run, rows: list[dict[str, Any]], names: dict[str, str]) -> PremiumList:
    made, _fresh = PremiumList.everything.update_or_create(
        region_code=run.region_code, year=run.day.year,
        defaults={"run": run.pk, "day": run.day, "made_by": current_actor().username},
    )  # fmt: skip
    PremiumLine.everything.filter(list=made).delete()
    lines = [
        PremiumLine(
            list=made, region_code=row["region_code"], household_id=row["household_id"], person_id=row["person_id"],
            name=names[row["person_id"]], identity=row["medical_identity"] or "", due=row["premium_help_due"],
            helped=row["premium_helped_this_year"], insured=row["insured_as_resident"],
        )
        for row in rows
        if row["person_id"] in names
    ]  # fmt: skip
    PremiumLine.everything.bulk_create(lines, batch_size=1000)
    made.persons, made.unknown = len(lines), sum(1 for line in lines if line.due is None)
    made.total = sum(line.due or 0 for line in lines if line.insured)
    made.save()
    told = {"year": made.year, "persons": made.persons, "total": made.total, "unknown": made.unknown}
    record("assistance.premium", subject=("premium_list", str(made.pk)), region_code=run.region_code, after=told)
    return made
