"""A file in, canonical rows out: every row accounted for, every value as the dictionary stores it."""

from __future__ import annotations

import datetime
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from corpus import HEADER, person, row, text_of, write_xlsx
from hypothesis import given, settings
from hypothesis import strategies as st

from xianjie.dictionary import dictionary
from xianjie.engines import open_engine, quote, quote_name
from xianjie.feeds import FeedReading, Layout, Term, read_feed, read_layouts
from xianjie.feeds.cells import Names, conversion

LAYOUTS = read_layouts()


def records(reading: FeedReading) -> list[dict[str, Any]]:
    assert reading.problem is None, reading.problem.text
    with open_engine(threads=1) as engine:
        return engine.records(f"SELECT * FROM read_parquet({quote(str(reading.parquet))})")


def read(tmp_path: Path, rows: list[list[Any]], layout: Layout | str = "medical_bills", name: str = "") -> FeedReading:
    path = tmp_path / (name or "file.csv")
    if path.suffix == ".csv":
        path.write_text(text_of(rows), encoding="utf-8")
    else:
        write_xlsx(path, rows)
    chosen = LAYOUTS[layout] if isinstance(layout, str) else layout
    return read_feed(path, chosen, tmp_path / "out", date=datetime.date(2024, 3, 5))


CELLS = st.sampled_from(
    ["", " ", "张伟", "62990119900101123X", "合计", "住院", "2024-03-05", "-", "12", "共 3 条", "注：", "６"]
)
ROWS = st.lists(st.one_of(st.lists(CELLS, min_size=7, max_size=7), st.just(HEADER), st.just(row(1))), max_size=12)


@settings(max_examples=12, deadline=None)
@given(ROWS)
def test_every_row_of_a_file_is_accounted_for(rows: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        reading = read(Path(folder), [HEADER, *rows])
        found = records(reading)
        counts = reading.counts
        assert counts.read == 1 + len(rows)
        apart = counts.blank + counts.header + counts.totals + counts.notes + counts.unread
        assert counts.rows + apart == counts.read
        assert counts.rows == len(found)
        assert len({one["row_id"] for one in found}) == len(found)
        assert [one["row_no"] for one in found] == sorted(one["row_no"] for one in found)
        for one in found:
            given_row = rows[one["row_no"] - 2]
            assert one["status"] in ("accepted", "repaired", "rejected")
            assert one["status"] == "accepted" or one["remarks"]
            assert one["i_name"] is None or one["i_name"] in given_row[0].replace(" ", "")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(-(10**11), 10**11), min_size=1, max_size=30))
def test_money_is_the_same_however_it_is_written(fen: list[int]) -> None:
    field = dictionary().entities["medical_bill"].fields["total"]
    plan = conversion(field, "总费用", Names("t", "t", "FALSE", "v", "v"), 100)

    def ways(value: int) -> list[str]:
        sign, yuan, cents = "-" if value < 0 else "", abs(value) // 100, abs(value) % 100
        plain = f"{sign}{yuan}.{cents:02}"
        wide = plain.translate({ord(char): ord(char) + 0xFEE0 for char in "0123456789.-"})
        return [plain, f"{sign}{yuan:,}.{cents:02}", f"{plain}元", f"￥{plain}", wide, f" {plain}", f"'{plain}"]

    written = [(text, value) for value in fen for text in ways(value)]
    with open_engine(threads=1) as engine:
        engine.create_table("cells", {"t": "VARCHAR", "expected": "BIGINT"}, written)
        wrong = engine.rows(
            f"SELECT t, v, expected FROM (SELECT t, coalesce({plan.quick}, {plan.careful}) AS v, expected FROM cells) "
            "WHERE v IS DISTINCT FROM expected"
        )
    assert wrong == []


