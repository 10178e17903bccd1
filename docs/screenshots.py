"""Makes the pictures of the user guide from the demo county, with the helpers of the browser tests.

Run: ``python docs/screenshots.py``. It needs Chromium and a Chinese font, and writes into ``docs/images``.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browser import LONG, ROOT, App, chromium, served, settled, watched
from playwright.sync_api import Browser, Page, ViewportSize, expect
from test_map_component import Map
from user_guide_pictures import save

SCREEN = ViewportSize(width=1366, height=768)
PLAN = {"zh": "2025年规划方案", "en": "低成本方案"}
expect.set_options(timeout=LONG)


def workbench(app: App, page: Page, language: str) -> None:
    """The map with a scenario, a site just drawn, and a place that was asked about."""
    page.goto(f"{app.url}/map?lang={language}&scenario={PLAN[language]}")
    root, plan = page.locator(".gpm"), Map(page)
    expect(root).to_have_attribute("data-revision", "1")
    page.locator('[data-tool="site"]').click()
    page.mouse.click(*plan.at(112.872, 22.655))
    expect(root).to_have_attribute("data-revision", "2")
    settled(page)
    page.mouse.move(5, 5)
    save(page, f"workbench-{language}.png")
    page.mouse.click(*plan.at(112.70, 22.70))
    expect(page.locator(".gp-place-answer")).to_be_visible()
    expect(page.locator(".gpm .leaflet-popup")).to_have_css("opacity", "1")
    save(page, f"workbench-place-{language}.png")


def pictures(app: App, browser: Browser) -> None:
    """Both languages."""
    for language in PLAN:
        context = browser.new_context(viewport=SCREEN, locale="zh-CN")
        context.add_cookies([{"name": "geoplan-author", "value": "planner", "url": app.url}])
        with watched(context) as page:
            workbench(app, page, language)
        context.close()


def main() -> None:
    """Write the pictures."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        root = Path(folder)
        for part in ("layers", "scenarios"):
            shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("*.sqlite*"))
        with served(ROOT / "app.py", root, root / "log") as app:
            pictures(app, browser)


if __name__ == "__main__":
    main()
