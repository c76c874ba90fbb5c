"""Income that counts for assistance 救助家庭收入: the same twelve months and the same account as monitoring.

What differs from monitoring's net income: exempt payments are left out, the cost of having a job is taken off,
support from relatives who live elsewhere is added.
"""

from xianjie.rules import add_months, first_known, household, per_year, person, round_half_up


@household(label="写明项目的不计入收入款项", unit="fen/year", cite="dibao2021/13")
def exempt_by_item(incomes, income_account, exempt_income_items, exempt_income_items_read, today, income_window_months):
    """Transfers and other income whose item the policy does not count."""
    start = add_months(today, -income_window_months)
    return sum(
        i.amount
        for i in incomes
        if i.kind in ("transfer", "other")
        and i.said_by == income_account
        and i.period_to > start
        and i.period_to <= today
        and i.item is not None
        and (i.item in exempt_income_items or i.item in exempt_income_items_read)
    )


@household(label="未写明项目的转移性收入", unit="fen/year")
def transfers_without_item(incomes, income_account, today, income_window_months):
    """Transfers of the window of which the account does not say what they are."""
    start = add_months(today, -income_window_months)
    return sum(
        i.amount
        for i in incomes
        if i.kind == "transfer"
        and i.said_by == income_account
        and i.period_to > start
        and i.period_to <= today
        and i.item is None
    )


@person(label="近12个月发放的不计入收入待遇", unit="fen/year", cite="dibao2021/13")
def exempt_benefits(benefits, exempt_benefit_kinds, today, income_window_months):
    """What departments paid the person in the window and the policy does not count."""
    start = add_months(today, -income_window_months)
    return sum(
        b.amount for b in benefits if b.kind in exempt_benefit_kinds and b.paid_on > start and b.paid_on <= today
    )


@household(label="不计入收入的救助款物等", unit="fen/year", cite="dibao2021/13")
def exempt_transfers(exempt_by_item, transfers_without_item, members):
    """By the account's items; of transfers without an item, as much as departments' payments explain."""
    paid = sum(m.exempt_benefits for m in members)
    return exempt_by_item + min(transfers_without_item, paid)


@household(label="不计入收入的款项", unit="fen/year", cite="dibao2021/13")
def exempt_income(exempt_by_item, transfers_without_item, exempt_transfers):
    """The account's items alone where every transfer has one; else with departments' payments."""
    if exempt_by_item is None or transfers_without_item is None:
        return None
    if transfers_without_item == 0:
        return exempt_by_item
    return exempt_transfers


@household(label="基础养老金（写明项目）", unit="fen/year")
def basic_pension_by_item(incomes, income_account, today, income_window_months):
    """Basic pension as the account names it."""
    start = add_months(today, -income_window_months)
    return sum(
        i.amount
        for i in incomes
        if i.kind == "transfer"
        and i.said_by == income_account
        and i.period_to > start
        and i.period_to <= today
        and i.item is not None
        and i.item == "basic_pension"
    )


@person(label="近12个月发放的基础养老金", unit="fen/year")
def basic_pension_paid(benefits, today, income_window_months):
    """Basic pension that human resources paid in the window."""
    start = add_months(today, -income_window_months)
    return sum(b.amount for b in benefits if b.kind == "basic_pension" and b.paid_on > start and b.paid_on <= today)


@household(label="发放的基础养老金", unit="fen/year")
def basic_pension_of_members(members):
    """Basic pension paid to all members."""
    return sum(m.basic_pension_paid for m in members)


@household(label="基础养老金收入", unit="fen/year")
def basic_pension_income(basic_pension_by_item, transfers_without_item, exempt_transfers, basic_pension_of_members):
    """Basic pension within the account: by its item, else what was paid, within the transfers without an item."""
    if basic_pension_by_item is None or transfers_without_item is None:
        return None
    if basic_pension_by_item > 0 or transfers_without_item == 0:
        return basic_pension_by_item
    if basic_pension_of_members is None or exempt_transfers is None:
        return None
    return min(basic_pension_of_members, max(transfers_without_item - exempt_transfers, 0))


