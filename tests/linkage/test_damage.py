"""Each kind of damage, one row each: which tier it ends in, whom it finds, and what a clerk is told."""

from __future__ import annotations

import pytest
from linkage_people import VILLAGES, Row, crowd, match, number, person

from xianjie.engines import Engine

HEAD = person("P1", "H1", "张建国", "男", "19680415", 101, 0, phone="13900000001", household_head="张建国")
WIFE = person("P2", "H1", "曾秀兰", "女", "19700229"[:6] + "22", 302, 0, household_head="张建国")
SON = person("P3", "H1", "张小明", "男", "19960307", 111, 0, household_head="张建国")
DAUGHTER = person("P4", "H1", "张小敏", "女", "20031121", 144, 0, household_head="张建国")
TWIN_A = person("P5", "H2", "李大双", "男", "20100510", 211, 1)
TWIN_B = person("P6", "H2", "李小双", "男", "20100510", 213, 1)
MINORITY = person("P7", "H3", "阿卜杜拉·买买提", "男", "19850607", 451, 2, phone="13700000007")
NAMESAKE_A = person("P8", "H4", "王强", "男", "19800101", 511, 3)
NAMESAKE_B = person("P9", "H5", "王强", "男", "19810630", 513, 3)
RARE = person("P10", "H6", "刘玥婧", "女", "19991231", 622, 4)
UNNUMBERED = {**person("P11", "H7", "赵铁柱", "男", "19551010", 711, 5), "id_no": None}
X_ORDER = next(n for n in range(1, 999, 2) if number("19770808", n)[-1] == "X")
CHECK_X = person("P12", "H8", "高翔", "男", "19770808", X_ORDER, 6)
REGISTRY = [
    HEAD, WIFE, SON, DAUGHTER, TWIN_A, TWIN_B, MINORITY, NAMESAKE_A, NAMESAKE_B, RARE, UNNUMBERED, CHECK_X, *crowd(400),
]  # fmt: skip


def of(one: Row, **changed: object) -> Row:
    """A feed row about a person that gives number and name only, unless `changed` says more."""
    return {"id_no": one["id_no"], "name": one["name"], **changed}


def without_number(one: Row, **changed: object) -> Row:
    return {"name": one["name"], "village_name": one["village_name"], "sex": one["sex"], **changed}


def flipped(text: str, place: int) -> str:
    return text[:place] + str((int(text[place]) + 5) % 10) + text[place + 1 :]


