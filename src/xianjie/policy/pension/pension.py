"""养老保险代缴 the residents' pension premium paid on behalf, the kept lowest grade, the supplementary pension."""

from xianjie.rules import both, either, household, person, round_half_up, year_of


@person(label="有效残疾人证", cite="gannan/15")
def disability_certified(disabilities, today):
    """A disability certificate of any grade in force."""
    return any(d.cancelled_on is None or d.cancelled_on > today for d in disabilities)


@person(label="返贫致贫人口", cite="central/13")
def back_to_poverty(categories, today):
    """Listed as fallen (back) into poverty."""
    return any(
        c.category == "back_to_poverty" and c.valid_from <= today and (c.valid_to is None or c.valid_to > today)
        for c in categories
    )


@person(label="计划生育“两证户”", cite="gansu/13")
def two_certificates(categories, today):
    """Of a two-certificate family."""
    return any(
        c.category == "family_planning_two_certificates"
        and c.valid_from <= today
        and (c.valid_to is None or c.valid_to > today)
        for c in categories
    )


@person(label="养老保险代缴对象", cite="central/13")
def pension_help_group(
    pension_help_groups, on_dibao, on_tekun, back_to_poverty, severely_disabled, two_certificates, disability_certified
):
    """Of a group that the place's clause names."""
    return either(
        both("低保对象" in pension_help_groups, on_dibao),
        both("特困人员" in pension_help_groups, on_tekun),
        both("返贫致贫人口" in pension_help_groups, back_to_poverty),
        both("重度残疾人" in pension_help_groups, severely_disabled),
        both("计生两证户" in pension_help_groups, two_certificates),
        both("持证残疾人" in pension_help_groups, disability_certified),
    )


@person(label="本年养老保险有记录")
def pension_on_record(insurances, today):
    """Any word of this year's pension: the medical roll alone says nothing of it."""
    return any(
        n.kind in ("pension_resident", "pension_employee", "pension_supplementary") and n.year == year_of(today)
        for n in insurances
    )


@person(label="参加居民养老保险")
def in_resident_pension(insurances, pension_on_record, today):
    """Enrolled this year in the residents' pension and not yet drawing; unknown where no roll speaks of the person."""
    if not pension_on_record:
        return None
    return any(
        n.enrolled
        and n.kind == "pension_resident"
        and n.year == year_of(today)
        and (n.drawing is None or not n.drawing)
        for n in insurances
    )


@person(label="参加职工养老保险")
def in_employee_pension(insurances, today):
    """Enrolled this year in the employees' pension."""
    return any(n.enrolled and n.kind == "pension_employee" and n.year == year_of(today) for n in insurances)


@person(label="应代缴养老保险费", cite="central/13")
def pension_help_due(
    pension_help_group, age, student, in_resident_pension, in_employee_pension, pension_age_from, pension_age_below
):
    """Of such a group, of paying age, no student, in the residents' pension and in no other."""
    payer = None if age is None or pension_age_from is None else pension_age_from <= age
    young = None if age is None or pension_age_below is None else age < pension_age_below
    working = None if student is None else not student
    alone = None if in_employee_pension is None else not in_employee_pension
    return both(pension_help_group, payer, young, working, in_resident_pension, alone)


@person(label="应代缴金额", unit="fen/year", cite="central/13")
def pension_help_amount(pension_help_due, pension_kept_grade, pension_help_share):
    """The share that the place pays of the kept lowest grade."""
    if pension_help_due is None:
        return None
    if not pension_help_due:
        return 0
    if pension_kept_grade is None or pension_help_share is None:
        return None
    return round_half_up(pension_kept_grade * pension_help_share)


@person(label="本年已代缴", unit="fen")
def pension_helped(insurances, today):
    """What was paid on behalf this year."""
    return sum(
        0 if n.premium_helped is None else n.premium_helped
        for n in insurances
        if n.kind == "pension_resident" and n.year == year_of(today)
    )


@person(label="养老保险未代缴", cite="central/13")
def pension_help_unpaid(pension_help_due, pension_helped):
    """Due, and nothing was paid on behalf this year."""
    if pension_help_due is not None and not pension_help_due:
        return False
    if pension_help_due is None or pension_helped is None:
        return None
    return pension_helped == 0


@household(label="养老保险应代缴未代缴", cite="central/13")
def pension_help_missing(members):
    """A member's premium was due and not paid on behalf."""
    return either(m.pension_help_unpaid for m in members if m.living)


@household(label="应代缴养老保险费合计", unit="fen/year", cite="central/13")
def pension_help_total(members):
    """Amounts due for all members."""
    return sum(m.pension_help_amount for m in members if m.living)


@person(label="可按保留的最低档缴费", cite="central/13")
def may_keep_lowest_grade(pension_help_group, household):
    """The groups and other relieved people may stay on the lowest grade after grades rise."""
    return either(pension_help_group, household.relieved)


@household(label="可保留最低档人数", unit="person", cite="central/13")
def lowest_grade_members(members):
    """Members who may stay on the lowest grade."""
    return sum(1 for m in members if m.living and m.may_keep_lowest_grade)


@person(label="参加补充养老保险", cite="shanxi/35")
def in_supplementary_pension(insurances, today):
    """Enrolled this year in the supplementary pension."""
    return any(n.enrolled and n.kind == "pension_supplementary" and n.year == year_of(today) for n in insurances)


@person(label="补充养老保险未覆盖", cite="shanxi/35")
def supplementary_pension_gap(
    supplementary_pension_covers, pension_help_group, age, pension_age_from, pension_age_below, in_supplementary_pension
):
    """Where the place covers the key groups in full: of such a group, of paying age, and not enrolled."""
    if supplementary_pension_covers is None:
        return None
    if not supplementary_pension_covers:
        return False
    if pension_help_group is not None and not pension_help_group:
        return False
    if age is None or pension_age_from is None or pension_age_below is None:
        return None
    if age < pension_age_from or age >= pension_age_below:
        return False
    if pension_help_group is None or in_supplementary_pension is None:
        return None
    return not in_supplementary_pension


@household(label="补充养老保险应保未保", cite="shanxi/35")
def supplementary_pension_missing(members):
    """A member of a key group is not enrolled."""
    return either(m.supplementary_pension_gap for m in members if m.living)