@household(label="领取年龄成员数", unit="person")
def members_of_old_age(members, old_age_from):
    """Members who count and are old."""
    return sum(1 for m in members if m.family_member and m.age >= old_age_from)


@household(label="不计入收入的基础养老金", unit="fen/year", cite="dibao2021/13")
def exempt_basic_pension(basic_pension_income, basic_pension_exempt, centre_basic_pension_month, members_of_old_age):
    """All of it, or only what the centre sets for each old member: as the place's clause says for these years."""
    if basic_pension_income is None:
        return None
    if basic_pension_income == 0:
        return 0
    if basic_pension_exempt is None:
        return None
    if basic_pension_exempt == "全部":
        return basic_pension_income
    if basic_pension_exempt != "中央确定部分" or centre_basic_pension_month is None or members_of_old_age is None:
        return None
    return min(basic_pension_income, per_year(centre_basic_pension_month) * members_of_old_age)


@household(label="账上的赡养抚养费", unit="fen/year")
def support_by_item(incomes, income_account, today, income_window_months):
    """Support from relatives as the account names it."""
    start = add_months(today, -income_window_months)
    return sum(
        i.amount
        for i in incomes
        if i.kind == "transfer"
        and i.said_by == income_account
        and i.period_to > start
        and i.period_to <= today
        and i.item is not None
        and i.item == "support"
    )


@person(label="义务人月赡养抚养费", unit="fen/month", cite="dibao2021/13")
def support_month(supporters):
    """What relatives by law who live elsewhere pay each month; those unable to pay nothing."""
    return sum(s.support_month for s in supporters if s.able is None or s.able)


@household(label="义务人赡养抚养费", unit="fen/year")
def support_of_supporters(members):
    """Support for all members in a year."""
    return per_year(sum(m.support_month for m in members if m.family_member))


@household(label="赡养抚养费", unit="fen/year", cite="dibao2021/13")
def support_income(support_by_item, support_of_supporters):
    """The larger of the account and the supporters' payments; the account alone where supporters are not known."""
    if support_by_item is None:
        return None
    if support_of_supporters is None:
        return support_by_item
    return max(support_by_item, support_of_supporters)


@household(label="申报的就业成本", unit="fen/year", cite="gansu/11")
def declared_work_cost(expenses, expense_account, today, income_window_months):
    """Transport, telephone, board and lodging for a job, as the account names them."""
    start = add_months(today, -income_window_months)
    return sum(
        e.amount
        for e in expenses
        if e.kind == "work_cost" and e.said_by == expense_account and e.period_to > start and e.period_to <= today
    )


@person(label="务工地最低工资不明")
def workplace_wage_unknown(employments, local_minimum_wage_month, today):
    """No minimum wage on record with the job, and the own place's is not known or the job is in another province."""
    own_known = local_minimum_wage_month is not None
    return any(
        e.minimum_wage_month is None and (not own_known or e.place is None or e.place in ("outside", "abroad"))
        for e in employments
        if (e.started_on is None or e.started_on <= today) and (e.ended_on is None or e.ended_on >= today)
    )


@person(label="务工记录上的务工地月最低工资", unit="fen/month", cite="city/2.3.3")
def stated_minimum_wage(employments, today):
    """The workplace's minimum wage as the records of the present jobs have it; unknown where one has none."""
    return max(
        (
            e.minimum_wage_month
            for e in employments
            if (e.started_on is None or e.started_on <= today) and (e.ended_on is None or e.ended_on >= today)
        ),
        default=0,
    )


