"""Deliveries of departments, the doubtful rows in them, and what is owed by when."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q

from xianjie.web.accounts.scope import Scoped
from xianjie.web.clock import today
from xianjie.web.jobs.models import Job
from xianjie.web.sealing import SealedField

OUTCOMES = ("accepted", "repaired", "review", "unmatched", "rejected")


class Delivery(Scoped):
    """A file that a department handed in 报送; `region_code` is the county's own code.

    Every row has one outcome: `rows` = accepted + repaired + review + unmatched + rejected. A whole file takes the
    place of the one of the same layout and day; an addition (corrected rows) counts beside it.
    """

    RECEIVED, READING, HELD, READY = "received", "reading", "held", "ready"
    FAILED, CANCELLED, REPLACED = "failed", "cancelled", "replaced"
    STATES = (RECEIVED, READING, HELD, READY, FAILED, CANCELLED, REPLACED)
    STANDING = (RECEIVED, READING, HELD, READY)  # the same bytes are not taken a second time beside these
    WHOLE, ADDITION = "whole", "addition"
    MODES = (WHOLE, ADDITION)
    PAGE, FOLDER, API = "page", "folder", "api"

    department_field = "department"

    region_code = models.CharField(max_length=12)
    department = models.CharField(max_length=30)
    layout = models.CharField(max_length=40)
    day = models.DateField()  # of which day the data are
    mode = models.CharField(max_length=10, default=WHOLE)
    file_name = models.CharField(max_length=255)  # as given; never a name on our disk
    folder = models.CharField(max_length=40, unique=True)  # below files/intake
    ending = models.CharField(max_length=10)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    via = models.CharField(max_length=10, default=PAGE)
    uploader = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    received_at = models.DateTimeField(auto_now_add=True)
    received_on = models.DateField(default=today)  # by the instance's day, from which lateness is counted
    state = models.CharField(max_length=10, default=RECEIVED)
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    read_at = models.DateTimeField(null=True)
    rows = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    repaired = models.BigIntegerField(default=0)
    review = models.BigIntegerField(default=0)
    unmatched = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    given_back = models.BigIntegerField(default=0)
    problem = models.TextField(blank=True)  # why it could not be read, a sentence for the user
    notes = models.JSONField(default=list)  # sentences about the file as a whole
    reasons = models.JSONField(default=list)  # [{outcome, kind, rows}]: what was said how often, without values
    columns = models.JSONField(default=dict)  # field or i_ identity → header in the file
    unknown_headers = models.JSONField(default=list)
    replaced_by = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="replaces")

    class Meta(Scoped.Meta):
        abstract = False
        indexes = [
            models.Index(fields=["region_code", "received_at"], name="delivery_newest"),
            models.Index(fields=["region_code", "layout", "day"], name="delivery_of_day"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["region_code", "layout", "sha256"],
                condition=Q(state__in=("received", "reading", "held", "ready")),
                name="one_file_once",
            )
        ]

    @property
    def place(self) -> Path:
        """The folder of this delivery: the file as given and what reading made of it."""
        return Path(settings.HOME) / "files" / "intake" / self.folder

    @property
    def given(self) -> Path:
        """The file, byte for byte as it came."""
        return self.place / f"given{self.ending}"

    @property
    def read_folder(self) -> Path:
        """rows.parquet, candidates.parquet, giveback.xlsx … of the newest reading."""
        return self.place / "read"

    @property
    def standing(self) -> str:
        """The state as it is: a job that was cancelled or failed before it could say so has ended the reading."""
        if self.state in (self.RECEIVED, self.READING) and self.job and self.job.is_over:
            return {Job.CANCELLED: self.CANCELLED, Job.FAILED: self.FAILED}.get(self.job.state, self.state)
        return self.state

    @property
    def adds_up(self) -> bool:
        """Whether every row of the file has exactly one outcome."""
        return self.rows == sum(getattr(self, outcome) for outcome in OUTCOMES)


class Doubt(Scoped):
    """An identity that rules could not decide on 存疑记录: one per county, layout and fingerprint.

    All rows that write this identity hang on it (`rows`), so one decision settles them, now and in later files.
    `region_code` is the village of the first candidate.
    """

    OPEN, PERSON, NOBODY, PUT_OFF, GONE = "open", "person", "nobody", "put_off", "gone"
    STATES = (OPEN, PERSON, NOBODY, PUT_OFF, GONE)
    DECIDED = (PERSON, NOBODY)

    department_field = "department"

    county_code = models.CharField(max_length=12)
    region_code = models.CharField(max_length=12)
    department = models.CharField(max_length=30)
    layout = models.CharField(max_length=40)
    fingerprint = models.CharField(max_length=32)
    identity = SealedField()  # JSON: identity column → text as given
    reason = models.CharField(max_length=300)
    score = models.FloatField(default=0)
    candidates = models.JSONField(default=list)  # [{person_id, score, reason}], best first
    rows = models.BigIntegerField(default=0)
    run_rows = models.BigIntegerField(default=0)  # in the newest daily run
    place = models.CharField(max_length=200, blank=True)  # file, sheet and row of the first
    state = models.CharField(max_length=10, default=OPEN)
    person_id = models.CharField(max_length=40, blank=True)
    decided_on = models.DateField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    decider = models.CharField(max_length=80, blank=True)  # the name, which outlives the account
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["county_code", "layout", "fingerprint"], name="one_doubt_an_identity")
        ]
        indexes = [
            models.Index(fields=["state", "rows", "id"], name="doubt_queue"),
            models.Index(fields=["decided_by", "decided_at"], name="doubt_decided"),
        ]


class DoubtSource(models.Model):
    """How many rows of a delivery hang on a doubt."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="+")
    doubt = models.ForeignKey(Doubt, on_delete=models.CASCADE, related_name="sources")
    rows = models.BigIntegerField()

    class Meta:
        base_manager_name = "objects"
        constraints = [models.UniqueConstraint(fields=["delivery", "doubt"], name="one_source_each")]


class Due(Scoped):
    """What a county asks of a layout, where it differs from `calendar.yaml` 报送要求."""

    region_code = models.CharField(max_length=12)
    layout = models.CharField(max_length=40)
    every = models.CharField(max_length=10)  # month, quarter, half, year, event, never
    within_days = models.IntegerField(default=0)  # after the period's end
    changed_at = models.DateTimeField(auto_now=True)

    class Meta(Scoped.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["region_code", "layout"], name="one_due_a_layout")]
