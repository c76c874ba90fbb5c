"""What people fill in for applications: taking one, filters, a decision with what it keeps, a self-care assessment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianjie.dictionary import dictionary
from xianjie.web.accounts.scope import Scope
from xianjie.web.assistance.programmes import programmes
from xianjie.web.assistance.proposing import Proposal
from xianjie.web.assistance.services import CHANNELS
from xianjie.web.cases.forms import ANY, places
from xianjie.web.clock import today
from xianjie.web.dictionary_forms import DayField, NumberField, YuanField
from xianjie.web.flows.definition import Action, Flow, load_flows
from xianjie.web.regions.selectors import on_day
from xianjie.web.registry.models import Person
from xianjie.web.words import code_label, label

CHANNEL_WORDS = {
    "resident": gettext_lazy("本人申请"),
    "cadre": gettext_lazy("村干部代办"),
    "township": gettext_lazy("乡镇主动发现"),
    "warning": gettext_lazy("预警转办"),
    "case": gettext_lazy("监测案件转办"),
    "run": gettext_lazy("应保未保名单"),
}
SELF_CARE = (
    gettext_lazy("自主吃饭"), gettext_lazy("自主穿衣"), gettext_lazy("自主上下床"), gettext_lazy("自主如厕"),
    gettext_lazy("室内自主行走"), gettext_lazy("自主洗澡"),
)  # fmt: skip
CLASSES = ("一类", "二类", "三类", "四类")
YES_NO = [("no", gettext_lazy("否")), ("yes", gettext_lazy("是"))]


def programme_choices() -> list[tuple[str, str]]:
    """Every programme with its name."""
    return [(code, one.label) for code, one in programmes().items()]


def townships(scope: Scope, permission: str) -> list[tuple[str, Any]]:
    """The townships of a scope, for a filter."""
    found = on_day().filter(level="township")
    return [ANY, *((one.region_code, one.name) for one in found if scope.allows(permission, one.region_code))]


class ApplyForm(forms.Form):
    """An application as it is taken."""

    programme = forms.ChoiceField(label=gettext_lazy("申请事项"))
    channel = forms.ChoiceField(label=gettext_lazy("申请方式"))
    applicant = forms.CharField(label=gettext_lazy("申请人姓名"), max_length=100)
    by_proxy = forms.BooleanField(label=gettext_lazy("委托他人代办"), required=False)
    told = forms.CharField(
        label=gettext_lazy("困难情况"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("什么困难、何时开始、家庭主要收入和支出"),
    )  # fmt: skip
    staff_relative = forms.BooleanField(
        label=gettext_lazy("申请人是经办人员或村干部的近亲属"), required=False,
        help_text=gettext_lazy("须单独登记备案，县级审核时必须入户核查"),
    )  # fmt: skip
    staff_told = forms.CharField(label=gettext_lazy("近亲属的姓名、职务和关系"), max_length=200, required=False)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["programme"].choices = programme_choices()  # type: ignore[attr-defined]
        self.fields["channel"].choices = [(one, CHANNEL_WORDS[one]) for one in CHANNELS]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("staff_relative") and not (values.get("staff_told") or "").strip():
            self.add_error("staff_told", _("请写明近亲属的姓名、职务和关系。"))
        return values


class ApplicationFilter(forms.Form):
    """Filters of the list of applications."""

    programme = forms.ChoiceField(label=gettext_lazy("申请事项"), required=False)
    place = forms.ChoiceField(label=gettext_lazy("地区"), required=False)
    step = forms.ChoiceField(label=gettext_lazy("环节"), required=False)
    channel = forms.ChoiceField(label=gettext_lazy("申请方式"), required=False)
    mine = forms.BooleanField(label=gettext_lazy("只看待我办理"), required=False)
    late = forms.BooleanField(label=gettext_lazy("只看超期"), required=False)
    staff = forms.BooleanField(label=gettext_lazy("只看近亲属备案"), required=False)
    over = forms.BooleanField(label=gettext_lazy("含已办结"), required=False)

    def __init__(self, *arguments: Any, scope: Scope, **options: Any) -> None:
        super().__init__(*arguments, **options)
        chosen: Any = self.fields
        chosen["programme"].choices = [ANY, *programme_choices()]
        chosen["place"].choices = places(scope, "assistance.view")
        chosen["step"].choices = [ANY, *step_choices(self.data.get("programme", ""))]
        chosen["channel"].choices = [ANY, *CHANNEL_WORDS.items()]


def step_choices(programme: str) -> list[tuple[str, Any]]:
    """Steps and ends of a programme's flow, of all when none is chosen."""
    known = programmes()
    wanted = [known[programme]] if programme in known else list(known.values())
    found: list[tuple[str, Any]] = []
    for one in wanted:
        flow = load_flows()[one.flow][0]
        prefix = "" if len(wanted) == 1 else f"{one.label}："
        found += [(name, f"{prefix}{label(step)}") for name, step in flow.steps.items()]
    return found


