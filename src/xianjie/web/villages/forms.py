"""What people fill in: a village's rules, a deed, a meeting, votes, an appeal, a feast, a year's safety."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xianjie.web.accounts.scope import Scope
from xianjie.web.cases.forms import ANY, checked_paper, places
from xianjie.web.clock import today
from xianjie.web.dictionary_forms import DayField
from xianjie.web.villages.models import Entry
from xianjie.web.villages.rules import civility
from xianjie.web.villages.services import Sat
from xianjie.web.words import label

STATES = {
    Entry.PROPOSED: _("待评议"), Entry.STANDING: _("已确认"), Entry.REFUSED: _("未通过"), Entry.CLEARED: _("已消除"),
    Entry.WITHDRAWN: _("已撤销"),
}  # fmt: skip
TALL = {"rows": 4}
FAIL = _("第 %(line)d 行看不懂：每行写“编号 榜别 次数 内容”，用空格分开，如“R1 红榜 1 主动清扫公共区域一天”。")


def lists() -> list[tuple[str, str]]:
    """The lists and their names."""
    return [(name, label(words)) for name, words in civility()["lists"].items()]


class RulesForm(forms.Form):
    """A draft of the village's rules, a rule a line."""

    rules = forms.CharField(
        label=_("细则"), widget=forms.Textarea(attrs={"rows": 12}),
        help_text=_("每行一条：编号 榜别 次数 内容，用空格分开，如“R1 红榜 1 主动清扫公共区域一天”"),
    )  # fmt: skip
    red = forms.IntegerField(label=_("文明家庭：全年红榜至少"), min_value=0, max_value=1000)
    yellow = forms.IntegerField(label=_("未消除的黄榜至多"), min_value=0, max_value=1000)
    black = forms.IntegerField(label=_("黑榜至多"), min_value=0, max_value=1000)
    tables = forms.IntegerField(label=_("宴席桌数上限"), min_value=0, max_value=1000, required=False)
    gift = forms.IntegerField(label=_("礼金上限（元）"), min_value=0, max_value=1_000_000, required=False)

    def clean_rules(self) -> list[dict[str, Any]]:
        """Rows {code, list, count, text}; the first line that cannot be read is named."""
        codes = {label(words): name for name, words in civility()["lists"].items()}
        codes |= {words["zh"]: name for name, words in civility()["lists"].items()}
        rows = []
        for number, line in enumerate(self.cleaned_data["rules"].splitlines(), start=1):
            if not line.strip():
                continue
            parts = line.split(maxsplit=3)
            if len(parts) < 4 or parts[1] not in codes or not parts[2].isdecimal() or not 0 < int(parts[2]) < 100:
                raise forms.ValidationError(FAIL, params={"line": number})
            rows.append(
                {"code": parts[0][:20], "list": codes[parts[1]], "count": int(parts[2]), "text": parts[3].strip()}
            )
        return rows

    @property
    def honour(self) -> dict[str, int]:
        return {name: self.cleaned_data[name] for name in ("red", "yellow", "black")}

    @property
    def limits(self) -> dict[str, int]:
        """Limits that were given; the gift in fen."""
        given = self.cleaned_data
        limits = {"tables": given["tables"], "gift": None if given["gift"] is None else given["gift"] * 100}
        return {name: value for name, value in limits.items() if value is not None}


def as_lines(rules: list[dict[str, Any]]) -> str:
    """Rules as `RulesForm` takes them."""
    names = dict(lists())
    return "\n".join(f"{row['code']} {names[row['list']]} {row['count']} {row['text']}" for row in rules)


class MeetingForm(forms.Form):
    """Who sat in a meeting of villagers' representatives."""

    held_on = DayField(label=_("会议日期"), initial=today)
    chair = forms.CharField(label=_("主持人"), max_length=80)
    members = forms.IntegerField(label=_("应到人数"), min_value=1, max_value=10_000)
    present = forms.IntegerField(label=_("实到人数"), min_value=0, max_value=10_000)
    minutes = forms.CharField(label=_("会议记录"), required=False, max_length=4000, widget=forms.Textarea(attrs=TALL))

    @property
    def sat(self) -> Sat:
        given = self.cleaned_data
        return Sat(
            given["held_on"], given["chair"].strip(), given["members"], given["present"], given["minutes"].strip()
        )


class VoteForm(MeetingForm):
    """The vote on a draft."""

    in_favour = forms.IntegerField(label=_("赞成"), min_value=0, max_value=10_000)
    against = forms.IntegerField(label=_("反对"), min_value=0, max_value=10_000, initial=0)


