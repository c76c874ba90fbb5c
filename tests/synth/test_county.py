"""An invented county is whole, coherent, obviously invented, and the same for the same seed."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import python_calamine
import yaml

from xianjie.engines import Engine, open_engine
from xianjie.messages import UserError
from xianjie.synth import synthesise
from xianjie.synth.sheets import feeds

HOUSEHOLDS = 300
ROOM = Path(__file__).parents[2] / "src/xianjie/synth"


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synth") / "county"
    synthesise(folder, HOUSEHOLDS, seed=5)
    return folder


@pytest.fixture(scope="module")
def engine(county: Path) -> Iterator[Engine]:
    with open_engine() as opened:
        for path in [*county.glob("*.parquet"), *county.glob("truth/*.parquet")]:
            opened.view_parquet(path.stem, path)
        yield opened


def nothing(engine: Engine, sql: str) -> None:
    """The query finds no row; pytest shows those that it finds."""
    assert engine.rows(sql) == []


def test_there_are_exactly_the_households_asked_for(county: Path, engine: Engine) -> None:
    assert engine.value("SELECT count(*) FROM households") == HOUSEHOLDS
    assert engine.value("SELECT sum(households) FROM villages") == HOUSEHOLDS
    about = json.loads((county / "truth" / "about.json").read_text(encoding="utf-8"))
    assert about["households"] == HOUSEHOLDS and about["seed"] == 5
    for entity, rows in about["tables"].items():
        table = {"region": "regions", "water": "water_states", "category": "categories"}.get(entity, entity + "s")
        assert engine.value(f"SELECT count(*) FROM {table}") == rows


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("regions", "region_code"), ("households", "household_id"), ("persons", "person_id"), ("persons", "id_no"),
        ("incomes", "income_id"), ("expenses", "expense_id"), ("houses", "house_id"), ("water_states", "water_id"),
        ("monitorings", "monitoring_id"), ("measures", "measure_id"), ("visits", "visit_id"),
        ("categories", "category_id"), ("employments", "employment_id"), ("applications", "application_id"),
        ("insurance_claims", "claim_id"), ("villages", "region_code"), ("units", "unit_id"),
    ],
)  # fmt: skip
def test_keys_are_unique_and_never_missing(engine: Engine, table: str, key: str) -> None:
    assert engine.value(f"SELECT count(*) FROM {table}") > 0
    nothing(engine, f"SELECT {key}, count(*) FROM {table} GROUP BY 1 HAVING count(*) > 1 OR {key} IS NULL")


OWNED = (
    "persons", "incomes", "expenses", "houses", "water_states", "monitorings", "measures", "visits", "applications",
    "insurance_claims",
)  # fmt: skip


def test_every_row_belongs_to_a_household_a_person_and_a_village_that_exist(engine: Engine) -> None:
    for table in OWNED:
        nothing(engine, f"SELECT household_id FROM {table} ANTI JOIN households USING (household_id)")
    for table in ("incomes", "expenses", "categories", "employments", "links"):
        people = f"SELECT person_id FROM {table} WHERE person_id IS NOT NULL"
        nothing(engine, f"{people} EXCEPT SELECT person_id FROM persons")
    for table in ("households", "persons", "villages"):
        villages = "SELECT region_code FROM regions WHERE level = 'village'"
        nothing(engine, f"SELECT region_code FROM {table} EXCEPT {villages}")
    nothing(engine, "SELECT parent_code FROM regions WHERE level <> 'province' EXCEPT SELECT region_code FROM regions")


def test_id_numbers_are_well_formed_of_no_existing_area_and_say_birth_and_sex(engine: Engine) -> None:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    for number, sex, birth in engine.rows("SELECT id_no, sex, strftime(birth_date, '%Y%m%d') FROM persons"):
        assert number[:4] == "6299" and number[6:14] == birth
        assert "10X98765432"[sum(int(d) * w for d, w in zip(number, weights, strict=False)) % 11] == number[17]
        assert (int(number[16]) % 2 == 1) == (sex == "1")


def test_phones_are_of_the_invented_ranges(engine: Engine) -> None:
    nothing(engine, "SELECT phone FROM persons WHERE NOT regexp_full_match(phone, '1990[0-9]{7}')")
    nothing(engine, "SELECT contact_phone FROM households WHERE NOT regexp_full_match(contact_phone, '1991[0-9]{7}')")


def test_families_hang_together(engine: Engine) -> None:
    nothing(engine, "SELECT household_id FROM persons GROUP BY 1 HAVING count(*) FILTER (relation = '01') <> 1")
    pairs = "persons p JOIN persons h ON h.household_id = p.household_id AND h.relation = '01'"
    years = "date_diff('day', h.birth_date, p.birth_date) / 365.25"
    nothing(engine, f"SELECT * FROM {pairs} WHERE p.relation = '10' AND (p.sex = h.sex OR abs({years}) > 6)")
    nothing(engine, f"SELECT * FROM {pairs} WHERE p.relation IN ('20', '30') AND {years} < 16")
    nothing(engine, f"SELECT * FROM {pairs} WHERE p.relation IN ('51', '52') AND {years} > -16")
    nothing(engine, f"SELECT * FROM {pairs} WHERE p.relation IN ('41', '42') AND {years} < 36")
    nothing(engine, "SELECT * FROM persons WHERE relation IN ('20', '41', '51') AND sex = '2'")
    nothing(engine, "SELECT * FROM persons WHERE relation IN ('30', '38', '42', '52') AND sex = '1'")
    nothing(
        engine,
        "SELECT * FROM households h JOIN persons p USING (household_id) WHERE relation = '01' AND head_name <> name",
    )
    mean = engine.value("SELECT count(*)::DOUBLE / count(DISTINCT household_id) FROM persons")
    assert 3.3 < mean < 3.9


def test_children_go_to_school_and_do_not_work(engine: Engine) -> None:
    nothing(engine, "SELECT * FROM persons WHERE birth_date > DATE '2009-11-01' AND labour_skill <> 'none'")
    pupils = "SELECT * FROM persons WHERE school_state = 'primary'"
    nothing(engine, f"{pupils} AND birth_date NOT BETWEEN DATE '2013-08-01' AND DATE '2019-09-02'")
    nothing(engine, "SELECT * FROM employments JOIN persons USING (person_id) WHERE labour_skill IN ('none', 'lost')")


def test_incomes_told_add_up_to_the_true_income_but_for_the_declared_errors(engine: Engine) -> None:
    """Overstated and missing accounts are a few percent; everyone else's account is the truth."""
    wrong, told = engine.rows("""
        WITH told AS (
            SELECT household_id,
                   sum(CASE kind WHEN 'business_cost' THEN -amount WHEN 'claim' THEN 0 ELSE amount END) AS net
            FROM incomes WHERE period_to = DATE '2025-10-31' GROUP BY 1
        )
        SELECT count(*) FILTER (abs(round(net::DOUBLE / living) - income_per_head) > 1), count(*)
        FROM expected JOIN told USING (household_id) WHERE living > 0
    """)[0]
    assert told > HOUSEHOLDS * 0.9
    assert wrong < told * 0.06
    poor = engine.value("SELECT avg((income_per_head < 860000)::INTEGER) FROM expected")
    assert 0.005 < poor < 0.12


