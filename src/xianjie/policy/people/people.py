"""Facts about persons and households that several subjects use."""

from xianjie.rules import either, first_known, household, person, years_between


@person(label="年龄", unit="year")
def age(birth_date, today):
    """Age in whole years (周岁) on the day."""
    return years_between(birth_date, today)


@person(label="已登记死亡")
def death_reported(vital_events, today):
    """Whether public security's events name a death."""
    return any(v.kind == "death" and v.happened_on <= today for v in vital_events)


@person(label="在世")
def living(alive, death_reported):
    """Whether the person counts as a member: the register lists the living, only word of a death strikes one off."""
    if alive is not None and not alive:
        return False
    if death_reported is None:
        return True
    return not death_reported


@household(label="家庭人口", unit="person")
def household_size(members):
    """Living members."""
    return sum(1 for m in members if m.living)


@household(label="监测类别说明是否脱贫户")
def relieved_by_kind(monitorings):
    """脱贫不稳定户 are relieved households, 边缘易致贫户 are not; 突发严重困难户 may be either."""
    if any(s.kind == "unstable_relieved" for s in monitorings):
        return True
    if any(s.kind == "marginal" for s in monitorings):
        return False
    return None


@household(label="脱贫户")
def relieved(household_type, relieved_year, relieved_by_kind):
    """Whether the household is one that came out of registered poverty (脱贫户).

    Some exports write only that a household is monitored (监测户): then by the year out of poverty, else by the kind.
    """
    if household_type is not None and household_type != "monitored":
        return household_type == "relieved"
    if relieved_year is not None:
        return True
    return first_known(relieved_by_kind, None)


@person(label="享受低保")
def on_dibao(categories, today):
    """Whether the minimum living allowance (低保) is in force."""
    return any(
        c.category == "dibao" and c.valid_from <= today and (c.valid_to is None or c.valid_to > today)
        for c in categories
    )


@person(label="特困供养")
def on_tekun(categories, today):
    """Whether support as extremely poor (特困) is in force."""
    return any(
        c.category == "tekun" and c.valid_from <= today and (c.valid_to is None or c.valid_to > today)
        for c in categories
    )


@person(label="低保边缘")
def on_dibao_margin(categories, today):
    """Whether the person is listed as low-income margin (低保边缘)."""
    return any(
        c.category == "dibao_margin" and c.valid_from <= today and (c.valid_to is None or c.valid_to > today)
        for c in categories
    )


@person(label="刚性支出困难")
def on_rigid_spending(categories, today):
    """Whether the person is listed as in hardship by rigid spending (刚性支出困难)."""
    return any(
        c.category == "rigid_spending" and c.valid_from <= today and (c.valid_to is None or c.valid_to > today)
        for c in categories
    )


@household(label="有低保成员")
def dibao_household(members):
    """Whether a member has the minimum living allowance."""
    return either(m.on_dibao for m in members if m.living)


@household(label="有特困成员")
def tekun_household(members):
    """Whether a member is supported as extremely poor."""
    return either(m.on_tekun for m in members if m.living)


@household(label="有低保边缘成员")
def dibao_margin_household(members):
    """Whether a member is listed as low-income margin."""
    return either(m.on_dibao_margin for m in members if m.living)


@household(label="有刚性支出困难成员")
def rigid_spending_household(members):
    """Whether a member is listed as in hardship by rigid spending."""
    return either(m.on_rigid_spending for m in members if m.living)
