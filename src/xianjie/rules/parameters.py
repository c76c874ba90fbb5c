"""Numbers of a policy: by name, region and date, each with unit, source and trust.

The look-up goes from a region upwards to the nearest one that has a value valid on the day, and takes
the newest there. There is no default: a value that nobody has is unknown, and the result names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from xianjie.rules.errors import PolicyError
from xianjie.rules.units import FEN, Unit, parse_unit

NATION = "00"
TRUSTS = ("stated", "regulation", "local", "unverified", "reform")
FIRST_DAY = date(1, 1, 1)


@dataclass(frozen=True)
class Bracket:
    """One step of a scale, from `start` upwards: a `rate` in ten-thousandths, or a `value`."""

    start: int
    rate: int | None = None
    value: int | None = None


@dataclass(frozen=True)
class Value:
    """A parameter's value in one region from one day on (`until` inclusive), with where it comes from.

    `known` false: the region has a number of its own that we do not have; the look-up stops there.
    """

    value: Any
    region: str
    since: date
    until: date | None
    source: str
    trust: str
    note: str
    file: str
    known: bool = True

    def valid(self, day: date) -> bool:
        """Whether the value holds on `day`."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True)
class Parameter:
    """A number (or text, date, scale …) that policy fixes. `type` as in the schema, or texts, rates, steps."""

    name: str
    label: str
    unit: str | None
    type: str
    values: Mapping[tuple[str, date], Value]
    file: str

    @cached_property
    def by_region(self) -> dict[str, list[Value]]:
        """Values of each region, newest first."""
        regions: dict[str, list[Value]] = {}
        for value in sorted(self.values.values(), key=lambda value: value.since, reverse=True):
            regions.setdefault(value.region, []).append(value)
        return regions

    @property
    def parsed_unit(self) -> Unit | None:
        """The unit for checking."""
        return parse_unit(self.unit)

    def at(self, region: str | None, day: date) -> Value | None:
        """The value that holds in `region` on `day`, or None."""
        for prefix in upwards(region, self.by_region):
            for value in self.by_region[prefix]:
                if value.valid(day):
                    return value
        return None


def upwards(region: str | None, known: Iterable[str]) -> list[str]:
    """The regions among `known` that hold for `region`: nearest first, the nation (`00`) last."""
    code = region or ""
    mine = [prefix for prefix in known if prefix == NATION or (code.startswith(prefix))]
    return sorted(mine, key=lambda prefix: (prefix != NATION, len(prefix)), reverse=True)


