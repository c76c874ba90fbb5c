"""Reading jobs: one's own, and those of the area for who looks after jobs there."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from xianjie.web.accounts.models import User
from xianjie.web.accounts.scope import Scope
from xianjie.web.jobs.models import Job

MANAGE = "jobs.manage"
STATES_OPEN = (Job.QUEUED, Job.RUNNING)


def jobs(user: User, scope: Scope) -> QuerySet[Any]:
    """The jobs that a user may see."""
    return Job.everything.filter(Q(owner=user) | scope.where(MANAGE)).select_related("owner")


def may_steer(user: User, scope: Scope, job: Job) -> bool:
    """Whether a user may cancel a job or start it again."""
    return job.owner_id == user.pk or scope.allows(MANAGE, job.region_code)
