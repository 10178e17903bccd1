"""The map component: its packing and its inbox as plain functions, its behaviour in Chromium with the internet shut off.

Places are clicked by longitude and latitude, through the map's own centre and zoom and the formula of Web Mercator.
"""

from __future__ import annotations

import base64
import json
import math
import re
import sys
import threading
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, get_args

import geopandas as gpd
import numpy as np
import pytest
import shapely
from accessibility import violations
from browser import LONG, ROOT, App, chromium, free_port, office_screen, running, served, watched
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import BrowserContext, Page, expect
from starlette.requests import Request
from starlette.responses import Response
from workspaces import Workspace

from geoplan.assess import assess
from geoplan.errors import LayerError, MapEventError, SettingsError
from geoplan.layers import load_layers
from geoplan.layers.schema import FACILITY_KINDS
from geoplan.model import REACH_LABELS, Reach
from geoplan.report import style
from geoplan.standards import load_pack
from geoplan.web import basemap, glances, map_layers
from geoplan.web.map_component import Drew, Undo, pack_look, pack_places
from geoplan.web.map_component.inbox import Inbox
from geoplan.web.map_component.view import Symbol, View, message
from geoplan.web.published import OnDemand, Payload, Store

CLIENT = "0123456789abcdef" * 2
ARROW_PX = 80  # that the map moves at an arrow key
HOSTILE = "<img src=x onerror=alert(1)>{{7*7}}"
RING = [(112.83, 22.63), (112.88, 22.63), (112.88, 22.67), (112.83, 22.67)]
expect.set_options(timeout=LONG)


# --- packing


def _unpacked(payload: Payload) -> dict[str, Any]:
    return json.loads(payload.content)


def _integers(packed: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(packed), "<i4")


def _degrees(geometry: list[Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=geometry, crs="EPSG:4326")


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=20))
def test_packed_points_are_the_points_to_a_centimetre(points):
    """Unpacked by hand, each coordinate differs by at most half of 1e-7 degrees."""
    packed = _unpacked(pack_places(_degrees(list(shapely.points(points)))))
    back = _integers(packed["coordinates"]).reshape(-1, 2) / 1e7
    assert np.abs(back - np.asarray(points)).max() <= 0.5e-7 + 1e-12
    assert packed["offsets"] == []


def test_packed_polygons_come_back_with_their_holes_and_parts():
    """Offsets nest coordinates in rings, rings in polygons, polygons in features: shapely rebuilds the same shapes."""
    holed = shapely.Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (2, 1), (2, 2)]])
    shapes = [holed, shapely.MultiPolygon([shapely.box(5, 5, 6, 6), shapely.box(7, 7, 8, 8)])]
    packed = _unpacked(pack_places(_degrees(shapes), ["a", "b"], ["甲", "乙"], labelled=True))
    offsets = tuple(_integers(level) for level in packed["offsets"])
    coordinates = _integers(packed["coordinates"]).reshape(-1, 2) / 1e7
    back = shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, coordinates, offsets)
    assert all(shapely.equals(back, shapes))
    anchors = shapely.points(_integers(packed["anchors"]).reshape(-1, 2) / 1e7)
    assert all(shapely.contains(shapes, anchors))


def test_what_cannot_be_drawn_is_refused_in_words():
    """A row without a geometry, and points beside lines in one layer."""
    with pytest.raises(LayerError, match="第 2 行没有几何"):
        pack_places(_degrees([shapely.Point(1, 1), None]))
    with pytest.raises(LayerError, match="不同种类"):
        pack_places(_degrees([shapely.Point(1, 1), shapely.LineString([(0, 0), (1, 1)])]))


def test_another_content_has_another_digest():
    """Payloads are told apart by every class, note and radius, and equal ones are not."""
    frame = _degrees([shapely.Point(1, 1)])
    payloads = [
        pack_look([0]),
        pack_look([1]),
        pack_look([0], ["x"]),
        pack_places(frame),
        pack_places(frame, radii=[2.0]),
    ]
    assert len({payload.digest for payload in payloads}) == 5
    assert pack_look([0]).digest == pack_look([0]).digest


def test_a_full_store_forgets_what_was_published_longest_ago():
    """Three payloads of forty bytes in a store of a hundred: the one not published again goes."""
    store = Store(most_bytes=100)
    one, two, three = (Payload(bytes([number]) * 40) for number in range(3))
    for payload in (one, two, one, three):
        store.put(payload)
    assert [store.get(payload.digest) is not None for payload in (one, two, three)] == [True, False, True]


# --- a county as layers


