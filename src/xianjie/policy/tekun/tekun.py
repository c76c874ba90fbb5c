"""特困 the extremely poor: no capacity for work, no source of living, nobody able to support."""

from xianjie.rules import add_months, both, either, household, person, round_half_up


@person(label="无劳动能力", cite="tekun2021/5")
def without_capacity(age, old_age_from, working_age_from, incapable_by_disability):
    """Old, below working age, or disabled in the kinds and grades of the rules."""
    if age is not None and old_age_from is not None and age >= old_age_from:
        return True
    if age is not None and working_age_from is not None and age < working_age_from:
        return True
    if incapable_by_disability is not None and incapable_by_disability:
        return True
    if age is None or incapable_by_disability is None:
        return None
    return False


@person(label="有履行能力的法定义务人", cite="tekun2021/8")
def supporter_able(supporters):
    """A relative by law elsewhere is able to support; a person judges each, and one not judged leaves it open."""
    return any(s.able for s in supporters)


@person(label="孤儿或事实无人抚养儿童", cite="central/13")
def orphan_or_unattended(categories, today):
    """On the books as orphan or de-facto unattended child: that protection comes instead of 特困."""
    return any(
        c.category in ("orphan", "unattended_child")
        and c.valid_from <= today
        and (c.valid_to is None or c.valid_to > today)
        for c in categories
    )


@person(label="本人符合特困条件", cite="tekun2021/4")
def tekun_person(without_capacity, supporter_able, orphan_or_unattended, orphan_not_tekun):
    """No capacity for work, nobody able to support, and not protected as an orphan where that excludes 特困."""
    if without_capacity is not None and not without_capacity:
        return False
    if supporter_able is not None and supporter_able:
        return False
    if orphan_not_tekun is None:
        return None
    if orphan_not_tekun and orphan_or_unattended is not None and orphan_or_unattended:
        return False
    if without_capacity is None or supporter_able is None or orphan_or_unattended is None:
        return None
    return True


@household(label="高龄津贴收入", unit="fen/year", cite="tekun2021/6")
def old_age_allowance_income(incomes, income_account, tekun_exempt_items, today, income_window_months):
    """Payments that 特困 leaves out of income and 低保 does not: the old-age allowance, by the account's items."""
    start = add_months(today, -income_window_months)
    return sum(
        i.amount
        for i in incomes
        if i.kind == "transfer"
        and i.said_by == income_account
        and i.period_to > start
        and i.period_to <= today
        and i.item is not None
        and i.item in tekun_exempt_items
    )


@household(label="特困核算人均收入", unit="fen/person/year", cite="tekun2021/6")
def tekun_income_per_head(countable_income, old_age_allowance_income, assistance_size):
    """Countable income without the old-age allowance, for each member who counts."""
    return round_half_up(max(countable_income - old_age_allowance_income, 0), assistance_size)


@household(label="收入财产符合特困条件", cite="tekun2021/6")
def tekun_conditions(tekun_income_per_head, dibao_standard_year, property_objection):
    """That income below the 低保 standard, and no objection to property; one that fails is enough to say no."""
    if property_objection is not None and property_objection:
        return False
    if tekun_income_per_head is None or dibao_standard_year is None:
        return None
    if tekun_income_per_head >= dibao_standard_year:
        return False
    if property_objection is None:
        return None
    return True


@household(label="有劳动能力成员", cite="tekun2021/8")
def able_members(members):
    """Members who count and have capacity for work: they owe support to those who live with them."""
    return sum(1 for m in members if m.family_member and not m.without_capacity)


@household(label="本人符合特困条件人数", unit="person", cite="tekun2021/4")
def tekun_persons(members):
    """Members who meet the personal conditions."""
    return sum(1 for m in members if m.family_member and m.tekun_person)


@household(label="应认定特困人数", unit="person", cite="tekun2021/4")
def tekun_due_members(tekun_conditions, able_members, tekun_persons):
    """Those members, where the family's income and property are within the rules and nobody at home can support."""
    if tekun_conditions is not None and not tekun_conditions:
        return 0
    if able_members is not None and able_members > 0:
        return 0
    if tekun_persons is not None and tekun_persons == 0:
        return 0
    if tekun_conditions is None or able_members is None or tekun_persons is None:
        return None
    return tekun_persons


@household(label="应认定特困", cite="tekun2021/4")
def tekun_due(tekun_due_members):
    """At least one member falls under 特困."""
    return tekun_due_members > 0


@household(label="享受特困人数", unit="person")
def tekun_members(members):
    """Members supported as extremely poor."""
    return sum(1 for m in members if m.living and m.on_tekun)


@household(label="特困应保未保", cite="central/14")
def tekun_missed(tekun_due, tekun_members, tekun_due_members):
    """More members qualify than are supported."""
    if tekun_due is not None and not tekun_due:
        return False
    if tekun_due is None or tekun_members is None or tekun_due_members is None:
        return None
    return tekun_members < tekun_due_members


@person(label="仍可保留特困身份", cite="tekun2021/24")
def tekun_kept(age, minor_below, school_state):
    """Below eighteen, or at school up to senior secondary or secondary vocational: support goes on."""
    if age is not None and minor_below is not None and age < minor_below:
        return True
    if school_state is None or age is None or minor_below is None:
        return None
    return school_state in (
        "primary",
        "grade7",
        "grade8",
        "grade9",
        "senior1",
        "senior2",
        "senior3",
        "vocational1",
        "vocational2",
        "vocational3",
    )


@person(label="特困条件变化待核查", cite="tekun2021/24")
def tekun_person_changed(on_tekun, without_capacity, supporter_able, tekun_kept):
    """Supported, but can work now or has an able supporter, and not kept by age or school."""
    gained = either(None if without_capacity is None else not without_capacity, supporter_able)
    kept = None if tekun_kept is None else not tekun_kept
    return both(on_tekun, gained, kept)


@household(label="特困人员待复核", cite="tekun2021/24")
def tekun_to_recheck(tekun_household, tekun_conditions, members):
    """A supported member's conditions have changed, or the family's income or property: to be checked, not stopped."""
    if tekun_household is not None and not tekun_household:
        return False
    if tekun_conditions is not None and not tekun_conditions:
        return tekun_household
    if tekun_conditions is None:
        return None
    return either(m.tekun_person_changed for m in members if m.living)


@household(label="特困保障情况", cite="central/14")
def tekun_state(tekun_due, tekun_household):
    """应保已保、应保未保、在保待复核、不在范围; unknown: see which data are missing."""
    if tekun_due is None or tekun_household is None:
        return None
    if tekun_due:
        return "应保已保" if tekun_household else "应保未保"
    return "在保待复核" if tekun_household else "不在范围"
