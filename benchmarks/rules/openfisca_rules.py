"""The 40 rules of policy/ as OpenFisca variables. Needs OpenFisca-core, so it runs only in its own environment.

Written as OpenFisca's country packages are: money is `float` (32 bits) in yuan, codes are `Enum`, formulas are
vectorised, numbers come from the parameter tree. OpenFisca has no unknown: what a missing input becomes is
said beside the input. Where a rule tests an input for being unknown, a second input says whether it is known.
"""

from __future__ import annotations

import datetime

import numpy
from openfisca_core.entities import build_entity
from openfisca_core.indexed_enums import Enum
from openfisca_core.model_api import ETERNITY, MONTH, Variable, max_, min_, select, where

Person = build_entity(key="person", plural="persons", label="", is_person=True)
Household = build_entity(
    key="household", plural="households", label="", roles=[{"key": "member", "plural": "members", "label": ""}]
)
REGIONS = ("00", "14", "62", "6230")


class PolicyRegion(Enum):
    r00 = "00"
    r14 = "14"
    r62 = "62"
    r6230 = "6230"


class SchoolStage(Enum):
    unknown = "unknown"
    none = "none"
    primary = "primary"
    junior = "junior"
    senior = "senior"
    vocational = "vocational"
    college = "college"


class LabourCapacity(Enum):
    unknown = "unknown"
    full = "full"
    part = "part"
    none = "none"


class PersonKind(Enum):
    other = "other"
    disabled = "disabled"
    student = "student"
    child = "child"
    old = "old"
    worker = "worker"


class HouseholdType(Enum):
    general = "general"
    relieved = "relieved"
    dibao = "dibao"


class HouseGrade(Enum):
    unknown = "unknown"
    A = "A"
    B = "B"
    C = "C"
    D = "D"


class DibaoClass(Enum):
    none = "none"
    A = "A"
    B = "B"
    C = "C"


class MonitoredKind(Enum):
    none = "none"
    unstable = "unstable"
    new = "new"
    marginal = "marginal"
    sudden = "sudden"


# How a formula gets its numbers. `own`: OpenFisca's parameter tree, indexed by the population's regions.
# `arrays`: arrays of one number per region, made beforehand, indexed by an array of region numbers likewise.
REGIONAL: dict[str, numpy.ndarray] | None = None
REGION_INDEX: dict[str, numpy.ndarray] = {}


def number(population, period, parameters, name):
    """The parameter `name`, which differs by region, for each one of `population`."""
    if REGIONAL is not None:
        return REGIONAL[name][REGION_INDEX[population.entity.key]]
    inner = population.household if population.entity.key == "person" else population
    return parameters(period)[name][inner("policy_region", period)]


def scale(population, period, parameters, name, amount):
    """`amount` under the scale `name`, which one province has of its own."""
    own = "14" if name == "medical_relief_scale" else "62"
    if REGIONAL is not None:
        region = REGION_INDEX[population.entity.key]
        here = region == 1 if own == "14" else region >= 2
    else:
        inner = population.household if population.entity.key == "person" else population
        region = inner("policy_region", period)
        here = (
            region == PolicyRegion.r14 if own == "14" else (region == PolicyRegion.r62) + (region == PolicyRegion.r6230)
        )
    tree = parameters(period)[name]
    return where(here, tree[f"r{own}"].calc(amount), tree.r00.calc(amount))


def whole(start, period, unit):
    """Whole months or years from `start` to the period's last day."""
    day = period.stop
    months = start.astype("datetime64[M]")
    day_of_month = (start - months).astype("int32") + 1
    count = (day.year - 1970) * 12 + day.month - 1 - months.astype("int32")
    count = count - (day_of_month > day.day)
    return count if unit == "month" else count // 12


def given(name, entity, value_type, enum=None, default=None):
    """An input variable."""
    body = {"entity": entity, "value_type": value_type, "definition_period": MONTH, "label": name}
    if enum is not None:
        body |= {"possible_values": enum, "default_value": next(iter(enum))}
    if default is not None:
        body["default_value"] = default
    return type(name, (Variable,), body)


