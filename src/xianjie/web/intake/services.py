"""Taking files in, and what becomes of them: receive, cancel, read again, replace, withdraw."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from xianjie.feeds import Limits
from xianjie.feeds.kinds import kind_of
from xianjie.feeds.model import Unreadable
from xianjie.messages import UserError
from xianjie.web.accounts.models import User
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import record
from xianjie.web.clock import today
from xianjie.web.intake.doubts import recount
from xianjie.web.intake.knobs import knobs
from xianjie.web.intake.layouts import layouts, title
from xianjie.web.intake.models import Delivery
from xianjie.web.jobs.models import Job
from xianjie.web.jobs.services import ask_to_cancel, enqueue
from xianjie.web.words import department_name

READ_JOB = "intake.read"
EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True)
class Offer:
    """What somebody hands in: for which county, in which layout, of which day, by which way."""

    region_code: str
    layout: str
    day: date
    file_name: str
    mode: str = Delivery.WHOLE
    via: str = Delivery.PAGE

    @property
    def department(self) -> str:
        return layouts()[self.layout].department


@dataclass(frozen=True)
class Receipt:
    """The delivery; `repeated` when the same bytes had come before and nothing new was made."""

    delivery: Delivery
    repeated: bool = False


def check_may_deliver(scope: Scope, region_code: str, layout: str) -> None:
    """Raises `UserError` for an unknown layout, `PermissionDenied` for one that is another department's."""
    if layout not in layouts():
        raise UserError("intake.no_layout", layout=layout)
    if not scope.allows("intake.deliver", region_code, layouts()[layout].department):
        raise PermissionDenied


def check_size(size: int) -> None:
    """Raises `UserError` for a file beyond the instance's limit."""
    if size > settings.UPLOAD_LIMIT_BYTES:
        raise UserError("intake.too_big", size=_megabytes(size), limit=_megabytes(settings.UPLOAD_LIMIT_BYTES))


def _megabytes(size: int) -> str:
    return f"{size / 1_048_576:,.0f}"


def receive(offer: Offer, content: Iterable[bytes], scope: Scope, user: User | None) -> Receipt:
    """Keep a file and queue its reading. The same bytes of the same layout are told, not taken again.

    Raises `UserError` for a file that cannot be meant (too big, macros, a web page, a password, no table …),
    `PermissionDenied` for a layout that is not the user's.
    """
    check_may_deliver(scope, offer.region_code, offer.layout)
    return _receive(offer, content, user)


def receive_from_folder(offer: Offer, content: Iterable[bytes]) -> Receipt:
    """`receive` for a watched folder, whose right is the server's own."""
    return _receive(offer, content, None)


def _receive(offer: Offer, content: Iterable[bytes], user: User | None) -> Receipt:
    ending = _ending(offer.file_name)
    if not EARLIEST <= offer.day <= today():
        raise UserError("intake.bad_day", day=offer.day.isoformat())
    folder = uuid.uuid4().hex
    delivery = Delivery(
        region_code=offer.region_code,
        department=offer.department,
        layout=offer.layout,
        day=offer.day,
        mode=offer.mode,
        file_name=_printable(offer.file_name),
        folder=folder,
        ending=ending,
        via=offer.via,
        uploader=user,
    )
    try:
        delivery.sha256, delivery.size = _keep(content, delivery.given)
        _check_content(delivery.given, delivery.file_name)
        repeated = _same_bytes(delivery)
        if repeated is None:
            with transaction.atomic():
                delivery.save(force_insert=True)
                _queue(delivery, user)
                _tell("intake.receive", delivery)
            return Receipt(delivery)
    except IntegrityError:  # the same file came through another door in this very moment
        repeated = _same_bytes(delivery)
        if repeated is None:
            raise
    except BaseException:
        shutil.rmtree(delivery.place, ignore_errors=True)
        raise
    shutil.rmtree(delivery.place, ignore_errors=True)
    return Receipt(repeated, repeated=True)


def _ending(name: str) -> str:
    ending = Path(name).suffix.lower()
    if ending in knobs().macro_endings:
        raise UserError("intake.macros", file=_printable(name))
    if ending not in knobs().endings:
        raise UserError("intake.wrong_type", file=_printable(name), endings="、".join(knobs().endings))
    return ending


def _printable(name: str) -> str:
    """The last part of a name, as people read it: without path and control characters."""
    plain = "".join(char for char in name.replace("\\", "/").rsplit("/", 1)[-1] if char.isprintable())
    return plain[-255:] or "file"


def _keep(content: Iterable[bytes], path: Path) -> tuple[str, int]:
    """Write the bytes to `path`; gives SHA-256 and size. The file appears under its name only when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part, digest, size = path.with_suffix(".part"), hashlib.sha256(), 0
    with part.open("wb") as stream:
        for piece in content:
            size += len(piece)
            check_size(size)
            digest.update(piece)
            stream.write(piece)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)
    return digest.hexdigest(), size


def _check_content(path: Path, name: str) -> None:
    """Refuse at once what can never be read. Raises `UserError` with the file's own name in the sentence."""
    try:
        kind = kind_of(path, Limits())
    except Unreadable as error:
        raise UserError(error.problem.code, **{**error.problem.facts, "file": name}) from error
    if kind == "xlsx":
        with zipfile.ZipFile(path) as archive:
            if any(entry.endswith("vbaProject.bin") for entry in archive.namelist()):
                raise UserError("intake.macros", file=name)
            if any(entry.startswith("xl/worksheets/") and entry.endswith(".bin") for entry in archive.namelist()):
                raise UserError("intake.macros", file=name)