H = HEAD["id_no"]
CASES: dict[str, tuple[Row, str, str | None, str]] = {
    # name of the case: row, tier, person, words of the reason
    "clean": (of(HEAD), "exact", "P1", "身份证号一致，姓名一致"),
    "blanks in the number": (of(HEAD, id_no=f" {H[:6]} {H[6:14]} {H[14:]}\u200b"), "exact", "P1", "多余字符"),
    "dots in the number": (of(HEAD, id_no=f"{H[:6]}.{H[6:10]}.{H[10:14]}.{H[14:]}"), "exact", "P1", "多余字符"),
    "word before the number": (of(HEAD, id_no="ID:" + H), "exact", "P1", "多余字符"),
    "number in the name column": ({"name": "张建国" + H}, "exact", "P1", "身份证号"),
    "name in brackets as pinyin": (of(HEAD, name="张(jianguo)"), "exact", "P1", "姓名"),
    "word before the name": (of(HEAD, name="户主：张建国"), "exact", "P1", "姓名一致"),
    "rare traditional character": (of(RARE, name="劉玥婧"), "exact", "P10", "姓名一致"),
    "phone in the number column": ({"name": "张建国", "id_no": "13900000001"}, "repaired", "P1", "电话"),
    "full width": (
        of(HEAD, id_no=H.translate(str.maketrans("0123456789", "０１２３４５６７８９"))), "exact", "P1", "全角"),
    "lower-case x": (of(CHECK_X, id_no=CHECK_X["id_no"].lower()), "exact", "P12", "一致"),
    "apostrophe": (of(HEAD, id_no="'" + H), "exact", "P1", "一致"),
    "float text": (of(HEAD, id_no=H + ".0"), "exact", "P1", "一致"),
    "O for 0": (of(HEAD, id_no=H.replace("0", "O", 1)), "repaired", "P1", "误写的字母"),
    "15 digits": (of(HEAD, id_no=H[:6] + H[8:17]), "repaired", "P1", "15位旧身份证号"),
    "certificate of 20": (of(HEAD, id_no=H + "43"), "repaired", "P1", "残疾人证号"),
    "certificate of 22": (of(HEAD, id_no=H + "43B1"), "repaired", "P1", "残疾人证号"),
    "certificate column": (of(HEAD, id_no=None, disability_no=H + "21"), "repaired", "P1", "残疾人证号"),
    "number in the phone column": (of(HEAD, id_no=None, phone=H), "exact", "P1", "一致"),
    "last missing": (
        of(HEAD, id_no=H[:-1], village_name=HEAD["village_name"]), "repaired", "P1",
        "末位缺失，补全后一致，姓名一致，村一致"),
    "digit missing": (of(HEAD, id_no=H[:8] + H[9:]), "repaired", "P1", "缺一位"),
    "digit doubled": (of(HEAD, id_no=H[:8] + H[7:]), "repaired", "P1", "多一位"),
    "one digit wrong": (of(HEAD, id_no=flipped(H, 9)), "repaired", "P1", "有一位不同"),
    "two digits swapped": (of(HEAD, id_no=H[:9] + H[10] + H[9] + H[11:]), "repaired", "P1", "颠倒"),
    "two digits wrong": (of(HEAD, id_no=flipped(flipped(H, 3), 16)), "repaired", "P1", "两位不同"),
    "zeroed tail": (of(HEAD, id_no=H[:15] + "000"), "repaired", "P1", "000"),
    "rounded to a double": (of(HEAD, id_no=str(int(float(H)))), "repaired", "P1", "身份证号"),
    "scientific notation": (
        of(HEAD, id_no=f"{float(H):.5E}", village_name=HEAD["village_name"]), "repaired", "P1", "科学计数"),
    "scientific notation without village": (of(HEAD, id_no=f"{float(H):.5E}"), "review", None, "科学计数"),
    "mask 6+4": (of(HEAD, id_no=H[:6] + "********" + H[-4:]), "repaired", "P1", "遮挡"),
    "mask of x": (of(HEAD, id_no=H[:6] + "xxxx" + H[-4:]), "repaired", "P1", "遮挡"),
    "region block": (of(HEAD, id_no="629807" + H[6:]), "repaired", "P1", "地区码不同"),
    "birth block": (of(HEAD, id_no=H[:6] + "19881203" + H[14:]), "repaired", "P1", "出生日期段不同"),
    "variant character": (of(HEAD, name="張建囯"), "exact", "P1", "姓名一致"),
    "homophone": (of(HEAD, name="张健国"), "exact", "P1", "姓名同音"),
    "look-alike": (of(HEAD, name="张建园"), "exact", "P1", "形近"),
    "character lost": (of(RARE, name="刘□婧"), "exact", "P10", "有字丢失"),
    "character lost twice": (of(RARE, name="刘??婧"), "exact", "P10", "有字丢失"),
    "in pinyin": (of(WIFE, name="ZENG Xiulan"), "exact", "P2", "拼音"),
    "one character in pinyin": (of(RARE, name="刘yue婧"), "exact", "P10", "有字丢失"),
    "interpunct": (of(MINORITY, name="阿卜杜拉.买买提"), "exact", "P7", "姓名一致"),
    "no interpunct": (of(MINORITY, name="阿卜杜拉买买提"), "exact", "P7", "姓名一致"),
    "transliteration": (of(MINORITY, name="阿布都拉·麦麦提"), "exact", "P7", "姓名"),
    "nickname": (of(HEAD, name="张建国（小名狗娃）"), "exact", "P1", "姓名一致"),
    "no name": (of(HEAD, name=None), "exact", "P1", "没有姓名"),
    "own number, other name": (of(HEAD, name="欧阳锋"), "review", None, "姓名不同"),
    "mother's number": (of(SON, id_no=WIFE["id_no"]), "repaired", "P3", "同户家属"),
    "father's number, name nearly the son's": (of(SON, id_no=H, name="张小朋"), "review", None, "同户家属"),
    "twin's number": (of(TWIN_A, id_no=TWIN_B["id_no"]), "repaired", "P5", "同户家属"),
    "twin, number damaged": (of(TWIN_A, id_no=TWIN_A["id_no"][:15] + "000"), "repaired", "P5", "000"),
    "number of an unregistered twin": (
        of(TWIN_A, id_no=number("20100510", 215), name="李三双"), "none", None, "登记库中没有此人"),
    "stranger": ({"id_no": number("19710213", 7), "name": "欧阳锋"}, "none", None, "登记库中没有此人"),
    "stranger, namesake in the village": (
        of(HEAD, id_no=number("19931005", 77), village_name=HEAD["village_name"]), "none", None, "登记库中没有此人"),
    "stranger, namesake born the same day": (
        of(HEAD, id_no=number("19680415", 903), birth_date="1968-04-15", village_name=HEAD["village_name"]),
        "review", None, "身份证号不同"),
    "name, birth date, village": (without_number(SON, birth_date="1996年3月7日"), "repaired", "P3", "只此一人"),
    "name and phone": ({"name": "张建国", "phone": "139 0000 0001"}, "repaired", "P1", "电话"),
    "name, village, head": (
        {"name": "张小明", "village_name": VILLAGES[0][1], "household_head": "张建国"}, "repaired", "P3", "户主"),
    "year and month of birth": (without_number(SON, birth_date="1996年3月"), "repaired", "P3", "年龄、村"),
    "another month of birth": (without_number(SON, birth_date="1997年1月"), "review", None, "村"),
    "village with its group": (
        without_number(SON, village_name=SON["village_name"] + "三组", birth_date="19960307"), "repaired", "P3", "村"),
    "village as 村委会 with its town": (
        without_number(SON, village_name="东河镇青石村委会", birth_date="19960307"), "repaired", "P3", "村"),
    "homophone without number": (without_number(SON, name="张晓明", birth_date="1996-03-07"), "repaired", "P3", "同音"),
    "namesakes of a village": (without_number(NAMESAKE_A), "review", None, "姓名一致"),
    "namesakes told apart by birth date": (
        without_number(NAMESAKE_A, birth_date="19800101"), "repaired", "P8", "只此一人"),
    "sex speaks against": (without_number(SON, sex="女", birth_date="19960307"), "review", None, "性别不一致"),
    "name only": ({"name": "张建国"}, "none", None, "没有身份证号"),
    "nothing": ({}, "none", None, "没有身份证号"),
    "words for a number": (without_number(SON, id_no="不详", birth_date="19960307"), "repaired", "P3", "只此一人"),
    "no number in the register": (of(UNNUMBERED, id_no=number("19551010", 711), village_name=UNNUMBERED["village_name"],
        birth_date="19551010"), "repaired", "P11", "只此一人"),
}  # fmt: skip


