"""Law 2: what the translator does not know is refused when it is loaded, with file, line and what to write instead."""

from __future__ import annotations

import pytest

from tests.rules.conftest import HEADER, PolicyOf
from xianjie.rules import PolicyError, Refused

FIRST_LINE = HEADER.count("\n") + 1

# The rule's text, the line (from its own first) that is at fault, and words of what to write instead.
BODIES = {
    "for loop": ("h_exact", "x = 0\n    for m in (1, 2):\n        x = m\n    return x", 4, "sum(m.income"),
    "while loop": ("h_exact", "while h_exact > 0:\n        return 1", 3, "sum(m.income"),
    "augmented assignment": ("h_exact", "x = 1\n    x += h_exact\n    return x", 4, "x = x +"),
    "typed assignment": ("h_exact", "x: int = h_exact\n    return x", 3, "名字 = 式子"),
    "two targets": ("h_exact", "x, y = h_exact, 1\n    return x", 3, "名字 = 式子"),
    "argument set anew": ("h_exact", "h_exact = 1\n    return h_exact", 3, "换一个名字"),
    "built-in's name": ("h_exact", "divide = h_exact\n    return divide", 3, "换一个名字"),
    "inner function": ("h_exact", "def f():\n        return 1\n    return h_exact", 3, "另一条规则"),
    "lambda": ("h_exact", "return (lambda: 1)", 3, "另一条规则"),
    "import": ("h_exact", "import math\n    return h_exact", 3, "文件开头"),
    "try": ("h_exact", "try:\n        return 1\n    except Exception:\n        return 2", 3, "return None"),
    "assert": ("h_exact", "assert h_exact\n    return 1", 3, "return None"),
    "match": ("h_exact", "match h_exact:\n        case 1:\n            return 1", 3, "if / elif / else"),
    "no return on a path": ("h_exact", "if h_exact > 1:\n        return 1", 2, "每条路径都要 return"),
    "bare return": ("h_exact", "return", 3, "return None"),
    "unreachable": ("h_exact", "return 1\n    return h_exact", 4, "删去"),
    "always None": ("h_exact", "return None", 2, "删去"),
    "division": ("h_exact", "return h_exact / 2", 3, "divide(a, b)"),
    "floor division": ("h_exact", "return h_exact // 2", 3, "round_half_up(a, b)"),
    "modulo": ("h_exact", "return h_exact % 2", 3, "floor_yuan"),
    "power": ("h_exact", "return h_exact ** 2", 3, "x * x"),
    "round": ("h_share", "return round(h_share)", 3, "round_half_up"),
    "int()": ("h_share", "return int(h_share)", 3, "round_half_up"),
    "abs": ("h_exact", "return abs(h_exact)", 3, "max(x, -x)"),
    "unknown function": ("h_exact", "return sqrt(h_exact)", 3, "写进参数"),
    "method": ("h_kind", "return h_kind.startswith('a')", 3, "year_of"),
    "attribute of a value": ("h_day", "return h_day.year", 3, "m.age"),
    "subscript": ("h_kind", "return h_kind[0]", 3, "any"),
    "list": ("h_exact", "return h_exact in [1, 2]", 3, "元组"),
    "dict": ("h_exact", "x = {1: 2}\n    return h_exact", 3, ".yaml 参数"),
    "formatted text": ("h_kind", "return f'{h_kind}'", 3, "标签"),
    "walrus": ("h_exact", "return (x := h_exact)", 3, "名字 = 式子"),
    "bytes": ("h_exact", "return b'a'", 3, "date(年, 月, 日)"),
    "truth of a number": ("h_exact", "if h_exact:\n        return 1\n    return 2", 3, "x > 0"),
    "truth of text": ("h_kind", "return h_kind and True", 3, 'kind == "a"'),
    "not of a number": ("h_exact", "return not h_exact", 3, "x > 0"),
    "order of texts": ("h_kind", "return h_kind < 'a'", 3, "=="),
    "text with number": ("h_kind, h_exact", "return h_kind == h_exact", 3, "不是一类"),
    "sum of yes and no": ("members", "return sum(m.p_sure for m in members)", 3, "sum(1 for"),
    "sum of ratios": ("members", "return sum(m.p_share for m in members)", 3, "round_half_up"),
    "yes plus one": ("h_sure", "return h_sure + 1", 3, "sum(1 for"),
    "date minus date": ("h_day, h_start", "return h_day - h_start", 3, "days_between"),
    "money times money": ("h_money, h_cash", "return h_money * h_cash", 3, "检查式子"),
    "== None": ("h_money", "return h_money == None", 3, "is None"),
    "is True": ("h_flag", "return h_flag is True", 3, "=="),
    "is None of an expression": ("h_money", "return (h_money + 1) is None", 3, "名字 = 式子"),
    "doubtful operand": (
        "h_money",
        "x = 1\n    if h_money is None:\n        x = 2\n    return h_money + x",
        6,
        "first_known",
    ),
    "doubtful quotient": ("h_money, h_exact", "return divide(h_money, h_exact) > 1", 3, "is None"),
    "test of an aggregate": (
        "members",
        "x = sum(m.p_money for m in members)\n    return 0 if x is None else x",
        4,
        "单独写成一条规则",
    ),
    "aggregate handed to either": (
        "members, h_flag",
        "return either(h_flag, any(m.p_flag for m in members))",
        3,
        "单独写成一条规则",
    ),
    "aggregate or None": (
        "members, h_flag",
        "x = sum(m.p_cash for m in members) if h_flag else None\n    return x",
        3,
        "单独写成一条规则",
    ),
    "name set in one branch": ("h_flag", "if h_flag:\n        x = 1\n    return x", 5, "每个分支"),
    "aggregate inside aggregate": ("members", "return sum(len(members) for m in members)", 3, "@person"),
    "grandchildren": ("members", "return sum(b.b_cash for m in members for b in m.bills)", 3, "@person"),
    "total inside aggregate": (
        "members",
        "x = len(members)\n    return any(m.p_exact > x for m in members)",
        4,
        "单独写成一条规则",
    ),
    "sum over no collection": ("h_exact", "return sum(x for x in h_exact)", 3, "for m in members"),
    "list in sum": ("members", "return sum([m.p_exact for m in members])", 3, "不加方括号"),
    "len of elements": ("members", "return len([m.p_exact for m in members])", 3, "len(members)"),
    "max without default": ("members", "return max(m.p_exact for m in members)", 3, "default="),
    "max of one": ("h_exact", "return max(h_exact)", 3, "max(a, 0)"),
    "bare comprehension": ("members", "return [m for m in members]", 3, "sum、any"),
    "collection as value": ("members", "return members", 3, "len(members)"),
    "built-in as value": ("h_exact", "return divide", 3, "括号"),
    "tuple with a name": ("h_kind, h_exact", "return h_exact in (h_exact, 2)", 3, "元组"),
    "in a chain": ("h_exact", "return 1 < h_exact in (1, 2)", 3, "and"),
    "date that changes": ("h_exact", "return date(h_exact, 1, 1)", 3, "参数"),
    "no such date": ("h_exact", "return date(2023, 2, 29)", 3, "date(2021, 7, 1)"),
    "keyword": ("h_exact", "return divide(numer=h_exact, denom=2)", 3, "按位置"),
    "wrong argument type": ("h_day", "return floor_yuan(h_day)", 3, "rule-language.md"),
    "unknown attribute": ("members", "return any(m.nothing for m in members)", 3, "拼写"),
}


