"""The rule language: policy as small Python functions with dated parameters, for one household and for millions.

It knows nothing of poverty. A rule file imports its words from here; everybody else loads a policy folder
with `load_policy` and uses the `Policy`.
"""

from xianjie.rules.cases import CaseResult, Coverage, case_coverage, run_cases
from xianjie.rules.errors import PolicyError, Refused
from xianjie.rules.language import (
    add_days,
    add_months,
    both,
    brackets,
    ceil_yuan,
    days_between,
    divide,
    either,
    first_known,
    floor_yuan,
    household,
    month_of,
    months_between,
    per_year,
    person,
    round_half_up,
    rule,
    year_of,
    years_between,
)
from xianjie.rules.loading import load_policy
from xianjie.rules.policy import Policy
from xianjie.rules.reform import Reform, compare, compare_tables, read_reform, with_reform
from xianjie.rules.schema import Entity, Field, Schema

__all__ = [
    "CaseResult",
    "Coverage",
    "Entity",
    "Field",
    "Policy",
    "PolicyError",
    "Reform",
    "Refused",
    "Schema",
    "add_days",
    "add_months",
    "both",
    "brackets",
    "case_coverage",
    "ceil_yuan",
    "compare",
    "compare_tables",
    "days_between",
    "divide",
    "either",
    "first_known",
    "floor_yuan",
    "household",
    "load_policy",
    "month_of",
    "months_between",
    "per_year",
    "person",
    "read_reform",
    "round_half_up",
    "rule",
    "run_cases",
    "with_reform",
    "year_of",
    "years_between",
]
