"""What the pages of deliveries list: tables, tiles and facts, from rows to words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from xianjie.dictionary.model import DictionaryField
from xianjie.feeds import Layout
from xianjie.web import exporting
from xianjie.web.accounts.scope import Scope
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Lines, Link, Status, yuan
from xianjie.web.dictionary_forms import label_of
from xianjie.web.intake import results, selectors
from xianjie.web.intake.forms import MODES, OUTCOME_WORDS, STATES, WAYS, RowsFilter
from xianjie.web.intake.layouts import Expected, title
from xianjie.web.intake.models import OUTCOMES, Delivery
from xianjie.web.jobs.models import Job
from xianjie.web.words import code_label, department_name, label

JOB_STATES = {Job.QUEUED: "waiting", Job.RUNNING: "running", Job.DONE: "done", Job.CANCELLED: "cancelled"}


def state_of(delivery: Delivery) -> Status:
    """The state in a word."""
    word, tone = STATES[delivery.standing]
    return Status(str(word), tone)


def megabytes(size: int) -> str:
    """A file's size as people say it."""
    return f"{size / 1_048_576:,.1f} MB" if size >= 100_000 else f"{size / 1024:,.1f} KB"


def waiting_tiles(states: dict[str, int]) -> list[dict[str, Any]]:
    """What is under way or waits for somebody, each leading to its list."""
    listed = (
        (_("正在读取"), (Delivery.RECEIVED, Delivery.READING), ""),
        (_("待确认"), (Delivery.HELD,), "warn"),
        (_("读不出来"), (Delivery.FAILED,), "bad"),
        (_("参加比对"), (Delivery.READY,), ""),
    )
    tiles = []
    for words, names, tone in listed:
        figure = sum(states.get(name, 0) for name in names)
        url = "?" + urlencode({"state": names[-1]})
        tiles.append({"label": words, "figure": figure, "unit": _("份"), "url": url, "tone": tone if figure else ""})
    return tiles


def deliveries_table(page: Any) -> Table:
    """The deliveries of a page."""
    columns = [
        Column(_("文件"), "file_name", "text", main=True, link=lambda one: reverse("intake:delivery", args=[one.pk]),
               second=lambda one: f"{department_name(one.department)} · {title(one.layout)}"),
        Column(_("数据日期"), "day", "date"),
        Column(_("状态"), state_of, "status"),
        Column(_("行数"), _rows, "number"),
        Column(_("采用"), lambda one: one.accepted + one.repaired if one.read_at else None, "number"),
        Column(_("待核对"), _count("review"), "number"),
        Column(_("查无此人"), _count("unmatched"), "number"),
        Column(_("退回"), _count("rejected"), "number"),
        Column(_("报送"), lambda one: Lines(one.uploader or str(WAYS[one.via]), one.received_on.isoformat())),
    ]  # fmt: skip
    return Table(
        columns,
        page.rows,
        _("报送记录"),
        page=page,
        export=reverse("intake:export"),
        muted=lambda one: one.standing in (Delivery.REPLACED, Delivery.CANCELLED),
        walk=True,
        empty_title=_("还没有报送"),
        empty_text=_("点“报送数据”交来第一份文件。"),
    )


def _rows(delivery: Delivery) -> int | None:
    return delivery.rows if delivery.read_at else None


def _count(outcome: str) -> Any:
    return lambda one: getattr(one, outcome) if one.read_at else None


def deliveries_workbook(scope: Scope, rows: Any, asked: dict[str, Any]) -> HttpResponse:
    """The list of deliveries as a file."""
    columns = [
        exporting.Column(_("部门"), lambda one: department_name(one.department), 16),
        exporting.Column(_("报送内容"), lambda one: title(one.layout), 22),
        exporting.Column(_("文件"), "file_name", 36),
        exporting.Column(_("数据日期"), "day", 12, "date"),
        exporting.Column(_("状态"), lambda one: str(STATES[one.standing][0]), 14),
        exporting.Column(_("行数"), "rows", 10, "int"),
        *(exporting.Column(str(OUTCOME_WORDS[name][0]), name, 12, "int") for name in OUTCOMES),
        exporting.Column(_("报送方式"), lambda one: str(WAYS[one.via]), 12),
        exporting.Column(_("报送人"), lambda one: str(one.uploader or ""), 14),
        exporting.Column(_("报送时间"), "received_at", 18, "moment"),
        exporting.Column(_("读不出来的原因"), "problem", 50),
    ]
    wanted = exporting.Listing(_("部门报送记录"), columns, scope)
    return exporting.workbook_response(wanted, rows.iterator(chunk_size=500), verb="intake.export", asked=asked)


