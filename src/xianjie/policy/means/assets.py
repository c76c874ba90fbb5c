"""Property 家庭财产: a hit is explained by the family and judged by a person; no hit decides by itself."""

from xianjie.rules import either, household, person


@person(label="财产说明未获认可", cite="dibao2021/14")
def property_refused(assets_held, property_kinds):
    """A person has judged the explanation of a hit not good enough; a hit nobody has judged leaves it open."""
    return any(not a.explained for a in assets_held if a.kind in property_kinds and a.disposed_on is None)


@household(label="财产状况不符合规定", cite="dibao2021/14")
def property_objection(members):
    """Some member's property was judged too much."""
    return either(m.property_refused for m in members if m.family_member)


@household(label="财产状况符合规定", cite="dibao2021/14")
def property_fine(property_objection):
    """No member's property was judged too much."""
    return not property_objection


@person(label="金融资产", unit="fen", cite="dibao2021/14")
def financial_assets_of(assets_held, financial_asset_kinds):
    """Deposits, securities, insurance, money owed and money held online."""
    return sum(a.value for a in assets_held if a.kind in financial_asset_kinds and a.disposed_on is None)


@household(label="家庭金融资产", unit="fen", cite="dibao2021/14")
def financial_assets(members):
    """Financial assets of the members who count."""
    return sum(m.financial_assets_of for m in members if m.family_member)
