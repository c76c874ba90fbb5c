"""医疗救助 medical assistance after the two insurances: threshold, share, cap; then tilt aid; then what is left."""

from xianjie.rules import either, first_known, household, person, round_half_up, year_of


@household(label="低保边缘医疗救助起付线", unit="fen", cite="medical2021/2")
def aid_threshold_margin(aid_threshold_margin_amount, aid_threshold_margin_share, residents_income_last_year):
    """The place's own figure, else the centre's share of what residents had last year."""
    if aid_threshold_margin_amount is not None:
        return aid_threshold_margin_amount
    if aid_threshold_margin_share is None or residents_income_last_year is None:
        return None
    return round_half_up(residents_income_last_year * aid_threshold_margin_share)


@household(label="因病致贫医疗救助起付线", unit="fen", cite="medical2021/2")
def aid_threshold_ill(aid_threshold_ill_amount, aid_threshold_ill_share, residents_income_last_year):
    """The place's own figure, else the centre's share of what residents had last year."""
    if aid_threshold_ill_amount is not None:
        return aid_threshold_ill_amount
    if aid_threshold_ill_share is None or residents_income_last_year is None:
        return None
    return round_half_up(residents_income_last_year * aid_threshold_ill_share)


@person(label="医疗救助起付线", unit="fen", cite="medical2021/2")
def aid_threshold(medical_identity, aid_no_threshold_identities, household):
    """Nothing for the groups named; for the others the figure of the margin or of the ill poor.

    A family on the margin that is monitored too has the better of the two: no threshold where the monitored have none.
    """
    if medical_identity is None or aid_no_threshold_identities is None:
        return None
    if medical_identity in aid_no_threshold_identities or medical_identity in ("普通", "脱贫"):
        return 0
    if medical_identity == "因病致贫":
        return first_known(household.aid_threshold_ill, None)
    if "易返贫致贫" in aid_no_threshold_identities:
        if household.already_monitored is None:
            return None
        if household.already_monitored:
            return 0
    return first_known(household.aid_threshold_margin, None)


@person(label="变化前医疗救助起付线", unit="fen", cite="medical2021/2")
def earlier_aid_threshold(earlier_identity, aid_no_threshold_identities, household):
    """The same for the identity before the change."""
    if earlier_identity is None or aid_no_threshold_identities is None:
        return None
    if earlier_identity in aid_no_threshold_identities or earlier_identity in ("普通", "脱贫"):
        return 0
    if earlier_identity == "因病致贫":
        return first_known(household.aid_threshold_ill, None)
    if "易返贫致贫" in aid_no_threshold_identities:
        if household.already_monitored is None:
            return None
        if household.already_monitored:
            return 0
    return first_known(household.aid_threshold_margin, None)


@person(label="医疗救助比例（至少）", unit="ratio", cite="medical2021/2")
def aid_share(
    medical_identity,
    aid_share_tekun,
    aid_share_dibao,
    aid_share_back_to_poverty,
    aid_share_margin,
    aid_share_unstable,
    aid_share_relieved,
    aid_share_ill,
):
    """The share of the identity; published as a floor, so what comes out is at least that."""
    if medical_identity is None:
        return None
    if medical_identity == "特困":
        return first_known(aid_share_tekun, None)
    if medical_identity == "低保":
        return first_known(aid_share_dibao, None)
    if medical_identity == "返贫致贫":
        return first_known(aid_share_back_to_poverty, None)
    if medical_identity == "低保边缘":
        return first_known(aid_share_margin, None)
    if medical_identity == "易返贫致贫":
        return first_known(aid_share_unstable, None)
    if medical_identity == "脱贫":
        return first_known(aid_share_relieved, None)
    return first_known(aid_share_ill, None) if medical_identity == "因病致贫" else 0.0