def layouts_table(layouts: Iterable[Layout], last: dict[str, Delivery]) -> Table:
    """What may be handed in: columns, template, what came last."""
    columns = [
        Column(_("报送内容"), label, main=True, link=lambda one: reverse("intake:layout", args=[one.layout]),
               second=lambda one: department_name(one.department)),
        Column(_("模板"), lambda one: Link(_("下载模板"), reverse("intake:template", args=[one.layout]))),
        Column(_("最近一次"), lambda one: _last(last.get(one.layout))),
        Column(_("数据日期"), lambda one: last[one.layout].day if one.layout in last else None, "date"),
        Column(_("行数"), lambda one: last[one.layout].rows if one.layout in last else None, "number"),
    ]  # fmt: skip
    return Table(columns, layouts, _("可以报送的内容"), id="layouts")


def _last(delivery: Delivery | None) -> Any:
    if delivery is None:
        return _("还没有报过")
    return Link(delivery.file_name, reverse("intake:delivery", args=[delivery.pk]))


def columns_table(columns: list[Expected]) -> Table:
    """The columns of a layout."""
    listed = [
        Column(_("列名"), "header", main=True),
        Column(_("要求"), lambda one: Status(_("必填"), "warn") if one.required else _("有就填")),
        Column(_("也认这些写法"), lambda one: "、".join(one.also) or "—", "long"),
    ]
    return Table(listed, columns, _("表里的列"), id="columns")


def folders_table(folders: list[tuple[str, str]]) -> Table:
    """The watched folders."""
    listed = [Column(_("部门"), lambda one: one[0], main=True), Column(_("文件夹"), lambda one: one[1], "long")]
    return Table(listed, folders, _("监视的文件夹"), id="folders")


def job_part(delivery: Delivery) -> dict[str, Any] | None:
    """The reading job as the page shows it; None when there is nothing to wait for."""
    job = delivery.job
    if job is None or delivery.standing not in (Delivery.RECEIVED, Delivery.READING):
        return None
    url = reverse("intake:delivery", args=[delivery.pk])
    return {
        "id": job.pk,
        "label": _("读取文件、与底册比对"),
        "state": JOB_STATES.get(job.state, "failed"),
        "done": job.done,
        "total": job.total,
        "text": job.text,
        "url": url,
        "cancel_url": reverse("intake:cancel", args=[delivery.pk]),
    }


def delivery_facts(delivery: Delivery) -> list[dict[str, Any]]:
    """What is known of a delivery itself."""
    facts: list[dict[str, Any]] = [
        {"label": _("状态"), "value": state_of(delivery)},
        {"label": _("数据日期"), "value": delivery.day.isoformat()},
        {"label": _("文件大小"), "value": megabytes(delivery.size)},
        {"label": _("报送"), "value": f"{delivery.received_on} · {delivery.uploader or WAYS[delivery.via]}"},
        {
            "label": _("方式"),
            "value": MODES[delivery.mode] if delivery.mode == Delivery.ADDITION else WAYS[delivery.via],
        },
        {"label": _("校验码"), "value": delivery.sha256[:16]},
    ]
    if delivery.replaced_by_id:
        url = reverse("intake:delivery", args=[delivery.replaced_by_id])
        facts.append({"label": _("已被替换"), "value": Link(_("看替换它的那一份"), url)})
    return facts


