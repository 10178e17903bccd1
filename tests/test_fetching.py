"""A place's layers from OpenStreetMap: from servers on this machine that answer out of a real file."""

from __future__ import annotations

import copy
import socket
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import osmnx
import pytest
import shapely
from osm_server import OsmServer, read_elements, serving

from geoplan import __version__, crs
from geoplan.errors import FetchError, ManifestError
from geoplan.intake.beginning import begin
from geoplan.layers import load_layers, read_manifest
from geoplan.layers.osm import read_pbf
from geoplan.opendata import osm_tags
from geoplan.opendata.download import Downloaded, download
from geoplan.opendata.server import Servers

ANDORRA, ENCAMP, ORDINO = 9407, 2804755, 2804758
# Of the seventh parish the file lacks a part of the border.
WHOLE = (2804753, 2804755, 2804756, 2804757, 2804758, 2804759)
FULL = "Encamp, Andorra"
# Synthetic: the file of 2013 has no such facility.
ADDED = {
    "home": {"social_facility": "nursing_home", "amenity": "social_facility", "name": "试验养老院"},
    "beds": {"amenity": "nursing_home", "beds": "80", "operator:type": "public", "start_date": "2009-05"},
    "day": {"social_facility": "day_care", "social_facility:for": "senior", "name": "日间"},
    "children": {"social_facility": "group_home", "social_facility:for": "orphan", "name": "儿童之家"},
    "hospital": {"amenity": "hospital", "name": "Hospital"},
    "town": {"amenity": "hospital", "name": "试验镇卫生院（分院）"},
    "practice": {"amenity": "doctors", "name": "Dr. X"},
}


@pytest.fixture(scope="module")
def elements(shared) -> dict:
    """A real country, and some facilities."""
    path = shared / "data" / "andorra" / "andorra.osm.pbf"
    if not path.is_file():
        pytest.skip("../shared/data/andorra is not there")
    found = read_elements(path)
    middle = shapely.point_on_surface(OsmServer(found).area(ENCAMP))
    for number, tags in enumerate(ADDED.values(), start=900_000_000_001):
        place = {"lat": middle.y, "lon": middle.x + (number - 900_000_000_000) * 1e-5}
        found["node", number] = {"type": "node", "id": number, "tags": tags, **place}
    return found


@pytest.fixture
def server(elements) -> Iterator[OsmServer]:
    """It knows one parish by name."""
    made = OsmServer(copy.copy(elements))
    made.knows("Encamp", ENCAMP, FULL)
    with serving(made) as served:
        yield served


@pytest.fixture
def root(tmp_path) -> Path:
    """An empty workspace."""
    begin(tmp_path / "ws", "", "cn-national")
    return tmp_path / "ws"


def fetched(root: Path, server: OsmServer, name: str = "Encamp", only: tuple[str, ...] = (), **more) -> Downloaded:
    """What a fetch without patience brings."""
    servers = Servers(nominatim_url=server.url, overpass_url=server.url, patience=(0.0, 0.0))
    options = {"replace_entries": False, "progress": lambda _stage: None} | more
    return download(root, name, only, 500.0, servers, **options)


def files(root: Path) -> dict[Path, bytes]:
    """Everything in a workspace but what was answered and is kept for the day."""
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".fetch" not in path.parts}


def test_a_place_becomes_layers_with_their_source(server, root, geoplan):
    """Roads, units, facilities, clinics; each entry says from whom, under which licence, of which day and how; the asker says who it is."""
    urls = ("--nominatim-url", server.url, "--overpass-url", server.url)
    status, told, error = geoplan("fetch", "--place", "Encamp", "--dir", root, *urls, "--contact", "plan@example.org")
    assert status == 0, error
    assert FULL in told
    assert server.agents == {f"geoplan/{__version__} (plan@example.org)"}
    manifest = read_manifest(root)
    assert [entry.role for entry in manifest.layers] == ["roads", "units", "facilities", "clinics"]
    for entry in manifest.layers:
        assert (entry.source, entry.licence) == ("OpenStreetMap contributors", "ODbL 1.0")
        assert entry.as_of == date.today()  # noqa: DTZ011
        assert f"R{ENCAMP}" in entry.notes[0]
    frames = load_layers(root, complete=False).frames
    homes = frames["facilities"].set_index("name")
    assert homes["kind"].to_dict() == {
        "试验养老院": "care_home",
        "日间": "community_centre",
        "无名（OSM N900000000002）": "care_home",
    }
    assert homes["functions"].tolist() == ["full_residential", "full_residential", "day_care"]
    assert np.isnan(homes.loc["试验养老院", "beds"])
    assert homes.loc["无名（OSM N900000000002）", ["beds", "ownership", "open_year"]].tolist() == [80, "public", 2009]
    assert "1 处社会服务设施没有写明为老年人服务" in told
    kinds = frames["clinics"].set_index("clinic_id")["kind"]
    assert kinds[["N900000000005", "N900000000006"]].tolist() == ["hospital", "health_centre"]
    assert "N900000000007" not in kinds
    assert "诊所、门诊等看不出是哪一类" in told
    assert not (root / ".fetch").exists()
    assert not (root / ".intake").exists()


