"""What some places watch beyond the centre's clause: key links 重点环节, special households, customs."""

from xianjie.rules import add_months, both, either, household, person


@person(label="帮扶车间失去岗位", cite="gansu/2")
def workshop_job_ended(employments, in_paid_work, today, shock_window_months):
    """A job in a workshop ended within the window and no other job followed."""
    start = add_months(today, -shock_window_months)
    ended = any(
        w.channel is not None
        and w.channel == "workshop"
        and w.ended_on is not None
        and w.ended_on > start
        and w.ended_on < today
        for w in employments
    )
    return ended and not in_paid_work


@household(label="车间停工失去岗位", cite="gansu/2")
def workshop_trouble(watch_workshops, members):
    """Where workshops are a watched link: a member lost a job there."""
    if not watch_workshops:
        return False
    return either(m.workshop_job_ended for m in members if m.living)


@household(label="合作社经营受挫", cite="gannan/2")
def cooperative_trouble(watch_cooperatives, cooperative, industry_failed):
    """Where co-operatives are a watched link: a member household whose business income fell sharply."""
    if not watch_cooperatives:
        return False
    return both(cooperative, industry_failed)


@household(label="搬迁户有劳动力无人就业", cite="gansu/2")
def resettled_without_job(watch_relocation, resettled, labour_members, working_members):
    """Where relocation is a watched link: a moved household that has labour, and nobody in paid work."""
    if not watch_relocation:
        return False
    if resettled is not None and not resettled:
        return False
    if labour_members is not None and labour_members == 0:
        return False
    if resettled is None or labour_members is None or working_members is None:
        return None
    return working_members == 0


@household(label="老弱病残等特殊困难家庭", cite="gannan/2")
def special_household(watch_special_households, labour_members):
    """Where old, weak, ill and disabled families are watched by name: a household with no labour at all."""
    if not watch_special_households:
        return False
    if labour_members is None:
        return None
    return labour_members == 0


@household(label="全家均为老年人")
def only_old_members(household_size, members, old_age_from):
    """Every living member has reached old age."""
    return household_size > 0 and all(m.age >= old_age_from for m in members if m.living)


@household(label="需核实赡养义务履行", cite="shanxi/6")
def support_to_ask(ask_support_of_parents, only_old_members):
    """Where the policy names unkept duty of support as a cause: old people who live alone are asked."""
    if not ask_support_of_parents:
        return False
    if only_old_members is None:
        return None
    return only_old_members


@person(label="近期有婚事")
def married_lately(vital_events, today, shock_window_months):
    """Whether a marriage was registered within the window."""
    start = add_months(today, -shock_window_months)
    return any(v.kind == "marriage" and v.happened_on > start and v.happened_on <= today for v in vital_events)


@household(label="需询问彩礼和婚事支出", cite="shanxi/6")
def wedding_to_ask(ask_wedding_cost, members):
    """Where the policy names bride price and lavish weddings as a cause: a wedding in the family is asked about."""
    if not ask_wedding_cost:
        return False
    return either(m.married_lately for m in members if m.living)
