"""Pages on which what happens to households and people is recorded: a form, a reason, back to the household."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.dictionary import dictionary
from xianjie.messages import UserError, say
from xianjie.web.accounts.access import needs
from xianjie.web.accounts.scope import Scope
from xianjie.web.dictionary_forms import form_for, initial_of
from xianjie.web.registry import actions, forms, recording
from xianjie.web.registry.models import Change, Fact, Household, Person
from xianjie.web.registry.recording import PERMISSION as CHANGE
from xianjie.web.registry.recording import kind_words
from xianjie.web.registry.records import SEALED, fields_of, household_values, person_values, unpack
from xianjie.web.registry.selectors import places
from xianjie.web.registry.views import find_household, find_person
from xianjie.web.words import label

Run = Callable[[Scope, Household, forms.ActionForm, dict[str, Any]], Household | None]


@dataclass(frozen=True)
class Kind:
    """An action of a household's page: its form, which members it asks for, what it does."""

    form: Any  # a class of `ActionForm`
    who: str
    run: Run


def _birth(scope: Scope, home: Household, form: forms.ActionForm, common: dict[str, Any]) -> Household:
    return actions.birth(scope, home.pk, form.values(), **common)


def _come_in(kind: str) -> Run:
    def run(scope: Scope, home: Household, form: forms.ActionForm, common: dict[str, Any]) -> Household:
        values = {**form.values(), "person_id": form.cleaned_data["person_id"].strip()}
        return actions.come_in(scope, kind, home.pk, values, **common)

    return run


def _death(scope: Scope, home: Household, form: forms.ActionForm, common: dict[str, Any]) -> Household | None:
    return actions.death(scope, form.cleaned_data["person"], relations=form.relations(), **common)


def _go_out(kind: str) -> Run:
    def run(scope: Scope, home: Household, form: forms.ActionForm, common: dict[str, Any]) -> Household | None:
        given = form.cleaned_data
        return actions.go_out(
            scope, kind, given["person"], to_household=given["to_household"].strip(), relation=given["relation"],
            relations=form.relations(), **common,
        )  # fmt: skip

    return run


def _new_head(scope: Scope, home: Household, form: forms.ActionForm, common: dict[str, Any]) -> Household:
    return actions.new_head(scope, home.pk, form.relations(), **common)


def _split(scope: Scope, home: Household, form: forms.ActionForm, common: dict[str, Any]) -> Household:
    return actions.split(scope, home.pk, form.relations(True), staying=form.relations(False), **common)


def _merge(scope: Scope, home: Household, form: forms.ActionForm, common: dict[str, Any]) -> Household:
    return actions.merge(scope, home.pk, form.cleaned_data["into"].strip(), form.relations(), **common)


def _relocate(scope: Scope, home: Household, form: forms.ActionForm, common: dict[str, Any]) -> Household:
    values = form.values()
    return actions.relocate(scope, home.pk, values["region_code"], group_name=values["group_name"] or "", **common)


def _move_away(scope: Scope, home: Household, form: forms.ActionForm, common: dict[str, Any]) -> Household:
    return actions.move_away(scope, home.pk, **common)


KINDS = {
    "birth": Kind(forms.BirthForm, "", _birth),
    "marriage_in": Kind(forms.ComeInForm, "", _come_in("marriage_in")),
    "move_in": Kind(forms.ComeInForm, "", _come_in("move_in")),
    "death": Kind(forms.PlainForm, "one_relations", _death),
    "marriage_out": Kind(forms.GoOutForm, "one_relations", _go_out("marriage_out")),
    "move_out": Kind(forms.GoOutForm, "one_relations", _go_out("move_out")),
    "new_head": Kind(forms.PlainForm, "relations", _new_head),
    "split": Kind(forms.PlainForm, "going", _split),
    "merge": Kind(forms.MergeForm, "relations", _merge),
    "relocate": Kind(forms.RelocateForm, "", _relocate),
    "move_away": Kind(forms.PlainForm, "", _move_away),
}


def _common(request: Any, form: Any, home: Household | None) -> dict[str, Any]:
    """Day, reason and the revision that the user saw."""
    seen = request.POST.get("revision", "")
    expected = {home.pk: int(seen)} if home is not None and seen.isdigit() else None
    return {"on": form.cleaned_data["on"], "reason": form.cleaned_data["reason"], "expected": expected}


