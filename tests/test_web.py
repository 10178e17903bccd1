"""The app in the browser: its tables and keys as plain functions, its pages in Chromium with the internet shut off."""

from __future__ import annotations

import io
import os
import re
import shutil
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from browser import LONG, ROOT, App, chromium, office_screen, served, settled, watched
from playwright.sync_api import BrowserContext, Locator, Page, expect
from workspaces import Workspace, small_workspace

from geoplan.assess import Assessment, assess, default_year
from geoplan.layers import load_layers
from geoplan.report import results, tables
from geoplan.standards import load_pack
from geoplan.web import findings, rows, service
from geoplan.web.state import Question

PAGES = ("总览", "地图工作台", "达标核查", "方案比较", "方案管理", "导出", "数据", "规划依据")
BADGE = "含合成数据，仅供演示"
expect.set_options(timeout=LONG)


# --- plain functions


@pytest.fixture
def assessment(small: Workspace, tmp_path: Path) -> Assessment:
    """The small county against Heshan's plan in 2025."""
    return assess(load_layers(small.write(tmp_path)), load_pack("heshan"), year=2025)


def test_the_key_of_an_answer_changes_with_every_part_of_the_question(small: Workspace, tmp_path: Path) -> None:
    """Pack, year, speed and language each give another key; asking the same again gives the same."""
    question = Question(small.write(tmp_path), "heshan", 2025, 1.0, "zh")
    others = [{"year": 2023}, {"speed": 0.8}, {"language": "en"}]
    keys = [service.answer_key(replace(question, **other), load_pack("heshan")) for other in ({}, *others)]
    keys.append(service.answer_key(replace(question, pack="meizhou"), load_pack("meizhou")))
    assert len(set(keys)) == len(keys)
    assert service.answer_key(question, load_pack("heshan")) == keys[0]


def test_the_key_of_the_layers_changes_with_any_file_of_the_workspace(small: Workspace, tmp_path: Path) -> None:
    """A new time or size of one file gives another key; reading alone does not."""
    before = service.layers_key(small.write(tmp_path), "zh")
    assert service.layers_key(tmp_path, "zh") == before
    file = tmp_path / "layers" / "demand.csv"
    stamp = file.stat().st_mtime_ns
    os.utime(file, ns=(stamp, stamp + 1_000_000_000))
    touched = service.layers_key(tmp_path, "zh")
    file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    os.utime(file, ns=(stamp, stamp))
    assert len({before, touched, service.layers_key(tmp_path, "zh")}) == 3


