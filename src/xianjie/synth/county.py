"""The invented county as a whole: `synthesise` makes a data folder, departments' files and the truth beside them."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xianjie.engines import Engine, open_engine
from xianjie.messages import UserError, say
from xianjie.synth import draws
from xianjie.synth.conditions import make_conditions
from xianjie.synth.events import make_shocks
from xianjie.synth.invention import invention
from xianjie.synth.livelihood import make_livelihood
from xianjie.synth.people import make_people
from xianjie.synth.places import county_code, load_villages, region_rows, villages
from xianjie.synth.register import write_entity, write_register
from xianjie.synth.sheets import feeds, make_faces, write_feed
from xianjie.synth.truth import write_truth

DAY = dt.date(2025, 10, 31)
REGION_COLUMNS = {
    "region_code": "VARCHAR", "name": "VARCHAR", "level": "VARCHAR", "parent_code": "VARCHAR", "valid_from": "DATE",
    "valid_to": "DATE", "successor_code": "VARCHAR", "outline": "VARCHAR",
}  # fmt: skip
MOST_HOUSEHOLDS = 20_000_000
WORK = ".synth-work"  # also tells a folder that a killed run left from somebody's own


def synthesise(
    out: Path,
    households: int,
    seed: int,
    years: int = 3,
    region: str = "62",
    progress: Callable[[str], None] | None = None,
    date: dt.date = DAY,
) -> dict[str, Any]:
    """Make an invented county in the folder `out`; gives what stands in `truth/about.json`.

    `years` is how far back incomes and shocks go, `region` the jurisdiction (two or four digits) whose policy the
    county falls under, `date` the day as of which everything stands. The same arguments give the same content.
    Raises `UserError` for a number out of range, an unknown region, or a folder that holds something else.
    """
    tell = progress or (lambda text: None)
    _check(out, households, years)
    county = county_code(region)
    work = out / WORK
    work.mkdir(parents=True)
    try:
        with open_engine(memory_limit="3GB", temp_folder=work) as engine:
            about = _make(engine, out, work, households, seed, years, region, county, date, tell)
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)
        raise
    shutil.rmtree(work)
    _write_json(out / "truth" / "about.json", about)
    # Whoever reads the data must know that nobody in them exists; the truth folder is not theirs to read.
    _write_json(out / "about.json", {"invented": True})
    return about


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _check(out: Path, households: int, years: int) -> None:
    if not 1 <= households <= MOST_HOUSEHOLDS:
        raise UserError("synth.households", households=households, most=MOST_HOUSEHOLDS)
    if not 1 <= years <= 10:
        raise UserError("synth.years", years=years)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        if not (out / "truth" / "about.json").is_file() and not (out / WORK).is_dir():
            raise UserError("synth.out_not_empty", out=out)
        shutil.rmtree(out)


def _make(
    engine: Engine,
    out: Path,
    work: Path,
    households: int,
    seed: int,
    years: int,
    region: str,
    county: str,
    day: dt.date,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    tell(say("synth.people", households=households))
    draws.define(engine, seed)
    places = villages(county, households, seed)
    load_villages(engine, places)
    make_people(engine, county, households, invention("dirt")["unregistered"], day)
    tell(say("synth.events", years=years))
    make_shocks(engine, years, day)
    make_livelihood(engine, years, day)
    make_conditions(engine, day)
    tell(say("synth.register"))
    engine.create_table("tree", REGION_COLUMNS, region_rows(region, county, places))
    tables = {
        "region": write_entity(engine, out, "region", "SELECT * FROM tree", "region_code"),
        **write_register(engine, out, day),
    }
    for table in ("households", "persons", "monitorings", "villages"):
        engine.view_parquet(f"register_{table}", out / f"{table}.parquet")
    make_faces(engine, work)
    handed = {}
    for feed in feeds():
        tell(say("synth.feed", layout=feed.layout))
        handed[feed.layout] = write_feed(engine, feed, out, work, day)
    tell(say("synth.truth"))
    counts = write_truth(engine, out, work, day)
    return {
        "seed": seed, "households": households, "years": years, "region": region, "county": county,
        "date": day.isoformat(), "tables": tables, "feeds": handed, "truth": counts,
    }  # fmt: skip
