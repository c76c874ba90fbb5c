"""Each recorded risk needs a measure of a group that fits it 措施针对性."""

from xianjie.rules import either, household


@household(label="因病风险缺对应措施", cite="gansu/2")
def uncovered_illness(monitorings, measures, measures_for_illness):
    """The open spell names illness and no measure of a fitting group is on record."""
    named = any(
        not s.removed
        and (
            (s.risk1 is not None and s.risk1 == "illness")
            or (s.risk2 is not None and s.risk2 == "illness")
            or (s.risk3 is not None and s.risk3 == "illness")
            or (s.risk4 is not None and s.risk4 == "illness")
            or (s.risk5 is not None and s.risk5 == "illness")
        )
        for s in monitorings
    )
    return named and not any(x.group in measures_for_illness for x in measures)


@household(label="因学风险缺对应措施", cite="gansu/2")
def uncovered_schooling(monitorings, measures, measures_for_schooling):
    """The open spell names schooling and no measure of a fitting group is on record."""
    named = any(
        not s.removed
        and (
            (s.risk1 is not None and s.risk1 == "schooling")
            or (s.risk2 is not None and s.risk2 == "schooling")
            or (s.risk3 is not None and s.risk3 == "schooling")
            or (s.risk4 is not None and s.risk4 == "schooling")
            or (s.risk5 is not None and s.risk5 == "schooling")
        )
        for s in monitorings
    )
    return named and not any(x.group in measures_for_schooling for x in measures)


@household(label="因残风险缺对应措施", cite="gansu/2")
def uncovered_disability(monitorings, measures, measures_for_disability):
    """The open spell names disability and no measure of a fitting group is on record."""
    named = any(
        not s.removed
        and (
            (s.risk1 is not None and s.risk1 == "disability")
            or (s.risk2 is not None and s.risk2 == "disability")
            or (s.risk3 is not None and s.risk3 == "disability")
            or (s.risk4 is not None and s.risk4 == "disability")
            or (s.risk5 is not None and s.risk5 == "disability")
        )
        for s in monitorings
    )
    return named and not any(x.group in measures_for_disability for x in measures)


@household(label="因安全住房风险缺对应措施", cite="gansu/2")
def uncovered_housing(monitorings, measures, measures_for_housing):
    """The open spell names housing and no measure of a fitting group is on record."""
    named = any(
        not s.removed
        and (
            (s.risk1 is not None and s.risk1 == "housing")
            or (s.risk2 is not None and s.risk2 == "housing")
            or (s.risk3 is not None and s.risk3 == "housing")
            or (s.risk4 is not None and s.risk4 == "housing")
            or (s.risk5 is not None and s.risk5 == "housing")
        )
        for s in monitorings
    )
    return named and not any(x.group in measures_for_housing for x in measures)


@household(label="因安全饮水风险缺对应措施", cite="gansu/2")
def uncovered_water(monitorings, measures, measures_for_water):
    """The open spell names water and no measure of a fitting group is on record."""
    named = any(
        not s.removed
        and (
            (s.risk1 is not None and s.risk1 == "water")
            or (s.risk2 is not None and s.risk2 == "water")
            or (s.risk3 is not None and s.risk3 == "water")
            or (s.risk4 is not None and s.risk4 == "water")
            or (s.risk5 is not None and s.risk5 == "water")
        )
        for s in monitorings
    )
    return named and not any(x.group in measures_for_water for x in measures)


@household(label="失学辍学风险缺对应措施", cite="gansu/2")
def uncovered_dropout(monitorings, measures, measures_for_dropout):
    """The open spell names drop-out and no measure of a fitting group is on record."""
    named = any(
        not s.removed
        and (
            (s.risk1 is not None and s.risk1 == "dropout")
            or (s.risk2 is not None and s.risk2 == "dropout")
            or (s.risk3 is not None and s.risk3 == "dropout")
            or (s.risk4 is not None and s.risk4 == "dropout")
            or (s.risk5 is not None and s.risk5 == "dropout")
        )
        for s in monitorings
    )
    return named and not any(x.group in measures_for_dropout for x in measures)


@household(label="未参保风险缺对应措施", cite="gansu/2")
def uncovered_uninsured(monitorings, measures, measures_for_uninsured):
    """The open spell names missing insurance and no measure of a fitting group is on record."""
    named = any(
        not s.removed
        and (
            (s.risk1 is not None and s.risk1 == "uninsured")
            or (s.risk2 is not None and s.risk2 == "uninsured")
            or (s.risk3 is not None and s.risk3 == "uninsured")
            or (s.risk4 is not None and s.risk4 == "uninsured")
            or (s.risk5 is not None and s.risk5 == "uninsured")
        )
        for s in monitorings
    )
    return named and not any(x.group in measures_for_uninsured for x in measures)


@household(label="风险缺对应措施", cite="gansu/2")
def risk_without_measure(
    already_monitored,
    uncovered_illness,
    uncovered_schooling,
    uncovered_disability,
    uncovered_housing,
    uncovered_water,
    uncovered_dropout,
    uncovered_uninsured,
):
    """Monitored, and a recorded risk that no fitting measure answers."""
    if already_monitored is not None and not already_monitored:
        return False
    return either(
        uncovered_illness,
        uncovered_schooling,
        uncovered_disability,
        uncovered_housing,
        uncovered_water,
        uncovered_dropout,
        uncovered_uninsured,
    )