@person(label="务工地月最低工资", unit="fen/month", cite="city/2.3.3")
def workplace_minimum_wage(employments, workplace_wage_unknown, stated_minimum_wage, local_minimum_wage_month, today):
    """The workplace's minimum wage: on record with the job, else that of the household's own place."""
    if workplace_wage_unknown:
        return first_known(stated_minimum_wage, None)
    return max(
        (
            first_known(local_minimum_wage_month, 0) if e.minimum_wage_month is None else e.minimum_wage_month
            for e in employments
            if (e.started_on is None or e.started_on <= today) and (e.ended_on is None or e.ended_on >= today)
        ),
        default=0,
    )


@household(label="按最低工资计算的就业成本", unit="fen/year", cite="city/2.3.3")
def work_cost_by_wage(members, work_cost_months):
    """So many months of the workplace's minimum wage for each member at work (for each person: our reading)."""
    wages = sum(m.workplace_minimum_wage for m in members if m.family_member and m.in_paid_work)
    return wages * work_cost_months


@household(label="扣除的就业成本", unit="fen/year", cite="central/11")
def work_cost(wage_income, work_cost_form, declared_work_cost, work_cost_by_wage):
    """The cost of having a job in the place's form, never more than the wages."""
    if wage_income is None:
        return None
    if wage_income == 0:
        return 0
    if work_cost_form is None:
        return None
    if work_cost_form == "最低工资月数":
        if work_cost_by_wage is None:
            return None
        return min(work_cost_by_wage, wage_income)
    if declared_work_cost is None:
        return None
    return min(declared_work_cost, wage_income)


@person(label="重残或重病")
def gravely_ill_or_disabled(severely_disabled, seriously_ill):
    """Severely disabled or on the books with a serious illness."""
    if severely_disabled is not None and severely_disabled:
        return True
    if seriously_ill is not None and seriously_ill:
        return True
    if severely_disabled is None or seriously_ill is None:
        return None
    return False


@household(label="有重残重病成员")
def has_gravely_ill_or_disabled(members):
    """A member who counts is severely disabled or seriously ill."""
    return any(m.gravely_ill_or_disabled for m in members if m.family_member)


@household(label="扣减的残疾重病刚性支出", unit="fen/year", cite="dibao2021/13")
def illness_deduction(illness_cost_deducted, has_gravely_ill_or_disabled, rigid_spending):
    """Where the place takes off the rigid cost of disability and serious illness: that cost."""
    if not illness_cost_deducted:
        return 0
    if has_gravely_ill_or_disabled is None:
        return None
    if not has_gravely_ill_or_disabled:
        return 0
    return rigid_spending


@household(label="计入的工资性收入", unit="fen/year", cite="dibao2021/13")
def counted_wages(wage_income, work_cost):
    """Wages less the cost of having a job."""
    return wage_income - work_cost


@household(label="计入的经营净收入", unit="fen/year", cite="dibao2021/13")
def counted_business(business_income, business_cost):
    """Business income less its cost."""
    return business_income - business_cost


@household(label="计入的转移净收入", unit="fen/year", cite="dibao2021/13")
def counted_transfers(
    transfer_income, other_income, exempt_income, exempt_basic_pension, support_by_item, support_income
):
    """Transfers and other income without what is exempt, with support from relatives counted once."""
    return transfer_income + other_income - exempt_income - exempt_basic_pension - support_by_item + support_income


@household(label="救助核算家庭收入", unit="fen/year", cite="dibao2021/13")
def countable_income(
    counted_wages, counted_business, property_income, counted_transfers, illness_deduction, income_covered
):
    """Income of the last twelve months that counts; unknown when the account has a gap, never below nothing."""
    if not income_covered:
        return None
    return max(counted_wages + counted_business + property_income + counted_transfers - illness_deduction, 0)


@household(label="救助核算人均收入", unit="fen/person/year", cite="dibao2021/13")
def countable_income_per_head(countable_income, assistance_size):
    """Countable income for each member who counts."""
    return round_half_up(countable_income, assistance_size)
