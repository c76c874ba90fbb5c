"""Events, appended and never changed."""

from __future__ import annotations

from typing import Any

from django.db import models


class Event(models.Model):
    """One thing that somebody did, with why, what was before and what is after 审计事件.

    People are kept as text, not as keys: an event outlives the account. Secret numbers inside `before` and
    `after` are sealed by whoever records them (`registry.services.for_audit`).
    """

    seq = models.BigIntegerField(primary_key=True)
    at = models.CharField(max_length=40)  # ISO time with zone, as hashed
    actor = models.CharField(max_length=80, db_index=True)  # username; "system" for scheduled jobs
    actor_name = models.CharField(max_length=80, blank=True)
    acting_as = models.CharField(max_length=200, blank=True)  # role and area at that moment
    origin = models.CharField(max_length=64, blank=True)  # address of the machine, or "job 12"
    verb = models.CharField(max_length=60, db_index=True)  # registry.birth, accounts.login, registry.reveal …
    subject_kind = models.CharField(max_length=40, blank=True)
    subject_id = models.CharField(max_length=80, blank=True)
    region_code = models.CharField(max_length=12, blank=True, db_index=True)
    why = models.TextField(blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "seq"], name="audit_subject"),
            models.Index(fields=["at"], name="audit_at"),
        ]

    def save(self, *arguments: Any, **options: Any) -> None:
        if not self._state.adding:
            raise TypeError("an event is never changed")
        super().save(*arguments, **options)

    def delete(self, *arguments: Any, **options: Any) -> Any:
        raise TypeError("an event is never deleted")


class ChainHead(models.Model):
    """The end of the chain: one row, locked while an event is appended."""

    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)
