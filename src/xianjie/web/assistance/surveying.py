"""Handing a survey in 入户调查: what was seen and said becomes facts and evidence, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from xianjie.web.accounts.scope import Scope
from xianjie.web.assistance import services
from xianjie.web.assistance.models import Application
from xianjie.web.cases.known import Known
from xianjie.web.cases.verification import record_facts
from xianjie.web.flows.definition import evidence_kinds
from xianjie.web.words import label


@transaction.atomic
def hand_in(
    scope: Scope, one: Application, values: Mapping[str, Any], words: Mapping[str, str], told: Known
) -> None:  # fmt: skip
    """Record a survey. `values`: the form's stored values; `told`: what was known before.

    Raises `Overtaken`, `Refused`, and what recording raises; nothing is kept then.
    """
    seen = values["seen"]
    services.give_evidence(scope, one.pk, "two_visitors", {"names": values["names"]}, seen=seen)
    services.give_evidence(scope, one.pk, "survey_record", {"answers": dict(words)}, seen=seen)
    why = label(evidence_kinds()["survey_record"])
    record_facts(scope, one.household_id, values, told, why=why, permission=services.ACT)
