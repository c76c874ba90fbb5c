"""Forms that follow from the dictionary 录入表单: label, unit, codes, hint, what is impossible and what is unlikely.

`form_for("income", ["kind", "amount"])` is a Django form class. People write yuan, the form's `cleaned_data` holds what
the dictionary stores: fen, days, code values. What cannot be is an error. What is only unlikely (outside the range that
the dictionary calls plausible, a birth date that the identity number contradicts) is shown back once and goes through
when it is confirmed. What was typed stays in the form either way.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import get_language

from xianjie.dictionary import DictionaryField, dictionary, writing
from xianjie.messages import say
from xianjie.web.clock import today
from xianjie.web.regions.selectors import on_day
from xianjie.web.registry.identity import IdentityFacts, identity_facts, is_disability_number, is_identity_number

CONFIRM = "confirm"
EARLIEST, LATEST = date(1900, 1, 1), date(2100, 1, 1)
LONGEST = {"text": 500, "name": 100, "account": 40}
_PHONE = re.compile(r"1[3-9]\d{9}|(0\d{2,3}-?)?[2-9]\d{6,7}(-\d{1,6})?")
_DATE = re.compile(r"(\d{4})(?:[-/.年]?)(\d{1,2})(?:[-/.月]?)(\d{1,2})日?")


def label_of(field: DictionaryField) -> str:
    """The field's label in the language of the page."""
    return field.en or field.zh if get_language() == "en" else field.zh


def unit_of(field: DictionaryField) -> str:
    """The unit in the words of the page's language; empty for none."""
    return writing().unit_en(field.unit) if get_language() == "en" else writing().unit_zh(field.unit)


def choices_of(field: DictionaryField) -> list[tuple[str, str]]:
    """The values of a field's code list with their labels."""
    english = get_language() == "en"
    return [
        (value, words.en if english else words.zh) for value, words in dictionary().codes[field.codes].values.items()
    ]


def shown_value(field: DictionaryField, value: Any) -> str:
    """A stored value as a page shows it: yuan, code labels, 是 and 否; empty for an unknown one."""
    if value is None or value == "":
        return ""
    if field.type == "fen":
        return f"{Decimal(value) / 100:,.2f}"
    if field.type == "code":
        words = dictionary().codes[field.codes].values.get(str(value))
        return str(value) if words is None else (words.en if get_language() == "en" else words.zh)
    if field.type == "bool":
        return say("registry.yes") if value else say("registry.no")
    if field.type == "number":
        return f"{value:.12g}"
    return value.isoformat() if isinstance(value, date) else str(value)


def typed_value(field: DictionaryField, value: Any) -> Any:
    """A stored value as a form starts with it: money in yuan."""
    if value is None:
        return ""
    if field.type == "fen":
        return f"{Decimal(value) / 100:.2f}"
    if field.type == "bool":
        return "true" if value else "false"
    return value


def _half_width(text: Any) -> str:
    return "".join(unicodedata.normalize("NFKC", str(text)).split())


class YuanField(forms.Field):
    """Money typed in yuan, stored as fen, exactly. Thousands separators and full-width digits are taken."""

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        text = _half_width(value).replace(",", "").removeprefix("¥").removesuffix("元")
        try:
            fen = Decimal(text) * 100
        except InvalidOperation as error:
            raise forms.ValidationError(say("registry.not_money", value=value)) from error
        if not fen.is_finite() or abs(fen) >= Decimal(10) ** 15:
            raise forms.ValidationError(say("registry.not_money", value=value))
        if fen != fen.to_integral_value():
            raise forms.ValidationError(say("registry.too_many_decimals"))
        return int(fen)


class NumberField(forms.Field):
    """A number, or with `whole` an integer; full-width digits are taken."""

    def __init__(self, *, whole: bool, **options: Any) -> None:
        super().__init__(**options)
        self.whole = whole

    def to_python(self, value: Any) -> int | float | None:
        if value in self.empty_values:
            return None
        text = _half_width(value).replace(",", "")
        pattern = r"[+-]?\d{1,15}" if self.whole else r"[+-]?\d{1,15}(\.\d{1,9})?"
        if not re.fullmatch(pattern, text):
            raise forms.ValidationError(say("registry.not_whole" if self.whole else "registry.not_number", value=value))
        return int(text) if self.whole else float(text)


