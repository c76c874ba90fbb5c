"""The page of the comparison: who is compared, each hit with its explanation, supporters who were not known."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianjie.messages import UserError
from xianjie.web.accounts.access import needs
from xianjie.web.cases import selectors
from xianjie.web.cases.comparing import Answer, Comparison, Hit, NewSupporter, comparison_of, hit_words, save_comparison
from xianjie.web.cases.forms import words_of
from xianjie.web.cases.models import Case
from xianjie.web.cases.services import is_mine
from xianjie.web.cases.work import work_panel
from xianjie.web.flows.definition import flow_by_key
from xianjie.web.registry.identity import is_identity_number
from xianjie.web.words import code_label

FORM = "comparison"
JUDGED = [("", gettext_lazy("待说明")), ("true", gettext_lazy("说明成立")), ("false", gettext_lazy("说明不成立"))]


class HitForm(forms.Form):
    """What the family says of one hit, and whether it is accepted."""

    accepted = forms.ChoiceField(label=gettext_lazy("结论"), choices=JUDGED, required=False)
    text = forms.CharField(
        label=gettext_lazy("农户说明和核实情况"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, data: Any, *, hit: Hit, prefix: str) -> None:
        self.hit = hit
        explained = {None: "", True: "true", False: "false"}[hit.explained]
        initial = {"accepted": explained, "text": hit.row.get("explanation") or ""}
        super().__init__(data, initial=initial, prefix=prefix)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("accepted") and not values.get("text", "").strip():
            self.add_error("text", _("请写明农户怎么说、怎么核实的。"))
        return values


class SupporterForm(forms.Form):
    """A supporter who lives elsewhere."""

    name = forms.CharField(label=gettext_lazy("姓名"), required=False, max_length=100)
    relation = forms.ChoiceField(label=gettext_lazy("与户主关系"), required=False)
    id_no = forms.CharField(
        label=gettext_lazy("身份证号"), required=False, max_length=18, help_text=gettext_lazy("填写后可与部门数据比对")
    )
    said = forms.CharField(label=gettext_lazy("核对情况"), required=False, max_length=500)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["relation"].choices = [("", "—"), *words_of("relation")[1:]]  # type: ignore[attr-defined]

    def clean_id_no(self) -> str:
        """A number whose check digit is right."""
        number: str = self.cleaned_data["id_no"].strip().upper()
        if number and not is_identity_number(number):
            raise forms.ValidationError(_("身份证号校验不通过，请核对。"))
        return number

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if (values.get("id_no") or values.get("said") or values.get("relation")) and not values.get("name"):
            self.add_error("name", _("请填写姓名。"))
        if values.get("name") and not values.get("id_no") and not values.get("said"):
            self.add_error("said", _("没有身份证号的，请写明核对情况。"))
        return values


Supporters = forms.formset_factory(SupporterForm, extra=2, max_num=10)


class ComparisonForm(forms.Form):
    """What was compared besides the data that are here."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    text = forms.CharField(
        label=gettext_lazy("其他核对情况"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("没有数据的类别，写明通过什么途径核对、结果如何"),
    )  # fmt: skip


@needs("cases.act")
def compare(request: Any, pk: int) -> HttpResponse:
    """Explain the hits and hand the comparison in; what is typed stays when something is wrong."""
    found = selectors.case_in_scope(request.scope, pk)
    step = flow_by_key(found.flow).steps.get(found.at)
    if step is None or step.form != FORM:
        messages.warning(request, _("案件已不在该环节，请查看最新情况。"))
        return redirect("cases:case", pk=pk)
    if not is_mine(request.scope, found):
        raise Http404
    known = comparison_of(found)
    data = request.POST or None
    form = ComparisonForm(data, initial={"seen": found.revision})
    hits = [HitForm(data, hit=hit, prefix=f"hit-{hit.key}") for hit in known.hits]
    supporters: Any = Supporters(data, prefix="supporter")
    if data and form.is_valid() and supporters.is_valid() and all([one.is_valid() for one in hits]):
        try:
            return _saved(request, found, form, hits, supporters)
        except UserError as error:
            form.add_error(None, str(error))
    context = {
        "page_title": _("信息比对"), "page_subtitle": found.household.head_name, "case": found, "form": form,
        "known": known, "hits": [(one, hit_words(one.hit)) for one in hits], "supporters": supporters,
        "lacking": lacking_words(known),
    }  # fmt: skip
    return render(request, "cases/comparison.html", context)


def _saved(request: Any, found: Case, form: Any, hits: list[HitForm], supporters: Any) -> HttpResponse:
    answers = [
        Answer(one.hit.key, one.cleaned_data["text"], one.cleaned_data["accepted"] == "true")
        for one in hits
        if one.cleaned_data["accepted"]
        and (one.has_changed() or one.hit.explained is None)
    ]  # fmt: skip
    added = [NewSupporter(**one.cleaned_data) for one in supporters if one.cleaned_data.get("name")]
    given = form.cleaned_data
    save_comparison(request.scope, found.pk, answers, added, given["text"], seen=given["seen"])
    if any(hit.explained is None for hit in comparison_of(found).hits):
        messages.info(request, _("已保存，还有未说明的命中。"))
        return redirect("cases:compare", pk=found.pk)
    messages.success(request, _("比对情况已保存。"))
    return redirect("cases:case", pk=found.pk)


def lacking_words(known: Comparison) -> str:
    """The kinds of asset of which there are no data, in words."""
    return "、".join(code_label("asset_kind", kind) for kind in known.lacking)


def _panel(request: Any, found: Case) -> dict[str, Any] | None:
    if not is_mine(request.scope, found):
        return None
    known = comparison_of(found)
    left = sum(hit.explained is None for hit in known.hits)
    return {"known": known, "left": left}


work_panel("compare", "cases/comparison_panel.html", _panel)
