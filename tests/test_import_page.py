"""The import page in Chromium: an empty workspace is filled from the browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import LONG, ROOT, chromium, office_screen, served, settled, watched
from intake_files import HEAD, ROWS, facilities_csv
from playwright.sync_api import Page, expect
from postgres import need_postgis, running_server

from geoplan.intake.beginning import begin
from geoplan.layers import read_manifest
from geoplan.layers.postgres import session

expect.set_options(timeout=LONG)


@pytest.fixture
def empty(tmp_path) -> Path:
    """A new workspace."""
    root = tmp_path / "workspace"
    begin(root, "试验县", "cn-national")
    return root


@pytest.fixture
def page(empty, tmp_path) -> Iterator[Page]:
    """The import page of the app on it."""
    with (
        chromium() as browser,
        served(ROOT / "app.py", empty, tmp_path / "app.log") as app,
        watched(office_screen(browser)) as opened,
    ):
        opened.goto(app.url)
        opened.get_by_role("button", name="导入数据").click()  # below what is said of an empty workspace
        expect(opened.get_by_role("heading", name="导入数据")).to_be_visible()
        yield opened


def test_a_list_from_baidu_comes_in_when_the_planner_says_so(page, empty, tmp_path):
    """The page says what is missing, shows the places on a map when it is told, and writes the entry only at the button."""
    file, picture = facilities_csv(tmp_path / "清单.csv", "gbk"), tmp_path / "照片.png"
    picture.write_bytes(b"")
    page.locator("input[type=file]").set_input_files(picture)
    expect(page.get_by_test_id("stFileChip")).to_have_attribute("aria-invalid", "true")
    told = page.get_by_test_id("stFileChip").get_by_role("alert")
    expect(told).to_contain_text("不收 image/png 类的文件")
    box = told.bounding_box()
    assert box is not None
    assert box["width"] > 60  # it is read by everybody, not by screen readers alone
    page.get_by_label("图层", exact=True).fill("养老服务设施")
    page.get_by_role("option", name="养老服务设施").click()
    settled(page)
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("没有坐标系")).to_be_visible()
    expect(page.get_by_role("button", name="导入", exact=True)).to_be_disabled()
    page.get_by_label("经纬度的基准").fill("BD-09")
    page.get_by_role("option", name="BD-09").click()
    page.get_by_role("button", name="按此重新识别").first.click()
    expect(page.get_by_text("没有坐标系")).to_have_count(0)
    expect(page.locator(".leaflet-container")).to_be_visible()
    assert not read_manifest(empty).layers
    page.get_by_label("资料来源", exact=True).fill("民政局")
    page.get_by_label("资料许可", exact=True).fill("内部资料")
    page.get_by_label("资料日期", exact=True).fill("2024-12-31")
    page.get_by_label("资料日期", exact=True).press("Tab")
    settled(page)
    page.get_by_role("button", name="导入", exact=True).click()
    expect(page.locator(".gp-note").filter(has_text="已导入")).to_be_visible()
    entry = read_manifest(empty).entry("facilities")
    assert (entry.source, entry.licence, str(entry.as_of)) == ("民政局", "内部资料", "2024-12-31")
    assert (entry.datum, entry.encoding, entry.columns["name"]) == ("bd09", "gb18030", "名称")
    assert len((empty / "layers" / entry.file).read_text(encoding="gbk").splitlines()) == len(ROWS) + 1


def test_a_file_that_is_too_large_is_refused_in_words(page, tmp_path):
    """The limit stands beside the file's name, in the language of the page."""
    file = tmp_path / "large.csv"
    with file.open("wb") as made:
        made.truncate(201 << 20)
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_test_id("stFileUploader")).to_contain_text("文件不能超过 200")


def test_a_table_of_a_database_comes_in_by_its_address(page, empty):
    """The address in place of a file: what is understood, the map, and at the button an entry that points to the table."""
    need_postgis()
    with running_server() as url:
        with session(url, write=True) as work:
            work.rows("CREATE EXTENSION postgis")
            names = ", ".join(f'"{name}" text' for name in HEAD)
            work.rows(f"CREATE TABLE public.设施 ({names})")
            for row in ROWS:
                cells = ", ".join(f"'{cell}'" for cell in row)
                work.rows(f"INSERT INTO public.设施 VALUES ({cells})")  # noqa: S608 - our own words
        page.get_by_label("图层", exact=True).fill("养老服务设施")
        page.get_by_role("option", name="养老服务设施").click()
        settled(page)
        page.get_by_label("或者数据库的地址").fill(url.replace("geoplan@", "geoplan:never-shown@"))
        page.keyboard.press("Enter")
        expect(page.get_by_text("数据库地址里不能写密码")).to_be_visible()
        page.get_by_label("或者数据库的地址").fill(url)
        page.keyboard.press("Enter")
        expect(page.get_by_text("没有坐标系")).to_be_visible()
        page.get_by_label("经纬度的基准").fill("WGS84")
        page.get_by_role("option", name="WGS84").click()
        page.get_by_role("button", name="按此重新识别").first.click()
        expect(page.locator(".leaflet-container")).to_be_visible()
        page.get_by_role("button", name="导入", exact=True).click()
        expect(page.locator(".gp-note").filter(has_text="已登记在")).to_be_visible()
    entry = read_manifest(empty).entry("facilities")
    assert (entry.file, entry.layer, entry.columns["lon"]) == (url, "public.设施", "经度")
