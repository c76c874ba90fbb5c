"""A template opens in Excel with lists to choose from, marked columns, and columns that are read back as they are."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from xianjie.dictionary import dictionary, header_multiplier, normal_word
from xianjie.dictionary.templates import TemplateSheet, entity_sheet, template_header, write_template
from xianjie.messages import UserError

ENTITIES = list(dictionary().entities)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("templates") / "all.xlsx"
    write_template(ENTITIES, path)
    return openpyxl.load_workbook(path)


def columns(workbook: Any, entity: str) -> dict[str, Any]:
    """Field → header cell in the sheet of an entity."""
    sheet = workbook[dictionary().entities[entity].zh]
    fields = dictionary().entities[entity].fields
    return dict(zip(fields, sheet[1], strict=True))


def rule(workbook: Any, entity: str, field: str) -> Any:
    """The data validation on the first row below a field's header, and that it reaches the last ready row."""
    cell = columns(workbook, entity)[field]
    sheet = cell.parent
    for one in sheet.data_validations.dataValidation:
        if f"{cell.column_letter}2" in one.sqref:
            assert f"{cell.column_letter}501" in one.sqref
            return one
    return None


def choices(workbook: Any, found: Any) -> list[str]:
    """The words of a drop-down, inline or on the sheet that it points at."""
    assert found.type == "list"
    if found.formula1.startswith('"'):
        return found.formula1.strip('"').split(",")
    sheet, cells = found.formula1.split("!")
    return [cell.value for (cell,) in workbook[sheet.strip("'")][cells.replace("$", "")]]


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_coded_column_offers_exactly_its_words(everything: Any, entity: str) -> None:
    for name, field in dictionary().entities[entity].fields.items():
        if field.codes:
            offered = choices(everything, rule(everything, entity, name))
            words = dictionary().words(field.codes)
            assert [words[normal_word(word)] for word in offered] == list(dictionary().codes[field.codes].values)
        elif field.type == "bool":
            assert choices(everything, rule(everything, entity, name)) == ["是", "否"]


def test_a_list_too_long_for_a_rule_stands_on_the_codes_sheet(everything: Any) -> None:
    found = rule(everything, "income", "item")
    assert found.formula1.startswith("'代码表'!")
    assert len(choices(everything, found)) == len(dictionary().codes["income_item"].values)


@pytest.mark.parametrize("entity", ENTITIES)
def test_required_columns_are_marked_and_every_header_leads_back_to_its_field(everything: Any, entity: str) -> None:
    for name, cell in columns(everything, entity).items():
        field = dictionary().entities[entity].fields[name]
        assert cell.value.startswith("*") == field.required
        assert ("必填" in cell.comment.text) == field.required
        shaded = cell.parent.column_dimensions[_group(cell)].fill.fgColor.rgb == "FFFFF2CC"
        assert shaded == field.required
        assert dictionary().field_of_header(entity, cell.value) is field
        assert header_multiplier(cell.value) == 1


def _group(cell: Any) -> str:
    """openpyxl keeps one entry for neighbouring columns of one format: the letter of the group's first."""
    for letter, dimension in cell.parent.column_dimensions.items():
        if dimension.min <= cell.column <= dimension.max:
            return str(letter)
    raise AssertionError(cell.coordinate)


@pytest.mark.parametrize(
    ("entity", "field", "format"),
    [
        ("person", "id_no", "@"), ("person", "person_id", "@"), ("person", "ethnicity", "@"),
        ("household", "region_code", "@"), ("benefit", "one_card_account", "@"), ("person", "phone", "@"),
        ("person", "birth_date", "yyyy-mm-dd"), ("income", "amount", "0.00"), ("measure", "amount", "0.00"),
        ("household", "registered_size", "General"),
    ],
)  # fmt: skip
def test_numbers_of_papers_are_text_so_that_excel_does_not_break_them(
    everything: Any, entity: str, field: str, format: str
) -> None:
    cell = columns(everything, entity)[field]
    assert cell.parent.column_dimensions[_group(cell)].number_format == format


def test_notes_say_type_unit_example_and_range(everything: Any) -> None:
    pay = columns(everything, "employment")["monthly_pay"]
    assert pay.value == "月工资（元/月）"
    assert "单位：元/月" in pay.comment.text
    assert "示例：12345.67" in pay.comment.text
    assert "100到30000" in pay.comment.text
    identity = columns(everything, "person")["id_no"]
    assert "18位" in identity.comment.text and "629901198503070015" in identity.comment.text


def test_doubtful_values_are_warned_of_and_not_refused(everything: Any) -> None:
    for entity, field in [("employment", "monthly_pay"), ("person", "id_no"), ("person", "birth_date")]:
        assert rule(everything, entity, field).errorStyle == "warning"
    assert (rule(everything, "employment", "monthly_pay").formula1, rule(everything, "person", "id_no").formula1) == (
        "100",
        "18",
    )


def test_the_guide_lists_every_column(everything: Any) -> None:
    guide = [row for row in everything["填表说明"].iter_rows(min_row=7, values_only=True)]
    fields = [
        (entity.zh, template_header(field))
        for entity in dictionary().entities.values()
        for field in entity.fields.values()
    ]
    assert [row[:2] for row in guide] == fields
    assert everything.sheetnames[0] == "填表说明" and everything.sheetnames[-1] == "代码表"


def test_the_same_dictionary_gives_the_same_bytes(tmp_path: Path) -> None:
    write_template(["household", "person"], tmp_path / "a.xlsx")
    write_template(["household", "person"], tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    created = openpyxl.load_workbook(tmp_path / "a.xlsx").properties.created
    assert created.year == 2000


def test_a_template_for_a_department_takes_columns_of_several_entities(tmp_path: Path) -> None:
    person, bill = dictionary().entities["person"].fields, dictionary().entities["medical_bill"].fields
    sheet = TemplateSheet("医保局 费用[月报]", (person["id_no"], person["name"], bill["settled_on"], bill["self_paid"]))
    write_template([sheet, "house", sheet], tmp_path / "bills.xlsx", rows=20)
    workbook = openpyxl.load_workbook(tmp_path / "bills.xlsx")
    assert workbook.sheetnames == ["填表说明", "医保局 费用 月报", "住房", "医保局 费用 月报2", "代码表"]
    assert [cell.value for cell in workbook["医保局 费用 月报"][1]] == [
        "身份证号",
        "*姓名",
        "*结算日期",
        "个人自付（元）",
    ]


def test_an_empty_template_reads_as_a_header_and_nothing_else(tmp_path: Path) -> None:
    write_template(["person"], tmp_path / "person.xlsx")
    rows = CalamineWorkbook.from_path(tmp_path / "person.xlsx").get_sheet_by_name("人员").to_python()
    assert rows == [[template_header(field) for field in dictionary().entities["person"].fields.values()]]


def test_what_is_wrong_is_said_in_chinese(tmp_path: Path) -> None:
    name = dictionary().entities["person"].fields["name"]
    with pytest.raises(UserError, match="没有名为“horse”的数据表"):
        write_template(["horse"], tmp_path / "x.xlsx")
    with pytest.raises(UserError, match="两列都叫"):
        write_template([TemplateSheet("重复", (name, name))], tmp_path / "x.xlsx")
    with pytest.raises(UserError, match="没有任何列"):
        write_template([TemplateSheet("空", ())], tmp_path / "x.xlsx")
    with pytest.raises(UserError, match="没有指定"):
        write_template([], tmp_path / "x.xlsx")
    with pytest.raises(UserError, match="无法写入"):
        write_template([entity_sheet("unit")], tmp_path / "missing" / "x.xlsx")
