"""Drinking water 饮水安全 by four indicators: any one that fails makes it unsafe."""

from xianjie.rules import days_between, either, household, months_between


@household(label="最近饮水评估日期")
def water_assessed_on(water_states):
    """The day of the newest assessment; unknown when there is none."""
    return max((w.assessed_on for w in water_states if w.assessed_on is not None), default=None)


@household(label="人均日供水量", unit="litre/person/day")
def water_litres(water_states, water_assessed_on):
    """Litres for each person and day by the newest assessment."""
    return min(
        (
            w.litres_person_day
            for w in water_states
            if w.litres_person_day is not None and w.assessed_on is not None and w.assessed_on == water_assessed_on
        ),
        default=None,
    )


@household(label="水量不足", cite="central/3")
def water_too_little(water_litres, water_litres_short_area, water_litres_plenty_area, water_short_area):
    """Below the standard; between the two standards it hangs on whether the place is short of water."""
    if water_litres is None or water_litres_short_area is None or water_litres_plenty_area is None:
        return None
    if water_litres < water_litres_short_area:
        return True
    if water_litres >= water_litres_plenty_area:
        return False
    if water_short_area is None:
        return None
    return not water_short_area


@household(label="水质不合格", cite="central/3")
def water_bad(water_states, water_assessed_on):
    """Quality found bad at the newest assessment."""
    return any(
        w.quality == "bad" for w in water_states if w.assessed_on is not None and w.assessed_on == water_assessed_on
    )


@household(label="取水往返时间", unit="minute")
def water_minutes(water_states, water_assessed_on):
    """Minutes to fetch water and back."""
    return max(
        (
            w.fetch_minutes
            for w in water_states
            if w.fetch_minutes is not None and w.assessed_on is not None and w.assessed_on == water_assessed_on
        ),
        default=None,
    )


@household(label="取水水平距离", unit="m")
def water_horizontal(water_states, water_assessed_on):
    """Metres on the flat to the water."""
    return max(
        (
            w.horizontal_m
            for w in water_states
            if w.horizontal_m is not None and w.assessed_on is not None and w.assessed_on == water_assessed_on
        ),
        default=None,
    )


@household(label="取水垂直距离", unit="m")
def water_vertical(water_states, water_assessed_on):
    """Metres of height to the water."""
    return max(
        (
            w.vertical_m
            for w in water_states
            if w.vertical_m is not None and w.assessed_on is not None and w.assessed_on == water_assessed_on
        ),
        default=None,
    )


@household(label="取水不便", cite="central/3")
def water_far(
    water_minutes, water_horizontal, water_vertical, water_minutes_max, water_horizontal_max, water_vertical_max
):
    """Fetching takes too long; where the time is not known, too far on the flat or too steep."""
    if water_minutes_max is None or water_horizontal_max is None or water_vertical_max is None:
        return None
    if water_minutes is not None:
        return water_minutes > water_minutes_max
    far = None if water_horizontal is None else water_horizontal > water_horizontal_max
    steep = None if water_vertical is None else water_vertical > water_vertical_max
    return either(far, steep)


@household(label="年停水天数", unit="day/year")
def water_outage_days(water_states, water_assessed_on):
    """Days without supply in the year by the newest assessment."""
    return max(
        (
            w.outage_days_year
            for w in water_states
            if w.outage_days_year is not None and w.assessed_on is not None and w.assessed_on == water_assessed_on
        ),
        default=None,
    )


@household(label="供水保证率不足", cite="central/3")
def water_unreliable(water_outage_days, water_outage_days_max):
    """More days without supply in the year than allowed."""
    return water_outage_days > water_outage_days_max


@household(label="停水起始日期")
def water_cut_since(water_states, today):
    """Since when supply has been cut; unknown when it is not cut."""
    return min(
        (
            w.outage_since
            for w in water_states
            if w.outage_since is not None
            and w.outage_since <= today
            and (w.restored_on is None or w.restored_on > today)
        ),
        default=None,
    )


@household(label="停水天数", unit="day")
def water_cut_days(water_states, water_cut_since, today):
    """Days that supply has been cut until now; zero when it runs."""
    if water_cut_since is None:
        return 0
    return days_between(water_cut_since, today)


@household(label="停水超过规定时间", cite="central/3")
def water_cut_long(water_states, water_cut_since, today, water_cut_months):
    """Supply cut for longer than the stated months and not restored."""
    if water_cut_since is None:
        return False
    return months_between(water_cut_since, today) >= water_cut_months


@household(label="饮水不安全", cite="central/3")
def water_unsafe(water_too_little, water_bad, water_far, water_unreliable, water_cut_long):
    """Any one of quantity, quality, convenience, supply fails, or supply has been cut for long."""
    return either(water_too_little, water_bad, water_far, water_unreliable, water_cut_long)


@household(label="季节性缺水待核实", cite="shanxi/7")
def seasonal_shortage(watch_seasonal_shortage, water_outage_days, seasonal_shortage_days, water_unsafe):
    """Where the clause names seasonal shortage: supply stopped on many days although the year's limit is kept."""
    if not watch_seasonal_shortage:
        return False
    if water_unsafe is not None and water_unsafe:
        return False
    if water_outage_days is None:
        return None
    return water_outage_days >= seasonal_shortage_days