@settings(max_examples=15, deadline=None)
@given(st.lists(st.dates(datetime.date(1928, 1, 1), datetime.date(2090, 12, 31)), min_size=1, max_size=30))
def test_a_date_is_the_same_however_it_is_written(dates: list[datetime.date]) -> None:
    field = dictionary().entities["medical_bill"].fields["settled_on"]
    plan = conversion(field, "结算日期", Names("t", "t", "FALSE", "v", "v"), 1)

    def ways(day: datetime.date) -> list[str]:
        return [
            day.isoformat(),
            f"{day.year}-{day.month}-{day.day}",
            f"{day:%Y/%m/%d}",
            f"{day.year}/{day.month}/{day.day}",
            f"{day:%Y%m%d}",
            f"{day.year}年{day.month}月{day.day}日",
            f"{day.year}.{day.month}.{day.day}",
            f"{day.isoformat()} 08:30:00",
            f"{day.isoformat()}T08:30",
            str((day - datetime.date(1899, 12, 30)).days),
        ]

    written = [(text, day) for day in dates for text in ways(day)]
    with open_engine(threads=1) as engine:
        engine.create_table("cells", {"t": "VARCHAR", "expected": "DATE"}, written)
        wrong = engine.rows(
            f"SELECT t, v, expected FROM (SELECT t, coalesce({plan.quick}, {plan.careful}) AS v, expected FROM cells) "
            "WHERE v IS DISTINCT FROM expected"
        )
    assert wrong == []


def test_values_are_stored_as_the_dictionary_says(tmp_path: Path) -> None:
    reading = read(tmp_path, [HEADER, row(0, total="1.2万元", paid="300.5")])
    (one,) = records(reading)
    assert (one["kind"], one["total"], one["self_paid"]) == ("inpatient", 1_200_000, 30_050)
    assert one["settled_on"] == datetime.date(2024, 3, 5)
    assert one["basic_paid"] is None
    with open_engine(threads=1) as engine:
        engine.view_parquet("canonical", reading.parquet or tmp_path)
        types = engine.columns("canonical")
    fields = dictionary().columns("medical_bill")
    assert {name: types[name] for name in fields if name in types} == {
        name: kind for name, kind in fields.items() if name not in ("bill_id", "person_id")
    }
    assert not {"bill_id", "person_id"} & set(types)


def test_money_in_ten_thousands_is_told_by_the_header(tmp_path: Path) -> None:
    header = ["姓名", "身份证号", "结算日期", "医疗总费用（万元）", "个人自付（元）"]
    (one,) = records(read(tmp_path, [header, ["张伟", person(0), "2024-3-5", "1.5", "20"]]))
    assert (one["total"], one["self_paid"]) == (1_500_000, 2_000)


def test_a_column_that_asks_the_opposite_question_is_turned_round(tmp_path: Path) -> None:
    header = ["姓名", "身份证号", "结算日期", "个人自付（元）", "是否省外就医"]
    rows = [["张伟", person(0), "2024-3-5", "20", "是"], ["张伟", person(1), "2024-3-6", "30", "否"]]
    assert [one["in_province"] for one in records(read(tmp_path, [header, *rows]))] == [False, True]


def test_canonical_names_hold_stored_units(tmp_path: Path) -> None:
    header = ["name", "id_no", "settled_on", "total", "self_paid"]
    (one,) = records(read(tmp_path, [header, ["张伟", person(0), "2024-03-05", "150", "20"]]))
    assert (one["total"], one["self_paid"], one["i_name"]) == (150, 20, "张伟")


def test_parquet_is_read_with_its_own_types(tmp_path: Path) -> None:
    day = datetime.date(2024, 3, 5)
    table = pa.table(
        {"姓名": ["张伟"], "身份证号": [person(0)], "结算日期": [day], "个人自付（元）": [20.5], "多余": [1]}
    )
    pq.write_table(table, tmp_path / "file.parquet")
    reading = read_feed(tmp_path / "file.parquet", LAYOUTS["medical_bills"], tmp_path / "out")
    (one,) = records(reading)
    assert (one["settled_on"], one["self_paid"], one["row_no"]) == (day, 2_050, 2)
    assert reading.unknown == ("多余",)


def test_identity_is_kept_for_matching_even_when_broken(tmp_path: Path) -> None:
    rows = [HEADER, row(0, id="6.2E+17"), row(1, id="629901********1234"), row(2, id=" '6299011990010112 3x ")]
    found = [one["i_id_no"] for one in records(read(tmp_path, rows))]
    assert found == ["6.2E+17", "629901********1234", "62990119900101123X"]


def test_the_head_of_the_household_stands_for_the_person_where_the_file_names_no_other(tmp_path: Path) -> None:
    header = ["乡镇", "行政村", "户主姓名", "户主身份证号", "鉴定等级", "鉴定日期"]
    rows = [header, ["甲乡", "乙村", "张伟", person(0), "C级", "2024.1.5"]]
    (one,) = records(read(tmp_path, rows, "house_grades"))
    assert (one["i_name"], one["i_household_head"], one["i_id_no"], one["grade"]) == ("张伟", "张伟", person(0), "C")
    assert (one["i_town_name"], one["i_village_name"]) == ("甲乡", "乙村")


