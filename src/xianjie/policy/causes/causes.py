"""Causes 致贫返贫风险 of the national form, each decided from data; the form keeps up to five, in this order."""

from xianjie.rules import either, household


@household(label="因病", cite="central/2")
def cause_illness(medical_burden_heavy, new_serious_illness):
    """Heavy medical cost or a new serious illness."""
    return either(medical_burden_heavy, new_serious_illness)


@household(label="因学", cite="central/2")
def cause_schooling(school_cost_high):
    """Schooling beyond the compulsory years costs more than the warning line."""
    return school_cost_high


@household(label="因残", cite="central/2")
def cause_disability(has_severely_disabled):
    """A severely disabled member."""
    return has_severely_disabled


@household(label="因自然灾害", cite="central/2")
def cause_disaster(disaster_hit):
    """A natural disaster within the window."""
    return disaster_hit


@household(label="因意外事故", cite="central/2")
def cause_accident(accident_hit):
    """An accident within the window."""
    return accident_hit


@household(label="生产经营净收入", unit="fen/year")
def business_net(business_income, business_cost, income_covered):
    """Business income less its cost."""
    if not income_covered:
        return None
    return business_income - business_cost


@household(label="经营净收入大幅下降", cite="central/2")
def industry_failed(business_net, earlier_business_net, business_drop_ratio):
    """Business income less cost fell by at least the stated share within a year."""
    return (
        earlier_business_net > 0 and earlier_business_net - business_net >= earlier_business_net * business_drop_ratio
    )


@household(label="因产业项目失败", cite="central/2")
def cause_industry(industry_failed, animal_disease_hit):
    """Business that fell sharply, or a herd hit by disease."""
    return either(industry_failed, animal_disease_hit)


@household(label="因务工就业不稳", cite="central/2")
def cause_job(jobless_members):
    """A member lost the job and has not found another."""
    return jobless_members > 0


@household(label="劳动力占比过低")
def labour_short(labour_members, household_size, labour_share_lack):
    """No more than the stated share of members can work."""
    return labour_members <= household_size * labour_share_lack


@household(label="缺劳动力", cite="central/2")
def cause_labour(labour_short, earner_lost):
    """Too few members can work, or an earner died within the window."""
    return either(labour_short, earner_lost)


@household(label="因安全住房", cite="central/2")
def cause_housing(house_unsafe):
    """The only dwelling is unsafe."""
    return house_unsafe


@household(label="因安全饮水", cite="central/2")
def cause_water(water_unsafe):
    """Drinking water is unsafe."""
    return water_unsafe


@household(label="失学辍学", cite="central/2")
def cause_dropout(dropout):
    """A child dropped out."""
    return dropout


@household(label="未参加基本医疗保险", cite="central/2")
def cause_uninsured(uninsured):
    """A member is not insured."""
    return uninsured


@household(label="其他（需询问）", cite="shanxi/6")
def cause_other(support_to_ask, wedding_to_ask):
    """What the place names as causes and only a visit can tell: unkept duty of support, weddings."""
    return either(support_to_ask, wedding_to_ask)
