"""Forms of ledgers, made from a sheet's declaration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xianjie.messages import say
from xianjie.web.accounts.scope import Scope
from xianjie.web.dictionary_forms import DictionaryForm, choices_of, form_of, initial_from
from xianjie.web.ledgers.declaration import Move, Sheet, ledgers
from xianjie.web.ledgers.linking import CHANGE
from xianjie.web.ledgers.models import Entry
from xianjie.web.ledgers.values import unpack
from xianjie.web.regions.models import Region
from xianjie.web.registry.forms import LongSelect, place_choices
from xianjie.web.registry.selectors import places
from xianjie.web.words import label

VIEW = "ledgers.view"


class EntryForm(DictionaryForm):
    """An entry's values, its place, and for a change the reason."""

    region_code = forms.ChoiceField(label=_("地区"), required=False, widget=LongSelect,
                                    help_text=_("不选时取所涉农户、人员或上级条目的地区"))  # fmt: skip
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)


class ChangeForm(EntryForm):
    """A change says why."""

    reason = forms.CharField(label=_("更正原因"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class MoveForm(DictionaryForm):
    """What a move asks for."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("说明"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("将记入审计记录"),
    )  # fmt: skip


class WithdrawForm(forms.Form):
    """Why an entry was a mistake."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(label=_("撤销原因"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class ImportForm(forms.Form):
    """A file of entries."""

    file = forms.FileField(label=_("填好的表格"), help_text=_("Excel 或 CSV，按模板填写；已有编号的条目按编号更新"))


def entry_form(sheet: Sheet, scope: Scope, data: Any = None, entry: Entry | None = None, **initial: Any) -> Any:
    """The form of a new entry, or of one that is put right."""
    fields = dict(sheet.fields if entry else sheet.writable)
    if entry:
        fields.pop(sheet.key)
    needed = [name for name, field in fields.items() if field.required]
    made = form_of(fields, needed, base=ChangeForm if entry else EntryForm, entity=sheet.name)
    if entry:
        initial = {**initial_from(sheet.fields, unpack(sheet, entry.data)), "region_code": entry.region_code,
                   "seen": entry.revision, **initial}  # fmt: skip
    form: Any = made(data, initial=initial)
    form.fields["region_code"].choices = place_choices(_levels(sheet, scope), "—")
    form.fields["region_code"].required = not (entry or sheet.links or sheet.field_to("person")
                                               or sheet.field_to("household"))  # fmt: skip
    for name, field in sheet.fields.items():
        if field.to == "person" and name in form.fields:
            form.fields[name].help_text = _("人员编号或身份证号")
    return form


def _levels(sheet: Sheet, scope: Scope) -> list[Region]:
    """The places where an entry may be recorded by this user."""
    listed = places(scope, CHANGE)
    return listed if sheet.level == "any" else [one for one in listed if one.level == sheet.level]


def move_form(sheet: Sheet, move: Move, entry: Entry, data: Any = None) -> Any:
    """The form of a move: what it asks for, with what is known already."""
    fields = {name: sheet.fields[name] for name in (*move.ask, *move.offer)}
    made = form_of(fields, move.ask, base=MoveForm, entity=sheet.name)
    values = unpack(sheet, entry.data)
    form: Any = made(data, initial={**initial_from(fields, {name: values[name] for name in fields}),
                                    "seen": entry.revision})  # fmt: skip
    form.fields["reason"].required = move.reason
    return form


class EntryFilter(forms.Form):
    """What a list of entries is narrowed to."""

    q = forms.CharField(label=_("名称或编号"), required=False, max_length=60)
    place = forms.ChoiceField(label=_("地区"), required=False, widget=LongSelect)
    state = forms.ChoiceField(label=_("状态"), required=False)
    about = forms.ChoiceField(label=_("关注"), required=False)

    def __init__(self, data: Any, scope: Scope, sheet: Sheet) -> None:
        super().__init__(data)
        everything = say("registry.all")
        self.sheet = sheet
        self._choose("place", place_choices(places(scope, VIEW), everything))
        self._choose("state", [("", everything), *((name, label(one)) for name, one in sheet.states.items())])
        self._choose("about", [("", everything), ("flagged", _("有问题")), ("late", _("超期未办")),
                               ("withdrawn", _("已撤销"))])  # fmt: skip
        if len(sheet.states) == 1:
            del self.fields["state"]
        for name in sheet.filters:
            field = sheet.fields[name]
            if field.codes:
                choices = [("", everything), *choices_of(field)]
                self.fields[f"f_{name}"] = forms.ChoiceField(label=label(field), required=False, choices=choices)
            elif field.type == "int":
                self.fields[f"f_{name}"] = forms.IntegerField(label=label(field), required=False)
            else:
                self.fields[f"f_{name}"] = forms.CharField(label=label(field), required=False, max_length=60)

    def _choose(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        chosen = self.fields[name]
        assert isinstance(chosen, forms.ChoiceField)
        chosen.choices = choices

    def asked(self) -> dict[str, Any]:
        """What is asked for; parts that make no sense are left out (their field tells it)."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}


class ProblemFilter(forms.Form):
    """What the list of problems is narrowed to."""

    ledger = forms.ChoiceField(label=_("台账"), required=False)
    place = forms.ChoiceField(label=_("地区"), required=False, widget=LongSelect)

    def __init__(self, data: Any, scope: Scope) -> None:
        super().__init__(data)
        everything = say("registry.all")
        for name, choices in {
            "ledger": [("", everything), *((name, label(one)) for name, one in ledgers().items())],
            "place": place_choices(places(scope, VIEW), everything),
        }.items():
            chosen = self.fields[name]
            assert isinstance(chosen, forms.ChoiceField)
            chosen.choices = choices

    def asked(self) -> Mapping[str, Any]:
        """What is asked for."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
