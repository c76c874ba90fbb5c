"""参保资助 help with the premium of basic medical insurance: by the highest single identity, fixed when it is paid."""

from xianjie.rules import both, either, first_known, household, person, round_half_up, year_of


@person(label="低保一、二类", cite="medical2021/1")
def high_dibao_class(categories, class_decided, today):
    """The running allowance is of the first or second class; unknown where no class was decided."""
    if not class_decided:
        return None
    return any(
        c.dibao_class in ("一类", "二类")
        for c in categories
        if c.category == "dibao" and c.valid_from <= today and (c.valid_to is None or c.valid_to > today)
    )


@household(label="特困、孤儿参保资助额", unit="fen", cite="central/12")
def premium_help_tekun(premium_help_tekun_amount, premium_help_tekun_share, medical_premium):
    """The place's amount, else its share of the premium."""
    if premium_help_tekun_amount is not None:
        return premium_help_tekun_amount
    if premium_help_tekun_share is None or medical_premium is None:
        return None
    return round_half_up(medical_premium * premium_help_tekun_share)


@household(label="低保参保资助额", unit="fen", cite="central/12")
def premium_help_dibao(premium_help_dibao_amount, premium_help_dibao_share, medical_premium):
    """The place's amount, else its share of the premium."""
    if premium_help_dibao_amount is not None:
        return premium_help_dibao_amount
    if premium_help_dibao_share is None or medical_premium is None:
        return None
    return round_half_up(medical_premium * premium_help_dibao_share)


@household(label="返贫致贫参保资助额", unit="fen", cite="shanxi/31")
def premium_help_back(premium_help_back_amount, premium_help_back_share, medical_premium):
    """The place's amount, else its share of the premium."""
    if premium_help_back_amount is not None:
        return premium_help_back_amount
    if premium_help_back_share is None or medical_premium is None:
        return None
    return round_half_up(medical_premium * premium_help_back_share)


@person(label="低保身份的参保资助额", unit="fen", cite="gansu/12")
def premium_help_as_dibao(premium_help_dibao_low_classes, high_dibao_class, household):
    """Where the place pays the third and fourth class less: by the class that was decided."""
    if premium_help_dibao_low_classes is None:
        return first_known(household.premium_help_dibao, None)
    if high_dibao_class is None:
        return None
    if high_dibao_class:
        return first_known(household.premium_help_dibao, None)
    return premium_help_dibao_low_classes


@person(label="应得参保资助额", unit="fen", cite="central/12")
def premium_help_due(
    medical_identity,
    premium_help_as_dibao,
    premium_help_unstable,
    premium_help_margin,
    premium_help_relieved,
    household,
):
    """The amount of the highest single identity; lower ones add nothing. On the margin and monitored: the larger."""
    if medical_identity is None:
        return None
    if medical_identity == "特困":
        return first_known(household.premium_help_tekun, None)
    if medical_identity == "低保":
        return first_known(premium_help_as_dibao, None)
    if medical_identity == "返贫致贫":
        return first_known(household.premium_help_back, None)
    if medical_identity == "易返贫致贫":
        return first_known(premium_help_unstable, None)
    if medical_identity == "低保边缘":
        if household.already_monitored is None:
            return None
        if household.already_monitored and premium_help_unstable is not None:
            return max(premium_help_unstable, first_known(premium_help_margin, 0))
        return first_known(premium_help_margin, None)
    if medical_identity == "脱贫":
        return first_known(premium_help_relieved, None)
    return 0


@person(label="本年已得参保资助额", unit="fen")
def premium_helped_this_year(insurances, today):
    """What was paid on behalf for this year's residents' medical insurance."""
    return sum(
        0 if n.premium_helped is None else n.premium_helped
        for n in insurances
        if n.kind == "medical_resident" and n.year == year_of(today) and n.enrolled
    )


@person(label="参加居民医保")
def insured_as_resident(insurances, today):
    """Enrolled this year in the residents' insurance: only there a premium is helped with."""
    return any(n.enrolled and n.kind == "medical_resident" and n.year == year_of(today) for n in insurances)


@person(label="参保资助不足", cite="central/12")
def premium_help_short(insured_as_resident, premium_help_due, premium_helped_this_year):
    """Enrolled, and less was paid on behalf than the identity gives."""
    if insured_as_resident is not None and not insured_as_resident:
        return False
    if premium_help_due is not None and premium_help_due == 0:
        return False
    if insured_as_resident is None or premium_help_due is None or premium_helped_this_year is None:
        return None
    return premium_helped_this_year < premium_help_due


@household(label="参保资助未足额落实", cite="central/12")
def premium_help_missing(members):
    """A member was helped with less than is due."""
    return either(m.premium_help_short for m in members if m.living)


@household(label="应得参保资助合计", unit="fen", cite="central/12")
def premium_help_total(members):
    """Help due for all members enrolled as residents."""
    return sum(m.premium_help_due for m in members if m.living and m.insured_as_resident)


@person(label="应参保资助对象未参保", cite="central/12")
def helped_group_uninsured(insured, medical_identity):
    """Of a group whose premium is helped with, and not enrolled this year."""
    known = None if medical_identity is None else medical_identity != "普通"
    return both(known, None if insured is None else not insured)


@household(label="救助对象有未参保", cite="gannan/3")
def helped_group_not_insured(members):
    """A member of such a group is not enrolled."""
    return either(m.helped_group_uninsured for m in members if m.living)
