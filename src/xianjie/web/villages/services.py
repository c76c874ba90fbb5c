"""Writing village governance: rules and their vote, entries, the quarter's meeting, clearing, appeals, honours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import current_actor, record
from xianjie.web.cases.deliberation import Vote
from xianjie.web.clock import today
from xianjie.web.registry.models import Household
from xianjie.web.villages.models import Appeal, Entry, Feast, Honour, Meeting, RuleBook, SafeYear
from xianjie.web.villages.rules import civility, over_limits, quarter_of

ACT = "villages.act"


def _may(scope: Scope, region_code: str) -> None:
    if not scope.allows(ACT, region_code):
        raise PermissionDenied


@dataclass(frozen=True)
class Sat:
    """A meeting as somebody records it."""

    held_on: date
    chair: str
    members: int
    present: int
    minutes: str = ""

    def vote(self, in_favour: int = 0, against: int = 0) -> Vote:
        """What a vote in this meeting came to, by the law on villagers' representatives."""
        return Vote(self.members, self.present, in_favour, against, civility()["meeting"])


def _meet(region_code: str, purpose: str, sat: Sat, period: str = "") -> Meeting:
    """Keep a meeting that could decide. Raises `UserError` when it could not, or lies ahead."""
    if sat.held_on > today():
        raise UserError("villages.meeting_ahead", day=sat.held_on)
    if sat.present > sat.members or not sat.vote().quorate:
        share = civility()["meeting"]["quorum"]
        raise UserError("villages.no_quorum", present=sat.present, members=sat.members,
                        share=f"{share['numerator']}/{share['denominator']}")  # fmt: skip
    event = record("villages.meeting", subject=("village", region_code), region_code=region_code,
                   after={"purpose": purpose, "period": period, **vars(sat)})  # fmt: skip
    return Meeting.everything.create(
        region_code=region_code,
        purpose=purpose,
        period=period,
        by=current_actor().username,
        event=event.seq,
        **vars(sat),
    )


@transaction.atomic
def draft_rules(scope: Scope, region_code: str, rules: Sequence[Mapping[str, Any]], honour: Mapping[str, int],
                limits: Mapping[str, int]) -> RuleBook:  # fmt: skip
    """Save the council's draft: the standing one anew, or the next version.

    Raises `UserError` for a rule twice or none.
    """
    _may(scope, region_code)
    codes = [row["code"] for row in rules]
    if not codes:
        raise UserError("villages.no_rules")
    if twice := sorted({code for code in codes if codes.count(code) > 1}):
        raise UserError("villages.rule_twice", rule="、".join(twice))
    books = RuleBook.everything.select_for_update().filter(region_code=region_code)
    newest = books.order_by("-version").first()
    values = {"rules": [dict(row) for row in rules], "honour": dict(honour), "limits": dict(limits),
              "drafted_on": today(), "drafted_by": current_actor().username}  # fmt: skip
    if newest is not None and newest.state == RuleBook.DRAFT:
        before = {"rules": newest.rules, "honour": newest.honour, "limits": newest.limits}
        books.filter(pk=newest.pk).update(**values)
        made = RuleBook.everything.get(pk=newest.pk)
    else:
        before = None
        version = newest.version + 1 if newest else 1
        made = RuleBook.everything.create(region_code=region_code, version=version, **values)
    record("villages.draft", subject=("rule_book", str(made.pk)), region_code=region_code, before=before, after=values)
    return made


@transaction.atomic
def vote_rules(scope: Scope, book_id: int, sat: Sat, in_favour: int, against: int) -> RuleBook:
    """Record the assembly's vote on a draft: carried, it is in force from the next day and ends the one before it."""
    book = RuleBook.everything.select_for_update().get(pk=book_id)
    _may(scope, book.region_code)
    if book.state != RuleBook.DRAFT:
        raise UserError("villages.voted_already", version=book.version)
    _votes(sat, in_favour, against)
    meeting = _meet(book.region_code, Meeting.RULES, sat)
    carried = sat.vote(in_favour, against).carried
    if carried:
        begins = sat.held_on + timedelta(1)
        RuleBook.everything.filter(region_code=book.region_code, state=RuleBook.IN_FORCE).update(
            state=RuleBook.REPLACED, ends_on=begins
        )
        book.begins_on = begins
    book.meeting, book.in_favour, book.against = meeting, in_favour, against
    book.state = RuleBook.IN_FORCE if carried else RuleBook.REFUSED
    book.save()
    record("villages.vote", subject=("rule_book", str(book.pk)), region_code=book.region_code,
           after={"in_favour": in_favour, "against": against, "carried": carried})  # fmt: skip
    return book