def _attempt(request: Any, form: Any, run: Callable[[], Household | Person | None], done: str) -> HttpResponse | None:
    """Do it when the form is right; None when the form must be shown again, with what is wrong."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        result = run()
    except UserError as error:
        form.add_error(None, str(error))
        return None
    messages.success(request, say("registry.done", what=done))
    if isinstance(result, Person):
        return redirect("registry:person", result.pk)
    if result is None:
        return redirect("registry:households")
    return redirect("registry:household", result.pk)


def _page(request: Any, form: Any, home: Household | None, **context: Any) -> HttpResponse:
    if home is not None:
        home.refresh_from_db(fields=["revision"])  # after a clash the next try is on what stands now
    status = 409 if form.is_bound and form.errors and context.pop("clash", False) else 200
    back = reverse("registry:household", args=[home.pk]) if home else reverse("registry:households")
    given = {"form": form, "home": home, "back": back, "list_url": reverse("registry:households"), **context}
    return render(request, "registry/action.html", given, status=status)


@needs(CHANGE)
def act(request: Any, household_id: str, kind: str) -> HttpResponse:
    """Record an action on a household."""
    if kind not in KINDS:
        raise Http404
    home, chosen = find_household(request.scope, household_id, CHANGE), KINDS[kind]
    members = list(Person.everything.filter(household=home).order_by("relation", "birth_date", "pk"))
    form: Any = chosen.form(request.POST or None, members=members, who=chosen.who)
    run = lambda: chosen.run(request.scope, home, form, _common(request, form, home))  # noqa: E731
    if response := _attempt(request, form, run, kind_words(kind)):
        return response
    return _page(request, form, home, page_title=kind_words(kind), hint=say(f"registry.hint_{kind}"))


@needs(CHANGE)
def settle_in(request: Any) -> HttpResponse:
    """Take up a household that the register has not known."""
    villages = places(request.scope, CHANGE)
    made: Any = forms.SettleInForm
    form = made(request.POST or None, villages=villages)

    def run() -> Household:
        given = form.cleaned_data
        values = {name: given[name] for name in ("household_type", "region_code", "group_name")}
        return actions.settle_in(request.scope, values, form.values(), on=given["on"], reason=given["reason"])

    if response := _attempt(request, form, run, kind_words("settle_in")):
        return response
    return _page(request, form, None, page_title=kind_words("settle_in"), hint=say("registry.hint_settle_in"))


# Corrections: fields of a household or person, and facts


def _correctable(entity: str) -> list[str]:
    return [name for name in fields_of(entity) if name not in actions.FIXED[entity]]


def _correct(request: Any, entity: str, subject: Household | Person, values: dict[str, Any]) -> HttpResponse:
    home = subject if isinstance(subject, Household) else subject.household
    known = fields_of(entity)
    wanted = request.GET.getlist("field")
    names = [name for name in _correctable(entity) if name in wanted] if wanted else _correctable(entity)
    hidden = [name for name in names if known[name].sensitivity == SEALED
              or not request.scope.sees(known[name].sensitivity, subject.region_code)]  # fmt: skip
    initial = initial_of(entity, {name: values.get(name) for name in names if name not in hidden})
    made = form_for(entity, names, optional=[name for name in names if name in hidden], base=forms.ActionForm)
    form: Any = made(request.POST or None, initial=initial)
    for name in hidden:  # what is not shown stays as it is unless something is typed
        if values.get(name) is not None:
            form.fields[name].help_text = say("registry.leave_empty")

    def run() -> Household | Person:
        given = {name: value for name, value in form.values().items() if value is not None or name not in hidden}
        return actions.correct(request.scope, entity, subject.pk, given, **_common(request, form, home))

    if response := _attempt(request, form, run, kind_words("correct")):
        return response
    title = _("更正%(entity)s信息") % {"entity": label(dictionary().entities[entity])}
    return _page(request, form, home, page_title=title, hint=say("registry.hint_correct"), many=True)


@needs(CHANGE)
def correct_household(request: Any, household_id: str) -> HttpResponse:
    """Put right what is wrong about a household."""
    home = find_household(request.scope, household_id, CHANGE)
    return _correct(request, "household", home, household_values(home))


@needs(CHANGE)
def correct_person(request: Any, person_id: str) -> HttpResponse:
    """Put right what is wrong about a person."""
    someone = find_person(request.scope, person_id, CHANGE)
    return _correct(request, "person", someone, person_values(someone))


def _fact_form(request: Any, entity: str, home: Household, initial: dict[str, Any] | None, person_id: str = "") -> Any:
    """The form of an entity's row; who it is about is asked where the entity has a person."""
    known = dictionary().entities.get(entity)
    if known is None or known.parent not in ("household", "person"):
        raise Http404
    names = [name for name in known.fields if name not in (known.key, "household_id", "person_id")]
    members = Person.everything.filter(household=home).order_by("relation", "birth_date", "pk")
    asks = "person_id" in known.fields
    made: Any = form_for(entity, names, base=forms.ActionForm)
    form = made(
        request.POST or None, members=list(members) if asks else (), who="one" if asks else "",
        initial={**(initial or {}), "person": person_id},
    )  # fmt: skip
    if asks:
        form.fields["person"].required = known.fields["person_id"].required
    return form


