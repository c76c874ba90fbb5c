"""What people fill in for tasks: the task, a report, a confirmation, an order, an answer, a letter, a policy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xianjie.web.cases.forms import checked_paper
from xianjie.web.clock import today
from xianjie.web.dictionary_forms import DayField
from xianjie.web.supervision.document_forms import UnitsField
from xianjie.web.supervision.target_models import Target
from xianjie.web.supervision.task_models import Policy, Task, TaskUnit
from xianjie.web.supervision.tasks import LEVELS, Given
from xianjie.web.words import code_label

ANY = ("", _("全部"))
STATES = [
    (Task.OPEN, _("推进中")), (Task.REPORTED, _("报告完成待核实")), (Task.DONE, _("已办结")),
    (Task.DROPPED, _("已取消")),
]  # fmt: skip
TROUBLES = [("late", _("已超期")), ("stalled", _("长期无进展")), ("contradicted", _("报完成但指标未达到"))]
PAPER_HINT = _("照片（JPG、PNG）或 PDF，不超过 15 MB")
YEAR_LINE = re.compile(r"(20\d\d)\s*年?\s*[:：]\s*(.+)")


def years_in(text: str) -> dict[int, str]:
    """Yearly plans as lines: `2025：完成30所`. Raises `ValidationError` for a line that is none."""
    found = {}
    for line in filter(None, map(str.strip, re.split(r"[\n；;]", text))):
        match = YEAR_LINE.fullmatch(line)
        if match is None or int(match[1]) in found:
            raise forms.ValidationError(_("每行写一年，如“2025：完成30所”；看不懂的行：%(line)s") % {"line": line})
        found[int(match[1])] = match[2].strip()[:500]
    return found


def years_text(years: Mapping[int, str]) -> str:
    """Yearly plans as people write them."""
    return "\n".join(f"{year}：{content}" for year, content in sorted(years.items()))


def level_choices() -> list[tuple[str, str]]:
    """Levels on which a task is carried out."""
    return [(one, code_label("region_level", one)) for one in LEVELS]


class TaskFilter(forms.Form):
    """Filters of the task ledger."""

    q = forms.CharField(label=_("任务名称或内容"), required=False)
    state = forms.ChoiceField(label=_("状态"), required=False, choices=[ANY, *STATES, *TROUBLES])
    year = forms.IntegerField(label=_("年度"), required=False)
    unit = forms.CharField(label=_("责任单位"), required=False)
    document = forms.IntegerField(required=False, widget=forms.HiddenInput)


class TaskForm(forms.Form):
    """A task."""

    seen = forms.IntegerField(widget=forms.HiddenInput, initial=0)
    title = forms.CharField(label=_("任务名称"), max_length=200)
    part = forms.CharField(label=_("所属部分"), required=False, max_length=300)
    content = forms.CharField(
        label=_("任务内容"), required=False, max_length=8000, widget=forms.Textarea(attrs={"rows": 4})
    )
    level = forms.ChoiceField(label=_("落实层级"), choices=level_choices, initial="county")
    year = forms.IntegerField(label=_("年度"), min_value=2000, max_value=2100, initial=lambda: today().year)
    due_on = DayField(label=_("完成时限"))
    lead = UnitsField(label=_("牵头单位"), help_text=_("多个单位用顿号分开"))
    joint = UnitsField(label=_("配合单位"))
    local = UnitsField(label=_("属地单位"), help_text=_("写“各乡镇”即分到每个乡镇"))
    goal = forms.CharField(label=_("目标"), required=False, max_length=500)
    years = forms.CharField(label=_("年度计划"), required=False, widget=forms.Textarea(attrs={"rows": 3}),
                            help_text=_("每行一年，如“2025：完成30所”"))  # fmt: skip

    def clean_years(self) -> dict[int, str]:
        """Year → what is to be reached."""
        return years_in(self.cleaned_data["years"])

    @property
    def given(self) -> Given:
        """The task as stated."""
        return Given(**{name: value for name, value in self.cleaned_data.items() if name != "seen"})

    @staticmethod
    def initial_of(given: Given, seen: int) -> dict[str, Any]:
        """A task as the form starts with it."""
        units = {role: "、".join(getattr(given, role)) for role in ("lead", "joint", "local")}
        return {**vars(given), **units, "years": years_text(given.years), "seen": seen}


class ReportForm(forms.Form):
    """A unit's report."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    unit = forms.ChoiceField(label=_("报告单位"))
    text = forms.CharField(label=_("进展情况"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))
    file = forms.FileField(label=_("佐证材料"), required=False, help_text=PAPER_HINT)
    done = forms.BooleanField(label=_("本单位承担的工作已完成"), required=False)

    def __init__(self, *arguments: Any, units: list[TaskUnit], targets: list[Target], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["unit"].choices = [(one.pk, one.name) for one in units]  # type: ignore[attr-defined]
        for one in targets:
            label = f"{one.title}（{one.unit}）" if one.unit else one.title
            self.fields[f"figure_{one.pk}"] = forms.FloatField(label=label, required=False, help_text=one.text)
        self.order_fields(["seen", "unit", *(f"figure_{one.pk}" for one in targets), "text", "file", "done"])

    def clean_file(self) -> Any:
        """A picture or PDF, when there is one."""
        file = self.cleaned_data.get("file")
        return checked_paper(file) if file else None

    @property
    def figures(self) -> dict[int, float]:
        """Target → figure, those that were filled in."""
        given = self.cleaned_data.items()
        return {int(name[7:]): value for name, value in given if name.startswith("figure_") and value is not None}


class ConfirmForm(forms.Form):
    """Somebody else's word on a task that is said to be done."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    why = forms.CharField(label=_("核实情况"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))


class WhyForm(forms.Form):
    """A reason."""

    why = forms.CharField(label=_("理由"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))


class UploadForm(forms.Form):
    """A table to take in."""

    file = forms.FileField(
        label=_("任务台账（Excel）"), help_text=_("先导出台账，在表中修改后上传；任务编号为空的行作为新任务")
    )


class OrderForm(forms.Form):
    """A supervision order."""

    title = forms.CharField(label=_("督办事项"), max_length=200)
    unit = forms.CharField(label=_("承办单位"), max_length=80)
    why = forms.CharField(
        label=_("督办原因"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    items = forms.CharField(label=_("整改事项"), max_length=4000, widget=forms.Textarea(attrs={"rows": 5}),
                            help_text=_("每行一项，逐项销号"))  # fmt: skip
    due_on = DayField(label=_("整改期限"))

    def clean_items(self) -> list[str]:
        """The items, one a line."""
        return [line.strip()[:500] for line in self.cleaned_data["items"].splitlines() if line.strip()]

    def clean_due_on(self) -> Any:
        """Not in the past."""
        due = self.cleaned_data["due_on"]
        if due < today():
            raise forms.ValidationError(_("整改期限不能早于今天。"))
        return due


class OrderFilter(forms.Form):
    """Filters of the list of orders."""

    state = forms.ChoiceField(label=_("状态"), required=False, choices=[
        ("", _("未办结")), ("late", _("已超期")), ("closed", _("已办结")), ("all", _("全部"))])  # fmt: skip
    unit = forms.CharField(label=_("承办单位"), required=False)


class AnswerForm(forms.Form):
    """What was put right, with proof."""

    text = forms.CharField(label=_("整改情况"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    file = forms.FileField(label=_("证明材料"), help_text=PAPER_HINT)

    def clean_file(self) -> Any:
        """A picture or PDF."""
        return checked_paper(self.cleaned_data["file"])


class JudgeForm(forms.Form):
    """Whether an item is closed."""

    text = forms.CharField(label=_("核查意见"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))


class LetterForm(forms.Form):
    """A responsibility letter."""

    year = forms.IntegerField(label=_("年度"), min_value=2000, max_value=2100, initial=lambda: today().year)
    upper_unit = forms.CharField(label=_("甲方（上级）单位"), max_length=80)
    upper_head = forms.CharField(label=_("甲方负责人"), max_length=40)
    unit = forms.CharField(label=_("乙方（责任）单位"), max_length=80, help_text=_("与任务台账中的单位名称一致"))
    head = forms.CharField(label=_("乙方负责人"), max_length=40)


class SignForm(forms.Form):
    """The days on which both heads signed, and the signed sheet."""

    upper_signed_on = DayField(label=_("甲方签字日期"), required=False)
    signed_on = DayField(label=_("乙方签字日期"), required=False)
    file = forms.FileField(label=_("签字件扫描"), required=False, help_text=PAPER_HINT)

    def clean_file(self) -> Any:
        """A picture or PDF, when there is one."""
        file = self.cleaned_data.get("file")
        return checked_paper(file) if file else None


class PolicyFilter(forms.Form):
    """Filters of the policy list."""

    q = forms.CharField(label=_("名称或文号"), required=False)
    kind = forms.ChoiceField(label=_("分类"), required=False, choices=[ANY, *Policy.KINDS.items()])
    state = forms.ChoiceField(label=_("状态"), required=False, choices=[
        ANY, ("now", _("执行中")), ("soon", _("即将到期")),
        ("ended", _("已停止")), ("future", _("尚未执行"))])  # fmt: skip


class PolicyForm(forms.Form):
    """An existing policy."""

    title = forms.CharField(label=_("政策名称"), max_length=200)
    number = forms.CharField(label=_("文号"), required=False, max_length=80)
    kind = forms.ChoiceField(label=_("分类"), choices=list(Policy.KINDS.items()))
    department = forms.ChoiceField(label=_("主管部门"), required=False)
    begins_on = DayField(label=_("执行起始日期"), required=False)
    planned_end = DayField(label=_("文件有效期至"), required=False)
    transition_to = DayField(label=_("过渡执行至"), required=False)
    successor = forms.TypedChoiceField(label=_("接续政策"), required=False, coerce=int, empty_value=None,
                                       help_text=_("取代它的新政策；先登记新政策再选"))  # fmt: skip
    note = forms.CharField(label=_("说明"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(
        self, *arguments: Any, others: list[Policy], departments: list[tuple[str, str]], **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self.fields["department"].choices = [("", "—"), *departments]  # type: ignore[attr-defined]
        self.fields["successor"].choices = [("", "—"), *((one.pk, one.title) for one in others)]  # type: ignore[attr-defined]


class EndPolicyForm(forms.Form):
    """The last day of an old policy."""

    ends_on = DayField(label=_("停止执行日期（最后一天）"))
    why = forms.CharField(label=_("理由"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
