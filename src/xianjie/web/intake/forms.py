"""Forms of this app."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from xianjie.messages import UserError
from xianjie.web.accounts.scope import Scope
from xianjie.web.intake import selectors
from xianjie.web.intake.calendar import MONTHS
from xianjie.web.intake.knobs import knobs
from xianjie.web.intake.layouts import of_department
from xianjie.web.intake.models import Delivery, Doubt
from xianjie.web.intake.services import check_size
from xianjie.web.regions.selectors import full_names, names
from xianjie.web.words import department_name, label

STATES: dict[str, tuple[Any, str]] = {
    Delivery.RECEIVED: (_("排队等待读取"), "info"),
    Delivery.READING: (_("正在读取"), "info"),
    Delivery.HELD: (_("待确认"), "warn"),
    Delivery.READY: (_("已读取，参加比对"), "good"),
    Delivery.FAILED: (_("读不出来"), "bad"),
    Delivery.CANCELLED: (_("已撤回"), "neutral"),
    Delivery.REPLACED: (_("已被替换"), "neutral"),
}
OUTCOME_WORDS: dict[str, tuple[Any, str]] = {
    "accepted": (_("采用"), "good"),
    "repaired": (_("修复后采用"), "info"),
    "review": (_("待核对"), "warn"),
    "unmatched": (_("底册查无此人"), "warn"),
    "rejected": (_("退回"), "bad"),
}
DOUBT_STATES: dict[str, tuple[Any, str]] = {
    Doubt.OPEN: (_("待核对"), "warn"),
    Doubt.PERSON: (_("已认定"), "good"),
    Doubt.NOBODY: (_("不在底册"), "good"),
    Doubt.PUT_OFF: (_("暂缓"), "neutral"),
    Doubt.GONE: (_("不再存疑"), "neutral"),
}
MODES = {
    Delivery.WHOLE: _("完整的一期（同一数据日期报过的，整份替换）"),
    Delivery.ADDITION: _("只含更正或补充的行（与已报的一起算）"),
}
WAYS = {Delivery.PAGE: _("网页"), Delivery.FOLDER: _("监视文件夹"), Delivery.API: _("接口")}
EVERY = {
    "month": _("每月"),
    "quarter": _("每季度"),
    "half": _("每半年"),
    "year": _("每年"),
    "event": _("有情况时"),
    "never": _("不要求"),
}
assert MONTHS.keys() < EVERY.keys()


def layout_choices(departments: set[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Layouts grouped by department, for those departments ("" means all)."""
    wanted = of_department("") if "" in departments else [one for name in departments for one in of_department(name)]
    groups: dict[str, list[tuple[str, str]]] = {}
    for one in sorted(wanted, key=lambda layout: (layout.department, layout.layout)):
        groups.setdefault(department_name(one.department), []).append((one.layout, label(one)))
    return list(groups.items())


