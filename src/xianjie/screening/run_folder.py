"""One run = one folder: what went in, what each step gave, what came out.

A step that finished leaves a small JSON file; the same command run again after a stop takes finished
steps as they are. A step counts as finished only for the same key, the fingerprint of everything that
went in, so a changed input is never mixed with an old result.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from xianjie.messages import UserError, say
from xianjie.screening.watching import Watch

Progress = Callable[[str], None]

# What the steps take of a whole run, in hundredths: for the bar that people watch.
PARTS = {
    "register": 2, "feeds": 40, "link": 20, "check": 14, "rules": 9, "findings": 3, "documents": 4, "lists": 6,
    "report": 2,
}  # fmt: skip


def file_fingerprint(path: Path) -> str:
    """SHA-256 of a file's bytes, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def fingerprint(parts: Iterable[str]) -> str:
    """One short fingerprint of several texts, in their order."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:16]


def write_json(path: Path, content: Any) -> None:
    """Write JSON that is the same bytes for the same content; the file appears only whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    part.replace(path)


def read_json(path: Path) -> Any:
    """The content of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


class RunFolder:
    """The folder of one run and its steps."""

    def __init__(self, folder: Path, manifest: dict[str, Any], watch: Watch) -> None:
        """Open or begin the run in `folder`. Raises `UserError` when something else stands there."""
        self.folder = folder
        self.work = folder / "work"
        self.manifest = manifest
        self.key = fingerprint([json.dumps(manifest, sort_keys=True, ensure_ascii=False)])
        self.watch = watch
        self._begin()

    def _begin(self) -> None:
        manifest = self.folder / "manifest.json"
        if manifest.exists():
            if read_json(manifest) != self.manifest:
                raise UserError("screening.run_of_other_inputs", folder=self.folder)
            return
        if self.folder.exists() and any(self.folder.iterdir()):
            raise UserError("screening.folder_not_empty", folder=self.folder)
        write_json(manifest, self.manifest)

    @property
    def complete(self) -> bool:
        """Whether the run came to its end."""
        return (self.folder / "counts.json").exists()

    def step(self, name: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Do a step once: its result, from its file when it was done before for the same inputs."""
        marker = self.work / "steps" / f"{name}.json"
        if marker.exists():
            done = read_json(marker)
            if done["key"] == self.key:
                result: dict[str, Any] = done["result"]
                self.watch.finish(PARTS[name])
                return result
        self.watch.begin(say(f"screening.step.{name}"))
        started = time.monotonic()
        result = work()
        write_json(marker, {"key": self.key, "result": result})
        self._log(name, time.monotonic() - started)
        self.watch.finish(PARTS[name])
        return result

    def _log(self, name: str, seconds: float) -> None:
        # Times differ between runs, so they live in the log alone and never in a result.
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps({"step": name, "seconds": round(seconds, 3)}) + "\n")
