"""Who calls: the user behind a token."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from xianjie.web.accounts.models import Token, User
from xianjie.web.clock import today

SEEN_AGAIN = timedelta(minutes=1)  # how exactly the last use is kept


def user_of(key: str) -> User | None:
    """The active user of a key that has not ended; only the key's SHA-256 is known here."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    token = (
        Token.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=today()), hash=digest, user__is_active=True)
        .select_related("user")
        .first()
    )
    if token is None:
        return None
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > SEEN_AGAIN:
        Token.objects.filter(pk=token.pk).update(last_used_at=now)
    return token.user
