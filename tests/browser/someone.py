"""Somebody at a browser: opens, follows, fills in, presses; every page they come to is looked at."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import Browser, Download, Locator, Page, Response, expect

from tests.browser.pictures import keep

PICTURES = os.environ.get("XIANJIE_PICTURES", "")
FITS = "() => document.documentElement.scrollWidth <= window.innerWidth"
WEIGHT = """() => [performance.getEntriesByType("navigation")[0], ...performance.getEntriesByType("resource")]
  .reduce((sum, one) => sum + one.transferSize, 0)"""


class Someone:
    """A signed-in user and their browser window."""

    def __init__(
        self,
        browser: Browser,
        url: str,
        account: str,
        password: str = "",
        width: int = 1366,
        height: int = 768,
        script: bool = True,
    ) -> None:
        self.url, self.complaints = url, list[str]()
        self.context = browser.new_context(
            base_url=url,
            viewport={"width": width, "height": height},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            java_script_enabled=script,
            accept_downloads=True,
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(20_000)
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda said: self._complain(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self._complain(str(error)))
        self.page.on("response", self._answered)
        self.open("/login/")
        if password:
            self.page.locator("[name=username][type=text]").fill(account)
            self.page.locator("[name=password]").fill(password)
            self.press("登录", "form:has([name=password])")
        else:
            self.page.locator(f'button[value="{account}"]').click()
            self.arrive()

    def _complain(self, text: str) -> None:
        self.complaints.append(f"{self.page.url}: {text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self._complain(f"{response.status} {response.url}")

    def leave(self) -> list[str]:
        """Close the browser window; what it had to complain of."""
        self.context.close()
        return self.complaints

    def open(self, path: str) -> None:
        """Go to an address."""
        self.page.goto(path)
        self.arrive()

    def go(self, page: str) -> None:
        """Go to a page by the main menu."""
        menu = self.page.get_by_role("link", name="菜单", exact=True)
        if menu.is_visible():
            menu.click()
        self.page.locator("nav.rail").get_by_role("link", name=re.compile(f"^{page}")).click()
        self.arrive()

    def follow(self, link: str, within: str = "main") -> None:
        """Follow the first link of that name."""
        self.page.locator(within).get_by_role("link", name=link).first.click()
        self.arrive()

    def press(self, button: str, within: str = "main") -> None:
        """Press the first button of that name."""
        self.page.locator(within).get_by_role("button", name=button).first.click()
        self.arrive()

    def key(self, key: str) -> None:
        """Press a key that leads to another page."""
        before = self.page.url
        self.page.keyboard.press(key)
        self.page.wait_for_url(lambda url: url != before)
        self.arrive()

    def arrive(self) -> None:
        """The page is there and fits the window."""
        self.page.wait_for_load_state()
        if not self.page.evaluate(FITS):
            self._complain("scrolls sideways")

    def fill(self, **fields: str) -> None:
        """Fill fields by their names in the form."""
        for name, value in fields.items():
            field = self.page.locator(f"main [name='{name}']:visible").first
            if field.evaluate("e => e.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)

    def give(self, **files: tuple[str, bytes]) -> None:
        """Choose files, each a name and what is in it."""
        for field, (name, content) in files.items():
            chosen = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
            self.page.locator(f"main [name='{field}']").set_input_files(chosen)  # type: ignore[arg-type]

    def find(self) -> None:
        """Have a filter take effect, by its button where there is no script."""
        self.page.keyboard.press("Enter")
        self.page.wait_for_timeout(50)
        self.page.wait_for_load_state("networkidle")
        self.arrive()

    def until(self, text: str, within: str = "main", seconds: int = 30) -> None:
        """Look again and again until the page says so."""
        found = self.page.locator(within).get_by_text(text).first
        for _ in range(seconds * 2):
            if found.is_visible():
                return self.arrive()
            self.page.wait_for_timeout(500)
            self.open(self.page.url)
        raise AssertionError(f"not there after {seconds} s: {text}\n{self.page.locator('main').inner_text()[:600]}")

    def download(self, link: str) -> Download:
        """Take the file behind a link or button."""
        with self.page.expect_download() as taken:
            self.page.locator("main").get_by_role("link", name=link).first.click()
        return taken.value

    def sees(self, text: str | re.Pattern[str], within: str = "main") -> Locator:
        """The part of the page that says so; waits for it."""
        found = self.page.locator(within).get_by_text(text).first
        expect(found).to_be_visible(timeout=20_000)
        return found

    def weight(self, path: str) -> int:
        """What a page costs in bytes over the wire, headers too, for a browser that keeps nothing yet."""
        session = self.context.new_cdp_session(self.page)
        session.send("Network.enable")
        session.send("Network.clearBrowserCache")
        self.open(path)
        session.detach()
        return int(self.page.evaluate(WEIGHT))

    def texts(self, selector: str) -> list[str]:
        """What parts of the page say."""
        return [text.strip() for text in self.page.locator(selector).all_inner_texts()]

    def picture(self, name: str) -> None:
        """For the guides: what is to be seen now, when a folder for pictures is given."""
        if PICTURES:
            keep(self.context, self.page, Path(PICTURES) / f"{name}.png")