def test_the_layers_of_a_county_say_what_its_tables_say(small: Workspace, tmp_path: Path):
    """Each township, home and facility is there under its id, with the class that the account gives it."""
    assessment = assess(load_layers(small.write(tmp_path)), load_pack("heshan"), year=2025)
    coverage = assessment.coverages[0]
    layers = {layer.id: layer for layer in map_layers.findings(assessment, coverage, editable=True)}
    homes = layers["demand"]
    classes = np.frombuffer(base64.b64decode(_unpacked(homes.look)["classes"]), np.uint8)
    assert _unpacked(homes.places)["ids"] == list(assessment.layers.frames["demand"]["demand_id"])
    reach = dict(zip(_unpacked(homes.places)["ids"], (homes.styles[one].label for one in classes), strict=True))
    assert reach == {
        home: REACH_LABELS[Reach(found)]
        for home, found in zip(coverage.demand["demand_id"], coverage.demand["reach"], strict=True)
    }
    facilities = _unpacked(layers["facilities"].places)
    assert facilities["ids"] == list(assessment.layers.frames["facilities"]["facility_id"])
    assert layers["facilities"].editable
    assert {layer.id for layer in map_layers.ground(assessment.layers)} <= {"water", "roads", "lanes"}


def test_every_symbol_of_the_style_table_is_one_that_the_map_draws():
    """And every kind of facility has one, and no two kinds the same."""
    used = [*style.FACILITY_SYMBOLS.values(), *style.REACH_SYMBOLS.values(), *style.OUTCOME_SHAPES.values()]
    assert set(used) <= set(get_args(Symbol))
    assert set(FACILITY_KINDS) == set(style.FACILITY_SYMBOLS)
    assert len(set(style.FACILITY_SYMBOLS.values())) == len(FACILITY_KINDS)


def _areas() -> gpd.GeoDataFrame:
    """A and B overlap by half, C only touches A, D of another service lies upon A, E reaches nothing."""
    boxes = [(0, 0, 1000, 1000), (500, 0, 1500, 1000), (0, 1000, 500, 2000), (0, 0, 1000, 1000)]
    shapes = [*(shapely.MultiPolygon([shapely.box(*box)]) for box in boxes), shapely.MultiPolygon()]
    columns = {"facility_id": list("ABCDE"), "kind": ["care", "care", "care", "canteen", "care"], "minutes": [15] * 5}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4547")


def test_a_glance_at_a_facility_is_its_area_and_what_no_other_of_the_service_serves():
    """Half of A is shared with B; whoever only touches it, or offers something else, takes nothing away."""
    found = glances.own_and_alone(_areas(), "A")
    assert found is not None
    minutes, own, alone = found
    assert (minutes, own.bounds, alone.bounds) == (15, (0, 0, 1000, 1000), (0, 0, 500, 1000))
    offered = glances.of_facilities(_areas())
    told = _unpacked(offered.make("A"))
    assert told["note"].replace("\xa0", " ") == "15分钟范围 1.00 km²，其中只有它服务的 0.50 km²"
    assert [len(_integers(level)) for level in told["places"]["offsets"]] == [3, 3]  # two areas of a ring each
    for nobody in ("E", "none", "<img>"):
        assert _unpacked(offered.make(nobody))["places"]["coordinates"] == ""


def test_what_is_made_on_demand_is_made_only_when_a_browser_asks():
    """Nothing is made before; another token has nothing; of too many offers the oldest is gone."""
    asked: list[str] = []
    offers = [OnDemand(lambda name: asked.append(name) or Payload(name.encode())) for _number in range(257)]
    store = Store()
    for one in offers:
        store.offer(one)
    assert asked == []
    assert store.make(offers[1].token, "甲/乙") == Payload("甲/乙".encode())
    assert (store.make(offers[0].token, "甲"), store.make("x", "甲"), asked) == (None, None, ["甲/乙"])


# --- the inbox


def _message(*records: dict[str, Any], client: str = CLIENT) -> dict[str, Any]:
    return {"client": client, "session": "s", "events": list(records)}


def _undo(sequence: int) -> dict[str, Any]:
    return {"type": "undo", "sequence": sequence, "revision": 4}


def _drawn(geometry: dict[str, Any], sequence: int = 1) -> dict[str, Any]:
    return {"type": "drew", "sequence": sequence, "revision": 0, "tool": "site", "geometry": geometry}