def test_a_slot_is_filled_once_however_many_ask() -> None:
    """Of eight readers at the same moment one makes the result, and all get that very object."""
    slot: service.Slot[object] = service.Slot()
    made, got, gate = [], [], threading.Barrier(8)

    def ask() -> None:
        gate.wait()
        got.append(slot.get(lambda: made.append(1) or object()))

    readers = [threading.Thread(target=ask) for _reader in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert len(made) == 1
    assert len(set(map(id, got))) == 1


def test_an_error_leaves_the_slot_empty() -> None:
    """After a failure the next reader tries anew."""
    slot: service.Slot[int] = service.Slot()
    with pytest.raises(ZeroDivisionError):
        slot.get(lambda: 1 // 0)
    assert slot.get(lambda: 7) == 7


def test_the_year_offered_is_the_one_the_assessment_takes(small: Workspace, tmp_path: Path) -> None:
    """Without a choice the app and the command line check the same year, with and without one in the manifest."""
    for year in (None, 2024):
        small.head = {"name": "示例", "pack": "heshan", **({"year": year} if year else {})}
        layers, pack = load_layers(small.write(tmp_path)), load_pack("heshan")
        assert default_year(layers.manifest, pack) == assess(layers, pack).year


def test_csv_is_read_back_as_it_was_shown_and_holds_no_formula() -> None:
    """With a byte-order mark, the note on synthetic data in every row, and an apostrophe before what looks like a formula."""
    shown = rows.table(
        [{"a": "=1+1", "n": 1.5}, {"a": "甲", "n": float("nan")}], ("a", "名称", rows.TEXT), ("n", "面积", rows.AREA)
    )
    content = shown.csv(BADGE)
    assert content.startswith(b"\xef\xbb\xbf")
    back = pd.read_csv(io.BytesIO(content), encoding="utf-8-sig")
    assert back["名称"].tolist() == ["'=1+1", "甲"]
    assert back["面积"].fillna(-1).tolist() == [1.5, -1]
    assert set(back["数据性质"]) == {BADGE}


def test_the_filter_keeps_the_rows_that_contain_the_text() -> None:
    """In any column, whatever the case; a blank filter keeps all, and special characters stand for themselves."""
    shown = rows.table(
        [{"a": "HS-I-001", "b": "甲.镇"}, {"a": "hs-c-002", "b": "乙镇"}], ("a", "A", rows.TEXT), ("b", "B", rows.TEXT)
    )
    assert [len(shown.containing(text).frame) for text in ("", "  ", "hs-", "乙", "i-001", ".", "丙")] == [
        2,
        2,
        2,
        1,
        1,
        1,
        0,
    ]


def test_the_township_table_accounts_for_everybody(assessment: Assessment) -> None:
    """In each row the covered and the reasons why not add up to the total; the county's row is the hand count."""
    frame = rows.township_table(assessment, assessment.coverages[0]).frame
    assert frame.iloc[0]["60岁以上（人）"] == 410
    assert frame.iloc[0]["已覆盖（人）"] == 140  # D1, D2 (exactly at the limit), D4
    parts = [word for word in frame.columns if word.endswith("（人）")][1:]
    assert (frame[parts].sum(axis=1) == frame["60岁以上（人）"]).all()


def test_the_evidence_of_a_verdict_is_the_rows_it_counted(assessment: Assessment) -> None:
    """The centres' verdict shows three townships and F1 alone; the new estates' verdict shows E1 and E3."""
    found = {v.rule.indicator: findings.evidence(assessment, v) for v in findings.county_verdicts(assessment)}
    centres, estates = found["township_centre_coverage"], found["new_area_per_100hh"]
    assert centres["townships"].frame["现值"].tolist() == ["1 处", "0 处", "0 处"]
    assert centres["facilities"].frame["编号"].tolist() == ["F1"]
    assert estates["estates"].frame["编号"].tolist() == ["E1", "E3"]
    assert estates["estates"].frame["缺口（m²）"].tolist() == [0, 30]


def test_the_app_starts_with_the_same_settings_either_way() -> None:
    """The settings beside app.py and beside entry.py are the same, no usage is reported, no run ends with a full collection.

    Nor does a run begin in a second thread while the one before is at work: each has a lock of its own for the state they share.
    """
    files = [folder / ".streamlit" / "config.toml" for folder in (ROOT, ROOT / "geoplan" / "web")]
    first, second = (tomllib.loads(file.read_text(encoding="utf-8")) for file in files)
    assert first == second
    assert first["browser"]["gatherUsageStats"] is False
    assert first["runner"] == {"postScriptGC": False, "fastReruns": False}


# --- pages


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, App]]:
    """One app on the demo workspace, one on a folder that the tests fill; their logs must be free of complaints."""
    folder = tmp_path_factory.mktemp("web")
    (folder / "scratch").mkdir()
    entry = ROOT / "app.py"
    with (
        served(entry, ROOT, folder / "demo.log") as demo,
        served(entry, folder / "scratch", folder / "scratch.log") as scratch,
    ):
        yield {"demo": demo, "scratch": scratch}


@pytest.fixture(scope="module")
def context() -> Iterator[BrowserContext]:
    """A window on an office screen."""
    with chromium() as browser:
        yield office_screen(browser)


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A watched page."""
    with watched(context) as opened:
        yield opened


def _go(page: Page, title: str) -> None:
    page.get_by_test_id("stSidebarNavLink").filter(has_text=re.compile(f"^{title}$")).click()
    expect(page.locator(".gp-head h1")).to_have_text(title)


def _cells(page: Page, row: int) -> Locator:
    """The cells of a row of the first grid, as screen readers get them."""
    return page.get_by_test_id("stDataFrame").first.locator(f"tr[aria-rowindex='{row + 2}'] [role='gridcell']")


def _row_of(page: Page, text: str) -> Locator:
    return page.get_by_test_id("stDataFrame").first.locator("tr").filter(has_text=text)


def test_the_board_shows_the_figures_that_geoplan_computes(apps: dict[str, App], page: Page) -> None:
    """Value, count and verdict of the county's rules stand in the board as the reports write them."""
    page.goto(apps["demo"].url)
    layers = load_layers(ROOT)  # while the app does the same
    demo = assess(layers, load_pack(layers.manifest.pack))
    expect(page.locator(".gp-head h1")).to_have_text("总览")
    for place, verdict in enumerate(findings.county_verdicts(demo)[:8]):  # a grid tells of the rows that are in view
        cells = _cells(page, place)
        expect(cells.nth(0)).to_have_text(tables.rule_name(verdict))
        expect(cells.nth(1)).to_have_text(tables.value_text(verdict))
        expect(cells.nth(3)).to_have_text(tables.outcome_label(verdict))
        expect(cells.nth(5)).to_have_text(tables.count_text(verdict) or "—")
    record = results.assessment_record(demo)
    county = next(row for row in record["coverage"] if row["level"] == "county")
    share = f"{100 * county['covered'] / county['pop60']:.2f}%"
    expect(page.locator(".gp-value").first).to_have_text(share)


