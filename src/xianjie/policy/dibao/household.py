"""低保 of a whole household: income below the standard, property as the rules say, and how much a month."""

from xianjie.rules import ceil_yuan, first_known, household, per_year, person, round_half_up


@household(label="当地农村低保月标准", unit="fen/person/month", cite="dibao2021/4")
def dibao_standard(rural_dibao_month):
    """The standard of the place in force."""
    return rural_dibao_month


@household(label="低保标准（年）", unit="fen/person/year", cite="dibao2021/4")
def dibao_standard_year(dibao_standard):
    """Twelve months of the standard."""
    return per_year(dibao_standard)


@household(label="人均收入低于低保标准", cite="dibao2021/4")
def income_below_dibao(countable_income_per_head, dibao_standard_year):
    """Countable income for each member is below the standard."""
    return countable_income_per_head < dibao_standard_year


@household(label="收入财产符合低保条件", cite="dibao2021/4")
def dibao_conditions(income_below_dibao, property_objection):
    """Income below the standard and no objection to property; one that fails is enough to say no."""
    if income_below_dibao is not None and not income_below_dibao:
        return False
    if property_objection is not None and property_objection:
        return False
    if income_below_dibao is None or property_objection is None:
        return None
    return True


@household(label="低保计算人口", unit="person", cite="dibao2021/4")
def dibao_size(assistance_size, tekun_due_members):
    """Members who count, without those who fall under 特困: that comes first."""
    return assistance_size - tekun_due_members


@household(label="符合整户低保条件", cite="dibao2021/4")
def dibao_due(dibao_conditions, dibao_size):
    """The family qualifies as a whole."""
    if dibao_conditions is not None and not dibao_conditions:
        return False
    if dibao_size is not None and dibao_size == 0:
        return False
    if dibao_conditions is None or dibao_size is None:
        return None
    return True


@household(label="不符合低保条件的原因", cite="dibao2021/21")
def dibao_refusal_ground(income_below_dibao, property_objection):
    """What a clerk tells the family: income (收入), property (财产), both (收入和财产); or nothing (无)."""
    if income_below_dibao is None or property_objection is None:
        return None
    if not income_below_dibao and property_objection:
        return "收入和财产"
    if not income_below_dibao:
        return "收入"
    return "财产" if property_objection else "无"


@household(label="差额补助的年缺口", unit="fen", cite="dibao2021/23")
def dibao_gap(dibao_standard_year, countable_income, dibao_size):
    """What the family lacks to the standard in a year."""
    return max(dibao_standard_year * dibao_size - countable_income, 0)


@household(label="差额补助的月缺口", unit="fen", cite="dibao2021/23")
def dibao_month_gap(dibao_gap):
    """A twelfth of the year's gap."""
    return round_half_up(dibao_gap, 12)


@household(label="差额计算的月低保金", unit="fen", cite="dibao2021/23")
def dibao_by_difference(dibao_payment_form, dibao_month_gap, dibao_rounds_up_to_yuan, dibao_minimum_month):
    """The month's gap, rounded as the place does, at least the minimum payment; where the place pays so."""
    if dibao_payment_form != "差额":
        return 0
    if dibao_month_gap is None or dibao_rounds_up_to_yuan is None:
        return None
    payable = ceil_yuan(dibao_month_gap) if dibao_rounds_up_to_yuan else dibao_month_gap
    return max(payable, first_known(dibao_minimum_month, 0))


@person(label="有低保类别", cite="dibao2021/23")
def class_decided(categories, today):
    """A decision in force that names one of the four classes."""
    return any(
        c.dibao_class is not None and c.dibao_class in ("一类", "二类", "三类", "四类")
        for c in categories
        if c.category == "dibao" and c.valid_from <= today and (c.valid_to is None or c.valid_to > today)
    )


@person(label="按类别的月低保金", unit="fen/month", cite="dibao2021/23")
def dibao_class_month(
    categories, class_decided, dibao_class1_month, dibao_class2_month, dibao_class3_month, dibao_class4_month, today
):
    """The fixed amount of the class that was decided; unknown without such a decision."""
    if not class_decided:
        return None
    return sum(
        dibao_class1_month if c.dibao_class == "一类"
        else dibao_class2_month if c.dibao_class == "二类"
        else dibao_class3_month if c.dibao_class == "三类"
        else dibao_class4_month
        for c in categories
        if c.category == "dibao" and c.valid_from <= today and (c.valid_to is None or c.valid_to > today)
    )  # fmt: skip


@household(label="分类计算的月低保金", unit="fen/month", cite="dibao2021/23")
def dibao_by_class(dibao_payment_form, members):
    """The classes' amounts of all members who count, where the place pays by class."""
    if dibao_payment_form != "分类":
        return 0
    return sum(m.dibao_class_month for m in members if m.family_member)


@person(label="加发情形数", cite="city/2.3.3")
def extra_grounds(severely_disabled, seriously_ill, age, old_age_from, minor_below):
    """How many grounds for extra pay: severely disabled, seriously ill, old, minor."""
    disabled = 1 if severely_disabled else 0
    ill = 1 if seriously_ill else 0
    old = 1 if age >= old_age_from else 0
    minor = 1 if age < minor_below else 0
    return disabled + ill + old + minor


@household(label="加发份数", cite="city/2.3.3")
def extra_parts(members, dibao_extra_once):
    """Extra pay is due so many times: once for each special member, or once for each ground."""
    persons = sum(1 for m in members if m.family_member and m.extra_grounds > 0)
    grounds = sum(m.extra_grounds for m in members if m.family_member)
    return persons if dibao_extra_once else grounds


@household(label="加发的月低保金", unit="fen", cite="city/2.3.3")
def dibao_extra(extra_parts, dibao_extra_share, dibao_standard):
    """The share of the standard for each special member."""
    if extra_parts is not None and extra_parts == 0:
        return 0
    if dibao_extra_share is None:
        return None
    if dibao_extra_share == 0:
        return 0
    if extra_parts is None or dibao_standard is None:
        return None
    return round_half_up(dibao_standard * dibao_extra_share) * extra_parts


@household(label="整户月低保金", unit="fen", cite="dibao2021/23")
def dibao_amount(dibao_due, dibao_payment_form, dibao_by_difference, dibao_by_class, dibao_extra):
    """What a family that qualifies is paid a month: by difference or by class, and the extra for special members."""
    if dibao_due is None:
        return None
    if not dibao_due:
        return 0
    if dibao_payment_form is None or dibao_extra is None:
        return None
    if dibao_payment_form == "分类":
        if dibao_by_class is None:
            return None
        return dibao_by_class + dibao_extra
    if dibao_by_difference is None:
        return None
    return dibao_by_difference + dibao_extra
