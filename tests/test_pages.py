"""The pages around the map in Chromium: found, marked, edited, compared, branched and typed as a planner does it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from accessibility import violations
from browser import LONG, ROOT, App, chromium, office_screen, served, settled, watched
from contrast import faint_texts
from playwright.sync_api import BrowserContext, Locator, Page, expect
from workspaces import small_workspace

from geoplan.layers import load_layers
from geoplan.scenario import CloseFacility, Scenario, Signature, State, Status, open_store

HOSTILE = "<img src=x onerror=alert(1)>**站**"
PAGES = {
    "总览": "Overview",
    "地图工作台": "Map workbench",
    "达标核查": "Compliance",
    "方案比较": "Compare",
    "方案管理": "Scenarios",
    "导出": "Export",
    "数据": "Data",
    "规划依据": "Standards",
}
_LATIN = {"English", "Shapefile", "GeoJSON"}  # what is called the same in Chinese
_HEARD_MS = 2_000  # within which a grid that is there tells what is selected
# Where the link to a page stands in each picture of the browser.
_PLACES = """
  window.places = [];
  (function look() {
    const link = document.querySelectorAll('[data-testid="stSidebarNavLink"]')[6];
    const place = link && JSON.stringify(link.getBoundingClientRect());
    if (place && place !== window.places.at(-1)) window.places.push(place);
    requestAnimationFrame(look);
  })();
"""
expect.set_options(timeout=LONG)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The small county with a hostile name, an empty scenario 方案一, and 撤并 that closes F1."""
    folder = tmp_path_factory.mktemp("pages")
    small = small_workspace()
    small.frames["facilities"].loc[1, "name"] = HOSTILE
    root = small.write(folder / "county")
    base = load_layers(root).base
    with open_store(root, write=True) as store:
        store.new(Scenario("方案一", base), Signature("甲"))
        store.new(Scenario("撤并", base), Signature("甲"))
        store.append("撤并", [CloseFacility(facility_id="F1")], Signature("甲", "试试"), 1)
    with served(ROOT / "app.py", root, folder / "app.log") as running:
        yield running


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


def state_of(app: App, name: str) -> State:
    """A scenario as the store has it."""
    with open_store(app.workspace, write=False) as store:
        return store.state(name)


def start(page: Page, app: App, scenario: str = "") -> None:
    """Open the app on a scenario."""
    page.goto(f"{app.url}/?scenario={scenario}" if scenario else app.url)
    expect(page.locator(".gp-head h1")).to_have_text("总览")
    expect(page.locator("body > [role='status']")).to_have_count(1)  # whatever speaks and keeps the focus is there
    settled(page)


def sign(page: Page) -> None:
    """Say who edits."""
    page.get_by_label("编制人").fill("王工")
    page.get_by_label("编制人").press("Enter")
    settled(page)


def go(page: Page, title: str) -> None:
    """Another page."""
    page.get_by_test_id("stSidebarNavLink").filter(has_text=re.compile(f"^{title}$")).click()
    expect(page.locator(".gp-head h1")).to_have_text(title)
    settled(page)


def choose(page: Page, word: str) -> None:
    """One of several in a row of buttons."""
    page.get_by_role("radio", name=word, exact=True).click()
    expect(page.get_by_role("radio", name=word, exact=True)).to_be_checked()
    settled(page)


def popped(page: Page, button: str) -> Locator:
    """What opens behind a button."""
    page.get_by_role("button", name=button).first.click()
    return page.get_by_test_id("stPopoverBody")


def grid_row(grid: Locator, text: str) -> tuple[float, float]:
    """Where the middle of a row's height is, and where the grid begins; all rows of the grid must be in view."""
    row = grid.locator("tr").filter(has_text=text).first
    expect(row).to_have_count(1)
    place, box = row.get_attribute("aria-rowindex"), grid.bounding_box()
    assert place is not None
    assert box is not None
    return box["x"], box["y"] + box["height"] / grid.locator("tr").count() * (int(place) - 0.5)


def mark(page: Page, grid: Locator, text: str) -> None:
    """Mark a row by the box at its left."""
    x, y = grid_row(grid, text)
    page.mouse.click(x + 16, y)
    settled(page)


