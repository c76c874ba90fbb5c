"""Property and payroll hits 财产比对: evidence that the household is asked to explain. No hit excludes anybody.

A hit that was explained and accepted is no longer shown.
"""

from xianjie.rules import either, household, person


@person(label="登记商品房")
def person_has_bought_house(assets_held):
    """Comparison shows bought housing not yet explained."""
    return any(a.kind == "bought_house" and (a.explained is None or not a.explained) for a in assets_held)


@household(label="比对显示商品房", cite="central/2")
def has_bought_house(members):
    """A living member is shown with bought housing not yet explained."""
    return either(m.person_has_bought_house for m in members if m.living)


@person(label="登记车辆")
def person_has_vehicle(assets_held):
    """Comparison shows a vehicle not yet explained."""
    return any(a.kind == "vehicle" and (a.explained is None or not a.explained) for a in assets_held)


@household(label="比对显示车辆", cite="central/2")
def has_vehicle(members):
    """A living member is shown with a vehicle not yet explained."""
    return either(m.person_has_vehicle for m in members if m.living)


@person(label="登记大型机械")
def person_has_machine(assets_held):
    """Comparison shows a large machine not yet explained."""
    return any(a.kind == "machine" and (a.explained is None or not a.explained) for a in assets_held)


@household(label="比对显示大型机械", cite="central/2")
def has_machine(members):
    """A living member is shown with a large machine not yet explained."""
    return either(m.person_has_machine for m in members if m.living)


@person(label="登记工商登记")
def person_has_business(assets_held):
    """Comparison shows a firm or a share in one not yet explained."""
    return any(a.kind == "business" and (a.explained is None or not a.explained) for a in assets_held)


@household(label="比对显示工商登记", cite="central/2")
def has_business(members):
    """A living member is shown with a firm or a share in one not yet explained."""
    return either(m.person_has_business for m in members if m.living)


@person(label="登记财政供养")
def person_has_public_payroll(assets_held):
    """Comparison shows a place on the public payroll not yet explained."""
    return any(a.kind == "public_payroll" and (a.explained is None or not a.explained) for a in assets_held)


@household(label="比对显示财政供养", cite="central/2")
def has_public_payroll(members):
    """A living member is shown with a place on the public payroll not yet explained."""
    return either(m.person_has_public_payroll for m in members if m.living)


@person(label="登记住房公积金")
def person_has_housing_fund(assets_held):
    """Comparison shows a housing fund account not yet explained."""
    return any(a.kind == "housing_fund" and (a.explained is None or not a.explained) for a in assets_held)


@household(label="比对显示住房公积金", cite="central/2")
def has_housing_fund(members):
    """A living member is shown with a housing fund account not yet explained."""
    return either(m.person_has_housing_fund for m in members if m.living)


@person(label="登记职工养老金")
def person_has_pension(assets_held):
    """Comparison shows an employee pension not yet explained."""
    return any(a.kind == "pension" and (a.explained is None or not a.explained) for a in assets_held)


@household(label="比对显示职工养老金", cite="central/2")
def has_pension(members):
    """A living member is shown with an employee pension not yet explained."""
    return either(m.person_has_pension for m in members if m.living)


@person(label="登记存款")
def person_has_deposit(assets_held):
    """Comparison shows a deposit not yet explained."""
    return any(a.kind == "deposit" and (a.explained is None or not a.explained) for a in assets_held)


@household(label="比对显示存款", cite="central/2")
def has_deposit(members):
    """A living member is shown with a deposit not yet explained."""
    return either(m.person_has_deposit for m in members if m.living)


@person(label="登记证券基金")
def person_has_securities(assets_held):
    """Comparison shows securities or funds not yet explained."""
    return any(a.kind == "securities" and (a.explained is None or not a.explained) for a in assets_held)


@household(label="比对显示证券基金", cite="central/2")
def has_securities(members):
    """A living member is shown with securities or funds not yet explained."""
    return either(m.person_has_securities for m in members if m.living)


@person(label="登记纳税记录")
def person_has_tax(assets_held):
    """Comparison shows a tax record not yet explained."""
    return any(a.kind == "tax" and (a.explained is None or not a.explained) for a in assets_held)


@household(label="比对显示纳税记录", cite="central/2")
def has_tax(members):
    """A living member is shown with a tax record not yet explained."""
    return either(m.person_has_tax for m in members if m.living)


@household(label="有待说明的财产比对结果", cite="central/2")
def property_to_explain(
    has_bought_house,
    has_vehicle,
    has_machine,
    has_business,
    has_public_payroll,
    has_housing_fund,
    has_pension,
    has_deposit,
    has_securities,
    has_tax,
):
    """Any hit that is still to be explained."""
    return either(
        has_bought_house,
        has_vehicle,
        has_machine,
        has_business,
        has_public_payroll,
        has_housing_fund,
        has_pension,
        has_deposit,
        has_securities,
        has_tax,
    )
