"""What the pages of runs show: figures and tables, ready for the templates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from xianjie.web import exporting
from xianjie.web.accounts.scope import Scope
from xianjie.web.daily import comparing, selectors
from xianjie.web.daily.forms import CHANGE_WORDS
from xianjie.web.daily.kinds import department_label, group_label, kind_label, may_read
from xianjie.web.daily.models import Run
from xianjie.web.daily.scheduling import KIND
from xianjie.web.design.tables import Column, Table
from xianjie.web.design.values import Masked, Status
from xianjie.web.jobs.models import Schedule
from xianjie.web.paging import Page
from xianjie.web.regions.selectors import full_names
from xianjie.web.words import label

STATES = {
    Run.WAITING: (lazy("排队中"), "neutral"),
    Run.RUNNING: (lazy("进行中"), "info"),
    Run.DONE: (lazy("已完成"), "good"),
    Run.FAILED: (lazy("失败"), "bad"),
    Run.CANCELLED: (lazy("已取消"), "warn"),
}
CHANGE_TONES = {"new": "warn", "gone": "good", "still": "neutral"}
FILE_TITLES = {
    "list": lazy("风险户名单"),
    "checks": lazy("数据质量问题"),
    "giveback": lazy("退回部门的数据"),
    "report": lazy("全县报告（网页）"),
}


def job_part(run: Run, cancel_url: str = "") -> dict[str, Any]:
    """The progress of a run, for the job component."""
    job, over = run.job, run.is_over
    return {
        "id": run.pk,
        "label": _("%(day)s 每日比对") % {"day": run.day.isoformat()},
        "state": run.state,
        "done": job.done if job else 0,
        "total": (job.total if job else 0) or 100,
        "text": "；".join(run.problems) if over else (job.text if job else ""),
        "url": reverse("daily:run", args=[run.pk]),
        "cancel_url": "" if over else cancel_url,
        "result_url": reverse("daily:run", args=[run.pk]) if over else "",
        "result_label": _("查看比对结果"),
    }


def runs_table(page: Page, known: dict[str, str]) -> Table:
    """The list of runs."""

    def changed(name: str) -> Any:
        return lambda run: run.counts.get("sync", {}).get(name)

    columns = [
        Column(_("日期"), "day", kind="date", main=True, link=lambda run: reverse("daily:run", args=[run.pk])),
        Column(_("地区"), lambda run: known.get(run.region_code, run.region_code)),
        Column(_("状态"), lambda run: Status(str(STATES[run.state][0]), STATES[run.state][1]), kind="status"),
        Column(_("户数"), lambda run: run.counts.get("population", {}).get("households"), kind="number"),
        Column(_("有风险户"), lambda run: run.counts.get("population", {}).get("with_risk"), kind="number"),
        Column(_("新增发现"), changed("new"), kind="number"),
        Column(_("消失"), changed("gone"), kind="number"),
        Column(_("用时（秒）"), seconds, kind="number", minor=True),
        Column(_("开始"), "started_at", kind="moment", minor=True),
        Column(_("政策版本"), "policy", kind="code", minor=True),
    ]
    return Table(columns, page.rows, _("每日比对"), page=page, empty_title=_("还没有比对过"), walk=True)


def seconds(run: Run) -> int | None:
    """How long a run took."""
    return round((run.ended_at - run.started_at).total_seconds()) if run.ended_at and run.started_at else None


def schedules(codes: set[str], known: dict[str, str]) -> list[str]:
    """When the nightly runs start, in words."""
    rows = Schedule.objects.filter(kind=KIND, region_code__in=codes, enabled=True).order_by("region_code")
    return [
        _("%(place)s每天 %(at)s 自动比对") % {"place": known.get(one.region_code, ""), "at": f"{one.at:%H:%M}"}
        for one in rows
    ]


def whole(
    scope: Scope,
    run: Run,
    other: Run | None,
    kinds: list[dict[str, Any]],
    towns: list[dict[str, Any]],
    known: dict[str, str],
) -> dict[str, Any]:
    """Everything that the page of a finished run shows."""
    counts, sees_county = run.counts, selectors.sees_whole(scope, run)
    totals = comparing.totals(kinds)
    return {
        "page_subtitle": known.get(run.region_code, run.region_code),
        "tiles": _tiles(run, totals, other, sees_county),
        "kinds": _kind_table(run, other, kinds),
        "towns": _town_table(run, other, towns, known),
        "inputs": _input_table(counts.get("feeds", [])) if sees_county else None,
        "register": _register_table(counts.get("register", [])) if sees_county else None,
        "steps": _step_table(run),
        "problems": run.problems,
        "missing_numbers": counts.get("missing_numbers", []),
        "missing_facts": counts.get("missing_facts", []),
        "other": other,
        "files": _files(scope, run),
        "sums": _sums(counts, totals) if sees_county else [],
    }


def _tiles(run: Run, totals: dict[str, int], other: Run | None, sees_county: bool) -> list[dict[str, Any]]:
    tiles = [
        {"label": CHANGE_WORDS[name], "figure": totals[name], "url": changes_url(run, other, change=name), "tone": tone}
        for name, tone in (("new", "warn"), ("gone", "good"), ("still", ""))
    ]
    if sees_county:
        people = run.counts.get("population", {})
        tiles += [
            {"label": _("有风险户"), "figure": people.get("with_risk"), "note": _("全县")},
            {"label": _("其中未监测"), "figure": people.get("with_risk_not_monitored"), "note": _("全县")},
        ]
    return tiles


def changes_url(run: Run, other: Run | None, **asked: str) -> str:
    """The address of the list behind a figure."""
    query = {**asked, **({"with": str(other.pk)} if other else {})}
    return f"{reverse('daily:changes', args=[run.pk])}?{urlencode(query)}"


def _figures(run: Run, other: Run | None, name: str) -> list[Column]:
    """The three figures of a row, each leading to its list; `name` is the filter that a row stands for."""

    def link(change: str, key: str) -> Any:
        return lambda row: changes_url(run, other, change=change, **{name: row[key]}) if row[change] else ""

    key = "finding" if name == "finding" else "town"
    return [Column(str(CHANGE_WORDS[one]), one, kind="number", link=link(one, key)) for one in comparing.CHANGES]


def _kind_table(run: Run, other: Run | None, rows: list[dict[str, Any]]) -> Table:
    columns = [
        Column(_("发现"), lambda row: kind_label(row["finding"]), main=True),
        Column(_("类别"), lambda row: group_label(row["grp"])),
        *_figures(run, other, "finding"),
    ]
    return Table(columns, rows, _("各类发现的变化"), id="kinds", empty_title=_("没有发现"))


def _town_table(run: Run, other: Run | None, rows: list[dict[str, Any]], known: dict[str, str]) -> Table:
    columns = [
        Column(_("乡镇"), lambda row: known.get(row["town"], row["town"]), main=True),
        *_figures(run, other, "region"),
    ]
    return Table(columns, rows, _("各乡镇的变化"), id="towns", empty_title=_("没有发现"))


def _input_table(rows: Sequence[dict[str, Any]]) -> Table:
    columns = [
        Column(_("文件"), lambda row: row["title"], main=True, second="file"),
        Column(_("部门"), "department"),
        Column(_("行数"), "rows", kind="number"),
        Column(_("身份证一致"), "exact", kind="number"),
        Column(_("修复后一致"), "repaired", kind="number"),
        Column(_("推断为同一人"), "probable", kind="number"),
        Column(_("待核对"), "review", kind="number"),
        Column(_("不在底册"), "none", kind="number"),
        Column(_("退回"), "rejected", kind="number"),
        Column(
            _("合计相符"),
            lambda row: Status(_("相符"), "good") if adds_up(row) else Status(_("不符"), "bad"),
            kind="status",
        ),
    ]
    sums = ["", ""] + [sum(row[name] for row in rows) for name in ("rows", *TIERS, "rejected")] + [""]
    return Table(columns, rows, _("部门数据"), id="inputs", total=[_("合计"), *sums[1:]], empty_title=_("没有部门数据"))


TIERS = ("exact", "repaired", "probable", "review", "none")


def adds_up(row: dict[str, Any]) -> bool:
    """Whether a file's rows are all accounted for."""
    return bool(row["rows"] == sum(row[name] for name in (*TIERS, "rejected")))


