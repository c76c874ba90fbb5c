"""Conflicts between sources, side by side; settled once, remembered, withdrawn with a trace (A5)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianjie.dictionary import DictionaryField, dictionary
from xianjie.dictionary.masking import mask_value
from xianjie.messages import UserError, say
from xianjie.web.accounts.access import needs
from xianjie.web.accounts.scope import Scope
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Status
from xianjie.web.dictionary_forms import form_for, label_of, shown_value
from xianjie.web.paging import Page, page_of
from xianjie.web.regions.selectors import full_names
from xianjie.web.registry import run_results, settling
from xianjie.web.registry.forms import LongSelect, ReasonForm, place_choices
from xianjie.web.registry.models import Person, Settlement
from xianjie.web.registry.selectors import places
from xianjie.web.registry.settling import SETTLE
from xianjie.web.words import label


class ConflictFilter(forms.Form):
    """What the list of conflicts is narrowed to."""

    place = forms.ChoiceField(label=gettext_lazy("地区"), required=False, widget=LongSelect)
    entity = forms.ChoiceField(label=gettext_lazy("数据表"), required=False)

    def __init__(self, data: Any, scope: Scope) -> None:
        super().__init__(data)
        known = [(name, label(entity)) for name, entity in dictionary().entities.items()]
        for name, choices in (("place", place_choices(places(scope, SETTLE), say("registry.all"))),
                              ("entity", [("", say("registry.all")), *known])):  # fmt: skip
            chosen = self.fields[name]
            assert isinstance(chosen, forms.ChoiceField)
            chosen.choices = choices


class SettleForm(ReasonForm):
    """Which value is right, and why."""

    value = forms.ChoiceField(label=gettext_lazy("采用"), widget=forms.RadioSelect)
    other = forms.CharField(
        label=gettext_lazy("都不对，应为"), required=False, max_length=100,
        help_text=gettext_lazy("选“另填”时填写"),
    )  # fmt: skip
    field_order = ["value", "other", "reason"]

    def __init__(self, data: Any, choices: Sequence[tuple[str, str]], known: DictionaryField, entity: str) -> None:
        super().__init__(data)
        chosen = self.fields["value"]
        assert isinstance(chosen, forms.ChoiceField)
        chosen.choices = [*choices, ("other", say("registry.other_value"))]
        self.typed = form_for(entity, [known.name], required=[known.name])
        self.known = known
        if known.type in ("code", "bool"):
            self.fields["other"] = self.typed.base_fields[known.name]
            self.fields["other"].required = False
            self.fields["other"].label = say("registry.neither")

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("value") == "other":
            form = self.typed({self.known.name: self.data.get("other", "")})
            if form.is_valid():
                values["stored"] = stored_text(form.cleaned_data[self.known.name])
            else:
                self.add_error("other", form.errors.get(self.known.name) or say("registry.no_value"))
        else:
            values["stored"] = values.get("value", "")
        return values


def stored_text(value: Any) -> str:
    """A stored value as settlements keep it: `true`, `2025-03-01`, fen as a whole number, a code."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def words_of(known: DictionaryField, text: str | None) -> str:
    """A stored value given as text, in words."""
    if text is None:
        return ""
    if known.type == "bool":
        return shown_value(known, text == "true")
    return (
        shown_value(known, int(text))
        if known.type == "fen" and text.lstrip("-").isdigit()
        else (shown_value(known, text) if known.type == "code" else text)
    )


def _shown(scope: Scope, known: DictionaryField, text: str | None, region_code: str) -> str:
    if text is not None and not scope.sees(known.sensitivity, region_code):
        return str(mask_value(known, text))
    return words_of(known, text) if text is not None else ""


def source_words(value: Mapping[str, Any]) -> str:
    """Where a value of a conflict comes from."""
    if value["source"] == "register":
        return say("registry.source_register")
    folder = str(value["source"]).partition("/")[0]
    department = dictionary().departments.get(folder)
    return f"{label(department)}（{value['source']}）" if department else str(value["source"])


def _settled_keys(scope: Scope) -> list[tuple[str, str, str]]:
    rows = Settlement.objects.within(scope, SETTLE).filter(withdrawn_on__isnull=True)
    return list(rows.values_list("entity", "key", "field"))


