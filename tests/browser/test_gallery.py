"""The gallery of components in a real browser: nothing overflows, the content policy holds, keys and forms work.

The browser asks no server: every request of the page is answered by Django's test client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import include, path
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from xianjie.web import assets

urlpatterns = [path("gallery/", include("xianjie.web.design.urls"))]
pytestmark = pytest.mark.urls(__name__)
HOST = "http://xianjie.test"
TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
Open = Callable[..., Page]


def answer(route: Route) -> None:
    address = urlsplit(route.request.url)
    name = address.path.rsplit("/", 1)[-1]
    if address.path.startswith("/static/dist/"):
        route.fulfill(body=(assets.BUILT / name).read_bytes(), content_type=TYPES[name.rsplit(".", 1)[-1]])
        return
    target = address.path + (f"?{address.query}" if address.query else "")
    reply = Client(headers={"accept-language": "zh-CN"}).get(target)
    kept = {"Content-Type", "Content-Security-Policy"}
    headers = {key: value for key, value in reply.headers.items() if key in kept}
    route.fulfill(status=reply.status_code, headers=headers, body=reply.content)


@pytest.fixture(scope="module")
def contexts(browser: Browser) -> dict[bool, BrowserContext]:
    """With script and without it."""
    assets.build(lambda text: None)
    made = {script: browser.new_context(java_script_enabled=script, locale="zh-CN") for script in (True, False)}
    for context in made.values():
        context.route(f"{HOST}/**", answer)
    return made


@pytest.fixture
def open_page(contexts: dict[bool, BrowserContext]) -> Iterator[Open]:
    """Opens a page of the gallery; at the end of the test the browser must have had nothing to complain of."""
    complaints: list[str] = []
    pages: list[Page] = []

    def opener(name: str, width: int = 1366, height: int = 768, script: bool = True) -> Page:
        page = contexts[script].new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{HOST}/gallery/{name}")
        return page

    yield opener
    for page in pages:
        page.close()
    assert complaints == []


FITS = "() => document.documentElement.scrollWidth <= window.innerWidth"
SMALL = """() => [...document.querySelectorAll(
    ".button, .chip, input:not([type=checkbox]):not([type=radio]):not([type=hidden]), select, .rail a")]
  .filter(e => e.getClientRects().length && !e.closest(".top-bar") && e.type !== "file")
  .filter(e => e.getBoundingClientRect().height < 43.5)
  .map(e => e.outerHTML.slice(0, 80))"""


def test_every_page_fits_its_screen_and_on_a_phone_everything_to_press_is_large(open_page: Open) -> None:
    page = open_page("parts/")
    for name in ("parts/", "list/?q=x", "household/", "review/", "form/", "charts/", "confirm/", "print/", "login/"):
        page.set_viewport_size({"width": 1366, "height": 768})
        page.goto(f"{HOST}/gallery/{name}", wait_until="domcontentloaded")
        assert page.evaluate(FITS), name
        page.set_viewport_size({"width": 360, "height": 740})
        assert page.evaluate(FITS), name
        assert page.evaluate(SMALL) == [], name


def test_rows_become_cards_on_a_phone_and_keep_their_labels(open_page: Open) -> None:
    page = open_page("list/", 360, 740)
    cell = page.locator("tbody tr").first.locator("td[data-label='村']")
    assert cell.evaluate("e => getComputedStyle(e, '::before').content") == '"村"'
    expect(page.locator("thead").first).not_to_be_in_viewport()


def test_head_and_first_column_stay_in_sight(open_page: Open) -> None:
    page = open_page("list/")
    frame = page.locator(".table-scroll")
    before = page.locator("thead .main").bounding_box()
    frame.evaluate("e => { e.scrollTop = 400; e.scrollLeft = 200 }")
    assert page.locator("thead .main").bounding_box() == before
    assert frame.evaluate("e => e.scrollTop") == 400


def test_a_filter_takes_effect_at_once_and_stands_in_the_address(open_page: Open) -> None:
    page = open_page("list/?sort=name")
    page.get_by_label("状态").select_option("监测中")
    expect(page.locator(".chip")).to_have_text("状态：监测中去掉")
    assert "state=%E7%9B%91%E6%B5%8B%E4%B8%AD" in page.url
    assert "sort=name" in page.url
    page.get_by_label("姓名或证件号").fill("张")
    page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_have_count(2)
    page.locator(".chip").first.click()
    expect(page.locator(".chip")).to_have_count(1)


def test_without_script_filters_menu_and_tables_work(open_page: Open) -> None:
    page = open_page("list/", 360, 740, script=False)
    assert page.get_by_role("link", name="数据冲突").count() == 0
    page.get_by_role("link", name="菜单", exact=True).click()
    expect(page.get_by_role("link", name="数据冲突")).to_be_visible()
    assert page.get_by_role("link", name="数据冲突").bounding_box()["height"] >= 43.5
    page.get_by_role("link", name="关闭菜单").click()
    expect(page.get_by_role("link", name="数据冲突")).to_be_hidden()
    page.get_by_label("状态").select_option("监测中")
    page.get_by_role("button", name="筛选").click()
    expect(page.locator(".chip")).to_contain_text("监测中")
    assert page.get_by_role("button", name="派给包户干部").is_enabled()
    charts = open_page("charts/", script=False)
    expect(charts.get_by_role("cell", name="143")).to_be_visible()


def test_charts_are_drawn_under_the_content_policy_and_tooltips_too(open_page: Open) -> None:
    page = open_page("charts/")
    expect(page.locator(".plot canvas")).to_have_count(3)
    assert page.locator("details[open]").count() == 0
    page.locator(".plot").first.hover()
    page.wait_for_timeout(100)


def test_doubtful_rows_are_settled_by_keys_alone(open_page: Open) -> None:
    page = open_page("review/")
    pressed = """() => { window.pressed = []; document.querySelector("form.form-actions")
        .addEventListener("submit", e => { e.preventDefault(); window.pressed.push(e.submitter.value) }) }"""
    page.evaluate(pressed)
    for key in "ynj":
        page.keyboard.press(key)
    page.keyboard.press("Control+y")  # the browser's own keys stay the browser's
    assert page.evaluate("() => window.pressed") == ["yes", "no", "next"]
    page.keyboard.press("?")
    expect(page.locator(".keys")).to_contain_text("是同一人")
    page.keyboard.press("Escape")
    expect(page.locator(".keys")).to_have_count(0)
    page.keyboard.press("/")
    page.keyboard.type("yn?")
    expect(page.get_by_role("searchbox")).to_have_value("yn?")
    assert page.evaluate("() => window.pressed.length") == 3


def test_picking_rows_counts_them_and_unlocks_the_buttons(open_page: Open) -> None:
    page = open_page("list/")
    button = page.get_by_role("button", name="派给包户干部")
    expect(button).to_be_disabled()
    boxes = page.locator("tbody .pick input")
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(page.locator("[data-pick-count]")).to_have_text("4")
    expect(button).to_be_enabled()
    page.get_by_label("全选本页").check()
    expect(page.locator("[data-pick-count]")).to_have_text("30")


def test_the_rows_can_be_walked_and_opened_by_keys(open_page: Open) -> None:
    page = open_page("list/")
    for key in ("ArrowDown", "ArrowDown", "x", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    expect(page.locator("tr.here")).to_contain_text("王某某")
    expect(page.locator("tr.picked")).to_contain_text("王某某")
    page.keyboard.press("Enter")
    page.wait_for_url("**/gallery/household/")


def test_leaving_a_changed_form_asks_first(open_page: Open) -> None:
    page = open_page("form/")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(f"{HOST}/gallery/list/")
    assert asked == []
    page.goto(f"{HOST}/gallery/form/")
    page.get_by_label("情况说明").fill("屋顶漏雨")
    page.goto(f"{HOST}/gallery/list/")
    assert asked == ["beforeunload"]


def test_a_chosen_file_is_named(open_page: Open) -> None:
    page = open_page("form/")
    page.get_by_label("佐证材料").set_input_files({"name": "十月报表.xlsx", "mimeType": "", "buffer": b"x"})
    expect(page.locator(".chosen")).to_have_text("十月报表.xlsx")


def test_a_running_job_is_asked_for_again(open_page: Open) -> None:
    page = open_page("parts/")
    with page.expect_request(f"{HOST}/gallery/parts/", timeout=5000) as asked:
        pass
    assert asked.value.headers["hx-request"] == "true"


def test_on_paper_only_the_sheet_is_left(open_page: Open) -> None:
    page = open_page("list/")
    page.emulate_media(media="print")
    for part in (".rail", ".top-bar", ".filters .fields", ".pages", ".masked a"):
        expect(page.locator(part).first).to_be_hidden()
    expect(page.locator("tbody tr").last).to_be_visible()
    assert page.locator(".table-scroll").evaluate("e => e.scrollHeight <= e.clientHeight + 1")
