"""What the village says of a case 评议、公示、告知: the review, objections to the notice, the result told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from xianjie.messages import UserError
from xianjie.web.cases.drafts import Objection
from xianjie.web.cases.models import Case, CaseEvidence
from xianjie.web.clock import today
from xianjie.web.flows.definition import FLOWS, flow_by_key, read_yaml
from xianjie.web.flows.working_days import after


@cache
def review_rules() -> dict[str, Any]:
    """`policy/flows/review.yaml`."""
    rules: dict[str, Any] = read_yaml(FLOWS / "review.yaml")
    return rules


@dataclass(frozen=True)
class Vote:
    """A review: how many are entitled to sit, how many came, how many were for and against; others abstained.

    `rules`: the `quorum` and `majority` that count, those of the village review unless others are given.
    """

    members: int
    present: int
    in_favour: int = 0
    against: int = 0
    rules: Mapping[str, Any] = field(default_factory=review_rules, compare=False)

    @property
    def quorate(self) -> bool:
        """Whether enough of those entitled were present."""
        rule = self.rules["quorum"]
        return self.present * rule["denominator"] >= self.members * rule["numerator"] and self.present > 0

    @property
    def carried(self) -> bool:
        """Whether the review is for it: a quorum, more for than against, and more than the share of those present."""
        rule = self.rules["majority"]
        enough = self.in_favour * rule["denominator"] > self.present * rule["numerator"]
        return self.quorate and enough and self.in_favour > self.against


def vote_of(case: Case) -> Vote | None:
    """The newest record of a review at the case's present step; None when nothing was recorded."""
    rows = CaseEvidence.everything.filter(
        case=case, step=case.at, round=case.revision, kind="review_record", withdrawn_on__isnull=True
    )
    newest = rows.order_by("-pk").first()
    content = newest.content if newest else {}
    if "members" not in content:
        return None
    return Vote(content["members"], content["present"], content["for"], content["against"])


def objections_of(case: Case) -> list[Objection]:
    """Every objection to the notice that hangs now, in the order in which they came."""
    return list(Objection.everything.filter(case=case, step=case.at, round=case.revision).order_by("pk"))


def conditions(case: Case) -> dict[str, bool | None]:
    """What actions of the flow hang on besides the policy's results: told by the case's own records."""
    vote = vote_of(case)
    objections = objections_of(case)
    settled = all(one.answered_on is not None for one in objections)
    return {
        "review_carried": vote.carried if vote else None,
        "objections_settled": settled,
        "objections_answered": settled and bool(objections),
    }


@dataclass(frozen=True)
class Notice:
    """A public notice: from when to when it hangs at least."""

    begins: date
    ends: date
    removal: bool

    @property
    def days(self) -> int:
        return (self.ends - self.begins).days

    @property
    def over(self) -> bool:
        return today() >= self.ends


def notice_of(case: Case) -> Notice | None:
    """The notice of the case's present step; None where nothing is to be posted."""
    step = flow_by_key(case.flow).steps.get(case.at)
    if step is None or step.wait is None or "notice_posted" not in step.evidence:
        return None
    return Notice(case.since, after(case.since, step.wait).day, step.phase == "removal")


def must_hang(case: Case) -> Notice:
    """The notice that hangs now. Raises `UserError` when there is none."""
    notice = notice_of(case)
    if notice is None:
        raise UserError("cases.no_notice")
    return notice
