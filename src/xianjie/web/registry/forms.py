"""Forms of the register: filters, actions with a day and a reason, reasons for a look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from xianjie.dictionary import dictionary
from xianjie.messages import say
from xianjie.web.accounts.scope import Scope
from xianjie.web.clock import today
from xianjie.web.dictionary_forms import CONFIRM, DayField, DictionaryForm, choices_of, form_for
from xianjie.web.regions.models import Region
from xianjie.web.registry.models import Person
from xianjie.web.registry.recording import kind_words
from xianjie.web.registry.selectors import Asked, places
from xianjie.web.words import code_label

INDENT = {"county": "", "township": "　", "village": "　　"}


def code_choices(entity: str, name: str, first: str) -> list[tuple[str, str]]:
    """A field's code list as choices, with `first` for none."""
    return [("", first), *choices_of(dictionary().entities[entity].fields[name])]


def place_choices(regions: Sequence[Region], first: str = "", villages_only: bool = False) -> list[tuple[str, str]]:
    """Regions as choices, indented by level; with `villages_only` under the name of their township."""
    names = {region.region_code: region.name for region in regions}
    if villages_only:
        chosen = [
            (region.region_code, names.get(region.region_code[:9] + "000", "") + region.name)
            for region in regions
            if region.level == "village"
        ]
    else:
        chosen = [(region.region_code, INDENT[region.level] + region.name) for region in regions]
    return [("", first), *chosen]


class LongSelect(forms.Select):
    """A select of hundreds of options, written without a template for each of them."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The select's HTML."""
        chosen = "" if value is None else str(value)
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((key, mark_safe(" selected") if str(key) == chosen else "", words) for key, words in self.choices),
        )
        built = self.build_attrs(self.attrs, {"name": name, **(attrs or {})})
        return format_html("<select{}>{}</select>", flatatt(built), options)


class HouseholdFilter(forms.Form):
    """What a list of households is narrowed to."""

    q = forms.CharField(label=_("户主或户编号"), required=False, max_length=60)
    place = forms.ChoiceField(label=_("地区"), required=False, widget=LongSelect)
    household_type = forms.ChoiceField(label=_("户类型"), required=False)
    monitored = forms.ChoiceField(label=_("监测对象"), required=False)
    risk = forms.ChoiceField(label=_("风险"), required=False)
    score_from = forms.IntegerField(label=_("风险分不低于"), required=False, min_value=0, max_value=10_000)
    ended = forms.BooleanField(label=_("只看已注销户"), required=False)
    sort = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, scope: Scope) -> None:
        super().__init__(data)
        everywhere = say("registry.all")
        self._choices("place", place_choices(places(scope), everywhere))
        self._choices("household_type", code_choices("household", "household_type", everywhere))
        kinds = code_choices("household", "stated_monitored_kind", everywhere)
        self._choices("monitored", [kinds[0], ("any", say("registry.any_monitored")), *kinds[1:]])
        risks = [("", everywhere), ("any", say("registry.with_risk")), ("none", say("registry.without_risk"))]
        self._choices("risk", risks)

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        chosen = self.fields[name]
        assert isinstance(chosen, forms.ChoiceField)
        chosen.choices = choices

    def asked(self) -> Asked:
        """What is asked for; parts that make no sense are left out (their field tells it)."""
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        given["text"] = given.pop("q", "")
        return Asked(**given)


class ReasonForm(forms.Form):
    """Why somebody does something that is kept on record."""

    reason = forms.CharField(
        label=_("原因"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}), help_text=_("将记入审计记录")
    )