@given(st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_each_event_is_taken_once_and_in_order_however_often_it_is_sent(lasts):
    """Messages that each repeat all events up to some number bring every event up to the highest number exactly once."""
    inbox, taken, had = Inbox(), [], 0
    for last in lasts:
        records = [_undo(sequence) for sequence in range(last, had if last > had else 0, -1)]
        taken += [event.id for event in inbox.receive(_message(*records)).events]
        had = max(had, last)
    assert taken == [f"{CLIENT}-{sequence}" for sequence in range(1, max(lasts) + 1)]


def test_what_another_page_tells_of_one_that_is_gone_is_taken_once():
    """The first event was had from the page itself, the second is new, and told by a third page it is known; its id is that of the first page."""
    inbox, heir, third = Inbox(), "e" * 32, "f" * 32
    inbox.receive(_message(_undo(1)))
    left = [{**_undo(number), "origin": [CLIENT, number]} for number in (1, 2)]
    assert [event.id for event in inbox.receive(_message(*left, client=heir)).events] == [f"{CLIENT}-2"]
    assert inbox.receive(_message(*left, client=third)).events == ()
    assert inbox.receive(_message(_undo(1), {**_undo(2), "origin": ["x", 1]}, client="d" * 32)).refused


def test_two_browser_pages_are_counted_apart():
    """The first event of another page is not taken for a repetition; ids differ."""
    inbox, other = Inbox(), "f" * 32
    first = inbox.receive(_message(_undo(1))).events
    second = inbox.receive(_message(_undo(1), client=other)).events
    assert [type(event) for event in first + second] == [Undo, Undo]
    assert first[0].id != second[0].id


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Point", "coordinates": [181, 0]},
        {"type": "Point", "coordinates": [float("nan"), 0]},
        {"type": "Point", "coordinates": []},
        {"type": "Point", "coordinates": ["a", "b"]},
        {"type": "Point", "coordinates": [1, 2, 3]},
        {"type": "LineString", "coordinates": [[1, 2]]},
        {"type": "GeometryCollection", "geometries": []},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
        {"type": "LineString", "coordinates": [[number / 1e4, 0] for number in range(20_001)]},
        {},
        None,
        7,
    ],
)
def test_a_shape_that_cannot_be_used_is_refused_and_not_asked_for_again(geometry):
    """Out of this world, not finite, empty, too long, crossing itself: dropped with a reason, later events go on."""
    received = Inbox().receive(_message(_drawn(geometry), _undo(2)))
    assert [event.id for event in received.events] == [f"{CLIENT}-2"]
    assert len(received.refused) == 1
    assert received.sequence == 2


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
KEYS = st.sampled_from(["client", "events", "type", "sequence", "geometry"])
ANYTHING = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=12)


@given(ANYTHING)
def test_any_message_is_read_or_refused(message):
    """Whatever a browser sends, nothing comes of it but events or the one error that says so."""
    with suppress(MapEventError):
        assert Inbox().receive(message).events == ()


def test_a_drawing_keeps_its_coordinates_and_its_revision():
    """The point that was drawn is the point that arrives."""
    (event,) = Inbox().receive(_message(_drawn({"type": "Point", "coordinates": [112.9705076, 22.799867]}))).events
    assert event == Drew(id=f"{CLIENT}-1", revision=0, tool="site", geometry=shapely.Point(112.9705076, 22.799867))


# --- tiles


def test_tiles_go_through_the_server_and_their_key_stays_there(monkeypatch):
    """The browser gets addresses of our own host; without a setting there is no background at all."""
    monkeypatch.delenv(basemap.ADDRESS, raising=False)
    assert basemap.basemap() is None
    monkeypatch.setenv(basemap.ADDRESS, "https://a.example/{z}/{x}/{y}?tk=SECRET https://b.example/{z}/{x}/{y}")
    monkeypatch.setenv(basemap.CREDIT, "天地图")
    found = basemap.basemap()
    assert found is not None
    assert found.tiles == tuple(f"/_geoplan/tiles/{place}/{{z}}/{{x}}/{{y}}" for place in (0, 1))
    assert found.credit == "天地图"


@pytest.mark.parametrize(
    "address", ["ftp://a/{z}/{x}/{y}", "https://a.example/{z}/{x}", "{z}/{x}/{y}", "file:///{z}{x}{y}"]
)
def test_an_address_that_is_not_one_of_tiles_is_refused_in_words(monkeypatch, address):
    """The setting is named."""
    monkeypatch.setenv(basemap.ADDRESS, address)
    with pytest.raises(SettingsError, match=basemap.ADDRESS):
        basemap.basemap()


class _Tiles(BaseHTTPRequestHandler):
    """A service that gives a picture with its path in it, and a page of text where somebody asks for column 9."""

    def do_GET(self) -> None:
        """Answer."""
        kind = "text/html" if "/9/" in self.path else "image/png"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


def test_a_tile_is_passed_on_and_nothing_else(monkeypatch):
    """The service is asked with its key; what is no picture, no tile, or nobody's, is an error without a word."""
    service = ThreadingHTTPServer(("127.0.0.1", 0), _Tiles)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    monkeypatch.setenv(basemap.ADDRESS, f"http://127.0.0.1:{service.server_port}/{{z}}/{{x}}/{{y}}?tk=SECRET")

    def ask(place: int, z: int, x: int, y: int) -> Response:
        path = {"place": place, "z": z, "x": x, "y": y}
        return basemap.route().endpoint(Request({"type": "http", "path_params": path}))

    try:
        assert ask(0, 4, 3, 2).body == b"/4/3/2?tk=SECRET"
        statuses = [ask(*tile).status_code for tile in ((0, 4, 9, 2), (0, 4, 16, 2), (1, 4, 3, 2), (0, 30, 3, 2))]
        assert statuses == [502, 404, 404, 404]
    finally:
        service.shutdown()
        service.server_close()


# --- in the browser


