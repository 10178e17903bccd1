"""The map workbench: what events mean as plain functions, and the page in Chromium with the internet shut off.

The browser tests share one served app on the small county; each begins a scenario of its own in the store.
"""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest
import shapely
from browser import LONG, ROOT, App, chromium, free_port, office_screen, running, served, settled, watched
from contrast import faint_texts
from playwright.sync_api import BrowserContext, Locator, Page, WebSocketRoute, expect
from scenario_strategies import lonlat
from test_desk import rubbish
from test_map_component import Map
from test_pages import go
from test_pages import mark as mark_row
from workspaces import CRS, Workspace, at, small_workspace, table

from geoplan.errors import StoreError
from geoplan.layers import Layers, load_layers
from geoplan.scenario import (
    AddFacility,
    AddParcel,
    AddRoad,
    ChangeParcel,
    CloseFacility,
    CloseRoad,
    DropFacility,
    DropParcel,
    DropRoad,
    MoveFacility,
    ReopenRoad,
    Scenario,
    Signature,
    Status,
    Store,
    open_store,
    resolve,
)
from geoplan.web import deeds, typed_places
from geoplan.web.deeds import Scene, meaning
from geoplan.web.map_component import Clicked, Deleted, Drew, Edited, Event, Measured, Moved, Undo
from geoplan.web.state import Desk, Held

_NUMBERS = count(1)
HOSTILE = "<img src=x onerror=alert(1)>"
expect.set_options(timeout=LONG)


def workspace() -> Workspace:
    """The small county with a facility of a hostile name, an idle school and a parcel."""
    small = small_workspace()
    small.frames["facilities"].loc[1, "name"] = HOSTILE
    small.frames["idle_assets"] = table(
        "asset_id name kind area_m2 unit_code", ("A1", "旧小学", "school", "900", "", at(2200, 700))
    )
    small.entries["idle_assets"] = {"file": "idle_assets.csv", "crs": CRS}
    return small


# --- what events mean


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> Layers:
    """The small county."""
    return load_layers(workspace().write(tmp_path_factory.mktemp("deeds")))


def _told(number: int = 1) -> dict[str, Any]:
    return {"id": f"{'f' * 32}-{number}", "revision": 1}


def _square(east: float = 500, north: float = 500, size: float = 60) -> shapely.Polygon:
    corners = [(east, north), (east + size, north), (east + size, north + size), (east, north + size)]
    return shapely.Polygon([lonlat(*corner) for corner in corners])


def _street() -> shapely.LineString:
    return shapely.LineString([lonlat(4000, 1500), lonlat(4500, 1500)])


def _point(east: float = 1000, north: float = 1000) -> shapely.Point:
    return shapely.Point(lonlat(east, north))


DRAWINGS: list[tuple[Event, type]] = [
    (Drew(tool="site", geometry=_point(), **_told()), AddFacility),
    (Drew(tool="parcel", geometry=_square(), **_told()), AddParcel),
    (Drew(tool="link", geometry=_street(), **_told()), AddRoad),
    (Drew(tool="closure", geometry=_point(1000, 750), **_told()), CloseRoad),
]


@pytest.mark.parametrize(("event", "kind"), DRAWINGS)
def test_each_tool_makes_its_edit_which_fits_and_is_chosen(layers, event, kind):
    """The edit is of the tool's kind, fits the county as it is, and what it made is marked; sent twice it has the same id."""
    meant = meaning(Desk(), event, Scene(layers, (), 2025))
    (edit,) = meant.edits
    assert type(edit) is kind
    assert resolve(layers, [edit]).errors == ()
    assert [one.ids for one in meant.desk.selection] == [(edit.id,)]
    assert meaning(Desk(), event, Scene(layers, (), 2025)).edits[0].id == edit.id
    other = replace(event, id="another")
    assert meaning(Desk(), other, Scene(layers, (), 2025)).edits[0].id != edit.id


def _changes(layers: Layers) -> list[tuple[Event, list[type]]]:
    def drawn(number: int) -> str:
        return meaning(Desk(), DRAWINGS[number][0], Scene(layers, (), 2025)).edits[0].id

    site, parcel, link, closure = map(drawn, range(4))
    told = _told(2)
    return [
        (Moved(layer="facilities", feature="F1", geometry=_point(), **told), [MoveFacility]),
        (Moved(layer="facilities", feature=site, geometry=_point(1500, 500), **told), [MoveFacility]),
        (Edited(layer="parcels", feature=parcel, geometry=_square(600, 600, 90), **told), [ChangeParcel]),
        (Edited(layer="links", feature=link, geometry=_street(), **told), [DropRoad, AddRoad]),
        (Moved(layer="closures", feature=closure, geometry=_point(1500, 750), **told), [ReopenRoad, CloseRoad]),
        (Deleted(layer="facilities", feature="F1", **told), [CloseFacility]),
        (Deleted(layer="facilities", feature=site, **told), [DropFacility]),
        (Deleted(layer="parcels", feature=parcel, **told), [DropParcel]),
        (Deleted(layer="links", feature=link, **told), [DropRoad]),
        (Deleted(layer="closures", feature=closure, **told), [ReopenRoad]),
    ]