class QuarterForm(MeetingForm):
    """The quarter's meeting: for each waiting entry the votes, both left empty where it was not reached."""

    def __init__(self, *arguments: Any, entries: list[Entry], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.entries = entries
        for one in entries:
            for name, words in (("for", _("赞成")), ("against", _("反对"))):
                self.fields[f"{name}_{one.pk}"] = forms.IntegerField(
                    label=words, min_value=0, max_value=10_000, required=False
                )

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The waiting entries with their two boxes."""
        return [
            {"entry": one, "for": self[f"for_{one.pk}"], "against": self[f"against_{one.pk}"]} for one in self.entries
        ]

    @property
    def votes(self) -> dict[int, tuple[int, int]]:
        given = self.cleaned_data
        return {
            one.pk: (given[f"for_{one.pk}"] or 0, given[f"against_{one.pk}"] or 0)
            for one in self.entries
            if given[f"for_{one.pk}"] is not None or given[f"against_{one.pk}"] is not None
        }


class FamiliesForm(MeetingForm):
    """The meeting that names the year's civil families."""

    chosen = forms.MultipleChoiceField(label=_("评为文明家庭"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *arguments: Any, families: list[dict[str, Any]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.families = {one["household_id"]: one["red"] for one in families if not one["named"]}
        self.fields["chosen"].choices = [  # type: ignore[attr-defined]
            (one["household_id"], _("%(name)s（红榜 %(red)d 次）") % {"name": one["head_name"], "red": one["red"]})
            for one in families if not one["named"]
        ]  # fmt: skip

    @property
    def counts(self) -> dict[str, int]:
        return {key: self.families[key] for key in self.cleaned_data["chosen"]}


class DeedForm(forms.Form):
    """What a family did, under one rule of the village."""

    rule = forms.ChoiceField(label=_("对应细则"), widget=forms.RadioSelect)
    happened_on = DayField(label=_("发生日期"), initial=today)
    what = forms.CharField(label=_("情况和见证人"), max_length=1000, widget=forms.Textarea(attrs=TALL))
    file = forms.FileField(label=_("照片或材料"), required=False, help_text=_("照片（JPG、PNG）或 PDF，不超过 15 MB"))

    def __init__(self, *arguments: Any, rules: list[dict[str, Any]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        names = dict(lists())
        self.fields["rule"].choices = [  # type: ignore[attr-defined]
            (row["code"], f"{names[row['list']]}×{row['count']} {row['text']}") for row in rules
        ]

    def clean_file(self) -> Any:
        """Only pictures and PDF."""
        file = self.cleaned_data["file"]
        return checked_paper(file) if file else None


class EntryFilter(forms.Form):
    """Filters of the list of entries."""

    place = forms.ChoiceField(label=_("地区"), required=False)
    list = forms.ChoiceField(label=_("榜别"), required=False)
    state = forms.ChoiceField(label=_("状态"), required=False, choices=[ANY, *STATES.items()])
    quarter = forms.RegexField(r"^20\d\dQ[1-4]$", label=_("季度"), required=False, help_text=_("如 2025Q4"))

    def __init__(self, *arguments: Any, scope: Scope, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["place"].choices = places(scope, "villages.view")  # type: ignore[attr-defined]
        self.fields["list"].choices = [ANY, *lists()]  # type: ignore[attr-defined]


class YearFilter(forms.Form):
    """The year that the overview tells."""

    place = forms.ChoiceField(label=_("地区"), required=False)
    year = forms.IntegerField(label=_("年度"), required=False, min_value=2000, max_value=2100)

    def __init__(self, *arguments: Any, scope: Scope, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["place"].choices = places(scope, "villages.view")  # type: ignore[attr-defined]


class TextForm(forms.Form):
    """One text: a correction, an answer."""

    text = forms.CharField(label=_("说明"), max_length=2000, widget=forms.Textarea(attrs=TALL))

    def __init__(self, *arguments: Any, words: Any = "", **options: Any) -> None:
        super().__init__(*arguments, **options)
        if words:
            self.fields["text"].label = words


class AppealForm(TextForm):
    """An appeal."""

    raised_by = forms.CharField(label=_("申诉人"), max_length=80)
    field_order = ("raised_by", "text")


class AnswerForm(TextForm):
    """The answer to an appeal."""

    upheld = forms.ChoiceField(
        label=_("处理结果"), choices=[("yes", _("申诉成立，撤销记录")), ("no", _("申诉不成立，维持记录"))],
        widget=forms.RadioSelect,
    )  # fmt: skip
    field_order = ("upheld", "text")


class FeastForm(forms.Form):
    """A reported feast."""

    kind = forms.ChoiceField(label=_("事由"), widget=forms.RadioSelect)
    held_on = DayField(label=_("举办日期"), initial=today)
    tables = forms.IntegerField(label=_("桌数"), min_value=0, max_value=1000)
    gift = forms.IntegerField(label=_("每人礼金最多（元）"), min_value=0, max_value=1_000_000)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        kinds = [(name, label(words)) for name, words in civility()["ceremonies"].items()]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]


class SafeForm(forms.Form):
    """What happened in a village in a year."""

    year = forms.IntegerField(label=_("年度"), min_value=2000, max_value=2100)
    source = forms.CharField(label=_("数据来源"), max_length=200)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name, words in civility()["safe"].items():
            self.fields[name] = forms.IntegerField(label=label(words), min_value=0, max_value=100_000)

    @property
    def numbers(self) -> dict[str, int]:
        return {name: self.cleaned_data[name] for name in civility()["safe"]}
