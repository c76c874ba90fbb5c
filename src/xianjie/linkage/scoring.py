"""What each candidate's agreements and disagreements weigh together: chances against rivals and against nobody.

An additive model of declared shares (`scores.yaml`): every line is a weight of evidence, a name weighs by how many
bear it, and a person's chance is taken against all rivals of the row and against the row being about nobody registered.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from xianjie.engines import Engine, quote
from xianjie.linkage.rulebook import RuleBook
from xianjie.messages import UserError

FILE = Path(__file__).with_name("scores.yaml")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Shares(_Part):
    """How often something is seen: among right pairs, between others, and among all rows of somebody else."""

    right: float
    other: float | str = 0
    near: float = 0

    def weight(self, right: float | None = None) -> str:
        """SQL: ln of how much likelier this is of the right person; `persons` is the number of registered."""
        return f"ln({self.right if right is None else right} / (({self.other}) + {self.near} / persons))"


class NumberShares(Shares):
    """Of a relation of numbers; `right_valid` where row and person have valid numbers."""

    right_valid: float | None = None


class NameShares(_Part):
    """Of a relation of names; `bearers` names stand in it to one name."""

    right: float
    bearers: float = 0
    other: float | None = None


class Kin(Shares):
    """Of a number that is a relative's."""

    zh: str


class Line(Shares):
    """One line of evidence, held against the person when it weighs below nothing."""

    id: str
    when: str
    zh: str
    told: bool = False


class Use(_Part):
    """What the links are used for: what a wrong one costs, counted in missed ones."""

    wrong: float

    @property
    def bar(self) -> float:
        """The chance from which deciding costs less than leaving the row to a clerk."""
        return self.wrong / (self.wrong + 1)


class Veto(_Part):
    """Below which chances a rule's choice goes to a clerk: of rules marked `alone`, and of rules from `level` on."""

    alone: float
    level: int
    chance: float


class ScoreBook(_Part):
    """All of `scores.yaml`."""

    registered: float
    uses: dict[str, Use]
    vetoed: Veto
    listed: float
    name_pool: float
    clan: float
    numbers: dict[str, NumberShares]
    kin: Kin
    names: dict[str, NameShares]
    evidence: list[Line]
    telling: list[str]
    barred: dict[str, str]
    decided: str
    namesakes: str
    but: str

    def use(self, name: str) -> Use:
        """The use of this name. Raises `UserError` for one that is not declared."""
        if name not in self.uses:
            raise UserError("linkage.unknown_use", use=name, uses="、".join(self.uses))
        return self.uses[name]


@cache
def scorebook() -> ScoreBook:
    """The shares as shipped. Raises `ValueError` when `scores.yaml` does not have the declared shape."""
    return ScoreBook.model_validate(yaml.load(FILE.read_text(encoding="utf-8"), yaml.CSafeLoader))


def score(engine: Engine) -> None:
    """Make `link_score` (rn, person_id, chance, barred) of every person that `link_feature` has for a row."""
    scores = scorebook()
    persons, villages, same_region = engine.rows("""
        SELECT greatest(count(DISTINCT person_id), 1)::DOUBLE,
            greatest(count(DISTINCT coalesce(region_code, concat_ws('|', town, village))), 1)::DOUBLE,
            (SELECT coalesce(sum(n * n) / sum(n) ** 2, 1) FROM (
                SELECT count(*) AS n FROM link_person WHERE id IS NOT NULL GROUP BY left(id, 6)))::DOUBLE
        FROM link_person""")[0]
    nobody = (1 - scores.registered) / scores.registered
    tells = ", ".join(map(quote, scores.telling))
    barred = " OR ".join(f"coalesce({condition}, FALSE)" for condition in scores.barred.values())
    engine.run(f"""
        CREATE OR REPLACE TEMP TABLE link_score AS
        WITH counted AS (
            SELECT *, {persons} AS persons, {villages} AS villages, {same_region!r} AS same_region,
                number_kind IN ({tells}) OR (kind = 'mask' AND number = 'close' AND length(shown_first) >= 14) AS told
            FROM link_feature),
        weighed AS (
            SELECT *, {_number(scores)} AS number_weight, {_name(scores)} AS name_weight, {_evidence(scores)} AS rest
            FROM counted),
        summed AS (SELECT *, number_weight + name_weight + rest AS weight FROM weighed),
        one AS (
            SELECT * FROM summed
            QUALIFY row_number() OVER (PARTITION BY rn, person_id ORDER BY weight DESC, pid) = 1),
        together AS (SELECT rn, sum(exp(weight) ORDER BY weight) AS odds FROM one GROUP BY rn)
        SELECT rn, person_id, exp(weight) / ({persons + scores.name_pool} * {nobody} + odds) AS chance,
            {barred} AS barred
        FROM one JOIN together USING (rn)""")


