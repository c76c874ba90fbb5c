"""The flows as a page of the docs, with a diagram of each: `python -m xianjie.web.flows.page docs/flows.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from xianjie.web.flows.definition import Flow, Limit, evidence_kinds, load_flows

HEAD = """# Flows

Made from `policy/flows/*.yaml` by `python -m xianjie.web.flows.page docs/flows.md`; a test holds the two together.
A county's own flows stand in a folder of its own. Days marked *unverified* are ours until a document says otherwise.
"""


def diagram(flow: Flow) -> Iterator[str]:
    """The flow as a Mermaid chart: phases as boxes, ways back dotted."""
    yield "```mermaid"
    yield "flowchart TD"
    for phase, words in flow.phases.items():
        steps = [(name, step) for name, step in flow.steps.items() if step.phase == phase]
        if steps:
            yield f'  subgraph {phase}["{words.zh} {words.en}"]'
            yield from (f'    {name}["{step.zh}"]' for name, step in steps)
            yield "  end"
    yield from (f'  {name}(["{end.zh}"])' for name, end in flow.ends.items())
    for name, step in flow.steps.items():
        for action in step.actions.values():
            arrow = "-.->" if action.back else "-->"
            yield f'  {name} {arrow}|"{action.zh}"| {action.to}'
    yield "```"


def _days(limit: Limit | None) -> str:
    if limit is None:
        return ""
    kind = "working days" if limit.days == "working" else "days"
    return f"{limit.value} {kind} ({limit.trust}: {limit.source})" + (f" → {limit.escalate}" if limit.escalate else "")


def table(flow: Flow) -> Iterator[str]:
    """Steps with roles, limits and evidence."""
    evidence = evidence_kinds()
    yield "| step | roles | not before | by | evidence |"
    yield "|---|---|---|---|---|"
    for name, step in flow.steps.items():
        asked = "；".join(evidence[kind].zh for kind in step.evidence)
        roles = ", ".join(step.roles)
        yield f"| {step.zh} `{name}` | {roles} | {_days(step.wait)} | {_days(step.limit)} | {asked} |"
    for phase, limit in flow.limits.items():
        yield f"| whole phase {flow.phases[phase].zh} | | | {_days(limit)} | |"


def lines() -> Iterator[str]:
    """The whole page."""
    yield HEAD
    for versions in load_flows().values():
        for flow in versions:
            yield f"## {flow.words.zh} `{flow.key}`\n"
            yield f"{flow.words.en}. Source: {flow.source} ({flow.trust}).\n"
            if flow.region == "00":
                yield from diagram(flow)
                yield ""
            yield from table(flow)
            yield ""


if __name__ == "__main__":
    Path(sys.argv[1]).write_text("\n".join(lines()), encoding="utf-8")
