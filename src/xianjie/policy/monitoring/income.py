"""Income of the last twelve months, for each head, and how it changed.

One teller is believed for the whole account (a cadre's visit before the national system, the household's own
word, a department, an estimate), so that money told twice is counted once.
"""

from xianjie.rules import add_months, household, round_half_up


@household(label="收入账次序")
def income_teller(incomes, today, income_window_months):
    """The best teller with income in the window: 1 cadre, 2 national system, 3 household, 4 department, 5 estimate."""
    start = add_months(today, -income_window_months)
    return min(
        (
            1 if i.said_by == "cadre"
            else 2 if i.said_by == "national_system"
            else 3 if i.said_by == "household"
            else 4 if i.said_by == "department"
            else 5
            for i in incomes
            if i.period_to > start and i.period_to <= today
        ),
        default=9,
    )  # fmt: skip


@household(label="收入账来源")
def income_account(income_teller):
    """Whose account of the income is taken; unknown when nobody told of any."""
    if income_teller == 1:
        return "cadre"
    if income_teller == 2:
        return "national_system"
    if income_teller == 3:
        return "household"
    if income_teller == 4:
        return "department"
    if income_teller == 5:
        return "imputed"
    return None


@household(label="收入账完整")
def income_covered(incomes, income_account, today, income_window_months):
    """Whether the account reaches back over the whole window, give or take a month."""
    start = add_months(today, -income_window_months)
    first = min(
        (
            i.period_from
            for i in incomes
            if i.said_by == income_account and i.period_to > start and i.period_to <= today
        ),
        default=today,
    )
    return first <= add_months(start, 1)


@household(label="工资性收入", unit="fen/year")
def wage_income(incomes, income_account, today, income_window_months):
    """Wages of the window."""
    start = add_months(today, -income_window_months)
    return sum(
        i.amount
        for i in incomes
        if i.kind == "wage" and i.said_by == income_account and i.period_to > start and i.period_to <= today
    )


@household(label="生产经营性收入", unit="fen/year")
def business_income(incomes, income_account, today, income_window_months):
    """Business income of the window, before cost."""
    start = add_months(today, -income_window_months)
    return sum(
        i.amount
        for i in incomes
        if i.kind == "business" and i.said_by == income_account and i.period_to > start and i.period_to <= today
    )


@household(label="生产经营性支出", unit="fen/year")
def business_cost(incomes, income_account, today, income_window_months):
    """Business cost of the window."""
    start = add_months(today, -income_window_months)
    return sum(
        i.amount
        for i in incomes
        if i.kind == "business_cost" and i.said_by == income_account and i.period_to > start and i.period_to <= today
    )


@household(label="财产性收入", unit="fen/year")
def property_income(incomes, income_account, today, income_window_months):
    """Property income of the window."""
    start = add_months(today, -income_window_months)
    return sum(
        i.amount
        for i in incomes
        if i.kind == "property" and i.said_by == income_account and i.period_to > start and i.period_to <= today
    )


@household(label="转移性收入", unit="fen/year")
def transfer_income(incomes, income_account, today, income_window_months):
    """Transfers of the window."""
    start = add_months(today, -income_window_months)
    return sum(
        i.amount
        for i in incomes
        if i.kind == "transfer" and i.said_by == income_account and i.period_to > start and i.period_to <= today
    )


@household(label="其他收入", unit="fen/year")
def other_income(incomes, income_account, today, income_window_months):
    """Other income of the window."""
    start = add_months(today, -income_window_months)
    return sum(
        i.amount
        for i in incomes
        if i.kind == "other" and i.said_by == income_account and i.period_to > start and i.period_to <= today
    )


@household(label="理赔收入", unit="fen/year")
def claim_income(incomes, income_account, today, income_window_months):
    """Insurance claims of the window: a line of its own in the national form."""
    start = add_months(today, -income_window_months)
    return sum(
        i.amount
        for i in incomes
        if i.kind == "claim" and i.said_by == income_account and i.period_to > start and i.period_to <= today
    )


@household(label="家庭纯收入（不含理赔）", unit="fen/year")
def income_without_claims(
    wage_income, business_income, business_cost, property_income, transfer_income, other_income, income_covered
):
    """Wages, business less its cost, property, transfers and other; unknown when the account has a gap."""
    if not income_covered:
        return None
    return wage_income + business_income - business_cost + property_income + transfer_income + other_income


@household(label="家庭纯收入", unit="fen/year", cite="central/2")
def net_income(income_without_claims, claim_income, claims_in_net_income):
    """Net income of the last twelve months; claims count only where the policy says so."""
    return income_without_claims + (claim_income if claims_in_net_income else 0)


@household(label="人均纯收入", unit="fen/person/year", cite="central/2")
def income_per_head(net_income, household_size):
    """Net income of the last twelve months for each member."""
    return round_half_up(net_income, household_size)


@household(label="上一期收入账完整")
def earlier_income_covered(incomes, income_account, today, income_window_months):
    """Whether the same teller's account covers the window before as well."""
    end = add_months(today, -income_window_months)
    start = add_months(end, -income_window_months)
    first = min(
        (i.period_from for i in incomes if i.said_by == income_account and i.period_to > start and i.period_to <= end),
        default=today,
    )
    return first <= add_months(start, 1)


@household(label="上一期家庭纯收入", unit="fen/year")
def earlier_income(incomes, income_account, earlier_income_covered, today, income_window_months):
    """Net income of the twelve months before those, claims left out; unknown when not all of it was told."""
    if not earlier_income_covered:
        return None
    end = add_months(today, -income_window_months)
    start = add_months(end, -income_window_months)
    return sum(
        (-i.amount if i.kind == "business_cost" else i.amount)
        for i in incomes
        if i.kind != "claim" and i.said_by == income_account and i.period_to > start and i.period_to <= end
    )


@household(label="上一期生产经营净收入", unit="fen/year")
def earlier_business_net(incomes, income_account, earlier_income_covered, today, income_window_months):
    """Business income less cost in the twelve months before."""
    if not earlier_income_covered:
        return None
    end = add_months(today, -income_window_months)
    start = add_months(end, -income_window_months)
    return sum(
        (-i.amount if i.kind == "business_cost" else i.amount)
        for i in incomes
        if i.kind in ("business", "business_cost")
        and i.said_by == income_account
        and i.period_to > start
        and i.period_to <= end
    )


@household(label="收入减少额", unit="fen/year")
def income_fall(income_without_claims, earlier_income):
    """How much less came in than in the twelve months before; zero when it grew."""
    return max(earlier_income - income_without_claims, 0)


@household(label="收入大幅缩减", cite="central/2")
def income_fell_sharply(income_fall, earlier_income, income_drop_ratio):
    """Whether income fell by at least the stated share within a year."""
    return earlier_income > 0 and income_fall >= earlier_income * income_drop_ratio