def outcome_tiles(delivery: Delivery, doubts: dict[str, int]) -> list[dict[str, Any]]:
    """Rows by outcome, each leading to its rows; they add up to the first tile."""
    if not delivery.read_at or delivery.problem:
        return []
    tiles: list[dict[str, Any]] = [{"label": _("收到"), "figure": delivery.rows, "unit": _("行"), "url": "?#results"}]
    for outcome in OUTCOMES:
        word, tone = OUTCOME_WORDS[outcome]
        figure = getattr(delivery, outcome)
        note = ""
        if outcome == "review" and doubts["settled"]:
            note = _("其中 %(n)s 行已核对，下次比对时生效") % {"n": f"{doubts['settled']:,}"}
        tiles.append(
            {
                "label": word,
                "figure": figure,
                "unit": _("行"),
                "url": f"?outcome={outcome}#results",
                "tone": tone if figure and tone in ("warn", "bad") else "",
                "note": note,
            }
        )
    return tiles


def rows_table(request: Any, delivery: Delivery, form: RowsFilter) -> Table:
    """A page of the delivery's rows, masked as this user sees. Raises `UserError` for a page that is none."""
    given = form.cleaned_data if form.is_valid() else {}
    asked = results.Asked(
        given.get("outcome", ""), given.get("kind", ""), request.GET.get("after", ""), request.GET.get("before", "")
    )
    page = results.page(delivery, asked)
    in_review = [row["fingerprint"] for row in page.rows if row["outcome"] == "review"]
    doubts = selectors.doubt_keys(request.scope, delivery, in_review) if in_review else {}
    scope: Scope = request.scope
    columns = [
        Column(_("位置"), _place, "text", main=True),
        Column(_("结果"), lambda row: _outcome(row, doubts), "status"),
        Column(_("说明"), lambda row: results.masked_remark(delivery, scope, row["said"] or "") or "—", "long"),
        *_identity_columns(delivery, scope),
        *(_field_column(field, delivery, scope) for field in results.shown_fields(delivery)),
    ]
    return Table(
        columns,
        page.rows,
        _("逐行结果"),
        page=page,
        count=_row_count(delivery, asked),
        empty_title=_("没有这样的行"),
        walk=True,
    )


def _row_count(delivery: Delivery, asked: results.Asked) -> int | None:
    if asked.kind:
        kept = [one for one in delivery.reasons if one["kind"] == asked.kind]
        return sum(one["rows"] for one in kept if not asked.outcome or one["outcome"] == asked.outcome)
    return int(getattr(delivery, asked.outcome)) if asked.outcome else delivery.rows


def _place(row: dict[str, Any]) -> str:
    return _("%(sheet)s 第 %(row)s 行") % {"sheet": row["sheet"] or "", "row": row["row_no"]}


def _outcome(row: dict[str, Any], doubts: dict[str, int]) -> Any:
    word, tone = OUTCOME_WORDS[row["outcome"]]
    status = Status(str(word), tone)
    key = doubts.get(row["fingerprint"]) if row["outcome"] == "review" else None
    return Lines(status, Link(_("去核对"), reverse("intake:doubt", args=[key])).html()) if key else status


def _identity_columns(delivery: Delivery, scope: Scope) -> list[Column]:
    labels = {"name": _("姓名"), "id_no": _("证件号"), "village_name": _("村"), "household_id": _("户编号")}
    present = [name for name in labels if f"i_{name}" in delivery.columns]

    def column(name: str) -> Column:
        field = results.identity_field(name)

        def value(row: dict[str, Any]) -> Any:
            text = row.get(f"i_{name}")
            return scope.show(field, text, delivery.region_code) if field and text else text

        return Column(labels[name], value, "code" if name in ("id_no", "household_id") else "text")

    return [column(name) for name in present]


def _field_column(field: DictionaryField, delivery: Delivery, scope: Scope) -> Column:
    def value(row: dict[str, Any]) -> Any:
        stored = row.get(field.name)
        if stored is None:
            return None
        seen = scope.show(field, stored, delivery.region_code)
        return seen if seen != stored else field_words(field, stored)

    kind = {"fen": "number", "int": "number", "number": "number", "date": "date"}.get(field.type, "text")
    return Column(label_of(field), value, "text" if kind == "date" else kind)


def field_words(field: DictionaryField, value: Any) -> str:
    """A stored value in words: yuan, label, yes or no, day."""
    if field.type == "fen":
        return yuan(int(value))
    if field.type == "bool":
        return _("是") if value else _("否")
    if field.codes:
        return code_label(field.codes, str(value))
    return value.isoformat() if isinstance(value, date) else str(value)