def type_in(page: Page, grid: Locator, row: str, column: int, text: str) -> None:
    """Type into a cell of an editable grid."""
    settled(page)
    x, y = grid_row(grid, row)
    cells = grid.locator("tr").filter(has_text=row).locator("[role='gridcell']")
    for _attempt in range(10):
        page.mouse.click(x + 40, y)
        try:
            expect(cells.first).to_have_attribute("aria-selected", "true", timeout=_HEARD_MS)
        except AssertionError:
            continue  # the grid was drawn anew and has not heard of the click
        break
    for step in range(column):
        page.keyboard.press("ArrowRight")
        expect(cells.nth(step + 1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    entry = page.locator("#portal").locator("input, textarea")
    entry.fill(text)
    entry.press("Enter")
    expect(entry).to_have_count(0)
    expect(cells.nth(column)).to_have_text(text)


def test_on_the_first_visit_nothing_that_can_be_pressed_jumps(app):
    """A browser that has nothing yet draws the links to the pages once, where they stay: the look is there before them."""
    with chromium() as browser, watched(office_screen(browser)) as page:
        page.add_init_script(_PLACES)
        start(page, app)
        places = page.evaluate("() => window.places")
    assert len(places) == 1, places


def test_the_page_comes_with_its_look_whatever_the_browser_has_of_it_already(app, context):
    """Not as Streamlit's own file, which is the same after an update of ours; other answers are left as they are."""
    look = (ROOT / "geoplan" / "web" / "page.css").read_text(encoding="utf-8")
    asked = {"Accept": "text/html", "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT", "If-None-Match": "*"}
    for address in (app.url, f"{app.url}/map"):
        answer = context.request.get(address, headers=asked)
        assert answer.status == 200
        assert answer.text().count(look) == 1
        assert not {"etag", "last-modified"} & set(answer.headers)
    icon = context.request.get(f"{app.url}/favicon.png", headers={"Accept": "text/html"})
    assert icon.body().startswith(b"\x89PNG")


def test_the_board_is_filtered_and_its_rows_are_found_on_the_map(app, page):
    """Of the estates two lack something; one of them is opened, and marked on the map, which the address tells."""
    start(page, app)
    page.get_by_label("层级").click()
    page.get_by_role("option", name="小区").click()
    page.get_by_test_id("stMain").get_by_text("只看有缺口的").click()
    board = page.get_by_test_id("stDataFrame").first
    expect(board.locator("tr")).to_have_count(3)
    page.get_by_label("查找", exact=True).fill("旧区每百户")
    page.get_by_label("查找", exact=True).press("Enter")
    expect(board.locator("tr")).to_have_count(2)
    expect(page.locator(".gp-quote").filter(has_text="不低于15平方米")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="在地图上查看").click()
    expect(page.locator(".gp-head h1")).to_have_text("地图工作台")
    expect(page).to_have_url(re.compile("select=estates%3AE2"))


def test_rows_that_are_marked_stay_marked_and_alone_when_asked(app, page):
    """Marked in the table, the facility is in the address; after a reload it is marked still, and can be seen alone."""
    start(page, app)
    go(page, "达标核查")
    choose(page, "设施")
    grid = page.get_by_test_id("stDataFrame").first
    mark(page, grid, "F2")
    expect(page).to_have_url(re.compile("select=facilities%3AF2"))
    expect(grid.locator("tr").filter(has_text=HOSTILE)).to_have_count(1)  # its name is text
    page.get_by_text("只看选中的 1 行").click()
    expect(page.get_by_test_id("stMain").get_by_text("1 / 5 行")).to_be_visible()
    page.reload()
    expect(page.locator(".gp-head h1")).to_have_text("达标核查")
    expect(page.get_by_text("只看选中的 1 行")).to_be_visible()
    assert page.locator("img[src='x']").count() == 0


def test_a_cell_is_edited_and_the_verdict_follows(app, page):
    """A negative area is refused by row and cell and nothing is stored; 30 m² is stored once, with its reason, and E2 complies."""
    start(page, app, "方案一")
    sign(page)
    go(page, "达标核查")
    choose(page, "小区")
    page.get_by_text("在表中修改").click()
    expect(page.get_by_text("没有未保存的修改")).to_be_visible()
    settled(page)
    grid = page.get_by_test_id("stDataFrame").first
    type_in(page, grid, "E2", 4, "-5")
    page.get_by_role("button", name="保存修改").click()
    expect(page.get_by_role("alert").get_by_text("E2：字段“设施面积（m²）”为负数")).to_be_visible()
    assert state_of(app, "方案一").revision == 1
    type_in(page, grid, "E2", 4, "30")
    page.get_by_label("修改理由").fill("补建用房")
    page.get_by_label("修改理由").press("Enter")
    settled(page)
    page.get_by_role("button", name="保存修改").click()
    expect(page.get_by_text("没有未保存的修改")).to_be_visible()
    steps = state_of(app, "方案一").scenario.steps
    assert [(step.edit.id, step.edit.facility_area_m2, step.author, step.reason) for step in steps] == [
        ("E2", 30.0, "王工", "补建用房")
    ]
    go(page, "总览")
    page.get_by_label("查找", exact=True).fill("旧区每百户")
    page.get_by_label("查找", exact=True).press("Enter")
    row = page.get_by_test_id("stDataFrame").first.locator("tr").filter(has_text="旧区每百户")
    expect(row).to_contain_text("✓ 达标")
    expect(row).to_contain_text("▲ +100.00 个百分点（! → ✓）")


def test_two_scenarios_are_laid_beside_the_workspace(app, page):
    """The verdict that flips, the people who lose access in their township, and the map that shows them; in one file to take away."""
    start(page, app, "撤并")
    go(page, "方案比较")
    page.get_by_label("要比较的方案").click()
    page.get_by_role("option", name="方案一").click()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stDataFrame").first.locator("th").filter(has_text="方案一")).to_have_count(1)
    choose(page, "人口")
    row = page.get_by_test_id("stDataFrame").first.locator("tr").filter(has_text="甲街道").locator("[role='gridcell']")
    expect(row.nth(4)).to_have_text("60")  # 撤并 loses D1 and D2
    expect(row.nth(7)).to_have_text("0")
    choose(page, "差异地图")
    expect(page.get_by_text("失去覆盖")).to_be_visible()
    page.wait_for_function(
        "() => [...document.querySelectorAll('canvas')].some(c => c.width > 300 && "
        "c.getContext('2d')?.getImageData(0, 0, c.width, c.height).data.some(value => value > 0))"
    )
    with page.expect_download() as event:
        page.get_by_role("button", name="下载比较结果").click()
    assert Path(event.value.path()).read_bytes()[:2] == b"PK"


def test_a_scenario_goes_its_way(app, page):
    """Begun, renamed, submitted, branched; what another did is in the history with the reason; the first revision is restored."""
    start(page, app)
    sign(page)
    go(page, "方案管理")
    box = popped(page, "新建方案")
    box.get_by_label("方案名称").fill("草案")
    box.get_by_label("方案名称").press("Enter")
    box.get_by_role("button", name="新建").click()
    expect(page.locator(".gp-asked")).to_contain_text("方案 草案")
    settled(page)
    box = popped(page, "改名")
    box.get_by_label("新名称").fill("定稿")
    box.get_by_label("新名称").press("Enter")
    box.get_by_role("button", name="改名").click()
    expect(page.locator(".gp-asked")).to_contain_text("方案 定稿")
    settled(page)
    box = popped(page, "状态：草稿")
    box.get_by_role("button", name="提交").click()
    expect(page.get_by_role("button", name="状态：已提交")).to_be_visible()
    assert state_of(app, "定稿").status is Status.SUBMITTED
    settled(page)
    page.keyboard.press("Escape")
    box = popped(page, "另立分支")
    box.get_by_label("分支名称").fill("支线")
    box.get_by_label("分支名称").press("Enter")
    box.get_by_role("button", name="另立分支").click()
    expect(page.locator(".gp-asked")).to_contain_text("方案 支线")
    settled(page)
    grid = page.get_by_test_id("stDataFrame").nth(1)
    expect(grid.locator("tr").filter(has_text="另立分支")).to_have_count(1)
    with open_store(app.workspace, write=True) as store:
        store.append("支线", [CloseFacility(facility_id="F2")], Signature("乙", "撤点"), 1)
    page.reload()
    expect(grid.locator("tr").filter(has_text="撤并设施")).to_contain_text("撤点")
    settled(page)
    sign(page)
    mark(page, grid, "另立分支")
    page.get_by_label("理由", exact=True).fill("不撤了")
    page.get_by_label("理由", exact=True).press("Enter")
    settled(page)
    page.get_by_role("button", name="恢复到此版").click()
    expect(grid.locator("tr").filter(has_text="恢复到早先版本")).to_have_count(1)
    state = state_of(app, "支线")
    assert (state.revision, state.scenario.steps) == (3, ())


def test_a_typed_figure_turns_its_verdict(app, page):
    """Without source and date it is refused cell by cell; with them it is saved, and the verdict follows at once."""
    start(page, app)
    sign(page)
    go(page, "规划依据")
    choose(page, "填报")
    grid = page.get_by_test_id("stDataFrame").first
    name = "布局专项规划与国土空间规划衔接"
    expect(grid.locator("tr").filter(has_text=name)).to_contain_text("? 无法评价")
    type_in(page, grid, name, 3, "是")
    expect(page.get_by_role("alert")).to_contain_text("请填写来源")
    type_in(page, grid, name, 5, "市政府批复")
    type_in(page, grid, name, 6, "2024-12")
    expect(page.get_by_role("alert")).to_have_count(0)
    settled(page)
    page.get_by_role("button", name="保存填报").click()
    expect(grid.locator("tr").filter(has_text=name)).to_contain_text("✓ 达标")
    text = (app.workspace / "layers" / "figures.csv").read_text(encoding="utf-8-sig")
    assert "heshan.layout_plan" in text
    assert "市政府批复,2024-12,王工" in text


def test_every_page_speaks_english_and_can_be_read(app, page):
    """At the switch: titles, heads of tables and the language told to screen readers are English; no text is faint."""
    start(page, app)
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.get_by_role("radio", name="English").click()
    for title in PAGES.values():
        page.get_by_test_id("stSidebarNavLink").filter(has_text=re.compile(f"^{title}$")).click()
        expect(page.locator(".gp-head h1")).to_have_text(title)
        settled(page)
        heads = page.get_by_test_id("stMain").locator("th")
        expect(heads.filter(has_text=re.compile("[一-鿿]"))).to_have_count(0)
        expect(page.locator("html")).to_have_attribute("lang", "en")
        assert faint_texts(page) == []
        downloads = page.get_by_test_id("stMain").get_by_test_id("stDownloadButton").locator("button *").all()
        assert all(
            part.evaluate("part => part.scrollWidth <= part.clientWidth || !part.clientWidth") for part in downloads
        )


def test_every_page_is_chinese_to_a_screen_reader_and_in_order(app, page):
    """Streamlit's own words are translated, the window is called after the page, no level of headings is left out, axe-core finds no fault."""
    start(page, app, "方案一")
    for title in (*PAGES, "导入数据"):
        go(page, title)
        expect(page).to_have_title(f"{title} · geoplan")
        assert english_names(page) == set()
        levels = [int(heading.evaluate("it => it.tagName[1]")) for heading in page.locator("h1, h2, h3, h4").all()]
        assert levels[0] == 1
        assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
        assert violations(page) == []


def english_names(page: Page) -> set[str]:
    """What controls, regions and fields are called in English, but for names that Chinese has too."""
    heard = page.locator("body").aria_snapshot()
    return set(re.findall(r'(?m)(?:^\s*- \w+ "|placeholder: "?)([A-Z][a-z][^"\n一-鿿]*)', heard)) - _LATIN


def test_streamlits_words_follow_the_language_wherever_they_come_from(app, page):
    """A list without a match, a choice that can be taken back, a place for files, in Chinese, English and Chinese; a page that is none."""
    start(page, app, "方案一")
    for language, sidebar, level, nothing in (
        ("中文", "收起侧栏", "层级", "没有相符的选项"),
        ("English", "Collapse sidebar", "Level", "No results"),
        ("中文", "收起侧栏", "层级", "没有相符的选项"),
    ):
        page.get_by_role("radio", name=language).click()
        expect(page.get_by_label(sidebar)).to_have_count(1)
        settled(page)
        page.get_by_role("combobox", name=level).fill("没有这样的")
        expect(page.get_by_text(nothing)).to_be_visible()
        page.keyboard.press("Escape")
    go(page, "方案管理")
    field = popped(page, "导入方案").get_by_test_id("stFileUploader")
    expect(field.get_by_role("button", name="选择文件")).to_be_visible()
    expect(field.get_by_text("或拖到这里，不超过 20 MB")).to_be_visible()
    page.keyboard.press("Escape")
    go(page, "方案比较")
    expect(page.get_by_role("button", name="移除 方案一")).to_have_count(1)
    other = page.context.new_page()  # which nobody watches: Streamlit complains to the browser too
    other.goto(f"{app.url}/nosuch")
    expect(other.get_by_role("dialog")).to_contain_text("网址中的页面不存在，已打开总览。")


def test_a_name_that_streamlit_uses_as_a_word_stays_a_name(page, tmp_path):
    """Scenarios called Close and Upload are called so in Chinese too: in lists, among the chosen, in headings."""
    root = small_workspace().write(tmp_path / "county")
    with open_store(root, write=True) as store:
        for name in ("Close", "Upload"):
            store.new(Scenario(name, load_layers(root).base), Signature("甲"))
    with served(ROOT / "app.py", root, tmp_path / "app.log") as own:
        start(page, own, "Close")
        page.get_by_role("combobox", name="方案").click()
        expect(page.get_by_role("option", name="Upload", exact=True)).to_have_text("Upload")
        expect(page.get_by_role("option", name="Close", exact=True)).to_have_text("Close")
        page.keyboard.press("Escape")
        expect(page.locator(".gp-asked")).to_contain_text("Close")
        go(page, "方案比较")
        expect(page.locator("[data-tag]")).to_have_text(["Close"])
        expect(page.get_by_role("button", name="移除 Close")).to_have_count(1)
        page.goto("about:blank")  # or it would miss the server, which stops here


def test_how_many_rows_are_left_is_told_where_a_screen_reader_listens(app, page):
    """The region is there before the count changes; a status that comes with its words is not heard by all."""
    start(page, app)
    go(page, "达标核查")
    heard = page.locator("body > [role='status']")
    expect(heard).to_have_text("")
    page.get_by_label("筛选").fill("没有这样的")
    expect(heard).to_contain_text(re.compile(r"^0 / \d+ 行"))
    expect(heard).to_have_text("")


def test_a_table_is_used_by_keyboard_before_and_after_a_row_is_marked(app, page):
    """Arrows go from row to row of the board, Shift+Space opens the clause of one, Escape and Tab lead on."""
    start(page, app)
    board = page.get_by_test_id("stDataFrame").first
    rows = board.locator("tbody tr")
    here = board.locator("[role='gridcell'][aria-selected='true']")
    board.locator("canvas").first.press("Shift+Tab")  # the keyboard is in use
    page.keyboard.press("Tab")
    for number in (1, 2):
        expect(here).to_have_count(1)
        go_down(page, rows.nth(number))
        page.keyboard.press("Shift+Space")
        expect(page.locator(".gp-facts dd").first).to_have_text(
            str(rows.nth(number).locator("[role='gridcell']").first.text_content())
        )
        settled(page)
    page.keyboard.press("Escape")
    expect(here).to_have_count(0)
    page.keyboard.press("Tab")
    expect(board.locator("canvas :focus")).to_have_count(0)


def go_down(page: Page, row: Locator) -> None:
    """To the row below by the arrow key, again where the grid was just drawn anew and did not hear it."""
    for _attempt in range(5):
        page.keyboard.press("ArrowDown")
        try:
            expect(row.locator("[role='gridcell'][aria-selected='true']")).to_have_count(1, timeout=_HEARD_MS)
        except AssertionError:
            continue
        return
    pytest.fail("the arrow key does nothing")


def test_whatever_has_the_focus_shows_it(app, page):
    """Every stop of the Tab key on two pages is framed in a colour that is seen, by itself or by the field around it."""
    start(page, app, "方案一")
    unseen = []
    for title in ("总览", "方案比较"):
        if title != "总览":  # the sidebar is the same
            go(page, title)
            page.get_by_test_id("stMain").focus()
        for _stop in range(40):
            page.keyboard.press("Tab")
            ring = str(page.evaluate(RING))
            if ring == "page":
                break
            if ring:
                unseen.append(ring)
    assert unseen == []


def test_what_a_button_opens_has_the_focus_and_escape_gives_it_back(app, page):
    """By keyboard: the first field behind 新建方案, and behind 说明, whose field comes later than its button; then the button again."""
    start(page, app, "方案一")
    go(page, "方案管理")
    for name, field in (("新建方案", "方案名称"), ("说明", "方案说明")):
        button = page.get_by_role("button", name=name)
        button.press("Shift+Tab")  # the keyboard is in use
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_label(field)).to_be_focused()
        assert violations(page) == []
        page.keyboard.press("Escape")
        expect(button).to_be_focused()
        expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)


