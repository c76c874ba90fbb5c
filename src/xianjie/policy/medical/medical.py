"""Illness and its cost: bills' own part, new serious illness, enrolment in basic medical insurance."""

from xianjie.rules import add_months, either, household, person, year_of


@person(label="近12个月医疗自付", unit="fen/year")
def bill_self_paid(medical_bills, today, income_window_months):
    """What settled bills of the last twelve months left to the person."""
    start = add_months(today, -income_window_months)
    return sum(b.self_paid for b in medical_bills if b.settled_on > start and b.settled_on <= today)


@household(label="近12个月医疗自付合计", unit="fen/year")
def bills_self_paid(members):
    """What settled bills of the last twelve months left to the household."""
    return sum(m.bill_self_paid for m in members)


@person(label="近12个月住院自付", unit="fen/year")
def inpatient_self_paid(medical_bills, today, income_window_months):
    """The own part of inpatient bills over twelve months."""
    start = add_months(today, -income_window_months)
    return sum(
        b.self_paid for b in medical_bills if b.kind == "inpatient" and b.settled_on > start and b.settled_on <= today
    )


@household(label="成员最高住院自付", unit="fen/year")
def largest_inpatient_self_paid(members):
    """The largest own part of inpatient bills that one member bears."""
    return max((m.inpatient_self_paid for m in members if m.living), default=0)


@household(label="住院自付预警线", unit="fen/year")
def inpatient_warning(relieved, inpatient_warning_relieved, inpatient_warning_other):
    """The warning line that applies: one for relieved households, one for other rural households."""
    return inpatient_warning_relieved if relieved else inpatient_warning_other


@household(label="住院自付达到预警线", cite="central/3")
def inpatient_cost_high(largest_inpatient_self_paid, inpatient_warning):
    """Whether one member's inpatient cost reaches the warning line."""
    return largest_inpatient_self_paid >= inpatient_warning


@person(label="近1个月慢特病自付", unit="fen/month")
def chronic_self_paid(medical_bills, today):
    """The own part of chronic and special outpatient bills in the last month."""
    start = add_months(today, -1)
    return sum(
        b.self_paid for b in medical_bills if b.kind == "chronic" and b.settled_on > start and b.settled_on <= today
    )


@household(label="成员最高慢特病月自付", unit="fen/month")
def largest_chronic_self_paid(members):
    """The largest monthly own part of chronic outpatient bills that one member bears."""
    return max((m.chronic_self_paid for m in members if m.living), default=0)


@household(label="慢特病自付超过预警线", cite="central/3")
def chronic_cost_high(largest_chronic_self_paid, chronic_warning_month):
    """Whether one member's chronic outpatient cost of the month is above the warning line."""
    return largest_chronic_self_paid > chronic_warning_month


@person(label="本年政策范围内自付", unit="fen/year")
def in_scope_self_paid(medical_bills, today):
    """This year's cost within the policy's scope that basic insurance, serious-illness insurance and aid left."""
    year = year_of(today)
    return sum(
        b.in_scope - b.basic_paid - b.serious_paid - b.aid_paid
        for b in medical_bills
        if year_of(b.settled_on) == year and b.settled_on <= today
    )


@household(label="成员最高政策范围内自付", unit="fen/year")
def largest_in_scope_self_paid(members):
    """The largest in-scope cost after the three layers that one member bears this year."""
    return max((m.in_scope_self_paid for m in members if m.living), default=0)


@household(label="三重保障后自付超过倾斜救助线", cite="gansu/12")
def tilt_aid_to_check(largest_in_scope_self_paid, tilt_aid_threshold):
    """Whether the cost left after three layers is above the place's line for extra aid (倾斜救助)."""
    if largest_in_scope_self_paid is None:
        return None
    if largest_in_scope_self_paid <= 0:
        return False
    if tilt_aid_threshold is None:
        return None
    return largest_in_scope_self_paid > tilt_aid_threshold


@household(label="医疗负担重", cite="central/2")
def medical_burden_heavy(inpatient_cost_high, chronic_cost_high):
    """Inpatient or chronic outpatient cost at the warning line."""
    return either(inpatient_cost_high, chronic_cost_high)


@person(label="新发大病")
def newly_ill(illnesses, today, shock_window_months):
    """Whether a serious illness was diagnosed within the window."""
    start = add_months(today, -shock_window_months)
    return any(s.serious and s.diagnosed_on > start and s.diagnosed_on <= today for s in illnesses)


@household(label="家中新发大病", cite="central/2")
def new_serious_illness(members):
    """Whether a member fell seriously ill within the window."""
    return either(m.newly_ill for m in members if m.living)


@person(label="参加基本医保")
def insured(insurances, today):
    """Whether the person is enrolled this year in residents' or employees' medical insurance."""
    year = year_of(today)
    return any(n.enrolled and n.year == year and n.kind in ("medical_resident", "medical_employee") for n in insurances)


@household(label="未参保人数", unit="person")
def uninsured_members(members):
    """Living members without basic medical insurance this year."""
    return sum(1 for m in members if m.living and not m.insured)


@person(label="不在参保名册")
def not_on_insurance_roll(insurances, today):
    """No row of this year's roll at all: not enrolled, or the roll's row could not be matched."""
    year = year_of(today)
    return not any(n.year == year and n.kind in ("medical_resident", "medical_employee") for n in insurances)


@household(label="不在参保名册人数", unit="person")
def unlisted_members(members):
    """Living members of whom this year's roll has no row."""
    return sum(1 for m in members if m.living and m.not_on_insurance_roll)


@household(label="有成员未参加基本医保", cite="central/3")
def uninsured(uninsured_members):
    """Whether a member is without basic medical insurance this year."""
    return uninsured_members > 0