class DayField(forms.Field):
    """A day, in any of the ways people write one: 2024-03-15, 2024/3/15, 2024年3月15日, 20240315."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "min": "1900-01-01", "max": "2099-12-31"})

    def to_python(self, value: Any) -> date | None:
        if value in self.empty_values or isinstance(value, date):
            return value or None
        found = _DATE.fullmatch(_half_width(value))
        try:
            day = date(*map(int, found.groups())) if found else None
        except ValueError:
            day = None
        if day is None or not EARLIEST <= day < LATEST:
            raise forms.ValidationError(say("registry.not_day", value=value))
        return day


class NumberTextField(forms.CharField):
    """An identity, certificate, phone or account number: half-width, no blanks, of the right shape."""

    def __init__(self, *, kind: str, **options: Any) -> None:
        super().__init__(**options)
        self.kind = kind

    def to_python(self, value: Any) -> str | None:
        text = _half_width(value or "").upper()
        if not text:
            return None
        valid = {
            "id_no": lambda: is_identity_number(text) or is_disability_number(text),
            "disability_no": lambda: is_disability_number(text),
            "phone": lambda: bool(_PHONE.fullmatch(text)),
            "account": lambda: bool(re.fullmatch(r"[0-9A-Z-]{6,40}", text)),
        }
        if not valid[self.kind]():
            raise forms.ValidationError(say(f"registry.not_{self.kind}"))
        return text


class RegionField(forms.CharField):
    """A village's 12-digit code that holds today."""

    def to_python(self, value: Any) -> str | None:
        code = _half_width(value or "")
        if not code:
            return None
        if not re.fullmatch(r"\d{12}", code) or not on_day().filter(region_code=code).exists():
            raise forms.ValidationError(say("registry.no_such_region", value=value))
        return code


