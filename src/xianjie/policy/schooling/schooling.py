"""Schooling: compulsory school age against the roll, absence, cost, and 雨露计划."""

from xianjie.rules import add_months, either, household, month_of, person, year_of, years_between


@person(label="本学年起点")
def school_year_start(today, school_year_eve, roll_due_month):
    """The day before the school year; until the month by which new rolls come in, still last year's."""
    year = year_of(today) if month_of(today) >= roll_due_month else year_of(today) - 1
    return add_months(school_year_eve, 12 * (year - year_of(school_year_eve)))


@person(label="学年起点年龄", unit="year")
def age_at_school_year(birth_date, school_year_start):
    """Age when the school year began."""
    return years_between(birth_date, school_year_start)


@person(label="义务教育适龄", cite="central/3")
def school_age(age_at_school_year, education, compulsory_age_from, compulsory_age_to):
    """Of compulsory school age when the school year began, and not yet through junior school."""
    if education is not None and education in ("junior", "senior", "college", "bachelor"):
        return False
    return compulsory_age_from <= age_at_school_year <= compulsory_age_to


@person(label="在籍")
def on_roll(schoolings, school_year_start):
    """Whether the education department's roll of this school year has the person."""
    return any(
        (s.term_from is None or s.term_from >= add_months(school_year_start, -1)) and (s.enrolled is None or s.enrolled)
        for s in schoolings
    )


@person(label="无故缺课天数", unit="day")
def absent_days(schoolings, school_year_start):
    """The longest absence of this school year that the roll reports, in days."""
    return max(
        (
            s.absent_days
            for s in schoolings
            if s.absent_days is not None
            and (s.term_from is None or s.term_from >= add_months(school_year_start, -1))
            and (s.absence_reason is None or s.absence_reason != "health")
        ),
        default=0,
    )


@person(label="因身体原因不具备学习条件", cite="central/3")
def excused_by_health(dropout_reason, schoolings):
    """The one exception that the documents make."""
    if dropout_reason is not None and dropout_reason == "health":
        return True
    return any(s.absence_reason is not None and s.absence_reason == "health" for s in schoolings)


@person(label="失学辍学", cite="central/3")
def dropped_out(school_age, excused_by_health, on_roll, absent_days, school_state, dropout_absence_days):
    """School age, not excused by health, and either long absent or on no roll and no student by the register."""
    if school_age is not None and not school_age:
        return False
    if school_age is None or excused_by_health is None or on_roll is None or absent_days is None:
        return None
    if excused_by_health:
        return False
    if not on_roll:
        if school_state is None:
            return None
        return school_state in ("none", "preschool_age")
    if dropout_absence_days is None:
        return None
    return absent_days > dropout_absence_days


@person(label="疑似失学辍学", cite="central/3")
def maybe_dropped_out(
    school_age, excused_by_health, on_roll, absent_days, suspected_absence_days, dropout_absence_days
):
    """On no roll of the county, whatever the register says, or absent for more than a week."""
    if school_age is not None and not school_age:
        return False
    if excused_by_health is not None and excused_by_health:
        return False
    if school_age is None or excused_by_health is None or on_roll is None:
        return None
    if not on_roll:
        return True
    if absent_days is None or suspected_absence_days is None or dropout_absence_days is None:
        return None
    return suspected_absence_days < absent_days <= dropout_absence_days


@household(label="有义务教育阶段失学辍学", cite="central/3")
def dropout(members):
    """Whether a child of compulsory school age has dropped out."""
    return either(m.dropped_out for m in members if m.living)


@household(label="疑似失学辍学待核实", cite="central/3")
def dropout_suspected(dropout, members):
    """Whether a child may have dropped out and none surely has."""
    if dropout is not None and dropout:
        return False
    return either(m.maybe_dropped_out for m in members if m.living)