def _register_table(rows: Sequence[dict[str, Any]]) -> Table:
    from xianjie.dictionary import dictionary

    def name(row: dict[str, Any]) -> str:
        entity = dictionary().by_table(row["table"])
        return label(entity) if entity else str(row["table"])

    columns = [
        Column(_("底册表"), name, main=True, second="table"),
        Column(_("行数"), "rows", kind="number"),
        Column(_("采用"), "accepted", kind="number"),
        Column(_("修复"), "repaired", kind="number"),
        Column(_("退回"), "rejected", kind="number"),
    ]
    return Table(columns, rows, _("底册"), id="register")


STEP_WORDS = {
    "snapshot": lazy("生成底册快照"),
    "step.register": lazy("读底册"),
    "step.feeds": lazy("读部门数据"),
    "step.link": lazy("匹配到人"),
    "step.check": lazy("数据质量检查"),
    "step.rules": lazy("按政策计算"),
    "step.findings": lazy("形成发现"),
    "step.lists": lazy("生成名单"),
    "step.report": lazy("生成报告"),
    "findings": lazy("登记发现"),
    "warnings": lazy("生成部门预警"),
    "doubts": lazy("登记待核对记录"),
    "answers": lazy("核对质量反馈"),
    "pages": lazy("准备农户页面"),
}


