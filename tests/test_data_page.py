"""The data page in Chromium: a finding is shown with its rows and its map, repaired, and the repair taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import docx
import pytest
from browser import LONG, ROOT, chromium, office_screen, served, settled, watched
from playwright.sync_api import Page, expect
from test_pages import go, mark
from workspaces import area, small_workspace, table

from geoplan.layers import read_manifest

expect.set_options(timeout=LONG)


@pytest.fixture
def county(tmp_path: Path) -> Path:
    """The small county, whose F1 stands in a lake."""
    workspace = small_workspace()
    workspace.frames["barriers"] = table("barrier_id kind name", ("W1", "water", "湖", area(450, 450, 550, 550)))
    workspace.entries["barriers"] = {"file": "barriers.parquet"}
    return workspace.write(tmp_path / "county")


@pytest.fixture
def page(county: Path, tmp_path: Path) -> Iterator[Page]:
    """The app on it."""
    with (
        chromium() as browser,
        served(ROOT / "app.py", county, tmp_path / "app.log") as app,
        watched(office_screen(browser)) as opened,
    ):
        opened.goto(app.url)
        yield opened


def test_a_finding_is_repaired_and_the_repair_taken_back(page: Page, county: Path, tmp_path: Path) -> None:
    """The facility in the lake is left out by a button, is recorded and listed, and comes back by another; a table that is lacking leads to its import."""
    go(page, "数据")
    before = (county / "layers" / "manifest.toml").read_text("utf-8")
    problems = page.get_by_test_id("stDataFrame").filter(has=page.get_by_text("设施落在水面内")).first
    mark(page, problems, "设施落在水面内")
    expect(page.get_by_text("问题所在的位置（1 处）")).to_be_visible()
    page.get_by_role("button", name="不计入这些行").click()
    expect(page.get_by_test_id("stMain").get_by_text("已登记修补：养老服务设施，不计入这些行")).to_be_visible()
    settled(page)
    (repair,) = read_manifest(county).entry("facilities").repairs
    assert (repair.name, repair.rows) == ("exclude_rows", ("F1",))
    expect(page.get_by_text("养老服务设施 · 不计入这些行 · F1")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="下载数据质量说明").click()
    download.value.save_as(tmp_path / "statement.docx")
    told = docx.Document(str(tmp_path / "statement.docx"))
    assert any("不计入这些行" in cell.text for grid in told.tables for row in grid.rows for cell in row.cells)
    page.get_by_role("button", name="撤销", exact=True).click()
    expect(page.get_by_test_id("stMain").get_by_text("已撤销修补")).to_be_visible()
    settled(page)
    assert "repairs" not in (county / "layers" / "manifest.toml").read_text("utf-8")
    assert before.split() == (county / "layers" / "manifest.toml").read_text("utf-8").split()
    page.get_by_role("button", name="导入普查人口表").click()
    expect(page.locator(".gp-head h1")).to_have_text("导入数据")
    expect(page.get_by_label("图层", exact=True)).to_have_value(re.compile("普查人口表"))
