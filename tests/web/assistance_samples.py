"""Rows of social assistance, one of each kind that a page shows, for the walk through all addresses."""

from __future__ import annotations

from datetime import date

from xianjie.web.accounts.scope import Scope
from xianjie.web.assistance import fund, payments, services
from xianjie.web.assistance.models import KIND, Application, Benefit
from xianjie.web.assistance.payment_models import PremiumLine, PremiumList
from xianjie.web.registry.models import Household, Person

TOLD = {"channel": "resident", "told": "走查：收入减少"}


def assisted(office: Scope, county: str, day: date) -> None:
    """Applications at a notice and after a refusal, benefits with a list that holds one, a fund, premium help."""
    homes = Household.everything.filter(region_code__startswith=county[:6], people__alive=True).distinct()
    first, second = homes.order_by("pk")[2:4]
    posted = services.apply(office, first, "dibao", {**TOLD, "applicant": first.head_name})
    Application.everything.filter(pk=posted.pk).update(at="dibao_posting", phase="confirming")
    services.object_to(office, posted.pk, first.head_name, "走查异议")
    refused = services.apply(office, second, "dibao", {**TOLD, "applicant": second.head_name})
    Application.everything.filter(pk=refused.pk).update(at="dibao_tell_refusal", phase="confirming")
    KIND.move.everything.create(
        owner=refused, number=2, action="refuse", step="dibao_confirm", to="dibao_tell_refusal", day=day, by="x",
        reason=f"{second.head_name}收入超过标准", event=1,
    )  # fmt: skip
    surveyed = services.apply(office, second, "dibao_margin", {**TOLD, "applicant": second.head_name})
    Application.everything.filter(pk=surveyed.pk).update(at="margin_survey", phase="confirming")
    people = Person.everything.filter(household=first, alive=True).order_by("pk")[:1]
    for person in people:
        Benefit.everything.create(
            key=f"走查{person.pk}", household=first, person=person, region_code=first.region_code, programme="dibao",
            begins_on=date(2025, 1, 1), amount_month=30_000, grace_until=date(2025, 2, 1), source=Benefit.RUN,
        )  # fmt: skip
    payments.make(office, county, "dibao", date(day.year, day.month, 1))
    fund.bring_in(office, first.region_code, 100_000, "走查拨入")
    listed = PremiumList.everything.create(region_code=county, year=day.year, run=1, day=day, made_by="x")
    for person in people:
        PremiumLine.everything.create(
            list=listed, region_code=first.region_code, household_id=first.pk, person_id=person.pk, name=person.name,
            identity="低保",
        )  # fmt: skip
