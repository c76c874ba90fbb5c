"""Policy documents: uploading, parsing, what people corrected, two documents held against each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, QuerySet

from xianjie.documents import Alignment as Aligned
from xianjie.documents import Document, align, parse
from xianjie.documents.model import Clause, Head, Noise, Problem, Programme, Target, Unit
from xianjie.documents.units import canonical_name
from xianjie.messages import UserError, say
from xianjie.web.accounts.models import User
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import current_actor, record
from xianjie.web.cases import papers
from xianjie.web.clock import today
from xianjie.web.jobs.services import enqueue
from xianjie.web.supervision.areas import MANAGE, VIEW, at_or_above, home_of
from xianjie.web.supervision.document_models import Alignment, Correction, PolicyDocument

FOLDER = "supervision"
PARSE, ALIGN = "supervision.parse", "supervision.align"
ROLES = ("lead", "joint", "local")


def documents(scope: Scope) -> QuerySet[PolicyDocument]:
    """The documents that a user reads: of their areas and of the regions above."""
    return PolicyDocument.everything.filter(at_or_above(scope, VIEW))


def document_list(scope: Scope) -> QuerySet[PolicyDocument]:
    """The same for the list: without texts, with the number of tasks."""
    return documents(scope).defer("source", "parsed").annotate(task_count=Count("tasks"))


def may_manage(scope: Scope, document: PolicyDocument) -> bool:
    """Whether the user may correct the document and make tasks of it."""
    return scope.allows(MANAGE, document.region_code)


@transaction.atomic
def add_document(scope: Scope, file: Any, owner: User | None = None, **given: Any) -> PolicyDocument:
    """Keep an uploaded document for the user's own region, and queue its parsing. `given`: title, number, level …"""
    place = home_of(scope, MANAGE)
    if not place:
        raise PermissionDenied
    name = Path(str(file.name)).name
    made = PolicyDocument.everything.create(
        region_code=place, file=papers.keep(file, FOLDER), file_name=name[-200:], added_on=today(),
        added_by=current_actor().username, **{**given, "title": given.get("title") or Path(name).stem[:200]},
    )  # fmt: skip
    record("supervision.document", subject=("document", str(made.pk)), region_code=place, after={"title": made.title})
    enqueue(PARSE, title=say("supervision.parse_title", title=made.title), region_code=place, owner=owner,
            document=made.pk)  # fmt: skip
    return made


def read_document(pk: int) -> PolicyDocument:
    """Parse a document's file; corrections stand beside and stay. A file that cannot be read says why."""
    document = PolicyDocument.everything.get(pk=pk)
    try:
        parsed = parse(papers.path_of(document.file, FOLDER))
    except UserError as error:
        document.state, document.problem = PolicyDocument.FAILED, str(error).replace(document.file, document.file_name)
        document.save(update_fields=["state", "problem"])
        return document
    head = parsed.head
    document.source, document.parsed = parsed.source, parsed.as_dict()
    if head.title and document.title == Path(document.file_name).stem[:200]:
        document.title = head.title[:200]
    document.level = document.level or head.level or ""
    document.state, document.problem = PolicyDocument.PARSED, ""
    document.save()
    return document


def as_parsed(document: PolicyDocument) -> Document:
    """The machine's reading of a document."""
    kept: dict[str, Any] = document.parsed
    return Document(
        document.source, Head(**kept["document"]), [Clause(**one) for one in kept["clauses"]],
        [Target(**one) for one in kept["targets"]], [Unit(**one) for one in kept["units"]],
        [Programme(**one) for one in kept["programmes"]], [Noise(**one) for one in kept["noise"]],
        [Problem(**one) for one in kept["problems"]],
    )  # fmt: skip


def corrections(document: PolicyDocument) -> dict[str, Correction]:
    """Clause → its newest correction."""
    rows = Correction.everything.filter(document=document, about=Correction.CLAUSE).order_by("pk")
    return {one.clause: one for one in rows}


def effective(document: PolicyDocument, known: dict[str, Correction] | None = None) -> Document:
    """The document as it counts: what people corrected takes the place of what the machine read."""
    parsed = as_parsed(document)
    for key, one in (corrections(document) if known is None else known).items():
        clause = next((clause for clause in parsed.clauses if clause.id == key), None)
        if clause is None or clause.text != one.text:
            parsed.problems.append(Problem("stale", key, say("supervision.stale_correction", clause=key)))
            continue
        _apply(parsed, clause, one.content)
    return parsed


def _apply(parsed: Document, clause: Clause, content: dict[str, Any]) -> None:
    """Put a correction's title, units and targets in place of the clause's own."""
    place = next(number for number, one in enumerate(parsed.clauses) if one.id == clause.id)
    parsed.clauses[place] = replace(clause, title=content["title"])
    before = {one.canonical: one for one in parsed.units if one.clause_id == clause.id}
    named = [(role, name) for role in ROLES for name in content[role]]
    parsed.units = [one for one in parsed.units if one.clause_id != clause.id] + [
        Unit(clause.id, order, name, name, role, *_span(before.get(name), clause.start))
        for order, (role, name) in enumerate(named, start=1)
    ]
    printed = {(one.indicator, one.value): one for one in parsed.targets if one.clause_id == clause.id}
    parsed.targets = [one for one in parsed.targets if one.clause_id != clause.id] + [
        _target(clause, given, printed.get((given["indicator"], given["value"]))) for given in content["targets"]
    ]


