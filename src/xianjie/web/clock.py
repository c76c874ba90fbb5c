"""Today, for everything that counts days: the real day, or the day on which an invented instance lives."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.utils import timezone


def today() -> date:
    """The day on which time limits, visits and views are counted."""
    return date.fromisoformat(settings.TODAY) if settings.TODAY else timezone.localdate()