def test_the_sidebar_is_folded_by_keyboard_and_leaves_its_room_to_the_page(app, page):
    """The focus goes to the button that unfolds it, from there past what is hidden into the page, and back."""
    start(page, app)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_label("收起侧栏")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("展开侧栏")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_test_id("stMain")).to_be_focused()
    page.wait_for_function("() => document.querySelector('[data-testid=stMain]').getBoundingClientRect().x === 0")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("收起侧栏")).to_be_focused()
    page.evaluate("localStorage.clear()")  # or a small window would begin unfolded


def test_what_is_chosen_is_told_where_the_reader_chooses_the_colours(app, page):
    """With forced colours a chosen radio differs from the others, and a switch is drawn."""
    page.emulate_media(forced_colors="active")
    start(page, app, "方案一")
    ground = "it => getComputedStyle(it).backgroundColor"
    chosen, other = (page.get_by_role("radio", name=word) for word in ("中文", "English"))
    assert chosen.evaluate(ground) != other.evaluate(ground)
    track = page.locator("label:has([role='switch']) > div").first
    assert track.evaluate("it => getComputedStyle(it).outlineStyle") == "solid"


@pytest.mark.parametrize(("width", "height"), [(683, 384), (1024, 700)])
def test_a_small_or_enlarged_window_hides_no_tool_and_no_figure(app, page, width, height):
    """In English, whose words are long: every tool of the map is where the pointer finds it, no line of the panel is cut."""
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{app.url}/map?lang=en&scenario=方案一")
    expect(page.locator(".gpm-toolbar button").first).to_be_visible()
    settled(page)
    for tool in page.locator(".gpm-toolbar button").all():
        tool.scroll_into_view_if_needed()
        assert tool.evaluate(FOUND), tool.get_attribute("aria-label")
    panel = page.locator(".st-key-gp-panel")
    assert panel.evaluate("it => it.scrollWidth <= it.clientWidth")


