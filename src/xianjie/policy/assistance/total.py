"""What a household is due each month of the programmes that pay by the month."""

from xianjie.rules import household


@household(label="单人户月保障金合计", unit="fen", cite="dibao2021/8")
def single_total(single_due, single_ground_members, single_amount):
    """For each member who enters alone; nothing where nobody does."""
    if single_due is not None and not single_due:
        return 0
    if single_due is None or single_ground_members is None or single_amount is None:
        return None
    return single_ground_members * single_amount


@household(label="应得特困基本生活费", unit="fen", cite="central/11")
def tekun_living_due(tekun_due_members, tekun_standard):
    """The basic living standard for each member who falls under 特困; care hangs on an assessment and is left out."""
    if tekun_due_members is None:
        return None
    if tekun_due_members == 0:
        return 0
    if tekun_standard is None:
        return None
    return tekun_due_members * tekun_standard


@household(label="每月应得低保金、特困生活费", unit="fen/month", cite="central/11")
def assistance_month(dibao_amount, single_total, tekun_living_due):
    """Due by the rules, whether or not it is paid."""
    return dibao_amount + single_total + tekun_living_due
