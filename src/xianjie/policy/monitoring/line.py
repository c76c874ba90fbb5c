"""The year's income line 监测范围: from the province's table, or a multiple of the rural 低保 standard."""

from xianjie.rules import first_known, household, per_year


@household(label="按低保标准倍数折算的监测线", unit="fen/person/year")
def line_by_dibao(monitoring_line_dibao_multiple, rural_dibao_month):
    """The line where the policy sets it as a multiple of twelve months of rural 低保."""
    return per_year(rural_dibao_month) * monitoring_line_dibao_multiple


@household(label="本年度监测收入线", unit="fen/person/year", cite="central/2")
def monitoring_line(monitoring_line_amount, line_by_dibao):
    """The line in force: the published amount, else the multiple; unknown where neither is known."""
    return first_known(monitoring_line_amount, line_by_dibao)


@household(label="收入在监测范围内", cite="central/2")
def income_within_line(income_per_head, monitoring_line):
    """Income at or below the line counts as inside (identification)."""
    return income_per_head <= monitoring_line


@household(label="收入低于监测线", cite="central/2")
def income_below_line(income_per_head, monitoring_line):
    """Income strictly below the line: what the quality check of missed households looks at."""
    return income_per_head < monitoring_line
