"""雨露计划 and boarding aid: how much a student is due for the term and the year."""

from xianjie.rules import both, household, person, round_half_up


@person(label="休学或退学", cite="central/20")
def on_leave(schoolings, school_year_start):
    """The newest roll says on leave or gone: vocational aid stops."""
    return any(
        s.roll_state is not None and s.roll_state in ("leave", "withdrawn")
        for s in schoolings
        if s.term_from is not None and s.term_from >= school_year_start
    )


@household(label="本学期雨露计划应补金额", unit="fen", cite="central/20")
def yulu_amount(yulu_entitled, members, yulu_term_amount):
    """A term's aid for each vocational student who is at school."""
    if not yulu_entitled:
        return 0
    students = sum(1 for m in members if m.living and m.vocational_student and not m.on_leave)
    return students * yulu_term_amount


@person(label="义务教育阶段", cite="central/9")
def in_compulsory_school(schoolings, school_year_start):
    """On this year's roll of primary or junior school."""
    return any(
        s.stage is not None and s.stage in ("primary", "grade7", "grade8", "grade9")
        for s in schoolings
        if (s.enrolled is None or s.enrolled) and s.term_from is not None and s.term_from >= school_year_start
    )


@person(label="初中阶段", cite="central/9")
def in_junior_school(schoolings, school_year_start):
    """On this year's roll of junior school."""
    return any(
        s.stage is not None and s.stage in ("grade7", "grade8", "grade9")
        for s in schoolings
        if (s.enrolled is None or s.enrolled) and s.term_from is not None and s.term_from >= school_year_start
    )


@person(label="寄宿", cite="central/9")
def boards(schoolings, school_year_start):
    """Boards at school this year."""
    return any(s.boarding for s in schoolings if s.term_from is not None and s.term_from >= school_year_start)


@person(label="生活补助年标准", unit="fen", cite="central/9")
def living_aid(
    in_compulsory_school, in_junior_school, boards, living_aid_primary, living_aid_junior, living_aid_day_share
):
    """A year's living aid of a poor pupil: by stage, half for those who do not board."""
    if not in_compulsory_school:
        return 0
    full = living_aid_junior if in_junior_school else living_aid_primary
    return full if boards else round_half_up(full * living_aid_day_share)


@household(label="家庭经济困难学生生活补助合计", unit="fen", cite="central/9")
def living_aid_total(poor_for_schooling, members):
    """Living aid of all pupils of a household that counts as poor for schooling."""
    if not poor_for_schooling:
        return 0
    return sum(m.living_aid for m in members if m.living)


@household(label="教育资助对象家庭", cite="central/9")
def poor_for_schooling(relieved, already_monitored, dibao_household, tekun_household):
    """Relieved, monitored, or with 低保 or 特困 (our reading of which families count)."""
    known_not = both(
        None if relieved is None else not relieved,
        None if already_monitored is None else not already_monitored,
        None if dibao_household is None else not dibao_household,
        None if tekun_household is None else not tekun_household,
    )
    if known_not is None:
        return None
    return not known_not