def test_national_export_with_its_quirks(tmp_path: Path) -> None:
    rows = [
        ["某县监测对象信息查询", *[None] * 8],
        ["省", "县", "乡镇", "行政村", "户编号", "户主姓名", "监测对象类别", "识别监测时间", "风险是否已消除"],
        ["某省", "某县", "甲乡", "乙村", "6299010001", "张伟", "边缘易致贫户", "2023-05-01", "否"],
        ["共计", None, None, None, "1户", None, None, None, None],
    ]
    reading = read(tmp_path, rows, "national_monitored", "file.xlsx")
    (one,) = records(reading)
    assert (one["i_household_id"], one["kind"], one["removed"]) == ("6299010001", "marginal", False)
    assert reading.unknown == ("省", "县")
    assert reading.counts.header == 2


def test_constants_and_defaults_fill_what_the_file_does_not_say(tmp_path: Path) -> None:
    vehicles = read(tmp_path, [["车主", "身份证号", "车辆类型"], ["张伟", person(0), "轿车"]], "vehicles")
    assert records(vehicles)[0]["kind"] == "vehicle"
    roll = read(tmp_path, [["姓名", "身份证号"], ["张伟", person(0)]], "insurance_roll")
    (one,) = records(roll)
    assert (one["kind"], one["year"], one["enrolled"]) == ("medical_resident", 2024, True)
    assert [note.code for note in roll.notes] == ["feeds.default_used"] * 3


def test_an_ignored_column_settles_which_one_is_meant(tmp_path: Path) -> None:
    layout = LAYOUTS["medical_bills"].model_copy(update={"ignore": ("个人负担",)})
    rows = [[*HEADER, "个人负担"], [*row(0), "999"]]
    (one,) = records(read(tmp_path, rows, layout))
    assert one["self_paid"] == 30_000


def test_two_readings_of_one_file_are_the_same(tmp_path: Path) -> None:
    rows = [HEADER, *[row(number % 50, kind="住院" if number % 3 else "看病") for number in range(300)]]
    first = records(read(tmp_path, rows))
    assert first == records(read(tmp_path, rows))


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_row_numbers_are_those_a_spreadsheet_shows(tmp_path: Path, ending: str) -> None:
    rows = [["标题", *[None] * 6], HEADER, row(0), [""] * 7, row(1)]
    found = records(read(tmp_path, [[cell or "" for cell in one] for one in rows], name=f"file.{ending}"))
    assert [(one["row_no"], one["row_id"].split(":")[1]) for one in found] == [(3, "3"), (5, "5")]


def test_sheets_are_told_by_name(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "file.xlsx", [HEADER, row(0)], [HEADER, row(1)], names=["甲乡", "乙乡"])
    found = records(read_feed(tmp_path / "file.xlsx", LAYOUTS["medical_bills"], tmp_path / "out"))
    assert [(one["row_id"], one["sheet"]) for one in found] == [("1:2", "甲乡"), ("2:2", "乙乡")]


def test_unknown_columns_stay_in_the_raw_file(tmp_path: Path) -> None:
    reading = read(tmp_path, [HEADER, row(0, note="留着")])
    assert reading.unknown == ("备注栏",)
    at = reading.headers.index("备注栏") + 1
    with open_engine(threads=1) as engine:
        engine.view_parquet("raw", reading.raw_parquet or tmp_path)
        assert engine.value(f"SELECT {quote_name(f'c{at}')} FROM raw WHERE row_no = 2") == "留着"


def test_a_required_word_that_no_list_has_sends_the_row_back(tmp_path: Path) -> None:
    header = ["姓名", "身份证号", "险种", "参保年度", "是否参保"]
    rows = [
        header,
        ["张伟", person(0), "某险", "2024", "是"],
        ["李芳", person(1), "城乡居民基本医疗保险", "2024", "是"],
    ]
    found = records(read(tmp_path, rows, "insurance_roll"))
    assert [one["status"] for one in found] == ["rejected", "accepted"]
    assert "“险种”的内容“某险”不在可选内容里" in found[0]["remarks"]


def test_a_repeated_row_names_the_sheet_of_the_first(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "file.xlsx", [HEADER, row(0), row(1)], [HEADER, row(1)], names=["甲乡", "乙乡"])
    found = records(read_feed(tmp_path / "file.xlsx", LAYOUTS["medical_bills"], tmp_path / "out"))
    assert [one["remarks"] for one in found] == [None, None, "与工作表“甲乡”第3行完全相同，未重复采用"]


