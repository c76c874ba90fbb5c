"""The parts that pages are made of: values, tables, filters, comparisons, and the whole gallery."""

from __future__ import annotations

import html
import re
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.http import QueryDict
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import include, path
from hypothesis import given
from hypothesis import strategies as st

from xianjie.web.design import gallery, values
from xianjie.web.design.comparing import Pair
from xianjie.web.design.tables import Action, Column, Table

urlpatterns = [path("gallery/", include("xianjie.web.design.urls"))]
EVIL = '<script>alert("x")</script>'


def render(source: str, query: str = "", **context: Any) -> str:
    request = RequestFactory().get("/list/?" + query)
    return Template("{% load design %}" + source).render(Context({"request": request, **context}))


def words(markup: str) -> str:
    """What a reader sees of a piece of HTML."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("page", gallery.PAGES)
def test_every_page_of_the_gallery_keeps_the_content_policy(page: str) -> None:
    answer = Client().get(f"/gallery/{page}/")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", text)
    for attributes in re.findall(r"<script([^>]*)>", text):
        assert "src=" in attributes or 'type="application/json"' in attributes
    assert text.count("<h1") == 1
    assert 'lang="zh-Hans"' in text


@pytest.mark.urls(__name__)
def test_headings_and_landmarks_lead_through_a_page() -> None:
    text = Client().get("/gallery/list/").content.decode()
    assert text.index('href="#main"') < text.index('id="menu"') < text.index('id="main"')
    assert text.count('aria-current="page"') == 2  # menu and breadcrumb
    assert text.count("<main") == 1


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_yuan_says_every_fen(fen: int) -> None:
    text = values.yuan(fen)
    assert int(text.replace(",", "").replace(".", "")) == fen
    assert re.fullmatch(r"-?\d{1,3}(,\d{3})*\.\d\d", text)


def test_yuan_without_decimals_rounds_half_away_from_zero() -> None:
    assert [values.yuan(fen, 0) for fen in (0, 49, 50, 149, -50, 123456789)] == ["0", "0", "1", "1", "-1", "1,234,568"]


def test_what_is_not_known_is_said_and_is_not_zero() -> None:
    unknown = '<abbr class="unknown" title="未知">—</abbr>'
    shown = [values.number(None), values.yuan(None), values.percent(None), values.day(None), values.moment(None)]
    assert shown == [unknown] * 5
    assert values.number(0) == "0"
    assert render("{{ nothing|known }}{{ zero|known }}", nothing=None, zero=0) == unknown + "0"


def test_moments_are_shown_in_local_time() -> None:
    late = datetime(2025, 10, 31, 20, 30, tzinfo=UTC)
    assert (values.moment(late), values.day(late), values.day(date(2025, 1, 2))) == (
        "2025-11-01 04:30",
        "2025-11-01",
        "2025-01-02",
    )


@pytest.mark.parametrize(
    "value",
    [
        values.Status(EVIL, "bad"),
        values.Link(EVIL, "/x"),
        values.Masked(EVIL, "/x", EVIL),
        values.Lines(EVIL, EVIL),
        values.Bar(1, 2, EVIL),
        values.Spark([1, 2], EVIL),
        values.joined([EVIL]),
    ],
)
def test_names_with_markup_in_them_stay_names(value: Any) -> None:
    assert "<script" not in render("{{ value }}", value=value)


def test_a_state_is_an_icon_and_a_word_and_never_a_colour_alone() -> None:
    shown = {tone: str(values.Status("逾期", tone)) for tone in values.TONES}
    assert all("逾期" in markup and f"#{tone}" in markup for tone, markup in shown.items())
    assert str(values.Status("逾期", "purple")) == shown["neutral"]


def test_a_bar_stays_inside_its_cell() -> None:
    shares = [(5, 10), (20, 10), (-3, 10), (1, 0)]
    drawn = [re.findall(r'<rect width="([\d.]+)"', str(values.Bar(value, most))) for value, most in shares]
    assert [float(width) for (width,) in drawn] == [50, 100, 0, 0]


def test_a_gap_breaks_the_line_instead_of_being_drawn_as_zero() -> None:
    markup = str(values.Spark([1, None, 3, 4], "走势"))
    assert markup.count("M") == 2
    assert str(values.Spark([None, None], "走势")) == values.unknown()


ROWS = [
    {"pk": 7, "name": EVIL, "income": 123456, "village": SimpleNamespace(name="样例村"), "since": None, "url": "/h/7/"},
    {"pk": 8, "name": "李示范", "income": None, "village": None, "since": date(2025, 1, 2), "url": ""},
]
COLUMNS = [
    Column("户主", "name", main=True, link="url", sort="name"),
    Column("收入", "income", "money", sort="-income"),
    Column("村", "village.name", second=lambda row: row["pk"]),
    Column("日期", "since", "date"),
]


def shown_table(query: str = "", **options: Any) -> str:
    return render("{% data_table table %}", query, table=Table(COLUMNS, ROWS, "名单", **options))


def links(markup: str) -> dict[str, QueryDict]:
    found = re.findall(r'<a[^>]*href="([^"]*)"[^>]*>(.*?)</a>', markup, re.S)
    return {words(text): QueryDict(html.unescape(url).lstrip("?")) for url, text in found}


def test_a_table_shows_values_by_kind() -> None:
    markup = shown_table()
    assert "<script" not in markup
    assert 'href="/h/7/"' in markup
    assert "1,234.56" in markup
    assert "样例村" in markup
    assert "2025-01-02" in markup
    assert markup.count('class="unknown"') == 3  # an income, a village, a date


def test_sorting_turns_round_and_begins_again_at_the_first_page() -> None:
    first = links(shown_table("q=x&after=abc"))
    assert first["户主"].dict() == {"q": "x", "sort": "name"}
    assert first["收入"].dict() == {"q": "x", "sort": "-income"}
    assert links(shown_table(sort="-income"))["收入"]["sort"] == "income"
    assert links(shown_table(sort="name"))["户主"]["sort"] == "-name"
    assert 'aria-sort="descending"' in shown_table(sort="-income")
    assert "aria-sort" not in shown_table(sort="village")


def test_pages_keep_the_filters_and_never_point_both_ways() -> None:
    pages = links(shown_table("q=x&sort=name&before=b1", page=SimpleNamespace(after="a2", before="b2")))
    assert pages["下一页"].dict() == {"q": "x", "sort": "name", "after": "a2"}
    assert pages["上一页"].dict() == {"q": "x", "sort": "name", "before": "b2"}
    assert pages["第一页"].dict() == {"q": "x", "sort": "name"}
    only = links(shown_table(page=SimpleNamespace(after="", before="b2")))
    assert "下一页" not in only


def test_rows_can_be_picked_without_script() -> None:
    markup = shown_table(pick="ids", action_url="/do/", actions=[Action("派给", "do", "assign")])
    assert re.findall(r'name="ids" value="(\d)"', markup) == ["7", "8"]
    assert '<form method="post" action="/do/">' in markup
    assert "disabled" not in markup  # only the script, which counts what is picked, may disable the button


def test_an_empty_table_says_so() -> None:
    table = Table(COLUMNS, [], "名单", empty_title="没有逾期的预警", empty_text="都已核实")
    markup = render("{% data_table table %}", table=table)
    assert "没有逾期的预警 都已核实" in words(markup)
    assert "<table" not in markup
    assert "没有符合条件的记录" in render("{% data_table table %}", table=Table(COLUMNS, [], "名单"))


def test_a_count_that_is_not_exact_is_said_in_words() -> None:
    assert "共 200,317 条" in words(shown_table(count=200317))
    assert "共 超过 10,000 条" in words(shown_table(count="超过 10,000"))


class NarrowForm(forms.Form):
    name = forms.CharField(label="姓名", required=False)
    state = forms.MultipleChoiceField(
        label="状态", required=False, choices=[("组", [("a", "监测中"), ("b", "已消除")])]
    )
    late = forms.BooleanField(label="逾期", required=False)


def test_each_chip_takes_away_its_own_filter_only() -> None:
    query = "name=%E5%BC%A0&state=a&state=b&late=on&sort=name&after=w"
    markup = render("{% filters form %}", query, form=NarrowForm(QueryDict(query)))
    chips = {text: url for text, url in links(markup).items() if "：" in text}
    assert set(chips) == {"姓名：张 去掉", "状态：监测中、已消除 去掉", "逾期：是 去掉"}
    assert sorted(chips["状态：监测中、已消除 去掉"]) == ["late", "name", "sort"]
    assert chips["姓名：张 去掉"].getlist("state") == ["a", "b"]


def test_a_code_that_no_list_knows_is_shown_as_it_came() -> None:
    markup = render("{% filters form %}", "state=zz", form=NarrowForm(QueryDict("state=zz")))
    assert "状态：zz" in words(markup)


class SmallForm(forms.Form):
    age = forms.IntegerField(label="年龄", help_text="周岁")
    risk = forms.ChoiceField(label="风险", widget=forms.RadioSelect, choices=[("a", "因病")])
    paper = forms.FileField(label="材料", required=False)


def test_every_control_has_a_label_a_hint_and_its_error() -> None:
    markup = render("{% form_fields form %}", form=SmallForm({"age": "x"}))
    assert '<label for="id_age">年龄' in markup
    described = re.search(
        r'id="id_age"[^>]*aria-describedby="([^"]+)"|aria-describedby="([^"]+)"[^>]*id="id_age"', markup
    )
    assert described
    for part in (described[1] or described[2]).split():
        assert f'id="{part}"' in markup
    assert '<a href="#id_risk">风险</a>' in markup
    assert 'id="id_risk"' in markup
    assert "<legend" in markup
    assert 'class="upload"' in markup
    assert markup.count('class="need"') == 2


NAMES = st.text(alphabet='张样祥例<>&"·12', max_size=12)


@given(NAMES, NAMES)
def test_marking_differences_changes_no_character(left: str, right: str) -> None:
    row = Pair("姓名", left, right, "differs").row()
    for value, shown in ((left, row["left"]), (right, row["right"])):
        if value:
            markup = str(shown) if hasattr(shown, "__html__") else html.escape(str(shown))
            assert html.unescape(re.sub(r"</?mark>", "", markup)) == value


def test_records_are_compared_by_sign_and_word() -> None:
    pairs = [
        Pair("性别", "男", "男"),
        Pair("证件号", "9991", "9992", note="差一位"),
        Pair("户主", "甲", ""),
        Pair("名", "样", "祥", "similar"),
    ]
    markup = render("{% compare left right pairs %}", left={"title": "底册"}, right={"title": "报表"}, pairs=pairs)
    text = words(markup)
    assert all(said in text for said in ("= 相同", "≠ 差一位", "? 缺", "≈ 相近"))
    assert "<mark>1</mark>" in markup
    assert "999<mark>2</mark>" in markup


def test_a_job_is_polled_while_it_runs_and_left_alone_afterwards() -> None:
    running = {
        "id": 3,
        "label": "导入",
        "state": "running",
        "done": 50,
        "total": 200,
        "url": "/jobs/3/",
        "cancel_url": "/c/",
    }
    markup = render("{% job job %}", job=running, csrf_token="t")
    assert 'hx-trigger="every 2s"' in markup
    assert '<a href="/jobs/3/">刷新</a>' in markup  # without script
    assert '<progress max="200" value="50"' in markup
    done = render("{% job job %}", job={**running, "state": "done", "result_url": "/r/"})
    assert "hx-" not in done
    assert 'href="/r/"' in done
    assert "取消" not in done
    waiting = render("{% job job %}", job={"id": 4, "label": "导入", "state": "running"})
    assert "<progress aria-label" in waiting  # how much is not known: no invented share


def test_an_explanation_says_rule_inputs_number_clause_and_trust() -> None:
    text = words(render("{% explanation steps %}", steps=gallery.EXPLANATION))
    assert "收入监测线 7,000 元/年" in text
    assert "文件 2023-01-01 起 《虚构县监测工作方案》第二条" in text
    assert "县级上浮 — 未核实" in text
    assert "依据：《虚构省防返贫办法》第三条第一款" in text


def test_data_of_a_chart_cannot_break_out_of_its_island() -> None:
    markup = render("{% chart spec '标题' %}<table></table>{% endchart %}", spec={"kind": "bar", "categories": [EVIL]})
    assert "alert" in markup
    assert markup.count("<script") == 1
    assert "<table></table>" in markup


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("code", "advice"), [(400, "重新提交"), (403, "联系本县系统管理员"), (404, "回到首页"), (500, "稍后再试")]
)
def test_error_pages_say_what_to_do(code: int, advice: str) -> None:
    from django.template.loader import render_to_string

    assert advice in render_to_string(f"errors/{code}.html")  # with nothing in the context, as when all else failed