def _span(one: Any, start: int) -> tuple[int, int]:
    return (one.start, one.end) if one else (start, start)


def _target(clause: Clause, given: dict[str, Any], printed: Target | None) -> Target:
    where = (printed.text, *_span(printed, clause.start)) if printed else ("", clause.start, clause.start)
    tier = printed.tier if printed else "explicit" if given["value"] else "milestone"
    deadline = printed.deadline if printed else given["due"]
    return Target(
        clause.id,
        tier,
        given["indicator"],
        given["operator"],
        given["value"],
        given["unit"],
        deadline,
        *where,
        due=given["due"],
    )


@transaction.atomic
def correct_clause(scope: Scope, document: PolicyDocument, key: str, content: dict[str, Any]) -> Correction:
    """Keep what a person says of a clause: {title, lead, joint, local, targets}. Raises `UserError` for no clause."""
    if not may_manage(scope, document):
        raise PermissionDenied
    clause = next((one for one in document.parsed.get("clauses", []) if one["id"] == key), None)
    if clause is None:
        raise UserError("supervision.no_clause", clause=key)
    content = {**content, **{role: [canonical_name(name) for name in content[role]] for role in ROLES}}
    return _keep(document, Correction.CLAUSE, key, content, clause["text"])


def _keep(
    document: PolicyDocument, about: str, key: str, content: dict[str, Any], text: str, pair: Alignment | None = None
) -> Correction:
    actor = current_actor()
    event = record(
        "supervision.correct", subject=("document", str(document.pk)), region_code=document.region_code,
        after={"about": about, "clause": key, **content},
    )  # fmt: skip
    return Correction.everything.create(
        document=document, about=about, alignment=pair, clause=key, content=content, text=text, day=today(),
        by=actor.username, by_name=actor.name, event=event.seq,
    )  # fmt: skip


@transaction.atomic
def hold_against(scope: Scope, lower: PolicyDocument, upper: PolicyDocument, owner: User | None = None) -> Alignment:
    """Queue the comparison of a document with one above it; an earlier one is made anew, corrections stay."""
    if not may_manage(scope, lower):
        raise PermissionDenied
    if lower.pk == upper.pk or lower.state != PolicyDocument.PARSED or upper.state != PolicyDocument.PARSED:
        raise UserError("supervision.not_comparable")
    pair, _made = Alignment.everything.get_or_create(lower=lower, upper=upper)
    record("supervision.align", subject=("document", str(lower.pk)), region_code=lower.region_code,
           after={"upper": upper.pk})  # fmt: skip
    enqueue(ALIGN, title=say("supervision.align_title", lower=lower.title, upper=upper.title),
            region_code=lower.region_code, owner=owner, alignment=pair.pk)  # fmt: skip
    return pair


def compare(pk: int) -> Alignment:
    """Work the comparison out."""
    pair = Alignment.everything.select_related("lower", "upper").get(pk=pk)
    found: Aligned = align(effective(pair.lower), effective(pair.upper))
    pair.result, pair.ready = found.as_dict(), True
    pair.save()
    return pair


def links(pair: Alignment) -> list[dict[str, Any]]:
    """The links as they count, in the lower document's order; `by`: who decided, None for the machine's proposal."""
    decided = {
        one.clause: one
        for one in Correction.everything.filter(alignment=pair, about=Correction.LINK).order_by("pk")
    }  # fmt: skip
    made = []
    for link in pair.result["links"]:
        one = decided.get(link["lower_id"])
        if one is None:
            made.append({**link, "by": None, "note": ""})
            continue
        chosen = [{"id": key, "score": None} for key in one.content["upper"]]
        same = [key["id"] for key in link["upper"][:1]] == one.content["upper"][:1]
        pieces: dict[str, Any] = {} if same else {"added": [], "dropped": [], "changed": [], "coverage": None}
        made.append({**link, **pieces, "upper": chosen, "relation": one.content["relation"],
                     "by": one.by_name or one.by, "note": one.content["note"]})  # fmt: skip
    return made


def not_implemented(pair: Alignment, found: list[dict[str, Any]]) -> list[str]:
    """The upper clauses that nothing implements, people's decisions counted in."""
    machine = {one["id"] for link in pair.result["links"] for one in link["upper"]}
    now = {one["id"] for link in found for one in link["upper"]}
    missing = (set(pair.result["missing"]) | (machine - now)) - now
    return [one["id"] for one in pair.upper.parsed["clauses"] if one["id"] in missing]


@transaction.atomic
def decide_link(
    scope: Scope, pair: Alignment, key: str, upper: list[str], relation: str, note: str
) -> Correction:  # fmt: skip
    """Keep which upper clauses a clause implements, and how. Raises `UserError` for a clause that is not there."""
    if not may_manage(scope, pair.lower):
        raise PermissionDenied
    if all(link["lower_id"] != key for link in pair.result.get("links", [])):
        raise UserError("supervision.no_clause", clause=key)
    known = {one["id"] for one in pair.upper.parsed["clauses"]}
    if strange := [one for one in upper if one not in known]:
        raise UserError("supervision.no_clause", clause=strange[0])
    if (relation == "new") == bool(upper):
        raise UserError("supervision.new_has_no_upper")
    content = {"upper": upper, "relation": relation, "note": note}
    return _keep(pair.lower, Correction.LINK, key, content, "", pair)