@person(label="本学年自付学费等", unit="fen/year")
def school_self_paid(schoolings, school_year_start):
    """Cost after aid of a student beyond compulsory school: the largest that the roll of this year names."""
    cost = max(
        (
            s.self_pay_year
            for s in schoolings
            if s.self_pay_year is not None and (s.term_from is None or s.term_from >= add_months(school_year_start, -1))
        ),
        default=0,
    )
    aid = max(
        (
            s.aid_year
            for s in schoolings
            if s.aid_year is not None and (s.term_from is None or s.term_from >= add_months(school_year_start, -1))
        ),
        default=0,
    )
    return max(cost - aid, 0)


@household(label="学籍登记的教育自付", unit="fen/year")
def roll_self_paid(members):
    """Schooling cost after aid of all members, by the roll."""
    return sum(m.school_self_paid for m in members if m.living)


@household(label="成员最高教育自付", unit="fen/year")
def largest_school_self_paid(members):
    """The largest schooling cost after aid of one member."""
    return max((m.school_self_paid for m in members if m.living), default=0)


@household(label="就学负担达到预警线", cite="central/9")
def school_cost_high(largest_school_self_paid, school_cost_warning):
    """Whether one student's cost after aid is above the warning line."""
    return largest_school_self_paid > school_cost_warning


@person(label="职业教育学期起点")
def vocational_term(schoolings, school_year_start):
    """The newest term of this school year on the roll of secondary or higher vocational school; unknown if none."""
    return max(
        (
            s.term_from
            for s in schoolings
            if s.term_from is not None
            and s.term_from >= add_months(school_year_start, -1)
            and (s.enrolled is None or s.enrolled)
            and s.stage is not None
            and s.stage
            in (
                "vocational1",
                "vocational2",
                "vocational3",
                "higher_vocational1",
                "higher_vocational2",
                "higher_vocational3",
            )
        ),
        default=None,
    )


@person(label="职业教育在校生", cite="central/20")
def vocational_student(schoolings, school_year_start):
    """On the roll of a secondary or higher vocational school this year."""
    return any(
        (s.term_from is None or s.term_from >= add_months(school_year_start, -1))
        and (s.enrolled is None or s.enrolled)
        and s.stage is not None
        and s.stage
        in (
            "vocational1",
            "vocational2",
            "vocational3",
            "higher_vocational1",
            "higher_vocational2",
            "higher_vocational3",
        )
        for s in schoolings
    )


@person(label="本学期已领雨露补助")
def yulu_paid(benefits, vocational_term, today):
    """Whether the aid was paid since the term began."""
    return any(b.kind == "yulu" and b.paid_on >= vocational_term and b.paid_on <= today for b in benefits)


@person(label="职业教育在校生未领雨露补助")
def yulu_unpaid(vocational_student, yulu_paid):
    """A vocational student who has not been paid since the term began."""
    if vocational_student is None:
        return None
    if not vocational_student:
        return False
    if yulu_paid is None:
        return None
    return not yulu_paid


@household(label="有职业教育在校生")
def has_vocational_student(members):
    """Whether a member is a vocational student."""
    return either(m.vocational_student for m in members if m.living)


@household(label="职业教育学期起点")
def newest_vocational_term(members):
    """The newest term of a member in vocational school; unknown if there is none."""
    return max((m.vocational_term for m in members if m.living and m.vocational_term is not None), default=None)


@household(label="学期开始时符合雨露计划条件", cite="central/20")
def yulu_entitled(has_vocational_student, relieved, monitored_at_term):
    """A vocational student in a relieved household, or in one monitored and not removed when the term began."""
    if has_vocational_student is None:
        return None
    if not has_vocational_student:
        return False
    return either(relieved, monitored_at_term)


@household(label="学期开始时在监测")
def monitored_at_term(monitorings, newest_vocational_term):
    """Monitored, and risk not removed, on the day the term began."""
    return any(
        s.identified_on <= newest_vocational_term
        and (not s.removed or (s.removed_on is not None and s.removed_on > newest_vocational_term))
        for s in monitorings
    )


@household(label="雨露计划应补未补", cite="central/20")
def yulu_missing(yulu_entitled, members):
    """Entitled, and a vocational student has not been paid since the term began."""
    if yulu_entitled is None:
        return None
    if not yulu_entitled:
        return False
    return either(m.yulu_unpaid for m in members if m.living)
