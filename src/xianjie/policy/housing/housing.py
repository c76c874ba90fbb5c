"""Safety of the dwelling 住房安全 and who is a target of renovation."""

from xianjie.rules import both, either, first_known, household


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


@household(label="最差自住房为D级", cite="central/3")
def grade_d_lived(houses):
    """A dwelling lived in, graded D and not renovated to acceptance."""
    return any(
        h.grade == "D" and h.accepted_on is None and (h.renovation_state is None or h.renovation_state != "done")
        for h in houses
        if h.use is None or h.use in ("sole", "lived")
    )


@household(label="改造方式", cite="housing2021/1")
def renovation_way(housing_help_due, grade_d_lived):
    """C is repaired (加固), D is rebuilt (重建); 无 where no help is due."""
    if housing_help_due is None:
        return None
    if not housing_help_due:
        return "无"
    if grade_d_lived is None:
        return None
    return "重建" if grade_d_lived else "加固"


@household(label="改造补助最高额", unit="fen", cite="housing2021/1")
def renovation_highest(renovation_way, renovation_highest_c, renovation_highest_d):
    """The most that the place pays for the way; unknown where we have no local figure."""
    if renovation_way is None:
        return None
    if renovation_way == "无":
        return 0
    if renovation_way == "重建":
        return first_known(renovation_highest_d, None)
    return first_known(renovation_highest_c, None)
