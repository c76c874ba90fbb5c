"""A column is found however people write its name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xianjie.dictionary import dictionary, header_multiplier, normal_header, writing

FIELDS = [
    (entity.entity, field.name, header)
    for entity in dictionary().entities.values()
    for field in entity.fields.values()
    for header in field.headers
]
UNITS = [word for unit in writing().units.values() for word in (unit.zh, *unit.also)]
FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


def found(entity: str, header: str) -> str | None:
    field = dictionary().field_of_header(entity, header)
    return field.name if field else None


def in_brackets(header: str, words: str, brackets: str) -> str:
    return f"{header}{brackets[0]}{words}{brackets[1]}"


@given(st.sampled_from(FIELDS), st.lists(st.sampled_from(" \t\n\u3000\u00a0\u200b\ufeff"), min_size=1), st.data())
def test_blanks_anywhere_do_not_matter(named: tuple[str, str, str], blanks: list[str], data: st.DataObject) -> None:
    entity, name, header = named
    for blank in blanks:
        at = data.draw(st.integers(0, len(header)))
        header = header[:at] + blank + header[at:]
    assert found(entity, header) == name


@given(st.sampled_from(FIELDS))
def test_full_width_characters_and_capitals_do_not_matter(named: tuple[str, str, str]) -> None:
    entity, name, header = named
    assert found(entity, header.translate(FULL_WIDTH)) == name
    assert found(entity, header.upper()) == name


@given(st.sampled_from(FIELDS), st.sampled_from(["*", "＊", "★", "**"]), st.sampled_from(["", ":", "："]))
def test_stars_and_colons_do_not_matter(named: tuple[str, str, str], star: str, colon: str) -> None:
    entity, name, header = named
    assert found(entity, star + header + colon) == name
    assert found(entity, header + colon + star) == name


@given(
    st.sampled_from(FIELDS),
    st.lists(st.sampled_from(UNITS), min_size=1, max_size=3),
    st.sampled_from(["", "单位", "单位："]),
    st.sampled_from(["()", "（）", "[]", "【】"]),
)
def test_a_unit_in_brackets_does_not_matter(
    named: tuple[str, str, str], units: list[str], before: str, brackets: str
) -> None:
    entity, name, header = named
    assert found(entity, in_brackets(header, before + "/".join(units), brackets)) == name


@given(st.sampled_from(FIELDS), st.sampled_from(writing().marks), st.sampled_from(UNITS))
def test_a_remark_in_brackets_does_not_matter(named: tuple[str, str, str], mark: str, unit: str) -> None:
    entity, name, header = named
    assert found(entity, in_brackets(in_brackets(header, unit, "（）"), mark, "（）")) == name


@given(st.sampled_from(FIELDS))
def test_a_normal_header_is_normal(named: tuple[str, str, str]) -> None:
    assert normal_header(normal_header(named[2])) == normal_header(named[2])


@pytest.mark.parametrize("header", ["自然村（组）", "执业（助理）医师人数", "公益性岗位（月数）"])
def test_brackets_that_belong_to_the_name_stay(header: str) -> None:
    assert "(" in normal_header(header)


@pytest.mark.parametrize(
    ("header", "times"),
    [("村集体经济收入（万元）", 10_000), ("总投资(单位：万 元)", 10_000), ("金额（元）", 1), ("金额", 1)],
)
def test_ten_thousands_are_told_by_the_header(header: str, times: int) -> None:
    assert header_multiplier(header) == times


# Column names of the national system's exports and what each is of ours.
NATIONAL = {
    "household": {
        "户编号": "household_id", "户类型": "household_type", "监测对象类别": "stated_monitored_kind",
        "家庭人口数": "registered_size", "户联系电话": "phone", "整户无劳动能力兜底保障户": "no_labour_floor",
        "工资性收入": "stated_wage", "生产经营性收入": "stated_business", "生产经营性支出": "stated_business_cost",
        "财产性收入": "stated_property", "转移性收入": "stated_transfer", "理赔收入": "stated_claim",
        "合规自付支出": "stated_self_paid", "家庭纯收入": "stated_net_income",
        "人均纯收入（元）": "stated_income_per_head", "耕地面积（亩）": "arable_mu", "牧草地面积": "pasture_mu",
        "水面面积": "water_surface_mu", "林地面积（亩）": "forest_mu", "退耕还林面积（亩）": "returned_mu",
        "林果面积（亩）": "orchard_mu", "入户路类型": "road_type", "与村主干路距离": "road_km",
        "是否加入农民专业合作组织": "cooperative", "危房等级": "stated_house_grade", "住房面积": "stated_house_m2",
        "主要燃料类型": "fuel", "是否有龙头企业带动": "leading_firm", "是否通生活用电": "electricity",
        "是否通广播电视": "broadcast", "是否有卫生厕所": "toilet", "是否解决安全饮用水": "stated_water_safe",
    },
    "person": {
        "户编号": "household_id", "人口编号": "person_id", "姓名": "name", "证件类型": "id_kind", "证件号码": "id_no",
        "性别": "sex", "出生日期": "birth_date", "民族": "ethnicity", "与户主关系": "relation",
        "文化程度": "education", "在校生状况": "school_state", "义务教育阶段未上学原因": "dropout_reason",
        "失学或辍学原因": "dropout_reason", "健康状况": "health", "劳动技能": "labour_skill",
        "家庭成员联系电话": "phone", "务工所在地": "stated_work_place", "务工时间（月）": "stated_work_months",
        "务工企业名称": "stated_employer", "是否参加城乡居民基本医疗保险": "stated_medical_resident",
        "是否参加城镇职工基本医疗保险": "stated_medical_employee", "是否参加大病保险": "stated_medical_serious",
        "是否参加商业补充医疗保险": "stated_medical_commercial", "是否接受医疗救助": "stated_medical_aid",
        "是否参加城乡居民基本养老保险": "stated_pension_resident",
        "是否参加城镇职工基本养老保险": "stated_pension_employee", "是否享受农村居民最低生活保障": "stated_dibao",
        "享受低保政策情况": "stated_dibao_policy", "是否特困供养人员": "stated_tekun",
        "享受特困供养政策情况": "stated_tekun_policy", "是否易地扶贫搬迁人口": "stated_resettled",
        "公益性岗位": "stated_public_post", "公益性岗位(月数)": "stated_public_post_months",
    },
    "monitoring": {
        "户编号": "household_id", "监测对象类别": "kind", "识别监测时间": "identified_on", "致贫/返贫风险1": "risk1",
        "致贫/返贫风险2": "risk2", "致贫/返贫风险3": "risk3", "致贫/返贫风险4": "risk4", "致贫/返贫风险5": "risk5",
        "因自然灾害子项": "hazard", "风险是否已消除": "removed", "风险消除方式": "removal_way",
        "消除监测时间": "removed_on", "人均纯收入（元）": "stated_income_per_head", "合规自付支出": "stated_self_paid",
        "实施开发式帮扶措施情况": "development_help", "产业帮扶": "help_industry", "就业帮扶": "help_job",
        "金融帮扶": "help_finance", "公益岗位帮扶": "help_public_post", "健康帮扶": "help_health",
        "义务教育保障": "help_compulsory_education", "教育帮扶": "help_education", "综合保障": "help_social_floor",
        "住房安全保障": "help_housing", "饮水安全保障": "help_water", "社会帮扶": "help_society",
        "搬迁": "help_relocation", "生产生活条件改善": "help_production", "基础设施建设": "help_infrastructure",
        "是否义务教育阶段适龄儿童少年失学辍学": "dropout_at_identification",
        "是否有家庭成员未参加城乡居民（职工）基本医疗保险": "uninsured_at_identification",
        "风险消除后是否义务教育阶段适龄儿童少年失学辍学": "dropout_at_removal",
    },
    "employment": {
        "是否已务工": "working", "开始时间": "started_on", "结束时间": "ended_on", "务工所在县": "place_county",
        "就业渠道": "channel", "务工企业名称": "employer", "所属行业": "industry", "务工月收入": "monthly_pay",
        "年度交通费补助": "travel_subsidy", "是否计划务工": "planned", "就业服务需求": "service_wanted",
    },
    "village": {
        "行政村名称": "name", "是否出列": "relieved", "总户数": "households", "总人口": "persons",
        "村集体经济收入（万元）": "collective_income", "是否通客运班车": "bus", "是否有卫生室": "clinic",
        "执业（助理）医师人数": "doctors", "是否有垃圾集中堆放点": "waste_point", "是否有农家书屋": "library",
        "低保人数": "dibao_persons", "特困人数": "tekun_persons", "残疾人数": "disabled_persons",
        "通乡镇是否硬化路": "hard_road", "危房户数": "unsafe_houses", "饮水不安全户数": "unsafe_water",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("entity", "header", "name"),
    [(entity, header, name) for entity, headers in NATIONAL.items() for header, name in headers.items()],
)
def test_columns_of_the_national_exports_are_known(entity: str, header: str, name: str) -> None:
    assert found(entity, header) == name


@pytest.mark.parametrize(
    ("entity", "header", "name"),
    [
        ("household", "是否危房户", "stated_house_safe"),
        ("monitoring", "是否饮水出现安全问题", "water_safe_at_identification"),
        ("monitoring", "风险消除后是否住房损毁", "house_safe_at_removal"),
        ("medical_bill", "是否省外就医", "in_province"),
    ],
)
def test_columns_that_ask_the_opposite_are_told_apart(entity: str, header: str, name: str) -> None:
    field = dictionary().opposite_of_header(entity, f" *{header}（必填）")
    assert field is not None and field.name == name
    assert found(entity, header) is None


@pytest.mark.parametrize(
    ("codes", "word", "value"),
    [
        ("labour_skill", "弱劳动力或半劳动力", "weak"), ("school_state", "中职二年级", "vocational2"),
        ("health", "长期慢性病", "chronic"), ("monitored_kind", "边缘易致贫户", "marginal"),
        ("risk", "因务工就业不稳", "job"), ("household_type", "脱贫户", "relieved"),
        ("relation", "之儿媳", "38"), ("ethnicity", " 东乡 族", "26"), ("removal_way", "自然消除", "natural"),
    ],
)  # fmt: skip
def test_words_of_the_national_exports_are_known(codes: str, word: str, value: str) -> None:
    assert dictionary().words(codes)[normal_header(word)] == value
