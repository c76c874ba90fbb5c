"""The daily job in the database: runs, what they found, what departments are asked to do, what the national system
must be told."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q

from xianjie.web.accounts.scope import Scoped
from xianjie.web.jobs.models import Job
from xianjie.web.registry.models import Household
from xianjie.web.sealing import SealedField

STANDS = Q(gone_on__isnull=True)


class PlaceRow(Scoped):
    """A register row that belongs to a place and to no household: a unit, a village's figures, a fund's entry."""

    entity = models.CharField(max_length=40)
    key = models.CharField(max_length=60)
    region_code = models.CharField(max_length=12)
    data = models.JSONField(default=dict)

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["entity", "key"], name="one_place_row_a_key")]
        indexes = [models.Index(fields=["region_code", "entity"], name="place_row_place")]


class RegisterTable(Scoped):
    """A table that a load once brought for a county: without rows it says "none", where no load says "unknown"."""

    region_code = models.CharField(max_length=12)
    table = models.CharField(max_length=40)

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["region_code", "table"], name="one_register_table_each")]


class Run(Scoped):
    """One daily run 每日比对 of a county: from the snapshot to the findings in the database.

    Its files lie in `runs/<county>/<number>`: `data` (what went in) and `out` (the data half's run folder).
    """

    WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"

    region_code = models.CharField(max_length=12)
    day = models.DateField()
    state = models.CharField(max_length=10, default=WAITING)
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    previous = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    policy = models.CharField(max_length=40, blank=True)
    counts = models.JSONField(default=dict)
    timings = models.JSONField(default=dict)  # step: seconds
    problems = models.JSONField(default=list)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    thinned = models.BooleanField(default=False)  # its working files are gone, its results stay

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [models.Index(fields=["region_code", "state", "id"], name="run_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["region_code"], condition=Q(state__in=("waiting", "running")), name="one_run_a_time"
            )
        ]

    @property
    def place(self) -> Path:
        """Where everything of this run lies."""
        return Path(settings.HOME) / "runs" / self.region_code / f"{self.pk:06d}"

    @property
    def data(self) -> Path:
        """The data folder that the run read."""
        return self.place / "data"

    @property
    def folder(self) -> Path:
        """The data half's run folder."""
        return self.place / "out"

    @property
    def is_over(self) -> bool:
        return self.state in (self.DONE, self.FAILED, self.CANCELLED)


class Finding(Scoped):
    """What the runs found of a household 风险发现, for as long as it stood without a break."""

    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="findings", db_index=False)
    region_code = models.CharField(max_length=12)
    finding = models.CharField(max_length=60)
    group = models.CharField(max_length=20)
    score = models.IntegerField(default=0)
    text = models.TextField()
    causes = models.CharField(max_length=200, blank=True)  # codes led by ;
    departments = models.CharField(max_length=200, blank=True)
    evidence = models.JSONField(default=dict)
    cite = models.TextField(blank=True)
    first_run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+", db_index=False)
    last_run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+", db_index=False)
    first_seen_on = models.DateField()
    gone_on = models.DateField(null=True)

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [
            models.Index(fields=["household"], name="finding_household"),
            models.Index(fields=["finding", "region_code", "id"], condition=STANDS, name="finding_kind"),
            models.Index(fields=["region_code", "id"], condition=STANDS, name="finding_place"),
            models.Index(fields=["score", "id", "region_code"], condition=STANDS, name="finding_score"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["household", "finding"], condition=STANDS, name="one_finding_each")
        ]


class Warning(Scoped):
    """A finding as one department is asked to act on it 部门预警: by when, and what it answered.

    Overdue is an open warning whose day has passed. An answer "not so" that the next run contradicts opens the
    warning again (`returned`).
    """

    department_field = "department"
    OPEN, ANSWERED, CLOSED = "open", "answered", "closed"

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="warnings")
    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="+")
    region_code = models.CharField(max_length=12)
    department = models.CharField(max_length=30)
    code = models.CharField(max_length=60)  # the finding's name
    group = models.CharField(max_length=20)
    state = models.CharField(max_length=10, default=OPEN)
    raised_on = models.DateField()
    due_on = models.DateField()
    returned = models.IntegerField(default=0)
    came_from = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="passed_on")
    answer = models.CharField(max_length=20, blank=True)
    note = models.TextField(blank=True)
    answered_on = models.DateField(null=True)
    answered_by = models.CharField(max_length=80, blank=True)
    closed_on = models.DateField(null=True)

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [
            models.Index(fields=["state", "due_on", "id"], name="warning_due"),
            models.Index(fields=["department", "state", "due_on", "id"], name="warning_department"),
        ]
        constraints = [models.UniqueConstraint(fields=["finding", "department"], name="one_warning_each")]


class NationalExchange(Scoped):
    """One exchange with the national system 国家系统往来: an export of its taken in, or a file for keying in there.

    `headers`: field → column name of theirs, as the newest file had it. Files lie in `files/national/<county>`.
    """

    IN, OUT = "in", "out"

    region_code = models.CharField(max_length=12)
    direction = models.CharField(max_length=3)
    layout = models.CharField(max_length=40, blank=True)
    file_name = models.CharField(max_length=200, blank=True)
    day = models.DateField()
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    made_by = models.CharField(max_length=80, blank=True)
    done = models.BooleanField(default=False)
    problem = models.TextField(blank=True)
    headers = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [models.Index(fields=["region_code", "id"], name="national_place")]

    @property
    def folder(self) -> Path:
        """Where the county's files of the national system lie."""
        return Path(settings.HOME) / "files" / "national" / self.region_code

    @property
    def given(self) -> Path:
        """The file as it was handed in."""
        return self.folder / f"{self.pk}{Path(self.file_name).suffix.lower()}"

    @property
    def sheet(self) -> Path:
        """The file made for keying in."""
        return self.folder / f"{self.pk}.xlsx"


class NationalRow(Scoped):
    """One difference between the national system and our register: a value, a row that one side lacks.

    Of an import, `before` is ours and `after` theirs: accepted into the register, or kept as ours. Of an export,
    `before` is theirs and `after` ours: waiting until somebody confirms that it was keyed in. Whole rows are JSON.
    """

    OPEN, ACCEPTED, KEPT, CONFIRMED, SUPERSEDED = "open", "accepted", "kept", "confirmed", "superseded"
    NEW, CHANGED, GONE = "new", "changed", "gone"

    exchange = models.ForeignKey(NationalExchange, on_delete=models.CASCADE, related_name="rows", db_index=False)
    region_code = models.CharField(max_length=12)
    layout = models.CharField(max_length=40)
    kind = models.CharField(max_length=8)
    key = models.CharField(max_length=100)
    household_id = models.CharField(max_length=40, blank=True)
    person_id = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=100, blank=True)
    field = models.CharField(max_length=60, blank=True)
    before = SealedField(null=True)
    after = SealedField(null=True)
    state = models.CharField(max_length=10, default=OPEN)
    note = models.CharField(max_length=300, blank=True)
    decided_on = models.DateField(null=True)
    decided_by = models.CharField(max_length=80, blank=True)

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [models.Index(fields=["exchange", "state", "id"], name="national_row")]