def test_every_page_says_that_the_data_are_synthetic_and_the_map_is_drawn(apps: dict[str, App], page: Page) -> None:
    """The badge is seen once on all pages, in the sidebar, and beside the title when that is folded; the map's canvas has been painted on."""
    page.goto(apps["demo"].url)
    expect(page.locator(".gp-head h1")).to_have_text("总览")
    for title in PAGES:
        _go(page, title)
        expect(page.get_by_test_id("stSidebar").get_by_text(BADGE)).to_be_visible()
        expect(page.get_by_test_id("stMain").get_by_text(BADGE)).to_be_hidden()
        if title == "地图工作台":
            expect(page.locator(".gpm")).to_have_attribute("data-revision", "0")
            painted = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(value => value > 0)"
            assert page.locator(".gpm canvas").first.evaluate(painted)
            expect(page.locator(".gpm").get_by_text("双合镇")).to_be_visible()
    page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    expect(page.get_by_test_id("stSidebar").get_by_text(BADGE)).not_to_be_in_viewport()
    expect(page.get_by_test_id("stMain").get_by_text(BADGE)).to_be_visible()
    page.get_by_test_id("stExpandSidebarButton").click()
    expect(page.get_by_test_id("stMain").get_by_text(BADGE)).to_be_hidden()


def test_what_is_wrong_with_a_workspace_is_said_and_gone_once_it_is_mended(apps: dict[str, App], page: Page) -> None:
    """No manifest, then a layer with two faults, then a sound workspace: each reload shows what is so, no traceback."""
    app = apps["scratch"]
    shutil.rmtree(app.workspace / "layers", ignore_errors=True)
    page.goto(app.url)
    expect(page.get_by_test_id("stMain")).to_contain_text("缺少 layers/manifest.toml")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    page.get_by_role("link", name="English").click()
    expect(page.get_by_test_id("stMain")).to_contain_text("layers/manifest.toml is missing")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("link", name="中文").click()
    broken = small_workspace()
    broken.frames["demand"] = broken.frames["demand"].drop(columns="pop_total")
    broken.frames["facilities"].loc[0, "kind"] = "网吧"
    broken.write(app.workspace)
    page.reload()
    expect(page.get_by_role("alert").get_by_role("listitem").filter(has_text="pop_total")).to_be_visible()
    expect(page.get_by_role("alert").get_by_role("listitem").filter(has_text="网吧")).to_be_visible()
    expect(page.get_by_test_id("stExpander")).to_have_count(0)  # the progress display is gone
    small_workspace().write(app.workspace)
    page.reload()
    expect(page.locator(".gp-head h1")).to_have_text("总览")
    expect(page.get_by_text(BADGE)).to_have_count(0)  # nothing in this workspace is made up


@pytest.fixture
def overview(apps: dict[str, App], page: Page) -> Page:
    """The overview of the small county."""
    app = apps["scratch"]
    small_workspace().write(app.workspace)
    page.goto(app.url)
    expect(page.locator(".gp-head h1")).to_have_text("总览")
    return page


def test_another_year_brings_that_years_target(overview: Page) -> None:
    """For 2025 the plan wants centres in 60 % of the townships, for 2023 in 40 %."""
    expect(_row_of(overview, "综合养老服务中心覆盖率")).to_contain_text("≥ 60%")
    year = overview.get_by_label("核查年份")
    year.fill("2023")
    year.press("Enter")
    expect(_row_of(overview, "综合养老服务中心覆盖率")).to_contain_text("≥ 40%")
    expect(overview.locator(".gp-asked")).to_contain_text("2023")