@needs(CHANGE)
def add_fact(request: Any, household_id: str, entity: str) -> HttpResponse:
    """Tell a fact of a household or one of its members."""
    home = find_household(request.scope, household_id, CHANGE)
    form = _fact_form(request, entity, home, None)

    def run() -> Household:
        return actions.state_fact(
            request.scope, entity, home.pk, form.values(), person_id=form.cleaned_data.get("person") or "",
            **_common(request, form, home),
        )  # fmt: skip

    words = label(dictionary().entities[entity])
    if response := _attempt(request, form, run, words):
        return response
    return _page(request, form, home, page_title=_("登记%(entity)s") % {"entity": words}, hint="", many=True)


def _fact(scope: Scope, fact_id: int) -> Fact:
    found = Fact.objects.within(scope, CHANGE).select_related("household").filter(pk=fact_id).first()
    if found is None:
        raise Http404
    fact: Fact = found
    return fact


@needs(CHANGE)
def change_fact(request: Any, fact_id: int) -> HttpResponse:
    """Put a fact right: the wrong row is withdrawn, the right one told."""
    fact = _fact(request.scope, fact_id)
    values = unpack(fact.entity, fact.data)
    fields = dictionary().entities[fact.entity].fields
    if any(not request.scope.sees(fields[name].sensitivity, fact.region_code) for name in values):
        raise PermissionDenied
    form = _fact_form(request, fact.entity, fact.household, initial_of(fact.entity, values), fact.person_id or "")

    def run() -> Household:
        return actions.state_fact(
            request.scope, fact.entity, fact.household_id, form.values(), replaces=fact,
            person_id=form.cleaned_data.get("person") or "", **_common(request, form, fact.household),
        )  # fmt: skip

    words = label(dictionary().entities[fact.entity])
    if response := _attempt(request, form, run, words):
        return response
    withdraw = reverse("registry:withdraw_fact", args=[fact.pk])
    title = _("更正%(entity)s") % {"entity": words}
    hint = say("registry.hint_fact")
    return _page(request, form, fact.household, page_title=title, hint=hint, many=True, withdraw=withdraw)


@needs(CHANGE)
def withdraw_fact(request: Any, fact_id: int) -> HttpResponse:
    """Withdraw a fact that is not so."""
    fact = _fact(request.scope, fact_id)
    form: Any = forms.PlainForm(request.POST or None)
    run = lambda: actions.withdraw_fact(request.scope, fact, **_common(request, form, fact.household))  # noqa: E731
    if response := _attempt(request, form, run, kind_words("withdraw")):
        return response
    title = _("撤销%(entity)s") % {"entity": label(dictionary().entities[fact.entity])}
    return _page(request, form, fact.household, page_title=title, hint=say("registry.hint_withdraw"))


@needs(CHANGE)
def undo(request: Any, change_id: int) -> HttpResponse:
    """Take the last action back."""
    change = Change.objects.within(request.scope, CHANGE).filter(pk=change_id).first()
    if change is None:
        raise Http404
    home = Household.everything.filter(changes=change).order_by("ends_on", "pk").first()
    form = forms.ReasonForm(request.POST or None)

    def run() -> Household | None:
        recording.undo(change, request.scope, form.cleaned_data["reason"])
        return home

    if response := _attempt(request, form, run, kind_words("undo")):
        return response
    title = _("撤销：%(kind)s") % {"kind": kind_words(change.kind)}
    hint = say("registry.hint_undo", day=change.happened_on, who=change.by_name or change.by)
    return _page(request, form, home, page_title=title, hint=hint, simple=True)
