"""Against the monitoring records: missed, to be removed, removed too soon, without a measure."""

from xianjie.rules import add_days, add_months, both, either, household


@household(label="正在监测", cite="central/2")
def already_monitored(monitorings):
    """A spell of monitoring is open: identified and its risk not removed."""
    return any(not s.removed for s in monitorings)


@household(label="最近识别时间")
def identified_on(monitorings):
    """When the newest open spell began; unknown when none is open."""
    return max((s.identified_on for s in monitorings if not s.removed), default=None)


@household(label="最近消除时间")
def removed_on(monitorings):
    """When risk was last marked removed; unknown when never."""
    return max((s.removed_on for s in monitorings if s.removed and s.removed_on is not None), default=None)


@household(label="现为脱贫不稳定户", cite="central/2")
def monitored_as_unstable(monitorings):
    """An open spell as unstable relieved household."""
    return any(not s.removed and s.kind == "unstable_relieved" for s in monitorings)


@household(label="现为边缘易致贫户", cite="central/2")
def monitored_as_marginal(monitorings):
    """An open spell as marginal household."""
    return any(not s.removed and s.kind == "marginal" for s in monitorings)


@household(label="现为突发严重困难户", cite="central/2")
def monitored_as_sudden(monitorings):
    """An open spell as household in sudden serious difficulty."""
    return any(not s.removed and s.kind == "sudden" for s in monitorings)


@household(label="应纳未纳", cite="central/2")
def missed(monitoring_due, already_monitored):
    """Falls under one of the three kinds today and is not monitored."""
    free = None if already_monitored is None else not already_monitored
    return both(monitoring_due, free)


@household(label="保障类问题", cite="central/3")
def guarantee_problem(house_unsafe, water_unsafe, dropout, uninsured):
    """Any of the three guarantees or water fails."""
    return either(house_unsafe, water_unsafe, dropout, uninsured)


@household(label="有保障问题未纳入监测", cite="central/2")
def guarantee_problem_missed(guarantee_problem, already_monitored):
    """A guarantee or water fails and the household is not monitored."""
    free = None if already_monitored is None else not already_monitored
    return both(guarantee_problem, free)


@household(label="消除后又出现风险", cite="central/2")
def risk_again(removed_on, already_monitored, monitoring_due, guarantee_problem):
    """Once removed, not monitored now, and again due or with a failed guarantee: the old case reopens."""
    if already_monitored is None:
        return None
    if already_monitored or removed_on is None:
        return False
    return either(monitoring_due, guarantee_problem)


@household(label="消除未满规定月数", cite="central/2")
def removed_lately(monitorings, removed_on, today, minimum_hold_months):
    """Marked removed less than the stated months ago: still to be watched."""
    if removed_on is None:
        return False
    return removed_on > add_months(today, -minimum_hold_months)


@household(label="识别到消除间隔过短", cite="central/2")
def removed_too_soon(monitorings, minimum_hold_months):
    """A spell was marked removed before the stated months had passed."""
    return any(
        s.removed and s.removed_on is not None and s.removed_on < add_months(s.identified_on, minimum_hold_months)
        for s in monitorings
    )


@household(label="监测已满规定月数", cite="central/2")
def held_long_enough(monitorings, identified_on, today, minimum_hold_months):
    """The open spell has lasted the stated months."""
    if identified_on is None:
        return False
    return identified_on <= add_months(today, -minimum_hold_months)


@household(label="整户无劳动力持续监测", cite="central/14")
def keep_watching(already_monitored, no_labour):
    """Monitored and nobody can work: the social floor, and no removal."""
    return both(already_monitored, no_labour)


@household(label="无劳动力户被标注消除", cite="central/14")
def no_labour_removed(already_monitored, removed_on, no_labour):
    """Marked removed although nobody can work."""
    if already_monitored is None:
        return None
    if already_monitored or removed_on is None:
        return False
    return no_labour


@household(label="可考虑风险消除", cite="central/2")
def removal_may_be_due(
    already_monitored,
    held_long_enough,
    no_labour,
    income_per_head,
    monitoring_line,
    left_below_line,
    guarantee_problem,
    sudden_event,
    risk_without_measure,
):
    """What data can tell: time, income strictly above the line, spending borne, guarantees, no event, measures."""
    above = None
    if income_per_head is not None and monitoring_line is not None:
        above = income_per_head > monitoring_line
    eased = None if left_below_line is None else not left_below_line
    guaranteed = None if guarantee_problem is None else not guarantee_problem
    quiet = None if sudden_event is None else not sudden_event
    able = None if no_labour is None else not no_labour
    measured = None if risk_without_measure is None else not risk_without_measure
    return both(already_monitored, held_long_enough, able, above, eased, guaranteed, quiet, measured)


@household(label="本次监测以来的帮扶措施数")
def measures_in_force(monitorings, measures, identified_on):
    """Measures carried out since the open spell began; zero when no spell is open."""
    if identified_on is None:
        return 0
    return sum(1 for x in measures if x.started_on is None or x.started_on >= identified_on)


@household(label="首项措施逾期", cite="central/2")
def first_measure_late(already_monitored, identified_on, measures_in_force, today, first_measure_days):
    """Monitored for longer than the stated days and no measure yet."""
    if already_monitored is not None and not already_monitored:
        return False
    if identified_on is None or measures_in_force is None:
        return None
    return add_days(identified_on, first_measure_days) < today and measures_in_force == 0


@household(label="有开发式帮扶措施", cite="gansu/2")
def has_development_measure(measures, development_measure_groups):
    """A measure of industry, job, finance or public post is on record."""
    return any(x.group in development_measure_groups for x in measures)


@household(label="有综合保障措施", cite="gansu/2")
def has_floor_measure(measures):
    """A social-floor measure is on record."""
    return any(x.group == "social_floor" for x in measures)


@household(label="有劳动力户缺开发式措施", cite="gansu/2")
def development_measure_missing(already_monitored, development_help_fits, has_development_measure):
    """Monitored, someone can work, and no measure of industry, job, finance or public post."""
    without = None if has_development_measure is None else not has_development_measure
    return both(already_monitored, development_help_fits, without)


@household(label="无劳动力户缺综合保障", cite="gansu/2")
def floor_measure_missing(already_monitored, no_labour, has_floor_measure):
    """Monitored, nobody can work, and no social-floor measure."""
    without = None if has_floor_measure is None else not has_floor_measure
    return both(already_monitored, no_labour, without)


@household(label="缺监测联系人", cite="central/2")
def contact_missing(already_monitored, contact_name):
    """Monitored and no named contact."""
    if already_monitored is not None and not already_monitored:
        return False
    if already_monitored is None:
        return None
    return contact_name is None