def test_a_slower_walk_covers_fewer(overview: Page) -> None:
    """D2's 900 m take 15 minutes at 1.0 m/s and more at 0.8; D3's 1,100 m take more even at 1.2."""
    figure = overview.locator(".gp-note-line").first
    expect(figure).to_have_text("140 / 410 人")
    overview.get_by_role("radio", name="0.8").click()
    expect(figure).to_have_text("100 / 410 人")
    overview.get_by_role("radio", name="1.2").click()
    expect(figure).to_have_text("140 / 410 人")


def test_the_language_switch_changes_the_words_and_nothing_else(overview: Page) -> None:
    """After the switch the rules have their English names; the pack and the year that were chosen stay chosen."""
    overview.get_by_label("规则包").click()
    overview.get_by_role("option", name="meizhou").click()
    expect(_row_of(overview, load_pack("meizhou").rules_for(2025)[0].name)).to_have_count(1)
    year = overview.get_by_label("核查年份")
    expect(year).to_have_count(1)  # the other pack's field goes when the run ends
    year.fill("2024")
    year.press("Enter")
    expect(overview.locator(".gp-asked")).to_contain_text("2024")
    overview.get_by_role("radio", name="English").click()
    english = load_pack("meizhou").rules_for(2024)[0].name_en
    expect(_row_of(overview, english)).to_have_count(1)
    expect(overview.locator(".gp-asked")).to_contain_text("2024")
    expect(overview.locator(".gp-asked")).to_contain_text(load_pack("meizhou").name_en)
    overview.reload()
    expect(overview.get_by_role("radio", name="English")).to_be_checked()


def test_a_rule_that_was_found_shows_its_words_and_its_rows_to_download(overview: Page) -> None:
    """The old estates' rule is found by its name; it shows the plan's sentence and E2, and the CSV holds that very row."""
    overview.get_by_label("查找", exact=True).fill("旧区每百户")
    overview.get_by_label("查找", exact=True).press("Enter")
    expect(overview.locator(".gp-quote").filter(has_text="不低于15平方米")).to_be_visible()
    expect(overview.get_by_test_id("stMain").get_by_text("1 / 1 行")).to_be_visible()
    settled(overview)
    with overview.expect_download() as event:
        overview.get_by_role("button", name="下载 CSV").click()
    back = pd.read_csv(event.value.path(), encoding="utf-8-sig")
    assert back[["编号", "缺口（m²）"]].to_numpy().tolist() == [["E2", 10.0]]


def test_the_set_is_made_with_progress_and_downloaded_as_a_zip(apps: dict[str, App], overview: Page) -> None:
    """All parts are begun and given up, which leaves nothing: the workbook alone is the first; the zip holds it with the record.

    That it was given up is told, and no longer told with the next press, without moving what is pressed.
    One that cannot be written says why in words, and the set before it is no longer offered.
    """
    share = overview.locator(".gp-value").first.inner_text()
    _go(overview, "导出")
    maps = overview.get_by_role("button", name="图纸")
    place = maps.bounding_box()
    overview.get_by_role("button", name="生成成果").click()
    expect(overview.get_by_test_id("stExpander")).to_contain_text("绘制图纸")
    overview.get_by_role("button", name="取消导出").click()
    told = overview.locator(".gp-note").filter(has_text="导出已取消")
    expect(told).to_be_visible()
    assert maps.bounding_box() == place
    maps.click()
    expect(told).to_have_count(0)
    assert maps.bounding_box() == place
    for name in ("文本章节（Word）", "数据质量说明（Word）", "GIS 数据包（GeoPackage）", "网页地图"):
        overview.get_by_role("button", name=name).click()
    overview.get_by_role("button", name="生成成果").click()
    download = overview.get_by_role("button", name="下载成果")
    expect(download).to_be_visible()
    expect(overview.get_by_text("这是首次导出到这个文件夹")).to_be_visible()
    with overview.expect_download() as event:
        download.click()
    with zipfile.ZipFile(event.value.path()) as archive:
        assert set(archive.namelist()) == {"geoplan/compliance.xlsx", "geoplan/export.json"}
        summary = pd.read_excel(io.BytesIO(archive.read("geoplan/compliance.xlsx")), header=None, dtype=str)
    assert share in set(summary[1])
    results = apps["scratch"].workspace / "results"
    shutil.rmtree(results)
    results.write_bytes(b"")
    overview.get_by_role("button", name="生成成果").click()
    expect(overview.get_by_test_id("stExpander")).to_contain_text("无法写入")
    expect(overview.get_by_test_id("stExpander")).to_contain_text("那里已有同名的文件")
    expect(download).to_have_count(0)
    results.unlink()
