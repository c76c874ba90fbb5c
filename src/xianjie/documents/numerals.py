"""Chinese numerals as integers, for numbering and for comparing values."""

from __future__ import annotations

DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
POWERS = {"十": 10, "百": 100, "千": 1000}
MYRIADS = {"万": 10_000, "亿": 100_000_000}
# Signs that hold a number each, in order from 1.
SIGNS = ("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳", "㈠㈡㈢㈣㈤㈥㈦㈧㈨㈩", "⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽⑾⑿⒀⒁⒂⒃⒄⒅⒆⒇", "⒈⒉⒊⒋⒌⒍⒎⒏⒐⒑⒒⒓⒔⒕⒖⒗⒘⒙⒚⒛")


def chinese_number(text: str) -> int | None:
    """三百二十 → 320, 二〇二五 → 2025; None when it is no numeral."""
    if not text or any(c not in DIGITS and c not in POWERS and c not in MYRIADS for c in text):
        return None
    if all(c in DIGITS for c in text):
        return int("".join(str(DIGITS[c]) for c in text))
    total = section = digit = 0
    for character in text:
        if character in DIGITS:
            digit = DIGITS[character]
        elif character in POWERS:
            section += (digit or 1) * POWERS[character]
            digit = 0
        else:
            total = (total + section + digit) * MYRIADS[character]
            section = digit = 0
    return total + section + digit


def ordinal(text: str) -> int | None:
    """The number of a printed mark: 十二, 12 or ⑫."""
    if text.isascii() and text.isdigit():
        return int(text)
    for signs in SIGNS:
        if text in signs:
            return signs.index(text) + 1
    return chinese_number(text)
