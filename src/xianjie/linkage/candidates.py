"""Which persons a row is compared with: `link_pair` (rn, pid), brought up by the keys of rules.yaml."""

from __future__ import annotations

from xianjie.engines import Engine
from xianjie.linkage.rulebook import Key, RuleBook


def bring_up(engine: Engine, book: RuleBook) -> None:
    """Make `link_pair` (rn, pid, distance), `link_owner` (who has the number), `link_crowded` (namesakes unseen)."""
    _bring_up_owners(engine)
    for key in book.keys:
        _bring_up_by(engine, key, book.settings.keyed_persons)
    engine.run("""
        CREATE OR REPLACE TEMP TABLE link_pair AS
        SELECT rn, pid, CASE WHEN f.whole THEN levenshtein(f.id, p.id) END AS distance
        FROM (SELECT DISTINCT rn, pid FROM link_found) JOIN link_row f USING (rn) JOIN link_person p USING (pid);
        CREATE OR REPLACE TEMP TABLE link_crowded AS SELECT DISTINCT rn FROM link_crowding""")


def _bring_up_owners(engine: Engine) -> None:
    """Who has the row's number, and where that is somebody of another name, everybody in the household."""
    engine.run("""
        CREATE OR REPLACE TEMP TABLE link_found AS
        SELECT rn, pid FROM link_row f JOIN link_person p ON f.id18 = p.id;
        CREATE OR REPLACE TEMP TABLE link_owner AS
        SELECT rn, pid, p.household_id, coalesce(f.name = p.name, FALSE) AS named
        FROM link_found JOIN link_row f USING (rn) JOIN link_person p USING (pid);
        CREATE OR REPLACE TEMP TABLE link_open AS
        SELECT * FROM link_row WHERE rn NOT IN (SELECT rn FROM link_owner WHERE named);
        INSERT INTO link_found
        SELECT o.rn, p.pid FROM link_owner o JOIN link_open USING (rn) JOIN link_person p USING (household_id);
        CREATE OR REPLACE TEMP TABLE link_crowding (rn BIGINT)""")


def _bring_up_by(engine: Engine, key: Key, most: int) -> None:
    """Rows and persons that share a key; a key of more than `most` persons brings up nobody."""
    engine.run(f"""
        CREATE OR REPLACE TEMP TABLE link_wanted AS
        SELECT rn, hash({key.row}) AS k FROM link_open f WHERE ({key.when}) AND {key.row} IS NOT NULL""")
    if not engine.value("SELECT count(*) FROM link_wanted"):
        return
    engine.run(f"""
        CREATE OR REPLACE TEMP TABLE link_keyed AS
        SELECT pid, hash({key.person}) AS k FROM link_person p
        WHERE {key.person} IS NOT NULL AND hash({key.person}) IN (SELECT k FROM link_wanted);
        CREATE OR REPLACE TEMP TABLE link_shared AS SELECT k FROM link_keyed GROUP BY k HAVING count(*) > {most}""")
    pairs = "SELECT rn, pid FROM link_wanted JOIN link_keyed USING (k) ANTI JOIN link_shared USING (k)"
    if key.check != "TRUE":
        both = f"({pairs}) JOIN link_open f USING (rn) JOIN link_person p USING (pid)"
        pairs = f"SELECT rn, pid FROM {both} WHERE {key.check}"
    engine.run(f"INSERT INTO link_found {pairs}")
    if key.guard:
        engine.run("INSERT INTO link_crowding SELECT rn FROM link_wanted WHERE k IN (SELECT k FROM link_shared)")
