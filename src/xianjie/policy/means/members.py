"""Who counts as a member of the family 家庭成员 for social assistance (最低生活保障审核确认办法第七条)."""

from xianjie.rules import household, person


@person(label="服刑、强制戒毒或宣告失踪", cite="dibao2021/7")
def kept_away(vital_events, today):
    """In prison, in compulsory detoxification or declared missing, and not reported back."""
    gone = sum(1 for v in vital_events if v.kind in ("imprisoned", "missing") and v.happened_on <= today)
    back = sum(1 for v in vital_events if v.kind == "released" and v.happened_on <= today)
    return gone > back


@person(label="计入救助家庭成员", cite="dibao2021/7")
def family_member(living, kept_away, relation):
    """Living members of the register, without those kept away and those not related; only word of it leaves one out."""
    if not living:
        return False
    if kept_away is not None and kept_away:
        return False
    if relation is not None and relation == "99":
        return False
    return True


@household(label="救助家庭人口", unit="person", cite="dibao2021/7")
def assistance_size(members):
    """Members who count."""
    return sum(1 for m in members if m.family_member)