def test_the_roads_are_those_of_the_file(server, root, shared):
    """Inside the parish the fetched roads have the length of those that the PBF has, class by class, and meet at the same places."""
    fetched(root, server, only=("roads",))
    entry = read_manifest(root).entry("roads")
    ours = gpd.read_parquet(root / "layers" / entry.file)
    theirs = read_pbf(shared / "data" / "andorra" / "andorra.osm.pbf")
    area = server.area(ENCAMP)
    metric = crs.metric_crs(1.6, 42.57)

    def lengths(frame: gpd.GeoDataFrame) -> dict[str, float]:
        inside = gpd.GeoDataFrame(
            frame[["road_class"]], geometry=shapely.intersection(frame.geometry.to_numpy(), area), crs=4326
        )
        by_class = inside.to_crs(metric).geometry.length.groupby(inside["road_class"]).sum()
        return by_class[by_class > 0].round(2).to_dict()

    assert lengths(ours) == pytest.approx(lengths(theirs), rel=1e-6)
    assert sum(lengths(ours).values()) > 50_000
    assert set(ours["oneway"]) <= {"True", "False", "yes", "no", ""}


def test_units_are_the_place_and_the_first_level_below_it(server, root):
    """Of a country its parishes, with the place as their parent."""
    server.knows("Andorra", ANDORRA, "Andorra", shapely.union_all([server.area(each) for each in WHOLE]))
    done = fetched(root, server, "Andorra", ("units",))
    units = load_layers(root, complete=False).frames["units"].set_index("unit_code")
    assert set(units.index) == {f"r{each}" for each in (ANDORRA, *WHOLE)}
    assert units.loc[f"r{ANDORRA}", "level"] == "county"
    assert set(units.drop(f"r{ANDORRA}")["parent_code"]) == {f"r{ANDORRA}"}
    assert units.loc[f"r{ENCAMP}", "name"] == "Encamp"
    assert any("按乡登记" in line for line in done.told)


def test_a_name_of_several_places_is_never_decided(server, root):
    """They are listed with ids, any of which is accepted in the place of the name; nothing is fetched before."""
    server.knows("Sant", ENCAMP, FULL)
    server.knows("Sant", ORDINO, "Ordino, Andorra")
    with pytest.raises(FetchError, match="有 2 个") as caught:
        fetched(root, server, "Sant")
    assert f"R{ORDINO}  Ordino, Andorra" in str(caught.value)
    assert server.asked == ["place Sant"]
    assert fetched(root, server, f"R{ORDINO}", ("clinics", "units")).entries[0].role == "units"


def test_a_name_that_is_no_area_is_told(server, root, geoplan):
    """With what was found instead, each on its own line or in one; exit 2."""
    server.answers["Pas"] = [
        {"osm_type": "node", "osm_id": 1, "class": "place", "type": "village", "display_name": "Pas, Andorra"}
    ]
    with pytest.raises(FetchError, match="找到的只是：Pas, Andorra"):
        fetched(root, server, "Pas")
    urls = ("--nominatim-url", server.url, "--overpass-url", server.url)
    status, _told, error = geoplan("fetch", "--place", "Nowhere", "--dir", root, *urls)
    assert (status, "请核对名称" in error) == (2, True)


@pytest.mark.parametrize("failure", [500, 200, 'runtime error: Query timed out in "query" at line 1'])
def test_a_failure_in_the_middle_leaves_the_workspace_as_it_was(failure, server, root):
    """Neither files nor entries; a page of a portal or a part that the server could not finish is no answer; what was answered is not asked again."""
    before, roles = files(root), ("units", "facilities", "clinics")
    server.failures += [("healthcare", failure)] * 3
    with pytest.raises(FetchError, match="没有写入任何图层"):
        fetched(root, server, only=roles)
    assert files(root) == before
    asked = list(server.asked)
    server.failures.clear()
    fetched(root, server, only=roles)
    again = server.asked[len(asked) :]
    assert len(again) == 1
    assert "healthcare" in again[0]
    assert len(read_manifest(root).layers) == 3


