"""Capacity for work 劳动能力 of members, and which way of help fits: development or the social floor."""

from xianjie.rules import add_months, either, household, person


@person(label="重度残疾", cite="central/13")
def severely_disabled(disabilities, severe_disability_grades, today):
    """A certificate of one of the severe grades in force."""
    return any(
        d.grade in severe_disability_grades and (d.cancelled_on is None or d.cancelled_on > today) for d in disabilities
    )


@person(label="残疾致无劳动能力", cite="tekun2021/5")
def incapable_by_disability(disabilities, today):
    """Intellectual or mental grade 1 to 3, limb grade 1 to 2, vision grade 1 (the extremely-poor rules, art. 5)."""
    return any(
        (d.cancelled_on is None or d.cancelled_on > today)
        and (
            (d.kind in ("5", "6") and d.grade in ("1", "2", "3"))
            or (d.kind == "4" and d.grade in ("1", "2"))
            or (d.kind == "1" and d.grade == "1")
        )
        for d in disabilities
    )


@person(label="新发重度残疾")
def newly_disabled(disabilities, severe_disability_grades, today, shock_window_months):
    """A certificate of a severe grade issued within the window."""
    start = add_months(today, -shock_window_months)
    return any(
        d.grade in severe_disability_grades
        and (d.cancelled_on is None or d.cancelled_on > today)
        and d.issued_on is not None
        and d.issued_on > start
        and d.issued_on <= today
        for d in disabilities
    )


@household(label="有重度残疾成员")
def has_severely_disabled(members):
    """Whether a living member is severely disabled."""
    return either(m.severely_disabled for m in members if m.living)


@household(label="家中新发重度残疾", cite="central/2")
def newly_severely_disabled(members):
    """Whether a living member was certified severely disabled within the window."""
    return either(m.newly_disabled for m in members if m.living)


@person(label="在校生")
def student(school_state, on_roll):
    """A student by the register or by the education department's roll."""
    registered = None if school_state is None else school_state not in ("none", "preschool_age")
    return either(registered, on_roll)


@person(label="劳动能力", cite="gansu/2")
def labour_state(age, student, labour_skill, incapable_by_disability, health, working_age_from, working_age_to):
    """able, weak or none: by age and school first, then the register's word, else disability and health."""
    if age is None or working_age_from is None or working_age_to is None:
        return None
    if age < working_age_from:
        return "none"
    if student is not None and student:
        return "none"
    if labour_skill is not None:
        if labour_skill in ("none", "lost"):
            return "none"
        return "weak" if labour_skill == "weak" else "able"
    if age > working_age_to:
        return "none"
    if incapable_by_disability is not None and incapable_by_disability:
        return "none"
    if student is None or incapable_by_disability is None or health is None:
        return None
    return "able" if health == "healthy" else "weak"


@household(label="劳动力人数", unit="person")
def labour_members(members):
    """Living members able to work, in full or in part."""
    return sum(1 for m in members if m.living and m.labour_state != "none")


@household(label="整户无劳动力", cite="gansu/2")
def no_labour(labour_members):
    """Nobody in the household can work."""
    return labour_members == 0


@household(label="宜开发式帮扶", cite="gansu/2")
def development_help_fits(labour_members):
    """Someone can work: industry, jobs, training come first."""
    return labour_members > 0


@household(label="宜兜底保障", cite="central/14")
def social_floor_fits(no_labour):
    """Nobody can work: the social floor comes first."""
    return no_labour


@household(label="无劳动力且未纳入低保特困", cite="central/14")
def floor_missing(no_labour, income_within_line, dibao_household, tekun_household):
    """Nobody can work, income is within the line, and neither 低保 nor 特困 support is in force."""
    covered = either(dibao_household, tekun_household)
    if no_labour is not None and not no_labour:
        return False
    if covered is not None and covered:
        return False
    if income_within_line is not None and not income_within_line:
        return False
    if no_labour is None or covered is None or income_within_line is None:
        return None
    return True
