"""What 特困 pays: the basic living standard and the care standard by grade of self-care."""

from xianjie.rules import ceil_yuan, first_known, household, person, round_half_up


@person(label="不能自理项数", cite="tekun2021/22")
def self_care_failed(categories, today):
    """Of the six items, as assessed in the running decision."""
    return max(
        (
            c.self_care_failed
            for c in categories
            if c.category == "tekun" and c.valid_from <= today and (c.valid_to is None or c.valid_to > today)
        ),
        default=None,
    )


@person(label="自理能力等级", cite="tekun2021/22")
def self_care_grade(self_care_failed, self_care_partly_from, self_care_fully_from):
    """全自理、部分丧失、完全丧失 by the items that fail; unknown when nobody assessed them."""
    if self_care_failed < self_care_partly_from:
        return "全自理"
    return "部分丧失" if self_care_failed < self_care_fully_from else "完全丧失"


@household(label="低保标准乘倍数", unit="fen", cite="central/11")
def dibao_times_factor(tekun_factor, dibao_standard):
    """Where the formula is known to hold: the monthly standard times the factor."""
    return round_half_up(dibao_standard * tekun_factor)


@household(label="按倍数计算的特困基本生活月标准", unit="fen", cite="central/11")
def tekun_standard_by_factor(dibao_times_factor):
    """That amount, up to whole yuan."""
    return ceil_yuan(dibao_times_factor)


@household(label="特困基本生活月标准", unit="fen", cite="central/11")
def tekun_standard(tekun_standard_month, tekun_standard_by_factor):
    """The published amount, else the formula where it is known to hold; unknown elsewhere."""
    return first_known(tekun_standard_month, tekun_standard_by_factor)


@person(label="照料护理月标准", unit="fen", cite="shanxi/37")
def care_standard(self_care_grade, care_full_month, care_part_month, care_self_month):
    """The care standard of the grade: most care where all is lost, least where the person cares for itself."""
    if self_care_grade == "完全丧失":
        return first_known(care_full_month, None)
    if self_care_grade == "部分丧失":
        return first_known(care_part_month, None)
    return first_known(care_self_month, None)


@household(label="特困照料护理费合计", unit="fen", cite="shanxi/37")
def tekun_care_amount(members):
    """Care for all supported members."""
    return sum(m.care_standard for m in members if m.living and m.on_tekun)


@household(label="特困基本生活费合计", unit="fen", cite="central/11")
def tekun_living_amount(tekun_members, tekun_standard):
    """The basic living standard for each supported member."""
    return tekun_members * tekun_standard


@household(label="特困月供养金", unit="fen", cite="central/11")
def tekun_amount(tekun_members, tekun_living_amount, tekun_care_amount):
    """Basic living and care together; nothing where nobody is supported."""
    if tekun_members is None:
        return None
    if tekun_members == 0:
        return 0
    if tekun_living_amount is None or tekun_care_amount is None:
        return None
    return tekun_living_amount + tekun_care_amount


@household(label="特困对象未评定自理能力", cite="tekun2021/22")
def self_care_unassessed(members):
    """A supported member of whom nobody counted the items."""
    return any(m.self_care_failed is None for m in members if m.living and m.on_tekun)
