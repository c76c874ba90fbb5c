"""What a clause wants reached: quantified targets, dated milestones, relative aims; facts and stocks are left out.

Each number is judged where it stands: what governs it (a level reached, something made, something kept), whether it is
past, negated, or only qualifies a noun; then it takes operator, unit and the deadline in whose scope it lies.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from xianjie.documents.clean import Clean
from xianjie.documents.deadlines import Deadline, due_date, find_deadlines
from xianjie.documents.model import Target
from xianjie.documents.quantities import QUOTED, Quantity, find_quantities, operator_of
from xianjie.documents.scopes import (
    Phrase,
    Scope,
    deadline_behind,
    governing_deadline,
    head_deadline,
    heading_deadline,
    is_past,
    last_deadline,
    scope_of,
    sentences,
)
from xianjie.documents.tree import Node
from xianjie.documents.vocabulary import any_of, load, pattern

MONEY = ("元", "美元")
DURATIONS = ("年", "天", "日", "个月", "小时", "分钟", "期", "届")
ABSTRACT = re.compile(
    r"^(?:机制|体系|制度|方面|环节|关系|重点|维护|确保|关键|阶段|层面|标准|原则|问题|文明|统筹|类型|坚持)"
)
PAST_PHRASE = re.compile(
    r"(?<![自而不])已(?!脱贫户)|现有|现存|去年|前年|上年末|昨年|先后|累计(?!达|不|超|至少)|全部(?:脱贫|摘帽|出列|退出)"
    r"|(?:完成|建成|实现|取得|达到|新建|解决|脱贫|下降|增长)了"
)
SO_FAR = "累计"
END_OF_AIM = "的(?:目标|任务|要求|标准|比例|水平)"
NEGATED = re.compile(
    r"不得(?!低|少|超|高|大|小|多|突)|不搞|不要求|不能(?=要求|以|搞|把|将|让|再)|严禁|禁止|避免|杜绝|达不到|未达|没有达到|不允许|不许|不宜|不强制|不强求"
    r"|不作|不设|不下达|不提|取消|不以|不将|不再|防止|坚决不"
)
RELATIVE = re.compile(
    r"全覆盖|(?:动态)?清零|应[\u4e00-\u9fff]尽[\u4e00-\u9fff]|不漏一[人户]|不断档|倍增|只增不减|不减少|不降低|不下降|不反弹|稳中有[升增降]"
    r"|(?:高于|快于|大于|优于|不低于|达到|超过)[^,。;\d]{0,14}(?:平均(?:水平|工资|增速|值|数)?|上年(?:水平)?|同期|增速|增幅|公务员)"
    r"|不发生(?:规模性)?返贫|不失学|零(?:辍学|事故|增长|就业家庭)|(?:全部|普遍|全员)(?!在|要|脱|留)[^,。;、]{0,3}"
    r"(?:实现|达标|配备|完成|纳入|覆盖|建成|消除|持证|参保|用于|接入|改造|解决|收回|到位)"
    r"|(?:实现|达到)[^,。;]{0,24}(?:全回收|全达标|全纳入|全参保|均等化)|全回收|村村[通有]|乡乡[通有]|户户通"
)
UNREAL = re.compile("的?(?:原则|基础上|成果|体系|机制)|(?:行动|计划|工程)|[^,。;]{0,2}社会后")
OF_OTHERS = re.compile("(?:对|针对|面向)[^,。;]{0,20}(?:户|人口|人员|对象|患者)")
OWNED = re.compile("(?:每|均)[^,。;]{0,10}有$|^每(?![年月日周季])[^,。;]{3,12}$")
WEAK = "支持|推动|推进|引导|帮助|保障|扶持|实施|帮扶|检查|监测|覆盖|落实|开展|资助|带动|指导|解决|消除|保护"
RESULT = re.compile(r"上市|达标|建成|创建|实现|通过|完成|成为|转型|就业|增收|脱贫|入库|达到")
LEADING = re.compile(
    r"^(?:力争|确保|努力|要|应当|应(?![\u4e00-\u9fff]尽)|其中|并|使|争取|原则上|同时|全力|计划|预计|继续|着力|切实|逐步|进一步|分年度|分别|每年|年内|[,、和及与:])+"
)


@dataclass
class Found:
    """A target in clean places, before it is turned into offsets of the file."""

    tier: str
    indicator: str
    operator: str | None
    value: str | None
    unit: str | None
    deadline: Deadline | None
    start: int
    end: int


def find_targets(clean: Clean, node: Node, base: int | None) -> list[Target]:
    """The targets of one clause, in order. `base`: the document's year, before which dates are past."""
    found: list[Found] = []
    carried = heading_deadline(clean.text, node)
    first = True
    for start, end in sentences(clean.text, node.body if node.mark else node.start, node.own_end):
        scope = scope_of(clean.text, start, end, carried, base)
        found += _of_sentence(scope)
        if first and end - start <= 24 and not scope.deadlines:
            continue
        carried = carried or head_deadline(scope) if first else carried
        first = False
    return [_target(clean, node.id, f) for f in found]