def _same_bytes(delivery: Delivery) -> Delivery | None:
    """The delivery of the same bytes that stands; one whose job ended unsaid is settled first and stands no more."""
    same = Delivery.everything.filter(
        region_code=delivery.region_code,
        layout=delivery.layout,
        sha256=delivery.sha256,
        state__in=Delivery.STANDING,
    ).exclude(folder=delivery.folder)
    for found in same.select_related("job"):
        if found.standing in Delivery.STANDING:
            return found
        Delivery.everything.filter(pk=found.pk).update(state=found.standing)
    return None


def _queue(delivery: Delivery, user: User | None) -> None:
    name = f"{department_name(delivery.department)} {title(delivery.layout)} {delivery.day}"
    job = enqueue(READ_JOB, title=name[:200], region_code=delivery.region_code, owner=user, delivery=delivery.pk)
    delivery.job, delivery.state = job, Delivery.RECEIVED
    delivery.save(update_fields=["job", "state"])


def _tell(verb: str, delivery: Delivery, why: str = "", **more: object) -> None:
    after = {
        "department": delivery.department,
        "layout": delivery.layout,
        "day": delivery.day,
        "mode": delivery.mode,
        "via": delivery.via,
        "sha256": delivery.sha256,
        "size": delivery.size,
        "state": delivery.state,
        **more,
    }
    subject = ("delivery", str(delivery.pk))
    record(verb, subject=subject, region_code=delivery.region_code, why=why, after=after)


def cancel(delivery: Delivery) -> None:
    """Stop the reading: at once when it has not begun, else at its next look."""
    with transaction.atomic():
        if delivery.job is None or delivery.standing not in (Delivery.RECEIVED, Delivery.READING):
            raise UserError("intake.not_under_way")
        ask_to_cancel(delivery.job)
        delivery.job.refresh_from_db()
        if delivery.job.state == Job.CANCELLED:
            Delivery.everything.filter(pk=delivery.pk).update(state=Delivery.CANCELLED)
        _tell("intake.cancel", delivery)


def read_again(delivery: Delivery, user: User | None) -> None:
    """Queue the reading once more: after a cancel or failure, or to match against today's register."""
    with transaction.atomic():
        locked = Delivery.everything.select_for_update().get(pk=delivery.pk)
        if locked.standing in (Delivery.RECEIVED, Delivery.READING):
            raise UserError("intake.under_way")
        if locked.standing == Delivery.REPLACED:
            raise UserError("intake.replaced")
        try:
            with transaction.atomic():
                _queue(locked, user)
        except IntegrityError as error:
            raise UserError("intake.same_file_stands") from error
        _tell("intake.read_again", locked)


def take_place(delivery: Delivery) -> int:
    """Make a delivery that was read count: a whole file replaces those of its layout and day. Gives their number."""
    replaced = 0
    with transaction.atomic():
        if delivery.mode == Delivery.WHOLE:
            replaced = (
                current_of(delivery).exclude(pk=delivery.pk).update(state=Delivery.REPLACED, replaced_by_id=delivery.pk)
            )
        Delivery.everything.filter(pk=delivery.pk).update(state=Delivery.READY)
        delivery.state = Delivery.READY
        recount(delivery.region_code, delivery.layout)
        _tell("intake.ready", delivery, rows=delivery.rows, rejected=delivery.rejected, replaced=replaced)
    return replaced


def current_of(delivery: Delivery):  # type: ignore[no-untyped-def]
    """The deliveries of the same county, layout and day that count."""
    return Delivery.everything.filter(
        region_code=delivery.region_code, layout=delivery.layout, day=delivery.day, state=Delivery.READY
    )


def is_much_smaller(delivery: Delivery) -> bool:
    """Whether a whole file has so few rows that its sender must have meant only some."""
    if delivery.mode != Delivery.WHOLE:
        return False
    before = current_of(delivery).exclude(pk=delivery.pk).filter(mode=Delivery.WHOLE).order_by("-pk").first()
    return before is not None and delivery.rows < before.rows * knobs().fewer_rows_held


def settle_held(delivery: Delivery, mode: str, why: str = "") -> None:
    """A held file after all: replaces (`whole`) or counts beside (`addition`)."""
    with transaction.atomic():
        locked = Delivery.everything.select_for_update().get(pk=delivery.pk)
        if locked.state != Delivery.HELD:
            raise UserError("intake.not_held")
        locked.mode = mode
        locked.save(update_fields=["mode"])
        _tell("intake.settle_held", locked, why)
        take_place(locked)


def withdraw(delivery: Delivery, why: str) -> None:
    """Take a delivery back: its rows count no more; file and results stay for the record."""
    with transaction.atomic():
        locked = Delivery.everything.select_for_update().get(pk=delivery.pk)
        if locked.state not in (Delivery.READY, Delivery.HELD):
            raise UserError("intake.not_standing")
        locked.state = Delivery.CANCELLED
        locked.save(update_fields=["state"])
        recount(locked.region_code, locked.layout)
        _tell("intake.withdraw", locked, why)
