"""What somebody has typed and not handed in yet 草稿, and objections to a public notice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models

from xianjie.web.accounts.scope import Scoped

NOT_TYPED = ("csrfmiddlewaretoken", "seen", "submit", "confirm", "save")


class Draft(Scoped):
    """A form of a case as one user has typed it; the next round of the step begins with an empty one."""

    region_field = "case__region_code"

    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="+")
    step = models.CharField(max_length=30)
    round = models.IntegerField()
    by = models.CharField(max_length=80)
    typed = models.JSONField(default=dict)
    saved_at = models.DateTimeField(auto_now=True)

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["case", "step", "round", "by"], name="one_draft_each")]


class Objection(Scoped):
    """An objection to a public notice 公示异议: who raised it and what was answered."""

    region_field = "case__region_code"

    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="objections")
    step = models.CharField(max_length=30)
    round = models.IntegerField()
    raised_on = models.DateField()
    raised_by = models.CharField(max_length=80)
    text = models.TextField()
    recorded_by = models.CharField(max_length=80)
    answer = models.TextField(blank=True)
    answered_on = models.DateField(null=True)
    answered_by = models.CharField(max_length=80, blank=True)

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [models.Index(fields=["case", "step"], name="objection_step")]


def draft_of(case: Any, by: str) -> dict[str, Any]:
    """What the user has typed at the case's present step; empty for nothing."""
    found = Draft.everything.filter(case=case, step=case.at, round=case.revision, by=by).first()
    return dict(found.typed) if found else {}


def keep_draft(case: Any, by: str, typed: Mapping[str, Any]) -> None:
    """Keep what was typed, as typed."""
    kept = {name: value for name, value in typed.items() if name not in NOT_TYPED}
    Draft.everything.update_or_create(case=case, step=case.at, round=case.revision, by=by, defaults={"typed": kept})


def forget_drafts(case: Any) -> None:
    """Drop the drafts of a step that is done."""
    Draft.everything.filter(case=case).delete()
