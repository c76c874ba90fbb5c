"""Policy documents as they were uploaded and parsed, what people corrected, and documents held against each other."""

from __future__ import annotations

from typing import Any

from django.db import models

from xianjie.web.accounts.scope import Scoped


class PolicyDocument(Scoped):
    """A policy document 政策文件. `source` is the text that all offsets of `parsed` refer to."""

    WAITING, PARSED, FAILED = "waiting", "parsed", "failed"

    region_code = models.CharField(max_length=12)
    title = models.CharField(max_length=200)
    number = models.CharField(max_length=80, blank=True)  # 文号
    level = models.CharField(max_length=12, blank=True)
    issued_on = models.DateField(null=True)
    file = models.CharField(max_length=80)
    file_name = models.CharField(max_length=200)
    state = models.CharField(max_length=10, default=WAITING)
    problem = models.TextField(blank=True)
    source = models.TextField(blank=True)
    parsed = models.JSONField(default=dict)
    added_on = models.DateField()
    added_by = models.CharField(max_length=80)

    class Meta(Scoped.Meta):
        abstract = False


class Alignment(Scoped):
    """A lower document held against the one above it 上下级文件比对; `result` is the machine's proposal."""

    region_field = "lower__region_code"

    lower = models.ForeignKey(PolicyDocument, on_delete=models.PROTECT, related_name="alignments")
    upper = models.ForeignKey(PolicyDocument, on_delete=models.PROTECT, related_name="below")
    ready = models.BooleanField(default=False)
    result = models.JSONField(default=dict)

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["lower", "upper"], name="one_alignment_a_pair")]


class Correction(Scoped):
    """What a person says of a clause, or of a clause's link, against the machine 人工更正; the newest one counts.

    `text` is the clause's text at that time: when a document is parsed anew and the clause of this id says something
    else, the correction is set aside and told.
    """

    CLAUSE, LINK = "clause", "link"
    region_field = "document__region_code"

    document = models.ForeignKey(PolicyDocument, on_delete=models.PROTECT, related_name="corrections")
    about = models.CharField(max_length=10)
    alignment = models.ForeignKey(Alignment, null=True, on_delete=models.PROTECT, related_name="corrections")
    clause = models.CharField(max_length=60)
    content = models.JSONField(default=dict)
    text = models.TextField(blank=True)
    day = models.DateField()
    by = models.CharField(max_length=80)
    by_name = models.CharField(max_length=80, blank=True)
    event = models.BigIntegerField()

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [models.Index(fields=["document", "about", "id"], name="correction_of")]

    def save(self, *arguments: Any, **options: Any) -> None:
        if not self._state.adding:
            raise TypeError("a correction is never changed")
        super().save(*arguments, **options)
