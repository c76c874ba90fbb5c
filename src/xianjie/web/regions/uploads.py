"""A region table between its preview and its confirmation: kept as a file that only its uploader may use."""

from __future__ import annotations

import json
import re
import secrets
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

from xianjie.messages import UserError
from xianjie.web.accounts.models import User
from xianjie.web.sheets import Fault, Sheet, SheetRow

DAYS = ("valid_from", "valid_to")
KEPT_SECONDS = 24 * 3600


def keep(user: User, sheet: Sheet, on: date, why: str) -> str:
    """Keep an upload; gives the word under which it is found."""
    folder = _folder()
    folder.mkdir(exist_ok=True, mode=0o700)
    for old in folder.iterdir():
        if time.time() - old.stat().st_mtime > KEPT_SECONDS:
            old.unlink(missing_ok=True)
    word = secrets.token_urlsafe(18)
    content = {"user": user.pk, "on": on, "why": why, "sheet": asdict(sheet)}
    (folder / word).write_text(json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False), encoding="utf-8")
    return word


def kept(user: User, word: str) -> tuple[Sheet, date, str]:
    """The table, day and reason of an upload. Raises `UserError` when it is over or another user's."""
    path = _path(word)
    if not path.is_file():
        raise UserError("regions.plan_gone")
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if content["user"] != user.pk:
        raise UserError("regions.plan_gone")
    raw = content["sheet"]
    rows = [SheetRow(row["sheet"], row["row"], _values(row["values"])) for row in raw["rows"]]
    faults = [Fault(**fault) for fault in raw["faults"]]
    return Sheet(rows, faults, raw["headers"]), date.fromisoformat(content["on"]), content["why"]


def forget(word: str) -> None:
    """The upload is done with."""
    _path(word).unlink(missing_ok=True)


def _folder() -> Path:
    return Path(settings.FILE_UPLOAD_TEMP_DIR) / "regions"


def _path(word: str) -> Path:
    if not re.fullmatch(r"[\w-]{10,40}", word):
        raise UserError("regions.plan_gone")
    return _folder() / word


def _values(values: dict[str, Any]) -> dict[str, Any]:
    return {name: date.fromisoformat(value) if name in DAYS and value else value for name, value in values.items()}
