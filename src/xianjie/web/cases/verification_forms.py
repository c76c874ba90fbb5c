"""The form of a visit 入户核实表: filled with what is known, asking for what is unknown or must be seen."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianjie.messages import say
from xianjie.web.cases.forms import checked_paper, names_in
from xianjie.web.cases.known import CHECKED, INCOMES, SPENDING, STATES, Known
from xianjie.web.dictionary_forms import DictionaryForm, YuanField, form_for, shown_value, typed_value
from xianjie.web.flows.definition import Step, evidence_kinds
from xianjie.web.words import label

SEEN = ("food_enough", "finding")
YES_NO = [("", "—"), ("true", gettext_lazy("是")), ("false", gettext_lazy("否"))]


class VisitForm(DictionaryForm):
    """Incomes, spending, guarantees, who visited and what was signed. `known` fields are of several entities."""

    def __init__(self, *arguments: Any, step: Step, told: Known, given: set[str], by: str, **options: Any) -> None:
        typed = options.pop("initial", None) or {}
        super().__init__(*arguments, **options)
        self.told, self.step = told, step
        self.papers = [kind for kind in step.evidence if evidence_kinds()[kind].kind == "paper"]
        self._ask_people(by)
        for kind in self.papers:
            self._ask_paper(kind, kind in given)
        for name, value in told.values.items():
            if name in self.fields:
                self.initial[name] = self._shown(name, value)
                self.fields[name].help_text = _("已知：%(said)s，不符请改") % {"said": told.said[name]}
        self.initial = {**self.initial, **typed}
        self.order_fields(["names", *INCOMES, *SPENDING, *STATES, *CHECKED, *SEEN])

    def _shown(self, name: str, value: Any) -> Any:
        if name in SPENDING:
            return f"{value / 100:.2f}"
        if name in CHECKED:
            return "true" if value else "false"
        return typed_value(self.known[name], value)

    def _ask_people(self, by: str) -> None:
        self.fields["names"] = forms.CharField(
            label=_("入户人员（两人以上）"), max_length=200, initial=f"{by}、" if by else "",
            help_text=_("用顿号、逗号或空格分开"),
        )  # fmt: skip

    def _ask_paper(self, kind: str, there: bool) -> None:
        words = evidence_kinds()[kind]
        self.fields[f"signed_{kind}"] = forms.BooleanField(label=label(words), required=True)
        self.fields[f"photo_{kind}"] = forms.FileField(
            label=_("照片：%(paper)s") % {"paper": label(words)}, required=not there,
            widget=forms.FileInput(attrs={"accept": "image/*,.pdf"}),
            help_text=_("已上传，可补传") if there else _("JPG、PNG 或 PDF，不超过 15 MB"),
        )  # fmt: skip

    @property
    def asked(self) -> list[str]:
        """The fields that somebody must answer: required, and nothing is known or given yet."""
        return [name for name, one in self.fields.items() if one.required and name not in self.told.values]

    def clean_names(self) -> list[str]:
        """Two people, not one name twice."""
        names = names_in(self.cleaned_data["names"])
        if len(names) < evidence_kinds()["two_visitors"].least:
            raise forms.ValidationError(_("入户核实须两人以上，请填写两个不同的姓名。"))
        return names

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for name in [one for one in self.fields if one.startswith("photo_")]:
            if values.get(name):
                try:
                    checked_paper(values[name])
                except forms.ValidationError as error:
                    self.add_error(name, error)
        for name in SPENDING:
            if (values.get(name) or 0) < 0:
                self.add_error(name, say("registry.below_zero", label=self.fields[name].label))
        return values

    def words(self) -> dict[str, str]:
        """Everything answered, as the case keeps it beside the facts: label → text."""
        told = {}
        for name, value in self.cleaned_data.items():
            if name in self.known:
                text = shown_value(self.known[name], value)
            elif name in SPENDING:
                text = f"{value / 100:,.2f}" if value is not None else ""
            elif name in CHECKED:
                text = str(dict(YES_NO).get(value, ""))
            else:
                continue
            if text:
                told[str(self.fields[name].label)] = text
        return told


def visit_form() -> type[VisitForm]:
    """The form's class; labels follow the language of the page."""
    parts = [
        form_for("monitoring", list(INCOMES), required=list(INCOMES)),
        form_for("house", ["grade"], required=["grade"]),
        form_for("water", ["quality"], required=["quality"]),
        form_for("visit", list(SEEN), required=["food_enough"]),
    ]
    fields: dict[str, Any] = {}
    known: dict[str, Any] = {}
    for part in parts:
        fields |= part.base_fields
        known |= part.known
    labels = {
        "spent_medical": _("医保结算以外的医疗自付支出"),
        "spent_education": _("学籍资助数据以外的教育支出"),
        "spent_other": _("康复、照护、灾后修复等其他刚性支出"),
    }
    for name, said in labels.items():
        fields[name] = YuanField(
            label=said, help_text=_("近12个月，元；没有填 0"), widget=forms.TextInput(attrs={"inputmode": "decimal"})
        )
    checks = {"dropout": _("是否有义务教育阶段失学辍学"), "uninsured": _("是否有成员未参加基本医保")}
    for name, said in checks.items():
        fields[name] = forms.ChoiceField(label=said, choices=YES_NO)
    fields["seen"] = forms.IntegerField(widget=forms.HiddenInput)
    return type("HouseholdVisitForm", (VisitForm,), {**fields, "known": known})
