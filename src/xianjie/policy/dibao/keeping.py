"""While 低保 runs: review dates, gradual exit, who has it and who should 应保尽保."""

from xianjie.rules import add_months, both, either, household, person


@person(label="最近核查日期", cite="dibao2021/31")
def dibao_reviewed_on(categories, today):
    """The newest day on which the running allowance was reviewed, else when it began; unknown when there is none."""
    return max(
        (
            c.valid_from if c.reviewed_on is None else c.reviewed_on
            for c in categories
            if c.category == "dibao" and c.valid_from <= today and (c.valid_to is None or c.valid_to > today)
        ),
        default=None,
    )


@household(label="最早的最近核查日期", cite="dibao2021/31")
def dibao_last_review(members):
    """The longest-ago last review of a member with the allowance; unknown when nobody has it."""
    return min((m.dibao_reviewed_on for m in members if m.living and m.dibao_reviewed_on is not None), default=None)


@household(label="核查间隔", unit="month", cite="dibao2021/31")
def dibao_review_months(no_labour, dibao_review_months_stable, dibao_review_months_labour):
    """A year where nobody can work, half a year where somebody can."""
    return dibao_review_months_stable if no_labour else dibao_review_months_labour


@household(label="下次核查到期日", cite="dibao2021/31")
def dibao_review_due_on(dibao_last_review, dibao_review_months):
    """When the next review falls due."""
    return add_months(dibao_last_review, dibao_review_months)


@household(label="低保核查到期", cite="dibao2021/31")
def dibao_review_due(dibao_household, dibao_review_due_on, today):
    """Somebody has the allowance and the review is due."""
    if dibao_household is not None and not dibao_household:
        return False
    if dibao_household is None or dibao_review_due_on is None:
        return None
    return dibao_review_due_on <= today


@person(label="渐退期内", cite="dibao2021/33")
def in_grace(categories, today):
    """The running allowance is in its gradual exit."""
    return any(
        c.grace_until is not None and c.grace_until >= today
        for c in categories
        if c.category == "dibao" and c.valid_from <= today and (c.valid_to is None or c.valid_to > today)
    )


@person(label="渐退期已满仍在发", cite="dibao2021/33")
def grace_over(categories, today):
    """The gradual exit has ended and the allowance runs on."""
    return any(
        c.grace_until is not None and c.grace_until < today
        for c in categories
        if c.category == "dibao" and c.valid_from <= today and (c.valid_to is None or c.valid_to > today)
    )


@household(label="有成员在渐退期", cite="dibao2021/33")
def grace_running(members):
    """A member's allowance is in its gradual exit."""
    return either(m.in_grace for m in members if m.living)


@household(label="渐退期已满", cite="dibao2021/33")
def grace_ended(members):
    """A member's gradual exit is over and the allowance runs on."""
    return either(m.grace_over for m in members if m.living)


@household(label="渐退最晚到", cite="dibao2021/33")
def grace_until_latest(today, dibao_grace_months):
    """If gradual exit were granted today, the last day it may run to."""
    return add_months(today, dibao_grace_months)


@person(label="按单人户享受低保", cite="dibao2021/8")
def on_single_dibao(categories, today):
    """The running allowance is one of a single person."""
    return any(
        c.single_person is not None and c.single_person
        for c in categories
        if c.category == "dibao" and c.valid_from <= today and (c.valid_to is None or c.valid_to > today)
    )


@household(label="有成员按单人户享受", cite="dibao2021/8")
def single_running(members):
    """A member has the allowance alone."""
    return either(m.on_single_dibao for m in members if m.living)


@household(label="符合低保（整户或单人户）", cite="central/11")
def dibao_or_single_due(dibao_due, single_due):
    """The family, or one of its members alone."""
    return either(dibao_due, single_due)


@household(label="低保应保未保", cite="central/14")
def dibao_missed(dibao_or_single_due, dibao_household, tekun_household):
    """Qualifies, and no member has 低保 or 特困."""
    has = either(dibao_household, tekun_household)
    if has is None:
        return None
    return both(dibao_or_single_due, not has)


@household(label="享受低保但条件不再符合", cite="dibao2021/31")
def dibao_to_recheck(dibao_or_single_due, dibao_household, grace_running):
    """Has 低保, does not qualify by today's data, and is in no gradual exit: to be checked, not stopped."""
    if dibao_household is not None and not dibao_household:
        return False
    if grace_running is not None and grace_running:
        return False
    if dibao_or_single_due is not None and dibao_or_single_due:
        return False
    if dibao_household is None or grace_running is None or dibao_or_single_due is None:
        return None
    return True


@household(label="低保保障情况", cite="central/14")
def dibao_state(dibao_or_single_due, dibao_household):
    """应保已保、应保未保、在保待复核、不在范围; unknown: see which data are missing."""
    if dibao_or_single_due is None or dibao_household is None:
        return None
    if dibao_or_single_due:
        return "应保已保" if dibao_household else "应保未保"
    return "在保待复核" if dibao_household else "不在范围"


@household(label="整户应保只保了部分成员", cite="dibao2022/1")
def dibao_partly(dibao_due, dibao_household, members):
    """The family qualifies as a whole, but some member who counts has neither 低保 nor 特困."""
    if dibao_due is not None and not dibao_due:
        return False
    if dibao_household is not None and not dibao_household:
        return False
    if dibao_due is None or dibao_household is None:
        return None
    return any(not m.on_dibao and not m.on_tekun for m in members if m.family_member)
