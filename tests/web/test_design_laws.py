"""What every style, script and template of the application must keep: policy, contrast, weight, old browsers."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
import yaml
from django.template.loader import render_to_string
from django.test import RequestFactory

from xianjie.web import assets
from xianjie.web.design import gallery

WEB = Path(assets.__file__).parent
CSS = sorted((assets.SOURCES / "css").glob("*.css"))
TEMPLATES = sorted(WEB.rglob("templates/**/*.html"))
OURS = [path for path in TEMPLATES if path.is_relative_to(WEB / "templates") and "gallery" not in path.parts]


@pytest.fixture(scope="module")
def built() -> Path:
    assets.build(lambda text: None)
    return assets.BUILT


def weight(*paths: Path) -> int:
    """Bytes as they go over the wire."""
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def relative(path: Path) -> str:
    return path.relative_to(WEB).as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_templates_hold_no_inline_style_or_script(path: Path) -> None:
    source = re.sub(r"{#.*?#}|{% comment.*?endcomment %}", "", path.read_text("utf-8"), flags=re.S)
    assert not re.search(r"<[^>]+\sstyle=", source)
    assert not re.search(r"<[^>]+\s(on[a-z]+|hx-on[:\w-]*)=", source)
    assert "<style" not in source
    for tag in re.findall(r"<script([^>]*)>", source):
        assert "src=" in tag or 'type="application/json"' in tag


@pytest.mark.parametrize("path", OURS, ids=relative)
def test_chinese_in_the_shared_templates_is_marked_for_translation(path: Path) -> None:
    source = re.sub(
        r"{%\s*blocktranslate.*?endblocktranslate\s*%}|{%.*?%}|{#.*?#}", "", path.read_text("utf-8"), flags=re.S
    )
    left = re.sub(r'lang="zh-Hans"[^>]*>中文', "", source)  # the one name of a language that is never translated
    assert re.findall(r"[\u4e00-\u9fff]+", left) == []


def test_every_icon_that_is_named_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="(\w+)"', (assets.SOURCES / "icons.svg").read_text("utf-8")))
    menu = yaml.safe_load((WEB / "navigation.yaml").read_text("utf-8"))
    named = {page["icon"] for group in menu for page in group["pages"]}
    for path in TEMPLATES:
        named.update(re.findall(r'(?:{% icon |\bicon=)"(\w+)"', path.read_text("utf-8")))
    assert named <= drawn


def colours() -> dict[str, str]:
    return dict(
        re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", (assets.SOURCES / "css" / "tokens.css").read_text("utf-8"))
    )


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


INKS = ("ink", "ink-2", "pine", "bad", "warn", "good")
PAIRS = [
    *((ink, ground) for ink in INKS for ground in ("ground", "sheet", "sunk")),
    *((tone, f"{tone}-tint") for tone in ("good", "warn", "bad", "info")),
    *(("ink", f"{tone}-tint") for tone in ("good", "warn", "bad", "info", "pine")),
    *(("ink-2", f"{tone}-tint") for tone in ("warn", "pine")),
    ("pine-dark", "pine-tint"),
    ("rail-ink", "rail"),
    ("rail-ink-2", "rail"),
    ("sheet", "pine"),
    ("sheet", "bad"),
]  # fmt: skip


@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(ink: str, ground: str) -> None:
    assert contrast(colours()[ink], colours()[ground]) >= 4.5


def test_edges_of_fields_can_be_seen() -> None:
    assert contrast(colours()["field-line"], colours()["sheet"]) >= 3


def rules(source: str) -> list[tuple[str, str]]:
    bare = re.sub(r"/\*.*?\*/", "", source, flags=re.S)
    return re.findall(r"([^{}]+){([^{}]*)}", bare)


@pytest.mark.parametrize("path", CSS, ids=lambda path: path.name)
def test_styles_use_only_what_chromium_80_knows(path: Path) -> None:
    source = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.S)
    newer = (
        r":has\(|:is\(|:where\(|color-mix|oklch|oklab|@container|@layer|\binset:|aspect-ratio|margin-inline|\d[sd]vh"
    )
    assert not re.search(newer, source)
    for selector, body in rules(source):
        if re.search(r"display:\s*(inline-)?flex", body):
            assert not re.search(r"(^|[\s;])gap:", body), (
                f"{selector.strip()}: gap between flex items came with Chromium 84"
            )


def test_styles_and_signs_are_light(built: Path) -> None:
    assert weight(built / "app.css") <= 12 * 1024
    assert weight(built / "icons.svg") <= 6 * 1024


def test_a_first_visit_to_a_village_page_takes_at_most_40_kilobytes(built: Path) -> None:
    request = RequestFactory().get("/")
    context = {"nav": gallery.NAV, "table": gallery.table(request), "filter": gallery.FilterForm({})}
    page = render_to_string("gallery/list.html", context, request=request)
    files = weight(*(built / name for name in ("app.css", "app.js", "icons.svg", "mark.svg")))
    assert files + len(gzip.compress(page.encode(), 9)) <= 40 * 1024
    assert "charts.js" not in page


def test_building_again_costs_nothing(built: Path) -> None:
    assert assets.build(lambda text: None) is False


def test_the_lock_of_the_scripts_names_no_registry() -> None:
    lock = (assets.SOURCES / "package-lock.json").read_text("utf-8")
    assert "resolved" not in lock
    assert "http" not in re.sub(r'"(url|funding)":.*', "", lock)
