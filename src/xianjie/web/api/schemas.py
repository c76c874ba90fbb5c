"""What the interface answers, typed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from ninja import Field, Schema

from xianjie.web.intake.models import Delivery

State = Literal["received", "reading", "held", "ready", "failed", "cancelled", "replaced"]
Mode = Literal["whole", "addition"]


class Problem(Schema):
    """Why a request was not done 错误: a code for programs, a sentence for people."""

    code: str
    message: str


class Counts(Schema):
    """Rows by outcome 逐行结果; rows = accepted + repaired + review + unmatched + rejected."""

    rows: int
    accepted: int
    repaired: int
    review: int
    unmatched: int
    rejected: int


class Reason(Schema):
    """What was said about rows, without their values 说明."""

    outcome: str
    kind: str
    rows: int


class DeliveryOut(Schema):
    """A delivery 报送."""

    id: int
    county: str = Field(description="县的 12 位区划代码")
    department: str
    layout: str
    day: date = Field(description="数据日期")
    mode: Mode
    file_name: str
    size: int
    sha256: str
    state: State
    received_at: datetime
    read_at: datetime | None
    progress: int = Field(description="读取进度，百分之几")
    problem: str = Field(description="读不出来的原因；没有问题时为空")
    notes: list[str]
    counts: Counts | None = Field(description="读取完成以后才有")
    reasons: list[Reason]
    repeated: bool = Field(default=False, description="同一份文件以前报过，没有重复计算")

    @staticmethod
    def of(delivery: Delivery, repeated: bool = False) -> DeliveryOut:
        """What is told of a delivery."""
        read = delivery.read_at is not None and not delivery.problem
        return DeliveryOut(
            id=delivery.pk,
            county=delivery.region_code,
            department=delivery.department,
            layout=delivery.layout,
            day=delivery.day,
            mode=delivery.mode,  # type: ignore[arg-type]
            file_name=delivery.file_name,
            size=delivery.size,
            sha256=delivery.sha256,
            state=delivery.standing,  # type: ignore[arg-type]
            received_at=delivery.received_at,
            read_at=delivery.read_at,
            progress=100 if delivery.read_at else (delivery.job.percent if delivery.job else 0),
            problem=delivery.problem,
            notes=delivery.notes,
            counts=Counts(**{name: getattr(delivery, name) for name in Counts.model_fields}) if read else None,
            reasons=[Reason(**one) for one in delivery.reasons],
            repeated=repeated,
        )


class DeliveryList(Schema):
    """A page of deliveries, the newest first; `after` leads on, "" at the end."""

    deliveries: list[DeliveryOut]
    after: str


class ColumnOut(Schema):
    """A column that a file of a layout may have 列."""

    header: str
    required: bool
    also: list[str] = Field(description="也认这些写法")


class LayoutOut(Schema):
    """A layout that this token may hand in 来表格式."""

    layout: str
    title: str
    department: str
    columns: list[ColumnOut]
