"""The three kinds of monitored household 脱贫不稳定户、边缘易致贫户、突发严重困难户.

Income alone never decides: within the line there must be a risk too; above it, a sudden event that leaves
the household in serious difficulty.
"""

from xianjie.rules import either, household


@household(label="存在返贫致贫风险", cite="central/2")
def at_risk(
    cause_illness,
    cause_schooling,
    cause_disability,
    cause_disaster,
    cause_accident,
    cause_industry,
    cause_job,
    cause_labour,
    cause_housing,
    cause_water,
    cause_dropout,
    cause_uninsured,
):
    """Any of the causes of the national form."""
    return either(
        cause_illness,
        cause_schooling,
        cause_disability,
        cause_disaster,
        cause_accident,
        cause_industry,
        cause_job,
        cause_labour,
        cause_housing,
        cause_water,
        cause_dropout,
        cause_uninsured,
    )


@household(label="应纳入的监测类别", cite="central/2")
def monitored_kind_due(at_risk, income_within_line, relieved, sudden_hardship):
    """The kind that the household falls under today: unstable_relieved, marginal, sudden or none."""
    if at_risk is not None and not at_risk:
        return "none"
    if income_within_line is None:
        return None
    if income_within_line:
        if at_risk is None:
            return None
        return "unstable_relieved" if relieved else "marginal"
    if sudden_hardship is None:
        return None
    return "sudden" if sudden_hardship else "none"


@household(label="符合监测对象条件", cite="central/2")
def monitoring_due(monitored_kind_due):
    """Whether the household falls under one of the three kinds today."""
    return monitored_kind_due != "none"


@household(label="收入在监测范围内且有风险", cite="central/2")
def income_and_risk(income_within_line, at_risk):
    """Income within the line together with a risk."""
    if income_within_line is not None and not income_within_line:
        return False
    if at_risk is not None and not at_risk:
        return False
    if income_within_line is None or at_risk is None:
        return None
    return True
