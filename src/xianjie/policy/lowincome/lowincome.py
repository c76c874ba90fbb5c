"""低保边缘 and 刚性支出困难: the classes after 特困 and 低保, tested in this order; each excludes those after it."""

from xianjie.rules import add_months, both, either, household, person, round_half_up


@household(label="低保边缘收入线", unit="fen/person/year", cite="dibao2021/8")
def margin_line(dibao_standard_year, margin_factor):
    """The multiple of the standard below which a family is on the margin."""
    return round_half_up(dibao_standard_year * margin_factor)


@household(label="收入低于低保边缘线", cite="dibao2021/8")
def income_below_margin(countable_income_per_head, margin_line):
    """Countable income for each member is below the margin's line."""
    return countable_income_per_head < margin_line


@household(label="已按低保或特困保障", cite="low2023/2")
def covered_before_margin(dibao_due, tekun_due):
    """The family comes under 特困 or 低保, which go first."""
    return either(dibao_due, tekun_due)


@household(label="符合低保边缘家庭条件", cite="dibao2021/8")
def margin_due(income_below_margin, property_fine, covered_before_margin):
    """Income below the margin's line, property within the rules, and not 低保 or 特困."""
    free = None if covered_before_margin is None else not covered_before_margin
    return both(income_below_margin, property_fine, free)


@household(label="低保边缘应认未认", cite="low2023/2")
def margin_missed(margin_due, dibao_margin_household, dibao_household, tekun_household):
    """Qualifies and has none of the classes."""
    has = either(dibao_margin_household, dibao_household, tekun_household)
    free = None if has is None else not has
    return both(margin_due, free)


@household(label="低保边缘家庭待复核", cite="low2023/2")
def margin_to_recheck(dibao_margin_household, margin_due, covered_before_margin):
    """Listed, and by today's data neither on the margin nor below it."""
    within = either(margin_due, covered_before_margin)
    free = None if within is None else not within
    return both(dibao_margin_household, free)


@household(label="当地上年度农村居民人均可支配收入", unit="fen/person/year", cite="rigid2024/4")
def local_disposable(disposable_income_last_year):
    """Published by the place's statistics; without it nobody can be tested."""
    return disposable_income_last_year


@household(label="申报的基本生活支出", unit="fen/year", cite="rigid2024/5")
def declared_living(expenses, expense_account, today, income_window_months):
    """Living cost that the account names."""
    start = add_months(today, -income_window_months)
    return sum(
        e.amount
        for e in expenses
        if e.kind == "living" and e.said_by == expense_account and e.period_to > start and e.period_to <= today
    )


@household(label="计入的基本生活支出", unit="fen", cite="rigid2024/5")
def living_cost(declared_living, living_cost_within_dibao, dibao_standard_year, assistance_size):
    """Living cost, where the place says so not more than the standard for each member."""
    if declared_living is None or living_cost_within_dibao is None:
        return None
    if declared_living == 0 or not living_cost_within_dibao:
        return declared_living
    if dibao_standard_year is None or assistance_size is None:
        return None
    return min(declared_living, dibao_standard_year * assistance_size)


@household(label="认定用的刚性支出", unit="fen", cite="rigid2024/5")
def spending_counted(rigid_spending, living_cost):
    """Medical, schooling, rehabilitation and other rigid spending, with living cost."""
    return rigid_spending + living_cost


@household(label="刚性支出占比超过规定", cite="rigid2024/4")
def spending_share_high(spending_counted, countable_income, rigid_share, rigid_share_floor, rigid_share_ceiling):
    """Spending against income: by the place's share; where only a span is published, outside the span it is certain."""
    if spending_counted is None or countable_income is None:
        return None
    if rigid_share is not None:
        return spending_counted > countable_income * rigid_share
    if rigid_share_floor is None or rigid_share_ceiling is None:
        return None
    if spending_counted <= countable_income * rigid_share_floor:
        return False
    if spending_counted > countable_income * rigid_share_ceiling:
        return True
    return None