@pytest.mark.parametrize("number", range(10))
def test_whatever_was_drawn_can_be_changed_and_taken_away(layers, number):
    """Moved, reshaped and deleted: the edits fit after those that drew the four shapes."""
    drawn = [meaning(Desk(), event, Scene(layers, (), 2025)).edits[0] for event, _kind in DRAWINGS]
    event, kinds = _changes(layers)[number]
    edits = meaning(Desk(), event, Scene(layers, tuple(drawn), 2025)).edits
    assert [type(edit) for edit in edits] == kinds
    assert resolve(layers, [*drawn, *edits]).errors == ()


def test_sites_of_one_kind_are_told_apart_by_name(layers):
    """The second is number 2, whatever else was drawn in between."""
    first = meaning(Desk(), DRAWINGS[0][0], Scene(layers, (), 2025)).edits
    second = meaning(Desk(), replace(DRAWINGS[0][0], id="another"), Scene(layers, first, 2025)).edits
    assert [edit.attributes["name"][-2:] for edit in (*first, *second)] == [" 1", " 2"]


def test_a_click_on_the_ground_asks_and_a_click_on_a_thing_opens_its_form(layers):
    """The township there is marked, whatever was hit; asking again has another number; a facility is chosen and nothing asked."""
    lon, lat = lonlat(500, 700)
    scene, told = Scene(layers, (), 2025), {"lon": lon, "lat": lat}
    asked = meaning(Desk(), Clicked(layer="townships", feature="440784101", **told, **_told()), scene).desk
    again = meaning(asked, Clicked(layer="", feature="", **told, **_told(2)), scene).desk
    assert asked.selected("townships") == again.selected("townships") == ("440784001",)
    assert asked.asked is not None
    assert again.asked is not None
    assert asked.asked.number != again.asked.number
    chosen = meaning(again, Clicked(layer="facilities", feature="F1", **told, **_told(3)), scene).desk
    assert (chosen.selected("facilities"), chosen.asked, chosen.choice(deeds.PANEL)) == (("F1",), None, deeds.CHOSEN)


def test_undo_takes_back_first_what_waits(layers):
    """Without a scenario the last drawing is forgotten, and nothing is asked of the store."""
    held = Held(Desk(waiting=(AddFacility(facility_id="N1", attributes={}, lon=112.9, lat=22.7),)))
    with Store("sqlite://") as store:
        deeds.take(held, Undo(**_told()), layers, 2025, lambda *, write: store)  # noqa: ARG005 - the store is open either way
    assert held.desk.waiting == ()


def test_a_drawing_that_meets_no_scenario_or_no_store_waits(layers):
    """The scenario is gone, or the store cannot be opened: the site is kept and the reason told."""

    def unopened(*, write: bool) -> Store:  # noqa: ARG001 - as the app calls it
        raise StoreError("磁盘已满")

    with Store("sqlite://") as store:
        for opener, told in ((lambda *, write: store, "没有名为"), (unopened, "磁盘已满")):  # noqa: ARG005
            held = Held(Desk(scenario="方案", author="王工"))
            deeds.take(held, DRAWINGS[0][0], layers, 2025, opener)
            assert [type(edit) for edit in held.desk.waiting] == [AddFacility]
            assert told in held.desk.notices[0].text


def test_what_was_drawn_on_another_scenario_still_goes_there(layers, tmp_path):
    """Drawn before the other was opened and told after: it is in the first; where it must wait it is put aside for it."""
    drawn = replace(DRAWINGS[0][0], about="先")
    with Store(f"sqlite:///{tmp_path / 'store.sqlite'}") as store:
        for name in ("先", "后"):
            store.new(Scenario(name, layers.base), Signature("王工"))
        held = Held(Desk(scenario="后", author="王工", seen=1))
        deeds.take(held, drawn, layers, 2025, lambda *, write: store)  # noqa: ARG005
        assert [len(store.state(name).scenario.steps) for name in ("先", "后")] == [1, 0]
        assert (held.desk.scenario, held.desk.waiting, held.desk.selection) == ("后", (), ())
        unsigned = Held(Desk(scenario="后", seen=1))
        deeds.take(unsigned, drawn, layers, 2025, lambda *, write: store)  # noqa: ARG005
        assert [len(edits) for edits in unsigned.desk.aside.values()] == [1]


@pytest.mark.parametrize(
    ("what", "text", "kind"),
    [
        ("site", "112.97, 22.78", Drew),
        ("parcel", "112.97,22.78\n112.971 22.78\n112.971，22.781", Drew),
        ("link", "112.97 22.78\n112.98 22.78", Drew),
        ("ask", "  112.97 ,22.78 \n", Clicked),
        ("measure", "112.97 22.78\n112.98 22.78", Measured),
    ],
)
def test_typed_coordinates_are_the_event_of_the_drawing(what, text, kind):
    """With commas of either script or blanks, a point a line."""
    assert type(typed_places.event(what, text)) is kind


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("site", ""),
        ("site", "112.97"),
        ("site", "112.97 22.78\n112.98 22.78"),
        ("ask", "22.78 112.97"),
        ("link", "112.97 22.78"),
        ("parcel", "0 0\n1 1\n1 0\n0 1"),
        ("site", "<b>"),
    ],
)
def test_coordinates_that_mean_nothing_are_refused_in_words(what, text):
    """None, half of one, too many, latitude first, too few, crossing, no number at all."""
    with pytest.raises(ValueError, match=r"点|不是|交叉"):
        typed_places.event(what, text)