@dataclass
class Map:
    """The map on a page, spoken to in degrees."""

    page: Page

    def __post_init__(self) -> None:
        self.root = self.page.locator(".gpm")

    @property
    def revision(self) -> int:
        """What is drawn."""
        return int(self.root.get_attribute("data-revision") or -1)

    @property
    def view(self) -> tuple[float, float, float]:
        """Longitude and latitude of the middle, and the zoom."""
        lon, lat, zoom = (self.root.get_attribute("data-view") or "").split()
        return float(lon), float(lat), float(zoom)

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        """Where a place is on the screen."""
        middle_lon, middle_lat, zoom = self.view
        box = self.page.locator(".gpm-map").bounding_box()
        assert box is not None
        scale = 256 * 2**zoom

        def north(degrees: float) -> float:
            return math.asinh(math.tan(math.radians(degrees))) / (2 * math.pi)

        x = (lon - middle_lon) / 360 * scale
        y = (north(middle_lat) - north(lat)) * scale
        return box["x"] + box["width"] / 2 + x, box["y"] + box["height"] / 2 + y

    @property
    def pixel(self) -> float:
        """Degrees of longitude that a pixel is wide."""
        return 360 / (256 * 2 ** self.view[2])

    def near(self, wkt: str, *places: tuple[float, float]) -> bool:
        """Whether a shape has corners at these places, to two pixels: the mouse and the map each keep to whole ones."""
        corners = shapely.get_coordinates(shapely.from_wkt(wkt))
        return all(np.abs(corners - place).max(axis=1).min() < 2 * self.pixel for place in places)

    def click(self, lon: float, lat: float) -> None:
        """Click a place."""
        self.page.mouse.move(*self.at(lon, lat))
        self.page.mouse.click(*self.at(lon, lat))

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag from one place to another."""
        self.page.mouse.move(*self.at(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.at((start[0] + end[0]) / 2, (start[1] + end[1]) / 2), steps=4)
        self.page.mouse.move(*self.at(*end), steps=4)
        self.page.mouse.up()

    def tool(self, name: str) -> None:
        """Take up a tool, or lay it down."""
        self.page.locator(f".gpm-button[data-tool='{name}']").click()

    @contextmanager
    def revisions(self, more: int = 1) -> Iterator[None]:
        """Wait until so many revisions later are drawn and every event is acknowledged."""
        wanted = self.revision + more
        yield
        expect(self.root).to_have_attribute("data-revision", str(wanted))
        expect(self.root).to_have_attribute("data-unacknowledged", "0")

    def point(self, lon: float, lat: float) -> None:
        """Draw a site."""
        with self.revisions():
            self.tool("site")
            self.click(lon, lat)

    def polygon(self, ring: list[tuple[float, float]]) -> None:
        """Draw a parcel."""
        with self.revisions():
            self.tool("parcel")
            for corner in [*ring, ring[0]]:
                self.click(*corner)

    @property
    def events(self) -> list[dict[str, Any]]:
        """What Python got, which the page shows."""
        text = self.page.get_by_test_id("stCode").filter(has_text=f'"revision": {self.revision},').inner_text()
        return json.loads(text)["events"]


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The page with nothing but the map."""
    folder = tmp_path_factory.mktemp("map")
    with served(ROOT / "tests" / "map_harness" / "app.py", folder, folder / "log") as app:
        yield app


@pytest.fixture(scope="module")
def context() -> Iterator[BrowserContext]:
    """A window on an office screen."""
    with chromium() as browser:
        yield office_screen(browser)


@pytest.fixture
def opened(harness: App, context: BrowserContext) -> Iterator[Any]:
    """Opens the harness with a query, and watches it."""
    with watched(context) as page:

        def open_map(query: str = "") -> Map:
            page.goto(f"{harness.url}/?{query}")
            expect(page.locator(".gpm")).to_have_attribute("data-revision", "0")
            return Map(page)

        yield open_map


def test_what_is_drawn_arrives_where_it_was_drawn(opened):
    """A point, a polygon and a line, clicked by longitude and latitude."""
    plan = opened()
    plan.point(112.90, 22.70)
    plan.polygon(RING)
    with plan.revisions():
        plan.tool("link")
        for place in [(112.85, 22.72), (112.95, 22.72), (112.95, 22.76), (112.95, 22.76)]:
            plan.click(*place)
    point, polygon, line = plan.events
    assert (point["tool"], polygon["tool"], line["tool"]) == ("site", "parcel", "link")
    assert plan.near(point["geometry"], (112.90, 22.70))
    assert plan.near(polygon["geometry"], *RING)
    assert plan.near(line["geometry"], (112.85, 22.72), (112.95, 22.72), (112.95, 22.76))
    assert [event["revision"] for event in plan.events] == [0, 1, 2]
    expect(plan.root).to_have_attribute("data-pending", "0")