@person(label="变化前医疗救助比例（至少）", unit="ratio", cite="medical2021/2")
def earlier_aid_share(
    earlier_identity,
    aid_share_tekun,
    aid_share_dibao,
    aid_share_back_to_poverty,
    aid_share_margin,
    aid_share_unstable,
    aid_share_relieved,
    aid_share_ill,
):
    """The share of the identity before the change."""
    if earlier_identity is None:
        return None
    if earlier_identity == "特困":
        return first_known(aid_share_tekun, None)
    if earlier_identity == "低保":
        return first_known(aid_share_dibao, None)
    if earlier_identity == "返贫致贫":
        return first_known(aid_share_back_to_poverty, None)
    if earlier_identity == "低保边缘":
        return first_known(aid_share_margin, None)
    if earlier_identity == "易返贫致贫":
        return first_known(aid_share_unstable, None)
    if earlier_identity == "脱贫":
        return first_known(aid_share_relieved, None)
    return first_known(aid_share_ill, None) if earlier_identity == "因病致贫" else 0.0


@person(label="医疗救助年度限额", unit="fen", cite="central/12")
def aid_cap(medical_identity, seriously_ill, aid_cap_tekun, aid_cap_dibao, aid_cap_other, aid_cap_serious):
    """The yearly cap: higher for listed serious diseases where the place has such a figure, else by identity."""
    if aid_cap_serious is not None and seriously_ill is None:
        return None
    if aid_cap_serious is not None and seriously_ill is not None and seriously_ill:
        return aid_cap_serious
    if medical_identity is None:
        return None
    if medical_identity == "特困":
        return first_known(aid_cap_tekun, None)
    return first_known(aid_cap_dibao, None) if medical_identity == "低保" else first_known(aid_cap_other, None)


@person(label="变化前部分医疗救助应付", unit="fen", cite="medical2021/2")
def aid_before(cost_before, serious_before, earlier_aid_share, earlier_aid_threshold, aid_cap):
    """Assistance on the first stretch."""
    if cost_before is None:
        return None
    if cost_before <= 0:
        return 0
    if earlier_aid_share is None:
        return None
    if earlier_aid_share == 0:
        return 0
    if serious_before is None or earlier_aid_threshold is None or aid_cap is None:
        return None
    above = max(cost_before - serious_before - earlier_aid_threshold, 0)
    return min(round_half_up(above * earlier_aid_share), aid_cap)


@person(label="变化后部分医疗救助应付", unit="fen", cite="medical2021/2")
def aid_after(cost_before, serious_before, cost_of_year, serious_due, aid_share, aid_threshold, aid_before, aid_cap):
    """On the second stretch: beyond where the first one stopped, within what is left of the cap."""
    if aid_share is None or aid_before is None:
        return None
    if aid_share == 0:
        return 0
    if (
        cost_before is None
        or serious_before is None
        or cost_of_year is None
        or serious_due is None
        or aid_threshold is None
        or aid_cap is None
    ):
        return None
    start = max(cost_before - serious_before - aid_threshold, 0)
    end = max(cost_of_year - serious_due - aid_threshold, 0)
    return min(round_half_up(max(end - start, 0) * aid_share), max(aid_cap - aid_before, 0))


@person(label="医疗救助应付（全年，至少）", unit="fen", cite="medical2021/2")
def aid_due(cost_of_year, identity_changed_twice, aid_before, aid_after):
    """Medical assistance of the year; where the identity changed twice within it, a person computes it."""
    if cost_of_year is None:
        return None
    if cost_of_year <= 0:
        return 0
    if identity_changed_twice is None or aid_before is None or aid_after is None:
        return None
    if identity_changed_twice:
        return None
    return aid_before + aid_after


@person(label="按规定就医", cite="medical2021/3")
def care_path_kept(medical_bills, today):
    """All of this year's bills are from inside the province or properly referred."""
    return all(
        b.in_province or b.referred
        for b in medical_bills
        if year_of(b.settled_on) == year_of(today) and b.settled_on <= today
    )


