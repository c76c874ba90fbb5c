"""The bodies a clause makes responsible: lists in brackets or lines (责任单位：…), and 由…牵头 within sentences.

Each gets its role, its place in the list and its standard name; collectives of lower levels (各县（市、区）党委、政府)
are one unit however they are punctuated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from xianjie.documents.clean import Clean
from xianjie.documents.model import Unit
from xianjie.documents.tree import Node
from xianjie.documents.vocabulary import load

AREA = "(?:市|州|县|区|旗|盟|地|乡|镇|街道|村|社区|园|省)"
AREAS = (
    rf"(?:{AREA}(?:[、和及/]?{AREA})*(?:\({AREA}(?:[、,]?{AREA})*\))?(?:[、]?{AREA})*(?:\({AREA}(?:[、,]?{AREA})*\))?)"
)
STATE = "(?:(?:各)?(?:县市|县|市|州)?(?:人民)?政府|办事处)"
POWERS = rf"(?:党(?:工)?委(?:[、和及]?{STATE})?|人民政府(?:\(?[、和]?街道办(?:事处)?\)?)?|办事处|政府|党政)"
COLLECTIVE = re.compile(
    rf"(?:全[省市州县])?各?(?:相关|有关)?{AREAS}(?:\([^)]{{1,6}}\))?{POWERS}"
    rf"|各(?:相关|有关)?{AREAS}(?=$|[、,;。)]|负责|配合|按)"
)
AFTER_COLLECTIVE = re.compile("$|[、,;。)(和及与等按]|负责|配合|参与|牵头|分工|具体|共同|分别|组织|落实|实施|推进")
SINGLE = re.compile("(?:人民)?政府$|党委$")
OTHERS = re.compile(
    r"(?:[省市州县区]|中央|国家)?(?:各|[省市州县区](?:直|级)|直|级)?(?:各)?(?:有关|相关|责任|成员|行业|主管|职能|直属|牵头|专责)*(?:部门|单位)(?:和单位|、单位)?"
)
ROLES = (
    ("lead", r"牵头(?:责任)?(?:单位|部门|负责单位)?|主办单位|主责单位|主管部门|牵头"),
    ("joint", r"(?:配合|协办|参与|协助|参加|协同|配合责任)(?:单位|部门)?"),
    ("named", r"(?:责任|承办|落实|完成|负责)(?:单位|部门)|责任主体"),
)
LABEL = "|".join(rf"(?P<{name}>{words})" for name, words in ROLES)
LABELLED = re.compile(rf"(?:{LABEL})\s*:")
OTHER_LABEL = re.compile(
    r"(?:责任人|牵头领导|责任领导|分管领导|完成时[限间]|时间节点|时限|联系人|备注|完成期限|工作目标)\s*:"
)
BRACKETS = {"(": ")", "〔": "〕", "【": "】", "[": "]"}
BY = re.compile(
    r"由(?P<lead>[^,。;:()]{2,40}(?:\([^()]*\)[^,。;:()]*)?)牵头(?:负责|组织|落实|实施)?,?"
    r"(?:(?:会同|联合)(?P<with>[^。;:]{2,60}?)(?=落实|实施|负责|制定|开展|共同|组织|[。;,]|$)"
    r"|(?P<joint>[^。;:]{2,60}?)(?:配合|参与|协助))?"
)
DUTY = "(?:分别|共同|具体|各)?(?:负责|落实|参与|配合|分工负责|牵头)?"
ENDINGS = re.compile(rf"(?:等)?(?:按照?(?:各自)?职[责能]?(?:分工)?)?{DUTY}$|等$|等(?:有关|相关)?(?:部门|单位)$")
LEVEL = re.compile(
    r"国家|中央|全国|自治[区州县]|[省市州县区旗盟](?=[^、]{2})(?!场监|政[工设公管务]|域|直)"
    r"|[\u4e00-\u9fff]{2,4}(?:省|自治区|市|州|县)(?=[^、]{2})"
)


@dataclass(frozen=True)
class Named:
    """A body as printed, at clean [start, end), with the role its list gives it."""

    name: str
    role: str
    start: int
    end: int


def find_units(clean: Clean, node: Node) -> list[Unit]:
    """The responsible bodies of one clause, in order."""
    text, start, end = clean.text, node.body if node.mark else node.start, node.own_end
    named = [n for span in _lists(text, start, end) for n in _read_list(text, *span)]
    taken = [(n.start, n.end) for n in named]
    for found in BY.finditer(text, start, end):
        if not any(a < found.end() and found.start() < b for a, b in taken):
            named += _by(text, found)
    units: list[Unit] = []
    seen: set[str] = set()
    prefix = ""
    for body in sorted(named, key=lambda n: n.start):
        level = level_of(body.name)
        prefix = level if re.fullmatch("[省市州县区旗盟]|自治[区州县]", level) else prefix
        canonical = canonical_name(body.name, prefix)
        if canonical in seen:
            continue
        seen.add(canonical)
        units.append(Unit(node.id, len(units) + 1, body.name, canonical, body.role, *clean.span(body.start, body.end)))
    return units


def _lists(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Where lists of bodies stand: brackets that hold nothing else, and labelled lines."""
    spans: list[tuple[int, int]] = []
    for opening in re.finditer(r"[(〔【\[]", text[start:end]):
        place = start + opening.start()
        if spans and place < spans[-1][1]:
            continue
        close = _closing(text, place, end)
        if close and _looks_like_list(text[place + 1 : close]):
            spans.append((place + 1, close))
    for label in LABELLED.finditer(text, start, end):
        if any(a <= label.start() < b for a, b in spans):
            continue
        stop = re.compile("[。!?]").search(text, label.end(), end)
        spans.append((label.start(), stop.start() if stop else end))
    return sorted(spans)


