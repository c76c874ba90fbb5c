"""What people fill in: filters of lists, a move with its reason, a piece of evidence."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xianjie.dictionary import dictionary
from xianjie.web.accounts.scope import Scope
from xianjie.web.cases.models import Clue
from xianjie.web.cases.registering import MOST_RISKS
from xianjie.web.cases.rules import clue_rules
from xianjie.web.flows.definition import Action, Evidence, load_flows
from xianjie.web.regions.selectors import on_day
from xianjie.web.words import label

ANY = ("", _("全部"))
PAPER_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".pdf": "application/pdf"}
PAPER_BYTES = 15 * 1024 * 1024


def places(scope: Scope, permission: str) -> list[tuple[str, Any]]:
    """The townships and villages of a scope, for a filter."""
    found = [
        (region.region_code, region.name)
        for region in on_day().filter(level__in=("township", "village"))
        if scope.allows(permission, region.region_code)
    ]
    return [ANY, *found]


def words_of(codes: str) -> list[tuple[str, Any]]:
    """The values of a code list, with "all" first."""
    return [ANY, *((value, label(words)) for value, words in dictionary().codes[codes].values.items())]


class ClueFilter(forms.Form):
    """Filters of the list of clues."""

    state = forms.ChoiceField(label=_("状态"), required=False, choices=[
        (Clue.OPEN, _("待研判")), (Clue.DISPATCHED, _("已派发")), (Clue.DISMISSED, _("已排除"))])  # fmt: skip
    place = forms.ChoiceField(label=_("地区"), required=False)
    origin = forms.ChoiceField(label=_("来源"), required=False)
    code = forms.ChoiceField(label=_("来由"), required=False)
    score = forms.IntegerField(label=_("最低分值"), required=False, min_value=0)
    urgent = forms.BooleanField(label=_("只看突发"), required=False)
    came_back = forms.BooleanField(label=_("只看加重再现"), required=False)

    def __init__(self, *arguments: Any, scope: Scope, codes: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["place"].choices = places(scope, "cases.view")  # type: ignore[attr-defined]
        origins = [(name, label(words)) for name, words in clue_rules()["origins"].items()]
        self.fields["origin"].choices = [ANY, *origins]  # type: ignore[attr-defined]
        self.fields["code"].choices = [ANY, *codes]  # type: ignore[attr-defined]


class CaseFilter(forms.Form):
    """Filters of the list of cases."""

    place = forms.ChoiceField(label=_("地区"), required=False)
    phase = forms.ChoiceField(label=_("阶段"), required=False)
    step = forms.ChoiceField(label=_("环节"), required=False)
    kind = forms.ChoiceField(label=_("对象类别"), required=False)
    late = forms.BooleanField(label=_("只看超期"), required=False)
    mine = forms.BooleanField(label=_("只看待我办理"), required=False)
    back = forms.BooleanField(label=_("只看退回"), required=False)
    news = forms.BooleanField(label=_("只看有新情况"), required=False)
    over = forms.BooleanField(label=_("含已办结"), required=False)

    def __init__(self, *arguments: Any, scope: Scope, **options: Any) -> None:
        super().__init__(*arguments, **options)
        flow = load_flows()["monitoring_case"][0]
        self.fields["place"].choices = places(scope, "cases.view")  # type: ignore[attr-defined]
        phases = [(name, label(words)) for name, words in flow.phases.items()]
        steps = [(name, label(step)) for name, step in flow.steps.items()]
        ends = [(name, label(end)) for name, end in flow.ends.items()]
        self.fields["phase"].choices = [ANY, *phases]  # type: ignore[attr-defined]
        self.fields["step"].choices = [ANY, *steps, *ends]  # type: ignore[attr-defined]
        self.fields["kind"].choices = words_of("monitored_kind")  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """One reason for many clues."""

    why = forms.CharField(label=_("理由"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class NewsForm(forms.Form):
    """What was done about something new of a case."""

    seen = forms.DateField(widget=forms.HiddenInput)
    text = forms.CharField(label=_("处理情况"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}),
                           help_text=_("例如：已入户核实，已纳入帮扶方案"))  # fmt: skip


class ClueForm(forms.Form):
    """A clue by a person."""

    origin = forms.ChoiceField(label=_("来源"))
    text = forms.CharField(label=_("线索情况"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4}),
                           help_text=_("是什么、何时发生、怎么知道的"))  # fmt: skip
    urgent = forms.BooleanField(label=_("突发事件（可走绿色通道）"), required=False)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        people = [(name, label(words)) for name, words in clue_rules()["origins"].items() if name != "data"]
        self.fields["origin"].choices = people  # type: ignore[attr-defined]


MANNERS = [("helped", _("帮扶消除")), ("natural", _("自然消除"))]


class MoveForm(forms.Form):
    """A move: its reason and what else its action asks for; `seen` tells on which state the user decided."""

    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *arguments: Any, action: Action, by_rule: str = "", **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.by_rule = by_rule
        if "kind" in action.needs:
            kinds = words_of("monitored_kind")[1:]
            told = _("按规则应为：%(kind)s；认定为其他类别须写明理由") % {
                "kind": dict(kinds).get(by_rule, _("数据不足，无法判定"))
            }
            self.fields["kind"] = forms.ChoiceField(
                label=_("对象类别"), choices=kinds, initial=by_rule or None, help_text=told, widget=forms.RadioSelect
            )
            self.fields["risks"] = forms.MultipleChoiceField(
                label=_("返贫致贫风险"), choices=words_of("risk")[1:], widget=forms.CheckboxSelectMultiple,
                help_text=_("最多五项；已按在册风险勾选"),
            )  # fmt: skip
        if "manner" in action.needs:
            self.fields["manner"] = forms.ChoiceField(label=_("消除方式"), choices=MANNERS)
        self.fields["reason"] = forms.CharField(
            label=_("理由") if "reason" in action.needs else _("说明"), max_length=2000,
            required="reason" in action.needs, widget=forms.Textarea(attrs={"rows": 4}),
        )  # fmt: skip

    def again(self, seen: int) -> MoveForm:
        """The same answers on the case as it is now."""
        posted: Any = self.data
        self.data = posted.copy()
        self.data["seen"] = str(seen)  # type: ignore[index]
        return self

    def clean_risks(self) -> list[str]:
        """No more risks than the record has places."""
        risks: list[str] = self.cleaned_data["risks"]
        if len(risks) > MOST_RISKS:
            raise forms.ValidationError(_("最多选择五项，请保留最主要的。"))
        return risks

    def clean(self) -> dict[str, Any]:
        """Who decides otherwise than the rule says why."""
        values = super().clean() or self.cleaned_data
        kind = values.get("kind")
        if self.by_rule and kind and kind != self.by_rule and not values.get("reason", "").strip():
            self.add_error("reason", _("认定类别与规则结果不同，请写明理由。"))
        return values

    @property
    def given(self) -> dict[str, str]:
        """What the action asked for besides the reason; the kind by rule with it, where another was decided."""
        values = self.cleaned_data
        given: dict[str, str] = {name: values[name] for name in ("kind", "manner") if name in values}
        if "risks" in values:
            given["risks"] = ";".join(values["risks"])
        if self.by_rule and given.get("kind", self.by_rule) != self.by_rule:
            given["by_rule"] = self.by_rule
        return given


def checked_paper(file: Any) -> Any:
    """The file when it is a picture or PDF by its name and its first bytes. Raises `ValidationError` otherwise."""
    ending = "." + file.name.rpartition(".")[2].lower()
    head = file.read(8)
    file.seek(0)
    good = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"%PDF": "application/pdf"}
    told = next((kind for sign, kind in good.items() if head.startswith(sign)), "")
    if PAPER_TYPES.get(ending) != told or not told:
        raise forms.ValidationError(_("只收照片（JPG、PNG）或 PDF；请重新拍照或另存后上传。"))
    if file.size > PAPER_BYTES:
        raise forms.ValidationError(_("文件超过 15 MB，请缩小后上传。"))
    return file


class EvidenceForm(forms.Form):
    """A piece of evidence, in the way its kind asks for."""

    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *arguments: Any, words: Evidence, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if words.kind == "people":
            self.fields["names"] = forms.CharField(
                label=label(words), help_text=_("多人用顿号、逗号或空格分开"), max_length=200
            )
        elif words.kind == "paper":
            hint = _("照片（JPG、PNG）或 PDF，不超过 15 MB")
            self.fields["file"] = forms.FileField(label=label(words), help_text=hint)
        elif words.kind == "check":
            self.fields["done"] = forms.BooleanField(label=label(words))
        if words.kind in ("check", "record"):
            self.fields["text"] = forms.CharField(
                label=_("情况记录") if words.kind == "record" else _("说明"), max_length=4000,
                required=words.kind == "record", widget=forms.Textarea(attrs={"rows": 4}),
            )  # fmt: skip

    def clean_file(self) -> Any:
        """Only pictures and PDF."""
        return checked_paper(self.cleaned_data["file"])

    @property
    def content(self) -> dict[str, Any]:
        """What is kept of the form besides a file."""
        kept: dict[str, Any] = {}
        if names := self.cleaned_data.get("names"):
            kept["names"] = names_in(names)
        if text := self.cleaned_data.get("text"):
            kept["text"] = text
        return kept


def names_in(text: str) -> list[str]:
    """The different names that somebody has typed in one box, in their order."""
    for sign in "、，,；;/":
        text = text.replace(sign, " ")
    return list(dict.fromkeys(text.split()))
