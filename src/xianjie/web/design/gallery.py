"""Every part of a page with invented data: the developers' reference, and the tests' subject."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from xianjie.web.accounts.access import open_to_all
from xianjie.web.assets import SOURCES
from xianjie.web.design.comparing import Pair
from xianjie.web.design.tables import Action, Column, Table
from xianjie.web.design.values import Bar, Lines, Masked, Spark, Status

VILLAGES = ("云上村", "样例村", "假想沟村", "某某台子村（原示例村、虚构村合并）")
NAMES = ("张样例", "李示范", "王某某", "阿依·虚构别克", "赵甲乙", "钱丙丁", "孙戊己", "周庚辛")
STATES = (
    Status("监测中", "warn"),
    Status("风险已消除", "good"),
    Status("未纳入"),
    Status("逾期未核实", "bad"),
    Status("待县级审定", "info"),
)


class FilterForm(forms.Form):
    """What a list may be narrowed by."""

    q = forms.CharField(label="姓名或证件号", required=False)
    village = forms.ChoiceField(label="村", required=False, choices=[("", "全部"), *enumerate(VILLAGES)])
    state = forms.ChoiceField(
        label="状态", required=False, choices=[("", "全部"), *((state.word, state.word) for state in STATES)]
    )
    since = forms.DateField(label="纳入日期从", required=False, widget=forms.DateInput(attrs={"type": "date"}))


class VisitForm(forms.Form):
    """One of each kind of field."""

    name = forms.CharField(label="户主姓名", help_text="与户口簿一致，少数民族姓名中的“·”照写。")
    fen = forms.DecimalField(label="本年务工收入（元）", help_text="到手工资，扣除来回路费和工地食宿之前。")
    when = forms.DateField(label="入户日期", widget=forms.DateInput(attrs={"type": "date"}))
    risk = forms.ChoiceField(
        label="主要风险",
        widget=forms.RadioSelect,
        choices=[("illness", "因病"), ("school", "因学"), ("disaster", "因灾")],
    )
    needs = forms.MultipleChoiceField(
        label="已核对", required=False, widget=forms.CheckboxSelectMultiple, choices=[("a", "住房"), ("b", "饮水")]
    )
    signed = forms.BooleanField(label="农户已签字确认")
    note = forms.CharField(label="情况说明", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    file = forms.FileField(label="佐证材料", required=False, help_text="xlsx、xls 或 csv，不超过 512 MB。")


def _row(number: int) -> dict[str, Any]:
    incomes = [
        520000 + (number * 79190 + year * year * 37129 + year * 104729 * (number % 3)) % 640000 for year in range(6)
    ]
    return {
        "pk": number,
        "name": NAMES[number % len(NAMES)],
        "url": "/gallery/household/",
        "number": f"99990100{number:04d}",
        "village": VILLAGES[number * 5 % len(VILLAGES)],
        "size": 1 + number * 3 % 7,
        "id": Masked(f"999901********{1000 + number}", "/gallery/reveal/", "身份证号"),
        "income": incomes[-1] if number % 6 else None,
        "trend": Spark([income / 100 for income in incomes], "近六年人均纯收入"),
        "self_paid": Bar(number * 137 % 90, 90, f"{number * 137 % 90}%", "bad" if number % 5 == 3 else ""),
        "since": date(2023, 1 + number % 12, 1 + number % 28),
        "reason": "户主慢性肾病住院，自付医疗费较高；次子外出务工中断，家庭缺少劳动力" if number % 3 else "因灾",
        "state": STATES[number % len(STATES)],
        "gone": number % 5 == 2,
    }


COLUMNS = [
    Column("户主", "name", link="url", main=True, sort="name", second="number"),
    Column("村", "village", sort="village"),
    Column("状态", "state", "status", sort="state"),
    Column("人口", "size", "number", sort="size"),
    Column("身份证号", "id", "code"),
    Column("人均纯收入（元）", "income", "money", sort="-income"),
    Column("六年走势", "trend", "status", minor=True),
    Column("医疗自付占比", "self_paid", "number"),
    Column("纳入日期", "since", "date", sort="-since"),
    Column("主要风险", "reason", "long"),
]


class _Page:
    after, before = "WzUxXQ", ""


def table(request: HttpRequest, **more: Any) -> Table:
    """The list that the gallery shows."""
    rows = [_row(number) for number in range(1, 31)]
    options: dict[str, Any] = {
        "page": _Page,
        "count": 200_317,
        "sort": request.GET.get("sort", "-since"),
        "export": "?export=xlsx",
        "pick": "households",
        "actions": [Action("派给包户干部", "assign"), Action("标为已核", "checked")],
        "muted": lambda row: row["gone"],
        "walk": True,
    }
    return Table(COLUMNS, rows, "监测对象名单", **{**options, **more})


EXPLANATION = [
    {
        "label": "家庭人均纯收入",
        "value": "6,870 元/年",
        "text": "全家一年的纯收入除以共同生活的人口。",
        "inputs": [{"label": "家庭纯收入", "value": "27,480 元"}, {"label": "家庭人口", "value": "4 人"}],
    },
    {
        "label": "收入监测线",
        "value": "7,000 元/年",
        "parameters": [
            {
                "label": "监测线",
                "value": "7,000 元/年",
                "trust": "stated",
                "since": date(2023, 1, 1),
                "source": "《虚构县监测工作方案》第二条",
            },
            {"label": "县级上浮", "value": None, "trust": "unverified", "source": "尚无文件，待县级提供"},
        ],
    },
    {
        "label": "收入低于监测线",
        "value": "是",
        "inputs": [
            {"label": "家庭人均纯收入", "value": "6,870 元/年"},
            {"label": "收入监测线", "value": "7,000 元/年"},
        ],
        "cite": "《虚构省防返贫办法》第三条第一款",
    },
]
EVENTS = [
    {
        "date": date(2025, 10, 31),
        "title": "每日比对发现：大额医疗支出",
        "status": Status("待核实", "warn"),
        "text": "医保部门 10 月数据：住院自付 38,420.00 元，超过预警线 15,000 元。",
        "source": "来源：虚构县医保局，2025-10-30 报送，第 1,204 行",
        "icon": "warn",
        "tone": "warn",
        "url": "#",
    },
    {
        "date": date(2025, 9, 2),
        "title": "长子考入职业学院",
        "text": "教育资助待申请。",
        "source": "来源：村级填报，李示范",
        "icon": "book",
    },
    {"date": date(2024, 12, 20), "title": "风险消除公示期满，无异议", "icon": "good", "tone": "good"},
    {"date": "2023 年春", "title": "从虚构沟搬入样例村", "source": "来源：老人口述，无文件", "icon": "house"},
]
FACTS = [
    {"label": "户主", "value": "张样例"},
    {
        "label": "身份证号",
        "value": Masked("999901********1001", "/gallery/reveal/", "身份证号"),
        "source": "户籍，2025-06-30",
    },
    {"label": "电话", "value": Masked("139****0000", "/gallery/reveal/", "电话")},
    {"label": "人口", "value": Lines("4 人", "其中劳动力 1 人"), "source": "村级填报，2025-09-01"},
    {"label": "住房", "value": Status("安全", "good"), "source": "住建鉴定，2024-05-11"},
    {"label": "饮水", "value": None},
    {"label": "地址", "value": "虚构省虚构市云梦县示例镇某某台子村（原示例村、虚构村合并）三社 18 号", "wide": True},
]
PAIRS = [
    Pair("姓名", "张样例", "张祥例", "similar", "同音"),
    Pair("证件号", "999901********1001", "999901********1007", note="差一位"),
    Pair("性别", "男", "男"),
    Pair("出生日期", "1968-03-04", "1968-03-04"),
    Pair("村", "某某台子村", "样例村"),
    Pair("户主", "张样例", ""),
]
TILES = [
    {"label": "今日新发现", "figure": 12, "unit": "户", "url": "#", "note": "比昨日多 3 户", "tone": "warn"},
    {"label": "逾期未核实", "figure": 4, "unit": "户", "url": "#", "tone": "bad"},
    {"label": "监测对象", "figure": 1286, "unit": "户", "url": "#", "note": "4,911 人"},
    {"label": "风险已消除", "figure": 873, "unit": "户", "url": "#", "tone": "good"},
    {"label": "农户总数", "figure": 200317, "unit": "户", "url": "#"},
    {"label": "收入待补", "figure": None, "note": "部门尚未报送"},
]
SPECS: dict[str, dict[str, Any]] = {
    "bar": {
        "kind": "bar",
        "stacked": True,
        "unit": "户",
        "categories": ["示例镇", "样板乡", "云梦乡", "假想镇", "某某乡"],
        "series": [
            {"name": "监测中", "data": [120, 98, 143, 77, 31]},
            {"name": "已消除", "data": [230, 160, 180, 140, 55]},
        ],
    },
    "line": {
        "kind": "line",
        "unit": "元",
        "categories": ["2020", "2021", "2022", "2023", "2024", "2025"],
        "series": [{"name": "人均纯收入", "data": [8120, 8950, 9640, 10420, None, 12080]}],
    },
    "pie": {
        "kind": "pie",
        "categories": ["因病", "因学", "因灾", "缺劳力", "其他"],
        "series": [{"name": "户", "data": [412, 167, 95, 308, 61]}],
    },
}
JOBS = [
    {
        "id": 1,
        "label": "读取医保局 10 月报表",
        "state": "running",
        "done": 84_210,
        "total": 200_000,
        "text": "已核对 84,210 行，其中修正 311 行，退回 27 行",
        "url": "/gallery/parts/",
        "cancel_url": "/gallery/parts/",
    },
    {
        "id": 2,
        "label": "导出监测对象",
        "state": "done",
        "done": 1286,
        "total": 1286,
        "result_url": "#",
        "result_label": "下载",
    },
    {"id": 3, "label": "读取民政局报表", "state": "failed", "text": "第 1 张表没有“身份证号”一列，请换表后重传"},
    {"id": 4, "label": "每日比对", "state": "waiting", "url": "/gallery/parts/"},
]
TABS = [
    {"label": "全貌", "url": "#", "active": True},
    {"label": "收入", "url": "#", "count": 6},
    {"label": "测评与发现", "url": "#", "count": 2},
    {"label": "帮扶", "url": "#", "count": 0},
    {"label": "变更记录", "url": "#"},
]
NAV = [
    {
        "label": "工作",
        "pages": [
            {"label": "首页", "url": "/gallery/", "icon": "home"},
            {"label": "农户档案", "url": "/gallery/list/", "icon": "house", "active": True},
            {"label": "人员查询", "url": "/gallery/list/", "icon": "people"},
            {"label": "数据质量", "url": "/gallery/parts/", "icon": "check", "badge": 17},
            {"label": "数据冲突", "url": "/gallery/review/", "icon": "compare", "badge": 5},
        ],
    },
    {
        "label": "部门数据",
        "pages": [
            {"label": "部门报送", "url": "#", "icon": "upload"},
            {"label": "报送日历", "url": "#", "icon": "calendar"},
            {"label": "存疑核对", "url": "/gallery/review/", "icon": "question", "badge": 128},
            {"label": "预警反馈", "url": "#", "icon": "alert"},
        ],
    },
    {
        "label": "管理",
        "pages": [
            {"label": "每日比对", "url": "#", "icon": "run"},
            {"label": "国家系统往来", "url": "#", "icon": "exchange"},
            {"label": "账号与授权", "url": "#", "icon": "key"},
            {"label": "审计查询", "url": "#", "icon": "shield"},
        ],
    },
]
PAGES = {
    "parts": "页面组件",
    "list": "监测对象名单",
    "household": "张样例户",
    "review": "存疑核对",
    "form": "入户记录",
    "charts": "图表",
    "confirm": "合并两户",
    "print": "公示名单",
    "login": "登录",
    "error": "出错",
    "empty": "没有记录",
}


def _numbers(spec: dict[str, Any]) -> Table:
    rows = [
        {"name": name, **{one["name"]: one["data"][at] for one in spec["series"]}}
        for at, name in enumerate(spec["categories"])
    ]
    columns = [Column("", "name", main=True)]
    columns += [Column(one["name"], one["name"], "number") for one in spec["series"]]
    return Table(columns, rows, spec["series"][0]["name"], cards=False, id=f"numbers-{spec['kind']}")


@open_to_all
def show(request: HttpRequest, page: str = "parts") -> HttpResponse:
    """One page of the gallery."""
    if page not in PAGES:
        raise Http404
    if page == "error":
        return render(request, "errors/404.html")
    if page == "parts" and not request.headers.get("HX-Request"):
        messages.success(request, "已保存：张样例户的收入（2025 年 3 季度）。")
        messages.warning(request, "医保局 10 月数据逾期 3 天，相关预警可能不全。")
    context = {
        "page_title": PAGES[page],
        "pages": PAGES,
        "nav": NAV,
        "acting_as": "云梦县示例镇 乡镇干部",
        "search_url": "/gallery/list/",
        "filter": FilterForm(request.GET),
        "table": table(request),
        "small": Table(COLUMNS[:5], [_row(number) for number in range(1, 6)], "家庭成员", id="small"),
        "form": VisitForm({"name": "张样例", "fen": "一万二"} if page == "form" else None),
        "nothing": Table(
            [], [], "名单", empty_title="没有逾期的预警", empty_text="本镇 12 个村都已按时核实。", id="none"
        ),
        "explanation": EXPLANATION,
        "events": EVENTS,
        "facts": FACTS,
        "pairs": PAIRS,
        "tiles": TILES,
        "charts": [(spec, _numbers(spec)) for spec in SPECS.values()],
        "jobs": JOBS,
        "tabs": TABS,
        "numbers": [8120, 8950, 9640, None, 10420, 12080],
        "icons": re.findall(r'id="(\w+)"', (SOURCES / "icons.svg").read_text("utf-8")) if SOURCES.is_dir() else [],
        "left": {"title": "底册", "source": "样例村 2025-09-01"},
        "right": {"title": "医保局报表", "source": "第 1,204 行"},
        "text": "合并后，两户的成员、收入和帮扶记录都归到张样例户；李示范户从今天起不再有效，过去的记录仍可查看。",
        "action": "合并",
        "danger": True,
        "cancel_url": "/gallery/household/",
    }
    return render(request, f"gallery/{page}.html", context)