@pytest.mark.parametrize("name", BODIES)
def test_refused_construct_names_file_line_and_what_to_write(name: str, policy_of: PolicyOf) -> None:
    arguments, body, line, advice = BODIES[name]
    with pytest.raises(Refused) as caught:
        policy_of(f"@household\ndef f({arguments}):\n    {body}\n")
    message = str(caught.value)
    assert "rules.py" in message
    assert f"第 {FIRST_LINE + line - 1} 行" in message
    assert "f" in message and advice in message


FILES = {
    "number in a rule file": ("LIMIT = 5\n", "参数文件"),
    "code at import": ("print('hello')\n", "规则函数"),
    "other import": ("import os\n", "规则函数"),
    "class": ("class A:\n    pass\n", "规则函数"),
    "no decorator": ("def f(h_exact):\n    return h_exact\n", "@household"),
    "two decorators": ("@household\n@person\ndef f(h_exact):\n    return h_exact\n", "@household"),
    "other entity": ("@rule('village')\ndef f(h_exact):\n    return h_exact\n", "@household"),
    "bad mark": ("@household(region=62)\ndef f(h_exact):\n    return h_exact\n", 'region="62"'),
    "bad date": ("@household(since='2021')\ndef f(h_exact):\n    return h_exact\n", "2021-07-01"),
    "computed mark": ("@household(label='a' + 'b')\ndef f(h_exact):\n    return h_exact\n", "label"),
    "default": ("@household\ndef f(h_exact=1):\n    return h_exact\n", "默认值"),
    "unknown name": ("@household\ndef f(nothing):\n    return nothing\n", "拼写"),
    "circle": ("@household\ndef f(g):\n    return g\n\n@household\ndef g(f):\n    return f\n", "f → g → f"),
    "rule named as a field": ("@household\ndef h_exact(h_count):\n    return h_count\n", "另取一个名字"),
    "rule named as a parameter": (
        "@household\ndef line(h_cash):\n    return h_cash\n\n@household\ndef f(line):\n    return line\n",
        "改名",
    ),
    "same rule twice": (2 * "@household\ndef f(h_exact):\n    return 1\n\n", "删去"),
    "versions of two types": (
        "@household\ndef f(h_exact):\n    return 1\n\n@household(region='62')\ndef f(h_exact):\n    return True\n\n"
        "@household\ndef g(f):\n    return f\n",
        "同一类型",
    ),
    "no Python": ("@household\ndef f(:\n", "Python"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_rule_file_holds_rules_and_nothing_else(name: str, policy_of: PolicyOf) -> None:
    text, advice = FILES[name]
    with pytest.raises(PolicyError) as caught:
        policy_of(text)
    assert "rules.py" in str(caught.value) and "行" in str(caught.value) and advice in str(caught.value)


def test_nothing_in_a_policy_folder_is_executed(policy_of: PolicyOf) -> None:
    with pytest.raises(Refused):
        policy_of("@household(label=open('/nowhere'))\ndef f(h_exact):\n    return h_exact\n")
    with pytest.raises(Refused):
        policy_of("@household\ndef f(h_exact):\n    return __import__('os')\n")


@pytest.mark.parametrize(
    ("left", "right"),
    [("yearly", "monthly"), ("yearly", "heads"), ("yearly", "each"), ("share", "heads"), ("yearly", "days")],
)
def test_different_units_are_not_added_or_compared(left: str, right: str, policy_of: PolicyOf) -> None:
    for expression in (f"{left} + {right}", f"{left} < {right}", f"max({left}, {right})"):
        with pytest.raises(Refused, match="单位不合"):
            policy_of(f"@household\ndef f({left}, {right}):\n    return {expression}\n", UNITS)


UNITS = "\nparameters:\n" + "\n".join(
    f"  {name}: {{label: {name}, unit: {unit}, values: "
    f"{{'00': {{2020-01-01: {{value: {value}, source: s, trust: stated}}}}}}}}"
    for name, unit, value in [
        ("yearly", "fen/year", 100), ("monthly", "fen/month", 10), ("heads", "person", 3),
        ("each", "fen/person/year", 5),
        ("share", "ratio", 0.5), ("days", "day", 30), ("lump", "fen", 7),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("body", "unit"),
    [
        ("yearly + per_year(monthly)", "fen/year"),
        ("yearly + heads * each", "fen/year"),
        ("12 * monthly", "fen/year"),
        ("yearly + lump", "fen/year"),
        ("round_half_up(yearly, heads) + each", "fen/person/year"),
        ("floor_yuan(yearly * share)", "fen/year"),
        ("yearly - 100", "fen/year"),
        ("len(members) * each", "fen/year"),
    ],
)
def test_units_that_work_out_are_accepted(body: str, unit: str, policy_of: PolicyOf) -> None:
    arguments = "yearly, monthly, heads, each, lump, share, members"
    if "heads)" in body:
        body = "None if heads == 0 else first_known(round_half_up(yearly, heads), max(each, 0)) + each"
    policy_of(f"@household(unit='{unit}')\ndef f({arguments}):\n    return {body}\n", UNITS)


def test_a_declared_unit_must_be_the_computed_one(policy_of: PolicyOf) -> None:
    with pytest.raises(Refused, match="标明的单位是 fen/month"):
        policy_of("@household(unit='fen/month')\ndef f(yearly):\n    return yearly\n", UNITS)
