"""A county cut out of an OSM file: what lies in it is there whole, nothing is half written, and memory follows the county."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from osmium.osm import mutable

from geoplan import crs
from geoplan.errors import LayerError
from geoplan.intake.cutting import Order, cut, widened
from geoplan.layers import LayerEntry
from geoplan.layers.osm import read_pbf
from geoplan.layers.pbf import read_blobs, read_nodes, read_ways
from geoplan.layers.validation import Door
from geoplan.network import build_network, load_profile

PARISH = shapely.Polygon([(1.50, 42.50), (1.55, 42.48), (1.60, 42.52), (1.58, 42.57), (1.52, 42.58)])
CANILLO, ANDORRA = 2804754, 9407  # a parish, admin_level 7, and its country
PLACES = st.tuples(st.integers(0, 1 << 40), st.floats(-180, 180), st.floats(-90, 90))


@pytest.fixture(scope="session")
def andorra(shared) -> Path:
    """A real country, with relations."""
    path = shared / "data" / "andorra" / "andorra.osm.pbf"
    if not path.is_file():
        pytest.skip("../shared/data/andorra is not there")
    return path


@pytest.fixture(scope="session")
def parish(andorra, tmp_path_factory) -> Path:
    """What lies in ``PARISH`` and 500 m around it."""
    folder = tmp_path_factory.mktemp("parish")
    border = folder / "border.geojson"
    gpd.GeoDataFrame(geometry=[PARISH], crs=crs.WGS84).to_file(border)
    cut(Order(source=andorra, out=folder / "cut.osm.pbf", boundary=border, beyond_m=500))
    return folder / "cut.osm.pbf"


def things(path: Path) -> dict[tuple[str, int], tuple[object, ...]]:
    """Everything in a file, by type and id, as plain values."""
    found = {}
    for thing in osmium.FileProcessor(str(path)):
        if isinstance(thing, osmium.osm.Node):
            parts: object = (thing.location.x, thing.location.y)
        elif isinstance(thing, osmium.osm.Way):
            parts = tuple(node.ref for node in thing.nodes)
        else:
            parts = tuple((member.type, member.ref, member.role) for member in thing.members)
        meta = (thing.version, thing.changeset, thing.user, thing.timestamp)
        found[type(thing).__name__[0].lower(), thing.id] = (parts, tuple((tag.k, tag.v) for tag in thing.tags), meta)
    return found


def write(path: Path, nodes: Iterable[tuple[int, float, float]], form: str = "pbf") -> Path:
    """A file of nodes."""
    path.unlink(missing_ok=True)
    with osmium.SimpleWriter(osmium.io.File(str(path), form)) as writer:
        for number, lon, lat in nodes:
            writer.add_node(mutable.Node(id=number, location=(lon, lat)))
    return path


def walkable(path: Path) -> list[tuple[bytes, int]]:
    """The pieces of the walkable network inside ``PARISH``, in metres of one CRS, in any order."""
    metric = crs.metric_crs(1.55, 42.53)
    roads = Door(read_pbf(path), LayerEntry("roads", path.name)).pass_through()
    network = build_network(crs.to_crs(roads, metric), load_profile("walk"))
    inside = gpd.GeoSeries([PARISH], crs=crs.WGS84).to_crs(metric).iloc[0]
    pieces = shapely.get_parts(shapely.intersection(network.lines, inside))
    # Where an edge ends is a matter of the whole network: what is compared are its straight pieces.
    ends = [shapely.get_coordinates(piece) for piece in pieces if piece.length > 0]
    straight = {
        tuple(sorted((tuple(a), tuple(b))))
        for line in ends
        for a, b in zip(np.round(line, 3)[:-1], np.round(line, 3)[1:], strict=True)
    }
    return sorted(straight)


def test_the_walkable_network_inside_is_that_of_the_whole_file(andorra, parish):
    """Cut by shapely, the network of the cut file and that of the whole file are the same, to the millimetre."""
    assert walkable(parish) == walkable(andorra)
    assert len(walkable(parish)) > 3000


def test_what_is_kept_is_unchanged_and_complete(andorra, parish):
    """Nodes inside, ways that touch one with all their nodes, the relations of both; tags, roles and history as they were."""
    whole, kept = things(andorra), things(parish)
    assert kept.items() <= whole.items()
    region = widened(PARISH, 500)
    shapely.prepare(region)
    inside = {
        number
        for (kind, number), ((x, y), *_rest) in ((key, row) for key, row in whole.items() if key[0] == "n")
        if region.intersects(shapely.Point(x * 1e-7, y * 1e-7))
    }
    touching = {key for key, (refs, *_rest) in whole.items() if key[0] == "w" and not inside.isdisjoint(refs)}
    related = {
        key
        for key, (members, *_rest) in whole.items()
        if key[0] == "r"
        and any((kind, ref) in touching or (kind == "n" and ref in inside) for kind, ref, _role in members)
    }
    assert {("n", number) for number in inside} | touching | related <= kept.keys()
    ways = {key: refs for key, (refs, *_rest) in kept.items() if key[0] == "w"}
    assert {("n", ref) for refs in ways.values() for ref in refs} == {key for key in kept if key[0] == "n"} - {
        ("n", number) for number in inside - {ref for refs in ways.values() for ref in refs}
    }
    assert {key for key in kept if key[0] == "r"} == related


def test_borders_of_counties_and_below_stay_areas(andorra, tmp_path):
    """Of a parish that is touched the whole border is kept; of a country's only what lies inside."""
    cut(Order(source=andorra, out=tmp_path / "c.osm.pbf", bbox=(1.595, 42.56, 1.605, 42.57)))
    whole, kept = things(andorra), things(tmp_path / "c.osm.pbf")

    def border(relation: int) -> set[tuple[str, int]]:
        return {("w", ref) for kind, ref, _role in whole["r", relation][0] if kind == "w"} & whole.keys()

    assert len(border(CANILLO)) >= 5
    assert border(CANILLO) <= kept.keys()
    assert not border(ANDORRA) <= kept.keys()