def test_shapes_are_moved_reshaped_and_deleted_under_their_own_id(opened):
    """A dragged site, a dragged corner of a parcel and a deleted site each name the feature that was drawn."""
    plan = opened()
    plan.point(112.90, 22.70)
    plan.polygon(RING)
    plan.tool("move")
    with plan.revisions():
        plan.drag((112.90, 22.70), (112.95, 22.74))
    plan.tool("edit")
    with plan.revisions():
        plan.drag(RING[2], (112.90, 22.69))
    plan.tool("delete")
    with plan.revisions():
        plan.click(112.95, 22.74)
    drew_site, drew_parcel, moved, edited, deleted = plan.events
    assert [event["type"] for event in (moved, edited, deleted)] == ["Moved", "Edited", "Deleted"]
    assert moved["feature"] == deleted["feature"] == f"site-{drew_site['id']}"
    assert edited["feature"] == f"parcel-{drew_parcel['id']}"
    assert plan.near(moved["geometry"], (112.95, 22.74))
    assert plan.near(edited["geometry"], RING[0], RING[1], (112.90, 22.69), RING[3])
    expect(plan.page.locator(".gpm-mark")).to_have_count(0)


def test_a_corner_beside_a_mark_is_set_where_it_is_clicked(opened):
    """Within the field of a site's symbol, ten pixels from its middle; the polygon is closed there as well."""
    plan = opened()
    plan.point(*RING[0])
    beside = (RING[0][0] + 10 * plan.pixel, RING[0][1])
    plan.polygon([beside, *RING[1:]])
    assert plan.near(plan.events[-1]["geometry"], beside)


def test_a_polygon_moves_as_a_whole(opened):
    """Dragged by its inside, every corner moves by the same way."""
    plan = opened()
    plan.polygon(RING)
    plan.tool("move")
    with plan.revisions():
        plan.drag((112.855, 22.65), (112.955, 22.69))
    assert plan.events[-1]["type"] == "Moved"
    assert plan.near(plan.events[-1]["geometry"], *((lon + 0.1, lat + 0.04) for lon, lat in RING))


def test_an_edit_that_is_not_taken_is_put_back(opened):
    """Python acknowledges and changes nothing: the pending shape goes away."""
    plan = opened("refuse=1")
    plan.point(112.90, 22.70)
    assert plan.events[0]["type"] == "Drew"
    expect(plan.page.locator(".gpm-mark")).to_have_count(0)
    expect(plan.root).to_have_attribute("data-pending", "0")


@pytest.mark.parametrize("query", ["", "work=0.1"])
def test_ten_edits_in_a_burst_arrive_once_each_and_in_order(opened, query):
    """Keys pressed faster than Python runs: ten events, ten ids, in order, and again ten; also while it is at work on them."""
    plan = opened(query)
    for turn in (1, 2):
        with plan.revisions(10):
            for key in ["Control+z", "Control+y"] * 5:
                plan.page.keyboard.press(key)
        assert [event["type"] for event in plan.events] == ["Undo", "Redo"] * (5 * turn)
    assert [int(event["id"].rsplit("-", 1)[1]) for event in plan.events] == list(range(1, 21))


def test_undo_and_redo_bring_back_the_very_same_shapes(opened):
    """By key and by button; a key pressed while drawing takes back a corner and no edit."""
    plan = opened()
    plan.point(112.90, 22.70)
    marks = plan.page.locator(".gpm-mark")
    expect(marks).to_have_count(1)
    with plan.revisions():
        plan.page.keyboard.press("Control+z")
    expect(marks).to_have_count(0)
    with plan.revisions():
        plan.page.get_by_role("button", name="重做").click()
    expect(marks).to_have_count(1)
    plan.tool("parcel")
    for corner in [*RING[:2], (112.99, 22.75)]:
        plan.click(*corner)
    plan.page.keyboard.press("Control+z")
    with plan.revisions():
        for corner in [*RING[2:], RING[0]]:
            plan.click(*corner)
    assert [event["type"] for event in plan.events] == ["Drew", "Undo", "Redo", "Drew"]
    assert len(shapely.get_coordinates(shapely.from_wkt(plan.events[-1]["geometry"]))) == 5


def test_the_map_keeps_its_place_and_is_not_mounted_again(opened):
    """After edits zoom and middle are what the planner chose, and the element is the same; after a reload too."""
    plan = opened()
    before = plan.view[2]
    plan.page.get_by_role("button", name="放大").click()
    expect(plan.root).to_have_attribute("data-view", re.compile(f" {before + 1:g}$"))
    zoomed = plan.root.get_attribute("data-view") or ""
    plan.page.locator(".gpm-map").press("ArrowRight")
    expect(plan.root).not_to_have_attribute("data-view", zoomed)
    chosen = plan.root.get_attribute("data-view") or ""
    plan.page.locator(".gpm").evaluate("element => { element.mark = 'the same'; }")
    plan.point(112.90, 22.70)
    assert plan.root.get_attribute("data-view") == chosen
    assert plan.page.locator(".gpm").evaluate("element => element.mark") == "the same"
    plan.page.reload()
    expect(plan.root).to_have_attribute("data-view", chosen)


