"""What other modules put on a case's page: work panels by step or phase.

    work_panel("verify", "cases/verification_panel.html", context)

`context(request, case)` gives what the template needs, or None when there is nothing to show. The template also gets
`case` and `page`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from xianjie.web.cases.models import Case

ContextOf = Callable[[Any, Case], dict[str, Any] | None]
ANYWHERE = "*"


@dataclass(frozen=True)
class WorkPanel:
    """A part of the case's page that belongs to a step or a phase."""

    place: str
    template: str
    context: ContextOf


PANELS: list[WorkPanel] = []


def work_panel(step_or_phase: str, template: str, context_function: ContextOf) -> None:
    """Show a template on the page of every case at this step or in this phase ("*": always)."""
    PANELS.append(WorkPanel(step_or_phase, template, context_function))


def panels_of(request: Any, case: Case, page: Any) -> list[SafeString]:
    """The panels of a case's page, written, in the order in which they were registered."""
    written = []
    for panel in PANELS:
        if panel.place in (ANYWHERE, case.at, case.phase):
            context = panel.context(request, case)
            if context is not None:
                written.append(render_to_string(panel.template, {**context, "case": case, "page": page}, request))
    return written