def _date_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class DeliverForm(forms.Form):
    """Handing in a file."""

    county = forms.ChoiceField(label=_("县"))
    layout = forms.ChoiceField(label=_("报送内容"))
    day = forms.DateField(
        label=_("数据日期"), widget=_date_input(), help_text=_("数据截止到哪一天，例如十月份的数据填 10 月 31 日")
    )
    mode = forms.ChoiceField(
        label=_("这份文件是"), choices=list(MODES.items()), widget=forms.RadioSelect, initial=Delivery.WHOLE
    )
    file = forms.FileField(label=_("文件"), max_length=255, allow_empty_file=True)

    def __init__(self, scope: Scope, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        held = selectors.counties(scope, "intake.deliver")
        known = names(set(held))
        county, file, layout = self.fields["county"], self.fields["file"], self.fields["layout"]
        assert isinstance(county, forms.ChoiceField) and isinstance(layout, forms.ChoiceField)
        county.choices = [(code, known.get(code, code)) for code in held]
        if len(held) == 1:
            county.widget, county.initial = forms.HiddenInput(), held[0]
        layout.choices = [("", _("请选择")), *layout_choices(selectors.departments(scope, "intake.deliver"))]
        limit = settings.UPLOAD_LIMIT_BYTES // 1_048_576
        file.help_text = _("可用 %(endings)s，不超过 %(limit)s MB；带宏、加密码的文件请先另存为 xlsx") % {
            "endings": "、".join(ending.lstrip(".") for ending in knobs().endings),
            "limit": limit,
        }
        file.widget.attrs["accept"] = ",".join(knobs().endings)

    def clean_file(self) -> Any:
        """The file, if it is not too big."""
        file = self.cleaned_data["file"]
        try:
            check_size(file.size)
        except UserError as error:
            raise forms.ValidationError(str(error)) from error
        return file


class DeliveriesFilter(forms.Form):
    """Which deliveries a list shows."""

    layout = forms.ChoiceField(label=_("报送内容"), required=False)
    state = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[("", _("全部")), *((name, word) for name, (word, _tone) in STATES.items())],
    )
    since = forms.DateField(label=_("数据日期从"), required=False, widget=_date_input())
    until = forms.DateField(label=_("到"), required=False, widget=_date_input())

    def __init__(self, scope: Scope, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        layout = self.fields["layout"]
        assert isinstance(layout, forms.ChoiceField)
        layout.choices = [("", _("全部")), *layout_choices(selectors.departments(scope, "intake.view"))]


class RowsFilter(forms.Form):
    """Which rows of a delivery a page shows."""

    outcome = forms.ChoiceField(
        label=_("结果"),
        required=False,
        choices=[("", _("全部")), *((name, word) for name, (word, _tone) in OUTCOME_WORDS.items())],
    )
    kind = forms.ChoiceField(label=_("说明"), required=False)

    def __init__(self, delivery: Delivery, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        kind, chosen = self.fields["kind"], self.data.get("outcome", "")
        assert isinstance(kind, forms.ChoiceField)
        counted: dict[str, int] = {}
        for one in delivery.reasons:
            if not chosen or one["outcome"] == chosen:
                counted[one["kind"]] = counted.get(one["kind"], 0) + one["rows"]
        listed = [(text, f"{text[:60]}（{rows:,}）") for text, rows in counted.items()]
        kind.choices = [("", _("全部")), *listed]


class DoubtsFilter(forms.Form):
    """Which doubts a list shows, and in which the queue goes on."""

    layout = forms.ChoiceField(label=_("报送内容"), required=False)
    village = forms.ChoiceField(label=_("村"), required=False)
    state = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[("", _("待核对")), *((name, word) for name, (word, _t) in DOUBT_STATES.items() if name != Doubt.OPEN)],
    )

    def __init__(self, scope: Scope, villages: list[str], *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        layout, village = self.fields["layout"], self.fields["village"]
        assert isinstance(layout, forms.ChoiceField) and isinstance(village, forms.ChoiceField)
        layout.choices = [("", _("全部")), *layout_choices(selectors.departments(scope, "intake.review"))]
        known = full_names(set(villages))
        village.choices = [("", _("全部")), *((code, known[code]) for code in sorted(villages))]


class ReasonForm(forms.Form):
    """Why something is done."""

    why = forms.CharField(label=_("原因"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))


class DueForm(forms.Form):
    """What a county asks of a layout."""

    every = forms.ChoiceField(label=_("多久报一次"), choices=list(EVERY.items()))
    within_days = forms.IntegerField(
        label=_("期满后几天内报送"),
        min_value=0,
        max_value=180,
        help_text=_("例如填 10：九月份的数据 10 月 10 日前报送"),
    )


class ScheduleForm(forms.Form):
    """When the watched folders are looked into by themselves."""

    enabled = forms.BooleanField(label=_("每天自动检查"), required=False)
    at = forms.TimeField(label=_("时间"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
