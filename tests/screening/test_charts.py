"""The page's charts show what they count."""

from __future__ import annotations

import re

from xianjie.screening.charts import Area, Bar, area_map, bars, stacked


def test_bars_are_as_long_as_their_numbers() -> None:
    drawn = bars([Bar("因病", 400), Bar("因学", 100)])
    widths = [float(width) for width in re.findall(r'<rect [^>]*width="([\d.]+)"', drawn)]
    assert widths[0] == 4 * widths[1]


def test_labels_cannot_bring_markup_into_the_page() -> None:
    assert "<script>" not in bars([Bar("<script>alert(1)</script>", 1)])


def test_the_pieces_of_a_stacked_bar_fill_it() -> None:
    widths = [float(width) for width in re.findall(r'<rect [^>]*width="([\d.]+)"', stacked([50, 20, 10, 15, 5]))]
    assert round(sum(widths)) == 140
    assert stacked([0, 0, 0, 0, 0]) == ""


def test_the_map_colours_more_risk_darker_and_leaves_out_areas_without_outline() -> None:
    square = "0,0 1,0 1,1 0,1"
    shares = [0.01, 0.05, 0.1, 0.2, 0.4]
    drawn = area_map([*(Area(square, share, f"{share}") for share in shares), Area("", 0.9, "nowhere")], [])
    assert drawn is not None
    colours = [area["colour"] for area in drawn["areas"]]
    assert len(colours) == 5
    assert len(set(colours)) == 5
    assert area_map([Area("", 0.5, "x")], []) is None
