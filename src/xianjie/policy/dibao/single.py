"""低保 of one person alone 单人户、单人保: whom each place's clause lets in, and how much."""

from xianjie.rules import both, either, first_known, household, person, round_half_up


@person(label="单人户情形：重残重病", cite="dibao2021/8")
def single_by_condition(severely_disabled, grade3_mental, seriously_ill):
    """Severely disabled, seriously ill, or grade 3 intellectual or mental: the national rule's, a floor everywhere."""
    return either(severely_disabled, grade3_mental, seriously_ill)


@person(label="单人户情形：自负医疗费超过家庭上年总收入", cite="gansu/11")
def single_by_cost(single_person_by_cost, self_paid_this_year, household):
    """Where the clause says so: the person's own medical payment this year exceeds the family's income of last year."""
    if single_person_by_cost is None:
        return None
    if not single_person_by_cost:
        return False
    if self_paid_this_year is not None and self_paid_this_year == 0:
        return False
    if self_paid_this_year is None or household.total_income_last_year is None:
        return None
    return self_paid_this_year > household.total_income_last_year


@person(label="单人户情形：脱贫人口丧失劳动能力", cite="shanxi/36")
def single_by_capacity(single_person_no_capacity, labour_state, in_paid_work, age, minor_below, household):
    """A relieved adult who cannot work, or works only in part and has no job (industry is for a person to judge)."""
    if single_person_no_capacity is None:
        return None
    if not single_person_no_capacity:
        return False
    if household.relieved is not None and not household.relieved:
        return False
    if age is not None and minor_below is not None and age < minor_below:
        return False
    if labour_state is not None and labour_state == "able":
        return False
    if household.relieved is None or age is None or labour_state is None:
        return None
    if labour_state == "none":
        return True
    if in_paid_work is None:
        return None
    return not in_paid_work


@household(label="符合单人户适用家庭条件", cite="dibao2021/8")
def single_family_due(single_person_family, single_person_groups, margin_due, rigid_due):
    """Listed in a group that the clause names, or by today's data on the margin or in hardship by rigid spending."""
    return either(
        single_person_family,
        both("低保边缘" in single_person_groups, margin_due),
        both("刚性支出困难" in single_person_groups, rigid_due),
    )


@person(label="符合单人户条件", cite="dibao2021/8")
def single_ground(single_by_condition, single_by_cost, single_by_capacity, household):
    """A ground of the place's clause, in a family of a group that the clause names."""
    named = both(household.single_family_due, either(single_by_condition, single_by_cost))
    return either(named, single_by_capacity)


@household(label="符合单人户条件人数", unit="person", cite="dibao2021/8")
def single_ground_members(members):
    """Members with a ground to enter alone."""
    return sum(1 for m in members if m.family_member and m.single_ground)


@household(label="应按单人户施保", cite="dibao2021/8")
def single_due(dibao_due, tekun_due, single_ground_members):
    """The family does not qualify as a whole, nobody comes under 特困, and a member has a ground to enter alone."""
    if single_ground_members is not None and single_ground_members == 0:
        return False
    if dibao_due is not None and dibao_due:
        return False
    if tekun_due is not None and tekun_due:
        return False
    if single_ground_members is None or dibao_due is None or tekun_due is None:
        return None
    return True


@household(label="每人加发额", unit="fen", cite="city/2.3.3")
def single_extra(dibao_extra_share, dibao_standard):
    """The extra for one special member: a share of the standard."""
    if dibao_extra_share is None:
        return None
    if dibao_extra_share == 0:
        return 0
    if dibao_standard is None:
        return None
    return round_half_up(dibao_standard * dibao_extra_share)


@household(label="单人户每人月保障金", unit="fen", cite="city/2.3.3")
def single_amount(single_person_payment_form, single_person_month, average_dibao_month, single_extra):
    """A fixed amount; or the average payment plus the extra; by class it follows the class that is decided."""
    if single_person_payment_form is None:
        return None
    if single_person_payment_form == "定额":
        return first_known(single_person_month, None)
    if single_person_payment_form == "平均水平加发":
        if average_dibao_month is None or single_extra is None:
            return None
        return average_dibao_month + single_extra
    return None
