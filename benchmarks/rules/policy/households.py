"""The benchmark's household rules: invented policy in the manner of 低保 and monitoring, no real numbers."""

from xianjie.rules import brackets, ceil_yuan, divide, floor_yuan, household, months_between, per_year, round_half_up


@household(label="家庭人口", unit="person")
def size(members):
    return len(members)


@household(label="劳动力", unit="person")
def workers(members):
    return sum(1 for m in members if m.can_work)


@household(label="被抚养比")
def dependency(members, size):
    return divide(sum(1 for m in members if m.person_kind not in ("worker", "other")), size)


@household(label="最年长者周岁", unit="year")
def oldest(members):
    return max((m.age for m in members), default=0)


@household(label="家庭收入", unit="fen/year")
def income(members, land_income, transfer_income):
    earned = sum(m.countable_person_income for m in members)
    if transfer_income is None:
        return earned + land_income
    return earned + land_income + transfer_income


@household(label="医疗支出", unit="fen/year")
def medical_spending(members):
    return sum(m.medical_burden for m in members)


@household(label="教育支出", unit="fen/year")
def school_spending(members):
    return sum(m.school_burden for m in members)


@household(label="刚性支出", unit="fen/year")
def rigid_spending(medical_spending, school_spending):
    return medical_spending + school_spending


@household(label="刚性支出", unit="fen/year", region="62", since="2022-01-01")
def rigid_spending(medical_spending, school_spending, rigid_cap):
    return min(medical_spending + school_spending, rigid_cap)


@household(label="人均纯收入", unit="fen/person/year")
def income_per_head(income, rigid_spending, size):
    per_head = round_half_up(max(income - rigid_spending, 0), size)
    if per_head is None:
        return None
    return floor_yuan(per_head)


@household(label="收入低于监测线")
def below_line(income_per_head, monitoring_line):
    return income_per_head < monitoring_line


@household(label="支出超过收入的一定比例")
def heavy_spending(rigid_spending, income, heavy_share):
    return rigid_spending * 100 > income * heavy_share


@household(label="财产超限")
def assets_exceed(savings, vehicles, size, savings_limit):
    if savings is None and vehicles is None:
        return None
    if savings is not None and savings > size * savings_limit:
        return True
    return vehicles is not None and vehicles >= 2


@household(label="人均差额", unit="fen/person/year")
def line_gap(income_per_head, dibao_line):
    return max(per_year(dibao_line) - income_per_head, 0)


@household(label="符合低保")
def dibao_eligible(line_gap, assets_exceed):
    return line_gap > 0 and not assets_exceed


@household(label="分类施保", unit="fen/month")
def dibao_supplement(members, dibao_eligible, supplement):
    if not dibao_eligible:
        return 0
    return supplement * sum(1 for m in members if m.is_child or m.is_old or m.is_severely_disabled)


@household(label="低保金", unit="fen/year")
def dibao_amount(dibao_eligible, line_gap, size, dibao_supplement):
    if not dibao_eligible:
        return 0
    return ceil_yuan(line_gap * size) + per_year(dibao_supplement)


@household(label="低保档次")
def dibao_class(dibao_eligible, income_per_head, dibao_line):
    if not dibao_eligible:
        return "none"
    line = per_year(dibao_line)
    if income_per_head * 10 < line * 3:
        return "A"
    return "B" if income_per_head * 10 < line * 6 else "C"


@household(label="补贴合计", unit="fen/year")
def allowances(members):
    return per_year(sum(m.disability_allowance + m.old_age_allowance for m in members))


@household(label="住房不安全")
def unsafe_house(house_grade):
    return house_grade in ("C", "D")


@household(label="三保障或饮水有缺口")
def guarantee_gap(members, unsafe_house, water_safe, uninsured):
    dropped_out = any(m.out_of_school for m in members)
    if water_safe is None:
        return True if dropped_out or unsafe_house or uninsured else None
    return dropped_out or unsafe_house or uninsured or not water_safe


@household(label="有人未参保")
def uninsured(members):
    return any(not m.insured for m in members if m.age >= 1)


@household(label="监测对象类别")
def monitored_kind(household_type, below_line, heavy_spending, guarantee_gap, registered_on, today):
    if not below_line and not heavy_spending and not guarantee_gap:
        return "none"
    if household_type == "relieved":
        return "unstable" if months_between(registered_on, today) >= 12 else "new"
    if below_line:
        return "marginal"
    return "sudden"


@household(label="临时救助", unit="fen/year")
def temporary_relief(monitored_kind, rigid_spending, relief_steps):
    if monitored_kind != "sudden":
        return 0
    return brackets(rigid_spending, relief_steps)
