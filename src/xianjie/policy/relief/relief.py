"""临时救助 temporary relief: who, how much for so many months, and what a township may decide."""

from xianjie.rules import add_months, both, either, household, rule


@household(label="符合急难型临时救助", cite="relief2018/1")
def relief_urgent(sudden_hardship, disaster_hit, accident_hit):
    """A disaster, accident or sudden hardship: help first, papers later."""
    return either(sudden_hardship, disaster_hit, accident_hit)


@household(label="符合支出型临时救助", cite="relief2018/1")
def relief_spending(income_below_local, property_fine, left_below_dibao):
    """Income below what the place's people have, property fine, and rigid spending leaves less than the standard."""
    return both(income_below_local, property_fine, left_below_dibao)


@household(label="扣除刚性支出后低于低保标准", cite="relief2018/1")
def left_below_dibao(countable_income, rigid_spending, dibao_standard_year, assistance_size):
    """What rigid spending leaves is below the standard for each member (our reading of hardship)."""
    return countable_income - rigid_spending < dibao_standard_year * assistance_size


@household(label="应考虑临时救助", cite="central/11")
def relief_due(relief_urgent, relief_spending):
    """Of the one kind or the other."""
    return either(relief_urgent, relief_spending)


@household(label="近12个月已给临时救助")
def relief_given(relief_grants, today, income_window_months):
    """A decision on relief within the window."""
    start = add_months(today, -income_window_months)
    return any(g.decided_on > start and g.decided_on <= today for g in relief_grants)


@household(label="应考虑临时救助未给", cite="central/11")
def relief_missed(relief_due, relief_given):
    """Relief is due and none was given within the window."""
    free = None if relief_given is None else not relief_given
    return both(relief_due, free)


@household(label="每月每人临时救助额", unit="fen/person/month", cite="gansu_relief2021/1")
def relief_unit(relief_by_urban_dibao, urban_dibao_month):
    """The urban standard of a month, where the place's formula takes it."""
    if not relief_by_urban_dibao:
        return None
    return urban_dibao_month


@household(label="临时救助最高额", unit="fen", cite="gansu_relief2021/1")
def relief_highest(relief_unit, assistance_size, relief_months_max):
    """For all members and the most months: what a formula decision can reach."""
    return relief_unit * assistance_size * relief_months_max


@rule("relief_grant", label="按公式的救助金额", unit="fen", cite="gansu_relief2021/1")
def relief_formula_amount(relief_by_urban_dibao, urban_dibao_month, persons, months):
    """Urban monthly standard × persons × months; the months are a person's decision."""
    if not relief_by_urban_dibao:
        return None
    return urban_dibao_month * persons * months


@rule("relief_grant", label="救助月数超过上限", cite="gansu_relief2021/1")
def relief_too_long(months, relief_months_max):
    """More months than the place allows."""
    return months > relief_months_max


@rule("relief_grant", label="救助金额高于公式", cite="gansu_relief2021/1")
def relief_above_formula(amount, relief_formula_amount, case_by_case):
    """Above the formula without having been decided case by case."""
    if case_by_case is not None and case_by_case:
        return False
    return amount > relief_formula_amount


@rule("relief_grant", label="超过乡镇审批限额", cite="relief2018/2")
def relief_above_township(decided_by, amount, relief_township_max):
    """Decided by the township above what it may decide."""
    if decided_by is not None and decided_by != "township":
        return False
    if decided_by is None or amount is None or relief_township_max is None:
        return None
    return amount > relief_township_max


@rule("relief_grant", label="先行救助未补手续", cite="relief2018/1")
def relief_papers_missing(help_first, papers_on):
    """Helped first, and the papers are not completed."""
    if not help_first:
        return False
    return papers_on is None


@household(label="有先行救助未补手续", cite="relief2018/1")
def relief_papers_open(relief_grants):
    """A grant whose papers are missing."""
    return any(g.relief_papers_missing for g in relief_grants)


@household(label="临时救助超限待核", cite="gansu_relief2021/1")
def relief_to_check(relief_grants):
    """A grant with too many months."""
    return any(g.relief_too_long for g in relief_grants if g.months is not None)