def sheets(path: Path) -> dict[int, list[list[Any]]]:
    """Cells of a file by sheet number, rows as Excel counts them."""
    if path.suffix == ".xlsx":
        book = python_calamine.load_workbook(str(path))
        found = [book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names]
        return dict(enumerate(found, 1))
    if path.suffix == ".csv":
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "gb18030")
        return {1: list(csv.reader(text.splitlines()))}
    with open_engine() as opened:
        opened.view_parquet("file", path)
        return {1: [opened.result_columns("SELECT * FROM file"), *map(list, opened.rows("SELECT * FROM file"))]}


def test_every_file_holds_the_rows_that_the_truth_names(county: Path, engine: Engine) -> None:
    about = json.loads((county / "truth" / "about.json").read_text(encoding="utf-8"))
    numbers = dict(engine.rows("SELECT person_id, id_no FROM persons"))
    handed = {feed.layout: feed for feed in feeds()}
    assert set(about["feeds"]) == set(handed) and len(handed) == 20
    for layout, told in about["feeds"].items():
        cells = sheets(county / told["file"])
        links = engine.records(f"SELECT * FROM links WHERE layout = '{layout}'")
        assert len(links) == told["rows"]
        feed = handed[layout]
        head = {n: next(i for i, row in enumerate(rows) if feed.headers[0] in row) for n, rows in cells.items()}
        below = [row for n, rows in cells.items() for row in rows[head[n] + 1 :]]
        filled = sum(any(cell not in ("", None) for cell in row) for row in below)
        totals = sum("合计" in row for row in below)
        assert filled - totals == told["rows"], layout
        for link in links:
            rows = cells[link["sheet_no"]]
            row = dict(zip(rows[head[link["sheet_no"]]], rows[link["row_no"] - 1], strict=False))
            if "id_no" in feed.identity and link["person_id"] and not link["dirt"]:
                assert row[feed.identity["id_no"]] == numbers[link["person_id"]]


def test_departments_know_people_whom_the_register_does_not(engine: Engine) -> None:
    share = engine.value("SELECT avg((NOT registered)::INTEGER) FROM links WHERE layout = 'insurance_roll'")
    assert 0.03 < share < 0.1
    nothing(engine, "SELECT * FROM links WHERE registered <> (person_id IS NOT NULL) AND layout <> 'national_villages'")


