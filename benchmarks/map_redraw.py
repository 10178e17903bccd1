"""From the click that ends a drawing to the redrawn map and figures, in Chromium: the harness page of the tests, and the workbench.

On the harness the server's work is trivial: what the component, Streamlit and the browser cost. On the workbench the site is
stored, assessed and drawn, on the demo county and on the same with 100,000 homes; the clock stops when the map and the
figures beside it both show the revision. The page is visited once before, as it is on a day of work; each site is drawn
as soon as the one before is there, while its form is still being made. New roads, whose every home may be reached
otherwise, are drawn on both counties too. Prints the machine's load, without which the figures say little.
Run alone: ``python benchmarks/map_redraw.py [DRAWINGS] [component|demo|homes|demo-roads|homes-roads ...]``.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import numpy as np
import pandas as pd
from browser import LONG, ROOT, chromium, office_screen, served
from playwright.sync_api import Browser, Page, expect
from test_map_component import Map

from geoplan.layers import load_layers
from geoplan.scenario import Scenario, Signature, open_store

NAME = "计时"
HOMES = 100_000
PAGES = ["component", "demo", "homes", "demo-roads", "homes-roads"]
# The page's own clock: from the mouse button to the picture with the revision that shows the shape, on the map and, where
# there are any, in the figures beside it.
WATCH = """root => { window.took = []; let done = root.dataset.revision;
  addEventListener('click', () => { window.began = performance.now(); }, true);
  const look = () => {
    const now = root.dataset.revision, figures = document.querySelector('.gp-key');
    if (now === done || (figures && figures.dataset.revision !== now)) return;
    done = now;
    requestAnimationFrame(() => window.took.push(performance.now() - window.began));
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributeFilter: ['data-revision'] }); }"""
expect.set_options(timeout=2 * LONG)


def times(page: Page, drawings: int, first: int, tool: str = "site") -> list[float]:
    """Milliseconds of each drawing, one after the other.

    Args:
        first: the revision that the map shows before.
        tool: a site is a click, a link (some 3 km of new road) two and one more that ends it.
    """
    root = page.locator(".gpm")
    expect(root).to_have_attribute("data-revision", str(first))
    plan = Map(page)
    plan.root.evaluate(WATCH)
    for number in range(drawings):
        lon, lat = 112.85 + 0.007 * (number % 12), 22.70 - 0.01 * (number // 12)
        page.locator(f'[data-tool="{tool}"]').click()
        for place in [(lon, lat)] if tool == "site" else [(lon, lat), (lon + 0.03, lat), (lon + 0.03, lat)]:
            page.mouse.click(*plan.at(*place))
        # Not by an expectation: one that is not met at once pictures the whole page for its message, while the page is at work.
        page.wait_for_function("count => window.took.length === count", arg=number + 1)
    expect(root).to_have_attribute("data-revision", str(first + drawings))
    return page.evaluate("window.took")


def harness(browser: Browser, drawings: int) -> Iterator[tuple[str, list[float], float]]:
    """The component alone."""
    with tempfile.TemporaryDirectory() as folder:
        script = ROOT / "tests" / "map_harness" / "app.py"
        with served(script, Path(folder), Path(folder) / "log") as app:
            for dots in (0, HOMES):
                page = office_screen(browser).new_page()
                began = time.perf_counter()
                page.goto(f"{app.url}/?dots={dots}")
                expect(page.locator(".gpm")).to_have_attribute("data-revision", "0")
                opened = time.perf_counter() - began
                yield f"component, {dots:,} dots", times(page, drawings, 0), opened
                page.close()


@contextmanager
def county(homes: int) -> Iterator[Path]:
    """The demo county with an empty scenario, and with more homes beside those that it has.

    Args:
        homes: in all; 0 for those of the demo.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copytree(ROOT / "layers", root / "layers")
        if homes:
            multiply(root / "layers" / "demand.csv", homes)
        with open_store(root, write=True) as store:
            store.new(Scenario(NAME, load_layers(root).base), Signature("计时"))
        yield root


def multiply(file: Path, homes: int) -> None:
    """Homes about those that are there, a few hundred metres off, who share out the same people."""
    demand, random = pd.read_csv(file, dtype=str, keep_default_na=False), np.random.default_rng(3)
    chosen = demand.iloc[random.integers(len(demand), size=homes)].reset_index(drop=True)
    east, north = (name for name in demand if name in {"lon", "lat", "x", "y"})
    degrees = 0.003 if east == "lon" else 300
    for axis in (east, north):
        chosen[axis] = (chosen[axis].astype(float) + random.normal(0, degrees, homes)).round(6).astype(str)
    for people in ("pop_total", "pop60", "pop65"):
        if people in chosen:
            chosen[people] = (pd.to_numeric(chosen[people]) * len(demand) / homes).round(2).astype(str)
    chosen["demand_id"] = [f"B{number:06d}" for number in range(homes)]
    chosen.to_csv(file, index=False)


def workbench(browser: Browser, drawings: int, homes: int, tool: str) -> tuple[str, list[float], float]:
    """The whole page."""
    with county(homes) as root, served(ROOT / "app.py", root, root / "log") as app:
        for visit in range(2):
            context = office_screen(browser)
            context.add_cookies([{"name": "geoplan-author", "value": "bench", "url": app.url}])
            page = context.new_page()
            began = time.perf_counter()
            page.goto(f"{app.url}/map?scenario={NAME}")
            expect(page.locator(".gpm")).to_have_attribute("data-revision", "1")
            opened = time.perf_counter() - began
            if not visit:
                context.close()  # a window that is left open on the scenario draws every edit too
        found = times(page, drawings, 1, tool)
    count = homes or len(pd.read_csv(ROOT / "layers" / "demand.csv"))
    return f"{count:,} homes, a {tool}", found, opened


def main() -> None:
    """Print median and 95th percentile."""
    numbers = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    drawings, pages = (numbers or [40])[0], [word for word in sys.argv[1:] if not word.isdecimal()]
    with chromium() as browser:
        print(
            f"{'page':28} {'median ms':>10} {'p95 ms':>8} {'opened s':>9} {'load':>6}   of {drawings} drawings",
            flush=True,
        )
        for name, took, opened in rows(browser, drawings, pages or PAGES):
            p95 = statistics.quantiles(took, n=20)[-1]
            load = f"{os.getloadavg()[0]:>6.1f}"
            print(f"{name:28} {statistics.median(took):>10.0f} {p95:>8.0f} {opened:>9.1f} {load}", flush=True)


def rows(browser: Browser, drawings: int, pages: list[str]) -> Iterator[tuple[str, list[float], float]]:
    """What was measured, one page after the other."""
    if "component" in pages:
        yield from harness(browser, drawings)
    for page, homes in (("demo", 0), ("homes", HOMES)):
        for name, tool in ((page, "site"), (f"{page}-roads", "link")):
            if name in pages:
                yield workbench(browser, drawings, homes, tool)


if __name__ == "__main__":
    main()
