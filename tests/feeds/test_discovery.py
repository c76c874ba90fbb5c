"""What lies in the feeds folder: taken, or refused with a reason; nothing passed over in silence."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from xianjie.feeds import FeedFile, discover, read_feeds, read_layouts
from xianjie.messages import UserError


def put(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("姓名,身份证号\n", encoding="utf-8")
    return path


def only(folder: Path) -> FeedFile:
    (file,) = discover(folder)
    return file


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("medical_insurance/medical_bills-20240305.csv", "medical_bills"),
        ("医保局/医疗费用结算明细-20240305.xlsx", "medical_bills"),
        ("医保/全县参保花名册20240305.xls", "insurance_roll"),
        ("civil_affairs/assistance_list-2024-03-05.csv", "assistance_list"),
        ("乡村振兴局/监测对象信息查询2024年03月05日.xlsx", "national_monitored"),
    ],
)
def test_a_file_is_known_by_its_name_and_folder(tmp_path: Path, name: str, layout: str) -> None:
    put(tmp_path, name)
    file = only(tmp_path)
    assert (file.layout, file.problem, file.name) == (layout, None, name)
    assert file.date == datetime.date(2024, 3, 5)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("medical_insurance/what_is_this-20240305.csv", "feeds.no_layout"),
        ("education/medical_bills-20240305.csv", "feeds.wrong_department"),
        ("medical_insurance/medical_bills-20241305.csv", "feeds.bad_date"),
        ("medical_insurance/notes.docx", "feeds.not_a_feed"),
        ("medical_bills-20240305.csv", "feeds.too_deep"),
        ("medical_insurance/deeper/medical_bills-20240305.csv", "feeds.is_folder"),
        ("medical_insurance/medical_bills\n-20240305.csv", "feeds.strange_name"),
        ("medical_insurance/..\\..\\medical_bills-20240305.csv", "feeds.strange_name"),
    ],
)
def test_a_file_that_cannot_be_placed_is_named_with_the_reason(tmp_path: Path, name: str, code: str) -> None:
    put(tmp_path, name)
    file = only(tmp_path)
    assert file.layout is None
    assert file.problem is not None and file.problem.code == code
    assert "\n" not in file.problem.text


def test_a_folder_named_like_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "education" / "school_roll-20240305.xlsx").mkdir(parents=True)
    file = only(tmp_path)
    assert file.problem is not None and file.problem.code == "feeds.is_folder"


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    secret = put(tmp_path / "elsewhere", "secret.csv")
    feeds = tmp_path / "feeds"
    (feeds / "health").mkdir(parents=True)
    (feeds / "health" / "illnesses-20240305.csv").symlink_to(secret)
    (feeds / "water").symlink_to(secret.parent)
    (feeds / "health" / "illnesses-20240306.csv").symlink_to(feeds / "nowhere")
    assert [file.problem.code for file in discover(feeds) if file.problem] == ["feeds.link_outside"] * 3


def test_a_link_inside_the_folder_is_fine(tmp_path: Path) -> None:
    real = put(tmp_path, "health/illnesses-20240305.csv")
    (tmp_path / "health" / "illnesses-20240306.csv").symlink_to(real)
    assert [file.problem for file in discover(tmp_path)] == [None, None]


def test_what_systems_leave_behind_is_passed_over(tmp_path: Path) -> None:
    for name in (".DS_Store", "~$school_roll-20240305.xlsx", "Thumbs.db"):
        put(tmp_path, f"education/{name}")
    assert discover(tmp_path) == []


def test_without_the_folder_the_user_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="没有找到文件夹"):
        discover(tmp_path / "feeds")


def test_one_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    put(tmp_path / "feeds", "medical_insurance/nothing.csv")
    put(tmp_path / "feeds", "education/school_roll-20240305.csv").write_text(
        "姓名,身份证号,年级\n张伟,62990119900101123X,小学\n", encoding="utf-8"
    )
    (tmp_path / "feeds" / "education" / "school_roll-20240306.xlsx").write_bytes(b"PK\x03\x04")
    readings = read_feeds(discover(tmp_path / "feeds"), read_layouts(), tmp_path / "out")
    assert [(reading.counts.rows, reading.problem is None) for reading in readings] == [
        (1, True),
        (0, False),
        (0, False),
    ]
