"""Who a person is for medical insurance 参保救助身份: the highest single identity, today and before a change."""

from xianjie.rules import add_days, person, year_of


@person(label="医疗救助身份（按认定类别）", cite="medical2021/1")
def listed_identity(categories, today):
    """1 特困或孤儿, 2 低保, 3 返贫致贫, 4 低保边缘, 5 因病致贫重病, 9 none: by the listings in force."""
    return min(
        (
            1 if c.category in ("tekun", "orphan", "unattended_child")
            else 2 if c.category == "dibao"
            else 3 if c.category == "back_to_poverty"
            else 4 if c.category == "dibao_margin"
            else 5
            for c in categories
            if c.category in (
                "tekun", "orphan", "unattended_child", "dibao", "back_to_poverty", "dibao_margin", "ill_poor"
            )
            and c.valid_from <= today
            and (c.valid_to is None or c.valid_to > today)
        ),
        default=9,
    )  # fmt: skip


@person(label="医疗救助身份", cite="medical2021/1")
def medical_identity(listed_identity, aid_share_relieved, household):
    """特困、低保、返贫致贫、低保边缘、易返贫致贫、脱贫、因病致贫 or 普通: the highest one alone counts.

    脱贫 goes before 因病致贫 only where relieved people are aided at all.
    """
    if listed_identity is None:
        return None
    if listed_identity == 1:
        return "特困"
    if listed_identity == 2:
        return "低保"
    if listed_identity == 3:
        return "返贫致贫"
    if listed_identity == 4:
        return "低保边缘"
    if household.already_monitored is None:
        return None
    if household.already_monitored:
        return "易返贫致贫"
    if listed_identity == 5 and (aid_share_relieved is None or aid_share_relieved == 0.0):
        return "因病致贫"
    if household.relieved is None:
        return None
    if household.relieved:
        return "脱贫"
    return "因病致贫" if listed_identity == 5 else "普通"


@person(label="现身份起始日", cite="medical2021/1")
def identity_since(categories, listed_identity, today):
    """Since when the listing in force holds; unknown when none does."""
    return max(
        (
            c.valid_from
            for c in categories
            if c.valid_from <= today
            and (c.valid_to is None or c.valid_to > today)
            and (
                (listed_identity == 1 and c.category in ("tekun", "orphan", "unattended_child"))
                or (listed_identity == 2 and c.category == "dibao")
                or (listed_identity == 3 and c.category == "back_to_poverty")
                or (listed_identity == 4 and c.category == "dibao_margin")
                or (listed_identity == 5 and c.category == "ill_poor")
            )
        ),
        default=None,
    )


@person(label="身份在年内变化", cite="medical2021/1")
def identity_changed(categories, listed_identity, identity_since, today):
    """The identity in force began within this year: bills before that day count under the earlier one."""
    if identity_since is None:
        return False
    return year_of(identity_since) == year_of(today)


@person(label="变化前的身份（按认定类别）", cite="medical2021/1")
def earlier_listed_identity(categories, identity_since):
    """The listing in force on the eve of the present identity, in the same numbers."""
    eve = add_days(identity_since, -1)
    return min(
        (
            1 if c.category in ("tekun", "orphan", "unattended_child")
            else 2 if c.category == "dibao"
            else 3 if c.category == "back_to_poverty"
            else 4 if c.category == "dibao_margin"
            else 5
            for c in categories
            if c.category in (
                "tekun", "orphan", "unattended_child", "dibao", "back_to_poverty", "dibao_margin", "ill_poor"
            )
            and c.valid_from <= eve
            and (c.valid_to is None or c.valid_to > eve)
        ),
        default=9,
    )  # fmt: skip


@person(label="变化前的医疗救助身份", cite="medical2021/1")
def earlier_identity(earlier_listed_identity, aid_share_relieved, household):
    """The identity before the change; whether the family was monitored or relieved is taken as it is today."""
    if earlier_listed_identity is None:
        return None
    if earlier_listed_identity == 1:
        return "特困"
    if earlier_listed_identity == 2:
        return "低保"
    if earlier_listed_identity == 3:
        return "返贫致贫"
    if earlier_listed_identity == 4:
        return "低保边缘"
    if household.already_monitored is None:
        return None
    if household.already_monitored:
        return "易返贫致贫"
    if earlier_listed_identity == 5 and (aid_share_relieved is None or aid_share_relieved == 0.0):
        return "因病致贫"
    if household.relieved is None:
        return None
    if household.relieved:
        return "脱贫"
    return "因病致贫" if earlier_listed_identity == 5 else "普通"


@person(label="身份年内多次变化", cite="medical2021/1")
def identity_changed_twice(categories, identity_since, today):
    """Another listing began this year before the present one: too many stretches to compute, a person does it."""
    if identity_since is None:
        return False
    return any(
        year_of(c.valid_from) == year_of(today) and c.valid_from < identity_since
        for c in categories
        if c.category in (
            "tekun", "orphan", "unattended_child", "dibao", "back_to_poverty", "dibao_margin", "ill_poor"
        )
    )  # fmt: skip
