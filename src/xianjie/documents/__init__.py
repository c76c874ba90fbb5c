"""Policy documents as data: a document → clauses, targets, responsible units; two documents aligned; a task ledger.

Pure Python on the text alone: no model, no network. See docs/documents.md for how it works and where it fails.
"""

from xianjie.documents.aligning import Alignment, Link, align
from xianjie.documents.model import Clause, Document, Noise, Problem, Programme, Target, Unit
from xianjie.documents.parsing import parse, parse_text

__all__ = [
    "Alignment", "Clause", "Document", "Link", "Noise", "Problem", "Programme", "Target", "Unit", "align", "parse",
    "parse_text",
]  # fmt: skip
