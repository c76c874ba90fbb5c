"""What the audit trail is searched by."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xianjie.messages import UserError
from xianjie.web.accounts.forms import day_input
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.selectors import SEARCH, known_verbs
from xianjie.web.regions.models import area_of
from xianjie.web.regions.selectors import resolve


class SearchForm(forms.Form):
    """Who, what, about what, where, when, why."""

    actor = forms.CharField(label=_("操作账号"), required=False)
    verb = forms.ChoiceField(label=_("操作"), required=False, choices=lambda: [("", _("全部")), *known_verbs()])
    subject = forms.CharField(label=_("户、人员、账号或任务编号"), required=False)
    place = forms.CharField(label=_("地点"), required=False)
    since = forms.DateField(label=_("自"), required=False, widget=day_input())
    until = forms.DateField(label=_("至（含）"), required=False, widget=day_input())
    why = forms.CharField(label=_("原因含有"), required=False)

    def __init__(self, scope: Scope, *arguments: Any, **options: Any) -> None:
        self.scope = scope
        super().__init__(*arguments, **options)

    def clean_place(self) -> tuple[str, str] | None:
        text = self.cleaned_data["place"]
        if not text:
            return None
        try:
            return area_of(resolve(text, self.scope.areas(SEARCH)))
        except UserError as error:
            raise forms.ValidationError(str(error)) from error