# --- the page


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """One app on the small county; its log must be free of complaints."""
    folder = tmp_path_factory.mktemp("workbench")
    workspace().write(folder / "county")
    with served(ROOT / "app.py", folder / "county", folder / "log") as running:
        yield running


@pytest.fixture(scope="module")
def context() -> Iterator[BrowserContext]:
    """A window on an office screen."""
    with chromium() as browser:
        yield office_screen(browser)


@contextmanager
def signed(context: BrowserContext, app: App, author: str) -> Iterator[Page]:
    """A watched window whose reader the app knows by name."""
    context.add_cookies([{"name": "geoplan-author", "value": quote(author), "url": app.url}])
    with watched(context) as opened:
        yield opened


@pytest.fixture
def bench(context: BrowserContext, app: App) -> Iterator[Bench]:
    """The workbench on an empty scenario of its own."""
    name = f"方案{next(_NUMBERS)}"
    begin(app, name)
    with signed(context, app, "王工") as page:
        yield Bench(page, app, name)


def begin(app: App, name: str) -> None:
    """An empty scenario in the store of the app."""
    with open_store(app.workspace, write=True) as store:
        store.new(Scenario(name, load_layers(app.workspace).base), Signature("王工"))


class Bench:
    """The workbench in one window, on a scenario of its own."""

    def __init__(self, page: Page, app: App, name: str, revision: int = 1) -> None:
        self.page, self.app, self.name = page, app, name
        page.goto(f"{app.url}/map?scenario={name}")
        self.map = Map(page)
        self.drawn(revision)

    @classmethod
    def of(cls, page: Page, app: App, name: str) -> Bench:
        """The workbench that a window shows already."""
        bench = cls.__new__(cls)
        bench.page, bench.app, bench.name, bench.map = page, app, name, Map(page)
        return bench

    def drawn(self, revision: int) -> None:
        """Wait until the map shows a revision and nothing waits for an answer."""
        root = self.page.locator(".gpm")
        expect(root).to_have_attribute("data-revision", str(revision))
        expect(root).to_have_attribute("data-unacknowledged", "0")

    def point(self, east: float, north: float, tool: str = "site") -> None:
        """Draw a point with a tool."""
        self.page.locator(f'[data-tool="{tool}"]').click()
        self.page.mouse.click(*self.map.at(*lonlat(east, north)))

    def click(self, east: float, north: float) -> None:
        """Click a place."""
        self.page.mouse.click(*self.map.at(*lonlat(east, north)))

    @property
    def panel(self) -> Locator:
        """What stands beside the map."""
        return self.page.locator(".st-key-gp-panel")

    @property
    def edits(self) -> list[Any]:
        """The scenario's edits in the store."""
        with open_store(self.app.workspace, write=False) as store:
            return list(store.state(self.name).scenario.edits)


def test_a_site_drawn_by_longitude_and_latitude_is_stored_and_its_figures_stand_beside_the_map(bench):
    """The store holds a station at the very place, and the panel tells whom it reaches; D3 and D2 are then covered."""
    bench.point(1000, 1250)
    bench.drawn(2)
    (edit,) = bench.edits
    assert type(edit) is AddFacility
    lon, lat = lonlat(1000, 1250)
    assert abs(edit.lon - lon) < 2 * bench.map.pixel
    assert abs(edit.lat - lat) < 2 * bench.map.pixel
    expect(bench.panel.get_by_label("名称")).to_have_value("新建养老服务站 1")
    expect(bench.panel).to_contain_text("15 分钟内可达")
    expect(bench.panel.locator(".gp-change").first).to_contain_text("▲")


def test_a_parcel_is_drawn_moved_and_deleted_and_each_step_is_undone(bench):
    """Drawn with the mouse, deleted with the tool, both taken back with the keyboard: the store ends empty, with redo left."""
    bench.page.locator('[data-tool="parcel"]').click()
    for east, north in ((600, 600), (1400, 600), (1400, 1400), (600, 1400), (600, 600)):
        bench.click(east, north)
    bench.drawn(2)
    (edit,) = bench.edits
    assert [type(edit), len(edit.outline[0])] == [AddParcel, 5]
    expect(bench.panel.get_by_label("用地代码")).to_have_value("080701")
    bench.page.locator('[data-tool="delete"]').click()
    bench.click(1000, 800)
    bench.drawn(3)
    assert [type(edit) for edit in bench.edits] == [AddParcel, DropParcel]
    bench.page.keyboard.press("Escape")
    bench.page.keyboard.press("Control+z")
    bench.drawn(4)
    bench.page.keyboard.press("Control+z")
    bench.drawn(5)
    assert bench.edits == []
    bench.page.keyboard.press("Control+y")
    bench.drawn(6)
    assert [type(edit) for edit in bench.edits] == [AddParcel]