def _word(key: Sequence[str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key, ensure_ascii=False).encode()).decode() if key else ""


def unword(word: str, length: int) -> list[str]:
    """The key of a row in a page's address. Raises `UserError` for a word that is none of ours."""
    if not word:
        return []
    try:
        key = json.loads(base64.urlsafe_b64decode(word.encode()))
    except ValueError as error:
        raise UserError("web.bad_page") from error
    if not isinstance(key, list) or len(key) != length or not all(isinstance(part, str) for part in key):
        raise UserError("web.bad_page")
    return key


@needs(SETTLE)
def conflicts(request: Any) -> HttpResponse:
    """The newest run's open conflicts of the user's area."""
    scope: Scope = request.scope
    form = ConflictFilter(request.GET, scope)
    place = form.cleaned_data["place"] if form.is_valid() else ""
    run = run_results.newest_run(scope, SETTLE, place)
    context: dict[str, Any] = {"page_title": _("数据冲突"), "form": form, "run": run}
    if run is None:
        context["counties"] = run_results.counties(scope, SETTLE) if not place else {}
        return render(request, "registry/conflicts.html", context)
    rows: list[dict[str, Any]] = []
    following: list[str] = []
    counts: dict[str, int] = {}
    if form.is_valid():
        given = form.cleaned_data
        sql = run_results.conflicts_sql(scope, SETTLE, given["place"], given["entity"])
        with run_results.open_run(run, "conflicts", "households") as engine:
            done = _settled_keys(scope)
            after = unword(request.GET.get("after", ""), len(run_results.CONFLICT_KEY))
            rows, following = run_results.conflict_page(engine, sql, done, after)
            counts = run_results.conflict_counts(engine, sql, done)
    names = full_names({row["region_code"] for row in rows})
    people = _names_of({row["person_id"] for row in rows if row["person_id"]})
    table = Table(
        [
            Column(_("户主"), "head_name", main=True, second="household_id",
                   link=lambda row: reverse("registry:household", args=[row["household_id"]])),
            Column(_("人员"), lambda row: people.get(row["person_id"] or "")),
            Column(_("乡镇村"), lambda row: names.get(row["region_code"], "")),
            Column(_("数据"), _field_words),
            Column(_("各方说法"), lambda row: _sides(scope, row), "long"),
            Column(_("处置"), lambda row: _("核定"), link=_settle_url),
        ],
        rows, _("待处理的数据冲突"), count=sum(counts.values()), page=Page(rows, _word(following), ""), walk=True,
        empty_title=_("没有待处理的冲突"), empty_text=_("本地区各来源的数据一致，或都已处理。"),
    )  # fmt: skip
    tiles = [{"label": label(dictionary().entities[name]), "figure": count} for name, count in counts.items()]
    return render(request, "registry/conflicts.html", {**context, "table": table, "tiles": tiles})


def _names_of(ids: set[str]) -> dict[str, str]:
    """Names of people whose records were found within the scope already."""
    return dict(Person.everything.filter(pk__in=ids).values_list("person_id", "name"))


def _field_words(row: Mapping[str, Any]) -> str:
    entity = dictionary().entities[row["entity"]]
    return f"{label(entity)}：{label_of(entity.fields[row['field']])}"


def _sides(scope: Scope, row: Mapping[str, Any]) -> str:
    known = dictionary().entities[row["entity"]].fields[row["field"]]
    return "；".join(
        f"{source_words(value)}：{_shown(scope, known, value['value'], row['region_code'])}" for value in row["values"]
    )


def _settle_url(row: Mapping[str, Any]) -> str:
    of = _word([row["entity"], row["key"], row["field"]])
    return f"{reverse('registry:settle')}?{urlencode({'of': of, 'place': row['region_code']})}"


