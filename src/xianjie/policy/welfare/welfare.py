"""Children, old people and the disabled: who is due living, care and old-age subsidies, and has not been paid."""

from xianjie.rules import add_months, both, either, household, person


@person(label="孤儿类待遇在发")
def orphan_paid(benefits, today, benefit_paid_months):
    """An orphan's or unattended child's living allowance was paid lately."""
    start = add_months(today, -benefit_paid_months)
    return any(b.kind in ("orphan", "unattended_child") and b.paid_on > start and b.paid_on <= today for b in benefits)


@person(label="应享儿童基本生活费", cite="shanxi/32")
def orphan_allowance_due(orphan_or_unattended, age, minor_below):
    """On the books as orphan or de-facto unattended, and below eighteen."""
    return both(orphan_or_unattended, None if age is None or minor_below is None else age < minor_below)


@person(label="孤儿、事实无人抚养儿童未发基本生活费", cite="shanxi/32")
def orphan_unpaid(orphan_allowance_due, orphan_paid):
    """Due, and nothing was paid lately."""
    return both(orphan_allowance_due, None if orphan_paid is None else not orphan_paid)


@household(label="儿童基本生活费应发未发", cite="shanxi/32")
def orphan_allowance_missing(members):
    """A child of the household is due the allowance and was not paid."""
    return either(m.orphan_unpaid for m in members if m.living)


@person(label="应享困难残疾人生活补贴", cite="disabled2015/1")
def disability_living_due(disability_certified, on_dibao):
    """Disabled and in 低保; 特困 support already holds it."""
    return both(disability_certified, on_dibao)


@person(label="应享重度残疾人护理补贴", cite="disabled2015/1")
def disability_care_due(severely_disabled, on_tekun):
    """Severely disabled; 特困 support already holds care."""
    return both(severely_disabled, None if on_tekun is None else not on_tekun)


@person(label="困难残疾人生活补贴在发")
def disability_living_paid(benefits, today, benefit_paid_months):
    """Paid lately."""
    start = add_months(today, -benefit_paid_months)
    return any(b.kind == "disability_living" and b.paid_on > start and b.paid_on <= today for b in benefits)


@person(label="重度残疾人护理补贴在发")
def disability_care_paid(benefits, today, benefit_paid_months):
    """Paid lately."""
    start = add_months(today, -benefit_paid_months)
    return any(b.kind == "disability_care" and b.paid_on > start and b.paid_on <= today for b in benefits)


@person(label="残疾人补贴应发未发", cite="disabled2015/1")
def disability_subsidy_unpaid(disability_living_due, disability_living_paid, disability_care_due, disability_care_paid):
    """Due the living or the care subsidy, and that one was not paid lately."""
    living = both(disability_living_due, None if disability_living_paid is None else not disability_living_paid)
    care = both(disability_care_due, None if disability_care_paid is None else not disability_care_paid)
    return either(living, care)


@household(label="残疾人补贴未落实", cite="disabled2015/1")
def disability_subsidy_missing(members):
    """A member was not paid a disability subsidy that is due."""
    return either(m.disability_subsidy_unpaid for m in members if m.living)


@person(label="残疾儿童康复救助对象", cite="central/11")
def rehabilitation_due(disability_certified, age, minor_below):
    """A disabled child."""
    child = None if age is None or minor_below is None else age < minor_below
    return both(disability_certified, child)


@household(label="有残疾儿童待核康复救助", cite="central/11")
def rehabilitation_to_check(members):
    """A disabled child lives in the household."""
    return either(m.rehabilitation_due for m in members if m.living)


@person(label="高龄津贴在发")
def old_age_paid(benefits, today, benefit_paid_months):
    """Paid lately."""
    start = add_months(today, -benefit_paid_months)
    return any(b.kind == "old_age" and b.paid_on > start and b.paid_on <= today for b in benefits)


@person(label="应享高龄津贴", cite="central/13")
def old_age_allowance_due(age, old_age_allowance_from):
    """Of the age."""
    return age >= old_age_allowance_from


@person(label="高龄津贴应发未发", cite="central/13")
def old_age_unpaid(old_age_allowance_due, old_age_paid):
    """Due, and not paid lately."""
    return both(old_age_allowance_due, None if old_age_paid is None else not old_age_paid)


@household(label="高龄津贴未落实", cite="central/13")
def old_age_allowance_missing(members):
    """A member of that age was not paid."""
    return either(m.old_age_unpaid for m in members if m.living)
