"""What if: a reform laid over a policy, and who enters, leaves, gains and loses, at what cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date as Date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import yaml
from sqlglot import exp

from xianjie.engines import Engine
from xianjie.messages import UserError
from xianjie.rules.errors import PolicyError
from xianjie.rules.forms import Sql, binary, case, name_of, number
from xianjie.rules.ir import NUMERIC
from xianjie.rules.loading import build_policy
from xianjie.rules.parameters import Parameter, merge, parameters_of
from xianjie.rules.policy import Policy
from xianjie.rules.population import Data, inspect, statement
from xianjie.rules.sources import Source, read_rules
from xianjie.rules.sql import table_of

KEYS = {"label", "note", "parameters", "times", "rules"}
BOOL_COUNTS = ("before", "after", "enter", "leave", "unknown_before", "unknown_after")
NUMBER_COUNTS = ("before", "after", "gain", "lose", "cost", "unknown_before", "unknown_after")


@dataclass(frozen=True)
class Reform:
    """Values and rules laid over a policy. Values without a source of their own come from the reform itself."""

    label: str
    parameters: Mapping[str, Parameter]
    rules: tuple[Source, ...]


def read_reform(path: Path, policy: Policy) -> Reform:
    """A reform from YAML: `label`, `parameters` as in a policy, `times` (every known value of a number times a
    factor), `rules` as the path of a `.py` file (or several).

    Raises `PolicyError` for what a policy folder would be refused for.
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise PolicyError("rules.yaml_broken", file=path, error=" ".join(str(error).split())) from error
    if not isinstance(document, dict) or not document or set(document) - KEYS:
        extra = ", ".join(sorted(map(str, set(document) - KEYS))) if isinstance(document, dict) else ""
        raise PolicyError("rules.reform_bad", file=path, keys=extra)
    label = str(document.get("label") or path.stem)
    parameters = merge(
        _multiplied(document.get("times") or {}, path, policy.parameters, label),
        parameters_of(document.get("parameters") or {}, path, policy.parameters, label, "reform"),
    )
    files = document.get("rules") or []
    found: list[Source] = []
    for name in [files] if isinstance(files, str) else files:
        file = path.parent / str(name)
        if not file.is_file():
            raise PolicyError("rules.reform_no_rules", file=path, name=name)
        found += read_rules(file, set(policy.schema.entities))
    return Reform(label, parameters, tuple(found))


def _multiplied(factors: Any, path: Path, known: Mapping[str, Parameter], label: str) -> dict[str, Parameter]:
    """Numbers of the policy with each known value times the factor, money and counts rounded half up."""
    if not isinstance(factors, dict):
        raise PolicyError("rules.reform_times", file=path, name=factors)
    changed: dict[str, Parameter] = {}
    for name, factor in factors.items():
        number = known.get(str(name))
        is_number = isinstance(factor, int | float) and not isinstance(factor, bool)
        if number is None or number.type not in NUMERIC or not is_number:
            raise PolicyError("rules.reform_times", file=path, name=name)
        values = {}
        for key, value in number.values.items():
            if value.known:
                exact = Decimal(str(value.value)) * Decimal(str(factor))
                new = float(exact) if number.type == "ratio" else int(exact.quantize(Decimal(1), ROUND_HALF_UP))
                values[key] = replace(value, value=new, source=label, trust="reform", file=str(path))
        changed[number.name] = replace(number, values=values)
    return changed


def with_reform(policy: Policy, reform: Reform | Path) -> Policy:
    """The policy as it would be under the reform."""
    if isinstance(reform, Path):
        reform = read_reform(reform, policy)
    sources = {version.source.key: version.source for versions in policy.versions.values() for version in versions}
    sources.update({source.key: source for source in reform.rules})
    return build_policy(sources.values(), merge(policy.parameters, reform.parameters), policy.schema)


def compare(
    engine: Engine,
    base: Policy,
    reform: Policy,
    results: list[str],
    *,
    date: Date,
    region: str | None = None,
    region_digits: int = 0,
    groups: tuple[str, ...] = (),
) -> list[dict[str, Any]]:
    """Two policies over the same population, counted in the engine.

    One line per result and group: households that are true (or the sum of a number) `before` and `after`;
    of yes-or-no results `enter` and `leave`; of numbers `gain` and `lose` (households) and `cost` (the sum
    of differences); `unknown_before` and `unknown_after`. Differences count only where both are known.
    Groups are the first `region_digits` digits of the region code and the `groups` (fields or rules under
    the base policy).
    """
    for name in results:
        kind = base.versions[base.find(name, base.schema.root)][0].type
        if kind != "bool" and kind not in NUMERIC:
            raise UserError("rules.compare_type", name=name, type=kind)
    query = compare_sql(
        inspect(base, engine, region), base, reform, results, date, engine.dialect, region_digits, groups
    )
    return _lines(engine, base, results, query, region_digits, groups)