def _votes(sat: Sat, in_favour: int, against: int) -> None:
    if in_favour < 0 or against < 0 or in_favour + against > sat.present:
        raise UserError("villages.too_many_votes", votes=in_favour + against, present=sat.present)


@dataclass(frozen=True)
class Deed:
    """What a recorder tells of a family."""

    rule: str
    what: str
    happened_on: date
    paper: str = ""


@transaction.atomic
def propose(scope: Scope, household_id: str, deed: Deed) -> Entry:
    """Propose an entry under the village's rules in force; without evidence or outside the rules none is made."""
    household = Household.everything.get(pk=household_id)
    _may(scope, household.region_code)
    book = RuleBook.everything.filter(region_code=household.region_code, state=RuleBook.IN_FORCE).first()
    if book is None or (rule := book.rule(deed.rule)) is None:
        raise UserError("villages.no_such_rule")
    if deed.happened_on > today() or (book.begins_on and deed.happened_on < book.begins_on):
        raise UserError("villages.not_in_force", day=deed.happened_on, begins=book.begins_on)
    if not deed.what.strip():
        raise UserError("villages.no_evidence")
    actor = current_actor()
    made = Entry.everything.create(
        household=household, region_code=household.region_code, book=book, rule=deed.rule, list=rule["list"],
        count=rule["count"], what=deed.what.strip(), happened_on=deed.happened_on,
        quarter=quarter_of(deed.happened_on), paper=deed.paper, proposed_on=today(), proposed_by=actor.username,
        proposed_name=actor.name,
    )  # fmt: skip
    record("villages.propose", subject=("household", household_id), region_code=made.region_code,
           after={"entry": made.pk, "list": made.list, "rule": made.rule, "what": made.what})  # fmt: skip
    return made


@transaction.atomic
def confirm_quarter(scope: Scope, region_code: str, sat: Sat, votes: Mapping[int, tuple[int, int]]) -> list[Entry]:
    """Record what the quarter's meeting decided on proposed entries (entry → votes for and against).

    An entry stands when its vote carries. Entries that the meeting did not reach stay proposed. Raises `UserError` for
    an entry that is decided already, or that was proposed after the meeting.
    """
    _may(scope, region_code)
    entries = list(Entry.everything.select_for_update().filter(pk__in=votes, region_code=region_code).order_by("pk"))
    if len(entries) != len(votes) or not entries:
        raise UserError("villages.no_entries")
    meeting = _meet(region_code, Meeting.QUARTER, sat, quarter_of(sat.held_on))
    for entry in entries:
        if entry.state != Entry.PROPOSED:
            raise UserError("villages.decided_already", what=entry.what)
        if entry.proposed_on > sat.held_on:
            raise UserError("villages.proposed_later", what=entry.what, day=entry.proposed_on)
        entry.in_favour, entry.against = votes[entry.pk]
        _votes(sat, entry.in_favour, entry.against)
        carried = sat.vote(entry.in_favour, entry.against).carried
        entry.state, entry.meeting, entry.decided_on = (
            (Entry.STANDING if carried else Entry.REFUSED),
            meeting,
            sat.held_on,
        )
        entry.save()
        record("villages.decide", subject=("household", str(entry.household_id)), region_code=region_code,
               after={"entry": entry.pk, "state": entry.state, "in_favour": entry.in_favour,
                      "against": entry.against})  # fmt: skip
    return entries


@transaction.atomic
def clear(scope: Scope, entry_id: int, correction: str) -> Entry:
    """Clear a yellow entry whose cause was made good. Black entries stand; red ones have nothing to clear."""
    entry = Entry.everything.select_for_update().get(pk=entry_id)
    _may(scope, entry.region_code)
    if entry.state != Entry.STANDING or not civility()["lists"][entry.list]["clears"]:
        raise UserError("villages.not_cleared")
    if not correction.strip():
        raise UserError("villages.no_correction")
    entry.state, entry.cleared_on, entry.correction = Entry.CLEARED, today(), correction.strip()
    entry.cleared_by = current_actor().username
    entry.save()
    record("villages.clear", subject=("household", str(entry.household_id)), region_code=entry.region_code,
           why=entry.correction, after={"entry": entry.pk})  # fmt: skip
    return entry


