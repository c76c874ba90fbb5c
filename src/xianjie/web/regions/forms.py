"""Forms of the region tree."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xianjie.web.accounts.forms import day_input
from xianjie.web.clock import today
from xianjie.web.sheets import ENDINGS

CODE = {"inputmode": "numeric", "maxlength": 12}


class Change(forms.Form):
    """What every change says: from which day, and why."""

    on = forms.DateField(label=_("自哪一天起"), widget=day_input())
    why = forms.CharField(label=_("依据"), max_length=300, help_text=_("批文名称和文号，写入审计记录。"))

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["on"].initial = today()
        self.order_fields([name for name in self.fields if name not in ("on", "why")] + ["on", "why"])


class AddForm(Change):
    """A new region."""

    code = forms.CharField(label=_("区划代码（12 位）"), max_length=12, widget=forms.TextInput(attrs=CODE))
    name = forms.CharField(label=_("名称"), max_length=100)


class RenameForm(Change):
    """Another name."""

    name = forms.CharField(label=_("新名称"), max_length=100)


class RenumberForm(Change):
    """Another code, and perhaps another name."""

    new_code = forms.CharField(
        label=_("新代码（12 位）"),
        max_length=12,
        widget=forms.TextInput(attrs=CODE),
        help_text=_("划归另一个乡镇时，前九位是新乡镇的代码。下级区划一并换号。"),
    )
    name = forms.CharField(label=_("新名称（不变可不填）"), max_length=100, required=False)


class MergeForm(Change):
    """Into which village."""

    into = forms.CharField(
        label=_("并入的村（12 位代码）"),
        max_length=12,
        widget=forms.TextInput(attrs=CODE),
        help_text=_("可以是现有的村，也可以是新代码。"),
    )
    others = forms.CharField(
        label=_("一同并入的其他村（代码，空格或换行分开）"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    name = forms.CharField(label=_("合并后村名（不变可不填）"), max_length=100, required=False)


class SplitForm(Change):
    """One new village and the households that go there."""

    new_code = forms.CharField(label=_("新村代码（12 位）"), max_length=12, widget=forms.TextInput(attrs=CODE))
    name = forms.CharField(label=_("新村名称"), max_length=100)
    households = forms.CharField(
        label=_("划入新村的户编号"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("每行一个，可从名单中整列粘贴；没有列出的户留在原村。"),
    )


class EndForm(Change):
    """Given up."""


class TableForm(forms.Form):
    """A table of regions."""

    file = forms.FileField(
        label=_("区划表"),
        help_text=_("xlsx、xls 或 csv；至少有区划代码和名称两列，可有级别、上级代码、启用日期、停用日期、变更后代码。"),
        widget=forms.FileInput(attrs={"accept": ",".join(ENDINGS)}),
    )
    on = forms.DateField(label=_("改名自哪一天起（表中没写时）"), widget=day_input())
    why = forms.CharField(label=_("依据"), max_length=300)
