"""Forms of sign-in and of one's own account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


def day_input() -> forms.DateInput:
    """A day, as browsers want it whatever the language."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class LoginForm(forms.Form):
    """Name and password."""

    username = forms.CharField(
        label=_("账号"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        label=_("密码"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class CodeForm(forms.Form):
    """A code of six digits."""

    code = forms.RegexField(
        r"^\s*\d{6}\s*$",
        label=_("六位验证码"),
        error_messages={"invalid": _("请输入验证器应用上显示的六位数字。")},
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}),
    )


class ConfirmForm(forms.Form):
    """The password again, before something that weakens the account."""

    password = forms.CharField(
        label=_("当前密码"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, user: Any, *arguments: Any, **options: Any) -> None:
        self.user = user
        super().__init__(*arguments, **options)

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError(_("密码不正确。"))
        return password


class TokenForm(forms.Form):
    """A key for a department's own system."""

    name = forms.CharField(label=_("用途"), max_length=60, help_text=_("例如：医保局结算系统每日报送"))
    ends_on = forms.DateField(label=_("有效期至（不含当日）"), required=False, widget=day_input())
