"""One row of everything that tasks, supervision and assessment show, for tests that walk every page."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.files.base import ContentFile

from xianjie.web.accounts.scope import Scope
from xianjie.web.supervision import documents, orders, tasks
from xianjie.web.supervision.models import (
    AssessedUnit,
    Assessment,
    Letter,
    Objection,
    OrderItem,
    OrderStep,
    Policy,
    PolicyDocument,
    Report,
    Talk,
    TaskUnit,
)

TEXT = """关于做好样例工作的通知
一、守底线
（一）住房保障。2025年底完成危房改造120户。（牵头单位：县住建局）
（二）产业发展。建设冷库3座。（责任单位：县农业农村局）
"""


def supervised(office: Scope, county: str, day: date) -> None:
    """A county's documents, task, order, letter, policy and assessment, one of each."""
    lower, upper = (read(office, name) for name in ("甲.txt", "乙.txt"))
    pair = documents.hold_against(office, lower, upper)
    documents.compare(pair.pk)
    documents.correct_clause(
        office, lower, "p1.c1", {"title": "住房", "lead": ["县住建局"], "joint": [], "local": [], "targets": []}
    )
    task = tasks.make_tasks(office, upper, ["p1.c1"], 2025)[0]
    told: dict[str, Any] = {"day": day, "text": "走查", "by": "x", "event": 1}
    Report.everything.create(unit=TaskUnit.everything.get(task=task), **told)
    order = orders.issue(office, title="走查", unit="县住建局", why="", items=["走查"], due_on=day, task=task)
    OrderStep.everything.create(item=OrderItem.everything.get(order=order), what="answer", **told)
    Letter.everything.create(
        region_code=county, year=2025, upper_unit="甲", upper_head="甲", unit="乙", head="乙", tasks=[], made_on=day
    )
    Policy.everything.create(region_code=county, title="走查", kind="continue")
    assessed(county, day)


def read(office: Scope, name: str) -> PolicyDocument:
    """A document, uploaded and read."""
    return documents.read_document(documents.add_document(office, ContentFile(TEXT.encode(), name=name)).pk)


def assessed(county: str, day: date) -> None:
    """A published assessment of one unit, with an objection and a talk."""
    work: dict[str, Any] = {
        "name": "work",
        "zh": "走查",
        "weight": 1,
        "better": "higher",
        "source": "survey",
        "scale": "minmax",
    }
    work["unit"] = ""
    scheme: dict[str, Any] = {"zh": "走查", "about": "", "source": "", "weight_shift": 0.2, "talk_last": 0}
    scheme |= {"indicators": [work], "grades": []}
    assessment = Assessment.everything.create(
        region_code=county, title="走查", scheme=scheme, begins_on=day, ends_on=day, state="published", made_by="x"
    )
    unit = AssessedUnit.everything.create(assessment=assessment, region_code=county, name="走查", score=1.0, rank=1)
    Objection.everything.create(unit=unit, text="走查", day=day, by="x")
    Talk.everything.create(unit=unit, why="走查", planned_on=day)
