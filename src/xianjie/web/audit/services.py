"""Appending events, and checking that nobody has touched them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone

from xianjie.web.audit.models import ChainHead, Event

HASHED = (
    "seq", "at", "actor", "actor_name", "acting_as", "origin", "verb", "subject_kind", "subject_id",
    "region_code", "why", "before", "after", "previous",
)  # fmt: skip


@dataclass(frozen=True)
class Actor:
    """Who is doing what follows, and from where."""

    username: str
    name: str = ""
    acting_as: str = ""
    origin: str = ""


AT_ONCE = 500
SYSTEM = Actor("system", "系统")
_current: ContextVar[Actor] = ContextVar("actor", default=SYSTEM)


def current_actor() -> Actor:
    """Who the events of this request or job belong to."""
    return _current.get()


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Events inside belong to `actor`."""
    token = _current.set(actor)
    try:
        yield
    finally:
        _current.reset(token)


def digest(event: Event) -> str:
    """The hash of an event: SHA-256 over its fields, the one before it included."""
    return _hashed({name: getattr(event, name) for name in HASHED})


def _hashed(content: dict[str, Any]) -> str:
    return hashlib.sha256(_ENCODER.encode(content).encode()).hexdigest()


_ENCODER = DjangoJSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _plain(content: Any) -> Any:
    """`content` as JSON gives it back, so that the hash of the stored event is the hash of the given one."""
    return None if content is None else json.loads(json.dumps(content, cls=DjangoJSONEncoder))


@dataclass(frozen=True)
class Entry:
    """What one event is to tell."""

    verb: str
    subject: tuple[str, str] = ("", "")
    region_code: str = ""
    why: str = ""
    before: Any = None
    after: Any = None


def record(
    verb: str,
    *,
    subject: tuple[str, str] = ("", ""),
    region_code: str = "",
    why: str = "",
    before: Any = None,
    after: Any = None,
) -> Event:
    """Append one event by the current actor, in the transaction of the change it tells."""
    return record_many([Entry(verb, subject, region_code, why, before, after)])[0]


@transaction.atomic
def record_many(entries: Sequence[Entry]) -> list[Event]:
    """Append many events at once, in their order: one lock and one insert for all of them."""
    head, _ = ChainHead.objects.select_for_update().get_or_create(pk=1)
    actor, seq, previous = current_actor(), head.seq, head.hash
    events = []
    for entry in entries:
        seq += 1
        event = Event(
            seq=seq,
            at=timezone.now().isoformat(),
            actor=actor.username,
            actor_name=actor.name,
            acting_as=actor.acting_as,
            origin=actor.origin,
            verb=entry.verb,
            subject_kind=entry.subject[0],
            subject_id=entry.subject[1],
            region_code=entry.region_code,
            why=entry.why,
            before=_plain(entry.before),
            after=_plain(entry.after),
            previous=previous,
        )
        event.hash = previous = digest(event)
        events.append(event)
    Event.objects.bulk_create(events, batch_size=AT_ONCE)
    ChainHead.objects.filter(pk=1).update(seq=seq, hash=previous)
    return events


@dataclass(frozen=True)
class Verdict:
    """What a check of the chain found: events read, the first that is not as it was written, and the chain's end.

    Whoever writes `head` down elsewhere (on paper, in another system) can tell later that not even the whole chain was
    written anew: the event of that number must still have that hash.
    """

    events: int
    first_bad: int | None = None
    why: str = ""
    head: str = ""


def verify(progress: Callable[[int], None] | None = None) -> Verdict:
    """Read the whole chain; the first gap, changed event or missing end is named. Memory does not grow with it."""
    previous, expected = "", 1
    rows = Event.objects.order_by("seq").values_list(*HASHED, "hash")
    for row in rows.iterator(chunk_size=5000):
        content = dict(zip(HASHED, row, strict=False))
        if content["seq"] != expected:
            return Verdict(expected - 1, expected, "missing")
        if content["previous"] != previous or row[-1] != _hashed(content):
            return Verdict(expected, expected, "altered")
        previous, expected = row[-1], expected + 1
        if progress and expected % 50_000 == 0:
            progress(expected)
    head = ChainHead.objects.filter(pk=1).first()
    if head is not None and (head.seq, head.hash) != (expected - 1, previous):
        return Verdict(expected - 1, expected, "missing")
    return Verdict(expected - 1, head=previous)


def hash_of(seq: int) -> str:
    """The hash of the event of this number, "" when there is none."""
    return Event.objects.filter(seq=seq).values_list("hash", flat=True).first() or ""