INPUTS = [
    # unknown → …                                                     # the rules say of the unknown …
    given("birth_date", Person, datetime.date),                       # 1970-01-01; unknown
    given("disability_grade", Person, int),                           # 0; not disabled
    given("labour_capacity", Person, Enum, LabourCapacity),           # unknown; unknown
    given("school_stage", Person, Enum, SchoolStage),                 # unknown; unknown
    given("insured", Person, bool),                                   # true; unknown
    given("wage_income", Person, float),                              # 0 and not known; months × minimum wage
    given("wage_known", Person, bool),
    given("work_months", Person, int),                                # 0 and not known; no deduction
    given("work_months_known", Person, bool),
    given("business_income", Person, float),
    given("farm_income", Person, float),                              # 0; unknown
    given("property_income", Person, float),
    given("pension_month", Person, float),
    given("medical_self_paid", Person, float),                        # 0; unknown
    given("school_cost", Person, float),
    given("household_type", Household, Enum, HouseholdType),
    given("registered_on", Household, datetime.date),                 # 1970-01-01; unknown
    given("house_grade", Household, Enum, HouseGrade),                # unknown; unknown
    given("water_safe", Household, bool),                             # true; unknown unless there is another gap
    given("land_income", Household, float),
    given("transfer_income", Household, float),                       # 0; 0
    given("savings", Household, float),                               # 0; not above, unless vehicles are unknown too
    given("vehicles", Household, int),                                # 0; not above, unless savings are unknown too
]  # fmt: skip


class region_code(Variable):
    value_type = str
    entity = Household
    definition_period = ETERNITY


class policy_region(Variable):
    value_type = Enum
    possible_values = PolicyRegion
    default_value = PolicyRegion.r00
    entity = Household
    definition_period = MONTH

    def formula(household, period):
        code = household("region_code", period).astype(str)
        starts = numpy.char.startswith
        return select(
            [starts(code, "6230"), starts(code, "62"), starts(code, "14")],
            [PolicyRegion.r6230, PolicyRegion.r62, PolicyRegion.r14],
            default=PolicyRegion.r00,
        )


def body_of(cls, entity, value_type):
    """OpenFisca reads a variable's own attributes alone, so that what most variables share is put into each."""
    shared = {"entity": entity, "value_type": value_type, "definition_period": MONTH}
    for name, value in shared.items():
        if name not in cls.__dict__:
            setattr(cls, name, value)


class PersonVariable(Variable):
    def __init_subclass__(cls):
        body_of(cls, Person, bool)


class HouseholdVariable(Variable):
    def __init_subclass__(cls):
        body_of(cls, Household, float)


class age(PersonVariable):
    value_type = int

    def formula(person, period):
        return whole(person("birth_date", period), period, "year")


class is_child(PersonVariable):
    def formula(person, period, parameters):
        return person("age", period) < parameters(period).child_age


class is_old(PersonVariable):
    def formula(person, period, parameters):
        return person("age", period) >= parameters(period).old_age


class is_student(PersonVariable):
    def formula(person, period):
        stage = person("school_stage", period)
        return (stage != SchoolStage.none) * (stage != SchoolStage.unknown)


class is_severely_disabled(PersonVariable):
    def formula(person, period):
        grade = person("disability_grade", period)
        return (grade == 1) + (grade == 2)


class can_work(PersonVariable):
    def formula(person, period):
        labour = person("labour_capacity", period)
        kept = (
            person("is_child", period)
            + person("is_old", period)
            + person("is_student", period)
            + person("is_severely_disabled", period)
        )
        return numpy.logical_not(kept) * ((labour == LabourCapacity.full) + (labour == LabourCapacity.part))


class countable_wage(PersonVariable):
    value_type = float

    def formula(person, period, parameters):
        wage = number(person, period, parameters, "minimum_wage")
        assumed = person("can_work", period) * person("work_months", period) * wage
        return where(person("wage_known", period), person("wage_income", period), assumed)


class work_deduction(PersonVariable):
    value_type = float

    def formula(person, period, parameters):
        cost = number(person, period, parameters, "work_cost")
        deduction = min_(person("countable_wage", period), person("work_months", period) * cost)
        return person("work_months_known", period) * deduction


class countable_pension(PersonVariable):
    value_type = float

    def formula(person, period, parameters):
        basic = number(person, period, parameters, "basic_pension")
        return max_(person("pension_month", period) - basic, 0) * 12


