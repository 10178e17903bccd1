"""From the click that places a site to the redrawn map, in Chromium on the harness page of the tests, by number of dots.

The server's work is trivial there, so this is what the component, Streamlit and the browser cost. Run alone:
``python benchmarks/map_redraw.py``.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browser import ROOT, chromium, office_screen, served
from playwright.sync_api import Page, expect
from test_map_component import Map

DRAWINGS = 20
# The page's own clock: from the mouse button to the revision that shows the shape.
WATCH = """root => { window.took = []; addEventListener('click', () => { window.began = performance.now(); }, true);
  new MutationObserver(() => requestAnimationFrame(() => window.took.push(performance.now() - window.began)))
    .observe(root, { attributes: true, attributeFilter: ['data-revision'] }); }"""


def times(page: Page, url: str, dots: int) -> list[float]:
    """Milliseconds of each drawing."""
    page.goto(f"{url}/?dots={dots}")
    expect(page.locator(".gpm")).to_have_attribute("data-revision", "0")
    plan = Map(page)
    plan.root.evaluate(WATCH)
    for number in range(DRAWINGS):
        plan.point(112.85 + 0.007 * number, 22.70)
    page.wait_for_function("count => window.took.length === count", arg=DRAWINGS)
    return page.evaluate("window.took")


def main() -> None:
    """Print median and 95th percentile."""
    with (
        tempfile.TemporaryDirectory() as folder,
        served(ROOT / "tests" / "map_harness" / "app.py", Path(folder), Path(folder) / "log") as app,
        chromium() as browser,
    ):
        print(f"{'dots':>8} {'median ms':>10} {'p95 ms':>8}   of {DRAWINGS} drawings")
        for dots in (0, 1_500, 100_000):
            page = office_screen(browser).new_page()
            took = times(page, app.url, dots)
            page.close()
            print(f"{dots:>8,} {statistics.median(took):>10.0f} {statistics.quantiles(took, n=20)[-1]:>8.0f}")


if __name__ == "__main__":
    main()