class ActionForm(DictionaryForm):
    """An action on a household: what the dictionary asks, the members it concerns, the day, the reason."""

    on = DayField(label=_("发生日期"), initial=today)
    reason = forms.CharField(
        label=_("依据和原因"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("如：户口簿、死亡证明、村级核实"),
    )  # fmt: skip

    def __init__(self, *arguments: Any, members: Sequence[Person] = (), who: str = "", **options: Any) -> None:
        """`who`: which members are asked for: one (a choice), relations, going (boxes and relations), one_relations."""
        super().__init__(*arguments, **options)
        self.members, self.who = members, who
        if who in ("one", "one_relations"):
            choices = [("", "—"), *((one.pk, _member_words(one)) for one in members)]
            self.fields["person"] = forms.ChoiceField(label=say("registry.which_member"), choices=choices)
        for one in members if who in ("relations", "going", "one_relations") else ():
            if who == "going":
                self.fields[f"goes_{one.pk}"] = forms.BooleanField(label=say("registry.goes"), required=False)
            self.fields[f"relation_{one.pk}"] = forms.ChoiceField(
                label=say("registry.relation_of", name=one.name), required=False,
                choices=code_choices("person", "relation", "—"), initial="" if who == "one_relations" else one.relation,
            )  # fmt: skip
        self.order_fields(["person", *self.known, *self._extra(), "on", "reason"])

    def _extra(self) -> list[str]:
        return [name for name in self.fields if name not in ("on", "reason", "person")]

    @property
    def plain(self) -> list[Any]:
        """The fields that stand by themselves, not in the members' table."""
        return [one for one in self if not one.name.startswith(("relation_", "goes_")) and one.name != CONFIRM]

    @property
    def member_rows(self) -> list[dict[str, Any]]:
        """Each member with the fields that ask about them."""
        if self.who not in ("relations", "going", "one_relations"):
            return []
        return [
            {
                "member": one,
                "relation_words": code_label("relation", one.relation),
                "goes": self[f"goes_{one.pk}"] if self.who == "going" else None,
                "relation": self[f"relation_{one.pk}"],
            }
            for one in self.members
        ]

    @property
    def confirm_box(self) -> Any:
        """The box that confirms unlikely values."""
        return self[CONFIRM]

    def relations(self, going: bool | None = None) -> dict[str, str]:
        """Person → relation as filled in; with `going` only of those who go (or stay)."""
        given = {}
        for one in self.members:
            goes = self.cleaned_data.get(f"goes_{one.pk}", False)
            relation = self.cleaned_data.get(f"relation_{one.pk}")
            if relation and (going is None or going == goes):
                given[one.pk] = relation
        return given

    def values(self) -> dict[str, Any]:
        """The dictionary fields as stored."""
        return {name: self.cleaned_data.get(name) for name in self.known}


def _member_words(person: Person) -> str:
    relation = code_label("relation", person.relation)
    return f"{person.name}（{relation}）" if relation else person.name


NEWCOMER = ["name", "sex", "birth_date", "id_no", "phone", "relation"]
BirthForm = form_for("person", ["name", "sex", "relation", "id_no"], required=["sex", "relation"], base=ActionForm)
PlainForm = form_for("person", [], base=ActionForm)
RelocateForm = form_for("household", ["region_code", "group_name"], base=ActionForm)


class _ComeIn(ActionForm):
    """Somebody of the register by their number, or a new person."""

    person_id = forms.CharField(
        label=_("已在册人员编号"),
        required=False,
        max_length=40,
        help_text=_("已在册的填编号，不必再填下面各项；先在人员查询中找到"),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        wanted = ("relation",) if values.get("person_id") else ("name", "sex", "birth_date", "relation")
        for name in wanted:
            if not values.get(name) and name not in self.errors:
                self.add_error(name, forms.Field.default_error_messages["required"])
        return values


ComeInForm = form_for("person", NEWCOMER, optional=["name"], base=_ComeIn)


class _GoOut(ActionForm):
    """Where somebody goes who marries or moves away."""

    to_household = forms.CharField(
        label=_("去往的户编号"), required=False, max_length=40, help_text=_("去往本系统内的另一户时填写；迁往外地留空")
    )
    relation = forms.ChoiceField(label=_("与去往户户主的关系"), required=False)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        chosen = self.fields["relation"]
        assert isinstance(chosen, forms.ChoiceField)
        chosen.choices = code_choices("person", "relation", "—")


GoOutForm = form_for("person", [], base=_GoOut)


class _Merge(ActionForm):
    """The household that another joins."""

    into = forms.CharField(label=_("并入的户编号"), max_length=40)


MergeForm = form_for("person", [], base=_Merge)


class _SettleIn(ActionForm):
    """A household that the register has not known: its own fields and its head's."""

    household_type = forms.ChoiceField(label=_("户类型"))
    region_code = forms.ChoiceField(label=_("行政村"), widget=LongSelect)
    group_name = forms.CharField(label=_("村民小组"), required=False, max_length=60)

    def __init__(self, *arguments: Any, villages: Sequence[Region] = (), **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name, choices in (
            ("household_type", code_choices("household", "household_type", "—")),
            ("region_code", place_choices(villages, "—", villages_only=True)),
        ):
            chosen = self.fields[name]
            assert isinstance(chosen, forms.ChoiceField)
            chosen.choices = choices
        self.order_fields(["region_code", "group_name", "household_type", *self.known, "on", "reason"])


SettleInForm = form_for("person", ["name", "sex", "birth_date", "id_no", "phone"], required=["sex"], base=_SettleIn)


def action_title(kind: str) -> str:
    """The heading of an action's page."""
    return kind_words(kind)
