"""Facts about a population, ready as views on an engine: from a data folder, or from a run that has them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from xianjie.dictionary import dictionary
from xianjie.engines import Engine, open_engine
from xianjie.messages import UserError, say
from xianjie.screening.conflicts import Conflicts
from xianjie.screening.decisions import count_decisions, open_decisions
from xianjie.screening.inputs import Inputs, survey
from xianjie.screening.intake import Intake, read_feeds, read_register
from xianjie.screening.linking import link_feeds
from xianjie.screening.merging import merge_entities, set_old_rolls_aside
from xianjie.screening.run_folder import Progress, read_json

Step = Callable[[str, Callable[[], dict[str, Any]]], dict[str, Any]]


@dataclass(frozen=True)
class Facts:
    """An engine with a view per entity, the as-of day, and the columns that the data really had."""

    engine: Engine
    day: date
    present: dict[str, list[str]]
    region: str


def view_folder(engine: Engine, folder: Path, prefix: str = "") -> None:
    """A view for every Parquet file of a folder, by its name."""
    for path in sorted(folder.glob("*.parquet")):
        engine.view_parquet(prefix + path.stem, path)


def gather(engine: Engine, inputs: Inputs, work: Path, out: Path, step: Step) -> Intake:
    """Read, match and merge: every entity's rows as a view. `out`: where links and
    the files given back go.

    Raises `UserError` when there are no persons or no households.
    """
    intake = Intake(inputs, work)
    intake.register = step("register", lambda: read_register(inputs, work, out / "giveback"))
    for table in ("households", "persons"):
        if table not in intake.register["tables"]:
            raise UserError("screening.no_register", table=table, why="；".join(intake.register["problems"]))
    for table, path in intake.register_files.items():
        engine.view_parquet(f"register_{table}", path)
    intake.feeds = step("feeds", lambda: read_feeds(inputs, work, out / "giveback"))

    def link() -> dict[str, Any]:
        for table, path in inputs.decisions.items():
            open_decisions(engine, table, path)
        tiers = link_feeds(engine, intake.files, inputs.day, out, "decisions" in inputs.decisions)
        conflicts = Conflicts(engine, "settlements" in inputs.decisions)
        rows = merge_entities(engine, intake.files, intake.register_files, work / "entities", conflicts)
        old_rolls = set_old_rolls_aside(engine, rows, inputs.day, work / "entities")
        counties = engine.rows("""
            SELECT substr(region_code, 1, 6) AS county FROM register_households
            GROUP BY county ORDER BY count(*) DESC, county LIMIT 1""")
        return {
            "tiers": tiers,
            "rows": rows,
            "old_rolls": old_rolls,
            "region": counties[0][0] if counties else "",
            "decisions": count_decisions(engine) if "decisions" in inputs.decisions else {},
            "conflicts": conflicts.write(out / "conflicts.parquet"),
        }

    intake.links = step("link", link)
    view_folder(engine, work / "entities")
    return intake


def _refuse_thinned(run: Path, tables: Iterable[str]) -> None:
    """Raise `UserError` with what is missing when a run's working files have been thrown away, all or some."""
    gone = [table for table in sorted(tables) if not (run / "work" / "entities" / f"{table}.parquet").is_file()]
    if gone:
        entities = [dictionary().by_table(table) for table in gone]
        labels = [entity.zh if entity else table for entity, table in zip(entities, gone, strict=True)]
        raise UserError("screening.run_thinned", run=run, number=len(gone), tables="、".join(labels))


@contextmanager
def open_facts(data: Path, day: date | None, progress: Progress, memory: str = "3GB") -> Iterator[Facts]:
    """Facts of a data folder, made in a temporary place, or of a finished run, taken as they stand there.

    Raises `UserError` when the run is not finished, or when its working files are gone, naming the missing tables.
    """
    with tempfile.TemporaryDirectory(prefix="xianjie-") as place:
        folder = Path(place)
        with open_engine(memory_limit=memory, temp_folder=folder) as engine:
            if (data / "manifest.json").exists():
                if not (data / "counts.json").exists():
                    raise UserError("screening.no_run", run=data)
                known = read_json(data / "facts.json")
                _refuse_thinned(data, known["present"])
                view_folder(engine, data / "work" / "entities")
                yield Facts(engine, day or date.fromisoformat(known["date"]), known["present"], known["region"])
                return
            inputs = survey(data, None, day)

            def step(name: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
                progress(say(f"screening.step.{name}"))
                return work()

            intake = gather(engine, inputs, folder / "work", folder, step)
            yield Facts(engine, inputs.day, intake.present_columns(engine), intake.region)
