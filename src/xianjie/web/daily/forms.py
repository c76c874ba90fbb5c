"""Forms of this app."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xianjie.dictionary import dictionary
from xianjie.web.accounts.scope import Scope
from xianjie.web.daily.kinds import department_label, group_label, kinds, warning_rules
from xianjie.web.regions.selectors import on_day

CHANGE_WORDS = {"new": _("新增"), "gone": _("消失"), "still": _("仍在")}
WARNING_STATES = {
    "": _("待反馈"),
    "overdue": _("逾期未反馈"),
    "returned": _("反馈不实、再次出现"),
    "answered": _("已反馈"),
    "closed": _("已消失"),
}


def places(scope: Scope, permission: str) -> list[tuple[str, str]]:
    """The townships of a user's areas for a choice; the villages of one township, or those held. One query."""
    chosen = on_day().none()
    for low, high in scope.areas(permission):
        chosen = chosen | on_day().filter(region_code__gte=low, region_code__lt=high)
    listed = list(chosen.filter(level__in=("township", "village")))
    towns = [(one.region_code, one.name) for one in listed if one.level == "township"]
    villages = [(one.region_code, one.name) for one in listed if one.level == "village"]
    return towns if len(towns) > 1 else towns + villages


class ChangesFilter(forms.Form):
    """What a list of changes is narrowed to."""

    change = forms.ChoiceField(label=_("变化"), required=False, choices=[("", _("全部")), *CHANGE_WORDS.items()])
    finding = forms.ChoiceField(label=_("发现"), required=False)
    region = forms.ChoiceField(label=_("乡镇"), required=False)

    def __init__(self, scope: Scope, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["finding"].choices = [("", _("全部")), *kind_choices()]  # type: ignore[attr-defined]
        self.fields["region"].choices = [("", _("全部")), *places(scope, "daily.view")]  # type: ignore[attr-defined]


def kind_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """The kinds of finding under their groups."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for kind in kinds().values():
        groups.setdefault(kind.group, []).append((kind.code, kind.label))
    return [(group_label(group), listed) for group, listed in groups.items()]


class FindingsFilter(forms.Form):
    """What the list of findings is narrowed to."""

    finding = forms.ChoiceField(label=_("发现"), required=False)
    region = forms.ChoiceField(label=_("地区"), required=False)
    monitored = forms.ChoiceField(
        label=_("是否监测"), required=False, choices=[("", _("全部")), ("no", _("未监测")), ("yes", _("监测中"))]
    )

    def __init__(self, scope: Scope, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["finding"].choices = [("", _("全部")), *kind_choices()]  # type: ignore[attr-defined]
        self.fields["region"].choices = [("", _("全部")), *places(scope, "registry.view")]  # type: ignore[attr-defined]


class WarningsFilter(forms.Form):
    """What the list of warnings is narrowed to."""

    state = forms.ChoiceField(label=_("状态"), required=False, choices=[*WARNING_STATES.items()])
    department = forms.ChoiceField(label=_("部门"), required=False)
    finding = forms.ChoiceField(label=_("发现"), required=False)
    region = forms.ChoiceField(label=_("地区"), required=False)

    def __init__(self, scope: Scope, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        held = {one.department for one in scope.holding("warnings.view")}
        codes = sorted(dictionary().departments) if "" in held else sorted(held)
        self.fields["department"].choices = [("", _("全部")), *((code, department_label(code)) for code in codes)]  # type: ignore[attr-defined]
        listed = {group for group in warning_rules().due}
        named = [
            (label, some) for label, some in kind_choices() if any(kinds()[code].group in listed for code, _l in some)
        ]
        self.fields["finding"].choices = [("", _("全部")), *named]  # type: ignore[attr-defined]
        self.fields["region"].choices = [("", _("全部")), *places(scope, "warnings.view")]  # type: ignore[attr-defined]


class AnswerForm(forms.Form):
    """An answer to one or several warnings."""

    answer = forms.ChoiceField(label=_("反馈结果"), widget=forms.RadioSelect)
    department = forms.ChoiceField(label=_("转给哪个部门"), required=False, help_text=_("只在“应由其他部门办理”时填写"))
    note = forms.CharField(label=_("说明"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        answers = warning_rules().answers
        self.fields["answer"].choices = [(code, f"{one.label}（{one.hint}）") for code, one in answers.items()]  # type: ignore[attr-defined]
        departments = [(code, department_label(code)) for code in dictionary().departments]
        self.fields["department"].choices = [("", "—"), *departments]  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """Why somebody looks at, or takes out, what they do not see without asking."""

    reason = forms.CharField(label=_("用途"), max_length=200, help_text=_("将记入审计记录"))