def test_a_busy_server_is_waited_for(server, root):
    """Twice it asks for patience, then it answers."""
    server.failures += [("admin_level", 429), ("admin_level", 504)]
    fetched(root, server, only=("units",))
    assert sum("admin_level" in question for question in server.asked) == 3
    assert read_manifest(root).entry("units") is not None


def test_a_mirror_that_has_moved_is_followed(server, root):
    """A redirect is no answer yet and no failure."""
    servers = Servers(nominatim_url=f"{server.url}/moved", overpass_url=server.url, patience=())
    download(root, "Encamp", ("units",), 0.0, servers, replace_entries=False, progress=lambda _stage: None)
    assert read_manifest(root).entry("units") is not None


def test_layers_that_are_there_are_kept_unless_told(server, root):
    """Nothing is asked of a server; with ``--replace`` the new one takes the place and the old file stays."""
    fetched(root, server, only=("units",))
    old = files(root)
    server.asked.clear()
    with pytest.raises(ManifestError, match="--replace"):
        fetched(root, server)
    assert server.asked == []
    fetched(root, server, only=("units",), replace_entries=True)
    assert old.keys() < files(root).keys()
    assert read_manifest(root).entry("units").file == "units-2.gpkg"


def test_what_openstreetmap_does_not_have_is_not_written(server, root):
    """It is told, and that it need not be so on the ground."""
    for number in range(900_000_000_001, 900_000_000_001 + len(ADDED)):
        server.elements.pop(("node", number))
    done = fetched(root, server, only=("facilities", "units"))
    assert [entry.role for entry in done.entries] == ["units"]
    assert any("不等于实际没有" in line for line in done.told)


def test_without_internet_the_way_out_is_told(root, geoplan):
    """Nobody listens at the address: one line with what to do, no layer, and osmnx as it was."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        settings = (osmnx.settings.http_user_agent, osmnx.settings.cache_folder, socket.getaddrinfo)
        before = files(root)
        status, _told, error = geoplan("fetch", "--place", "鹤山市", "--dir", root, "--nominatim-url", url)
    assert (status, error.count("\n")) == (2, 1)
    for word in ("没有互联网", "geoplan cut", "--overpass-url"):
        assert word in error
    assert files(root) == before
    assert settings == (osmnx.settings.http_user_agent, osmnx.settings.cache_folder, socket.getaddrinfo)


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"social_facility": "nursing_home"}, osm_tags.Kind("care_home", "full_residential")),
        ({"amenity": "retirement_home"}, osm_tags.Kind("care_home", "full_residential")),
        ({"social_facility": "nursing_home", "social_facility:for": "disabled"}, None),
        (
            {"social_facility": "nursing_home", "social_facility:for": "disabled;senior"},
            osm_tags.Kind("care_home", "full_residential"),
        ),
        ({"social_facility": "assisted_living", "social_facility:for": "senior"}, osm_tags.Kind("care_home")),
        ({"social_facility": "assisted_living"}, None),
        ({"social_facility": "day_care"}, None),
        ({"social_facility": "shelter", "social_facility:for": "senior"}, None),
        ({"amenity": "community_centre"}, None),
    ],
)
def test_facilities_are_what_their_tags_say(tags, kind):
    """Only what is for the old; functions only where the tag means them."""
    assert osm_tags.facility_kind(tags) == kind


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"amenity": "hospital", "name": "鹤山市人民医院"}, "hospital"),
        ({"amenity": "hospital", "name": "龙口镇卫生院"}, "health_centre"),
        ({"amenity": "clinic", "name": "沙坪街道社区卫生服务中心"}, "community_health"),
        ({"amenity": "clinic", "name": "北湖社区卫生服务站"}, "community_health"),
        ({"amenity": "doctors", "name": "福迳村卫生站"}, "village_clinic"),
        ({"amenity": "clinic", "name": "某某口腔门诊部"}, None),
        ({"healthcare": "hospital"}, "hospital"),
        ({"amenity": "clinic"}, None),
    ],
)
def test_clinics_are_what_their_names_end_in(tags, kind):
    """Else what the tag says; practices are none of the kinds."""
    assert osm_tags.clinic_kind(tags) == kind


def test_numbers_are_taken_only_where_they_are_numbers():
    """Capacity is of people; a range or an estimate is unknown."""
    assert osm_tags.beds({"capacity": "80"}) is None
    assert osm_tags.beds({"beds": "~80"}) is None
    assert osm_tags.open_year({"start_date": "1990s"}) is None
    assert osm_tags.open_year({"start_date": "2009-05-01"}) == 2009
    assert osm_tags.ownership({"operator:type": "ngo"}) == ""