def merge(base: Mapping[str, Parameter], overlay: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """`base` with the overlay's values added, or put in place of those of the same name, region and date."""
    merged = dict(base)
    for name, parameter in overlay.items():
        mine = merged.get(name)
        if mine is None:
            merged[name] = parameter
            continue
        if parameter.type != mine.type:
            raise PolicyError(
                "rules.parameter_type_differs", file=parameter.file, name=name, type=parameter.type, other=mine.type
            )
        merged[name] = replace(mine, values={**mine.values, **parameter.values})
    return merged


def read_parameters(
    path: Path, known: Mapping[str, Parameter], source: str | None = None, trust: str | None = None
) -> dict[str, Parameter]:
    """The parameters of one YAML file (top-level key `parameters`), or none if it has no such key.

    `known` gives label and unit of parameters that the file only adds values to; `source` and `trust`
    are defaults (a reform's values come from the reform). Raises `PolicyError` with what is wrong where.
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise PolicyError("rules.yaml_broken", file=path, error=" ".join(str(error).split())) from error
    if not isinstance(document, dict) or "parameters" not in document:
        return {}
    return parameters_of(document["parameters"], path, known, source, trust)


def parameters_of(
    block: Any, path: Path, known: Mapping[str, Parameter], source: str | None = None, trust: str | None = None
) -> dict[str, Parameter]:
    """The parameters in the mapping under `parameters:`."""
    if not isinstance(block, dict):
        raise PolicyError("rules.parameters_no_mapping", file=path)
    found: dict[str, Parameter] = {}
    for name, body in block.items():
        found[str(name)] = _parameter(str(name), body, path, known.get(str(name)), source, trust)
    return found


def _parameter(
    name: str, body: Any, path: Path, mine: Parameter | None, source: str | None, trust: str | None
) -> Parameter:
    if not isinstance(body, dict) or not isinstance(body.get("values"), dict):
        raise PolicyError("rules.parameter_no_values", file=path, name=name)
    extra = set(body) - {"label", "unit", "values", "type", "note"}
    if extra:
        raise PolicyError("rules.parameter_extra_key", file=path, name=name, keys=", ".join(sorted(map(str, extra))))
    label, unit = body.get("label", mine.label if mine else None), body.get("unit", mine.unit if mine else None)
    if not label or unit is None:
        raise PolicyError("rules.parameter_no_label_or_unit", file=path, name=name)
    if mine and parse_unit(str(unit)) != mine.parsed_unit:
        raise PolicyError("rules.parameter_unit_differs", file=path, name=name, unit=unit, other=mine.unit)
    values: dict[tuple[str, date], Value] = {}
    types: set[str] = set()
    for written, dates in body["values"].items():
        region = _region(written, name, path)
        if not isinstance(dates, dict):
            raise PolicyError("rules.parameter_no_dates", file=path, name=name, region=region)
        for since, entry in dates.items():
            value, kind = _value(name, region, since, entry, str(unit), path, source, trust)
            values[(region, value.since)] = value
            if kind:
                types.add(kind)
    kind = body.get("type") or (mine.type if mine and not types else None)
    if not kind:
        kind = "ratio" if types == {"int", "ratio"} else (types.pop() if len(types) == 1 else "")
    if not kind or (types and types - {kind} - ({"int"} if kind == "ratio" else set())):
        raise PolicyError("rules.parameter_mixed_types", file=path, name=name)
    if kind == "ratio":
        values = {key: replace(v, value=float(v.value)) if v.known else v for key, v in values.items()}
    return Parameter(name, str(label), str(unit), str(kind), values, str(path))


def _region(region: Any, name: str, path: Path) -> str:
    if not isinstance(region, str) or not region.isdigit() or len(region) > 12:
        raise PolicyError("rules.parameter_bad_region", file=path, name=name, region=region)
    return region


def _value(
    name: str, region: str, since: Any, entry: Any, unit: str, path: Path, source: str | None, trust: str | None
) -> tuple[Value, str | None]:
    at = {"file": path, "name": name, "region": region, "since": since}
    if not isinstance(since, date):
        raise PolicyError("rules.parameter_bad_date", **at)
    if not isinstance(entry, dict):
        raise PolicyError("rules.parameter_no_source", **at)
    extra = set(entry) - {"value", "yuan", "until", "source", "trust", "note", "unknown"}
    if extra:
        raise PolicyError("rules.parameter_extra_key", file=path, name=name, keys=", ".join(sorted(map(str, extra))))
    until, note = entry.get("until"), str(entry.get("note", ""))
    if until is not None and (not isinstance(until, date) or until < since):
        raise PolicyError("rules.parameter_bad_date", **{**at, "since": until})
    known = not entry.get("unknown")
    origin, confidence = entry.get("source", source), entry.get("trust", trust)
    if not known:
        if not note:
            raise PolicyError("rules.parameter_unknown_without_note", **at)
        origin, confidence = entry.get("source", ""), "unverified"
    elif not origin or confidence not in TRUSTS:
        raise PolicyError("rules.parameter_no_source", **at)
    value, kind = _typed(entry, unit, at) if known else (None, None)
    return Value(value, region, since, until, str(origin), str(confidence), note, str(path), known), kind


def _typed(entry: Mapping[str, Any], unit: str, at: Mapping[str, Any]) -> tuple[Any, str]:
    money = (parse_unit(unit) or {}).get("fen") == FEN["fen"]
    if ("value" in entry) == ("yuan" in entry) or ("yuan" in entry and not money):
        raise PolicyError("rules.parameter_no_value", **at)
    if "yuan" in entry:
        return _fen(entry["yuan"], at), "fen"
    value = entry["value"]
    if isinstance(value, bool):
        return value, "bool"
    if isinstance(value, int):
        return value, "fen" if money else "int"
    if isinstance(value, float) and not money:
        return value, "ratio"
    if isinstance(value, str):
        return value, "text"
    if isinstance(value, date):
        return value, "date"
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        return tuple(value), "texts"
    if isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
        return _scale(value, at)
    raise PolicyError("rules.parameter_bad_value", **at)


def _scale(steps: list[dict[str, Any]], at: Mapping[str, Any]) -> tuple[tuple[Bracket, ...], str]:
    scale = []
    for step in steps:
        if not set(step) <= {"from", "from_yuan", "rate", "value", "yuan"}:
            raise PolicyError("rules.parameter_bad_scale", **at)
        start = _fen(step["from_yuan"], at) if "from_yuan" in step else step.get("from")
        value = _fen(step["yuan"], at) if "yuan" in step else step.get("value")
        rate = step.get("rate")
        if not _whole(start) or (rate is None) == (value is None) or (value is not None and not _whole(value)):
            raise PolicyError("rules.parameter_bad_scale", **at)
        assert isinstance(start, int)
        scale.append(Bracket(start, None if rate is None else _scaled(rate, 10_000, at), value))
    starts = [step.start for step in scale]
    if starts != sorted(set(starts)) or len({step.rate is None for step in scale}) != 1:
        raise PolicyError("rules.parameter_bad_scale", **at)
    return tuple(scale), "steps" if scale[0].rate is None else "rates"


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _fen(yuan: Any, at: Mapping[str, Any]) -> int:
    return _scaled(yuan, 100, at)


def _scaled(number: Any, factor: int, at: Mapping[str, Any]) -> int:
    """`number` times `factor`, exactly, as a whole number."""
    try:
        exact = Decimal(str(number)) * factor
    except InvalidOperation:
        raise PolicyError("rules.parameter_bad_value", **at) from None
    if isinstance(number, bool) or exact != exact.to_integral_value():
        raise PolicyError("rules.parameter_bad_value", **at)
    return int(exact)
