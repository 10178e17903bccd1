"""A served app and a browser without internet, for the tests that look at pages."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from streamlit.proto.BackMsg_pb2 import BackMsg

ROOT = Path(__file__).parents[1]
LONG = 60_000  # milliseconds in which a page must be there, however busy the machine
_ANSWER_MS = 5_000  # in which a page that hangs is not waited for
_LAST = 40  # of the questions of a page that a report tells
_windows: list[BrowserContext] = []
_asked: dict[Page, deque[tuple[datetime, str | bytes]]] = {}
_CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
_FLAGS += ["--disable-component-update", "--disable-sync"]
_FLAGS += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]  # no name leads anywhere


@dataclass
class App:
    """A running app."""

    url: str
    workspace: Path
    log: Path
    process: subprocess.Popen[bytes] | None = None


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(script: Path, workspace: Path, log: Path) -> Iterator[App]:
    """An app started by ``streamlit run``; at the end its log must be free of complaints."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}"]
    with running([*command, "--server.address=127.0.0.1"], port, workspace, log) as app:
        yield app
    complaints = re.findall(r"(?im)^.*(?:deprecat|traceback|warning|error).*$", log.read_text(encoding="utf-8"))
    assert not complaints, complaints


@contextmanager
def running(command: list[str], port: int, workspace: Path, log: Path) -> Iterator[App]:
    """Whatever the command serves on the port, once it answers."""
    environment = {**os.environ, "GEOPLAN_WORKSPACE": str(workspace), "GEOPLAN_LANG": "zh", "PYTHONPATH": str(ROOT)}
    app = App(f"http://127.0.0.1:{port}", workspace, log)
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT)
    app.process = process
    try:
        _wait(app, process)
        yield app
    finally:
        process.terminate()
        process.wait(20)


def _wait(app: App, process: subprocess.Popen[bytes]) -> None:
    for _attempt in range(300):
        try:
            with urllib.request.urlopen(f"{app.url}/_stcore/health", timeout=1):  # noqa: S310 - our own address
                return
        except OSError:
            assert process.poll() is None, app.log.read_text(encoding="utf-8")
            threading.Event().wait(0.1)
    pytest.fail("the app did not start")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    if _CHROMIUM is None:
        pytest.skip("needs Chromium: apt install chromium, or set CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        yield browser
        browser.close()


def settled(page: Page) -> None:
    """Wait until the page shows what its last run made, and nothing of the run before."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator("[data-stale='true']")).to_have_count(0)


def office_screen(browser: Browser) -> BrowserContext:
    """A window on the laptop of an office in China."""
    window = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN", accept_downloads=True)
    _windows.append(window)
    return window


def seen() -> str:
    """What the pages that are open asked for last and what they show, for the report of a test that failed: as a screen reader has it, and as a picture."""
    return "\n\n".join(_shown(page) for window in _windows for page in window.pages)


def _shown(page: Page) -> str:
    try:
        picture = Path(tempfile.mkdtemp(prefix="geoplan-seen-")) / "page.png"
        page.screenshot(path=picture, timeout=_ANSWER_MS)
        asked = "\n".join(_told(*one) for one in _asked.get(page, ()))
        return f"{page.url}\n{picture}\n{asked}\n{page.locator('body').aria_snapshot(timeout=_ANSWER_MS)}"
    except PlaywrightError as error:
        return f"{page.url}\n{error}"


def _keep(page: Page, frame: str | bytes) -> None:
    _asked.setdefault(page, deque(maxlen=_LAST)).append((datetime.now(UTC), frame))


def _told(when: datetime, frame: str | bytes) -> str:
    """What a page asked of the server: for which run, and which buttons were pressed."""
    message = BackMsg()
    message.ParseFromString(frame if isinstance(frame, bytes) else frame.encode())
    run = message.rerun_script
    pressed = [one.id for one in run.widget_states.widgets if (one.WhichOneof("value") or "").endswith("trigger_value")]
    page, fragment = run.page_script_hash[:6], run.fragment_id[:6]
    return f"{when:%H:%M:%S.%f} {message.WhichOneof('type')} page={page} fragment={fragment} by itself={run.is_auto_rerun} {pressed}"


@dataclass
class Watch:
    """What must not happen while a page is open."""

    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def request(self, request: Request) -> None:
        """Note what is asked of anybody but this machine."""
        if not re.match(r"(http://127\.0\.0\.1[:/]|data:|blob:)", request.url):
            self.outside.append(request.url)

    def console(self, message: ConsoleMessage) -> None:
        """Note what the browser complains about, but that Streamlit looks for its host below the address of a page."""
        asked = str(message.location.get("url", ""))
        if message.type == "error" and not re.search(r"/[a-z]+/_stcore/(?:health|host-config)$", asked):
            self.errors.append(message.text)


@contextmanager
def watched(context: BrowserContext) -> Iterator[Page]:
    """A page; afterwards nothing may have been asked for outside this machine, nor any error been logged."""
    opened, watch = context.new_page(), Watch()
    opened.set_default_timeout(LONG)
    opened.on("request", watch.request)
    opened.on("websocket", lambda socket: socket.on("framesent", lambda frame: _keep(opened, frame)))
    opened.on("pageerror", lambda error: watch.errors.append(str(error)))
    opened.on("console", watch.console)
    yield opened
    opened.close()
    assert not watch.outside, watch.outside
    assert not watch.errors, watch.errors