@needs(SETTLE)
def settle(request: Any) -> HttpResponse:
    """One conflict side by side; which value is right."""
    scope: Scope = request.scope
    run = run_results.newest_run(scope, SETTLE, request.GET.get("place", ""))
    if run is None:
        raise Http404
    try:
        wanted = unword(request.GET.get("of", ""), 3)
    except UserError as error:
        raise Http404 from error
    if not wanted:
        raise Http404
    with run_results.open_run(run, "conflicts", "households") as engine:
        row = run_results.find_conflict(engine, run_results.conflicts_sql(scope, SETTLE), *wanted)
    if row is None:
        raise Http404
    known = dictionary().entities[row["entity"]].fields[row["field"]]
    told = {value["value"]: _shown(scope, known, value["value"], row["region_code"]) for value in row["values"]}
    form = SettleForm(request.POST or None, list(told.items()), known, row["entity"])
    if request.method == "POST" and form.is_valid():
        try:
            settling.settle(scope, row, form.cleaned_data["stored"], form.cleaned_data["reason"])
        except UserError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, say("registry.settled"))
            return redirect("registry:conflicts")
    sides = [
        {
            "source": source_words(value), "value": _shown(scope, known, value["value"], row["region_code"]),
            "as_of": value["as_of"], "taken": value["value"] == row["taken"],
        }
        for value in row["values"]
    ]  # fmt: skip
    context = {
        "page_title": _("核定：%(what)s") % {"what": _field_words(row)}, "row": row, "sides": sides, "form": form,
        "person": _names_of({row["person_id"] or ""}).get(row["person_id"] or "", ""), "run": run,
        "place": full_names({row["region_code"]})[row["region_code"]], "list_url": reverse("registry:conflicts"),
        "earlier": Settlement.everything.filter(entity=row["entity"], key=row["key"], field=row["field"])
        .order_by("-pk").first(),
    }  # fmt: skip
    return render(request, "registry/settle.html", context)


@needs(SETTLE)
def settled(request: Any) -> HttpResponse:
    """Settlements of the user's area, the newest first, withdrawn ones among them."""
    scope: Scope = request.scope
    try:
        page = page_of(
            Settlement.objects.within(scope, SETTLE), "-event", after=request.GET.get("after", ""),
            before=request.GET.get("before", ""),
        )  # fmt: skip
    except UserError:
        page = Page([], "", "")
    names = full_names({row.region_code for row in page.rows})
    table = Table(
        [
            Column(_("数据"), lambda row: _field_words({"entity": row.entity, "field": row.field}), main=True,
                   second="household_id", link=lambda row: reverse("registry:household", args=[row.household_id])),
            Column(_("乡镇村"), lambda row: names.get(row.region_code, "")),
            Column(_("采用"), lambda row: _shown(
                scope, dictionary().entities[row.entity].fields[row.field], row.value, row.region_code)),
            Column(_("理由"), "reason", "long"),
            Column(_("处理"), lambda row: f"{row.settled_by} {row.settled_on}"),
            Column(_("状态"), _state, "status"),
            Column(_("操作"), lambda row: "" if row.withdrawn_on else _("撤回"),
                   link=lambda row: reverse("registry:withdraw_settlement", args=[row.pk])),
        ],
        page.rows, _("已处理的数据冲突"), page=page, empty_title=_("还没有处理过冲突"),
    )  # fmt: skip
    context = {"page_title": _("已处理的冲突"), "table": table, "list_url": reverse("registry:conflicts")}
    return render(request, "registry/settled.html", context)


def _state(row: Settlement) -> Status:
    if row.withdrawn_on is None:
        return Status(_("有效"), "good")
    return Status(_("来源已变，重新核定") if row.withdrawn_why == "overtaken" else _("已撤回"), "neutral")


@needs(SETTLE)
def withdraw(request: Any, settlement_id: int) -> HttpResponse:
    """Take a settlement back."""
    found = Settlement.objects.within(request.scope, SETTLE).filter(pk=settlement_id).first()
    if found is None:
        raise Http404
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            settling.withdraw(request.scope, found, form.cleaned_data["reason"])
        except UserError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, say("registry.settlement_withdrawn"))
            return redirect("registry:settled")
    context = {
        "page_title": _("撤回核定"), "form": form, "danger": True, "action": _("撤回"),
        "text": _("撤回后，下次比对起这项冲突重新列出；两次操作都保留记录。"),
        "cancel_url": reverse("registry:settled"),
    }  # fmt: skip
    return render(request, "components/confirm_page.html", context)
