"""What if the cost of having a job were not taken off wages."""

from xianjie.rules import household


@household(label="扣除的就业成本", unit="fen/year", cite="central/11")
def work_cost(wage_income):
    """Nothing is taken off."""
    return 0 if wage_income >= 0 else wage_income
