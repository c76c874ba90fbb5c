"""Files given as evidence: kept under the instance by a name of our own, given out only through a case's page."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from django.conf import settings

FOLDER = "cases"


def keep(file: Any, folder: str = FOLDER) -> str:
    """Store an uploaded file in an app's folder; gives the name under which it is kept."""
    name = f"{uuid.uuid4().hex}.{file.name.rpartition('.')[2].lower()}"
    place = Path(settings.HOME) / "files" / folder
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (place / name).open("wb") as out:
        for part in file.chunks():
            out.write(part)
    return name


def path_of(name: str, folder: str = FOLDER) -> Path:
    """Where a kept file lies. Raises `ValueError` for a name that is none of ours."""
    if Path(name).name != name:
        raise ValueError(name)
    return Path(settings.HOME) / "files" / folder / name
