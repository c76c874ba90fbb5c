"""A demo instance that really serves, a Chromium that really looks, and the people who sit in front of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

from tests.browser import chromium
from tests.browser.someone import Someone

# Playwright keeps an event loop in this thread as long as the tests last; Django would refuse its database there.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
HOUSEHOLDS, TODAY = 240, "2025-10-31"
As = Callable[..., Someone]


@dataclass(frozen=True)
class Served:
    """An instance and its address."""

    url: str
    folder: Path


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demo of a small county, served as `xianjie serve` does."""
    folder = tmp_path_factory.mktemp("served") / "demo"
    xianjie = [sys.executable, "-m", "xianjie.cli"]
    demo = [*xianjie, "demo", "--households", str(HOUSEHOLDS), "--no-serve", "--folder", str(folder)]
    made = subprocess.run(demo, capture_output=True, text=True, encoding="utf-8", check=False)
    assert made.returncode == 0, made.stdout[-2000:] + made.stderr[-2000:]
    port = free_port()
    instance = {"XIANJIE_HOME": str(folder), "XIANJIE_TODAY": TODAY, "XIANJIE_DEMO": "1", "XIANJIE_DEBUG": "0"}
    environment = {**os.environ, **instance, "DJANGO_SETTINGS_MODULE": "xianjie.web.settings"}
    with (folder.parent / "serve.log").open("wb") as log:
        server = subprocess.Popen(
            [*xianjie, "serve", "--port", str(port), "--workers", "1"], env=environment, stdout=log, stderr=log
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(f"{url}/healthz", server)
            yield Served(url, folder)
        finally:
            server.terminate()
            server.wait(30)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert server.poll() is None, "the server ended"
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server does not answer")


@pytest.fixture(scope="session")
def browser(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    found = chromium.find(tmp_path_factory.getbasetemp() / "chromium")
    if found is None:
        pytest.skip("no Chromium: install one, or run npm ci in tests/browser")
    browser = found.start(playwright)
    yield browser
    browser.close()


@pytest.fixture
def sit_down(browser: Browser, served: Served) -> Iterator[As]:
    """Somebody signs in; when the test ends the browser must have had nothing to complain of, whoever used it."""
    present: list[Someone] = []

    def signs_in(account: str, **options: object) -> Someone:
        present.append(Someone(browser, served.url, account, **options))  # type: ignore[arg-type]
        return present[-1]

    yield signs_in
    complaints = [complaint for one in present for complaint in one.leave()]
    assert complaints == []