@pytest.fixture(scope="module")
def links(engine: Engine) -> dict[str, Row]:
    feed = [{"row_id": case, **row} for case, (row, *_) in CASES.items()]
    found, counts = match(engine, REGISTRY, feed)
    assert counts.rows == len(feed) == counts.exact + counts.repaired + counts.probable + counts.review + counts.none
    return found


@pytest.mark.parametrize("case", CASES)
def test_damage_ends_in_its_tier_with_a_reason(case: str, links: dict[str, Row]) -> None:
    _, tier, person_id, words = CASES[case]
    assert (links[case]["tier"], links[case]["person_id"]) == (tier, person_id), links[case]["reason"]
    assert words in links[case]["reason"]


def test_review_rows_list_ranked_candidates_with_reasons(links: dict[str, Row], engine: Engine) -> None:
    listed = engine.records("SELECT * FROM link_candidates WHERE row_id = 'namesakes of a village' ORDER BY rank")
    assert [candidate["rank"] for candidate in listed] == [1, 2]
    assert {candidate["person_id"] for candidate in listed} == {"P8", "P9"}
    assert all("姓名一致" in candidate["reason"] and 0 < candidate["score"] < 1 for candidate in listed)
    reviewed = {case for case, row in links.items() if row["tier"] == "review"}
    assert {row[0] for row in engine.rows("SELECT DISTINCT row_id FROM link_candidates")} == reviewed


def test_age_counts_from_what_exact_rows_say(engine: Engine) -> None:
    told = [
        {"row_id": f"e{place}", "id_no": one["id_no"], "name": one["name"], "age": 2024 - int(one["birth_date"][:4])}
        for place, one in enumerate(REGISTRY[:9])
    ]
    rows = [
        {"row_id": "right", **without_number(SON, age="28")},
        {"row_id": "a year off", **without_number(SON, age="27")},
        {"row_id": "wrong", **without_number(SON, age="40")},
        {"row_id": "undecidable", **without_number(NAMESAKE_A, age="43")},
    ]
    found, _ = match(engine, REGISTRY, told + rows)
    decided = {row["row_id"]: found[row["row_id"]]["person_id"] for row in rows}
    assert decided == {"right": "P3", "a year off": "P3", "wrong": None, "undecidable": None}
    assert found["undecidable"]["tier"] == "review"


def test_two_persons_with_one_number_and_name_are_left_to_a_clerk(engine: Engine) -> None:
    found, _ = match(engine, [*REGISTRY, {**HEAD, "person_id": "P99"}], [{"row_id": "1", **of(HEAD)}])
    assert found["1"]["tier"] == "review"
    assert "2人" in found["1"]["reason"]
