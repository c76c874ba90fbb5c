"""The round trip with the national system: what its export says otherwise, and what must be keyed in there, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.web import daily_county as place
from tests.web.intake_county import once
from xianjie.messages import UserError
from xianjie.web.audit.models import Event
from xianjie.web.daily import national_in, national_out
from xianjie.web.daily.models import NationalExchange, NationalRow
from xianjie.web.registry import actions
from xianjie.web.registry.models import Person, Version

pytestmark = pytest.mark.django_db
DAY = date(2025, 10, 31)
OPEN, KEPT = NationalRow.OPEN, NationalRow.KEPT


@pytest.fixture(scope="module")
def members(county: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The national system's export of members, in which one person has another schooling, one is missing and one is
    new."""
    source = next((county / "feeds" / "revitalisation").glob("national_members-*"))
    book = openpyxl.load_workbook(source)
    sheet = book.active
    head = [cell.value for cell in sheet[1]]
    row = next(
        number for number in range(2, sheet.max_row) if sheet.cell(number, head.index("文化程度") + 1).value == "小学"
    )
    sheet.cell(row, head.index("文化程度") + 1).value = "初中"
    new = [cell.value for cell in sheet[row]]
    new[head.index("人员编号")], new[head.index("姓名")], new[head.index("证件号码")] = "P-new", "赵新人", None
    new[head.index("与户主关系")] = "之子"
    sheet.append(new)
    for number, damage in ((row + 3, "6.29901E+17"), (row + 4, "629901199001010000")):
        sheet.cell(number, head.index("证件号码") + 1).value = damage
    gone = next(number for number in range(row + 1, sheet.max_row) if sheet.cell(number, 1).value)
    sheet.delete_rows(gone)
    path = tmp_path_factory.mktemp("national") / "national_members-20251031.xlsx"
    book.save(path)
    return path


@pytest.fixture(scope="module")
def taken(county: Path, members: Path, django_db_setup: Any, django_db_blocker: Any) -> Iterator[NationalExchange]:
    """The export taken in."""

    def make() -> NationalExchange:
        code = place.load(county)
        exchange = national_in.take_in(
            code, "national_members", members.name, [members.read_bytes()], place.user("county", code), DAY
        )
        place.finish()
        return NationalExchange.everything.get(pk=exchange.pk)

    with once(django_db_blocker, make) as exchange:
        yield exchange


def differences(exchange: NationalExchange, **asked: Any) -> list[NationalRow]:
    rows = NationalRow.everything.filter(exchange=exchange, **asked).select_related("exchange")
    return list(rows.order_by("kind", "field", "key"))


def written(exchange: NationalExchange) -> NationalExchange:
    made = national_out.start_from_register(exchange.region_code, place.user("county", exchange.region_code))
    place.finish()
    return NationalExchange.everything.get(pk=made.pk)


def test_an_export_is_read_by_its_real_columns_and_told_where_it_differs(taken: NationalExchange) -> None:
    assert taken.done and taken.headers["education"] == "文化程度"
    assert taken.counts["rows"] == taken.counts["accepted"] + taken.counts["repaired_rows"] + taken.counts["rejected"]
    schooling = differences(taken, field="education")
    assert [(row.kind, row.before, row.after) for row in schooling] == [("changed", "primary", "junior")]
    assert [row.key for row in differences(taken, kind="new")] == ["P-new"]
    # a row that the export lacks, whether it was left out or rejected for want of a valid key
    assert len(differences(taken, kind="gone")) >= 1
    person = Person.everything.get(pk=schooling[0].key)
    assert schooling[0].region_code == person.region_code and schooling[0].name == person.name


def test_a_number_that_a_spreadsheet_rounded_is_nothing_to_accept(taken: NationalExchange) -> None:
    said = {row.after for row in differences(taken, field="id_no")}
    assert not {value for value in said if value and (value.endswith("000") or "E+" in value)}
    assert not [row for row in differences(written(taken)) if row.field == "id_no" and row.before is not None]


def test_accepting_theirs_is_a_dated_correction_of_the_register(taken: NationalExchange) -> None:
    [row] = differences(taken, field="education")
    scope = place.scope("county", taken.region_code)
    assert national_in.decide(scope, [row], accept=True) == (1, [])
    person = Person.everything.get(pk=row.key)
    assert person.data["education"] == "junior"
    kept = Version.everything.get(subject_kind="person", subject_id=person.pk)
    assert kept.valid_to == DAY
    assert Event.objects.filter(verb="daily.national_accept").exists()
    assert not [one for one in differences(written(taken)) if one.field == "education"]


def test_a_new_member_moves_in_and_what_needs_an_action_says_so(taken: NationalExchange) -> None:
    [new] = differences(taken, kind="new")
    scope = place.scope("county", taken.region_code)
    done, problems = national_in.decide(scope, [new], accept=True)
    assert (done, problems) == (1, [])
    assert Person.everything.get(name="赵新人").household_id == new.household_id
    gone = differences(taken, kind="gone")[0]
    done, problems = national_in.decide(scope, [gone], accept=True)
    assert done == 0 and len(problems) == 1
    gone.refresh_from_db()
    assert gone.state == OPEN and gone.note


