"""What is true of the invented county: never read by a screening, only by whoever judges one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from xianjie.engines import Engine, parquet_list
from xianjie.synth.register import HOUSEHOLD_ID, PERSON_ID
from xianjie.synth.sheets import feeds

RISKS = (
    "illness", "schooling", "disability", "disaster", "accident", "industry", "job", "labour", "housing", "water",
    "dropout", "uninsured",
)  # fmt: skip


def write_truth(engine: Engine, out: Path, work: Path, day: dt.date) -> dict[str, int]:
    """Write links, shocks and expected; gives their rows."""
    links = [work / "links" / f"{feed.layout}.parquet" for feed in feeds()]
    folder = out / "truth"
    risks = ", ".join(f"coalesce(bool_or(risk = '{risk}'), false) AS {risk}" for risk in RISKS)
    return {
        "links": engine.write_parquet(
            f"SELECT * FROM read_parquet({parquet_list(links)}) ORDER BY file, sheet_no, row_no",
            folder / "links.parquet",
        ),
        "shocks": engine.write_parquet(
            f"""SELECT {HOUSEHOLD_ID.format("hid")} AS household_id, {PERSON_ID.format("pid")} AS person_id, kind,
                happened AS happened_on, loss * 100 AS loss_fen
                FROM shocks JOIN homes USING (hid) WHERE registered ORDER BY hid, kind, pid, happened""",
            folder / "shocks.parquet",
        ),
        "expected": engine.write_parquet(
            f"""WITH had AS (SELECT hid, {risks}, string_agg(risk, ',' ORDER BY risk) AS risks FROM risks GROUP BY hid)
                SELECT {HOUSEHOLD_ID.format("s.hid")} AS household_id, size AS members, living,
                    head_fen AS income_per_head, head_before AS income_per_head_before,
                       NOT coalesce(housing, false) AS house_safe, NOT coalesce(water, false) AS water_safe,
                           NOT coalesce(dropout, false) AS all_in_school,
                       NOT coalesce(uninsured, false) AS all_insured, coalesce(had.risks, '') AS risks,
                           w.hid IS NOT NULL AND NOT w.removed AS monitored, w.hid IS NOT NULL AS ever_monitored
                FROM stand s LEFT JOIN had USING (hid) LEFT JOIN watched w ON w.hid = s.hid
                    WHERE s.registered ORDER BY s.hid""",
            folder / "expected.parquet",
        ),
    }
