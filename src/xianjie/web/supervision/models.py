"""The tables of tasks, supervision and assessment 任务督导, by subject."""

from xianjie.web.supervision.document_models import Alignment, Correction, PolicyDocument
from xianjie.web.supervision.target_models import AssessedUnit, Assessment, Objection, Observation, Talk, Target
from xianjie.web.supervision.task_models import (
    Letter,
    Order,
    OrderItem,
    OrderStep,
    Policy,
    Report,
    Task,
    TaskUnit,
    YearPlan,
)

__all__ = [
    "Alignment", "AssessedUnit", "Assessment", "Correction", "Letter", "Objection", "Observation", "Order",
    "OrderItem", "OrderStep", "Policy", "PolicyDocument", "Report", "Talk", "Target", "Task", "TaskUnit", "YearPlan",
]  # fmt: skip
