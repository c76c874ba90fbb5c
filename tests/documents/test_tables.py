"""Tables of tasks (任务分解表): each row is a clause with targets, bodies and deadline; other tables stay text."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xianjie.documents import Document, parse_text
from xianjie.documents.ledger import tasks

HEAD = "序号\t重点任务\t工作目标\t牵头单位\t配合单位\t完成时限\n"
ROWS = (
    "1\t新建寄宿制学校\t新建学校2所，新增学位1500个\t市教育局\t市发改委、市财政局\t2024年12月底\n"
    "2\t义务教育巩固率达到96%以上\t\t市教育局\t各县（市、区）政府\t2024年12月\n"
    "3\t建设智慧校园12所\t\t市教育局、市大数据局\t市财政局\t9月底前\n"
)
TABLE = "样例市教育重点任务分解表\n" + HEAD + ROWS
MARKDOWN = """一、总体要求
坚持节水优先，到2025年自来水普及率达到92%以上。
二、任务安排
具体任务见下表。
| 工作任务 | 工作目标 | 责任单位 | 完成时限 |
|---|---|---|---|
| 一、农村供水 | | | |
| 改造老旧管网 | 改造管网35公里 | 县水务局、县财政局 | 2024年10月底前 |
| 水质监测 | 水质达标率达到95% | 牵头单位：县水务局；配合单位：县卫健局 | 全年 |
| 二、数字乡村 | | | |
| 建设平台 | 接入村居120个 | 县委网信办 | 2024年12月 |
上述任务按季度调度，由县水务局牵头。
三、保障措施
（一）加强领导。各乡镇要落实责任。
"""


def targets_of(document: Document, clause: str) -> list[tuple[str | None, str | None, str | None, str | None]]:
    return [(t.operator, t.value, t.unit, t.due) for t in document.targets if t.clause_id == clause]


def units_of(document: Document, clause: str) -> list[tuple[str, str]]:
    return [(u.role, u.canonical) for u in document.units if u.clause_id == clause]


def test_each_row_is_a_task_with_what_its_columns_say() -> None:
    document = parse_text(TABLE)
    assert [(c.id, c.kind, c.number, c.title) for c in document.clauses] == [
        ("t1.r1", "item", "1", "新建寄宿制学校"), ("t1.r2", "item", "2", "义务教育巩固率达到96%以上"),
        ("t1.r3", "item", "3", "建设智慧校园12所"),
    ]  # fmt: skip
    assert targets_of(document, "t1.r1") == [("=", "2", "所", "2024-12-31"), ("=", "1500", "个", "2024-12-31")]
    assert targets_of(document, "t1.r2") == [(">=", "96", "%", "2024-12-31")]
    assert targets_of(document, "t1.r3") == [("=", "12", "所", None)], "9月底前 names no year"
    assert units_of(document, "t1.r1") == [("lead", "市教育局"), ("joint", "市发展改革委"), ("joint", "市财政局")]
    assert units_of(document, "t1.r2") == [("lead", "市教育局"), ("local", "县市区政府")]
    assert [one.lead for one in tasks(document)] == [["市教育局"], ["市教育局"], ["市教育局", "市大数据管理局"]]


def test_a_table_inside_a_document_leaves_the_text_around_it_as_it_was() -> None:
    document = parse_text(MARKDOWN)
    ids = [c.id for c in document.clauses]
    assert ids == ["p1", "p1.c1", "p2", "p2.c1", "t1.p1", "t1.p1.r2", "t1.p1.r3", "t1.p4", "t1.p4.r5", "p2.c1-2", "p3",
                   "p3.c1"]  # fmt: skip
    assert targets_of(document, "t1.p1.r2") == [("=", "35", "公里", "2024-10-31")]
    assert units_of(document, "t1.p1.r2") == [("lead_implied", "县水务局"), ("joint", "县财政局")]
    assert units_of(document, "t1.p1.r3") == [("lead", "县水务局"), ("joint", "县卫生健康局")]
    assert units_of(document, "p2.c1-2") == [("lead", "县水务局")]
    assert targets_of(document, "p1.c1") == [(">=", "92", "%", "2025-12-31")]


def test_a_table_that_is_none_of_tasks_stays_text() -> None:
    document = parse_text("一、基本情况\n县\t人口\t面积\n甲县\t12万\t300\n二、任务\n（一）修路。修路3公里。\n")
    assert [c.id for c in document.clauses if c.id.startswith("t")] == []


cell = st.sampled_from(
    [
        "",
        "新建学校2所",
        "普及率达到95%以上",
        "县教育局",
        "县水务局、县财政局",
        "各乡镇",
        "2024年底",
        "全年",
        "3",
        "|",
        "（略）",
        "——",
    ]
)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(st.lists(cell, min_size=1, max_size=7), min_size=0, max_size=6), where=st.sampled_from("前中后"))
def test_nothing_is_lost_and_every_offset_holds_whatever_the_cells_say(rows: list[list[str]], where: str) -> None:
    table = HEAD + "".join("\t".join(row) + "\n" for row in rows)
    before, after = "一、要求\n（一）修路。修路3公里。\n", "二、措施\n（一）用水。改水20户。\n"
    raw = {"前": table + before + after, "中": before + table + after, "后": before + after + table}[where]
    document = parse_text(raw)
    for one in (*document.clauses, *document.targets):
        assert raw[one.start : one.end] == one.text
    for unit in document.units:
        assert raw[unit.start : unit.end]
    spans = [(c.start, c.end) for c in document.clauses]
    spans += [
        (n.start, n.end) for n in document.noise if not any(a <= n.start and n.end <= b for a, b in list(spans))
    ]  # fmt: skip
    place = 0
    for start, end in sorted(spans):
        assert start == place
        place = end
    assert place == len(raw)
    assert len({c.id for c in document.clauses}) == len(document.clauses)
