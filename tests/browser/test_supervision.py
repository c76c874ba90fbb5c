"""From a document to a confirmed task, and from an order to a closed item, by the hands of those who do it."""

from __future__ import annotations

import re

from tests.browser.conftest import As

PHOTO = b"\xff\xd8\xff\xe0" + b"0" * 300
TEXT = """样例县关于做好参保工作的通知
各乡镇人民政府：
一、重点任务
（一）应保尽保。2025年底困难群众参保率达到100%，新建服务窗口3个。（牵头单位：县医保局；配合单位：县财政局）
（二）落实补助。9月底前完成资助资金拨付。（责任单位：县财政局）
"""


def test_a_document_becomes_a_task_that_a_department_reports_on_its_phone_and_the_county_confirms(sit_down: As) -> None:
    county = sit_down("xianji", script=False)
    county.go("政策文件")
    county.follow("上传政策文件")
    county.give(file=("样例.txt", TEXT.encode()))
    county.press("上传并解析")
    county.until("不属于条款的内容")
    county.sees("应保尽保")
    county.page.locator("li#c-p1\\.c1").get_by_role("link", name=re.compile("更正")).click()
    county.fill(title="困难群众应保尽保")
    county.press("保存更正")
    county.sees("已人工更正")
    county.follow("生成任务")
    county.press("生成任务")
    county.sees("已生成 2 项任务", "body")

    clerk = sit_down("yibao", width=360, height=740)
    clerk.go("任务台账")
    clerk.follow("困难群众应保尽保")
    figure = clerk.page.locator("main [name^=figure_]").first.get_attribute("name")
    assert figure
    clerk.fill(**{figure: "100", "text": "全部参保，窗口已建成"})
    clerk.give(file=("现场.jpg", PHOTO))
    clerk.page.locator("main [name=done]").check()
    clerk.press("提交报告")
    clerk.sees("报告完成待核实")

    county.go("任务台账")
    county.follow("困难群众应保尽保")
    county.sees("全部参保，窗口已建成")
    county.fill(why="已核对系统参保数据")
    county.press("核实办结")
    county.sees("已办结")


def test_an_order_is_answered_with_a_photo_and_closed_item_by_item(sit_down: As) -> None:
    county = sit_down("xianji")
    county.go("督办整改")
    county.follow("发督办单")
    county.fill(title="督办：参保资金拨付", unit="县医保局", items="补齐名单\n完成拨付")
    county.press("发出")
    address = county.page.url
    clerk = sit_down("yibao", script=False)
    clerk.open(address)
    for _item in range(2):
        clerk.page.locator("main textarea").first.fill("已办理")
        chosen = {"name": "凭证.jpg", "mimeType": "image/jpeg", "buffer": PHOTO}
        clerk.page.locator("main input[type=file]").first.set_input_files(chosen)  # type: ignore[arg-type]
        clerk.press("提交整改情况")
    assert clerk.texts("main .sheet .status") == ["待核查", "待核查"]
    county.open(address)
    for _item in range(2):
        county.page.locator("main textarea").first.fill("已核对凭证")
        county.press("核查销号")
    county.sees("已办结")


def test_a_township_sees_its_published_rank_with_its_parts_and_a_leader_only_looks(sit_down: As) -> None:
    township = sit_down("xiangzhen", width=360, height=740)
    township.go("考核评价")
    township.follow("2025年乡镇巩固脱贫成果评价")
    township.sees("权重变动时的名次")
    leader = sit_down("lingdao")
    leader.go("目标监测")
    assert leader.page.locator("tbody tr").count() >= 10
    assert leader.page.locator("main form[method=post]").count() == 0
    leader.follow("监测对象风险消除率")
    leader.sees("预计值按已有数值的直线趋势推算")