@settings(max_examples=30)
@given(st.lists(PLACES, min_size=1, max_size=50, unique_by=lambda place: place[0]), st.booleans())
def test_nodes_are_read_as_osmium_reads_them(tmp_path_factory, places, dense):
    """Whatever ids and places, packed together or one by one."""
    path = write(tmp_path_factory.getbasetemp() / "n.osm.pbf", places, f"pbf,pbf_dense_nodes={str(dense).lower()}")
    _head, *blobs = read_blobs(path)
    found = [read_nodes(blob, path) for blob in blobs]
    theirs = [(node.id, node.location.lon, node.location.lat) for node in osmium.FileProcessor(str(path))]
    assert np.concatenate([nodes.ids for nodes in found]).tolist() == [number for number, _lon, _lat in theirs]
    assert np.allclose(np.concatenate([nodes.lonlat for nodes in found]), [row[1:] for row in theirs], atol=1e-9)


@settings(max_examples=30)
@given(st.lists(st.lists(st.integers(0, 1 << 34), max_size=12), min_size=1, max_size=20))
def test_ways_are_read_as_osmium_reads_them(tmp_path_factory, ways):
    """Whatever nodes they have; those without any are left out."""
    path = tmp_path_factory.getbasetemp() / "w.osm.pbf"
    path.unlink(missing_ok=True)
    with osmium.SimpleWriter(str(path)) as writer:
        for number, nodes in enumerate(ways):
            writer.add_way(mutable.Way(id=number * 70_000_000, nodes=nodes, tags={"highway": "path"}))
    _head, *blobs = read_blobs(path)
    found = read_ways(blobs[0], path)
    assert [found.refs[found.way == place].tolist() for place in range(len(found.ids))] == [
        each for each in ways if each
    ]
    assert found.ids.tolist() == [number * 70_000_000 for number, nodes in enumerate(ways) if nodes]


