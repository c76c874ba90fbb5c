"""Small charts as SVG in the page: they open in any browser, print, and need no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

TIER_COLOURS = ("#2c6fa6", "#7fb2d9", "#e3a93c", "#c9ced4", "#b3402a")
SCALE = ("#f3ece2", "#f2cfa8", "#e59f6d", "#cf6a45", "#a5331f")
_BAR, _GAP, _LABEL, _WIDTH = 20, 6, 210, 720


@dataclass(frozen=True)
class Bar:
    """A bar: what it counts and how many."""

    label: str
    value: int


def bars(items: Sequence[Bar]) -> Markup:
    """Horizontal bars with their labels and numbers."""
    if not items:
        return Markup("")
    height = len(items) * (_BAR + _GAP)
    longest = max(*(item.value for item in items), 1)
    lines = []
    for position, item in enumerate(items):
        y = position * (_BAR + _GAP)
        length = round((_WIDTH - _LABEL - 80) * item.value / longest, 1)
        lines.append(
            f'<text x="{_LABEL - 8}" y="{y + 15}" text-anchor="end">{escape(item.label)}</text>'
            f'<rect x="{_LABEL}" y="{y}" width="{max(length, 1)}" height="{_BAR}" fill="#cf6a45"></rect>'
            f'<text x="{_LABEL + length + 6}" y="{y + 15}">{item.value:,}</text>'
        )
    # Every value put into the markup is a number or escaped just above.
    return Markup(f'<svg viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" role="img">{"".join(lines)}</svg>')


def stacked(parts: Sequence[int]) -> Markup:
    """One bar whose pieces are the shares of `parts`, in the colours of the tiers."""
    total = sum(parts)
    if not total:
        return Markup("")
    pieces, x = [], 0.0
    for value, colour in zip(parts, TIER_COLOURS, strict=True):
        width = 140 * value / total
        pieces.append(f'<rect x="{x:.1f}" y="0" width="{width:.1f}" height="14" fill="{colour}"></rect>')
        x += width
    return Markup(f'<svg viewBox="0 0 140 14" width="140" height="14" aria-hidden="true">{"".join(pieces)}</svg>')


@dataclass(frozen=True)
class Area:
    """An area of the map: outline "x,y x,y …", name, share (None: nobody lives there), what to show on it."""

    outline: str
    share: float | None
    title: str


def area_map(areas: Sequence[Area], labels: Sequence[tuple[str, str]]) -> dict[str, Any] | None:
    """A choropleth of areas by share, in five classes of equal count; None when no area has an outline.

    `labels` are (outline, name) of the larger areas whose names are written at their middles.
    """
    drawn = [area for area in areas if area.outline]
    if not drawn:
        return None
    points = [_points(area.outline) for area in drawn]
    xs = [x for outline in points for x, _ in outline]
    ys = [y for outline in points for _, y in outline]
    width, height = max(xs) - min(xs), max(ys) - min(ys)
    bounds = _classes([area.share for area in drawn if area.share is not None])
    return {
        "box": f"{min(xs):.2f} {min(ys):.2f} {width:.2f} {height:.2f}",
        "stroke": round(width / 900, 4),
        "font": round(width / 45, 3),
        "areas": [
            {
                "points": " ".join(f"{x:.2f},{y:.2f}" for x, y in outline),
                "colour": _colour(area.share, bounds),
                "title": area.title,
            }
            for area, outline in zip(drawn, points, strict=True)
        ],
        "labels": [_label(outline, name) for outline, name in labels if outline],
        "legend": _legend(bounds),
    }


def _points(outline: str) -> list[tuple[float, float]]:
    pairs = [pair.split(",") for pair in outline.split()]
    return [(float(x), float(y)) for x, y in pairs]


def _label(outline: str, name: str) -> dict[str, Any]:
    points = _points(outline)
    return {
        "x": round(sum(x for x, _ in points) / len(points), 2),
        "y": round(sum(y for _, y in points) / len(points), 2),
        "name": name,
    }


def _classes(shares: Sequence[float]) -> list[float]:
    ordered = sorted(shares)
    if not ordered:
        return []
    return [ordered[max(len(ordered) * step // len(SCALE) - 1, 0)] for step in range(1, len(SCALE))]


def _colour(share: float | None, bounds: Sequence[float]) -> str:
    if share is None:
        return "#ffffff"
    return SCALE[sum(share > bound for bound in bounds)]


def _legend(bounds: Sequence[float]) -> list[tuple[str, str]]:
    if not bounds:
        return []
    texts = [f"≤ {bounds[0]:.1%}", *(f"≤ {bound:.1%}" for bound in bounds[1:]), f"> {bounds[-1]:.1%}"]
    return list(zip(texts, SCALE, strict=True))
