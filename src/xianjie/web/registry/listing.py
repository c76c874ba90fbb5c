"""The register's lists as exports: which columns, how rows are prepared, and the job for long ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from xianjie.web.accounts.scope import Scope
from xianjie.web.exporting import Column, Listing, chunks
from xianjie.web.regions.selectors import full_names
from xianjie.web.registry.records import fields_of
from xianjie.web.registry.selectors import LISTED, Asked, households

EXPORT = "registry.export"
AT_ONCE = 10_000  # rows; a longer list is a job
# Fields of `data` that a list takes out; nothing that is sealed.
FROM_DATA = (
    "address", "relieved_year", "resettled", "no_labour_floor", "contact_name", "arable_mu", "main_industry",
    "cooperative", "toilet", "stated_income_per_head",
)  # fmt: skip


def household_listing(scope: Scope) -> Listing:
    """The columns of a list of households."""
    columns = [
        Column(_("乡镇村"), "place", 24),
        Column.of("household", "region_code", 15),
        Column.of("household", "group_name", 12),
        Column.of("household", "household_id", 20),
        Column.of("household", "head_name", 12),
        Column.of("household", "household_type", 14),
        Column(_("家庭人口"), "size", 9, "int"),
        Column(_("监测对象类别"), "monitored_kind", 16, codes=fields_of("household")["stated_monitored_kind"].codes),
        Column(_("风险分"), "score", 8, "int"),
        Column(_("风险数"), "risks", 8, "int"),
        *(Column.of("household", name, 14) for name in FROM_DATA),
    ]
    return Listing(_("农户名单"), columns, scope)


def household_rows(scope: Scope, asked: Asked, ids: list[str] | None = None) -> Iterator[dict[str, Any]]:
    """The rows of a list of households to take out, by place; `ids` narrows them to those picked."""
    rows = households(scope, asked, EXPORT).order_by("region_code", "household_id")
    if ids is not None:
        rows = rows.filter(household_id__in=ids)
    return chunks(rows.values(*LISTED, "data"), _prepared)


def _prepared(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    names = full_names({row["region_code"] for row in rows})
    for row in rows:
        kept: Mapping[str, Any] = row.pop("data")
        row["place"] = names[row["region_code"]]
        for name in FROM_DATA:
            row[name] = kept.get(name)
        yield row


def export_path(job_id: int) -> Path:
    """Where the file of an export job lies."""
    folder: Path = Path(settings.HOME) / "files" / "exports"
    return folder / f"{job_id}.xlsx"
