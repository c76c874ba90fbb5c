"""What other apps may listen to."""

from __future__ import annotations

from django.dispatch import Signal

# Sent when a run's findings stand in the database, before the run counts as done: a run that was killed and goes on
# sends it again, so whoever listens must bear hearing it twice. Argument: `run`.
run_done = Signal()