def _number(scores: ScoreBook) -> str:
    """SQL: the weight of how the numbers relate; nothing where either side has none."""
    valid = " ".join(
        f"WHEN {quote(kind)} THEN {shares.weight(shares.right_valid)}"
        for kind, shares in scores.numbers.items()
        if shares.right_valid
    )
    damaged = " ".join(f"WHEN {quote(kind)} THEN {shares.weight()}" for kind, shares in scores.numbers.items())
    return f"""CASE WHEN kin THEN {scores.kin.weight()}
        WHEN kind IN ('none', 'junk') OR NOT p_any_number THEN 0
        WHEN kind = 'valid' AND p_numbered THEN CASE number_kind {valid} ELSE 0 END
        ELSE CASE number_kind {damaged} ELSE 0 END END"""


def _name(scores: ScoreBook) -> str:
    """SQL: the weight of how the names relate, by how many bear the person's name."""
    cases = []
    for kind, shares in scores.names.items():
        frequent = f"{shares.bearers} * (own_namesakes + 1) / (persons + {scores.name_pool})"
        other = f"least(1, {frequent} * CASE WHEN village THEN {scores.clan} ELSE 1 END)"
        other = other if shares.other is None else str(shares.other)
        cases.append(f"WHEN {quote(kind)} THEN ln({shares.right} / ({other}))")
    return f"CASE name {' '.join(cases)} ELSE 0 END"


def _evidence(scores: ScoreBook) -> str:
    """SQL: the weights of all lines of evidence that hold."""
    return " + ".join(
        f"CASE WHEN {line.when}{' AND NOT told' if line.told else ''} THEN {line.weight()} ELSE 0 END"
        for line in scores.evidence
    )


def told(book: RuleBook, scores: ScoreBook, favour: bool) -> str:
    """SQL: what speaks for (or against) a candidate, field by field, in a clerk's words."""
    number = " ".join(f"WHEN {quote(one.id)} THEN {quote(one.zh)}" for one in book.numbers if one.zh)
    names = " ".join(f"WHEN {quote(kind)} THEN {quote(relation.zh)}" for kind, relation in book.names.items())
    count = f"replace({quote(scores.namesakes)}, '{{count}}', own_namesakes::VARCHAR)"
    lines = ", ".join(
        f"CASE WHEN {line.when} THEN {quote(line.zh)} END"
        for line in scores.evidence
        if (line.id.endswith("_apart")) != favour
    )
    if favour:
        first = f"""CASE WHEN kin THEN {quote(scores.kin.zh)} ELSE CASE number_kind {number} END END,
            CASE WHEN name = 'equal' THEN '姓名一致' WHEN likeness > 0 THEN CASE name {names} END END || {count}"""
    else:
        first = """CASE WHEN p_any_number AND number = 'other' AND kind NOT IN ('none', 'junk') THEN '身份证号不同' END,
            CASE WHEN likeness = 0 THEN '姓名不同' END"""
    return f"concat_ws('、', {first}, {lines})"
