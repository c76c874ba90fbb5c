"""What a file really is, by its content, and whether opening it is safe."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

from xianjie.feeds.model import FileKind, Limits, Unreadable

ZIP, OLE, PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PAR1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# Files that people rename to .xls or .csv, by how they begin.
FOREIGN = {
    b"%PDF": "PDF",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7z",
    b"\x1f\x8b": "gzip",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"{\\rtf": "RTF",
    b"SQLite format 3": "SQLite",
    b"\x7fELF": "ELF",
}
TEXT_ENDINGS = {".csv", ".tsv", ".txt"}
ENDINGS = {".xlsx", ".xlsm", ".xls", ".parquet"} | TEXT_ENDINGS


def kind_of(path: Path, limits: Limits) -> FileKind:
    """The kind of a file, whatever its name ends in. Raises `Unreadable` when it is none that can be read."""
    if path.is_dir():
        raise Unreadable("feeds.is_folder", file=path.name)
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            start = stream.read(4096)
    except OSError as error:
        raise Unreadable("feeds.cannot_open", file=path.name, why=error.strerror or "") from error
    if size == 0:
        raise Unreadable("feeds.empty_file", file=path.name)
    if size > limits.file_bytes:
        raise Unreadable("feeds.too_big", file=path.name, size=size // 1_000_000, limit=limits.file_bytes // 1_000_000)
    if start.startswith((ZIP, OLE)) and size > limits.workbook_bytes:
        raise Unreadable(
            "feeds.too_big", file=path.name, size=size // 1_000_000, limit=limits.workbook_bytes // 1_000_000
        )
    if start.startswith(ZIP):
        check_zip(path, limits)
        return "xlsx"
    if start.startswith(OLE):
        check_ole(path)
        return "xls"
    if start.startswith(PARQUET):
        return "parquet"
    return _text_or_refused(path, start)


def _text_or_refused(path: Path, start: bytes) -> FileKind:
    for magic, name in FOREIGN.items():
        if start.startswith(magic):
            raise Unreadable("feeds.foreign", file=path.name, what=name)
    begin = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if begin.startswith((b"<html", b"<!doctype", b"<table", b"<meta", b"<head", b"<style")):
        raise Unreadable("feeds.is_html", file=path.name)
    if begin.startswith((b"<?xml", b"<workbook")):
        raise Unreadable("feeds.is_xml", file=path.name)
    if path.suffix.lower() == ".parquet":
        raise Unreadable("feeds.broken", file=path.name)
    if (
        path.suffix.lower() not in TEXT_ENDINGS
        and b"\x00" in start
        and not start.startswith((b"\xff\xfe", b"\xfe\xff"))
    ):
        raise Unreadable("feeds.broken", file=path.name)
    return "text"


def check_zip(path: Path, limits: Limits) -> None:
    """Refuse an archive that is no workbook, or that would unfold into far more than it says."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    # zipfile's word for an archive of a version or compression that it does not know is NotImplementedError.
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Unreadable("feeds.broken", file=path.name) from error
    names = {entry.filename for entry in entries}
    if not any(name.startswith("xl/") for name in names):
        raise Unreadable("feeds.no_workbook", file=path.name)
    if len(entries) > limits.zip_entries or len(names) < len(entries):
        raise Unreadable("feeds.bomb", file=path.name)
    for entry in entries:
        if entry.filename.startswith(("/", "\\")) or ".." in PurePosixPath(entry.filename.replace("\\", "/")).parts:
            raise Unreadable("feeds.zip_names", file=path.name)
        if entry.flag_bits & 1:
            raise Unreadable("feeds.encrypted", file=path.name)
    unzipped = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    if unzipped > limits.unzipped_bytes or (unzipped > 100_000_000 and unzipped / packed > limits.zip_ratio):
        raise Unreadable("feeds.bomb", file=path.name)


def check_ole(path: Path) -> None:
    """Refuse a workbook locked with a password, and other Office files of the old format."""
    content = path.read_bytes()
    if ENCRYPTED in content:
        raise Unreadable("feeds.encrypted", file=path.name)
    if not any(name.encode("utf-16-le") in content for name in ("Workbook", "Book")):
        raise Unreadable("feeds.no_workbook", file=path.name)
