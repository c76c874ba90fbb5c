"""Forms of the administration of accounts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xianjie.dictionary import dictionary
from xianjie.messages import UserError
from xianjie.web.accounts.forms import day_input
from xianjie.web.accounts.roles import all_roles
from xianjie.web.accounts.scope import Scope
from xianjie.web.accounts.selectors import MANAGE
from xianjie.web.regions.selectors import resolve, suggestions
from xianjie.web.sheets import ENDINGS
from xianjie.web.words import label


def role_choices(first: Any = "") -> list[tuple[str, Any]]:
    """The roles, after a choice for none."""
    return [("", first), *((name, label(role)) for name, role in all_roles().roles.items())]


def department_choices(first: Any = "") -> list[tuple[str, Any]]:
    """The departments, after a choice for none."""
    return [("", first), *((name, label(one)) for name, one in dictionary().departments.items())]


class ListInput(forms.TextInput):
    """A line of text with a list of suggestions, which browsers offer without script."""

    template_name = "accounts/list_input.html"

    def __init__(self, suggested: list[str], attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.suggested = suggested

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        content = super().get_context(name, value, attrs)
        content["suggested"] = self.suggested
        content["widget"]["attrs"]["list"] = f"{content['widget']['attrs'].get('id', name)}_list"
        return content


class PlaceField(forms.CharField):
    """A region of the administrator's area by code or name; cleans to its code."""

    def __init__(self, scope: Scope, **options: Any) -> None:
        self.areas = scope.areas(MANAGE)
        options["widget"] = ListInput(suggestions(self.areas), {"autocomplete": "off"})
        super().__init__(max_length=200, **options)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        try:
            return resolve(text, self.areas) if text else ""
        except UserError as error:
            raise forms.ValidationError(str(error)) from error


class FilterForm(forms.Form):
    """What the list of accounts may be narrowed by."""

    q = forms.CharField(label=_("账号或姓名"), required=False)
    role = forms.ChoiceField(label=_("角色"), required=False, choices=lambda: role_choices(_("全部")))
    department = forms.ChoiceField(label=_("部门"), required=False, choices=lambda: department_choices(_("全部")))
    state = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[("", _("全部")), ("open", _("启用")), ("closed", _("停用")), ("without", _("未授权"))],
    )


class UserForm(forms.Form):
    """An account's name, place and phone."""

    display_name = forms.CharField(label=_("姓名"), max_length=40)
    phone = forms.RegexField(
        r"^\d{11}$",
        label=_("手机号"),
        required=False,
        error_messages={"invalid": _("请填 11 位手机号。")},
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )

    def __init__(self, scope: Scope, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["place"] = PlaceField(scope, label=_("所属区划"), help_text=_("乡镇名加村名，或 12 位区划代码。"))


class GrantForm(forms.Form):
    """A role on a region."""

    role = forms.ChoiceField(label=_("角色"), choices=lambda: role_choices(_("请选择")))
    department = forms.ChoiceField(
        label=_("部门（行业部门经办填）"), required=False, choices=lambda: department_choices("")
    )
    begins_on = forms.DateField(label=_("自（不填即刻）"), required=False, widget=day_input())
    ends_on = forms.DateField(label=_("至（不含当日，不填长期）"), required=False, widget=day_input())

    def __init__(self, scope: Scope, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["area"] = PlaceField(scope, label=_("范围"), help_text=_("乡镇名加村名，或 12 位区划代码。"))
        self.order_fields(["role", "area", "department", "begins_on", "ends_on"])


class NewUserForm(UserForm):
    """A new account, and its first role on the place where it belongs."""

    username = forms.CharField(
        label=_("账号"), max_length=40, help_text=_("2 至 40 位小写字母、数字、点、横线或下划线，以字母或数字开头。")
    )
    role = forms.ChoiceField(
        label=_("角色（可以以后再授）"), required=False, choices=lambda: role_choices(_("暂不授权"))
    )
    department = forms.ChoiceField(
        label=_("部门（行业部门经办填）"), required=False, choices=lambda: department_choices("")
    )

    def __init__(self, scope: Scope, *arguments: Any, **options: Any) -> None:
        super().__init__(scope, *arguments, **options)
        self.order_fields(["username", "display_name", "phone", "place", "role", "department"])

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).strip().lower()


class WhyForm(forms.Form):
    """The reason of what is about to be done."""

    why = forms.CharField(label=_("原因"), max_length=300)


class UploadForm(forms.Form):
    """A table of accounts."""

    file = forms.FileField(label=_("账号表"), widget=forms.FileInput(attrs={"accept": ",".join(ENDINGS)}))