def test_marks_lie_in_one_plane(opened):
    """However many there are, the browser puts no planes together for them; after a zoom too they stand where they were drawn."""
    plan = opened("dots=0")
    for lon in (112.88, 112.90):
        plan.point(lon, 22.70)
    before = plan.view[2]
    plan.page.get_by_role("button", name="放大").click()
    expect(plan.root).to_have_attribute("data-view", re.compile(f" {before + 1:g}$"))  # it has come to rest
    expect(plan.page.locator(".leaflet-zoom-anim")).to_have_count(0)
    moved = plan.page.locator(".gpm-mark").evaluate_all("marks => marks.map(mark => mark.style.transform)")
    assert len(moved) == 2
    assert not [how for how in moved if "3d" in how]
    for mark, lon in zip(plan.page.locator(".gpm-mark").all(), (112.88, 112.90), strict=True):
        box, at = mark.bounding_box(), plan.at(lon, 22.70)
        assert box is not None
        assert abs(box["x"] + box["width"] / 2 - at[0]) < 1
        assert abs(box["y"] + box["height"] / 2 - at[1]) < 1


def test_names_are_text_and_never_html(opened):
    """A township called like an attack is written in the label, the search and the answer, letter by letter."""
    plan = opened(f"name={HOSTILE}&answer=1")
    expect(plan.page.locator(".gpm-name").filter(has_text=HOSTILE)).to_have_text(HOSTILE)
    plan.page.get_by_role("combobox").fill("onerror")
    expect(plan.page.get_by_role("option").first).to_contain_text(HOSTILE)
    with plan.revisions():
        plan.page.get_by_role("combobox").press("Enter")
    assert plan.events[-1]["feature"] == "T1"
    expect(plan.page.locator(".gpm-answer strong")).to_have_text("T1")
    box = plan.page.locator(".gpm-map").bounding_box()
    assert box is not None
    # Below the middle, where the map is still on its way to what was found: it arrives under a pointer that rests.
    plan.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 + 40)
    expect(plan.page.locator(".gpm-tip strong")).to_have_text(HOSTILE)
    expect(plan.page.locator(".gpm-tip")).to_be_visible()
    expect(plan.page.locator(".gpm img")).to_have_count(0)


def test_a_tip_tells_what_lies_under_a_pointer_that_rests_while_the_map_moves(opened):
    """The map is moved by keyboard: a township comes under the pointer, and it leaves again."""
    plan = opened("dots=0")
    tip, frame = plan.page.locator(".gpm-tip"), plan.page.locator(".gpm-map")
    frame.focus()
    beside, within = plan.at(112.77, 22.64), plan.at(112.83, 22.64)
    plan.page.mouse.move(*beside)
    expect(tip).to_be_hidden()
    steps = round((within[0] - beside[0]) / ARROW_PX)
    for key, seen in (("ArrowRight", True), ("ArrowLeft", False)):
        for _step in range(steps):
            before = plan.root.get_attribute("data-view") or ""
            frame.press(key)
            expect(plan.root).not_to_have_attribute("data-view", before)
        expect(tip).to_be_visible(visible=seen)
    assert steps > 0


def test_a_click_tells_the_feature_and_the_place(opened):
    """On a township its id, beside all of them no id; in both cases where it was."""
    plan = opened("dots=0")
    with plan.revisions():
        plan.click(112.83, 22.64)
    with plan.revisions():
        plan.click(112.77, 22.69)
    on, beside = plan.events
    assert (on["layer"], on["feature"]) == ("townships", "T1")
    assert (beside["layer"], beside["feature"]) == ("", "")
    assert abs(beside["lon"] - 112.77) < 2 * plan.pixel
    assert abs(beside["lat"] - 22.69) < 2 * plan.pixel


def test_python_says_what_waits_what_runs_and_where_to_look(opened):
    """A pending shape, the work under way and a box to fly to, once; where the map comes to rest arrives in Python."""
    plan = opened("extras=1")
    expect(plan.root).to_have_attribute("data-pending", "1")
    expect(plan.page.locator(".gpm-hint")).to_have_text("正在计算可达范围")
    expect(plan.root).to_have_attribute("data-revision", "1")  # the map came to rest
    assert plan.events[0]["type"] == "Viewed"
    assert plan.view[2] == plan.events[0]["zoom"] > 12
    assert plan.events[0]["lon"] == pytest.approx(112.83, abs=0.01)
    with plan.revisions():
        plan.page.get_by_role("button", name="缩小").click()
    assert plan.view[2] == plan.events[1]["zoom"] == plan.events[0]["zoom"] - 1


