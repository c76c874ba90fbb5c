"""Safety of the dwelling 住房安全 and who is a target of renovation."""

from xianjie.rules import both, either, household


@household(label="自住危房数")
def unsafe_dwellings(houses):
    """Dwellings lived in, graded C or D, and not renovated to acceptance."""
    return sum(
        1
        for h in houses
        if (h.use is None or h.use in ("sole", "lived"))
        and h.grade in ("C", "D")
        and (h.renovation_state is None or h.renovation_state != "done")
        and h.accepted_on is None
    )


@household(label="安全住房数")
def safe_dwellings(houses):
    """Dwellings graded A or B, or renovated to acceptance."""
    return sum(
        1
        for h in houses
        if h.grade in ("A", "B")
        or (h.renovation_state is not None and h.renovation_state == "done")
        or h.accepted_on is not None
    )


@household(label="唯一住房为危房", cite="central/3")
def house_unsafe(unsafe_dwellings, safe_dwellings):
    """The household lives in a C or D dwelling and has no safe one."""
    return unsafe_dwellings > 0 and safe_dwellings == 0


@household(label="住房保障重点对象", cite="central/3")
def housing_target(
    housing_target_groups,
    dibao_household,
    tekun_household,
    dibao_margin_household,
    rigid_spending_household,
    relieved,
    monitored_as_unstable,
    monitored_as_marginal,
    monitored_as_sudden,
):
    """Whether the household is of a group that the place's clause names for housing help."""
    return either(
        both("低保户" in housing_target_groups, dibao_household),
        both("特困人员" in housing_target_groups, tekun_household),
        both("低保边缘" in housing_target_groups, dibao_margin_household),
        both("刚性支出困难" in housing_target_groups, rigid_spending_household),
        both("脱贫户" in housing_target_groups, relieved),
        both("脱贫不稳定户" in housing_target_groups, monitored_as_unstable),
        both("边缘易致贫户" in housing_target_groups, monitored_as_marginal),
        both("突发严重困难户" in housing_target_groups, monitored_as_sudden),
    )


@household(label="危房改造应助对象", cite="central/3")
def housing_help_due(house_unsafe, housing_target):
    """An unsafe only dwelling of a household that the clause names: renovation is due."""
    return both(house_unsafe, housing_target)