FOUND = """it => {
  const { x, y, width, height } = it.getBoundingClientRect();
  return it.contains(document.elementFromPoint(x + width / 2, y + height / 2));
}"""

RING = """async () => {
  await Promise.all(document.getAnimations().filter((one) => one instanceof CSSTransition).map((one) => one.finished.catch(() => {})));
  const at = document.activeElement;
  if (at === document.body) return "page";
  if (at.matches('[role="gridcell"]')) return "";  // the table draws a frame around this cell
  const around = [at, at.parentElement, at.parentElement.parentElement, at.closest("label"), at.closest('[data-testid="stDataFrame"]')];
  const framed = around.filter(Boolean).map((one) => getComputedStyle(one)).some((style) =>
    (style.outlineStyle === "solid" && style.outlineColor === "rgb(4, 90, 141)") || style.borderColor === "rgb(4, 90, 141)");
  return framed ? "" : at.outerHTML.slice(0, 120);
}"""


MARKS = [
    "**粗**_斜_`码`~~删~~",
    "$x^2$ $$y$$",
    ":red[红] :smile: :material/home:",
    "[a](javascript:alert(1)) ![p](x.png)",
    "# 1. <b> &amp; \\*",
]


def test_any_text_can_stand_in_a_label(context, tmp_path):
    """Marks of Markdown, formulas, colours, symbols, links and tags on buttons and boxes come out as those very characters."""
    script, log = tmp_path / "labels.py", tmp_path / "log"
    lines = [
        f"st.{kind}(plain({mark!r}), key='{kind}{n}')"
        for kind in ("button", "checkbox")
        for n, mark in enumerate(MARKS)
    ]
    script.write_text(
        "\n".join(["import streamlit as st", "from geoplan.web.wording import plain", *lines]), encoding="utf-8"
    )
    with served(script, tmp_path, log) as app, watched(context) as page:
        page.goto(app.url)
        for widget in ("stButton", "stCheckbox"):
            labels = page.get_by_test_id(widget)
            expect(labels).to_have_count(len(MARKS))
            assert [label.strip() for label in labels.all_inner_texts()] == MARKS