def test_a_layer_is_switched_off_and_stays_off(opened):
    """Homes that are switched off are neither drawn nor clicked, after a new revision and a reload as well; a folded legend stays folded."""
    plan = opened("dots=2000")
    switch = plan.page.get_by_role("checkbox", name="居民点")
    canvas = plan.page.locator("canvas.gpm-dots")
    expect(canvas).to_have_count(1)
    switch.uncheck()
    expect(canvas).to_have_count(0)
    fold = plan.page.get_by_role("button", name="图层与图例")
    fold.click()
    plan.point(112.90, 22.70)
    expect(canvas).to_have_count(0)
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(switch).to_be_hidden()
    plan.page.reload()
    expect(switch).not_to_be_checked()
    expect(canvas).to_have_count(0)


def test_a_search_result_of_a_layer_that_is_off_switches_it_on(opened):
    """The home that was found is drawn, marked in the switch and told to Python; what lies above comes first."""
    plan = opened("dots=20&name=村7")
    switch = plan.page.get_by_role("checkbox", name="居民点")
    switch.uncheck()
    plan.page.get_by_role("combobox").fill("村7")
    expect(plan.page.get_by_role("option").first).to_contain_text("居民点")
    with plan.revisions():
        plan.page.get_by_role("option").first.click()
    assert (plan.events[-1]["layer"], plan.events[-1]["feature"]) == ("homes", "D7")
    expect(switch).to_be_checked()
    expect(plan.page.locator("canvas.gpm-dots")).to_have_count(1)


def test_a_hundred_thousand_dots_are_drawn_and_recoloured(opened):
    """They cover the canvas; an edit turns their classes and so their colours, which come with the view; their places do not come again."""
    plan = opened("dots=100000")
    sent: list[str] = []
    plan.page.on("request", lambda request: sent.append(request.url))
    wire = plan.page.context.new_cdp_session(plan.page)
    came: list[int] = []
    wire.on("Network.webSocketFrameReceived", lambda told: came.append(len(told["response"]["payloadData"])))
    wire.send("Network.enable")
    counts = """canvas => { const d = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data; let n = 0;
      for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 99) n += 1; return n; }"""
    canvas = plan.page.locator("canvas.gpm-dots")
    assert canvas.evaluate(counts) > 100_000
    picture = canvas.evaluate("canvas => canvas.toDataURL()")
    plan.point(112.90, 22.70)
    assert canvas.evaluate("canvas => canvas.toDataURL()") != picture
    assert not [url for url in sent if "/_geoplan/published/" in url]
    assert 100_000 < sum(came) < 500_000  # a byte of each dot, in base64 twice; their places are 800,000 bytes


def test_a_distance_is_shown_straight_and_asked_for_along_the_roads(opened):
    """The straight length stands on the map as the haversine gives it, and the line arrives in Python."""
    plan = opened()
    with plan.revisions():
        plan.tool("measure")
        for place in [(112.85, 22.70), (112.95, 22.70), (112.95, 22.70)]:
            plan.click(*place)
    length = 2 * 6371.0088 * math.asin(math.cos(math.radians(22.70)) * math.sin(math.radians(0.05)))
    shown = re.search(r"([\d.]+) 公里", plan.page.locator(".gpm-hint").inner_text())
    assert shown is not None
    assert abs(float(shown[1]) - length) < 0.1
    assert plan.events[-1]["type"] == "Measured"


def test_the_map_is_used_by_keyboard_alone(opened):
    """A site drawn, taken up and put down elsewhere, a line of three corners, the ground asked about: each in the middle of the map."""
    plan = opened("dots=0")
    board, frame = plan.page.keyboard, plan.page.locator(".gpm-map")

    def take_up(tool: str) -> None:
        plan.page.locator(f".gpm-button[data-tool='{tool}']").focus()
        board.press("Enter")
        expect(frame).to_be_focused()

    def move_on(key: str) -> None:
        was = plan.view
        board.press(key)
        expect(plan.root).not_to_have_attribute("data-view", " ".join(map(str, was)))

    take_up("site")
    with plan.revisions():
        board.press("Space")
    assert plan.near(plan.events[-1]["geometry"], plan.view[:2])
    take_up("move")
    plan.page.locator(".gpm-mark").last.focus()
    board.press("Enter")
    expect(plan.root).to_have_attribute("data-carried", re.compile("."))
    expect(frame).to_be_focused()
    move_on("ArrowRight")
    with plan.revisions():
        board.press("Space")
    assert plan.events[-1]["type"] == "Moved"
    assert plan.near(plan.events[-1]["geometry"], plan.view[:2])
    board.press("Escape")
    take_up("link")
    corners = []
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        move_on(key)
        board.press("Space")
        corners.append(plan.view[:2])
        expect(plan.page.locator(".gpm-hint")).to_contain_text(str(len(corners)))
    with plan.revisions():
        board.press("Enter")
    assert plan.near(plan.events[-1]["geometry"], *corners)
    with plan.revisions():
        board.press("Space")
    assert plan.events[-1]["type"] == "Clicked"
    assert plan.near(f"POINT({plan.events[-1]['lon']} {plan.events[-1]['lat']})", plan.view[:2])


