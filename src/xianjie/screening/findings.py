"""Findings: what the rules say of a household, in words, with score, evidence and clause.

Which rules make a finding, how it reads and what it weighs stands in the policy's `findings.yaml` files;
this module turns results into rows. It knows no risk by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

from xianjie.engines import Engine, quote, quote_name
from xianjie.messages import UserError

GROUPS = {
    "income": "收入",
    "spending": "支出",
    "shock": "突发变故",
    "guarantee": "两不愁三保障与饮水",
    "tracking": "监测跟踪",
    "assistance": "社会救助",
    "cause": "致贫返贫原因",
    "evidence": "需要说明的情况",
}
# A household is "with risk" when one of these groups says so; causes and evidence only accompany.
RISK_GROUPS = ("income", "spending", "shock", "guarantee")
# What assistance a household may be missing says nothing of its risk: it does not count in the household's score.
UNSCORED = ("assistance",)
UNTOLD = ("cause", "evidence", "assistance")  # not among the reasons of the household's risk

FACTS = ("nth", "finding", "grp", "score", "causes", "departments", "cite")

_PLACE = re.compile(r"\{(\w+)\}")


class Score(BaseModel):
    """What a finding weighs in the household's score, with where the number comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    value: int
    source: str
    trust: str


class Finding(BaseModel):
    """A kind of finding 风险发现, as the policy declares it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    rule: str
    zh: str
    en: str
    group: Literal["income", "spending", "shock", "guarantee", "tracking", "assistance", "cause", "evidence"]
    causes: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    score: Score
    evidence: tuple[str, ...] = ()
    text: str
    cite: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    note: str = ""

    @property
    def places(self) -> list[str]:
        """The results that the sentence has places for."""
        return _PLACE.findall(self.text)


def load_findings(folders: Iterable[Path]) -> dict[str, Finding]:
    """All findings of the policy folders; a later folder's finding of the same name replaces an earlier one.

    Raises `UserError` naming the file when one is not of its shape.
    """
    findings: dict[str, Finding] = {}
    for folder in folders:
        for path in sorted(folder.rglob("findings.yaml")):
            try:
                content = yaml.load(path.read_bytes(), yaml.CSafeLoader)["findings"]
                findings |= {name: Finding(name=name, **facts) for name, facts in content.items()}
            except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
                raise UserError("screening.bad_findings_file", file=path, error=error) from error
    return findings


def shown(column: str, unit: str) -> str:
    """SQL text of a value as people read it: money in yuan, shares in percent, yes and no in words."""
    name = quote_name(column)
    if unit.startswith("fen"):
        return f"coalesce(format('{{:,.2f}}元', {name} / 100.0), '未知')"
    if unit.startswith("ratio"):
        return f"coalesce(format('{{:.1f}}%', {name} * 100.0), '未知')"
    if unit == "bool":
        return f"CASE WHEN {name} IS NULL THEN '未知' WHEN {name} THEN '是' ELSE '否' END"
    return f"coalesce(CAST({name} AS VARCHAR), '未知')"


def _sentence(finding: Finding, units: Mapping[str, str]) -> str:
    pieces = []
    position = 0
    for place in _PLACE.finditer(finding.text):
        pieces += [quote(finding.text[position : place.start()]), shown(place.group(1), units[place.group(1)])]
        position = place.end()
    pieces.append(quote(finding.text[position:]))
    return " || ".join(piece for piece in pieces if piece != "''") or "''"


def _evidence(finding: Finding) -> str:
    if not finding.evidence:
        return "'{}'"
    pairs = ", ".join(f"{quote(name)}, {quote_name(name)}" for name in finding.evidence)
    return f"CAST(json_object({pairs}) AS VARCHAR)"


def make_findings(
    engine: Engine,
    findings: Sequence[Finding],
    units: Mapping[str, str],
    clauses: Mapping[str, str],
    out: Path,
) -> int:
    """Write `findings.parquet`: a row per household and finding that holds. Gives the number of rows.

    Needs the relation `results` (household_id, region_code, rules' values). `units`: name → unit; `clauses`:
    finding → its clauses in words. The results are read once, however many kinds of finding there are.
    """
    engine.create_table(
        "finding_facts",
        {name: "BIGINT" if name in ("nth", "score") else "VARCHAR" for name in FACTS},
        [
            (nth, one.name, one.group, one.score.value, ";".join(one.causes), ";".join(one.departments),
             clauses[one.name])
            for nth, one in enumerate(findings)
        ],
    )  # fmt: skip
    holding = ", ".join(f"CASE WHEN {quote_name(one.rule)} THEN {nth} END" for nth, one in enumerate(findings))
    # Sentences are made for what holds alone: a list of them for every household would cost twice as much.
    texts = _each(findings, lambda one: _sentence(one, units))
    evidence = _each(findings, _evidence)
    return engine.write_parquet(
        f"""SELECT household_id, region_code, d.finding, d.grp, d.score, f.text, f.evidence, d.causes, d.departments,
                   d.cite
            FROM (SELECT household_id, region_code, nth, {texts} AS text, {evidence} AS evidence
                  FROM (SELECT *, unnest(list_filter([{holding}], one -> one IS NOT NULL)) AS nth FROM results)) f
            JOIN finding_facts d USING (nth)
            ORDER BY region_code, household_id, d.finding""",
        out,
    )


def _each(findings: Sequence[Finding], told: Callable[[Finding], str]) -> str:
    """SQL of what is told of the finding with the number `nth`."""
    cases = " ".join(f"WHEN {nth} THEN {told(one)}" for nth, one in enumerate(findings))
    return f"CASE nth {cases} END" if cases else "NULL"


def compare_with(engine: Engine, previous: Path | None, out: Path) -> dict[str, dict[str, int]]:
    """Tell new findings from those still there, and those gone since the run in `previous`.

    Writes `changes.parquet` (household_id, finding, change: new | still | gone) into `out`; gives the
    counts by finding. Needs the view `findings`. Without a previous run every finding is new.
    """
    before = (
        f"read_parquet({quote(str(previous))})" if previous else "(SELECT '' AS household_id, '' AS finding LIMIT 0)"
    )
    engine.write_parquet(
        f"""SELECT household_id, finding,
                   CASE WHEN b.old IS NULL THEN 'new' WHEN n.current IS NULL THEN 'gone' ELSE 'still' END AS change
            FROM (SELECT household_id, finding, true AS current FROM findings) n
            FULL JOIN (SELECT household_id, finding, true AS old FROM {before}) b USING (household_id, finding)
            ORDER BY household_id, finding""",
        out / "changes.parquet",
    )
    engine.view_parquet("changes", out / "changes.parquet")
    counts: dict[str, dict[str, int]] = {}
    for finding, change, number in engine.rows("SELECT finding, change, count(*) FROM changes GROUP BY ALL"):
        counts.setdefault(finding, {"new": 0, "still": 0, "gone": 0})[change] = number
    return counts


def household_list(engine: Engine, kind: str, monitored: str, out: Path) -> int:
    """Write `households.parquet`: every household with its score, number of findings, reasons, kind due.

    `kind` and `monitored` are columns of `results`. Needs the views `findings` and `results`.
    """
    risks, unscored, untold = (", ".join(map(quote, groups)) for groups in (RISK_GROUPS, UNSCORED, UNTOLD))
    return engine.write_parquet(
        f"""SELECT r.household_id, r.region_code, h.head_name, r.{quote_name(kind)} AS kind_due,
                   r.{quote_name(monitored)} AS monitored,
                   coalesce(f.score, 0) AS score, coalesce(f.findings, 0) AS findings,
                   coalesce(f.risks, 0) AS risks, f.reasons
            FROM results r
            LEFT JOIN households h USING (household_id)
            LEFT JOIN (
                SELECT household_id, CAST(sum(score) FILTER (grp NOT IN ({unscored})) AS BIGINT) AS score,
                       count(*) AS findings,
                       count(*) FILTER (grp IN ({risks})) AS risks,
                       string_agg(text, '；' ORDER BY score DESC, finding)
                           FILTER (grp NOT IN ({untold})) AS reasons
                FROM findings GROUP BY household_id) f USING (household_id)
            ORDER BY r.region_code, r.household_id""",
        out,
    )


def unknown_counts(engine: Engine, findings: Sequence[Finding]) -> dict[str, int]:
    """How many households each finding cannot be told of, for want of data or of a number."""
    columns = ", ".join(
        f"count(*) FILTER ({quote_name(finding.rule)} IS NULL) AS {quote_name(finding.name)}" for finding in findings
    )
    row: dict[str, Any] = engine.records(f"SELECT {columns} FROM results")[0]
    return {name: int(value) for name, value in row.items()}