def test_a_facility_is_changed_in_its_form_closed_and_reopened(bench):
    """Beds typed in the form, then the two buttons: three entries, and the form shows what is."""
    bench.click(500, 500)
    bench.panel.get_by_label("床位（张）", exact=True).fill("33")
    bench.panel.get_by_role("button", name="保存属性").click()
    bench.drawn(2)
    bench.panel.get_by_role("button", name="撤并这处设施").click()
    bench.drawn(3)
    bench.panel.get_by_role("button", name="恢复运营").click()
    bench.drawn(4)
    expect(bench.panel.get_by_label("床位（张）", exact=True)).to_have_value("33")
    assert [edit.kind for edit in bench.edits] == ["change_facility", "close_facility", "reopen_facility"]


def test_an_idle_asset_is_converted_from_its_form(bench):
    """The old school becomes a facility that is chosen at once."""
    bench.click(2200, 700)
    bench.panel.get_by_role("button", name="盘活为养老设施").click()
    bench.drawn(2)
    expect(bench.panel.get_by_label("名称")).to_have_value("旧小学（改建）")
    assert [edit.kind for edit in bench.edits] == ["convert_asset"]


def test_whoever_points_at_a_facility_sees_its_area_and_what_it_alone_adds(bench):
    """With the mouse and by keyboard, without a run of the script; where its road is closed the area is another."""
    root, tip = bench.page.locator(".gpm"), bench.page.locator(".gpm-tip")
    mark = bench.page.get_by_role("button", name="甲街道综合养老服务中心")
    mark.hover()
    expect(root).to_have_attribute("data-glance", "F1")
    expect(tip).to_contain_text("可达 60 人，其中仅靠它 60 人")
    expect(tip).to_contain_text(re.compile(r"15分钟范围 0\.63\skm²，其中只有它服务的 0\.63\skm²"))
    assert bench.page.locator(".leaflet-gpm-overlays-pane path").count() == 2
    bench.page.mouse.move(*bench.map.at(*lonlat(2000, 2500)))
    expect(root).to_have_attribute("data-glance", "")
    expect(tip).to_be_hidden()
    bench.point(1000, 750, tool="closure")
    bench.drawn(2)
    mark.focus()
    expect(root).to_have_attribute("data-glance", "F1")
    expect(tip).not_to_contain_text("0.63")


def test_a_mark_that_the_keyboard_is_at_keeps_its_tip_whatever_comes_and_goes_under_a_pointer_that_rests(bench):
    """Only a pointer that moves takes it away. A browser tells of a pointer also when what lies under it changes."""
    root, tip = bench.page.locator(".gpm"), bench.page.locator(".gpm-tip")
    bench.point(1000, 750, tool="closure")
    bench.drawn(2)
    expect(tip).to_contain_text("封闭道路")
    bench.page.get_by_role("button", name="甲街道综合养老服务中心").focus()
    for key, revision in [("Control+z", 3), ("Control+y", 4)]:
        bench.page.keyboard.press(key)
        bench.drawn(revision)
        bench.page.evaluate("new Promise((done) => setTimeout(done, 500))")
        expect(root).to_have_attribute("data-glance", "F1", timeout=100)
        expect(tip).to_contain_text("甲街道综合养老服务中心", timeout=100)
    bench.page.mouse.move(*bench.map.at(*lonlat(1060, 750)))
    expect(root).to_have_attribute("data-glance", "")
    expect(tip).to_contain_text("封闭道路")


def test_a_burst_of_ten_sites_arrives_once_each_and_a_reload_brings_everything_back(bench):
    """Ten points without waiting for an answer are ten edits; scenario, selection and language survive the reload."""
    for number in range(10):
        bench.point(400 + 500 * number, 1100)
    bench.drawn(11)
    assert len({edit.id for edit in bench.edits}) == len(bench.edits) == 10
    chosen = bench.panel.get_by_label("名称")
    expect(chosen).to_have_value("新建养老服务站 10")
    bench.page.get_by_role("radio", name="English").click()
    expect(bench.page.locator(".gp-head h1")).to_have_text("Map workbench")
    bench.page.reload()
    expect(bench.page.locator(".gp-head h1")).to_have_text("Map workbench")
    bench.drawn(11)
    expect(bench.page.locator(".gp-head")).to_contain_text(bench.name)
    bench.panel.get_by_role("radio", name="Selected").click()
    expect(bench.panel.get_by_label("Name")).to_have_value("新建养老服务站 10")