def _closing(text: str, opening: int, end: int) -> int | None:
    left, right, depth = text[opening], BRACKETS[text[opening]], 0
    for place in range(opening, min(end, opening + 600)):
        depth += (text[place] == left) - (text[place] == right)
        if depth == 0:
            return place
    return None


def _looks_like_list(inside: str) -> bool:
    if LABELLED.match(inside):
        return True
    if re.search("[。!?“《]", inside) or len(inside) < 3:
        return False
    words = re.sub(r"牵头|配合|参与|负责|协助|按照?(?:各自)?职责(?:分工)?|分别|共同", "", inside)
    names = [n for n in re.split("[、,;]", COLLECTIVE.sub("各地政府", words)) if n]
    bodies = [n for n in names if _is_body(n)]
    strong = [n for n in bodies if level_of(n) or n.startswith("各")]
    return bool(bodies) and bool(strong) and len(bodies) >= 0.7 * len(names)


@cache
def _suffixes() -> re.Pattern[str]:
    words = sorted(load("bodies")["suffixes"].split(), key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(words)})(?:\([^)]*\))?(?:等(?:部门|单位)?)?$")


def _is_body(name: str) -> bool:
    return bool(_suffixes().search(ENDINGS.sub("", name) or name)) or bool(COLLECTIVE.fullmatch(name))


def _read_list(text: str, start: int, end: int) -> list[Named]:
    """One list with its labels: 牵头单位:A;配合单位:B、C, or A牵头,B、C配合, or A、B."""
    inside = text[start:end]
    labels = sorted([*LABELLED.finditer(inside), *OTHER_LABEL.finditer(inside)], key=lambda m: m.start())
    if not labels:
        return _unlabelled(inside, start)
    named: list[Named] = []
    leads = any(m.re is LABELLED and m.lastgroup == "lead" for m in labels)
    for label, following in zip(labels, [*labels[1:], None], strict=True):
        if label.re is not LABELLED:
            continue
        stop = following.start() if following else len(inside)
        bodies = _split(inside[label.end() : stop], start + label.end())
        role = label.lastgroup or "named"
        for place, (name, a, b) in enumerate(bodies):
            named.append(Named(name, _role(name, role, first=place == 0 and not named, leads=leads), a, b))
    return named


def named_in_cell(text: str, label: str, *, leads: bool) -> list[Named]:
    """The bodies of a table's cell under a head of this label (lead, joint, named); labels inside it count too."""
    if LABELLED.search(text):
        return _read_list(text, 0, len(text))
    bodies = _split(text, 0)
    return [
        Named(name, _role(name, label, first=place == 0, leads=leads), start, end)
        for place, (name, start, end) in enumerate(bodies)
    ]


def _role(name: str, label: str, *, first: bool, leads: bool) -> str:
    if label == "lead":
        return "lead"
    if _is_collective(name):
        return "local"
    if label == "named" and first and not leads:
        return "lead_implied"
    return "joint"


def _unlabelled(inside: str, offset: int) -> list[Named]:
    """A牵头,B、C配合; or bare names."""
    named: list[Named] = []
    place = 0
    says = [(m.start(), m.end(), m.group()) for m in re.finditer("牵头(?:负责|组织|落实)?|配合|参与|协助", inside)]
    leads = any(word.startswith("牵头") for _, _, word in says)
    for start, end, word in [*says, (len(inside), len(inside), "")]:
        label = "lead" if word.startswith("牵头") else ("joint" if word or leads else "named")
        for name, a, b in _split(inside[place:start], offset + place):
            named.append(Named(name, _role(name, label, first=not named, leads=leads), a, b))
        place = end
    return named


def _by(text: str, found: re.Match[str]) -> list[Named]:
    named = [Named(n, "lead", a, b) for n, a, b in _split(found["lead"], found.start("lead")) if _is_body(n)]
    for group in ("with", "joint"):
        if found.group(group):
            for name, a, b in _split(found.group(group), found.start(group)):
                if _is_body(name):
                    named.append(Named(name, _role(name, "joint", first=False, leads=True), a, b))
    return named if named and named[0].role == "lead" else []


