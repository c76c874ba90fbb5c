"""Comparison 信息比对 of members and supporters with asset data: every hit is explained, none decides by itself."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from xianjie.dictionary import dictionary
from xianjie.engines import open_engine, quote
from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.cases import services
from xianjie.web.cases.models import Case
from xianjie.web.clock import today
from xianjie.web.daily.kinds import department_label
from xianjie.web.daily.selectors import county_of, newest_run
from xianjie.web.flows.definition import flow_by_key
from xianjie.web.regions.models import area_of
from xianjie.web.registry.models import Fact, Household, Person
from xianjie.web.registry.recording import Recording, recording
from xianjie.web.registry.records import unpack
from xianjie.web.sealing import index_of
from xianjie.web.words import code_label

ASSET, SUPPORTER, VILLAGE = "asset_held", "supporter", "village"
DONE, EXPLAINED = "comparison_done", "hits_explained"


@dataclass(frozen=True)
class Hit:
    """A row of asset data about somebody compared; `source`: who said so."""

    key: str
    person_id: str
    name: str
    kind: str
    row: Mapping[str, Any]
    source: str

    @property
    def explained(self) -> bool | None:
        """Whether the explanation was accepted; None while nobody has judged it."""
        value: bool | None = self.row.get("explained")
        return value


@dataclass(frozen=True)
class Compared:
    """Somebody who is compared. `known`: they stand in the register, so that departments' data reach them."""

    name: str
    relation: str
    person_id: str = ""
    supporter: bool = False
    said: str = ""

    @property
    def known(self) -> bool:
        return bool(self.person_id)


@dataclass
class Comparison:
    """Who was compared with what, and what was found; `lacking`: kinds of asset of which no data are here."""

    people: list[Compared] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)
    day: date | None = None
    lacking: list[str] = field(default_factory=list)


def comparison_of(case: Case) -> Comparison:
    """The household's members and supporters with what the newest run and the register hold of their assets."""
    people = [*_members(case.household_id), *_supporters(case.household_id)]
    names = {one.person_id: one.name for one in people if one.known}
    run = newest_run(case.region_code)
    path = run.folder / "work" / "entities" / f"{dictionary().entities[ASSET].table}.parquet" if run else None
    kinds: set[str] = set()
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    if path is not None and path.exists():
        with open_engine() as engine:
            source = f"read_parquet({quote(str(path))})"
            kinds = {kind for (kind,) in engine.rows(f"SELECT DISTINCT kind FROM {source} ORDER BY kind")}
            engine.create_table("wanted", {"person_id": "VARCHAR"}, [(one,) for one in names])
            found = f"SELECT * FROM {source} WHERE person_id IN (SELECT person_id FROM wanted) ORDER BY asset_id"
            rows = {_fact(row): row for row in engine.records(found)}
    told = Fact.everything.filter(person__in=list(names), entity=ASSET, withdrawn_on__isnull=True).order_by("pk")
    for fact in told:  # what was explained since the run stands here
        row = {**unpack(ASSET, fact.data), "asset_id": fact.key, "person_id": fact.person_id}
        rows[_fact(row)] = row
    hits = [_hit(row, names) for row in rows.values() if row.get("disposed_on") is None]
    hits.sort(key=lambda hit: (hit.name, hit.kind, hit.key))
    lacking = [code for code in dictionary().codes["asset_kind"].values if code not in kinds]
    return Comparison(people, hits, run.day if run and path and path.exists() else None, lacking)