def test_every_control_has_a_name_and_every_word_its_language(opened):
    """In Chinese and in English no button is nameless, and none keeps the other language's words; axe-core finds no fault with a tool in hand."""
    for language, search in (("zh", "按名称查找"), ("en", "Find by name")):
        plan = opened(f"lang={language}")
        expect(plan.page.get_by_role("combobox", name=search)).to_be_visible()
        labels = [button.get_attribute("aria-label") or "" for button in plan.page.locator(".gpm button").all()]
        assert all(labels)
        words = " ".join(labels[3:])  # behind the harness's own tools
        assert bool(re.search(r"[一-鿿]", words)) == (language == "zh")
    plan.tool("site")
    plan.page.mouse.move(*plan.at(112.9, 22.7))  # there is a cross
    plan.page.get_by_role("combobox").fill("zzz")
    expect(plan.page.get_by_role("status").filter(has_text="No such name")).to_be_visible()
    assert violations(plan.page) == []


def test_a_lost_payload_is_asked_for_again(opened):
    """While the server does not give a layer that is too large to come with a view, the map keeps what it shows, and goes on by itself."""
    plan = opened("dots=300000")
    failures = iter(range(1))

    def once(route: Any) -> None:
        if next(failures, None) is None:
            route.continue_()
        else:
            route.fulfill(status=200, body="no JSON")

    plan.page.route("**/_geoplan/published/*", once)
    plan.tool("site")
    plan.click(112.90, 22.70)
    expect(plan.page.locator(".gpm-mark")).to_have_count(1)
    expect(plan.root).to_have_attribute("data-unacknowledged", "0")
    assert next(failures, None) is None


# A map of its own on the page: a view that Streamlit had already given up when it was mounted, then the one that overtook it.
OVERTAKEN = """async view => {
  const script = performance.getEntriesByType('resource').find(entry => entry.name.includes('geoplan.map/index-') && entry.name.endsWith('.js'));
  const mount = (await import(script.name)).default;
  const parentElement = document.body.appendChild(document.createElement('div'));
  const shown = revision => mount({ data: { ...view, revision }, parentElement, setTriggerValue: () => undefined });
  shown(1)();
  const first = parentElement.firstChild;
  const unmount = shown(2);
  const same = parentElement.children.length === 1 && parentElement.firstChild === first;
  parentElement.remove();
  unmount();
  return [same, parentElement.children.length];
}"""


def test_a_view_that_was_overtaken_does_not_take_the_map_away(opened):
    """Streamlit cleans up after it when the next one is there already: the map stays, and goes with its element."""
    plan = opened("dots=0")
    view = message(View(revision=0, place="here", home=(112.8, 22.6, 113.0, 22.8), layers=()), {}, "zh-CN")
    told = {"acknowledged": {"session": "s", "client": "", "sequence": 0}, "notice": "", "payloads": {}}
    assert plan.page.evaluate(OVERTAKEN, view | told) == [True, 0]


def test_a_map_that_just_came_keeps_what_is_drawn_on_it(opened):
    """Keys pressed from the first moment on, page after page: each event arrives, at the one map of the page."""
    for _visit in range(6):
        plan = opened("dots=0")
        plan.root.evaluate("element => { element.mark = 'the same'; }")
        with plan.revisions(10):
            for key in ["Control+z", "Control+y"] * 5:
                plan.page.keyboard.press(key)
        assert plan.root.evaluate("element => element.mark") == "the same"


def test_the_answers_carry_the_headers(harness: App, context: BrowserContext):
    """The page may use its own host only; a published payload may be kept for ever."""
    page = context.request.get(harness.url)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert context.request.get(f"{harness.url}/_geoplan/published/none").status == 404


def test_geoplan_app_serves_the_same_headers_on_the_port_it_is_given(tmp_path: Path, small: Workspace):
    """``geoplan app`` listens on this machine at that port, with the policy."""
    port = free_port()
    command = [sys.executable, "-m", "geoplan", "app", str(small.write(tmp_path / "place")), "--port", str(port)]
    with running(command, port, tmp_path, tmp_path / "log") as app, urllib.request.urlopen(app.url) as answer:  # noqa: S310 - our own address
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(app.url)  # noqa: S310 - gone with the command


def test_the_components_are_those_that_streamlit_looks_for():
    """The manifest inside the package names the distribution, the folder that the build hook fills, and those of the two scripts."""
    inner = tomllib.loads((ROOT / "geoplan" / "pyproject.toml").read_text(encoding="utf-8"))
    outer = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert inner["project"]["name"] == outer["project"]["name"]
    component, *scripts = inner["tool"]["streamlit"]["component"]["components"]
    for script in scripts:
        assert (ROOT / "geoplan" / script["asset_dir"] / f"{script['name']}.js").is_file()
    assert [script["name"] for script in scripts] == ["remember", "speak"]
    hook = (ROOT / "hatch_build.py").read_text(encoding="utf-8")
    assert f'BUNDLE = Path("geoplan/{component["asset_dir"]}")' in hook
