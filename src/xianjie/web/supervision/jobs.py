"""Background jobs: reading a document, holding two against each other, measuring what the system knows."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from xianjie.messages import UserError, say
from xianjie.web.jobs.services import Work, job
from xianjie.web.supervision import documents, measuring
from xianjie.web.supervision.document_models import PolicyDocument


@job(documents.PARSE)
def parse(work: Work) -> dict[str, Any]:
    """Read one document."""
    read = documents.read_document(work.arguments["document"])
    if read.state == PolicyDocument.FAILED:
        raise UserError("supervision.unreadable", problem=read.problem)
    return {"url": reverse("supervision:document", args=[read.pk]), "label": say("supervision.to_document")}


@job(documents.ALIGN)
def align(work: Work) -> dict[str, Any]:
    """Hold two documents against each other."""
    pair = documents.compare(work.arguments["alignment"])
    return {"url": reverse("supervision:alignment", args=[pair.pk]), "label": say("supervision.to_alignment")}


@job(measuring.KIND)
def measure(work: Work) -> dict[str, Any]:
    """Work out the indicators that the system knows, and where every target stands."""
    return {"values": measuring.measure(work.job.region_code), "url": reverse("supervision:targets"),
            "label": say("supervision.to_targets")}  # fmt: skip
