"""The pictures of the user guide: the demo county in Chromium on an office screen, in both languages.

Run: ``python docs/user_guide_pictures.py [NAME ...]``; all of them when none is named. Each page is brought by the same
steps as in the tests, whose helpers open the browser.
"""

from __future__ import annotations

import io
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from geoplan import i18n
from geoplan.i18n import _

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
SCENARIO, OTHER = "2025年规划方案", "低成本方案"
_COLOURS = 256  # of a palette that keeps rare ones: symbols look as on the map, a picture takes a third
sys.path.insert(0, str(ROOT / "tests"))

from browser import LONG, chromium, office_screen, served, settled, watched  # noqa: E402 - helpers of the tests

expect.set_options(timeout=LONG)


def main(wanted: list[str]) -> None:
    """Take the pictures that are wanted, or all."""
    with tempfile.TemporaryDirectory() as scratch:
        county = Path(scratch) / "county"
        for name in ("layers", "scenarios"):
            shutil.copytree(ROOT / name, county / name, ignore=shutil.ignore_patterns("*.sqlite*"))
        with served(ROOT / "app.py", county, Path(scratch) / "app.log") as app, chromium() as browser:
            for language in i18n.LANGUAGES:
                with i18n.speaking(language), watched(office_screen(browser)) as page:
                    page.goto(f"{app.url}/?lang={language}&scenario={SCENARIO}")
                    _settle(page)
                    _sign(page)
                    for name, bring in PICTURES.items():
                        if not wanted or name in wanted:
                            bring(page)
                            save(page, f"guide-{name}{'' if language == 'zh' else '-en'}.png")


def _settle(page: Page) -> None:
    expect(page.locator(".gp-head h1")).to_be_visible()
    settled(page)
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)  # for drawings that fade in: a picture, not a test


def _sign(page: Page) -> None:
    author = page.get_by_label(_("编制人"))
    author.fill("王工")
    author.press("Enter")
    _settle(page)


def _go(page: Page, title: str) -> None:
    page.get_by_test_id("stSidebarNavLink").filter(has_text=re.compile(f"^{re.escape(title)}$")).click()
    expect(page.locator(".gp-head h1")).to_have_text(title)
    _settle(page)


def _choose(page: Page, word: str) -> None:
    page.get_by_role("radio", name=word, exact=True).click()
    _settle(page)


def save(page: Page, file: str) -> None:
    """Write what the window shows, in few colours."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
        IMAGES / file, optimize=True
    )


def _overview(page: Page) -> None:
    _go(page, _("总览"))


def _compliance(page: Page) -> None:
    _go(page, _("达标核查"))
    _choose(page, _("床位"))


def _editing(page: Page) -> None:
    _go(page, _("达标核查"))
    _choose(page, _("设施"))
    page.get_by_text(_("在表中修改")).click()
    expect(page.get_by_text(_("没有未保存的修改"))).to_be_visible()
    _settle(page)


def _compare(page: Page) -> None:
    _go(page, _("方案比较"))
    page.get_by_label(_("要比较的方案")).click()
    page.get_by_role("option", name=OTHER).click()
    page.keyboard.press("Escape")
    expect(page.locator("th").filter(has_text=OTHER)).to_have_count(1)
    _settle(page)


def _difference(page: Page) -> None:
    _go(page, _("方案比较"))
    _choose(page, _("差异地图"))
    expect(page.get_by_text(_("新增覆盖"))).to_be_visible()
    page.wait_for_timeout(1500)


def _scenarios(page: Page) -> None:
    _go(page, _("方案管理"))
    _choose(page, _("现有的编辑"))


def _data(page: Page) -> None:
    _go(page, _("数据"))


def _figures(page: Page) -> None:
    _go(page, _("规划依据"))
    _choose(page, _("填报"))


PICTURES: dict[str, Callable[[Page], None]] = {
    "overview": _overview,
    "compliance": _compliance,
    "editing": _editing,
    "compare": _compare,
    "difference": _difference,
    "scenarios": _scenarios,
    "data": _data,
    "figures": _figures,
}

if __name__ == "__main__":
    main(sys.argv[1:])
