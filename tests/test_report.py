"""The files of an assessment: all of them say the same, and names in them are text."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Page, sync_playwright
from workspaces import Workspace, small_workspace

from geoplan import i18n
from geoplan.assess import Assessment, assess
from geoplan.compliance import judge
from geoplan.layers import load_layers
from geoplan.layers.schema import FACILITY_KINDS
from geoplan.model import Binding, Clause, Comparator, Count, Rule
from geoplan.report import map_html, style, tables, web_map, write_results
from geoplan.standards import load_pack

HOSTILE = "<img src=x onerror=alert(1)></script><b>'\"&{{7*7}}{% raw %}`${1}"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
VERDICT_KEYS = {
    "rule",
    "indicator",
    "unit",
    "value",
    "target",
    "comparator",
    "verdict",
    "binding",
    "needed",
    "counted",
    "of",
    "section",
    "quote",
}
COVERAGE_KEYS = {"unit", "kind", "minutes", "pop60", "covered", "uncovered", "unlocatable"}
TOP_KEYS = {"workspace", "pack", "scenario", "year", "verdicts", "coverage", "problems", "provenance"}


def assessed(workspace: Workspace, folder: Path) -> Assessment:
    return assess(load_layers(workspace.write(folder)), load_pack("heshan"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Assessment:
    """The small county with names that try to be markup, script, templates and formulas."""
    workspace = small_workspace()
    workspace.frames["facilities"].loc[0, "name"] = HOSTILE
    workspace.frames["units"].loc[1, "name"] = HOSTILE
    workspace.frames["demand"]["name"] = HOSTILE
    workspace.frames["estates"].loc[1, "name"] = "=HYPERLINK(1)"
    workspace.head["name"] = HOSTILE
    workspace.entries["demand"]["synthetic"] = True
    return assessed(workspace, tmp_path_factory.mktemp("hostile"))


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of real Chromium in which every request to the network and every script error fails the test."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium (Debian: apt-get install chromium)")
    faults: list[str] = []
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        opened = browser.new_page(viewport={"width": 1366, "height": 768})
        opened.on(
            "request", lambda r: faults.append(r.url) if not r.url.startswith(("file:", "data:", "blob:")) else None
        )
        opened.on("pageerror", lambda error: faults.append(str(error)))
        opened.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        opened.on("dialog", lambda dialog: faults.append(dialog.message))
        yield opened
        browser.close()
    assert faults == []


def test_json_has_the_keys_that_others_rely_on(small, tmp_path):
    """The object, its verdicts and its coverage rows have their promised keys, and no number is NaN."""
    write_results(assessed(small, tmp_path), tmp_path / "out")
    record = json.loads((tmp_path / "out" / "assessment.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert record.keys() >= TOP_KEYS
    assert all(verdict.keys() >= VERDICT_KEYS for verdict in record["verdicts"])
    assert all(row.keys() >= COVERAGE_KEYS for row in record["coverage"])


def test_all_files_say_the_same_coverage(small, tmp_path):
    """The county's covered share is one figure in JSON, CSV, GeoPackage and map."""
    assessment = assessed(small, tmp_path)
    out = tmp_path / "out"
    write_results(assessment, out)
    county = json.loads((out / "assessment.json").read_text(encoding="utf-8"))["coverage"][0]
    share = Fraction(county["covered"], county["pop60"]) * 100
    verdicts = pd.read_csv(out / "verdicts.csv", dtype=str, keep_default_na=False)
    row = verdicts[(verdicts["规则"] == "heshan.circle_minutes.2025") & (verdicts["层级"] == "县（市、区）")].iloc[0]
    assert row["现值"] == tables.figure(share, 4)
    units = gpd.read_file(out / "assessment.gpkg", layer="units")
    assert units.loc[units["level"] == "county", "pop60_share"].iloc[0] == pytest.approx(float(share), abs=1e-4)
    assert tables.with_unit(share, "%", trim=False) in (out / "map.html").read_text(encoding="utf-8")
    demand = gpd.read_file(out / "assessment.gpkg", layer="demand")
    covered = demand["in_area"] & (demand["reach"] == "covered")
    assert demand.loc[covered, "pop60"].sum() == county["covered"]


