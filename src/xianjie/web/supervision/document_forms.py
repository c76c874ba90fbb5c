"""What people fill in for policy documents: upload, a clause corrected, a link decided."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xianjie.documents.reading import KINDS
from xianjie.messages import say
from xianjie.web.clock import today
from xianjie.web.dictionary_forms import DayField
from xianjie.web.supervision.tasks import FOLLOWED, number

LEVELS = ("central", "province", "city", "county", "township")
RELATIONS = ("same", "concretised", "extended", "partial", "new")
MOST_BYTES = 20_000_000
OPERATORS = [(">=", _("不低于")), (">", _("高于")), ("<=", _("不高于")), ("<", _("低于")), ("=", _("等于")),
             ("≈", _("约为")), ("+", _("增加"))]  # fmt: skip
assert {operator for operator, _words in OPERATORS} == set(FOLLOWED)


def level_choices() -> list[tuple[str, str]]:
    """Levels of a document."""
    return [("", "—"), *((level, say(f"supervision.level_{level}")) for level in LEVELS)]


def relation_choices() -> list[tuple[str, str]]:
    """How a clause implements another."""
    return [(one, say(f"documents.relation_{one}")) for one in RELATIONS]


def names_in(text: str) -> list[str]:
    """The units that somebody typed in one box; brackets keep what is inside them together."""
    return [name for name in dict.fromkeys(re.split(r"[、，,；;\s]+(?![^（(]*[)）])", text.strip())) if name]


class DocumentForm(forms.Form):
    """An upload."""

    file = forms.FileField(
        label=_("文件"), help_text=_("txt、md、docx 或可复制文字的 PDF，不超过 20 MB；扫描件请先转成文字")
    )
    title = forms.CharField(label=_("标题"), required=False, max_length=200, help_text=_("不填即取文件中的标题"))
    number = forms.CharField(label=_("文号"), required=False, max_length=80)
    level = forms.ChoiceField(label=_("发文层级"), required=False, choices=level_choices)
    issued_on = DayField(label=_("发文日期"), required=False)

    def clean_file(self) -> Any:
        """Only kinds that can be read."""
        file = self.cleaned_data["file"]
        if Path(file.name).suffix.lower() not in KINDS:
            raise forms.ValidationError(say("documents.file_kind", file=file.name, kinds="、".join(KINDS)))
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("文件超过 20 MB。"))
        return file


class DocumentFilter(forms.Form):
    """Filters of the list of documents."""

    q = forms.CharField(label=_("标题或文号"), required=False)
    level = forms.ChoiceField(label=_("发文层级"), required=False, choices=level_choices)


class UnitsField(forms.CharField):
    """Units in one box, parted by 、."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=1000, **options)

    def clean(self, value: Any) -> Any:
        """The names."""
        return names_in(super().clean(value) or "")


class ClauseForm(forms.Form):
    """A clause as it should be read."""

    title = forms.CharField(label=_("任务名称"), max_length=200)
    lead = UnitsField(label=_("牵头单位"), help_text=_("多个单位用顿号分开"))
    joint = UnitsField(label=_("配合单位"))
    local = UnitsField(label=_("属地单位"), help_text=_("如“各乡镇政府”"))


class TargetForm(forms.Form):
    """One target of a clause."""

    indicator = forms.CharField(label=_("指标"), max_length=200)
    operator = forms.ChoiceField(label=_("要求"), choices=OPERATORS)
    value = forms.CharField(label=_("数值"), required=False, max_length=20, help_text=_("没有数字的目标留空"))
    unit = forms.CharField(label=_("单位"), required=False, max_length=30)
    due = DayField(label=_("完成时限"), required=False)

    def has_changed(self) -> bool:
        """A row in which nothing was typed is none, whatever its list of choices sends."""
        typed = [self.data.get(self.add_prefix(name)) for name in ("indicator", "value", "unit", "due")]
        return super().has_changed() and (any(typed) or not self.empty_permitted)

    def clean_value(self) -> str | None:
        """A number, or None for a target without one."""
        value: str = self.cleaned_data["value"].strip()
        if value and number(value) is None:
            raise forms.ValidationError(_("请填写数字。"))
        return value or None

    @property
    def content(self) -> dict[str, Any]:
        """The target as it is kept."""
        given = self.cleaned_data
        return {**{name: given[name] for name in ("indicator", "operator", "value", "unit")},
                "due": given["due"].isoformat() if given["due"] else None}  # fmt: skip


Targets = forms.formset_factory(TargetForm, extra=1, can_delete=True, max_num=30, validate_max=True)


class LinkForm(forms.Form):
    """Which upper clauses a clause implements, and how."""

    upper = forms.MultipleChoiceField(label=_("对应的上级条款"), required=False,
                                      widget=forms.SelectMultiple(attrs={"size": 12}))  # fmt: skip
    relation = forms.ChoiceField(label=_("关系"), choices=relation_choices)
    note = forms.CharField(label=_("说明"), required=False, max_length=500)

    def __init__(self, *arguments: Any, clauses: list[dict[str, Any]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["upper"].choices = [(one["id"], f"{one['id']} {one['title']}") for one in clauses]  # type: ignore[attr-defined]


class MakeTasksForm(forms.Form):
    """Which clauses become tasks, for which year."""

    clause = forms.MultipleChoiceField(label=_("条款"), widget=forms.CheckboxSelectMultiple)
    year = forms.IntegerField(label=_("年度"), min_value=2000, max_value=2100, initial=lambda: today().year)

    def __init__(self, *arguments: Any, clauses: list[str], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["clause"].choices = [(one, one) for one in clauses]  # type: ignore[attr-defined]