@household(label="金融资产超过规定", cite="gansu_rigid2025/1")
def rigid_assets_over(financial_assets, rigid_asset_months, dibao_standard, assistance_size):
    """More financial assets than so many months of the standard for each member, where the place says so."""
    if financial_assets is None:
        return None
    if financial_assets == 0:
        return False
    if rigid_asset_months is None or dibao_standard is None or assistance_size is None:
        return None
    return financial_assets > dibao_standard * assistance_size * rigid_asset_months


@person(label="车辆或大型机械价值达到规定", cite="gansu_rigid2025/1")
def costly_machine(assets_held, rigid_machine_value):
    """A vehicle or a machine, each by itself, of the stated value (for each: our reading)."""
    return any(
        a.value >= rigid_machine_value
        for a in assets_held
        if a.kind in ("vehicle", "machine") and a.disposed_on is None
    )


@household(label="有高价值车辆机械", cite="gansu_rigid2025/1")
def has_costly_machine(members):
    """A member has one."""
    return either(m.costly_machine for m in members if m.family_member)


@person(label="登记住房套数", cite="gansu_rigid2025/1")
def houses_registered(assets_held):
    """Houses in the member's name by comparison."""
    return sum(1 for a in assets_held if a.kind == "bought_house" and a.disposed_on is None)


@household(label="住房超过一套", cite="gansu_rigid2025/1")
def more_than_one_house(houses, members):
    """Dwellings on the housing department's list and in members' names together."""
    named = sum(m.houses_registered for m in members if m.family_member)
    return len(houses) > 1 or named > 1 or (len(houses) == 1 and named == 1)


@household(label="刚性支出困难的财产待说明", cite="gansu_rigid2025/1")
def rigid_property_hit(rigid_assets_over, has_costly_machine, more_than_one_house):
    """A limit of the place is passed: a person asks why; it does not decide by itself."""
    return either(rigid_assets_over, has_costly_machine, more_than_one_house)


@household(label="人均收入低于当地上年度人均可支配收入", cite="rigid2024/4")
def income_below_local(countable_income_per_head, local_disposable):
    """Countable income for each member is below what the place's rural people had last year."""
    return countable_income_per_head < local_disposable


@household(label="符合刚性支出困难家庭条件", cite="rigid2024/4")
def rigid_due(covered_before_margin, margin_due, income_below_local, property_fine, spending_share_high):
    """Not 特困, 低保 or on the margin; income below what the place's people have; property fine; spending too high."""
    before = either(covered_before_margin, margin_due)
    free = None if before is None else not before
    return both(free, income_below_local, property_fine, spending_share_high)


@household(label="刚性支出困难应认未认", cite="low2023/2")
def rigid_missed(rigid_due, rigid_spending_household, dibao_household, tekun_household, dibao_margin_household):
    """Qualifies and has none of the classes."""
    has = either(rigid_spending_household, dibao_household, tekun_household, dibao_margin_household)
    free = None if has is None else not has
    return both(rigid_due, free)


@person(label="刚性支出困难认定到期", cite="rigid2024/10")
def rigid_expired(categories, today, rigid_valid_months):
    """Listed longer than a finding holds, and not ended: to be applied for anew."""
    return any(
        add_months(c.valid_from, rigid_valid_months) <= today
        for c in categories
        if c.category == "rigid_spending" and c.valid_from <= today and (c.valid_to is None or c.valid_to > today)
    )


@household(label="刚性支出困难家庭认定到期", cite="rigid2024/10")
def rigid_to_renew(members):
    """A member's listing has run out."""
    return either(m.rigid_expired for m in members if m.living)


@household(label="应认定的低收入类别", cite="low2023/2")
def low_income_class(tekun_due, dibao_due, single_due, margin_due, rigid_due):
    """The class by the order of testing: 特困, 低保, 低保单人户, 低保边缘, 刚性支出困难, or 无."""
    if tekun_due is None:
        return None
    if tekun_due:
        return "特困"
    if dibao_due is None:
        return None
    if dibao_due:
        return "低保"
    if single_due is None:
        return None
    if single_due:
        return "低保单人户"
    if margin_due is None:
        return None
    if margin_due:
        return "低保边缘"
    if rigid_due is None:
        return None
    return "刚性支出困难" if rigid_due else "无"