def test_dirt_comes_at_about_the_declared_rates(engine: Engine) -> None:
    declared = yaml.safe_load((ROOM / "dirt.yaml").read_text(encoding="utf-8"))
    rows = engine.value("SELECT count(*) FROM links WHERE layout IN ('insurance_roll', 'medical_bills', 'employment')")
    for kind in ("no_id", "spaced", "zeroed", "masked"):
        found = engine.value(f"""
            SELECT count(*) FROM links WHERE layout IN ('insurance_roll', 'medical_bills', 'employment')
            AND list_contains(string_split(dirt, ','), '{kind}')
        """)
        rate = declared["id"][kind]["rate"]
        assert abs(found - rows * rate) < 5 * (rows * rate) ** 0.5, kind
    named = {
        row[0] for row in engine.rows("SELECT DISTINCT unnest(string_split(dirt, ',')) FROM links WHERE dirt <> ''")
    }
    known = {kind for group in declared.values() if isinstance(group, dict) for kind in group}
    assert named <= known and len(named) > 20


def test_shocks_leave_their_traces(county: Path, engine: Engine) -> None:
    """Deaths stand in the police's file; whoever fell ill this year has a bill."""
    deaths = "SELECT person_id FROM shocks WHERE kind = 'death' AND person_id IN (SELECT person_id FROM persons)"
    nothing(engine, f"{deaths} EXCEPT SELECT person_id FROM links WHERE layout = 'vital_events'")
    ill = """
        SELECT person_id FROM shocks SEMI JOIN persons USING (person_id)
        WHERE kind = 'illness' AND happened_on BETWEEN DATE '2024-12-01' AND DATE '2025-09-30'
    """
    nothing(engine, f"({ill} EXCEPT {deaths}) EXCEPT SELECT person_id FROM links WHERE layout = 'medical_bills'")
    assert engine.value("SELECT count(*) FROM shocks") > 50


def test_some_households_at_risk_are_watched_and_some_are_missed(engine: Engine) -> None:
    watched, missed = engine.rows(
        "SELECT count(*) FILTER (monitored), count(*) FILTER (risks <> '' AND NOT ever_monitored) FROM expected"
    )[0]
    assert watched > 0 and missed > 0
    assert engine.value("SELECT count(*) FROM monitorings WHERE removed") > 0


def area(outline: str) -> float:
    points = [tuple(map(float, point.split(","))) for point in outline.split()]
    turned = zip(points, [*points[1:], points[0]], strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in turned)) / 2


def test_villages_and_townships_tile_the_county(engine: Engine) -> None:
    sizes = {
        level: sum(
            area(row[0])
            for row in engine.rows(f"SELECT outline FROM regions WHERE level = '{level}' AND valid_to IS NULL")
        )
        for level in ("county", "township", "village")
    }
    assert sizes["township"] == pytest.approx(sizes["county"], rel=1e-6)
    assert sizes["village"] == pytest.approx(sizes["county"], rel=1e-6)


def content(folder: Path) -> dict[str, bytes]:
    """Everything in a data folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_seed_gives_the_same_county_and_another_seed_another(tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("two", 3), ("other", 4)):
        synthesise(tmp_path / name, 40, seed=seed, years=2, region="6230")
    one, two, other = (content(tmp_path / name) for name in ("one", "two", "other"))
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []
    assert one["persons.parquet"] != other["persons.parquet"]
    with open_engine() as opened:
        opened.view_parquet("persons", tmp_path / "one" / "persons.parquet")
        nothing(opened, "SELECT * FROM persons WHERE region_code NOT LIKE '623099%' OR id_no NOT LIKE '62309%'")


@pytest.mark.parametrize("arguments", [{"households": 0}, {"years": 0}, {"region": "62x"}, {"region": "629901"}])
def test_what_cannot_be_made_is_refused_with_a_reason(tmp_path: Path, arguments: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"不"):
        synthesise(tmp_path / "out", **{"households": 5, "seed": 1, **arguments})
    assert not (tmp_path / "out").exists()


def test_somebody_elses_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(UserError, match="别的内容"):
        synthesise(tmp_path, 5, seed=1)
    assert (tmp_path / "letters.txt").read_text(encoding="utf-8") == "dear"


def test_a_village_may_have_had_another_code_and_one_department_still_writes_it(county: Path, engine: Engine) -> None:
    ended = engine.rows("SELECT region_code, successor_code, valid_to FROM regions WHERE valid_to IS NOT NULL")
    assert ended
    for old, new, day in ended:
        assert engine.value(f"SELECT valid_from FROM regions WHERE region_code = '{new}'") == day
        nothing(engine, f"SELECT * FROM households WHERE region_code = '{old}'")
    old_codes = {old for old, _new, _day in ended}
    written = {row[0] for row in sheets(next(county.glob("feeds/water/*")))[1]}
    assert written & old_codes and not written & {new for _old, new, _day in ended}
    graded = {cell for row in sheets(next(county.glob("feeds/housing/*")))[1] for cell in row}
    assert not graded & old_codes
