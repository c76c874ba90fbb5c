"""Named programmes (雨露计划, “快递进村”工程): names in quotation marks, or after a verb and ending in 工程, 行动 …"""

from __future__ import annotations

import re

from xianjie.documents.clean import Clean
from xianjie.documents.model import Programme
from xianjie.documents.tree import Node

KIND = "(?:工程|行动计划|行动|计划|项目|活动|战略|试点|专项|政策|机制|制度|模式|要求|改革|革命)"
QUOTED = re.compile(rf"“([^“”,。]{{2,16}})”(?:[\u4e00-\u9fff]{{0,10}}?({KIND}))?")
TITLED = re.compile("《([^《》]{4,60})》")
CARRIED_OUT = re.compile(
    r"(?:实施|推进|开展|启动|落实|执行|参加|抓好)+(?:好|新一轮)?(?P<name>[\u4e00-\u9fff]{2,18}?(?:工程|行动计划|行动|计划|专项|战略))(?![\u4e00-\u9fff]{0,2}(?:单列|指标|编制))"
)
VERB = re.compile("(?:实施|落实|开展|推进|推行|创建|打造|建设|推广|建立|执行|巩固|坚持|做好|推动)[^,。;“”]{0,4}$")
GENERAL = re.compile("^(?:各项|重点|重大|相关|有关|一批|年度|具体|本|该|上述|工作|这些|国家|三年|五年)")


def find_programmes(clean: Clean, node: Node) -> list[Programme]:
    """The programmes a clause names, each once, in order."""
    text, start, end = clean.text, node.body if node.mark else node.start, node.own_end
    spans: dict[str, tuple[int, int]] = {}
    for found in QUOTED.finditer(text, start, end):
        kind = found.group(2)
        named = (
            kind or re.search(KIND, found.group(1)) or VERB.search(text[max(start, found.start() - 6) : found.start()])
        )
        if named and not re.match("十[一二三四五六七]五", found.group(1)):
            name = found.group(1) + (
                kind if kind and kind in ("工程", "行动", "计划") and found.end() - found.end(1) <= 5 else ""
            )
            spans.setdefault(name, found.span())
    for found in TITLED.finditer(text, start, end):
        spans.setdefault(found.group(1), found.span())
    for found in CARRIED_OUT.finditer(text, start, end):
        name = found.group("name")
        if (
            not GENERAL.match(name)
            and "的" not in name
            and not any(a <= found.start("name") < b for a, b in spans.values())
        ):
            spans.setdefault(name, found.span("name"))
    ordered = sorted(spans.items(), key=lambda item: item[1])
    return [Programme(node.id, name, *clean.span(a, b)) for name, (a, b) in ordered]