class countable_person_income(PersonVariable):
    value_type = float

    def formula(person, period):
        return (
            person("countable_wage", period)
            - person("work_deduction", period)
            + person("business_income", period)
            + person("farm_income", period)
            + person("property_income", period)
            + person("countable_pension", period)
        )


class medical_relief(PersonVariable):
    value_type = float

    def formula(person, period, parameters):
        paid = person("medical_self_paid", period)
        return scale(person, period, parameters, "medical_relief_scale", paid)


class medical_burden(PersonVariable):
    value_type = float

    def formula(person, period):
        return person("medical_self_paid", period) - person("medical_relief", period)


class school_burden(PersonVariable):
    value_type = float

    def formula(person, period, parameters):
        stage, cost = person("school_stage", period), person("school_cost", period)
        tree = parameters(period)
        young = (stage == SchoolStage.primary) + (stage == SchoolStage.junior)
        return person("is_student", period) * select(
            [young, stage == SchoolStage.college],
            [max_(cost - tree.boarding_aid, 0), cost],
            default=max_(cost - tree.senior_aid, 0),
        )


class disability_allowance(PersonVariable):
    value_type = float

    def formula(person, period, parameters):
        grade = person("disability_grade", period)
        living = number(person, period, parameters, "disability_living")
        care = number(person, period, parameters, "disability_care")
        severe = person("is_severely_disabled", period)
        both = living + care + person("is_child", period) * living
        return select([severe, grade == 3], [both, living], default=0)


class old_age_allowance(PersonVariable):
    value_type = float

    def formula(person, period, parameters):
        years = person("age", period)
        from_80 = number(person, period, parameters, "allowance_80")
        return select([years >= 90, years >= 80], [parameters(period).allowance_90, from_80], default=0)


class person_kind(PersonVariable):
    value_type = Enum
    possible_values = PersonKind
    default_value = PersonKind.other

    def formula(person, period):
        return select(
            [
                person("is_severely_disabled", period),
                person("is_student", period),
                person("is_child", period),
                person("is_old", period),
                person("can_work", period),
            ],
            [
                PersonKind.disabled.index, PersonKind.student.index, PersonKind.child.index, PersonKind.old.index,
                PersonKind.worker.index,
            ],
            default=PersonKind.other.index,
        )  # fmt: skip


class out_of_school(PersonVariable):
    def formula(person, period, parameters):
        kept = person("is_student", period) + person("is_severely_disabled", period)
        old_enough = person("age", period) >= parameters(period).school_age
        return old_enough * person("is_child", period) * numpy.logical_not(kept)


class size(HouseholdVariable):
    value_type = int

    def formula(household, period):
        return household.nb_persons()


class workers(HouseholdVariable):
    value_type = int

    def formula(household, period):
        return household.sum(household.members("can_work", period))


class dependency(HouseholdVariable):
    def formula(household, period):
        kind = household.members("person_kind", period)
        dependent = (kind != PersonKind.worker) * (kind != PersonKind.other)
        return household.sum(dependent) / household("size", period)


class oldest(HouseholdVariable):
    value_type = int

    def formula(household, period):
        years = household.members("age", period)
        if REGIONAL is None:
            return max_(household.max(years), 0)
        found = numpy.zeros(household.count, dtype=numpy.int32)
        numpy.maximum.at(found, household.members_entity_id, years)
        return found


class income(HouseholdVariable):
    def formula(household, period):
        earned = household.sum(household.members("countable_person_income", period))
        return earned + household("land_income", period) + household("transfer_income", period)


class medical_spending(HouseholdVariable):
    def formula(household, period):
        return household.sum(household.members("medical_burden", period))


class school_spending(HouseholdVariable):
    def formula(household, period):
        return household.sum(household.members("school_burden", period))


class rigid_spending(HouseholdVariable):
    def formula(household, period, parameters):
        spent = household("medical_spending", period) + household("school_spending", period)
        return min_(spent, number(household, period, parameters, "rigid_cap"))


class income_per_head(HouseholdVariable):
    def formula(household, period):
        left = max_(household("income", period) - household("rigid_spending", period), 0)
        return numpy.floor(left / household("size", period))


class below_line(HouseholdVariable):
    value_type = bool

    def formula(household, period, parameters):
        return household("income_per_head", period) < number(household, period, parameters, "monitoring_line")