@person(label="三重保障后政策范围内自付", unit="fen", cite="medical2021/3")
def left_after_three(cost_of_year, serious_due, aid_due):
    """In-scope cost that is left after the three layers."""
    return cost_of_year - serious_due - aid_due


@person(label="倾斜救助应付（全年）", unit="fen", cite="medical2021/3")
def tilt_due(
    medical_identity, left_after_three, tilt_aid_threshold, tilt_aid_share, tilt_aid_on_excess, care_path_kept
):
    """For those with an identity, above the line, on the path of care: a share of the excess or of the whole."""
    if medical_identity is None or left_after_three is None:
        return None
    if medical_identity == "普通" or left_after_three == 0:
        return 0
    if tilt_aid_threshold is None:
        return None
    if left_after_three <= tilt_aid_threshold:
        return 0
    if tilt_aid_share is None or tilt_aid_on_excess is None or care_path_kept is None:
        return None
    if not care_path_kept:
        return None
    base = left_after_three - tilt_aid_threshold if tilt_aid_on_excess else left_after_three
    return round_half_up(base * tilt_aid_share)


@person(label="全年医疗总费用", unit="fen")
def bills_total(medical_bills, today):
    """All cost of this year's bills, in scope or not."""
    return sum(b.total for b in medical_bills if year_of(b.settled_on) == year_of(today) and b.settled_on <= today)


@person(label="全年基本医保支付", unit="fen")
def basic_paid_of_year(medical_bills, today):
    """What basic insurance paid this year."""
    return sum(b.basic_paid for b in medical_bills if year_of(b.settled_on) == year_of(today) and b.settled_on <= today)


@person(label="各层保障后个人负担（全年，至多）", unit="fen", cite="medical2021/3")
def patient_pays(bills_total, basic_paid_of_year, serious_due, aid_due, tilt_due):
    """What is left to the person when every layer pays what it owes."""
    return bills_total - basic_paid_of_year - serious_due - aid_due - tilt_due


@household(label="各层保障后家庭负担（全年，至多）", unit="fen", cite="medical2021/3")
def family_pays(members):
    """What is left to the family."""
    return sum(m.patient_pays for m in members if m.living)


@person(label="大病保险和救助应付合计", unit="fen", cite="medical2021/2")
def layers_due(serious_due, aid_due, tilt_due):
    """What the layers after basic insurance owe this year; tilt aid that cannot be computed counts as none."""
    return serious_due + aid_due + first_known(tilt_due, 0)


@person(label="大病保险和救助已付合计", unit="fen")
def layers_paid(medical_bills, today):
    """What they have paid by the settled bills."""
    return sum(
        b.serious_paid + b.aid_paid + (0 if b.tilt_paid is None else b.tilt_paid)
        for b in medical_bills
        if year_of(b.settled_on) == year_of(today) and b.settled_on <= today
    )


@person(label="医疗保障少付额", unit="fen", cite="central/12")
def layers_short(layers_due, layers_paid):
    """How much less was paid than is due by these rules."""
    return max(layers_due - layers_paid, 0)


@household(label="成员医疗保障少付额合计", unit="fen", cite="central/12")
def medical_short(members):
    """How much less was paid for all members."""
    return sum(m.layers_short for m in members if m.living)


@household(label="三重保障应付未付待核", cite="central/12")
def medical_short_to_check(medical_short, medical_short_ignored):
    """The difference is more than rounding and late settlement explain."""
    return medical_short > medical_short_ignored


@person(label="结算未走一站式", cite="shanxi/31")
def not_one_stop(medical_bills, today):
    """An inpatient bill of this year that was not settled in one place."""
    return any(
        not b.one_stop
        for b in medical_bills
        if b.kind == "inpatient" and year_of(b.settled_on) == year_of(today) and b.settled_on <= today
    )


@household(label="有住院未走一站式结算", cite="shanxi/31")
def one_stop_missing(members):
    """A member's inpatient bill was not settled in one place."""
    return either(m.not_one_stop for m in members if m.living)