def _of_sentence(scope: Scope) -> list[Found]:
    found: list[Found] = []
    for number, phrase in enumerate(scope.phrases):
        explicit = _explicit(scope, number, phrase, found)
        found += explicit or _relative(scope, phrase)
    return sorted([*found, *_milestones(scope, found)], key=lambda f: (f.start, f.end))


def _explicit(scope: Scope, number: int, phrase: Phrase, earlier: list[Found]) -> list[Found]:
    text = scope.text
    inside = [d for d in scope.deadlines if d.start < phrase.end and d.end > phrase.start]
    quantities = [
        q for q in find_quantities(text, phrase.start, phrase.end)
        if not any(d.start < q.end and q.start < d.end for d in scope.deadlines) and not _is_date(text, q)
    ]  # fmt: skip
    found: list[Found] = []
    previous_end, accepted = phrase.start, -1
    for place, quantity in enumerate(quantities):
        before = _without(text, previous_end, quantity.start, inside)
        whole = _without(text, phrase.start, quantity.start, inside)
        limit = quantities[place + 1].start if place + 1 < len(quantities) else phrase.end
        after = text[quantity.end : limit]
        more = place + 1 < len(quantities)
        continued = bool(found) or (bool(earlier) and earlier[-1].tier == "explicit" and number > 0)
        chained = bool(found) and accepted == previous_end and _goes_on(quantity, before, after)
        if chained or _counts(scope, phrase, quantity, before, whole, after, continued=continued):
            listed = found[-1] if found else (earlier[-1] if earlier else None)
            found.append(_build(scope, number, quantity, (previous_end, before, after), listed, more=more))
            if chained and listed and found[-1].operator == "=":
                found[-1].operator = listed.operator
            previous_end = accepted = quantity.end
        elif re.match("[、和及与]", after) or quantity.measure in ("%", "个百分点"):
            previous_end = quantity.end
    return _respectively(text, phrase, found)


def _goes_on(quantity: Quantity, before: str, after: str) -> bool:
    """A further number of the same list: 95%和98%, 30个产业园、15个综合体和100个重点村."""
    if re.fullmatch("[、和及与]", before):
        return True
    counted = quantity.unit and quantity.measure not in ("%", *DURATIONS)
    listed = re.fullmatch("[\u4e00-\u9fff“”]{1,24}[、和及与]", before)
    return bool(counted and listed and re.match("[\u4e00-\u9fff“]", after))


def _is_date(text: str, quantity: Quantity) -> bool:
    return bool(
        (quantity.measure in ("年",) and quantity.value and re.fullmatch("(?:19|20)\\d\\d", quantity.value))
        or (quantity.measure == "" and text[quantity.end : quantity.end + 1] in ("月", "日", "年", "号"))
        or (quantity.measure == "日" and not quantity.unit)
    )


def _without(text: str, start: int, end: int, deadlines: list[Deadline]) -> str:
    pieces, place = [], start
    for deadline in deadlines:
        if deadline.start >= place and deadline.end <= end:
            pieces.append(text[place : deadline.start])
            place = deadline.end
    return "".join([*pieces, text[place:end]])