def compare_sql(
    data: Data,
    base: Policy,
    reform: Policy,
    results: list[str],
    day: Date,
    dialect: str,
    region_digits: int = 0,
    groups: tuple[str, ...] = (),
) -> str:
    """The comparison as one statement: one row per group, columns `<result>__enter` and so on."""
    by = [name for name in groups if name not in results]
    region = [base.schema.region] if region_digits and base.schema.region not in (*by, *results) else []
    before = statement(base, [*results, *by, *region], data, date=day, dialect=dialect)
    after = statement(reform, results, data, date=day, dialect=dialect)
    query = _counted(base, results, "base_results", "reform_results", region_digits, groups)
    return query.with_("base_results", as_=before).with_("reform_results", as_=after).sql(dialect)


def compare_tables(
    engine: Engine,
    policy: Policy,
    results: list[str],
    before: str,
    after: str,
    region_digits: int = 0,
    groups: tuple[str, ...] = (),
) -> list[dict[str, Any]]:
    """As `compare`, from two tables that hold the results of all households under the one policy and the other;
    `before` holds the groups, and the region code where regions are asked for."""
    query = _counted(policy, results, before, after, region_digits, groups)
    return _lines(engine, policy, results, query.sql(engine.dialect), region_digits, groups)


def _counted(
    policy: Policy, results: list[str], before: str, after: str, region_digits: int, groups: tuple[str, ...]
) -> exp.Select:
    root = policy.schema.entities[policy.schema.root]
    keys: list[Sql] = []
    if region_digits:
        code = exp.column(policy.schema.region, "b", quoted=True)
        keys.append(exp.alias_(exp.Substring(this=code, start=number(1), length=number(region_digits)), "region"))
    keys += [exp.alias_(exp.column(name, "b", quoted=True), name, quoted=True) for name in groups]
    columns: list[Sql] = [exp.alias_(exp.Count(this=exp.Star()), "households")]
    for name in results:
        counts = _bool_counts(name) if _is_bool(policy, name) else _number_counts(name)
        columns += [exp.alias_(value, f"{name}__{kind}", quoted=True) for kind, value in counts.items()]
    on = exp.EQ(this=exp.column(root.key, "b", quoted=True), expression=exp.column(root.key, "r", quoted=True))
    query = exp.select(*keys, *columns).from_(table_of(before, "b")).join(table_of(after, "r"), on=on)
    if keys:
        query = query.group_by(*[key.this.copy() for key in keys]).order_by(
            *[exp.Ordered(this=name_of(name), nulls_first=True) for name in _group_names(region_digits, groups)]
        )
    return query


def _lines(
    engine: Engine, policy: Policy, results: list[str], query: str, region_digits: int, groups: tuple[str, ...]
) -> list[dict[str, Any]]:
    by = _group_names(region_digits, groups)
    lines: list[dict[str, Any]] = []
    for row in engine.records(query):
        for name in results:
            kinds = BOOL_COUNTS if _is_bool(policy, name) else NUMBER_COUNTS
            counts = {kind: row[f"{name}__{kind}"] for kind in kinds}
            lines.append({"result": name, **{one: row[one] for one in by}, "households": row["households"], **counts})
    return lines


def _group_names(region_digits: int, groups: tuple[str, ...]) -> list[str]:
    return [*(["region"] if region_digits else []), *groups]


def _is_bool(policy: Policy, name: str) -> bool:
    return policy.versions[policy.find(name, policy.schema.root)][0].type == "bool"


def _count(test: Sql) -> Sql:
    return exp.Count(this=case((test, number(1))))


def _unknown(value: Sql) -> Sql:
    return _count(exp.Is(this=value, expression=exp.null()))


def _bool_counts(name: str) -> dict[str, Sql]:
    old, new = exp.column(name, "b", quoted=True), exp.column(name, "r", quoted=True)
    return {
        "before": _count(old),
        "after": _count(new),
        "enter": _count(exp.And(this=exp.Not(this=old), expression=new)),
        "leave": _count(exp.And(this=old, expression=exp.Not(this=new))),
        "unknown_before": _unknown(old),
        "unknown_after": _unknown(new),
    }


def _number_counts(name: str) -> dict[str, Sql]:
    old, new = exp.column(name, "b", quoted=True), exp.column(name, "r", quoted=True)

    def total(value: Sql) -> Sql:
        return exp.Coalesce(this=exp.cast(exp.Sum(this=value), "BIGINT"), expressions=[number(0)])

    return {
        "before": total(old),
        "after": total(new),
        "gain": _count(binary(exp.GT, new, old)),
        "lose": _count(binary(exp.LT, new, old)),
        "cost": total(binary(exp.Sub, new, old)),
        "unknown_before": _unknown(old),
        "unknown_after": _unknown(new),
    }