class DictionaryForm(forms.Form):
    """A form of dictionary fields. `entity` and `known` (name → field) say which; subclasses may add their own fields.

    `cleaned_data` holds stored values. After `is_valid()` was false for unlikely values only, the page shows a box to
    confirm them; it is good for exactly the values it was shown with.
    """

    entity: str = ""
    known: Mapping[str, DictionaryField] = {}

    def unlikely(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Field name → what is unlikely about its value. Extend it for what several fields say together."""
        doubts = {name: doubt for name, field in self.known.items() if (doubt := _implausible(field, values.get(name)))}
        number = values.get("id_no")
        if self.entity == "person" and number and (facts := identity_facts(number)):
            doubts |= _contradictions(facts, values)
        return doubts

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for name, field in self.known.items():
            if name in values and (problem := _impossible(field, values[name])):
                self.add_error(name, problem)
        if not self.errors and (doubts := self.unlikely(values)):
            self._ask(doubts, values)
        values.pop(CONFIRM, None)
        return values

    def _ask(self, doubts: Mapping[str, str], values: Mapping[str, Any]) -> None:
        """Ask whether the unlikely values are right, unless exactly these were confirmed."""
        told = "\n".join(f"{name}={values.get(name)}" for name in sorted(doubts))
        token = hashlib.sha256(told.encode()).hexdigest()[:16]
        if self.data.get(self.add_prefix(CONFIRM)) == token:
            return
        for name, doubt in doubts.items():
            self.add_error(name, doubt)
        self.fields[CONFIRM] = forms.CharField(
            label=say("registry.confirm_unlikely"), required=False, widget=forms.CheckboxInput(attrs={"value": token})
        )
        self.fields[CONFIRM].widget.check_test = lambda _value: False  # asked anew, never ticked beforehand


def form_for(
    entity: str,
    names: Sequence[str],
    *,
    required: Sequence[str] = (),
    optional: Sequence[str] = (),
    base: type[DictionaryForm] = DictionaryForm,
) -> type[DictionaryForm]:
    """The form class for some fields of an entity, in this order.

    A field is required when the dictionary says so or `required` names it, unless `optional` does. Raises `KeyError`
    for a name that the dictionary does not know.
    """
    known = {name: dictionary().entities[entity].fields[name] for name in names}
    needed = [name for name, field in known.items() if (field.required or name in required) and name not in optional]
    return form_of(known, needed, base=base, entity=entity)


def form_of(
    known: Mapping[str, DictionaryField],
    required: Sequence[str],
    *,
    base: type[DictionaryForm] = DictionaryForm,
    entity: str = "",
) -> type[DictionaryForm]:
    """The form class for fields that another room declares the dictionary's way, in this order."""
    made: dict[str, Any] = {name: _form_field(field, name in required) for name, field in known.items()}
    return type(f"{entity.title()}Form", (base,), {**made, "entity": entity, "known": known})


def initial_of(entity: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Stored values as the `initial` of a form."""
    return initial_from(dictionary().entities[entity].fields, values)


def initial_from(fields: Mapping[str, DictionaryField], values: Mapping[str, Any]) -> dict[str, Any]:
    """Stored values of some fields as the `initial` of a form."""
    return {name: typed_value(fields[name], value) for name, value in values.items() if name in fields}


def _hint(field: DictionaryField) -> str:
    words = writing().types[field.type]
    english = get_language() == "en"
    parts = [unit_of(field), words.hint_en if english else words.hint_zh]
    if field.type in ("int", "number", "fen") and (field.min is not None or field.max is not None):
        scale = 100 if field.type == "fen" else 1
        low, high = ("" if bound is None else f"{bound / scale:,.12g}" for bound in (field.min, field.max))
        parts.append(say("registry.usual_range", low=low, high=high))
    return "；".join(part for part in parts if part)


def _form_field(field: DictionaryField, required: bool) -> forms.Field:
    common: dict[str, Any] = {"label": label_of(field), "required": required, "help_text": _hint(field)}
    match field.type:
        case "code":
            return forms.TypedChoiceField(
                choices=[("", "—"), *choices_of(field)], coerce=str, empty_value=None, **common
            )
        case "bool":
            words = [("", say("registry.unknown")), ("true", say("registry.yes")), ("false", say("registry.no"))]
            return forms.TypedChoiceField(
                choices=words, coerce=lambda value: value == "true", empty_value=None, **common
            )
        case "fen":
            return YuanField(widget=forms.TextInput(attrs={"inputmode": "decimal"}), **common)
        case "int" | "number":
            mode = "numeric" if field.type == "int" else "decimal"
            return NumberField(whole=field.type == "int", widget=forms.TextInput(attrs={"inputmode": mode}), **common)
        case "date":
            return DayField(**common)
        case "region":
            return RegionField(max_length=12, **common)
        case "id_no" | "disability_no" | "phone" | "account":
            box = forms.TextInput(attrs={"autocomplete": "off", "maxlength": 40})
            return NumberTextField(kind=field.type, widget=box, **common)
    return _PlainText(max_length=LONGEST.get(field.type, 500), empty_value=None, **common)


class _PlainText(forms.CharField):
    """A text without characters that nobody sees."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return "".join(sign for sign in text if sign in "\n\t" or sign.isprintable()) or None if text else None


def _impossible(field: DictionaryField, value: Any) -> str | None:
    """What is wrong with a value that cannot be: less than nothing of something that is counted."""
    counted = isinstance(value, int | float) and not isinstance(value, bool)
    if counted and value < 0 and field.min is not None and field.min >= 0:
        return say("registry.below_zero", label=label_of(field))
    if field.name == "birth_date" and value and value > today():
        return say("registry.in_future", label=label_of(field))
    return None


def _implausible(field: DictionaryField, value: Any) -> str | None:
    if value is None or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if (field.min is None or value >= field.min) and (field.max is None or value <= field.max):
        return None
    scale = 100 if field.type == "fen" else 1
    low, high = ("" if bound is None else f"{bound / scale:,.12g}" for bound in (field.min, field.max))
    return say("registry.unlikely", label=label_of(field), value=shown_value(field, value), low=low, high=high)


def _contradictions(facts: IdentityFacts, values: Mapping[str, Any]) -> dict[str, str]:
    doubts = {}
    born, sex = values.get("birth_date"), values.get("sex")
    if born and born != facts.birth_date:
        doubts["birth_date"] = say("registry.birth_against_id", day=facts.birth_date)
    if sex in ("1", "2") and sex != facts.sex:
        doubts["sex"] = say("registry.sex_against_id")
    return doubts