def _counts(
    scope: Scope,
    phrase: Phrase,
    quantity: Quantity,
    before: str,
    whole: str,
    after: str,
    *,
    continued: bool,
) -> bool:
    """Whether a number is something to reach."""
    text = scope.text
    governing = governing_deadline(scope, quantity) or scope.carried
    past = PAST_PHRASE.search(text, phrase.start, quantity.start)
    if quantity.start < scope.past_until or (past and not (governing and past.group().startswith(SO_FAR))):
        return False
    if governing and is_past(governing, scope.base):
        return False
    if NEGATED.search(text, phrase.start, quantity.start) or re.search(
        "[由从比较自](?:目前的?|现在的?|原来的?)?$", before
    ):
        return False
    if quantity.measure in DURATIONS and not _duration_bounded(before, quantity):
        return False
    if quantity.kind == "chinese" and not _chinese_counts(quantity, before, after):
        return False
    if _share_of(quantity, before, after):
        return True
    if _qualifies(quantity, before, after):
        return False
    return _level(quantity, before, after) or _count(scope, quantity, before, whole, after, continued=continued)


def _duration_bounded(before: str, quantity: Quantity) -> bool:
    return operator_of(before, quantity) != "=" and bool(re.search("期|年限|寿命|时间|时长|时限", before))


def _chinese_counts(quantity: Quantity, before: str, after: str) -> bool:
    if quantity.measure not in load("words")["countable"].split() or ABSTRACT.match(after):
        return False
    return quantity.value != "一" or quantity.measure == "番" or operator_of(before, quantity) == ">="


def _qualifies(quantity: Quantity, before: str, after: str) -> bool:
    """The number only says which ones are meant: 年产值超10亿元的龙头企业3家, 20户以上自然村全覆盖, 60岁以上老年人."""
    if not re.match("的?[\u4e00-\u9fff]", after) or re.match(END_OF_AIM, after):
        return False
    bounds = "|".join(any_of("words", "bounds", n) for n in ("at_least", "at_most", "over", "about"))
    made = re.search(rf"(?:{any_of('words', 'doing')})(?:{bounds})?$", before)
    made = None if made and re.match(WEAK, made.group()) and quantity.measure != "%" else made
    if re.match("的[\u4e00-\u9fff]", after) and not made:
        return not (quantity.after and re.search("(?:把|将)$", before) and "用于" in after)
    people = quantity.measure in ("人", "户", "岁", *MONEY) and quantity.after and not OWNED.search(before)
    return bool(people and not (made and not before.endswith("实现")) and not re.match("[并且和、]", after))


def _share_of(quantity: Quantity, before: str, after: str) -> bool:
    """A share that is to reach something: 全县80%的行政村达到标准, 与80%以上脱贫户建立联结."""
    if quantity.measure != "%" or re.search("^(?:对|针对|将|把)", LEADING.sub("", before)):
        return False
    moved = pattern(rf"(?:{any_of('words', 'changes')}|{any_of('words', 'reach')})$").search(before)
    return not moved and bool(re.match("的?[\u4e00-\u9fff]{2,14}?(?:达到|实现|建成|完成|建立|纳入|通过|达标)", after))


def _level(quantity: Quantity, before: str, after: str) -> bool:
    """A level stated of an indicator: …率达到65%, 占比不低于80%, 产值300亿元, 提高5个百分点."""
    bounds = "|".join(any_of("words", "bounds", n) for n in ("at_least", "at_most", "over", "under", "caps"))
    stated = pattern(
        rf"(?:{bounds}|{any_of('words', 'reach')})(?:约|近|至少|[^,。;、]{{1,16}}的|每[\u4e00-\u9fff]{{1,6}})?$"
    )
    match = stated.search(before)
    if match and match.group().startswith("占") and not quantity.after:
        return False
    if quantity.measure == "%" and not match:
        of_what = pattern(rf"(?:{bounds})[^,。;、\d]{{1,10}}$")
        match = of_what.search(before) or (re.search("[把将]$", before) if quantity.after else None)
    counted = quantity.measure not in ("%", "‰", "个百分点", "百分点", "倍", "番", ":", "") and quantity.unit
    change = re.fullmatch(any_of("words", "changes"), match.group()) if match else None
    if match and counted and (change or match.group() in ("为", "到", "实现", "完成", "提前")):
        physical = quantity.measure in ("公斤", "千克", "吨", "岁", "公里", "千瓦时", "斤", *MONEY) or bool(
            quantity.after
        )
        return (physical and bool(change) and not re.match("[\u4e00-\u9fff]", after)) or match.group() in (
            "增加",
            "减少",
        )
    if match:
        return bool(quantity.unit or quantity.measure or _is_rate(before) or quantity.after or _index(before))
    if quantity.measure in ("番", ":"):
        return quantity.measure == "番"
    ends = pattern(rf"(?:{any_of('words', 'indicators')})$")
    ended = not re.match("[\u4e00-\u9fff]", after) or bool(re.match(END_OF_AIM, after))
    kept = pattern(rf"(?:{any_of('words', 'keeping')})").match(LEADING.sub("", before))
    if not kept and ends.search(before) and (quantity.after or quantity.unit) and ended:
        return bool(quantity.after) or quantity.measure in ("%", *MONEY)
    owned = OWNED.search(before) and quantity.after
    return bool((owned or re.search("(?:至少|最少)[^,。;、]{0,8}$", before)) and quantity.unit)


