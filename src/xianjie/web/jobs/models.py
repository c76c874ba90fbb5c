"""Jobs and their schedule, as rows."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from xianjie.web.accounts.scope import Scoped


class Job(Scoped):
    """A piece of long work 后台任务: what, for whom, how far.

    A handler must be able to start again: what it has done it finds in its own rows and files, or in `saved`.
    """

    QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
    STATES = (QUEUED, RUNNING, DONE, FAILED, CANCELLED)

    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    arguments = models.JSONField(default=dict)
    region_code = models.CharField(max_length=12)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    acting_as = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, default=QUEUED)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    text = models.CharField(max_length=300, blank=True)
    cancel_asked = models.BooleanField(default=False)
    attempts = models.IntegerField(default=0)
    worker = models.CharField(max_length=80, blank=True)
    beat_at = models.DateTimeField(null=True)
    saved = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)  # a sentence for the user
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [models.Index(fields=["state", "id"], name="job_queue")]

    @property
    def is_over(self) -> bool:
        return self.state in (self.DONE, self.FAILED, self.CANCELLED)

    @property
    def percent(self) -> int:
        if self.state == self.DONE:
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0


class Schedule(models.Model):
    """A job that starts by itself once a day 定时任务."""

    kind = models.CharField(max_length=60)
    region_code = models.CharField(max_length=12)
    arguments = models.JSONField(default=dict)
    at = models.TimeField()  # local time
    enabled = models.BooleanField(default=True)
    last_on = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "region_code"], name="one_schedule_each")]