class DecideForm(forms.Form):
    """A move of an application: its reason, and what the decision keeps; `seen` tells what the user decided on."""

    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self, *arguments: Any, flow: Flow, action: Action, proposal: Proposal | None, people: list[Person],
        receiving: Mapping[str, Any], self_care: int | None = None, grace_latest: date | None = None, **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(*arguments, **options)
        self.action, self.proposal, self.people = action, proposal, people
        keeps = action.writes in ("granted", "reviewed") and proposal is not None
        if keeps and proposal is not None:
            self._ask_members(proposal, receiving)
        if "amount" in action.needs:
            self._ask_amount(receiving)
        if proposal is not None and (keeps or action.writes == "relieved"):
            self._ask_more(proposal.programme.asks, receiving, self_care)
        if "manner" in action.needs:
            self.fields["manner"] = DayField(
                label=_("渐退期到"),
                help_text=_("最晚到 %(day)s") % {"day": grace_latest}
                if grace_latest
                else _("没有渐退期上限参数，请先由县里补录"),
            )
        needed = "reason" in action.needs
        self.fields["reason"] = forms.CharField(
            label=_("理由") if needed else _("说明"), max_length=2000, required=needed,
            widget=forms.Textarea(attrs={"rows": 4}),
        )  # fmt: skip

    def _ask_members(self, proposal: Proposal, receiving: Mapping[str, Any]) -> None:
        chosen = list(receiving.get("members", ())) or proposal.persons or [one.pk for one in self.people]
        self.fields["members"] = forms.MultipleChoiceField(
            label=_("保障对象"), widget=forms.CheckboxSelectMultiple, initial=chosen,
            choices=[(one.pk, f"{one.name}（{code_label('relation', one.relation)}）") for one in self.people],
            help_text=_("已按规则勾选；与规则不同须写明理由"),
        )  # fmt: skip

    def _ask_amount(self, receiving: Mapping[str, Any]) -> None:
        proposal = self.proposal
        amount = proposal.amount if proposal else None
        if self.action.writes == "relieved":
            what, told = _("救助金额（元）"), _("金额由有权机关决定")
        else:
            what = _("全户月保障金额（元）")
            told = (
                _("按规则每月 %(amount)s 元；不同须写明理由") % {"amount": f"{amount / 100:,.2f}"}
                if amount is not None
                else _("资料或参数不足，规则算不出金额，须由人核定并写明理由")
            )
        start = amount if amount is not None else receiving.get("amount")
        self.fields["amount"] = YuanField(
            label=what, help_text=told, initial=f"{start / 100:.2f}" if start else None,
            widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        )  # fmt: skip

    def _ask_more(self, asks: tuple[str, ...], receiving: Mapping[str, Any], self_care: int | None) -> None:
        for name in asks:
            if name in _MORE:
                self.fields[name] = _MORE[name](receiving, self_care)

    def clean_amount(self) -> int:
        """More than nothing."""
        amount: int = self.cleaned_data["amount"]
        if amount <= 0:
            raise forms.ValidationError(_("金额必须大于零。"))
        return amount

    def clean(self) -> dict[str, Any]:
        """Who decides otherwise than the rule, or without one, says why."""
        values = super().clean() or self.cleaned_data
        if self.differences() and not (values.get("reason") or "").strip():
            self.add_error(
                "reason", _("与规则结果不同：%(what)s。请写明理由。") % {"what": "、".join(self.differences())}
            )
        return values

    def differences(self) -> list[str]:
        """In what the decision differs from the proposal."""
        proposal, writes = self.proposal, self.action.writes
        if proposal is None or writes not in ("granted", "reviewed", "stopped", "") or not self._decides():
            return []
        found = []
        gives = writes in ("granted", "reviewed")
        if proposal.due is None:
            found.append(_("规则因资料不足未能判定"))
        elif proposal.due != gives:
            found.append(_("按规则不符合条件") if gives else _("按规则符合条件"))
        if gives and proposal.due and set(self.cleaned_data.get("members", ())) != set(proposal.persons):
            found.append(_("保障对象"))
        amount = self.cleaned_data.get("amount")
        if gives and proposal.due and amount is not None and amount != proposal.amount:
            found.append(_("金额"))
        return found

    def _decides(self) -> bool:
        """Granting, keeping, refusing and stopping are decisions; sending back is none."""
        return bool(self.action.writes) or (not self.action.back and "reason" in self.action.needs)

    @property
    def given(self) -> dict[str, str]:
        """What the move keeps beside the reason, as text; with what the rule had said."""
        given: dict[str, str] = {}
        for name, value in self.cleaned_data.items():
            if name in ("seen", "reason") or value in (None, ""):
                continue
            if isinstance(value, list):
                given[name] = ";".join(value)
            else:
                given[name] = value.isoformat() if isinstance(value, date) else str(value)
        if self.proposal is not None and self._decides():
            due = {True: "yes", False: "no", None: "unknown"}[self.proposal.due]
            given |= {"by_rule": due, "by_rule_amount": str(self.proposal.amount or ""),
                      "differs": "；".join(self.differences())}  # fmt: skip
        return given