def _index(before: str) -> bool:
    return bool(re.search("系数|指数|之比|基尼|比值|分", before))


def _is_rate(before: str) -> bool:
    return bool(pattern(any_of("words", "rates")).search(before))


def _count(scope: Scope, quantity: Quantity, before: str, whole: str, after: str, *, continued: bool) -> bool:
    """A number of things to be made: 新建100所, 培训脱贫劳动力70万人次以上."""
    if not quantity.unit and quantity.kind != "blank":
        return False
    bound = "|".join(any_of("words", "bounds", n) for n in ("at_least", "at_most", "over", "about"))
    doing = any_of("words", "doing")
    adjacent = pattern(rf"({doing})(?:了|好|出|各类|全部|{bound})?$").search(before)
    if adjacent:
        verb = adjacent.group(1)
        if re.fullmatch(WEAK, verb) and quantity.measure != "%" and re.match("的?[\u4e00-\u9fff]", after):
            begun = verb in ("推进", "推动") and re.search("开展|试点|建设|改造|整治", after)
            return bool(quantity.after or RESULT.search(after) or begun)
        return quantity.measure != "%" or bool(re.match("(?:的|以上|左右)?[\u4e00-\u9fff]", after) or quantity.after)
    trailing = not re.match("[\u4e00-\u9fff“]", after) or re.match(f"(?:和|以及|及|{END_OF_AIM})", after)
    if not trailing or quantity.measure == "%":
        return False
    made = [m.end() for m in pattern(doing).finditer(whole)]
    kept = bool(pattern(rf"(?:{any_of('words', 'keeping')})").match(LEADING.sub("", whole)))
    if made:
        return True
    return continued and bool(re.match("[\u4e00-\u9fff“]", LEADING.sub("", before))) and not kept


def _build(
    scope: Scope, number: int, quantity: Quantity, words: tuple[int, str, str], listed: Found | None, *, more: bool
) -> Found:
    start, before, after = words
    unit = quantity.unit
    if unit is None and quantity.measure == "" and quantity.kind == "digits" and _is_rate(before):
        unit = "%"
    indicator, end = _indicator(before, after, quantity, listed=bool(find_quantities(after, 0, len(after))) or more)
    if len(indicator) < 2 and listed:
        indicator = listed.indicator
    while scope.text[start] in "、和及与,":
        start += 1
    deadline = governing_deadline(scope, quantity) or deadline_behind(scope, number, quantity) or scope.carried
    return Found("explicit", indicator, operator_of(before, quantity), quantity.value, unit, deadline, start, end)


def _indicator(before: str, after: str, quantity: Quantity, *, listed: bool) -> tuple[str, int]:
    """What the number is said of: the words before it, and the noun behind it when it stands before its noun."""
    bounds = "|".join(any_of("words", "bounds", n) for n in ("at_least", "at_most", "over", "under", "about", "caps"))
    ends = rf"(?:{bounds}|{any_of('words', 'reach')}|分别|均|力争|至少|每人每年|每年)+$"
    of_what = rf"({bounds}|达到?|不低于)[^,。;、]{{1,10}}的$"
    name = LEADING.sub("", before)
    stripped = re.sub("力争|至少|最少", "", re.sub(ends, "", re.sub(of_what, r"\1", name)))
    name = re.sub("力争|至少|最少", "", name)
    noun = re.match("的?([^,。;、()]{0,40})" if listed else "的?([^,。;()]{0,40})", after)
    behind = re.sub("^[和及与]+$|[和及与]$", "", noun.group(1)) if noun else ""
    if behind and not re.match("的?(?:目标|任务)", after):
        verb = name if re.search(rf"(?:{any_of('words', 'doing')})$", name) else stripped
        return verb + behind, quantity.end + (noun.start(1) + len(behind) if noun else 0)
    return stripped, quantity.end