def test_what_is_undecided_is_not_keyed_in_what_is_kept_is_and_only_until_it_is_confirmed(
    taken: NationalExchange,
) -> None:
    [row] = differences(taken, field="education")
    scope = place.scope("county", taken.region_code)
    assert not [one for one in differences(written(taken)) if one.field == "education"], (
        "an open difference is exported"
    )
    national_in.decide(scope, [row], accept=False)
    first = written(taken)
    [kept] = [one for one in differences(first) if one.field == "education"]
    assert (kept.before, kept.after) == ("junior", "primary"), "before is what stands there, after what stands here"
    again = written(taken)
    assert len(differences(again)) == len(differences(first)), "what was not confirmed comes again"
    assert not differences(first, state=OPEN), "and stands in one list only"
    national_out.confirm(scope, differences(again))
    assert differences(written(taken)) == []


def test_a_change_here_is_exported_once_with_before_and_after_under_their_names(taken: NationalExchange) -> None:
    scope = place.scope("county", taken.region_code)
    national_in.decide(scope, differences(taken), accept=False)
    national_out.confirm(scope, differences(written(taken)))
    person = Person.everything.exclude(data__labour_skill="skilled").filter(alive=True).order_by("pk").first()
    assert person is not None
    actions.correct(scope, "person", person.pk, {"labour_skill": "skilled"}, on=DAY, reason="核实")
    out = written(taken)
    [row] = differences(out)
    assert (row.kind, row.key, row.field, row.after) == ("changed", person.pk, "labour_skill", "skilled")
    book = openpyxl.load_workbook(out.sheet)
    assert book.sheetnames == ["家庭成员变更"]
    [head, line] = [[cell.value for cell in one] for one in book.active.iter_rows()]
    assert dict(zip(head, line, strict=True))["字段"] == "劳动技能"
    assert line[-1] == "技能劳动力" and line[1] == person.pk
    national_out.confirm(scope, [row])
    assert differences(written(taken)) == []


def test_a_death_here_leaves_a_row_to_take_out_there(taken: NationalExchange) -> None:
    scope = place.scope("county", taken.region_code)
    national_in.decide(scope, differences(taken), accept=False)
    national_out.confirm(scope, differences(written(taken)))
    person = Person.everything.exclude(relation__in=("01", "02")).filter(alive=True).order_by("pk").first()
    assert person is not None
    actions.death(scope, person.pk, on=DAY, reason="医院证明")
    rows = differences(written(taken))
    assert ("gone", person.pk) in {(row.kind, row.key) for row in rows}


def test_a_newer_export_takes_the_place_of_the_older_and_remembers_what_was_kept(
    taken: NationalExchange, members: Path
) -> None:
    [row] = differences(taken, field="education")
    scope = place.scope("county", taken.region_code)
    national_in.decide(scope, [row], accept=False)
    newer = national_in.take_in(
        taken.region_code, "national_members", members.name, [members.read_bytes()],
        place.user("county", taken.region_code), DAY,
    )  # fmt: skip
    place.finish()
    assert not differences(taken, state=OPEN)
    [same] = differences(newer, field="education")
    assert same.state == KEPT, "the same difference is asked about a second time"


def test_numbers_are_sealed_in_the_differences(taken: NationalExchange) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT before, after FROM daily_nationalrow")
        stored = [value for row in cursor.fetchall() for value in row if value]
    assert stored and all(value.startswith("1:") for value in stored)


def test_only_the_county_exchanges_and_only_its_own(taken: NationalExchange, members: Path) -> None:
    page, one = reverse("daily:national"), reverse("daily:exchange", args=[taken.pk])
    [row] = differences(taken, field="education")
    town = place.client("township", row.region_code[:9] + "000")
    assert town.get(page).status_code == 403 and town.get(one).status_code == 403
    other = place.client("county", "629902000000")
    assert other.get(one).status_code == 404
    decide = reverse("daily:decide", args=[taken.pk])
    assert other.post(decide, {"ids": [row.pk], "what": "accept"}).status_code == 404
    clerk = place.client("county", taken.region_code)
    shown = place.text_of(clerk.get(one, {"kind": "changed"}))
    assert "文化程度" in shown and "初中" in shown
    assert clerk.post(decide, {"ids": [row.pk], "what": "keep"}).status_code == 302
    row.refresh_from_db()
    assert row.state == KEPT
    sent = clerk.post(
        page, {"layout": "national_members", "file": SimpleUploadedFile(members.name, members.read_bytes())}
    )
    assert sent.status_code == 302 and NationalExchange.everything.latest("pk").file_name == members.name


def test_a_file_that_is_no_table_is_told(taken: NationalExchange) -> None:
    with pytest.raises(UserError):
        national_in.take_in(taken.region_code, "vehicles", "x.xlsx", [b""], None, DAY)
    broken = national_in.take_in(
        taken.region_code, "national_members", "national_members-20251031.xlsx", [b"not a workbook"], None, DAY
    )
    from xianjie.web.jobs.services import run_next

    job = run_next("test")
    assert job is not None and job.state == "failed" and job.error
    broken.refresh_from_db()
    assert not broken.done and broken.problem