@pytest.mark.skipif(sys.platform != "linux", reason="a process's own peak of memory is Linux's to tell")
def test_memory_does_not_follow_the_ids(tmp_path):
    """Nodes of every year, up to the thirteen milliardth: their bitmap alone would take 1.6 GB."""
    places = [(number * 6_500_000 + 1, 112 + number / 1000, 22.5) for number in range(2000)]
    source = write(tmp_path / "s.osm.pbf", places)
    script = (
        "import re, sys; from pathlib import Path; from geoplan.intake.cutting import Order, cut;"
        "print(cut(Order(source=Path(sys.argv[1]), out=Path(sys.argv[2]), bbox=(112, 22, 114, 23))).nodes,"
        # the peak that getrusage tells is at least that of the process which started this one
        "re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, source, tmp_path / "o.osm.pbf"], capture_output=True, text=True, check=True
    )
    nodes, kilobytes = map(int, done.stdout.split())
    assert nodes == 2000
    assert kilobytes < 700_000


def test_what_is_no_pbf_or_not_whole_is_refused_in_words(andorra, tmp_path, geoplan):
    """Each with what is wrong; nothing is written, and what was there stays."""
    out = tmp_path / "out" / "c.osm.pbf"
    out.parent.mkdir()
    broken = tmp_path / "broken.osm.pbf"
    data = andorra.read_bytes()
    for content, word in (
        (data[:300_000], "没有下载完"),
        (data[:3], "不是 OSM PBF"),
        (b"", "不是 OSM PBF"),
        (b"<osm version='0.6'>" * 50, "不是 OSM PBF"),
        (data[:200_000] + bytes(100) + data[200_100:], "重新下载"),
    ):
        broken.write_bytes(content)
        status, _told, said = geoplan("cut", broken, out, "--bbox", "1.5,42.5,1.6,42.6", "--trust")
        assert (status, word in said, said.count("\n")) == (2, True, 1), said
    assert not list(out.parent.iterdir())


def test_wrong_words_are_answered_before_anything_is_read(andorra, tmp_path, geoplan):
    """Neither box nor boundary, both, a box turned round, a result that is there already, a region elsewhere."""
    out = tmp_path / "c.osm.pbf"
    out.write_text("mine", encoding="utf-8")
    box = ("--bbox", "1.5,42.5,1.6,42.6")
    for words, said in (
        ((andorra, tmp_path / "d.osm.pbf"), "--boundary"),
        ((andorra, tmp_path / "d.osm.pbf", "--bbox", "1.6,42.5,1.5,42.6"), "西须小于东"),
        ((andorra, tmp_path / "d.osm.pbf", "--bbox", "1.6,42.5"), "--bbox"),
        ((andorra, tmp_path / "d.shp", *box), ".osm.pbf"),
        ((andorra, out, *box), "--replace"),
        ((tmp_path / "none.osm.pbf", tmp_path / "d.osm.pbf", *box), "不存在"),
        ((andorra, tmp_path / "d.osm.pbf", "--bbox", "112,22,113,23", "--trust"), "没有数据"),
    ):
        status, _told, error = geoplan("cut", *words)
        assert (status, said in error) == (2, True), error
    assert [path.name for path in tmp_path.iterdir()] == ["c.osm.pbf"]
    assert out.read_text(encoding="utf-8") == "mine"


def test_the_command_cuts_in_a_confined_process(andorra, tmp_path, geoplan):
    """The file that comes out reads as roads; the result is told with what to do next."""
    out = tmp_path / "c.osm.pbf"
    status, told, error = geoplan("cut", andorra, out, "--bbox", "1.5,42.5,1.6,42.6", "--beyond-km", "0")
    assert (status, "geoplan import roads" in told) == (0, True), error
    kept = read_pbf(out)
    assert 500 < len(kept) < len(read_pbf(andorra))
    assert [path.name for path in tmp_path.iterdir()] == ["c.osm.pbf"]


def test_ids_of_an_editor_are_refused_in_words(tmp_path):
    """Negative ids are of a file that was never uploaded; they are no OSM extract."""
    source = write(tmp_path / "s.osm.pbf", [(-1, 112.0, 22.0), (-2, 112.1, 22.1)])
    with pytest.raises(LayerError, match="编号"):
        cut(Order(source=source, out=tmp_path / "o.osm.pbf", bbox=(111, 21, 113, 23)))