def test_what_is_drawn_on_the_workspace_as_it_is_waits_for_a_scenario(context, app):
    """The shape is shown as pending, also after a reload, and nothing is stored until the new scenario has a name, which is asked for."""
    with signed(context, app, "王工") as page:
        page.goto(f"{app.url}/map")
        bench = Bench.of(page, app, "现场方案")
        bench.drawn(0)
        bench.point(1000, 1250)
        expect(bench.panel).to_contain_text("有 1 处改动还没有保存")
        expect(page.locator(".gpm")).to_have_attribute("data-pending", "1")
        expect(bench.panel).to_contain_text("保存之后可以修改属性")
        page.reload()
        expect(page.locator(".gpm")).to_have_attribute("data-pending", "1")
        bench.panel.get_by_role("button", name="保存").click()
        expect(bench.panel.get_by_role("alert").filter(has_text="请先填写新方案名称")).to_be_visible()
        bench.panel.get_by_label("新方案名称").fill("现场方案")
        bench.panel.get_by_role("button", name="保存").click()
        bench.drawn(2)
        expect(page.locator(".gpm")).to_have_attribute("data-pending", "0")
        assert [type(edit) for edit in bench.edits] == [AddFacility]


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app whose scenarios are not computed while its workspace holds a file named ``hold``."""
    folder = tmp_path_factory.mktemp("slow")
    workspace().write(folder / "county")
    with served(ROOT / "tests" / "slow_app.py", folder / "county", folder / "log") as running:
        yield running


def test_an_edit_that_takes_long_is_pending_and_can_be_given_up(context, slow):
    """Its stage is told and the map stays where it is; cancelled, the site is gone at once; undo brings it back."""
    begin(slow, "长算")
    hold = slow.workspace / "hold"
    with signed(context, slow, "王工") as page:
        bench = Bench(page, slow, "长算")
        cancel, place = page.get_by_role("button", name="取消计算"), bench.map.root.bounding_box()
        expect(cancel).to_be_hidden()
        hold.touch()
        bench.point(1000, 1250)
        expect(page.locator(".st-key-gp-busy")).to_have_text("正在评估：hold")
        expect(page.locator(".gpm")).to_have_attribute("data-pending", "1")
        assert bench.map.root.bounding_box() == place
        assert [type(edit) for edit in bench.edits] == [AddFacility]
        cancel.click()
        bench.drawn(3)
        expect(page.locator(".gpm")).to_have_attribute("data-pending", "0")
        expect(page.locator(".gp-note").filter(has_text="计算已取消")).to_be_visible()
        expect(cancel).to_be_hidden()
        assert bench.edits == []
        hold.unlink()
        page.keyboard.press("Control+z")
        bench.drawn(4)
        assert [type(edit) for edit in bench.edits] == [AddFacility]


def test_opening_and_comparing_a_scenario_can_be_given_up(context, slow):
    """Given up while it opens, it opens when asked again; given up beside another, the other is still compared."""
    begin(slow, "先")
    begin(slow, "后")
    hold = slow.workspace / "hold"
    with signed(context, slow, "王工") as page:
        hold.touch()
        page.goto(f"{slow.url}/compare?scenario=先")
        cancel = page.get_by_role("button", name="取消计算")
        cancel.click()
        expect(page.get_by_text("计算已取消")).to_be_visible()
        hold.unlink()
        page.get_by_role("button", name="继续计算").click()
        compared = page.locator(".react-aria-ComboBox [data-tag]")
        expect(compared).to_have_text(["先"])
        settled(page)
        hold.touch()
        page.get_by_label("要比较的方案").click()
        page.get_by_role("option", name="后").click()
        expect(page.get_by_test_id("stMain").get_by_text("正在评估：hold")).to_be_visible()
        page.keyboard.press("Escape")
        cancel.click()
        expect(compared).to_have_text(["先"])
        expect(page.get_by_role("button", name="下载比较结果")).to_be_visible()
        hold.unlink()


def test_a_killed_server_and_a_crashed_browser_lose_nothing(context, tmp_path):
    """Drawn while the server is dead, which is told, a site is stored once when it is back; scenario, selection and language are the same.

    So they are in another browser with the cookies and the address of the first.
    """
    county, port = workspace().write(tmp_path / "county"), free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), f"--server.port={port}"]
    with running(command, port, county, tmp_path / "first") as app:
        begin(app, "断电")
        context.add_cookies([{"name": "geoplan-author", "value": quote("王工"), "url": app.url}])
        page = context.new_page()
        page.set_default_timeout(LONG)
        page.goto(f"{app.url}/map?lang=en&scenario=断电")
        bench = Bench.of(page, app, "断电")
        bench.drawn(1)
        bench.point(1000, 1250)
        bench.drawn(2)
        assert app.process is not None
        app.process.kill()
        app.process.wait()
        bench.point(3000, 1250)
        expect(page.locator(".gpm")).to_have_attribute("data-unacknowledged", "1")
        expect(page.get_by_role("heading", name="The server does not answer; connecting again.")).to_be_visible()
        expect(page.locator("body > [role='status']")).to_have_text("The server does not answer; connecting again.")
    with running(command, port, county, tmp_path / "second") as app:
        bench.drawn(3)
        assert len({edit.id for edit in bench.edits}) == len(bench.edits) == 2
        expect(bench.panel.get_by_label("Name")).to_have_value("New care station 2")
        browser = context.browser
        assert browser is not None
        other = browser.new_context(storage_state=context.storage_state(), viewport={"width": 1366, "height": 768})
        for opened in (page, other.new_page()):
            opened.goto(page.url)
            again = Bench.of(opened, app, "断电")
            again.drawn(3)
            expect(opened.locator(".gp-head")).to_contain_text("scenario 断电")
            again.panel.get_by_role("radio", name="Selected").click()
            expect(again.panel.get_by_label("Name")).to_have_value("New care station 2")
        expect(opened.get_by_label("Author")).to_have_value("王工")
        other.close()
        page.close()


def test_a_store_that_is_broken_for_a_while_is_told_and_tried_again(bench):
    """The word says what to do; once the store's file is whole, the map is back by itself."""
    with rubbish(bench.app.workspace / "scenarios" / "scenarios.sqlite"):
        expect(bench.page.locator(".gp-error")).to_contain_text("文件不是方案库")
    bench.drawn(1)
    expect(bench.page.locator(".gp-error")).to_have_count(0)


