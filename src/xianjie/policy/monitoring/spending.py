"""Rigid spending 刚性支出 of the last twelve months, and what income is left after it.

Bills and declared spending tell of the same money: for each kind the larger of the two counts, once.
Basic living is no rigid spending here; the line itself stands for it.
"""

from xianjie.rules import add_months, first_known, household, round_half_up


@household(label="支出账次序")
def expense_teller(expenses, today, income_window_months):
    """The best teller of spending in the window, in the order of `income_teller`."""
    start = add_months(today, -income_window_months)
    return min(
        (
            1 if e.said_by == "cadre"
            else 2 if e.said_by == "national_system"
            else 3 if e.said_by == "household"
            else 4 if e.said_by == "department"
            else 5
            for e in expenses
            if e.period_to > start and e.period_to <= today
        ),
        default=9,
    )  # fmt: skip


@household(label="支出账来源")
def expense_account(expense_teller):
    """Whose account of the spending is taken; `none` when none was declared."""
    if expense_teller == 1:
        return "cadre"
    if expense_teller == 2:
        return "national_system"
    if expense_teller == 3:
        return "household"
    if expense_teller == 4:
        return "department"
    if expense_teller == 5:
        return "imputed"
    return "none"


@household(label="申报的医疗支出", unit="fen/year")
def declared_medical(expenses, expense_account, today, income_window_months):
    """Medical spending that the account names."""
    start = add_months(today, -income_window_months)
    return sum(
        e.amount
        for e in expenses
        if e.kind == "medical" and e.said_by == expense_account and e.period_to > start and e.period_to <= today
    )


@household(label="申报的教育支出", unit="fen/year")
def declared_schooling(expenses, expense_account, today, income_window_months):
    """Schooling cost that the account names."""
    start = add_months(today, -income_window_months)
    return sum(
        e.amount
        for e in expenses
        if e.kind == "education" and e.said_by == expense_account and e.period_to > start and e.period_to <= today
    )


@household(label="康复照护等其他刚性支出", unit="fen/year")
def declared_other(expenses, expense_account, today, income_window_months):
    """Rehabilitation, care, repair after disaster, accidents and other rigid spending that the account names."""
    start = add_months(today, -income_window_months)
    return sum(
        e.amount
        for e in expenses
        if e.kind in ("rehabilitation", "care", "disaster_repair", "accident", "other")
        and e.said_by == expense_account
        and e.period_to > start
        and e.period_to <= today
    )


@household(label="医疗自付", unit="fen/year", cite="central/2")
def medical_spending(bills_self_paid, declared_medical):
    """The larger of settled bills' own part and what was declared; one alone where the other is not known."""
    if bills_self_paid is None:
        return declared_medical
    if declared_medical is None:
        return bills_self_paid
    return max(bills_self_paid, declared_medical)


@household(label="教育自付", unit="fen/year", cite="central/2")
def schooling_spending(roll_self_paid, declared_schooling):
    """The larger of the roll's cost after aid and what was declared; one alone where the other is not known."""
    if roll_self_paid is None:
        return declared_schooling
    if declared_schooling is None:
        return roll_self_paid
    return max(roll_self_paid, declared_schooling)


@household(label="刚性支出合计", unit="fen/year", cite="central/2")
def rigid_spending(medical_spending, schooling_spending, declared_other):
    """All rigid spending of the last twelve months."""
    return medical_spending + schooling_spending + declared_other


@household(label="已知刚性支出", unit="fen/year")
def known_spending(medical_spending, schooling_spending, declared_other):
    """The part of rigid spending that is known: at least this much was spent."""
    return first_known(medical_spending, 0) + first_known(schooling_spending, 0) + first_known(declared_other, 0)


@household(label="扣除刚性支出后人均收入", unit="fen/person/year", cite="central/2")
def income_after_spending(net_income, rigid_spending, household_size):
    """Income less rigid spending for each member (the reading for each head is ours)."""
    return round_half_up(net_income - rigid_spending, household_size)


@household(label="扣除已知刚性支出后人均收入", unit="fen/person/year")
def income_after_known_spending(net_income, known_spending, household_size):
    """Income less known rigid spending for each member: at most this much is left."""
    return round_half_up(net_income - known_spending, household_size)


@household(label="扣除刚性支出后低于监测线", cite="central/2")
def left_below_line(income_after_spending, income_after_known_spending, monitoring_line):
    """Whether what is left is below the line; known spending alone may be enough to say so."""
    if monitoring_line is None:
        return None
    if income_after_known_spending is not None and income_after_known_spending < monitoring_line:
        return True
    if income_after_spending is None:
        return None
    return income_after_spending < monitoring_line


@household(label="收入过线但扣除刚性支出后低于监测线", cite="central/2")
def spending_pushes_below_line(left_below_line, income_within_line):
    """Above the line, and below it once rigid spending is taken off."""
    return left_below_line and not income_within_line
