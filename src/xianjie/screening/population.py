"""The policy's results for a whole population, and what is missing where a result is unknown."""

from __future__ import annotations

from xianjie.screening.policies import PolicyBook


def result_names(book: PolicyBook) -> list[str]:
    """The household rules that a run computes: what the policy lists as results, and what findings use."""
    names = [result["name"] for result in book.document("results.yaml")["results"]]
    for finding in book.findings.values():
        names += [finding.rule, *finding.evidence]
    return list(dict.fromkeys(names))
