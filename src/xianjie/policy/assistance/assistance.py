"""Who may enter 低保 alone (单人户、单人保): a hint for civil affairs, no decision.

Where the documents part: which families count, and whether medical cost beyond the family's income counts.
"""

from xianjie.rules import both, either, household, person, year_of


@person(label="三级智力或精神残疾", cite="dibao2021/8")
def grade3_mental(disabilities, today):
    """An intellectual or mental disability of grade 3."""
    return any(
        d.kind in ("5", "6") and d.grade == "3" and (d.cancelled_on is None or d.cancelled_on > today)
        for d in disabilities
    )


@person(label="患大病")
def seriously_ill(illnesses, today):
    """A serious illness on the health department's books."""
    return any(s.serious and (s.diagnosed_on is None or s.diagnosed_on <= today) for s in illnesses)


@person(label="重残重病未享低保特困", cite="dibao2021/8")
def grave_condition(severely_disabled, grade3_mental, seriously_ill, on_dibao, on_tekun):
    """Severely disabled or seriously ill, and neither 低保 nor 特困 support in force."""
    uncovered = None if on_dibao is None or on_tekun is None else not on_dibao and not on_tekun
    return both(either(severely_disabled, grade3_mental, seriously_ill), uncovered)


@household(label="有重残重病成员未享低保特困")
def has_grave_condition(members):
    """A living member in such a condition."""
    return either(m.grave_condition for m in members if m.living)


@person(label="本年医疗自付", unit="fen/year")
def self_paid_this_year(medical_bills, today):
    """What this calendar year's bills left to the person."""
    year = year_of(today)
    return sum(b.self_paid for b in medical_bills if year_of(b.settled_on) == year and b.settled_on <= today)


@household(label="成员最高本年医疗自付", unit="fen/year")
def largest_self_paid_this_year(members):
    """The largest own medical payment of one member this calendar year."""
    return max((m.self_paid_this_year for m in members if m.living), default=0)


@household(label="有上年度收入记录")
def last_year_told(incomes, income_account, today):
    """Whether the account has income of the last calendar year."""
    year = year_of(today) - 1
    return any(i.said_by == income_account and year_of(i.period_to) == year for i in incomes)


@household(label="上年度家庭总收入", unit="fen/year")
def total_income_last_year(incomes, income_account, last_year_told, today):
    """All income of periods that ended in the last calendar year, before business cost; unknown when none was told."""
    if not last_year_told:
        return None
    year = year_of(today) - 1
    return sum(
        i.amount
        for i in incomes
        if i.kind not in ("business_cost", "claim") and i.said_by == income_account and year_of(i.period_to) == year
    )


@household(label="当年自付医疗超过上年家庭总收入", cite="gansu/11")
def cost_beyond_income(single_person_by_cost, largest_self_paid_this_year, total_income_last_year):
    """Where the clause says so: one member's own medical payment this year exceeds the family's income of last year."""
    if not single_person_by_cost:
        return False
    if largest_self_paid_this_year is not None and largest_self_paid_this_year == 0:
        return False
    if largest_self_paid_this_year is None or total_income_last_year is None:
        return None
    return largest_self_paid_this_year > total_income_last_year


@household(label="单人户政策适用家庭", cite="dibao2021/8")
def single_person_family(
    single_person_groups, dibao_margin_household, rigid_spending_household, already_monitored, relieved
):
    """Whether the family is of a group whose members may enter alone."""
    return either(
        both("低保边缘" in single_person_groups, dibao_margin_household),
        both("刚性支出困难" in single_person_groups, rigid_spending_household),
        both("监测对象" in single_person_groups, already_monitored),
        both("脱贫户" in single_person_groups, relieved),
    )


@household(label="低保单人户待核实", cite="central/11")
def single_person_to_check(single_person_family, has_grave_condition, cost_beyond_income):
    """A family of such a group with a grave condition, or with cost beyond its income where that counts."""
    return both(single_person_family, either(has_grave_condition, cost_beyond_income))
