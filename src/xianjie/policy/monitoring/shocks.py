"""Sudden events 突发变故 of the last twelve months that may throw a household back."""

from xianjie.rules import add_months, either, household, months_between, person


@household(label="自然灾害", cite="central/2")
def disaster_hit(disaster_events, today, shock_window_months):
    """A natural disaster hit the household."""
    start = add_months(today, -shock_window_months)
    return any(
        d.hazard in ("hail", "flood", "drought", "quake", "landslide", "snow")
        and d.happened_on > start
        and d.happened_on <= today
        for d in disaster_events
    )


@household(label="畜禽疫病", cite="central/2")
def animal_disease_hit(disaster_events, today, shock_window_months):
    """Animal disease hit the household's herd: a blow to its business."""
    start = add_months(today, -shock_window_months)
    return any(
        d.hazard == "animal_disease" and d.happened_on > start and d.happened_on <= today for d in disaster_events
    )


@household(label="意外事故", cite="central/2")
def accident_hit(disaster_events, today, shock_window_months):
    """A fire, traffic accident or other accident hit the household."""
    start = add_months(today, -shock_window_months)
    return any(
        d.hazard in ("fire", "traffic", "accident") and d.happened_on > start and d.happened_on <= today
        for d in disaster_events
    )


@household(label="灾害事故净损失", unit="fen")
def disaster_loss(disaster_events, today, shock_window_months):
    """Loss less compensation over the window; an amount not stated counts as none, the event itself stands."""
    start = add_months(today, -shock_window_months)
    lost = sum(
        d.loss for d in disaster_events if d.loss is not None and d.happened_on > start and d.happened_on <= today
    )
    paid = sum(
        d.compensated
        for d in disaster_events
        if d.compensated is not None and d.happened_on > start and d.happened_on <= today
    )
    return max(lost - paid, 0)


@person(label="劳动力死亡", cite="central/2")
def earner_died(vital_events, labour_skill, today, shock_window_months):
    """Whether someone registered as able to work died within the window."""
    if labour_skill is not None and labour_skill in ("none", "lost"):
        return False
    start = add_months(today, -shock_window_months)
    died = any(v.kind == "death" and v.happened_on > start and v.happened_on <= today for v in vital_events)
    if not died:
        return False
    if labour_skill is None:
        return None
    return True


@household(label="家中劳动力去世", cite="central/2")
def earner_lost(members):
    """Whether an earner of the household died within the window."""
    return either(m.earner_died for m in members)


@person(label="在岗务工")
def in_paid_work(employments, today):
    """Whether a spell of work is open on the day."""
    return any(
        (w.started_on is None or w.started_on <= today) and (w.ended_on is None or w.ended_on >= today)
        for w in employments
    )


@person(label="最近务工结束日期")
def last_job_ended_on(employments, today):
    """The last day of the newest spell of work that is over; unknown when there is none."""
    return max((w.ended_on for w in employments if w.ended_on is not None and w.ended_on < today), default=None)


@person(label="失业达到预警月数", cite="gannan/7")
def lost_job(in_paid_work, last_job_ended_on, today, jobless_warning_months, shock_window_months):
    """Out of work for the stated months, after a job that ended within the window."""
    if in_paid_work is None or jobless_warning_months is None or shock_window_months is None:
        return None
    if in_paid_work or last_job_ended_on is None:
        return False
    if last_job_ended_on <= add_months(today, -shock_window_months):
        return False
    return months_between(last_job_ended_on, today) >= jobless_warning_months


@household(label="在岗务工人数", unit="person")
def working_members(members):
    """Living members with an open spell of work."""
    return sum(1 for m in members if m.living and m.in_paid_work)


@household(label="失业劳动力人数", unit="person")
def jobless_members(members):
    """Living members who lost their job and have not found another."""
    return sum(1 for m in members if m.living and m.lost_job)


@household(label="主要劳动力失业", cite="central/2")
def main_earner_jobless(working_members, jobless_members):
    """Someone lost the job and nobody else in the household is in paid work."""
    return jobless_members > 0 and working_members == 0


@household(label="发生突发变故", cite="central/2")
def sudden_event(
    new_serious_illness,
    medical_burden_heavy,
    disaster_hit,
    animal_disease_hit,
    accident_hit,
    earner_lost,
    main_earner_jobless,
    newly_severely_disabled,
):
    """Illness, disaster, accident, death of an earner, loss of the earner's job, new severe disability."""
    return either(
        new_serious_illness,
        medical_burden_heavy,
        disaster_hit,
        animal_disease_hit,
        accident_hit,
        earner_lost,
        main_earner_jobless,
        newly_severely_disabled,
    )


@household(label="突发变故致基本生活严重困难", cite="central/2")
def sudden_hardship(sudden_event, left_below_line, income_fell_sharply):
    """A sudden event, and either rigid spending takes what is left below the line or income fell sharply."""
    if sudden_event is not None and not sudden_event:
        return False
    hard = either(left_below_line, income_fell_sharply)
    if sudden_event is None or hard is None:
        return False if hard is not None and not hard else None
    return sudden_event and hard


@household(label="先行救助（一事一议、绿色通道）", cite="city/2.1.2")
def fast_track_due(fast_track_for_sudden_change, disaster_hit, accident_hit, earner_lost):
    """Where the policy has a fast track: a great disaster or a sudden change in the family."""
    if not fast_track_for_sudden_change:
        return False
    return either(disaster_hit, accident_hit, earner_lost)
