"""What the village fills in: a review's record, an objection and its answer, how a result was told."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from xianjie.web.cases.deliberation import review_rules
from xianjie.web.cases.forms import names_in
from xianjie.web.clock import today
from xianjie.web.dictionary_forms import DayField


def _count(label: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=0, max_value=9999, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )


class PastDay(DayField):
    """A day that has come."""

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and value > today():
            raise forms.ValidationError(_("日期不能晚于今天。"))


class ReviewForm(forms.Form):
    """The record of a village review: who was there, how they voted."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    held_on = PastDay(label=gettext_lazy("评议日期"))
    names = forms.CharField(label=gettext_lazy("主持人和记录人"), max_length=200, help_text=gettext_lazy("用顿号分开"))
    members = _count(gettext_lazy("应到人数"))
    present = _count(gettext_lazy("实到人数"))
    in_favour = _count(gettext_lazy("同意"))
    against = _count(gettext_lazy("不同意"))
    text = forms.CharField(
        label=gettext_lazy("评议意见"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def clean(self) -> dict[str, Any]:
        """The numbers fit each other."""
        values = super().clean() or self.cleaned_data
        members, present, in_favour, against = (
            values.get(name) for name in ("members", "present", "in_favour", "against")
        )
        if members is not None and present is not None and present > members:
            self.add_error("present", _("实到人数不能多于应到人数。"))
        if None not in (present, in_favour, against) and in_favour + against > present:  # type: ignore[operator]
            self.add_error("against", _("同意与不同意合计不能多于实到人数。"))
        return values

    @property
    def content(self) -> dict[str, Any]:
        """The record as the case keeps it."""
        values = self.cleaned_data
        told = _("应到%(members)d人，实到%(present)d人，同意%(in_favour)d人，不同意%(against)d人") % values
        return {
            "names": names_in(values["names"]), "members": values["members"], "present": values["present"],
            "for": values["in_favour"], "against": values["against"], "held_on": values["held_on"].isoformat(),
            "text": "；".join(part for part in (told, values["text"]) if part),
        }  # fmt: skip


class ToldForm(forms.Form):
    """How the household was told: who, when, by which way."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    told_on = PastDay(label=gettext_lazy("告知日期"))
    to = forms.CharField(label=gettext_lazy("告知对象（家庭成员姓名）"), max_length=80)
    by = forms.CharField(label=gettext_lazy("告知人"), max_length=80)
    how = forms.ChoiceField(label=gettext_lazy("告知方式"), widget=forms.RadioSelect)
    text = forms.CharField(
        label=gettext_lazy("农户意见"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        word = "en" if get_language() == "en" else "zh"
        ways = [(name, words[word]) for name, words in review_rules()["told_by"].items()]
        self.fields["how"].choices = ways  # type: ignore[attr-defined]

    @property
    def content(self) -> dict[str, Any]:
        """The telling as the case keeps it."""
        values = self.cleaned_data
        told = _("%(day)s 由%(by)s向%(to)s%(how)s") % {
            "day": values["told_on"], "by": values["by"], "to": values["to"],
            "how": review_rules()["told_by"][values["how"]]["zh"],
        }  # fmt: skip
        return {
            "told_on": values["told_on"].isoformat(), "to": values["to"], "by": values["by"], "how": values["how"],
            "text": "；".join(part for part in (told, values["text"]) if part),
        }  # fmt: skip


class ObjectionForm(forms.Form):
    """An objection to a notice."""

    raised_by = forms.CharField(label=gettext_lazy("异议人"), max_length=80)
    text = forms.CharField(label=gettext_lazy("异议内容"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


class AnswerForm(forms.Form):
    """The answer to an objection."""

    text = forms.CharField(
        label=gettext_lazy("核查和答复情况"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