def _respectively(text: str, phrase: Phrase, found: list[Found]) -> list[Found]:
    """A、B分别达到X和Y: each number with its own indicator."""
    match = re.search("分别", text[phrase.start : phrase.end])
    if not match or len(found) < 2:
        return found
    dates = _dates_listed(text[phrase.start : phrase.start + match.start()], phrase.start)
    if len(dates) == len(found):
        for target, date in zip(found, dates, strict=True):
            target.deadline = date
        return found
    names = [
        n for n in re.split("[、和与]|(?<![普涉触])及(?!时)", LEADING.sub("", found[0].indicator.split("分别")[0])) if n
    ]
    if len(names) < len(found):
        return found
    if len(names) > len(found):
        names = names[-len(found) :]
    tail = re.search(rf"[\u4e00-\u9fff]{{0,6}}(?:{any_of('words', 'rates')})$", names[-1])
    for target, name in zip(found, names, strict=True):
        lacking = tail and not re.search(rf"(?:{any_of('words', 'rates')})$", name)
        target.indicator = name + (tail.group() if lacking and tail else "")
    return found


def _dates_listed(words: str, offset: int) -> list[Deadline]:
    """Several dates in a list at the beginning: 2022年、2023年、2024年分别 …"""
    dates = find_deadlines(words, offset)
    between = [words[a.end - offset : b.start - offset] for a, b in itertools.pairwise(dates)]
    return dates if between and all(gap in ("、", "和", "及") for gap in between) else []


def _relative(scope: Scope, phrase: Phrase) -> list[Found]:
    """An aim without a number in one phrase: 全覆盖, 动态清零, faster than the mean."""
    text = scope.text
    match = RELATIVE.search(text, phrase.start, phrase.end)
    if match and (
        _quoted(text, phrase, match.start()) or UNREAL.match(text, match.end()) or OF_OTHERS.match(text, phrase.start)
    ):
        return []
    if not match or match.start() < scope.past_until or PAST_PHRASE.search(text, phrase.start, match.start()):
        return []
    if NEGATED.search(text, phrase.start, match.start()):
        return []
    governing = last_deadline(scope, match.start())
    if governing and is_past(governing, scope.base):
        return []
    inside = [d for d in scope.deadlines if d.start < phrase.end and d.end > phrase.start]
    indicator = LEADING.sub("", _without(text, phrase.start, phrase.end, inside))
    return [Found("relative", indicator, None, None, None, governing or scope.carried, phrase.start, phrase.end)]


def _quoted(text: str, phrase: Phrase, place: int) -> bool:
    return any(m.start() < place < m.end() for m in QUOTED.finditer(text, phrase.start, phrase.end))


def _milestones(scope: Scope, found: list[Found]) -> list[Found]:
    """What is dated but has no number: the words from the deadline on to the next deadline or target."""
    out = []
    for place, deadline in enumerate(scope.deadlines):
        if deadline.year is None and not re.search("前$", deadline.text):
            continue
        if (
            is_past(deadline, scope.base)
            or deadline.start < scope.past_until
            or re.search("期间|以来|起$|开始$", deadline.text)
        ):
            continue
        end = scope.deadlines[place + 1].start if place + 1 < len(scope.deadlines) else scope.end
        own = [f for f in found if f.start < end and f.end > deadline.start]
        first = min((f.start for f in own), default=end)
        phrase = next((p for p in scope.phrases if p.start <= deadline.start < p.end), None)
        if phrase is None or (own and first <= phrase.end):
            continue
        words = LEADING.sub("", scope.text[deadline.end : first].strip(",;、"))
        indicator = words if len(words) > 3 else scope.text[phrase.start : deadline.start]
        start = deadline.start if len(words) > 3 else phrase.start
        stop = len(scope.text[:first].rstrip(",;、")) if first < scope.end else scope.end
        if len(indicator) > 3 and start < stop:
            out.append(Found("milestone", indicator.strip(",;"), None, None, None, deadline, start, stop))
    return out


def _target(clean: Clean, clause_id: str, found: Found) -> Target:
    start, end = clean.span(found.start, found.end)
    printed = found.deadline.text if found.deadline else None
    return Target(
        clause_id, found.tier, found.indicator, found.operator, found.value, found.unit, printed,
        clean.raw[start:end], start, end, due_date(found.deadline),
    )  # fmt: skip