@transaction.atomic
def appeal(scope: Scope, entry_id: int, raised_by: str, text: str) -> Appeal:
    """Record a family's appeal against an entry that is proposed or stands."""
    entry = Entry.everything.select_for_update().get(pk=entry_id)
    _may(scope, entry.region_code)
    if entry.state not in (Entry.PROPOSED, Entry.STANDING):
        raise UserError("villages.nothing_to_appeal")
    if not text.strip() or not raised_by.strip():
        raise UserError("villages.no_appeal")
    if Appeal.everything.filter(entry=entry, answered_on=None).exists():
        raise UserError("villages.appeal_waits")
    made = Appeal.everything.create(
        entry=entry, raised_on=today(), raised_by=raised_by.strip(), text=text.strip(),
        recorded_by=current_actor().username, due_on=today() + timedelta(civility()["appeal"]["days"]),
    )  # fmt: skip
    record("villages.appeal", subject=("household", str(entry.household_id)), region_code=entry.region_code,
           why=made.text, after={"entry": entry.pk, "by": made.raised_by})  # fmt: skip
    return made


@transaction.atomic
def answer(scope: Scope, appeal_id: int, upheld: bool, text: str) -> Appeal:
    """Answer an appeal, once, by somebody else than who proposed the entry; upheld, the entry is withdrawn."""
    found = Appeal.everything.select_for_update().select_related("entry").get(pk=appeal_id)
    entry, actor = found.entry, current_actor()
    _may(scope, entry.region_code)
    if found.answered_on is not None:
        raise UserError("villages.answered_already")
    if actor.username == entry.proposed_by:
        raise UserError("villages.own_entry")
    if not text.strip():
        raise UserError("villages.no_answer")
    found.answered_on, found.answered_by, found.answer, found.upheld = today(), actor.username, text.strip(), upheld
    found.save()
    if upheld:
        entry.state = Entry.WITHDRAWN
        entry.save()
    record("villages.answer", subject=("household", str(entry.household_id)), region_code=entry.region_code,
           why=found.answer, after={"entry": entry.pk, "upheld": upheld})  # fmt: skip
    return found


@transaction.atomic
def name_families(scope: Scope, region_code: str, year: int, sat: Sat, counts: Mapping[str, int]) -> list[Honour]:
    """Name the year's civil families (household → its red count) that a meeting chose among those who meet the rule."""
    _may(scope, region_code)
    if sat.held_on.year < year:
        raise UserError("villages.year_open", year=year)
    if not counts:
        raise UserError("villages.nobody_chosen")
    known = set(Honour.everything.filter(region_code=region_code, year=year).values_list("household_id", flat=True))
    meeting = _meet(region_code, Meeting.HONOUR, sat, str(year))
    made = [
        Honour.everything.create(household_id=key, region_code=region_code, year=year, red=red, meeting=meeting)
        for key, red in sorted(counts.items()) if key not in known
    ]  # fmt: skip
    record("villages.honour", subject=("village", region_code), region_code=region_code,
           after={"year": year, "households": [one.household_id for one in made]})  # fmt: skip
    return made


@transaction.atomic
def report_feast(scope: Scope, household_id: str, kind: str, held_on: date, tables: int, gift: int) -> Feast:
    """Keep a reported feast with what of it goes beyond the village's limits (advice before, never a fine)."""
    household = Household.everything.get(pk=household_id)
    _may(scope, household.region_code)
    book = RuleBook.everything.filter(region_code=household.region_code, state=RuleBook.IN_FORCE).first()
    made = Feast.everything.create(
        household=household, region_code=household.region_code, kind=kind, held_on=held_on, tables=tables, gift=gift,
        reported_on=today(), by=current_actor().username, over=over_limits(book.limits if book else {}, tables, gift),
    )  # fmt: skip
    record("villages.feast", subject=("household", household_id), region_code=made.region_code,
           after={"kind": kind, "held_on": held_on, "tables": tables, "gift": gift, "over": made.over})  # fmt: skip
    return made


@transaction.atomic
def report_safety(scope: Scope, region_code: str, year: int, numbers: Mapping[str, int], source: str) -> SafeYear:
    """Keep, or correct with trace, what happened in a village in a year."""
    _may(scope, region_code)
    if year > today().year:
        raise UserError("villages.year_open", year=year)
    known = SafeYear.everything.select_for_update().filter(region_code=region_code, year=year).first()
    before = {name: getattr(known, name) for name in civility()["safe"]} if known else None
    made, _created = SafeYear.everything.update_or_create(
        region_code=region_code, year=year,
        defaults={**numbers, "source": source.strip(), "by": current_actor().username},
    )  # fmt: skip
    record("villages.safety", subject=("village", region_code), region_code=region_code, before=before,
           after={"year": year, **numbers})  # fmt: skip
    return made