def test_the_geopackage_holds_every_layer_in_metres(small, tmp_path):
    """Units, demand, facilities, service areas and estates are there in the CRS of analysis, with their columns."""
    write_results(assessed(small, tmp_path), tmp_path / "out")
    path = tmp_path / "out" / "assessment.gpkg"
    layers = {str(name) for name, _kind in pyogrio.list_layers(path)}
    services = ("", "_canteen_5", "_canteen_10", "_canteen_15")
    roles = ("units", "demand", "facilities", "service_areas")
    by_service = {f"{role}{service}" for role in roles for service in services}
    assert layers == by_service | {"estates", "about", "verdicts"}
    columns = {
        "units": {"pop60_covered", "pop60_uncovered", "pop60_unlocatable", "pop60_share"},
        "demand": {"reach", "reason", "minutes", "facility_id", "excess_s", "leg_m"},
        "facilities": {"located", "operating", "pop60_reached", "pop60_nearest"},
        "estates": {"verdict", "shortfall_m2"},
        "service_areas": {"facility_id", "minutes"},
    }
    for layer, expected in columns.items():
        frame = gpd.read_file(path, layer=layer)
        assert expected <= set(frame.columns), layer
        assert frame.crs.to_epsg() == 4547, layer


def test_estates_in_the_geopackage_lack_what_they_lack(small, tmp_path):
    """E1 complies to the square metre, E2 lacks 10 m², E3 lacks 30 m²."""
    write_results(assessed(small, tmp_path), tmp_path / "out")
    estates = gpd.read_file(tmp_path / "out" / "assessment.gpkg", layer="estates").set_index("estate_id")
    assert estates["shortfall_m2"].to_dict() == {"E1": 0, "E2": 10, "E3": 30}
    assert estates["verdict"].to_dict() == {"E1": "pass", "E2": "warn", "E3": "warn"}


def test_synthetic_data_is_labelled_on_every_output(hostile, tmp_path):
    """A synthetic layer is told in JSON, in every row of the CSV, in the GeoPackage and on the map."""
    write_results(hostile, tmp_path)
    label = "含合成数据，仅供演示"
    assert label in (tmp_path / "map.html").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "assessment.json").read_text(encoding="utf-8"))["workspace"]["note"] == label
    assert set(pd.read_csv(tmp_path / "verdicts.csv", dtype=str)["数据性质"]) == {label}
    about = pyogrio.read_dataframe(tmp_path / "assessment.gpkg", layer="about")
    assert label in about["value"].str.cat()


def test_no_cell_of_the_csv_is_a_formula(hostile, tmp_path):
    """A name that begins like a formula is text in the spreadsheet."""
    write_results(hostile, tmp_path)
    cells = pd.read_csv(tmp_path / "verdicts.csv", dtype=str, keep_default_na=False)
    assert "'=HYPERLINK(1)" in set(cells["名称"])
    assert not cells.map(lambda cell: cell.startswith(("=", "+", "-", "@"))).any(axis=None)


def test_the_map_draws_in_chromium_without_a_network(hostile, tmp_path, page):
    """The page asks for nothing outside itself, draws homes and townships, and shows hostile names as characters."""
    (tmp_path / "map.html").write_text(map_html(hostile), encoding="utf-8")
    page.goto((tmp_path / "map.html").as_uri())
    page.wait_for_selector(".leaflet-control-layers label")
    assert page.locator(".gp-title h1").inner_text() == HOSTILE
    assert HOSTILE in page.locator(".gp-name").all_inner_texts()
    assert page.locator("img[src=x]").count() == 0
    drawn = "() => [...document.querySelectorAll('canvas')].some(c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v))"
    page.wait_for_function(drawn)


def test_a_popup_shows_hostile_names_as_characters(hostile, tmp_path, page):
    """The popup of a township shows its name as text and its figures."""
    (tmp_path / "map.html").write_text(map_html(hostile), encoding="utf-8")
    page.goto((tmp_path / "map.html").as_uri())
    page.wait_for_selector(".gp-name")
    box = page.locator(".gp-name").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 40)
    popup = page.locator(".leaflet-popup-content")
    popup.wait_for()
    assert HOSTILE.replace("  ", " ") in popup.inner_text()
    assert page.locator("img[src=x]").count() == 0


def test_a_place_is_found_by_a_part_of_its_name_or_by_its_id(hostile, tmp_path, page):
    """The box lists what has the letters, as characters; Enter goes to the first; what is not there is said to be not there."""
    (tmp_path / "map.html").write_text(map_html(hostile), encoding="utf-8")
    page.goto((tmp_path / "map.html").as_uri())
    box, found = page.locator(".gp-search input"), page.locator(".gp-search li")
    box.fill("ONERROR")
    found.first.wait_for()
    assert found.count() == 2
    assert HOSTILE in found.first.inner_text()
    box.fill("f2")
    assert found.all_inner_texts() == ["乙镇敬老院 养老服务设施 F2"]
    box.press("Enter")
    popup = page.locator(".leaflet-popup-content")
    popup.wait_for()
    assert popup.inner_text() == "乙镇敬老院"
    box.fill("没有这个地方")
    assert found.all_inner_texts() == ["没有找到"]
    assert page.locator("img[src=x]").count() == 0


