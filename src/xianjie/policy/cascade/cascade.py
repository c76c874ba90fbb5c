"""三重保障 over a year of bills: what basic insurance leaves, serious-illness insurance pays in part; aid.py goes on.

Thresholds and caps are those of a year, so amounts are computed on the year's sums, in two stretches where the
identity changed: cost before the change at the earlier identity's figures, cost after it at the present one's, going
on from where the first stretch stopped. Within a stretch the order of bills decides nothing.
"""

from xianjie.rules import brackets, person, round_half_up, year_of


@person(label="身份变化前进入大病保险的费用", unit="fen", cite="medical2021/1")
def cost_before(medical_bills, identity_changed, identity_since, today):
    """In-scope cost that basic insurance left this year, in bills before the identity changed."""
    if not identity_changed or identity_since is None:
        return 0
    return sum(
        b.in_scope - b.basic_paid
        for b in medical_bills
        if year_of(b.settled_on) == year_of(today) and b.settled_on <= today and b.settled_on < identity_since
    )


@person(label="全年进入大病保险的费用", unit="fen", cite="medical2021/1")
def cost_of_year(medical_bills, today):
    """In-scope cost that basic insurance left this year until today."""
    return sum(
        b.in_scope - b.basic_paid
        for b in medical_bills
        if year_of(b.settled_on) == year_of(today) and b.settled_on <= today
    )


@person(label="享受大病保险倾斜", cite="central/12")
def serious_tilt(medical_identity, serious_tilt_identities):
    """Of the groups that serious-illness insurance favours."""
    return medical_identity in serious_tilt_identities


@person(label="变化前享受大病保险倾斜", cite="central/12")
def earlier_serious_tilt(identity_changed, earlier_identity, serious_tilt, serious_tilt_identities):
    """The same before the identity changed; as today where it did not change."""
    if identity_changed is None:
        return None
    if not identity_changed:
        return serious_tilt
    if earlier_identity is None or serious_tilt_identities is None:
        return None
    return earlier_identity in serious_tilt_identities


@person(label="倾斜后的大病保险起付线", unit="fen", cite="central/12")
def serious_threshold_tilted(serious_threshold, serious_tilt_threshold_share):
    """The lower threshold of the favoured groups."""
    return round_half_up(serious_threshold * serious_tilt_threshold_share)


@person(label="变化前超过大病起付线的费用", unit="fen", cite="medical2021/1")
def above_before(cost_before, earlier_serious_tilt, serious_threshold, serious_threshold_tilted):
    """The first stretch's cost above the threshold that held then."""
    return max(cost_before - (serious_threshold_tilted if earlier_serious_tilt else serious_threshold), 0)


@person(label="变化前按分段比例", unit="fen", cite="medical2021/1")
def rated_before(above_before, serious_rates):
    """That cost at the rates of the brackets."""
    return brackets(above_before, serious_rates)


@person(label="变化前部分大病保险应付", unit="fen", cite="medical2021/1")
def serious_before(above_before, rated_before, earlier_serious_tilt, serious_tilt_points):
    """With the favoured groups' extra points."""
    return rated_before + (round_half_up(above_before * serious_tilt_points) if earlier_serious_tilt else 0)


@person(label="变化时已到的分段位置", unit="fen", cite="medical2021/1")
def above_start(cost_before, serious_tilt, serious_threshold, serious_threshold_tilted):
    """Where the second stretch starts: the first stretch's cost above the present threshold."""
    return max(cost_before - (serious_threshold_tilted if serious_tilt else serious_threshold), 0)


@person(label="全年超过大病起付线的费用", unit="fen", cite="medical2021/1")
def above_end(cost_of_year, serious_tilt, serious_threshold, serious_threshold_tilted):
    """Where it ends: the year's cost above the present threshold."""
    return max(cost_of_year - (serious_threshold_tilted if serious_tilt else serious_threshold), 0)


@person(label="变化时的分段金额", unit="fen", cite="medical2021/1")
def rated_start(above_start, serious_rates):
    """The start at the rates of the brackets."""
    return brackets(above_start, serious_rates)


@person(label="全年的分段金额", unit="fen", cite="medical2021/1")
def rated_end(above_end, serious_rates):
    """The end at the rates of the brackets."""
    return brackets(above_end, serious_rates)


@person(label="变化后部分大病保险应付", unit="fen", cite="medical2021/1")
def serious_after(rated_start, rated_end, above_start, above_end, serious_tilt, serious_tilt_points):
    """From start to end, with the favoured groups' extra points."""
    more = round_half_up((above_end - above_start) * serious_tilt_points) if serious_tilt else 0
    return rated_end - rated_start + more


@person(label="大病保险应付（全年）", unit="fen", cite="medical2021/1")
def serious_due(cost_of_year, serious_before, serious_after):
    """Serious-illness insurance of the year; nothing where basic insurance left nothing."""
    if cost_of_year is None:
        return None
    if cost_of_year <= 0:
        return 0
    if serious_before is None or serious_after is None:
        return None
    return serious_before + serious_after
