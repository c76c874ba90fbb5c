"""Parsing and aligning measured on marked documents, with a plain peer beside each, and the time it takes.

python benchmarks/documents.py [--report benchmarks/documents.md]

Invented documents with their answers lie in tests/documents (own: used while writing; heldout: looked at afterwards).
With XIANJIE_SEEDS (a folder with the five real documents that tests/documents/seeds.yaml answers) they are added.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

TESTS = Path(__file__).parents[1] / "tests" / "documents"
sys.path.insert(0, str(TESTS))

from documents_marked import (  # noqa: E402
    CHANGES,
    Marked,
    clause_hits,
    norm,
    own_documents,
    random_breaks,
    same_deadline,
    target_hits,
    unchanged,
    unit_hits,
    without_breaks,
)  # fmt: skip

from xianjie.documents import Document, align, parse_text  # noqa: E402

ANSWERS = yaml.safe_load((TESTS / "seeds.yaml").read_text(encoding="utf-8"))
LINE_MARK = re.compile(
    r"^\s*(?:([一二三四五六七八九十]+)、|[（(]([一二三四五六七八九十]+)[)）]|(\d+)[.．、])", re.MULTILINE
)


def share(part: float, whole: float) -> str:
    return f"{part / whole:.3f}" if whole else "–"


def f1(right: int, found: int, gold: int) -> str:
    return share(2 * right, found + gold)


def peer_ids(text: str) -> list[str]:
    """The peer: a number at the beginning of a line is a heading."""
    ids, part, clause = [], "", ""
    for found in LINE_MARK.finditer(text):
        if found.group(1):
            part, clause = f"p{_ordinal(found.group(1))}", ""
            ids.append(part)
        elif found.group(2):
            clause = ".".join(filter(None, [part, f"c{_ordinal(found.group(2))}"]))
            ids.append(clause)
        else:
            ids.append(".".join(filter(None, [clause or part, f"i{found.group(3)}"])))
    return ids


def _ordinal(text: str) -> int:
    from xianjie.documents.numerals import ordinal

    return ordinal(text) or 0


def parsing_row(name: str, documents: list[Marked], change: Callable[..., Any]) -> list[str]:
    clauses, units, targets, peer = [0, 0, 0], [0, 0, 0, 0], Counter[str](), [0, 0, 0]
    for document in documents:
        text, at = change(document.text, 1)
        parsed = parse_text(text)
        for k, value in enumerate(clause_hits(document, parsed, at)):
            clauses[k] += value
        right, roles, found, gold, _ = unit_hits(document, parsed)
        units = [a + b for a, b in zip(units, (right, roles, found, gold), strict=True)]
        targets.update({k: v for k, v in target_hits(document, parsed, at).items() if isinstance(v, int)})
        wanted, given = Counter(i for i, *_ in document.clauses), Counter(peer_ids(text))
        peer = [
            a + b for a, b in zip(peer, (sum((wanted & given).values()), given.total(), wanted.total()), strict=True)
        ]
    return [
        name, change.__name__, f1(clauses[0], clauses[1], clauses[2]), f1(peer[0], peer[1], peer[2]),
        share(targets["right"], targets["found"]), share(targets["right"], targets["gold"]),
        share(targets["operator"], targets["right"]), share(targets["unit"], targets["right"]),
        share(targets["deadline"], targets["right"]), f1(units[0], units[2], units[3]), share(units[1], units[0]),
        f"{clauses[2]} / {targets['gold']} / {units[3]}",
    ]  # fmt: skip


def seeds_rows(folder: Path) -> list[list[str]]:
    """The real documents: clauses by id, first and last characters; targets; the units of the one that lists them."""
    rows = []
    for change in (unchanged, without_breaks, random_breaks):
        clauses, peer, targets, units = [0, 0, 0], [0, 0, 0], Counter[str](), [0, 0, 0]
        for name, expected in ANSWERS["clauses"].items():
            text, _ = change((folder / f"{name}.txt").read_text(encoding="utf-8"), 1)
            document = parse_text(text)
            given = {(c.id, re.sub(r"\s", "", c.text)[:8], re.sub(r"\s", "", c.text)[-6:]) for c in document.clauses}
            wanted = {tuple(map(str, e)) for e in expected}
            clauses = [a + b for a, b in zip(clauses, (len(given & wanted), len(given), len(wanted)), strict=True)]
            ids, plain = Counter(i for i, *_ in wanted), Counter(peer_ids(text))
            peer = [a + b for a, b in zip(peer, (sum((ids & plain).values()), plain.total(), ids.total()), strict=True)]
            _seed_targets(document, ANSWERS["targets"][name], targets)
            if name in ANSWERS["canonical"]:
                units = _seed_units(document, ANSWERS["canonical"][name])
        rows.append([
            "real (5)", change.__name__, f1(clauses[0], clauses[1], clauses[2]), f1(peer[0], peer[1], peer[2]),
            share(targets["right"], targets["found"]), share(targets["right"], targets["gold"]),
            share(targets["operator"], targets["right"]), share(targets["unit"], targets["right"]),
            share(targets["deadline"], targets["right"]), f1(units[0], units[1], units[2]), "–",
            f"{clauses[2]} / {targets['gold']} / {units[2]}",
        ])  # fmt: skip
    return rows


def _seed_targets(document: Document, expected: list[list[Any]], counts: Counter[str]) -> None:
    found = [t for t in document.targets if t.tier == "explicit"]
    counts["found"] += len(found)
    counts["gold"] += len(expected)
    for clause, _, operator, value, unit, deadline in expected:
        match = next((t for t in found if t.clause_id == clause and norm(t.value) == norm(value)), None)
        if match:
            found.remove(match)
            counts["right"] += 1
            counts["operator"] += match.operator == operator
            counts["unit"] += match.unit == unit
            counts["deadline"] += same_deadline(match.deadline, deadline)


def _seed_units(document: Document, other: dict[str, str]) -> list[int]:
    counts = [0, 0, 0]
    for clause in document.clauses:
        listed = re.search(r"\(责任单位:([^()]*)\)$", re.sub(r"\s", "", clause.text))
        names = re.sub("县市党委、?政府$", "", listed.group(1)).strip(",") if listed else ""
        wanted = {other.get(n, n) for n in re.split("[、,]", names) if n} | ({"县市党委、政府"} if listed else set())
        given = {u.canonical for u in document.units if u.clause_id == clause.id}
        counts = [a + b for a, b in zip(counts, (len(wanted & given), len(given), len(wanted)), strict=True)]
    return counts


def tf_idf(below: list[str], above: list[str]) -> list[int]:
    """The peer for aligning: the nearest clause by plain TF-IDF of character pairs."""
    counts = [Counter(t[i : i + 2] for i in range(len(t) - 1)) for t in [*below, *above]]
    held = Counter(g for c in counts for g in c)
    vectors = []
    for c in counts:
        raw = {g: n * math.log(len(counts) / held[g]) for g, n in c.items()}
        length = math.sqrt(sum(x * x for x in raw.values())) or 1.0
        vectors.append({g: x / length for g, x in raw.items()})
    out = []
    for v in vectors[: len(below)]:
        scores = [sum(x * w.get(g, 0.0) for g, x in v.items()) for w in vectors[len(below) :]]
        out.append(max(range(len(scores)), key=scores.__getitem__))
    return out


def aligning_row(name: str, lower: Document, upper: Document, gold: dict[str, set[str]]) -> list[str]:
    start = time.process_time()
    links = {link.lower_id: link for link in align(lower, upper).links}
    seconds = time.process_time() - start
    old = {i: ids for i, ids in gold.items() if ids}
    right = sum(bool(links[i].upper) and links[i].upper[0]["id"] in ids for i, ids in old.items())
    new = [i for i in gold if not links[i].upper]
    texts = {c.id: c.text for c in lower.clauses}
    above = [c for c in upper.clauses if len(c.text) > 40]
    nearest = dict(zip(old, tf_idf([texts[i] for i in old], [c.text for c in above]), strict=True))
    plain = sum(above[j].id in old[i] for i, j in nearest.items())
    truly = sum(not gold[i] for i in new)
    return [
        name, share(right, len(old)), share(plain, len(old)), share(truly, len(new)),
        share(truly, sum(not ids for ids in gold.values())), f"{len(old)} / {len(gold) - len(old)}", f"{seconds:.2f}",
    ]  # fmt: skip


def aligning_rows(seeds: Path | None) -> list[list[str]]:
    own = {d.name: d for folder in ("own", "heldout") for d in own_documents(folder)}
    rows = []
    for field, kind in (("education", "own"), ("health", "held out")):
        lower, upper = own[f"{field}_county"], own[f"{field}_province"]
        rows.append(aligning_row(f"{kind}: {field}", parse_text(lower.text), parse_text(upper.text), lower.aligned))
    if seeds:
        for pair, gold in ANSWERS["aligned"].items():
            lower_name, upper_name = pair.split("-")
            texts = [parse_text((seeds / f"{n}.txt").read_text(encoding="utf-8")) for n in (lower_name, upper_name)]
            rows.append(aligning_row(f"real: {pair}", *texts, {i: set(ids) for i, ids in gold.items()}))
    return rows


def speed_rows() -> list[list[str]]:
    """A document of 40,000 characters: ten parts with the own documents' clauses under new numbers."""
    pool = [d.text[a:b] for d in own_documents() + own_documents("heldout") for _, a, b in d.clauses if b - a > 60]
    lines, length, place = [], 0, 0
    while length < 40_000:
        if place % 25 == 0:
            lines.append(f"{'一二三四五六七八九十'[place // 25 % 10]}、第{place}部分任务")
        words = re.sub(r"^\W?\w{1,3}[)）、.．条]\s?", "", pool[place % len(pool)].replace("\n", ""))
        lines.append(f"{place % 25 + 1}.{words}")
        length += len(lines[-1])
        place += 1
    rows = []
    for name, given in (("with line breaks", "\n".join(lines)), ("in one line", "".join(lines))):
        parse_text(given[:2000])
        start = time.process_time()
        document = parse_text(given)
        middle = time.process_time()
        align(document, document)
        spent = (middle - start, time.process_time() - middle)
        rows.append([name, f"{len(given):,}", str(len(document.clauses)), *(f"{s:.2f}" for s in spent)])
    return rows


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in [header, ["---"] * len(header), *rows]]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", type=Path)
    options = parser.parse_args()
    folder = Path(os.environ.get("XIANJIE_SEEDS", "no-seeds"))
    seeds = folder if folder.is_dir() else None
    rows = [parsing_row("own (9)", own_documents("own"), change) for change in CHANGES]
    rows += [parsing_row("held out (2)", own_documents("heldout"), change) for change in CHANGES]
    rows += seeds_rows(seeds) if seeds else []
    header = [
        "documents",
        "changed",
        "clause F1",
        "peer's ids F1",
        "target P",
        "target R",
        "operator",
        "unit",
        "deadline",
    ]
    header += ["unit F1", "role", "clauses / targets / units"]
    parts = [
        "# Documents, measured",
        "Command: `python benchmarks/documents.py --report benchmarks/documents.md`"
        + ("" if seeds else " (without the five real documents)"),
        "A clause is right when id, first and last character are. Operator, unit, deadline: of the targets found. "
        "The peer takes every number at the beginning of a line for a heading; its ids only are compared.",
        table(header, rows),
        "## Aligning",
        "First choice among clauses that have an upper one; *new* as told by the program. The peer is plain TF-IDF "
        "over pairs of characters, which knows no *new*.",
        table(
            ["pair", "first choice", "peer", "new: precision", "new: recall", "linked / new", "CPU s"],
            aligning_rows(seeds),
        ),
        "## Time",
        table(["document", "characters", "clauses", "parse, CPU s", "align with itself, CPU s"], speed_rows()),
    ]
    report = "\n\n".join(parts) + "\n"
    if options.report:
        notes = options.report.with_suffix(".notes.md")
        options.report.write_text(
            report + (notes.read_text(encoding="utf-8") if notes.exists() else ""), encoding="utf-8"
        )
    print(report)


if __name__ == "__main__":
    main()