def _class(receiving: Mapping[str, Any], _care: int | None) -> forms.Field:
    return forms.ChoiceField(
        label=_("低保类别"), required=False, initial=receiving.get("dibao_class", ""),
        choices=[("", _("不分类")), *((one, one) for one in CLASSES)], help_text=_("按类别发放的地方由人评定"),
    )  # fmt: skip


def _single(receiving: Mapping[str, Any], _care: int | None) -> forms.Field:
    return forms.ChoiceField(
        label=_("单人户施保"), choices=YES_NO, initial="yes" if receiving.get("single_person") else "no"
    )


def _care(_receiving: Mapping[str, Any], care: int | None) -> forms.Field:
    return forms.IntegerField(
        label=_("不能自理项数（0–6）"), min_value=0, max_value=len(SELF_CARE), initial=care,
        help_text=_("0项全自理，1–3项部分丧失，4项以上完全丧失；决定照料护理标准"),
    )  # fmt: skip


def _codes(codes: str, title: str) -> forms.Field:
    words = dictionary().codes[codes].values
    return forms.ChoiceField(label=title, choices=[(value, label(one)) for value, one in words.items()])


_MORE: dict[str, Any] = {
    "dibao_class": _class,
    "single_person": _single,
    "self_care_failed": _care,
    "support_mode": lambda _receiving, _care: _codes("support_mode", _("供养方式")),
    "relief_kind": lambda _receiving, _care: _codes("relief_kind", _("救助类型")),
    "months": lambda _receiving, _care: NumberField(label=_("救助月数"), whole=True, required=False),
    "persons": lambda _receiving, _care: NumberField(label=_("救助人数"), whole=True, required=False),
    "case_by_case": lambda _receiving, _care: forms.ChoiceField(label=_("一事一议"), choices=YES_NO),
    "from_reserve": lambda _receiving, _care: forms.ChoiceField(label=_("从乡镇备用金支出"), choices=YES_NO),
}


class SelfCareForm(forms.Form):
    """The six items of self-care: which of them the person cannot do."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    person = forms.CharField(label=gettext_lazy("被评估人"), max_length=100)
    failed = forms.MultipleChoiceField(
        label=gettext_lazy("不能完成的项目"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("都能完成就不勾"),
    )  # fmt: skip
    names = forms.CharField(label=gettext_lazy("评估人员"), max_length=200)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        items = [(str(number), words) for number, words in enumerate(SELF_CARE)]
        self.fields["failed"].choices = items  # type: ignore[attr-defined]

    @property
    def content(self) -> dict[str, Any]:
        """What is kept; which items failed is health and is not told in words."""
        values = self.cleaned_data
        return {"failed": len(values["failed"]), "items": values["failed"], "person": values["person"],
                "text": _("%(person)s，由%(names)s评估") % values}  # fmt: skip


class MonthForm(forms.Form):
    """Which list to make: programme and month."""

    programme = forms.ChoiceField(label=gettext_lazy("待遇"))
    month = forms.CharField(label=gettext_lazy("月份"), widget=forms.TextInput(attrs={"type": "month"}))

    def __init__(self, *arguments: Any, choices: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["programme"].choices = choices  # type: ignore[attr-defined]

    def clean_month(self) -> date:
        """The first day of the month."""
        try:
            month = date.fromisoformat(f"{self.cleaned_data['month'].strip()[:7]}-01")
        except ValueError as error:
            raise forms.ValidationError(_("请写年月，例如 2025-11。")) from error
        if not date(2015, 1, 1) <= month <= date(today().year + 1, 12, 1):
            raise forms.ValidationError(_("月份不在可编制的范围内。"))
        return month


class MoneyForm(forms.Form):
    """Money into a reserve fund."""

    place = forms.ChoiceField(label=gettext_lazy("乡镇"))
    amount = YuanField(label=gettext_lazy("拨入金额（元）"), widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    note = forms.CharField(label=gettext_lazy("摘要（文号或事由）"), max_length=200)


class WhyForm(forms.Form):
    """One reason."""

    why = forms.CharField(label=gettext_lazy("理由"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