def _split(listed: str, offset: int) -> list[tuple[str, int, int]]:
    """The names of a list with their clean places: at 、,; and at 和/及 between two bodies; collectives whole."""
    pieces: list[tuple[int, int]] = []
    place = 0
    for whole in COLLECTIVE.finditer(listed):
        apart = not whole.start() or listed[whole.start() - 1] in "、,;和及与:"
        if not apart or not AFTER_COLLECTIVE.match(listed, whole.end()) or not _is_collective(whole.group()):
            continue
        pieces += _plain(listed, place, whole.start())
        pieces.append(whole.span())
        place = whole.end()
    pieces += _plain(listed, place, len(listed))
    out = []
    for start, end in pieces:
        name = listed[start:end]
        trimmed = name if COLLECTIVE.fullmatch(name) or OTHERS.fullmatch(name) else ENDINGS.sub("", name, count=1)
        trimmed = trimmed.strip(" .。;,、:")
        if len(trimmed) >= 2 and not re.fullmatch("(?:等|分工|负责|落实|各自|职责)+", trimmed):
            begin = offset + start + name.index(trimmed)
            out.append((trimmed, begin, begin + len(trimmed)))
    return out


def _plain(listed: str, start: int, end: int) -> list[tuple[int, int]]:
    spans, place, depth = [], start, 0
    for at in range(start, end):
        depth += (listed[at] == "(") - (listed[at] == ")")
        if depth == 0 and (
            listed[at] in "、,;" or (listed[at] in "和及与" and _joins(listed[place:at], listed[at + 1 : end]))
        ):
            spans.append((place, at))
            place = at + 1
    spans.append((place, end))
    return [(a, b) for a, b in spans if listed[a:b].strip("和及与 ")]


def _joins(left: str, right: str) -> bool:
    """Whether 和 stands between two bodies (省财政厅和省人社厅), not within one (工业和信息化厅, 文化广电和旅游局)."""
    following = re.split("[、,;和及与]", right)[0]
    return bool(_suffixes().search(left)) and (not following or _is_body(following) or bool(level_of(following)))


def _is_collective(name: str) -> bool:
    """Whether a name means several bodies of a lower level (县市党委、政府), not one (县政府)."""
    if name.startswith("各"):
        return bool(re.search("政府|党委|县|市|州|乡|镇|区|街道", name))
    one = SINGLE.search(name) and len(SINGLE.sub("", name)) == 1 and name[0] in "省市州县区旗盟"
    return bool(COLLECTIVE.fullmatch(name)) and not one


def level_of(name: str) -> str:
    """What a name says of its level: 省, 州, 青禾州; empty when it says nothing."""
    found = LEVEL.match(name)
    return found.group() if found else ""


@cache
def _equivalents() -> tuple[dict[str, str], dict[str, str]]:
    """Whole names → standard name, and roots → standard root."""
    bodies = load("bodies")
    whole = {other: standard for standard, others in bodies["same"].items() for other in [standard, *(others or [])]}
    roots = {other: standard for standard, others in bodies["roots"].items() for other in [standard, *(others or [])]}
    return whole, roots


def canonical_name(printed: str, prefix: str = "") -> str:
    """The standard name of a body: 州发改委 → 州发展改革委, 省医疗保障局 → 省医保局, 各县（市、区）政府 → 县市区政府.

    `prefix` is the level of the bodies before it in the list, for names that leave it out (省教育厅、财政厅).
    """
    name = re.sub(r"\((?:[^)]*)\)$", "", printed) if not COLLECTIVE.fullmatch(printed) else printed
    if _is_collective(name) and COLLECTIVE.fullmatch(name):
        return _collective_name(name)
    if OTHERS.fullmatch(name) or name.startswith("各"):
        return name
    whole, roots = _equivalents()
    level = level_of(name)
    rest = re.sub("^(?:人民)?(?=政府)", "", name[len(level) :])
    rest = re.sub("^人民政府", "政府", rest)
    known = _standard(rest, whole, roots)
    if known is None and not level:
        return name
    return f"{level or prefix}{known or rest}"


def _standard(rest: str, whole: dict[str, str], roots: dict[str, str]) -> str | None:
    if rest in whole:
        return whole[rest]
    for short, longs in load("bodies")["endings"].items():
        for ending in sorted([short, *longs], key=len, reverse=True):
            root = rest[: -len(ending)]
            if rest.endswith(ending) and root in roots:
                return roots[root] + short
    return None


def _collective_name(name: str) -> str:
    """各县（市、区）党委和政府 → 县市区党委、政府."""
    power = re.search(POWERS + "$", name)
    area = re.sub("各|有关|相关|全[省市州县]|[()、和及/,]", "", name[: power.start()] if power else name)
    if not power:
        return area
    words = power.group()
    if words == "办事处":
        return area + words
    party, state = "党委" in words or "党工委" in words or "党政" in words, "政府" in words or "党政" in words
    return area + "、".join([*(["党委"] if party else []), *(["政府"] if state else [])])