def _step_table(run: Run) -> Table:
    rows = [{"name": word, "seconds": run.timings[key]} for key, word in STEP_WORDS.items() if key in run.timings]
    columns = [
        Column(_("步骤"), "name", main=True),
        Column(_("用时（秒）"), lambda row: f"{row['seconds']:.1f}", kind="number"),
    ]
    return Table(columns, rows, _("各步用时"), id="steps", cards=False)


def _sums(counts: dict[str, Any], totals: dict[str, int]) -> list[dict[str, Any]]:
    """The figures that must agree, beside each other."""
    sync, warned = counts.get("sync", {}), counts.get("warnings", {})
    standing = totals["new"] + totals["still"]
    listed = sum(row["new"] + row["still"] for row in counts.get("findings", []))
    agree = Status(_("相符"), "good") if standing == listed else Status(_("不符"), "bad")
    return [
        {"label": _("本次发现"), "value": f"{listed:,} = {totals['new']:,} + {totals['still']:,}"},
        {"label": _("名单与汇总"), "value": agree},
        {
            "label": _("写入档案"),
            "value": _("新增 %(new)s，更新 %(changed)s，消失 %(gone)s，不变 %(unchanged)s") % sync if sync else None,
        },
        {
            "label": _("部门预警"),
            "value": _("新发 %(raised)s，关闭 %(closed)s，退回重办 %(returned)s") % warned if warned else None,
        },
        {"label": _("待核对记录"), "value": counts.get("doubts")},
        {"label": _("数据质量得分"), "value": counts.get("checks", {}).get("score", {}).get("percent")},
    ]


def _files(scope: Scope, run: Run) -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, str]]] = {}
    for one in selectors.run_files(scope, run):
        url = reverse("daily:file", args=[run.pk, one.path])
        groups.setdefault(one.kind, []).append({"title": _file_title(one, run), "url": url})
    return [{"title": str(FILE_TITLES[kind]), "files": files} for kind, files in groups.items()]


def _file_title(one: selectors.RunFile, run: Run) -> str:
    """A file as people call it: a place's name, a department's file, the whole county."""
    if one.kind == "giveback":
        department, _slash, name = one.title.partition("/")
        return f"{department_label(department)}：{name}"
    if one.region_code == run.region_code:
        return _("全县")
    return " ".join(part for part in one.title.split("-") if not part.isdigit())


def changes_table(scope: Scope, page: Page, total: int, export: str) -> Table:
    """The households behind a figure."""
    places = full_names({row["region_code"] for row in page.rows})
    columns = [
        Column(
            _("户主"),
            "head_name",
            main=True,
            link=lambda row: reverse("registry:household", args=[row["household_id"]]),
            second="household_id",
        ),
        Column(_("地区"), lambda row: places.get(row["region_code"], row["region_code"])),
        Column(
            _("变化"), lambda row: Status(str(CHANGE_WORDS[row["change"]]), CHANGE_TONES[row["change"]]), kind="status"
        ),
        Column(_("发现"), lambda row: kind_label(row["finding"]), second=lambda row: group_label(row["grp"])),
        Column(_("说明"), lambda row: sentence(scope, row), kind="long"),
        Column(_("分值"), "score", kind="number", minor=True),
    ]
    rows = _masked_names(scope, page.rows)
    return Table(
        columns,
        rows,
        _("比对变化名单"),
        page=page,
        count=total,
        export=export,
        empty_title=_("没有这样的户"),
        walk=True,
    )


def _masked_names(scope: Scope, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    from xianjie.web.registry.records import fields_of

    field = fields_of("household")["head_name"]
    return [{**row, "head_name": scope.show(field, row["head_name"], row["region_code"])} for row in rows]


def sentence(scope: Scope, row: dict[str, Any]) -> Any:
    """A finding's sentence, or what stands for it where it speaks of health."""
    if may_read(scope, row["causes"], row["region_code"]):
        return row["text"]
    return Masked(_("涉及健康信息"))


def changes_listing(scope: Scope, run: Run, other: Run | None, codes: set[str]) -> exporting.Listing:
    """The export of a list of changes."""
    places = full_names(codes)
    of = exporting.Column.of
    columns = [
        exporting.Column(_("地区"), lambda row: places.get(row["region_code"], row["region_code"]), 24),
        of("household", "household_id", 14),
        of("household", "head_name", 12),
        exporting.Column(_("变化"), lambda row: str(CHANGE_WORDS[row["change"]]), 8),
        exporting.Column(_("发现"), lambda row: kind_label(row["finding"]), 22),
        exporting.Column(_("说明"), "readable", 60),
        exporting.Column(_("分值"), "score", 8, "int"),
    ]
    with_day = other.day.isoformat() if other else "—"
    notes = [(_("本次"), run.day.isoformat()), (_("对照"), with_day)]
    return exporting.Listing(_("比对变化名单"), columns, scope, notes=notes)
