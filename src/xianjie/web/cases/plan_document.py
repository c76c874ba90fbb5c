"""The plan 一户一策 as a Word document, from our template or from one that the county put in its place.

A template is a .docx with the names of `plan_context` between double braces (docs/cases.md lists them). It runs in
Jinja's sandbox, and is tried on an invented plan before it replaces the one in use.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from docxtpl import DocxTemplate  # type: ignore[import-untyped]
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from xianjie.messages import UserError
from xianjie.web.audit.services import record
from xianjie.web.cases.models import Case, CaseMove
from xianjie.web.cases.planning_models import Plan
from xianjie.web.cases.planning_rules import first_measure, open_risks
from xianjie.web.cases.planning_views import able_words, risk_label, rows_of
from xianjie.web.clock import today
from xianjie.web.daily.kinds import department_label
from xianjie.web.daily.selectors import county_of
from xianjie.web.regions.selectors import full_names
from xianjie.web.words import code_label

OURS = Path(__file__).parent / "documents" / "plan.docx"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MOST_BYTES = 5 * 1024 * 1024


def plan_context(case: Case, plan: Plan) -> dict[str, Any]:
    """Everything that a template may name, as text."""
    due, rests = first_measure(case), open_risks(case)
    return {
        "version": plan.version, "day": plan.day.isoformat(), "head": case.household.head_name,
        "household_id": case.household_id, "place": full_names({case.region_code})[case.region_code],
        "size": case.household.size, "kind": code_label("monitored_kind", case.kind) if case.kind else "",
        "labour": able_words(plan.able), "first_measure_by": due.due_on.isoformat() if due else "",
        "identified_on": _identified_on(case), "helper": plan.helper, "helper_phone": plan.helper_phone or "",
        "risks": [
            {"name": risk_label(risk), "rests": "、".join(rests.get(risk, [])) or str(_("编制方案时在册"))}
            for risk in plan.risks
        ],
        "measures": [
            {
                "title": row.title, "risk": risk_label(row.risk), "department": department_label(row.department),
                "starts_on": row.starts_on.isoformat(), "ends_on": row.ends_on.isoformat(),
                "amount": f"{row.amount / 100:,.2f}" if row.amount is not None else "",
            }
            for row in rows_of(plan)
        ],
        "uncovered": [{"risk": risk_label(risk), "why": why} for risk, why in plan.uncovered.items()],
    }  # fmt: skip


def _identified_on(case: Case) -> str:
    decided = CaseMove.everything.filter(case=case, action__in=("identify", "adopt")).order_by("-number").first()
    return decided.given.get("identified_on") or decided.day.isoformat() if decided else ""


SAMPLE = {
    "version": 1, "day": "2025-01-01", "head": "示例", "household_id": "H000", "place": "示例村", "size": 3,
    "kind": "示例类别", "labour": "有劳动力", "first_measure_by": "2025-01-31", "identified_on": "2025-01-01",
    "helper": "示例", "helper_phone": "0000", "risks": [{"name": "因病", "rests": "示例"}],
    "measures": [{"title": "示例", "risk": "因病", "department": "示例", "starts_on": "2025-01-01",
                  "ends_on": "2025-12-31", "amount": "1.00"}],
    "uncovered": [{"risk": "因学", "why": "示例"}],
}  # fmt: skip


def county_template(region_code: str) -> Path:
    """Where a county's own template lies, when it has one."""
    return Path(settings.HOME) / "files" / "templates" / county_of(region_code) / "plan.docx"


def template_for(region_code: str) -> Path:
    """The template in use for a region: its county's, or ours."""
    own = county_template(region_code)
    return own if own.exists() else OURS


def written(template: Path | io.BytesIO, context: Mapping[str, Any]) -> bytes:
    """The document. Raises `UserError` with what is wrong for a template that cannot be filled in."""
    try:
        document = DocxTemplate(template)
        document.render(dict(context), jinja_env=SandboxedEnvironment(undefined=StrictUndefined), autoescape=True)
        out = io.BytesIO()
        document.save(out)
    except Exception as error:  # a file of anybody's making may fail in any way; it must not take the page down
        raise UserError("planning.bad_template", why=str(error)[:200] or type(error).__name__) from error
    return out.getvalue()


def plan_document(case: Case, plan: Plan) -> bytes:
    """A version of a plan as a Word document. Raises `UserError` as `written` does."""
    return written(template_for(case.region_code), plan_context(case, plan))


def replace_template(region_code: str, content: bytes) -> None:
    """Put a county's own template in use. Raises `UserError` with what is wrong when it cannot be filled in."""
    if len(content) > MOST_BYTES:
        raise UserError("planning.template_too_big")
    written(io.BytesIO(content), SAMPLE)
    place = county_template(region_code)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = place.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.replace(place)
    record("cases.template", subject=("county", county_of(region_code)), region_code=county_of(region_code),
           after={"bytes": len(content), "day": today()})  # fmt: skip


def take_template_back(region_code: str) -> None:
    """Use our template again."""
    county_template(region_code).unlink(missing_ok=True)
    record("cases.template", subject=("county", county_of(region_code)), region_code=county_of(region_code),
           after={"bytes": 0, "day": today()})  # fmt: skip