class heavy_spending(HouseholdVariable):
    value_type = bool

    def formula(household, period, parameters):
        share = number(household, period, parameters, "heavy_share")
        return household("rigid_spending", period) * 100 > household("income", period) * share


class assets_exceed(HouseholdVariable):
    value_type = bool

    def formula(household, period, parameters):
        limit = household("size", period) * number(household, period, parameters, "savings_limit")
        return (household("savings", period) > limit) + (household("vehicles", period) >= 2)


class line_gap(HouseholdVariable):
    def formula(household, period, parameters):
        line = number(household, period, parameters, "dibao_line") * 12
        return max_(line - household("income_per_head", period), 0)


class dibao_eligible(HouseholdVariable):
    value_type = bool

    def formula(household, period):
        return (household("line_gap", period) > 0) * numpy.logical_not(household("assets_exceed", period))


class dibao_supplement(HouseholdVariable):
    def formula(household, period, parameters):
        persons = household.members
        weak = persons("is_child", period) + persons("is_old", period) + persons("is_severely_disabled", period)
        amount = number(household, period, parameters, "supplement")
        return household("dibao_eligible", period) * amount * household.sum(weak)


class dibao_amount(HouseholdVariable):
    def formula(household, period):
        gap = numpy.ceil(household("line_gap", period) * household("size", period))
        return household("dibao_eligible", period) * (gap + household("dibao_supplement", period) * 12)


class dibao_class(HouseholdVariable):
    value_type = Enum
    possible_values = DibaoClass
    default_value = DibaoClass.none

    def formula(household, period, parameters):
        line = number(household, period, parameters, "dibao_line") * 12
        share = household("income_per_head", period) * 10
        return select(
            [numpy.logical_not(household("dibao_eligible", period)), share < line * 3, share < line * 6],
            [DibaoClass.none.index, DibaoClass.A.index, DibaoClass.B.index],
            default=DibaoClass.C.index,
        )


class allowances(HouseholdVariable):
    def formula(household, period):
        persons = household.members
        return household.sum(persons("disability_allowance", period) + persons("old_age_allowance", period)) * 12


class unsafe_house(HouseholdVariable):
    value_type = bool

    def formula(household, period):
        grade = household("house_grade", period)
        return (grade == HouseGrade.C) + (grade == HouseGrade.D)


class guarantee_gap(HouseholdVariable):
    value_type = bool

    def formula(household, period):
        return (
            household.any(household.members("out_of_school", period))
            + household("unsafe_house", period)
            + household("uninsured", period)
            + numpy.logical_not(household("water_safe", period))
        )


class uninsured(HouseholdVariable):
    value_type = bool

    def formula(household, period):
        persons = household.members
        return household.any(numpy.logical_not(persons("insured", period)) * (persons("age", period) >= 1))


class monitored_kind(HouseholdVariable):
    value_type = Enum
    possible_values = MonitoredKind
    default_value = MonitoredKind.none

    def formula(household, period):
        below = household("below_line", period)
        any_risk = below + household("heavy_spending", period) + household("guarantee_gap", period)
        relieved = household("household_type", period) == HouseholdType.relieved
        lasting = whole(household("registered_on", period), period, "month") >= 12
        return select(
            [numpy.logical_not(any_risk), relieved * lasting, relieved, below],
            [
                MonitoredKind.none.index, MonitoredKind.unstable.index, MonitoredKind.new.index,
                MonitoredKind.marginal.index,
            ],
            default=MonitoredKind.sudden.index,
        )  # fmt: skip


class temporary_relief(HouseholdVariable):
    def formula(household, period, parameters):
        amount = scale(household, period, parameters, "relief_steps", household("rigid_spending", period))
        return (household("monitored_kind", period) == MonitoredKind.sudden) * amount


RULES = [*PersonVariable.__subclasses__(), *HouseholdVariable.__subclasses__()]
RESULTS = [
    "size", "workers", "dependency", "oldest", "income", "medical_spending", "school_spending", "rigid_spending",
    "income_per_head", "below_line", "heavy_spending", "assets_exceed", "line_gap", "dibao_eligible",
    "dibao_supplement", "dibao_amount", "dibao_class", "allowances", "unsafe_house", "guarantee_gap", "uninsured",
    "monitored_kind", "temporary_relief",
]  # fmt: skip
assert len(RULES) == 40