def test_what_is_clicked_on_the_map_is_marked_in_the_tables_and_back(bench):
    """The township of a place, a facility, then a row of the table that is looked at on the map."""
    bench.click(3250, 1750)
    expect(bench.panel).to_contain_text("此处路程过远")
    _look_at_the_marked(bench, "镇街", "1 / 4 行", "乙镇")
    go(bench.page, "地图工作台")
    bench.drawn(1)
    bench.page.get_by_role("button", name="甲街道综合养老服务中心").click()
    expect(bench.panel.get_by_label("名称")).to_have_value("甲街道综合养老服务中心")
    _look_at_the_marked(bench, "设施", "1 / 5 行", "F1")
    bench.page.get_by_text("只看选中的 1 行").click()
    expect(bench.page.get_by_test_id("stMain").get_by_text("5 / 5 行")).to_be_visible()
    settled(bench.page)
    grid = bench.page.get_by_test_id("stDataFrame").first
    mark_row(bench.page, grid, "F2")
    expect(bench.page.get_by_text("只看选中的 2 行")).to_be_visible()
    settled(bench.page)
    bench.page.get_by_role("button", name="在地图上查看选中").click()
    bench.drawn(1)
    expect(bench.page).to_have_url(re.compile("select=facilities%3AF1%2CF2"))
    expect(bench.page.locator(".leaflet-gpm-overlays-pane path")).to_have_count(2)


def _look_at_the_marked(bench: Bench, table: str, count: str, text: str) -> None:
    """The table of what is marked is open, and it is alone in it when asked."""
    go(bench.page, "达标核查")
    expect(bench.page.get_by_role("radio", name=table, exact=True)).to_be_checked()
    bench.page.get_by_text("只看选中的 1 行").click()
    expect(bench.page.get_by_test_id("stMain").get_by_text(count)).to_be_visible()
    expect(bench.page.get_by_test_id("stDataFrame").first).to_contain_text(text)


class Line:
    """The connection of a window to the server, on which the server can be made to wait."""

    def __init__(self, page: Page) -> None:
        self.held: list[str | bytes] | None = None
        self.lost = False  # whether drawings are lost on their way to the server
        page.route_web_socket(re.compile("_stcore/stream"), self._through)

    def _through(self, window: WebSocketRoute) -> None:
        self._window, server = window, window.connect_to_server()
        window.on_message(
            lambda message: (
                None if self.lost and isinstance(message, bytes) and b"drew" in message else server.send(message)
            )
        )
        server.on_message(lambda message: window.send(message) if self.held is None else self.held.append(message))

    def hold(self) -> None:
        """The window hears nothing more."""
        self.held = []

    def release(self) -> None:
        """It hears all of it."""
        waiting, self.held = self.held or [], None
        for message in waiting:
            self._window.send(message)


def test_two_windows_on_one_scenario_see_each_other_or_a_conflict(bench, app):
    """The second shows the first's site by itself; a change of what the other has changed unseen is a conflict, told with both sides."""
    with office_window(bench) as context, signed(context, app, "李工") as page:
        line = Line(page)
        other = Bench(page, app, bench.name)
        bench.point(1000, 1250)
        bench.drawn(2)
        other.drawn(2)
        expect(page.locator(".gp-note")).to_contain_text("王工 编辑 新增设施 新建养老服务站 1（N-")
        line.hold()
        bench.click(500, 500)
        bench.panel.get_by_role("button", name="撤并这处设施").click()
        bench.drawn(3)
        page.locator('[data-tool="delete"]').click()
        other.click(500, 500)
        expect(page.locator(".gpm")).to_have_attribute("data-unacknowledged", "1")
        line.release()
        conflict = page.locator(".gp-conflict")
        expect(conflict).to_contain_text("王工 编辑 撤并设施 甲街道综合养老服务中心（F1）")
        other.drawn(3)
    assert [type(edit) for edit in bench.edits] == [AddFacility, CloseFacility]


def test_what_python_did_not_hear_before_the_map_left_the_page_is_sent_by_the_next_map(context, app):
    """A site whose message is lost, and the window is closed: it is stored once when the map is opened in another."""
    begin(app, "匆忙")
    with signed(context, app, "王工") as page:
        line, bench = Line(page), Bench(page, app, "匆忙")
        line.lost = True
        bench.point(1000, 1250)
        expect(page.locator(".gpm")).to_have_attribute("data-unacknowledged", "1")
        assert bench.edits == []
        page.close()
    with signed(context, app, "王工") as page:
        bench = Bench(page, app, "匆忙", 2)
        assert [type(edit) for edit in bench.edits] == [AddFacility]