def test_of_very_many_homes_the_map_draws_some_and_says_so(small, tmp_path, monkeypatch):
    """Beyond the limit an even share of the homes is drawn, the switch names both counts, and no figure changes."""
    assessment = assessed(small, tmp_path)
    whole = map_html(assessment)
    monkeypatch.setattr(web_map, "MOST_HOMES", 3)
    thinned = map_html(assessment)
    drawn = [[f"u003eD{number}\\u003c/td" in page for number in range(1, 8)] for page in (whole, thinned)]
    assert [sum(each) for each in drawn] == [7, 3]
    told = json.dumps("图上 1）")[1:-1]
    assert (told in whole, told in thinned) == (False, True)


def test_the_map_is_in_english_at_a_switch(small, tmp_path):
    """Title and legend follow the language."""
    assessment = assessed(small, tmp_path)
    with i18n.speaking("en"):
        english = map_html(assessment)
    assert "Townships with a comprehensive centre" in english
    assert "镇街覆盖率" not in english


@given(st.fractions(min_value=-(10**6), max_value=10**6), st.integers(0, 6))
def test_figures_are_rounded_half_up_from_the_exact_value(value, digits):
    """A figure differs from its value by at most half a last digit, and goes up at exactly half."""
    shown = Fraction(tables.figure(value, digits).replace(",", ""))
    half = Fraction(1, 2 * 10**digits)
    assert abs(shown - value) <= half
    if abs(shown - value) == half:
        assert abs(shown) > abs(value)


@pytest.mark.parametrize(
    ("numerator", "denominator", "text"),
    [(599_999, 1_000_000, "59.9999%"), (6, 10, "60.00%"), (3, 4, "75.00%"), (59_996, 100_000, "59.996%")],
)
def test_a_value_never_looks_like_the_target_that_it_misses(numerator, denominator, text):
    """As many digits are shown as it takes to tell a value from its target."""
    clause = Clause("文", "1", "原文")
    rule = Rule("r", "i", "名", "name", "m", Comparator.AT_LEAST, Fraction(60), "%", None, Binding.UNSTATED, clause)
    count = Count("1", "县", "county", Fraction(numerator), Fraction(denominator), "个", scale=100)
    assert tables.value_text(judge(rule, count)) == text


def test_every_kind_of_facility_has_a_look():
    """A kind that the schema knows is drawn and named on every map."""
    assert set(style.FACILITY_STYLES) == set(FACILITY_KINDS)


def test_reasons_and_contributions_are_in_the_files_for_machines_and_for_readers(small, tmp_path):
    """JSON and CSV tell for everyone who is not covered why, and JSON what each facility adds."""
    assessment = assessed(small, tmp_path)
    write_results(assessment, tmp_path / "out")
    record = json.loads((tmp_path / "out" / "assessment.json").read_text(encoding="utf-8"))
    uncovered = {row["demand_id"]: row for row in record["uncovered"] if row["kind"] == "care"}
    assert {name: row["reason"] for name, row in uncovered.items()} == {
        "D3": "too_far",
        "D5": "too_far",
        "D6": "unlocatable",
    }
    assert (uncovered["D3"]["facility_id"], uncovered["D3"]["excess_s"], uncovered["D3"]["excess_m"]) == (
        "F1",
        200,
        200,
    )
    assert (uncovered["D6"]["leg_m"], uncovered["D6"]["ms"], uncovered["D6"]["excess_s"]) == (800, None, None)
    county = record["coverage"][0]
    assert sum(row["pop60"] for row in uncovered.values()) == county["uncovered"] + county["unlocatable"]
    parts = ("too_far", "closed_road", "island", "no_facility")
    assert sum(county[part] for part in parts) == county["uncovered"]
    counts = {row["facility_id"]: row for row in record["facilities"] if row["kind"] == "care"}
    assert (counts["F1"]["pop60_reached"], counts["F1"]["pop60_only"], counts["F1"]["pop60_shared"]) == (60, 60, 0)
    points = pd.read_csv(tmp_path / "out" / "demand.csv", dtype=str, keep_default_na=False)
    points = points[points["服务"] == "养老服务设施"].set_index("编号")
    assert points.loc["D3", ["镇街", "状态", "超出（秒）", "超出（m）"]].tolist() == [
        "甲街道",
        "路程过远",
        "200",
        "200",
    ]
    assert points.loc["D1", ["状态", "超出（秒）", "原因"]].tolist() == ["已覆盖", "", ""]
    account = pd.read_csv(tmp_path / "out" / "coverage.csv", keep_default_na=False)
    reasons = ["路程过远", "道路封闭", "路网孤岛", "无此类设施"]
    assert (account["已覆盖"] + account[reasons].sum(axis=1) + account["无法定位"] == account["合计"]).all()
    assert set(account["人群"]) == {"总人口", "60岁以上人口"}
