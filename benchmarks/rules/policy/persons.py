"""The benchmark's person rules: invented policy in the manner of 低保 and monitoring, no real numbers."""

from xianjie.rules import brackets, per_year, person, years_between


@person(label="周岁")
def age(birth_date, today):
    return years_between(birth_date, today)


@person(label="未成年人")
def is_child(age, child_age):
    return age < child_age


@person(label="老年人")
def is_old(age, old_age):
    return age >= old_age


@person(label="在校生")
def is_student(school_stage):
    return school_stage in ("primary", "junior", "senior", "vocational", "college")


@person(label="重度残疾")
def is_severely_disabled(disability_grade):
    if disability_grade is None:
        return False
    return disability_grade in (1, 2)


@person(label="有劳动能力且可就业")
def can_work(is_child, is_old, is_student, is_severely_disabled, labour_capacity):
    if is_child or is_old or is_student or is_severely_disabled:
        return False
    return labour_capacity in ("full", "part")


@person(label="计入的工资性收入", unit="fen/year")
def countable_wage(wage_income, work_months, can_work, minimum_wage):
    if wage_income is not None:
        return wage_income
    if not can_work:
        return 0
    if work_months is None:
        return None
    return work_months * minimum_wage


@person(label="务工成本扣减", unit="fen/year")
def work_deduction(countable_wage, work_months, work_cost):
    if work_months is None:
        return 0
    return min(countable_wage, work_months * work_cost)


@person(label="计入的养老金", unit="fen/year")
def countable_pension(pension_month, basic_pension):
    return per_year(max(pension_month - basic_pension, 0))


@person(label="个人计入收入", unit="fen/year")
def countable_person_income(
    countable_wage, work_deduction, business_income, farm_income, property_income, countable_pension
):
    return countable_wage - work_deduction + business_income + farm_income + property_income + countable_pension


@person(label="医疗救助", unit="fen/year")
def medical_relief(medical_self_paid, medical_relief_scale):
    return brackets(medical_self_paid, medical_relief_scale)


@person(label="医疗负担", unit="fen/year")
def medical_burden(medical_self_paid, medical_relief):
    return medical_self_paid - medical_relief


@person(label="教育负担", unit="fen/year")
def school_burden(is_student, school_stage, school_cost, boarding_aid, senior_aid):
    if not is_student:
        return 0
    if school_stage in ("primary", "junior"):
        return max(school_cost - boarding_aid, 0)
    if school_stage == "college":
        return school_cost
    return max(school_cost - senior_aid, 0)


@person(label="残疾人补贴", unit="fen/month")
def disability_allowance(disability_grade, age, disability_living, disability_care, child_age):
    if disability_grade is None or disability_grade == 0:
        return 0
    if disability_grade in (1, 2):
        both_kinds = disability_living + disability_care
        return both_kinds + disability_living if age < child_age else both_kinds
    return disability_living if disability_grade == 3 else 0


@person(label="高龄津贴", unit="fen/month")
def old_age_allowance(age, allowance_80, allowance_90):
    if age >= 90:
        return allowance_90
    if age >= 80:
        return allowance_80
    return 0


@person(label="人员类别")
def person_kind(is_severely_disabled, is_student, is_child, is_old, can_work):
    if is_severely_disabled:
        return "disabled"
    if is_student:
        return "student"
    if is_child:
        return "child"
    if is_old:
        return "old"
    return "worker" if can_work else "other"


@person(label="失学辍学")
def out_of_school(age, is_student, is_severely_disabled, school_age, child_age):
    return school_age <= age < child_age and not is_student and not is_severely_disabled