def _fact(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Rows that agree in this tell one fact, as the daily run merges them."""
    return row["person_id"], row["kind"], row.get("description")


def _hit(row: Mapping[str, Any], names: Mapping[str, str]) -> Hit:
    department = row["asset_id"].partition("/")[0]
    known = department in dictionary().departments
    said = department_label(department) if known else _("底册")
    return Hit(row["asset_id"], row["person_id"], names[row["person_id"]], row["kind"], row, said)


def _members(household_id: str) -> list[Compared]:
    rows = Person.everything.filter(household=household_id).exclude(alive=False).order_by("relation", "pk")
    return [Compared(one.name, code_label("relation", one.relation) if one.relation else "", one.pk) for one in rows]


def _supporters(household_id: str) -> list[Compared]:
    """Supporters 赡养抚养人 who live elsewhere, as the register names them."""
    rows = Fact.everything.filter(household=household_id, entity=SUPPORTER, withdrawn_on__isnull=True).order_by("pk")
    found = []
    for fact in rows:
        one = unpack(SUPPORTER, fact.data)
        relation = code_label("relation", one["relation"]) if one.get("relation") else ""
        found.append(
            Compared(one["supporter_name"], relation, one.get("supporter_person_id") or "", True,
                     one.get("unable_why") or "")
        )  # fmt: skip
    return found


@dataclass(frozen=True)
class Answer:
    """What the family said of a hit, and whether that was accepted."""

    key: str
    text: str
    accepted: bool


@dataclass(frozen=True)
class NewSupporter:
    """A supporter who was not known; `said`: what was found where no data reach them."""

    name: str
    relation: str
    id_no: str = ""
    said: str = ""


@transaction.atomic
def save_comparison(
    scope: Scope, case_id: int, answers: Sequence[Answer], supporters: Sequence[NewSupporter], text: str, *, seen: int
) -> None:
    """Keep explanations and supporters in the register, and with the case what was compared and explained.

    Explained hits prove the step's evidence; with one hit left nothing is proved but what was said is kept. Raises
    `UserError` for an explanation without words, `services.Overtaken` when somebody moved the case meanwhile.
    """
    case = Case.everything.select_for_update().get(pk=case_id)
    if not scope.allows(services.ACT, case.region_code):
        raise PermissionDenied
    step = flow_by_key(case.flow).steps.get(case.at)
    if case.over or step is None or DONE not in step.evidence:
        raise UserError("cases.no_such_evidence", kind=DONE)
    hits = {hit.key: hit for hit in comparison_of(case).hits}
    given = [answer for answer in answers if answer.key in hits]
    if wordless := next((one for one in given if not one.text.strip()), None):
        raise UserError("cases.hit_without_words", what=hit_words(hits[wordless.key]))
    if given or supporters:
        with recording("fact", scope, on=today(), reason=_("信息比对"), permission=services.ACT) as change:
            household = change.household(case.household_id)
            for answer in given:
                _explain(change, household, hits[answer.key], answer)
            for one in supporters:
                _add_supporter(change, household, one)
            change.details |= {"entity": ASSET, "fields": ["explained", "explanation"]}
    after = comparison_of(case)
    said = [hit for hit in after.hits if hit.explained is not None]
    told = [f"{hit_words(hit)}：{hit.row['explanation']}（{judged(hit)}）" for hit in said]
    names = "、".join(one.name for one in after.people)
    people = _("比对 %(n)d 人：%(names)s") % {"n": len(after.people), "names": names}
    compared = "；".join(part for part in (people, text.strip()) if part)
    services.give_evidence(scope, case.pk, DONE, {"text": compared}, seen=seen)
    if len(said) == len(after.hits):
        services.give_evidence(scope, case.pk, EXPLAINED, {"text": "；".join(told) or _("没有命中")}, seen=seen)


def judged(hit: Hit) -> str:
    """How an explanation was judged."""
    return _("说明成立") if hit.explained else _("说明不成立，供评议参考")


def hit_words(hit: Hit) -> str:
    """A hit in words: whose, what."""
    what = hit.row.get("description")
    kind = code_label("asset_kind", hit.kind)
    return f"{hit.name} {kind}" + (f"（{what}）" if what else "")


def _explain(change: Recording, household: Household, hit: Hit, answer: Answer) -> None:
    """The row with its explanation stands in the register: the next run knows it by person, kind and description."""
    for old in Fact.everything.filter(person=hit.person_id, entity=ASSET, withdrawn_on__isnull=True):
        if _fact({**unpack(ASSET, old.data), "person_id": old.person_id}) == _fact(hit.row):
            change.withdraw(old)
    person = Person.everything.get(pk=hit.person_id)
    fields = dictionary().entities[ASSET].fields
    row = {name: value for name, value in hit.row.items() if name in fields}
    owner = person.household or household
    change.add_fact(
        ASSET,
        {**row, "asset_id": f"N{uuid.uuid4().hex[:18].upper()}", "explained": answer.accepted,
         "explanation": answer.text.strip()},
        owner, person, VILLAGE,
    )  # fmt: skip


def _add_supporter(change: Recording, household: Household, one: NewSupporter) -> None:
    head = Person.everything.filter(household=household).exclude(alive=False).order_by("relation", "pk").first()
    if head is None:
        raise UserError("cases.no_member", household=household.pk)
    low, high = area_of(county_of(household.region_code))  # data of another county are not ours to look into
    near = Person.everything.filter(region_code__gte=low, region_code__lt=high)
    known = near.filter(id_index=index_of(one.id_no)).first() if one.id_no else None
    row = {
        "supporter_id": f"N{uuid.uuid4().hex[:18].upper()}", "supporter_name": one.name, "relation": one.relation,
        "supporter_id_no": one.id_no or None, "supporter_person_id": known.pk if known else None,
        "unable_why": one.said or None,
    }  # fmt: skip
    change.add_fact(SUPPORTER, row, household, head, VILLAGE)
