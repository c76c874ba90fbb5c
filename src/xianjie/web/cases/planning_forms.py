"""What people fill in for plans and measures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xianjie.dictionary import dictionary
from xianjie.web.accounts.scope import Scope
from xianjie.web.cases.forms import ANY, EvidenceForm, places, words_of
from xianjie.web.cases.planning_models import Measure
from xianjie.web.cases.planning_services import NEXT, Planned
from xianjie.web.cases.plans import catalogue
from xianjie.web.clock import today
from xianjie.web.daily.kinds import department_label
from xianjie.web.dictionary_forms import DayField, YuanField
from xianjie.web.flows.definition import Evidence
from xianjie.web.words import code_label, label

OWN = "own:"


def _offers() -> list[tuple[Any, Any]]:
    """The catalogue by group, each group with a measure of the planner's own."""
    made: list[tuple[Any, Any]] = [("", "—")]
    for group, words in dictionary().codes["measure_group"].values.items():
        names = [(name, label(one)) for name, one in catalogue().items() if one.group == group]
        made.append((label(words), [*names, (OWN + group, f"{label(words)}（自拟，在“措施内容”写明）")]))
    return made


def department_choices() -> list[tuple[str, str]]:
    """The departments of the dictionary."""
    return [(code, department_label(code)) for code in dictionary().departments]


class RowForm(forms.Form):
    """A measure of a plan."""

    measure = forms.IntegerField(required=False, widget=forms.HiddenInput)
    offer = forms.ChoiceField(label=_("措施"), choices=_offers)
    title = forms.CharField(label=_("措施内容"), required=False, max_length=200, help_text=_("不填即用措施名称"))
    risk = forms.ChoiceField(label=_("对应风险"), choices=lambda: [("", "—"), *words_of("risk")[1:]])
    department = forms.ChoiceField(label=_("责任部门"), choices=lambda: [("", "—"), *department_choices()])
    starts_on = DayField(label=_("开始日期"))
    ends_on = DayField(label=_("结束日期"))
    amount = YuanField(
        label=_("计划金额（元）"), required=False, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("starts_on") and values.get("ends_on") and values["ends_on"] < values["starts_on"]:
            self.add_error("ends_on", _("结束日期早于开始日期。"))
        if str(values.get("offer", "")).startswith(OWN) and not values.get("title"):
            self.add_error("title", _("自拟措施请写明内容。"))
        if (values.get("amount") or 0) < 0:
            self.add_error("amount", _("金额不能小于零。"))
        return values

    @property
    def row(self) -> Planned:
        """The measure as planned."""
        given = self.cleaned_data
        offer = given["offer"]
        own = offer.startswith(OWN)
        return Planned(
            title=given["title"] or catalogue()[offer].zh,
            group=offer.removeprefix(OWN) if own else catalogue()[offer].group,
            risk=given["risk"], department=given["department"], starts_on=given["starts_on"], ends_on=given["ends_on"],
            name="" if own else offer, amount=given["amount"], measure=given["measure"],
        )  # fmt: skip


def initial_row(row: Planned) -> dict[str, Any]:
    """A planned measure as the form starts with it."""
    plain = catalogue()[row.name].zh if row.name in catalogue() else ""
    return {
        "measure": row.measure, "offer": row.name or OWN + row.group, "title": "" if row.title == plain else row.title,
        "risk": row.risk, "department": row.department, "starts_on": row.starts_on, "ends_on": row.ends_on,
        "amount": "" if row.amount is None else f"{row.amount / 100:.2f}",
    }  # fmt: skip


Rows = forms.formset_factory(RowForm, extra=1, can_delete=True, max_num=40, validate_max=True)


class PlanForm(forms.Form):
    """Who helps, and why a risk has no measure."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    helper = forms.CharField(label=_("帮扶责任人"), required=False, max_length=80)
    phone = forms.CharField(
        label=_("责任人电话"), required=False, max_length=20, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )

    def __init__(self, *arguments: Any, risks: Mapping[str, Any], able: bool | None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.reasons = [*risks, *(["development"] if able else [])]
        for risk in self.reasons:
            words = _("开发式帮扶") if risk == "development" else code_label("risk", risk)
            self.fields[f"why_{risk}"] = forms.CharField(
                label=_("%(risk)s：暂不安排措施的原因") % {"risk": words}, required=False, max_length=300,
                help_text=_("已有对应措施的不填"),
            )  # fmt: skip

    @property
    def why_fields(self) -> list[Any]:
        """The fields that ask why."""
        return [self[f"why_{risk}"] for risk in self.reasons]

    @property
    def uncovered(self) -> dict[str, str]:
        """Risk → why it has no measure."""
        return {risk: self.cleaned_data[f"why_{risk}"] for risk in self.reasons if self.cleaned_data[f"why_{risk}"]}


STATES = [
    ("", _("待落实")), ("late", _("超期未完成")), ("done", _("已完成")), ("stopped", _("已终止")), ("all", _("全部")),
]  # fmt: skip


class MeasureFilter(forms.Form):
    """Filters of the list of measures."""

    state = forms.ChoiceField(label=_("状态"), required=False, choices=STATES)
    place = forms.ChoiceField(label=_("地区"), required=False)
    department = forms.ChoiceField(label=_("责任部门"), required=False)
    risk = forms.ChoiceField(label=_("对应风险"), required=False)

    def __init__(self, *arguments: Any, scope: Scope, permission: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["place"].choices = places(scope, permission)  # type: ignore[attr-defined]
        self.fields["department"].choices = [ANY, *department_choices()]  # type: ignore[attr-defined]
        self.fields["risk"].choices = words_of("risk")  # type: ignore[attr-defined]


class TellForm(EvidenceForm):
    """What became of a measure."""

    day = DayField(label=_("日期"), initial=today)
    state = forms.ChoiceField(label=_("进展"))
    money = YuanField(
        label=_("农户收到的资金（元）"), required=False, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    goods = forms.CharField(label=_("农户收到的物资"), required=False, max_length=200)
    field_order = ("seen", "state", "day", "text", "money", "goods", "file")

    def __init__(self, *arguments: Any, measure: Measure, **options: Any) -> None:
        paper = Evidence(zh=str(_("佐证材料")), en="Paper", kind="paper")
        super().__init__(*arguments, words=paper, **options)
        self.fields["file"].required = False
        self.fields["text"] = forms.CharField(
            label=_("落实情况"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
            help_text=_("完成或终止时须写明情况或上传材料"),
        )  # fmt: skip
        states = dictionary().codes["programme_state"].values
        self.fields["state"].choices = [(name, label(states[name])) for name in NEXT[measure.state]]  # type: ignore[attr-defined]
        self.order_fields(self.field_order)

    def clean_file(self) -> Any:
        """A paper of the right kind, when there is one."""
        return super().clean_file() if self.cleaned_data.get("file") else None

    def clean_money(self) -> int | None:
        """Not less than nothing."""
        money: int | None = self.cleaned_data["money"]
        if money is not None and money < 0:
            raise forms.ValidationError(_("金额不能小于零。"))
        return money