def test_the_state_on_the_roll_is_kept_beside_the_yes_or_no(tmp_path: Path) -> None:
    states = ["在读", "休学", "送教上门", "疑似辍学", "退学", "毕业"]
    rows = [["学生姓名", "身份证号", "学籍状态"], *[["张伟", person(n), state] for n, state in enumerate(states)]]
    found = records(read(tmp_path, rows, "school_roll"))
    assert [(one["roll_state"], one["enrolled"]) for one in found] == [
        ("studying", True), ("leave", True), ("home_taught", True), ("suspected", True), ("withdrawn", False),
        ("graduated", False),
    ]  # fmt: skip
    assert {one["status"] for one in found} == {"accepted"}


def test_a_monitored_household_is_a_kind_of_its_own(tmp_path: Path) -> None:
    rows = [["户编号", "户主姓名", "户类型"], ["H1", "张伟", "监测户"], ["H2", "李芳", "一般农户"]]
    found = records(read(tmp_path, rows, "national_households"))
    assert [(one["status"], one["household_type"]) for one in found] == [
        ("accepted", "monitored"),
        ("accepted", "general"),
    ]


def test_a_roll_of_an_earlier_year_says_so(tmp_path: Path) -> None:
    header = ["姓名", "身份证号", "险种", "参保年度", "是否参保"]
    kind = "城乡居民基本医疗保险"
    years = [2022, 2023, 2023]
    old = read(
        tmp_path, [header, *[["张伟", person(n), kind, year, "是"] for n, year in enumerate(years)]], "insurance_roll"
    )
    assert old.term == Term("year", 2022, 2023, 2023, 3)
    assert [note.code for note in old.notes] == ["feeds.earlier_years"]
    new = read(tmp_path, [header, ["张伟", person(0), kind, "2024", "是"]], "insurance_roll")
    assert new.term == Term("year", 2024, 2024, 2024, 1)
    assert new.notes == ()
    terms = read(tmp_path, [["姓名", "身份证号", "学期开始"], ["张伟", person(0), "2023/9/1"]], "school_roll")
    assert terms.term == Term(
        "term_from", datetime.date(2023, 9, 1), datetime.date(2023, 9, 1), datetime.date(2023, 9, 1), 1
    )
    assert read(tmp_path, [HEADER, row(0)]).term is None


@pytest.mark.parametrize("nothing", ["-", "--", "nan", "null", "None"])
def test_a_sign_for_nothing_is_no_key(tmp_path: Path, nothing: str) -> None:
    rows = [["户编号", "人员编号", "姓名"], [nothing, "P1", "张伟"]]
    (one,) = records(read(tmp_path, rows, "national_members"))
    assert (one["i_household_id"], one["i_person_id"]) == (None, "P1")


def test_blanks_around_a_cell_are_nothing_to_speak_of(tmp_path: Path) -> None:
    padded = [f"\u3000{cell} " for cell in row(0, date="20240305")]
    (one,) = records(read(tmp_path, [HEADER, padded]))
    assert (one["status"], one["remarks"], one["kind"]) == ("accepted", None, "inpatient")
    assert (one["i_id_no"], one["settled_on"], one["self_paid"]) == (person(0), datetime.date(2024, 3, 5), 30_000)


def test_a_telephone_loses_the_country_code_and_nothing_else(tmp_path: Path) -> None:
    written = ["+8619901234567", "008619901234567", "86-19901234567", "8612345", "0930-8612345"]
    header = [*HEADER, "联系电话"]
    found = records(read(tmp_path, [header, *[[*row(n), phone] for n, phone in enumerate(written)]]))
    assert [one["i_phone"] for one in found] == ["19901234567"] * 3 + ["8612345", "09308612345"]


def test_what_cannot_be_decoded_is_told_with_old_line_ends_too(tmp_path: Path) -> None:
    lines = text_of([HEADER, row(0), row(1)]).replace("\r\n", "\r").encode("gb18030")
    path = tmp_path / "file.csv"
    path.write_bytes(lines + b"\xff\xff," + lines.split(b"\r")[1].split(b",", 1)[1] + b"\r")
    reading = read_feed(path, LAYOUTS["medical_bills"], tmp_path / "out")
    assert [(note.code, note.facts["file"]) for note in reading.notes] == [("feeds.undecodable", "file.csv")]
    assert reading.counts.rejected == 1