def test_while_another_program_holds_the_store_it_is_told_what_is_not_saved_yet(bench):
    """Two sites wait with the reason, after a reload too; once the store is free they are there, each once."""
    other = sqlite3.connect(bench.app.workspace / "scenarios" / "scenarios.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    bench.point(1000, 1250)
    bench.point(3000, 1250)
    expect(bench.panel).to_contain_text("有 2 处改动还没有保存，原因消除后自动保存。另一个程序正占用方案库")
    bench.page.reload()
    expect(bench.panel).to_contain_text("有 2 处改动还没有保存")
    other.rollback()
    other.close()
    bench.drawn(2)
    assert len({edit.id for edit in bench.edits}) == len(bench.edits) == 2


@contextmanager
def office_window(bench: Bench) -> Iterator[BrowserContext]:
    """Another browser beside the first, with other cookies."""
    browser = bench.page.context.browser
    assert browser is not None
    opened = office_screen(browser)
    yield opened
    opened.close()


def test_names_are_text(bench):
    """A facility named like a tag is found, shown and chosen by those characters, and nothing of it is run."""
    bench.page.locator(".gpm-search input").fill("onerror")
    bench.page.locator(".gpm-search [role=option]").click()
    expect(bench.panel.get_by_label("名称")).to_have_value(HOSTILE)
    assert bench.page.locator("img[src='x']").count() == 0


def test_a_closed_road_and_a_link_change_who_is_covered(bench):
    """The road to F1 closed costs D1; a closure is taken away by its button, and a new road is drawn with two clicks."""
    covered = bench.panel.locator(".gp-key dd").first
    before = covered.inner_text()
    bench.point(500, 750, tool="closure")
    bench.drawn(2)
    expect(covered).not_to_have_text(before)
    bench.panel.get_by_role("button", name="恢复通行").click()
    bench.drawn(3)
    expect(covered).to_have_text(before)
    bench.page.locator('[data-tool="link"]').click()
    for east, north in ((4000, 1500), (5500, 1500), (5500, 1500)):
        bench.click(east, north)
    bench.drawn(4)
    expect(bench.panel).to_contain_text(re.compile(r"1\.(?:4|5)\d 公里"))
    assert [type(edit) for edit in bench.edits] == [CloseRoad, ReopenRoad, AddRoad]


def test_a_place_is_asked_about_and_a_line_measured_by_typed_coordinates(bench):
    """Without a mouse: why the place is not covered and who is near, and the way along the grid in kilometres and minutes.

    A screen reader is told the answer and not all figures again, and nothing of it is faint.
    """
    figure = bench.page.locator(".gpm-spoken > div").first.evaluate_handle("line => line.firstChild")
    fill_in(bench, "查询地点（一点）", (500, 2500))
    expect(bench.panel).to_contain_text("此处路程过远")
    expect(bench.panel).to_contain_text("甲街道综合养老服务中心")
    expect(bench.panel).to_contain_text("33.3 分钟")
    expect(bench.page.locator(".gpm .gpm-spoken")).to_contain_text("此处路程过远")
    assert figure.evaluate("text => text.isConnected")
    expect(bench.page.locator(".leaflet-popup")).to_have_css("opacity", "1")
    assert faint_texts(bench.page) == []
    bench.panel.get_by_role("radio", name="绘制").click()
    fill_in(bench, "沿路网测距（至少两点）", (0, 0), (1000, 1000))
    expect(bench.panel).to_contain_text("沿路网 2.00 公里，步行 33.3 分钟")


def test_what_was_drawn_is_given_another_place_by_typing(bench):
    """A parcel, a new road and a closure are drawn and then reshaped from their forms alone; typed nonsense changes nothing."""
    fill_in(bench, "新建地块（至少三点）", (600, 600), (700, 600), (700, 700))
    bench.drawn(2)
    retype(bench, (600, 600), (800, 600), (800, 800))
    bench.drawn(3)
    bench.panel.get_by_role("radio", name="绘制").click()
    fill_in(bench, "新建道路（至少两点）", (4000, 1500), (4500, 1500))
    bench.drawn(4)
    expect(bench.panel).to_contain_text("类型街道")
    retype(bench, (4000, 1500), (5500, 1500))
    bench.drawn(5)
    bench.panel.get_by_role("radio", name="绘制").click()
    fill_in(bench, "封闭道路（一点）", (1000, 750))
    bench.drawn(6)
    retype(bench, "某处")
    expect(bench.panel.get_by_role("alert")).to_contain_text("不是经度和纬度")
    retype(bench, (1500, 750))
    bench.drawn(7)
    kinds = [AddParcel, ChangeParcel, AddRoad, DropRoad, AddRoad, CloseRoad, ReopenRoad, CloseRoad]
    assert [type(edit) for edit in bench.edits] == kinds
    assert bench.edits[1].outline[0][1] == pytest.approx(lonlat(800, 600), abs=1e-6)


def retype(bench: Bench, *places: tuple[float, float] | str) -> None:
    """Type other coordinates into the form of what is chosen, once that has taken the place of the form before."""
    settled(bench.page)
    lines = (place if isinstance(place, str) else "{:.7f}, {:.7f}".format(*lonlat(*place)) for place in places)
    bench.panel.get_by_label("经度, 纬度（每行一点）").fill("\n".join(lines))
    bench.panel.get_by_role("button", name="按坐标修改位置").click()


def test_marks_are_one_stop_of_the_tab_key_and_the_arrows_go_from_one_to_the_next(bench):
    """Of five facilities one is reached by Tab; an arrow goes on without moving the map, and Enter chooses."""
    marks = bench.page.locator(".gpm-mark")
    expect(marks.and_(bench.page.locator("[tabindex='0']"))).to_have_count(1)
    marks.first.focus()
    before = bench.page.locator(".gpm").get_attribute("data-view")
    bench.page.keyboard.press("ArrowRight")
    expect(bench.page.locator(".gpm-mark:focus")).to_have_attribute("aria-label", re.compile("onerror"))
    assert bench.page.locator(".gpm").get_attribute("data-view") == before
    bench.page.keyboard.press("Enter")
    expect(bench.panel.get_by_label("名称")).to_have_value(HOSTILE)


def test_the_focus_stays_in_the_panel_where_its_form_gives_way_to_another(bench):
    """A site is typed and confirmed by keyboard: the form is gone, and the focus is on the parts of the panel."""
    settled(bench.page)
    field = bench.panel.get_by_label("经度, 纬度（每行一点）")
    field.fill("{:.7f}, {:.7f}".format(*lonlat(1000, 1000)))
    field.press("Tab")
    bench.page.keyboard.press("Enter")
    expect(bench.panel.get_by_label("名称")).to_be_visible()
    expect(bench.panel.locator("[role='radio']:focus")).to_have_count(1)


def fill_in(bench: Bench, what: str, *places: tuple[float, float]) -> None:
    """Type coordinates into the form, once the page is at rest."""
    settled(bench.page)
    bench.panel.get_by_label("内容").click()
    bench.page.get_by_role("option", name=what).click()
    text = "\n".join("{:.7f}, {:.7f}".format(*lonlat(*place)) for place in places)
    bench.panel.get_by_label("经度, 纬度（每行一点）").fill(text)
    bench.panel.get_by_role("button", name="确定").click()


def test_an_approved_scenario_can_be_looked_at_only(bench):
    """No tool to draw or change, no button that would be refused, and a word on why; asking and measuring go on."""
    with open_store(bench.app.workspace, write=True) as store:
        for revision, status in enumerate((Status.SUBMITTED, Status.APPROVED), start=1):
            store.set_status(bench.name, status, Signature("李工"), revision)
    bench.drawn(3)
    expect(bench.panel).to_contain_text("已批准")
    expect(bench.page.locator('[data-tool="site"]')).to_have_count(0)
    expect(bench.page.locator('[data-tool="measure"]')).to_have_count(1)
    settled(bench.page)
    bench.panel.get_by_label("内容").click()
    expect(bench.page.get_by_role("option")).to_have_text(["查询地点（一点）", "沿路网测距（至少两点）"])
    bench.page.keyboard.press("Escape")
    bench.click(500, 500)
    for name in ("保存属性", "撤并这处设施"):
        expect(bench.panel.get_by_role("button", name=name)).to_be_disabled()


def test_what_cannot_be_stored_is_refused_in_words_and_stays_in_the_form(bench):
    """A name with a control character, a name of blanks: the field is called by its word, the map is there, and nothing was stored."""
    bench.click(500, 500)
    name = bench.panel.get_by_label("名称")
    for typed, told in (("甲\x07乙", "“名称”含有不能保存的控制字符"), ("   ", "字段“名称”有空值")):
        name.fill(typed)
        bench.panel.get_by_role("button", name="保存属性").click()
        expect(bench.page.locator(".gp-refused")).to_contain_text(told)
        expect(name).to_have_value(typed)
    bench.drawn(1)


def test_a_drawing_that_is_refused_leaves_map_and_panel_as_they_were(bench):
    """Outside the county: that is told over the map, which stays where it is, and nothing that is not there is chosen."""
    place = bench.map.root.bounding_box()
    fill_in(bench, "新建设施（一点）", (-9000, 1250))
    expect(bench.page.locator(".gp-refused").filter(has_text="位置在县域之外")).to_be_visible()
    settled(bench.page)
    assert bench.map.root.bounding_box() == place
    expect(bench.panel.get_by_role("radio", name="绘制")).to_be_checked()
    assert bench.edits == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_on_an_office_screen_every_tool_has_its_word_and_a_found_name_is_whole(bench, language):
    """No word of the bar is hidden or cut, and the list of names does not reach over the edge of the map."""
    bench.page.goto(f"{bench.app.url}/map?scenario={bench.name}&lang={language}")
    bench.drawn(1)
    bar, words = bench.page.locator(".gpm-toolbar"), bench.page.locator(".gpm-toolbar .gpm-word")
    expect(words).to_have_count(8)
    for word in words.all():
        expect(word).to_be_visible()
    assert bar.evaluate("bar => bar.scrollWidth <= bar.clientWidth")
    bench.page.locator(".gpm-search input").fill("街道")
    found = bench.page.locator(".gpm-search [role=option]").first
    expect(found).to_be_visible()
    inner, outer = found.bounding_box(), bench.map.root.bounding_box()
    assert inner is not None
    assert outer is not None
    assert inner["x"] + inner["width"] <= outer["x"] + outer["width"]
