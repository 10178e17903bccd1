"""The layers: the same content from every format, and every fault of a file named with its layer, rows and remedy."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import osmium
import osmnx
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from workspaces import CRS, FOUR, Workspace, area, at, line, small_workspace, table, write_layer

from geoplan import crs
from geoplan.errors import CrsError, LayerError
from geoplan.layers import Layers, content_digest, load_layers
from geoplan.model import Problem, Severity
from geoplan.network import build_network

# Cut by hand as Shapefiles cut them: ten characters.
SHORT = {"facility_id": "facility_i", "site_area_m2": "site_area_", "parent_code": "parent_cod"}
LAYERS = "layers"


def problems_of(small: Workspace, folder: Path) -> tuple[Problem, ...]:
    """What the door says against a workspace that it refuses."""
    with pytest.raises(LayerError) as caught:
        load_layers(small.write(folder))
    assert isinstance(caught.value, ValueError)
    assert all(problem.message and problem.remedy for problem in caught.value.problems)
    return caught.value.problems


def only_error(small: Workspace, folder: Path) -> Problem:
    """The one error of a workspace."""
    errors = [problem for problem in problems_of(small, folder) if problem.severity is Severity.ERROR]
    assert len(errors) == 1, errors
    return errors[0]


def refused(small: Workspace, folder: Path, layer: str, said: str, rows: tuple[str, ...] = ()) -> None:
    """The workspace has one error: in this layer, of these words, in these rows."""
    problem = only_error(small, folder)
    assert (problem.layer, problem.rows) == (layer, rows)
    assert said in problem.message


def facilities_in_degrees() -> gpd.GeoDataFrame:
    """The facilities at places that seven decimals hold exactly."""
    frame = small_workspace().frames["facilities"]
    lon = [112.9012345, 112.9212345, 112.9512345, 112.9212346, 112.9412345]
    lat = [22.7012345, 22.7012345, 22.7012345, 22.7112345, 22.7012346]
    return frame.set_geometry(gpd.points_from_xy(lon, lat), crs="EPSG:4326")


# Formats


def shapefile(frame: gpd.GeoDataFrame, path: Path, encoding: str, *, cpg: bool) -> None:
    """A Shapefile with column names of ten characters, with or without its .cpg."""
    frame.rename(columns=SHORT).to_file(path, encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg:
        path.with_suffix(".cpg").write_text(encoding, encoding="ascii")


def csv(frame: gpd.GeoDataFrame, path: Path, encoding: str) -> None:
    """A CSV with ``lon`` and ``lat``."""
    plain = pd.DataFrame(frame.drop(columns="geometry")).assign(lon=frame.geometry.x, lat=frame.geometry.y)
    plain.to_csv(path, index=False, encoding=encoding)


SHAPE = {"columns": {key: SHORT[key] for key in ("facility_id", "site_area_m2")}}
FORMATS = {
    "GeoPackage": ("f.gpkg", lambda frame, path: frame.to_file(path), {}),
    "GeoJSON": ("f.geojson", lambda frame, path: frame.to_file(path), {}),
    "GeoParquet": ("f.parquet", lambda frame, path: frame.to_parquet(path), {}),
    "Shapefile, UTF-8 with .cpg": ("f.shp", lambda frame, path: shapefile(frame, path, "UTF-8", cpg=True), SHAPE),
    "Shapefile, UTF-8 without .cpg": ("f.shp", lambda frame, path: shapefile(frame, path, "UTF-8", cpg=False), SHAPE),
    "Shapefile, GBK with .cpg": ("f.shp", lambda frame, path: shapefile(frame, path, "GBK", cpg=True), SHAPE),
    "Shapefile, GBK without .cpg": ("f.shp", lambda frame, path: shapefile(frame, path, "GBK", cpg=False), SHAPE),
    "Shapefile, GBK by the manifest": (
        "f.shp",
        lambda frame, path: shapefile(frame, path, "GBK", cpg=False),
        {**SHAPE, "encoding": "GBK"},
    ),
    "CSV, UTF-8": ("f.csv", lambda frame, path: csv(frame, path, "utf-8"), {"crs": "EPSG:4326"}),
    "CSV, UTF-8 with BOM": ("f.csv", lambda frame, path: csv(frame, path, "utf-8-sig"), {"crs": "EPSG:4326"}),
    "CSV, GBK": ("f.csv", lambda frame, path: csv(frame, path, "gbk"), {"crs": "EPSG:4326"}),
    "CSV, GBK by the manifest": (
        "f.csv",
        lambda frame, path: csv(frame, path, "gbk"),
        {"crs": "EPSG:4326", "encoding": "gbk"},
    ),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_layer(name, small, tmp_path):
    """Frame and digest of the facilities are the same whatever file they came from."""
    frame = facilities_in_degrees()
    small.frames["facilities"], small.entries["facilities"] = frame, {"file": "facilities.parquet"}
    expected = load_layers(small.write(tmp_path / "one"))
    file, write, entry = FORMATS[name]
    small.replace_layer("facilities", file, **entry).write(tmp_path / "other")
    write(frame, tmp_path / "other" / LAYERS / file)
    layers = load_layers(tmp_path / "other")
    pd.testing.assert_frame_equal(layers.frames["facilities"], expected.frames["facilities"])
    assert layers.digests == expected.digests
    assert layers.frames["facilities"]["functions"][1] == "day_care|full_residential|home_visit"


@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "shp", "parquet"])
def test_lines_and_areas_come_from_every_vector_format(suffix, small, tmp_path):
    """Townships and roads keep their shapes; Shapefiles and GeoJSON may turn a ring round, not change it."""
    small.write(tmp_path / "one")
    expected = load_layers(tmp_path / "one")
    folder = tmp_path / "other" / LAYERS
    for role in ("units", "roads"):
        frame = small.frames[role].rename(columns=SHORT)
        frame = frame.to_crs(4326) if suffix == "geojson" else frame
        columns = {"parent_code": SHORT["parent_code"]} if role == "units" else {}
        small.replace_layer(role, f"{role}.{suffix}", columns=columns)
        folder.mkdir(parents=True, exist_ok=True)
        frame.to_parquet(folder / f"{role}.{suffix}") if suffix == "parquet" else frame.to_file(
            folder / f"{role}.{suffix}"
        )
    layers = load_layers(small.write(tmp_path / "other"))
    for role in ("units", "roads"):
        ours, theirs = layers.frames[role], expected.frames[role]
        pd.testing.assert_frame_equal(
            pd.DataFrame(ours.drop(columns="geometry")), pd.DataFrame(theirs.drop(columns="geometry"))
        )
        assert (shapely.hausdorff_distance(ours.geometry.to_numpy(), theirs.geometry.to_numpy()) < 0.02).all()


def test_a_layer_of_a_geopackage_is_chosen_by_name(small, tmp_path):
    """With several layers in one file the manifest says which; an unknown or missing name is an error that lists them."""
    path = small.write(tmp_path) / LAYERS / "all.gpkg"
    for role in ("demand", "facilities"):
        small.frames[role].to_file(path, layer=role)
    small.replace_layer("demand", "all.gpkg", layer="demand").write(tmp_path)
    assert len(load_layers(tmp_path).frames["demand"]) == 7
    for layer in ({}, {"layer": "people"}):
        problem = only_error(small.replace_layer("demand", "all.gpkg", **layer), tmp_path)
        assert "demand, facilities" in problem.message
        assert "layer" in problem.remedy


def test_columns_may_have_names_of_their_own(small, tmp_path):
    """The manifest maps our fields, coordinates among them, to the file's Chinese names."""
    names = {"demand_id": "编号", "pop_total": "总人口", "pop60": "老年人", "basis": "口径"}
    frame = small.frames["demand"].rename(columns=names)
    small.write(tmp_path)
    write_layer(frame, tmp_path / LAYERS / "people.csv", encoding="gbk")
    text = (tmp_path / LAYERS / "people.csv").read_text(encoding="gbk").replace(",x,y", ",东,北")
    (tmp_path / LAYERS / "people.csv").write_text(text, encoding="gbk")
    before = load_layers(tmp_path).digests
    small.replace_layer("demand", "people.csv", crs=CRS, columns={**names, "x": "东", "y": "北"}).write(tmp_path)
    assert load_layers(tmp_path).digests == before


def test_a_street_graph_gives_each_street_once(small, tmp_path):
    """A GraphML that OSMnx wrote becomes roads that meet where its nodes are."""
    graph = nx.MultiDiGraph(crs="epsg:4326")
    for node, (x, y) in enumerate([(112.90, 22.70), (112.91, 22.70), (112.91, 22.71), (112.92, 22.70)]):
        graph.add_node(node, x=x, y=y)
    bent = shapely.LineString([(112.91, 22.70), (112.912, 22.705), (112.91, 22.71)])
    for start, end, more in [(0, 1, {}), (1, 2, {"geometry": bent}), (1, 3, {"name": "东街"})]:
        graph.add_edge(start, end, highway="residential", osmid=1, length=1.0, **more)
        back = {key: value.reverse() if key == "geometry" else value for key, value in more.items()}
        graph.add_edge(end, start, highway="residential", osmid=1, length=1.0, **back)
    small.replace_layer("roads", "roads.graphml").write(tmp_path)
    osmnx.save_graphml(graph, tmp_path / LAYERS / "roads.graphml")
    roads = load_layers(tmp_path).frames["roads"]
    assert len(roads) == 3
    assert set(roads["road_class"]) == {"residential"}
    assert set(roads["name"]) == {"", "东街"}
    network = build_network(roads)
    assert (len(network.xy), len(network.tail), network.islands) == (4, 3, 1)


def test_an_osm_extract_keeps_its_topology(small, tmp_path):
    """Ways of a PBF meet at shared nodes only: a bridge over a street and a way without highway tag make no junction."""
    path = tmp_path / "roads.osm.pbf"
    places = [(112.90, 22.70), (112.91, 22.70), (112.92, 22.70), (112.91, 22.71), (112.905, 22.69), (112.905, 22.71)]
    with osmium.SimpleWriter(str(path)) as writer:
        for number, place in enumerate(places, start=1):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=place))
        ways = [
            ([1, 2, 3], {"highway": "residential", "name": "中山路"}),
            ([2, 4], {"highway": "footway"}),
            ([5, 6], {"highway": "residential", "bridge": "yes"}),
            ([1, 4], {"waterway": "river"}),
            ([3, 99], {"highway": "residential"}),
        ]
        for number, (nodes, tags) in enumerate(ways, start=1):
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=nodes, tags=tags))
    small.replace_layer("roads", "roads.osm.pbf").write(tmp_path)
    path.rename(tmp_path / LAYERS / "roads.osm.pbf")
    roads = load_layers(tmp_path).frames["roads"]
    assert sorted(roads["road_class"]) == ["footway", "residential", "residential"]
    assert roads["grade"][roads["name"] == ""].sum() == 1
    network = build_network(roads)
    assert (len(network.xy), len(network.tail), network.islands) == (6, 4, 2)


# The digest


@given(st.permutations(range(7)))
def test_the_digest_does_not_depend_on_the_order_of_rows(order):
    """The rows of a layer are a set."""
    frame = small_workspace().frames["demand"]
    assert content_digest(frame.iloc[list(order)]) == content_digest(frame)


@given(st.integers(0, 6), st.sampled_from(["demand_id", "pop_total", "pop60", "basis", "geometry"]))
def test_the_digest_changes_with_any_cell(row, column):
    """One changed cell or place, anywhere, is another digest."""
    frame = small_workspace().frames["demand"]
    changed = frame.copy()
    changed.loc[row, column] = at(1, 1) if column == "geometry" else "7"
    assert content_digest(changed) != content_digest(frame)


def test_the_digest_changes_with_crs_and_column_names():
    """The same numbers in another coordinate system, or under another name, are another layer."""
    frame = small_workspace().frames["demand"]
    assert content_digest(frame.set_crs("EPSG:4546", allow_override=True)) != content_digest(frame)
    assert content_digest(frame.rename(columns={"pop60": "pop65"})) != content_digest(frame)


@pytest.mark.parametrize("blank", ["", np.nan])
def test_a_field_that_no_file_fills_leaves_the_digest_as_it_is(small, tmp_path, blank):
    """A layer with one more column of blank cells is the same layer; one filled cell makes it another."""
    frame = load_layers(small.write(tmp_path)).frames["demand"]
    more = frame.assign(new_field=pd.Series([blank] * len(frame), index=frame.index, dtype=object))
    assert content_digest(more) == content_digest(frame)
    more.loc[more.index[0], "new_field"] = "1"
    assert content_digest(more) != content_digest(frame)


def test_typed_figures_do_not_make_other_layers_of_a_scenario(small, tmp_path):
    """A figure that an official types changes the digest of what was read, and not what scenarios are drawn on."""
    before = load_layers(small.write(tmp_path))
    (tmp_path / "layers" / "figures.csv").write_text(
        "rule,value,source,as_of\nr,1,民政局,2025-06-30\n", encoding="utf-8"
    )
    after = load_layers(small.replace_layer("figures", "figures.csv").write(tmp_path))
    assert after.digest != before.digest
    assert after.base == before.base == before.digest
    small.frames["facilities"] = small.frames["facilities"].iloc[:-1]
    assert load_layers(small.write(tmp_path)).base != before.base


def test_the_digest_of_a_workspace_changes_with_each_layer(small, tmp_path):
    """The digest of all layers rests on every one of them."""
    before = load_layers(small.write(tmp_path))
    digests = {before.digest}
    for role in small.frames:
        changed = small_workspace()
        changed.frames[role] = changed.frames[role].iloc[:-1]
        layers = load_layers(changed.write(tmp_path / role))
        assert {name for name in before.digests if before.digests[name] != layers.digests[name]} == {role}
        digests.add(layers.digest)
    assert len(digests) == 6


def test_the_order_of_rows_does_not_change_the_layers(small, tmp_path):
    """Layers with a key come sorted by it, so that a shuffled file is the same layer."""
    before = load_layers(small.write(tmp_path / "one"))
    for role in ("units", "facilities", "demand", "estates"):
        small.frames[role] = small.frames[role].iloc[::-1]
    after = load_layers(small.write(tmp_path / "other"))
    assert after.digests == before.digests
    for role in ("units", "facilities", "demand", "estates"):
        pd.testing.assert_frame_equal(after.frames[role], before.frames[role])


# Files that cannot be read


def damaged(small: Workspace, folder: Path, role: str, file: str, content: bytes) -> Workspace:
    """A workspace one of whose files has this content."""
    small.replace_layer(role, file, crs=CRS).write(folder)
    (folder / LAYERS / file).write_bytes(content)
    return small


@pytest.mark.parametrize(
    ("role", "file", "content"),
    [
        ("demand", "d.geojson", "这不是 JSON".encode()),
        ("demand", "d.geojson", b'{"type": "FeatureCollection", "features": [{"type": "Feat'),
        ("demand", "d.gpkg", b"no database"),
        ("demand", "d.parquet", b"PAR1 no, not really"),
        ("demand", "d.parquet", b""),
        ("demand", "d.csv", b""),
        ("demand", "d.csv", b'demand_id,x,y\n"D1,1,2\n'),
        ("demand", "d.csv", b"demand_id,x,y\nD1,1,2\nD2,1,2,3,4\n"),
        ("roads", "r.graphml", b"<graphml><unclosed>"),
        ("roads", "r.graphml", b"no xml"),
        ("roads", "r.pbf", b"no pbf at all, but long enough to be read as one"),
        ("roads", "r.shp", b"not a shapefile"),
    ],
)
def test_a_damaged_file_is_named(role, file, content, small, tmp_path):
    """Whatever the library behind the format raises, the problem names layer and file."""
    if file.endswith(".shp"):
        for suffix in (".dbf", ".shx"):
            (tmp_path / LAYERS).mkdir(exist_ok=True)
            (tmp_path / LAYERS / f"r{suffix}").write_bytes(b"")
    refused(damaged(small, tmp_path, role, file, content), tmp_path, role, f"文件 {file} 无法读取")


def test_a_truncated_geopackage_is_named(small, tmp_path):
    """Half a file is not half a layer."""
    small.write(tmp_path)
    path = tmp_path / LAYERS / "demand.gpkg"
    small.frames["demand"].to_file(path)
    content = path.read_bytes()
    refused(
        damaged(small, tmp_path, "demand", "demand.gpkg", content[: len(content) // 2]),
        tmp_path,
        "demand",
        "demand.gpkg 无法读取",
    )


def test_a_table_without_geometry_is_no_layer(small, tmp_path):
    """A plain table in a GeoPackage is reported as having no geometry, not taken for points."""
    small.write(tmp_path)
    plain = pd.DataFrame(small.frames["demand"].drop(columns="geometry"))
    pyogrio.write_dataframe(plain, tmp_path / LAYERS / "plain.gpkg", driver="GPKG")
    refused(small.replace_layer("demand", "plain.gpkg"), tmp_path, "demand", "没有几何")


@pytest.mark.parametrize("suffix", [".dbf", ".shx"])
def test_a_shapefile_without_its_companions_is_named(suffix, small, tmp_path):
    """A Shapefile is several files; the one that is missing is said."""
    small.write(tmp_path)
    shapefile(small.frames["demand"], tmp_path / LAYERS / "d.shp", "UTF-8", cpg=True)
    (tmp_path / LAYERS / f"d{suffix}").unlink()
    refused(small.replace_layer("demand", "d.shp"), tmp_path, "demand", f"缺少 {suffix}")


def test_an_unknown_suffix_lists_the_known_ones(small, tmp_path):
    """A format that is not read is refused with those that are."""
    problem = only_error(damaged(small, tmp_path, "demand", "demand.dwg", b""), tmp_path)
    assert ".dwg" in problem.message
    assert ".gpkg" in problem.remedy


def test_only_roads_come_from_street_files(small, tmp_path):
    """People cannot be read from a PBF."""
    refused(damaged(small, tmp_path, "demand", "demand.pbf", b""), tmp_path, "demand", "只有道路图层")


def test_a_csv_without_coordinates_is_refused(small, tmp_path):
    """A CSV needs lon and lat, or x and y."""
    refused(
        damaged(small, tmp_path, "demand", "d.csv", b"demand_id,pop_total\nD1,5\n"), tmp_path, "demand", "没有坐标列"
    )


def test_a_coordinate_that_is_no_number_is_refused(small, tmp_path):
    """The row of a coordinate that cannot be read is named by its key."""
    content = b"demand_id,pop_total,x,y\nD1,5,1,2\nD2,5,112E,2\nD3,5,inf,2\n"
    refused(damaged(small, tmp_path, "demand", "d.csv", content), tmp_path, "demand", "坐标不是数字", ("D2", "D3"))


# Coordinate systems


def test_a_csv_without_crs_is_refused(small, tmp_path):
    """Numbers without a coordinate system are not guessed."""
    del small.entries["demand"]["crs"]
    problem = only_error(small, tmp_path)
    assert (problem.layer, problem.message) == ("demand", "没有坐标系")
    assert "crs" in problem.remedy


def test_a_shapefile_without_prj_is_refused(small, tmp_path):
    """A Shapefile without .prj has no coordinate system, unless the manifest gives one."""
    small.write(tmp_path)
    shapefile(small.frames["demand"], tmp_path / LAYERS / "d.shp", "UTF-8", cpg=True)
    (tmp_path / LAYERS / "d.prj").unlink()
    refused(small.replace_layer("demand", "d.shp"), tmp_path, "demand", "没有坐标系")
    load_layers(small.replace_layer("demand", "d.shp", crs=CRS).write(tmp_path))


def test_a_manifest_that_contradicts_the_file_is_refused(small, tmp_path):
    """File and manifest must say the same coordinate system; both are named."""
    small.entries["roads"]["crs"] = "EPSG:4546"
    problem = only_error(small, tmp_path)
    assert problem.layer == "roads"
    assert "114E" in problem.message
    assert "111E" in problem.message


def test_a_manifest_may_repeat_the_crs_of_the_file(small, tmp_path):
    """The same coordinate system said twice is no contradiction."""
    small.entries["roads"]["crs"] = CRS
    load_layers(small.write(tmp_path))


def test_an_unknown_crs_is_refused(small, tmp_path):
    """A coordinate system that PROJ does not know is repeated with its layer."""
    small.entries["demand"]["crs"] = "EPSG:99999"
    refused(small, tmp_path, "demand", "图层 demand：坐标系“EPSG:99999”无法识别，请写成 EPSG 代码，例如 EPSG:4490。")


def test_a_datum_needs_degrees(small, tmp_path):
    """GCJ-02 of metres is a contradiction."""
    small.entries["demand"]["datum"] = "gcj02"
    refused(small, tmp_path, "demand", "datum 只用于经纬度数据")


def test_layers_in_several_systems_meet(small, tmp_path):
    """Layers in degrees, in another zone and in Web Mercator land within 1 cm of where they are."""
    expected = load_layers(small.write(tmp_path / "one"))
    for role, system in (("demand", "EPSG:4490"), ("roads", "EPSG:3857"), ("facilities", "EPSG:4546")):
        small.frames[role] = small.frames[role].to_crs(system)
        small.entries[role] = {"file": f"{role}.parquet"}
    layers = load_layers(small.write(tmp_path / "other"))
    assert layers.crs == expected.crs
    for role, frame in layers.frames.items():
        assert frame.crs == layers.crs
        assert shapely.equals_exact(frame.geometry, expected.frames[role].geometry, tolerance=0.01).all()


def test_the_analysis_crs_is_the_zone_of_the_county(small, tmp_path):
    """Near 112.9 E it is EPSG:4547; the manifest may choose another metric one."""
    assert load_layers(small.write(tmp_path)).crs.to_epsg() == 4547
    small.head["analysis_crs"] = "EPSG:4546"
    assert load_layers(small.write(tmp_path)).crs.to_epsg() == 4546


@pytest.mark.parametrize("system", ["EPSG:3857", "EPSG:4490", "EPSG:99999"])
def test_analysis_is_in_metres_only(system, small, tmp_path):
    """Web Mercator, degrees and unknown systems are refused for analysis."""
    small.head["analysis_crs"] = system
    with pytest.raises(CrsError):
        load_layers(small.write(tmp_path))


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_shifted_layer_is_put_back(datum, small, tmp_path):
    """A layer that the manifest calls GCJ-02 or BD-09 is moved by some hundred metres to where it is."""
    expected = load_layers(small.write(tmp_path / "one")).frames["demand"]
    forward = {"gcj02": crs._gcj02_from_wgs84, "bd09": crs._bd09_from_wgs84}[datum]
    degrees = small.frames["demand"].to_crs(4326)
    small.frames["demand"] = degrees.set_geometry(shapely.transform(degrees.geometry.to_numpy(), forward), crs=4326)
    small.entries["demand"] = {"file": "demand.parquet"}
    away = load_layers(small.write(tmp_path / "away")).frames["demand"]
    assert expected.distance(away).between(300, 1500).all()
    small.entries["demand"]["datum"] = datum
    back = load_layers(small.write(tmp_path / "back")).frames["demand"]
    assert expected.distance(back).max() < 1e-3


def swapped(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A layer in degrees with latitude for longitude."""
    degrees = frame.to_crs(4326)
    turned = shapely.transform(degrees.geometry.to_numpy(), lambda places: places[:, ::-1])
    return degrees.set_geometry(turned, crs=4326)


def test_swapped_axes_in_china_are_seen(small, tmp_path):
    """A latitude beyond 90 degrees can only be a longitude; every row is named."""
    small.frames["demand"] = swapped(small.frames["demand"])
    small.entries["demand"] = {"file": "demand.parquet"}
    refused(small, tmp_path, "demand", "写反", tuple(f"D{n}" for n in range(1, 8)))


def test_swapped_axes_elsewhere_are_seen_beside_the_roads(small, tmp_path):
    """At 51 W, 30 S swapped degrees are degrees too: the roads tell that they are swapped."""
    for role, frame in small.frames.items():
        degrees = frame.to_crs(4326)
        small.frames[role] = degrees.set_geometry(degrees.translate(-51.2 - 112.9, -30.0 - 22.7))
        small.entries[role] = {"file": f"{role}.parquet"}
    assert load_layers(small.write(tmp_path / "right")).crs.to_epsg() == 32722
    small.frames["demand"] = swapped(small.frames["demand"])
    refused(small, tmp_path / "wrong", "demand", "写反")


def test_a_layer_in_another_province_is_seen(small, tmp_path):
    """Layers that lie more than 200 km apart do not belong to one county."""
    small.frames["facilities"] = small.frames["facilities"].set_geometry(
        small.frames["facilities"].translate(400_000, 0)
    )
    refused(small, tmp_path, "facilities", "相距 200 公里以上")


def test_degrees_called_metres_are_seen(small, tmp_path):
    """Degrees under a metric CRS lie far from the roads; metres under degrees are outside the globe."""
    small.frames["facilities"] = small.frames["facilities"].to_crs(4326)
    refused(small, tmp_path / "one", "facilities", "相距 200 公里以上")
    small.frames["facilities"] = small_workspace().frames["facilities"]
    small.entries["facilities"]["crs"] = "EPSG:4326"
    problems = problems_of(small, tmp_path / "other")
    assert [problem.layer for problem in problems] == ["facilities"]
    assert problems[0].rows == ("F1", "F2", "F3", "F4", "F5")


# Cells


@pytest.mark.parametrize(
    ("role", "column", "cell", "said"),
    [
        ("estates", "households", "-3", "“households”为负数"),
        ("demand", "pop_total", "-0.5", "“pop_total”为负数"),
        ("demand", "pop_total", "约三百", "“pop_total”不是数字"),
        ("demand", "pop60", "nan", "“pop60”不是数字"),
        ("demand", "pop60", "inf", "“pop60”不是数字"),
        ("facilities", "open_year", "2020.5", "“open_year”不是整数"),
        ("facilities", "open_year", "20", "“open_year”不是年份"),
        ("facilities", "kind", "学校", "“kind”有不认识的值：学校"),
        ("facilities", "kind", "", "“kind”有空值"),
        ("facilities", "name", "  ", "“name”有空值"),
        ("facilities", "functions", "日托|夜托", "“functions”有不认识的值"),
        ("demand", "basis", "流动", "“basis”有不认识的值：流动"),
        ("estates", "approve_date", "去年", "“approve_date”不是日期"),
        ("estates", "era", "中古", "“era”有不认识的值：中古"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(role, column, cell, said, small, tmp_path):
    """The problem names layer, field and row; nothing is set to zero or dropped."""
    frame = small.frames[role]
    frame.loc[1, column] = cell
    refused(small, tmp_path, role, said, (frame.iloc[1, 0],))


@pytest.mark.parametrize("column", ["walkable", "grade"])
def test_a_road_is_named_by_its_place(column, small, tmp_path):
    """Roads have no key: the row is given as its place in the file."""
    small.frames["roads"][column] = ""
    small.frames["roads"].loc[2, column] = "也许"
    assert only_error(small, tmp_path).rows == ("#3",)


@pytest.mark.parametrize("role", ["units", "facilities", "demand", "estates"])
def test_keys_are_filled_and_unique(role, small, tmp_path):
    """A blank key goes by its place, keys that occur twice by themselves; both are said at once."""
    frame = small.frames[role]
    key = frame.columns[0]
    frame.loc[0, key] = frame.loc[1, key]
    frame.loc[2, key] = ""
    problems = [problem for problem in problems_of(small, tmp_path) if problem.severity is Severity.ERROR]
    assert {(problem.layer, problem.rows) for problem in problems} == {(role, ("#3",)), (role, (frame.loc[1, key],))}


@pytest.mark.parametrize(
    ("role", "column"),
    [
        ("units", "level"),
        ("units", "parent_code"),
        ("facilities", "facility_id"),
        ("facilities", "status"),
        ("demand", "pop_total"),
        ("estates", "households"),
    ],
)
def test_a_missing_column_is_named(role, column, small, tmp_path):
    """A required column that is not there is asked for by name."""
    small.frames[role] = small.frames[role].drop(columns=column)
    problems = problems_of(small, tmp_path)
    assert any(problem.layer == role and f"缺少必需的字段“{column}”" in problem.message for problem in problems)


def test_a_column_that_the_manifest_promises_must_be_there(small, tmp_path):
    """An optional field that is mapped to a column which does not exist is an error, not a blank."""
    small.entries["demand"]["columns"] = {"pop65": "老老人"}
    refused(small, tmp_path, "demand", "老老人")


@pytest.mark.parametrize("role", ["facilities", "demand", "estates", "units", "roads"])
def test_an_empty_layer_is_refused(role, small, tmp_path):
    """A layer with no rows is an error; leave it out of the manifest instead."""
    small.frames[role] = small.frames[role].iloc[:0]
    refused(small, tmp_path, role, "图层是空的")


@pytest.mark.parametrize("role", ["roads", "facilities", "demand"])
def test_a_layer_that_every_assessment_needs_must_be_registered(role, small, tmp_path):
    """Without roads, facilities or people there is nothing to assess."""
    problem = only_error(small.without(role), tmp_path)
    assert problem.layer == role
    assert f"geoplan import {role}" in problem.remedy


def test_blank_cells_stay_blank(small, tmp_path):
    """What is unknown is NaN or an empty text, never zero."""
    small.frames["demand"].loc[0, "pop60"] = ""
    small.frames["estates"].loc[0, "facility_area_m2"] = ""
    layers = load_layers(small.write(tmp_path))
    assert np.isnan(layers.frames["demand"]["pop60"][0])
    assert np.isnan(layers.frames["demand"]["pop65"]).all()
    assert np.isnan(layers.frames["estates"]["facility_area_m2"][0])
    assert (layers.frames["estates"]["unit_code"] == "").all()


@pytest.mark.parametrize(
    ("role", "column", "cell", "held"),
    [
        ("demand", "pop_total", " 1,234 ", 1234.0),
        ("demand", "pop_total", "0.5", 0.5),
        ("demand", "basis", "户籍", "registered"),
        ("facilities", "kind", "长者饭堂", "canteen"),
        ("facilities", "functions", "日托、全托，日间照料", "day_care|full_residential"),
        ("facilities", "status", "EXISTING", "existing"),
        ("estates", "approve_date", "2021-01-01 08:30:00", "2021-01-01"),
        ("units", "level", "县级市", "county"),
    ],
)
def test_the_words_of_real_files_are_understood(role, column, cell, held, small, tmp_path):
    """Chinese words, capitals, blanks, thousands separators and times of day arrive as one canonical value."""
    small.frames[role].loc[0, column] = cell
    assert load_layers(small.write(tmp_path)).frames[role][column][0] == held


def test_a_code_that_a_file_holds_as_a_number_stays_a_code(small, tmp_path):
    """440784001.0 out of a table of floats is the code 440784001."""
    frame = small.frames["units"]
    frame["unit_code"] = frame["unit_code"].astype(float)
    assert load_layers(small.write(tmp_path)).frames["units"]["unit_code"].tolist() == [
        "440784",
        "440784001",
        "440784101",
        "440784102",
    ]


def test_more_old_people_than_people_is_a_warning(small, tmp_path):
    """The rows stay and are named."""
    small.frames["demand"].loc[[1, 3], "pop60"] = "900"
    layers = load_layers(small.write(tmp_path))
    (problem,) = layers.problems
    assert (problem.severity, problem.layer, problem.rows) == (Severity.WARNING, "demand", ("D2", "D4"))
    assert layers.frames["demand"]["pop60"][1] == 900


# Geometry


@pytest.mark.parametrize(
    ("role", "shape", "said", "row"),
    [
        ("units", shapely.Polygon([at(0, 0), at(9, 9), at(9, 0), at(0, 9)]), "几何无效", "440784001"),
        ("units", at(5, 5), "几何类型不对：Point", "440784001"),
        ("units", None, "没有几何位置", "440784001"),
        ("roads", area(0, 0, 9, 9), "几何类型不对：Polygon", "#2"),
        ("roads", None, "没有几何位置", "#2"),
        ("roads", shapely.LineString(), "没有几何位置", "#2"),
        ("facilities", line((0, 0), (9, 9)), "几何类型不对：LineString", "F2"),
    ],
)
def test_a_geometry_that_cannot_be_used_is_named(role, shape, said, row, small, tmp_path):
    """Invalid, missing and wrong geometries are errors with their row."""
    small.frames[role].loc[1, "geometry"] = shape
    small.entries[role] = {"file": f"{role}.parquet"}
    refused_problem = only_error(small, tmp_path)
    assert (refused_problem.layer, refused_problem.rows) == (role, (row,))
    assert said in refused_problem.message


def test_a_road_without_length_is_a_warning(small, tmp_path):
    """It is named and joins nothing."""
    small.frames["roads"].loc[1, "geometry"] = line((5, 5), (5, 5))
    (problem,) = load_layers(small.write(tmp_path)).problems
    assert (problem.severity, problem.layer, problem.rows) == (Severity.WARNING, "roads", ("#2",))


@pytest.mark.parametrize("role", ["facilities", "demand", "estates"])
def test_a_point_without_coordinates_is_kept_with_a_warning(role, small, tmp_path):
    """The row stays in the layer, and its key is said."""
    small.frames[role].loc[1, "geometry"] = None
    layers = load_layers(small.write(tmp_path))
    (problem,) = layers.problems
    assert (problem.severity, problem.layer, problem.rows) == (Severity.WARNING, role, (small.frames[role].iloc[1, 0],))
    assert len(layers.frames[role]) == len(small.frames[role])


def test_areas_may_stand_for_points(small, tmp_path):
    """A facility drawn as its site and an estate drawn as its grounds are located inside themselves."""
    for role in ("facilities", "estates", "demand"):
        small.frames[role] = small.frames[role].set_geometry(small.frames[role].buffer(20))
        small.entries[role] = {"file": f"{role}.parquet"}
    layers = load_layers(small.write(tmp_path))
    assert layers.problems == ()
    assert layers.frames["facilities"]["township"].tolist() == [
        "440784001",
        "440784101",
        "440784102",
        "440784101",
        "440784102",
    ]


def test_all_problems_of_all_layers_are_said_at_once(small, tmp_path):
    """A planner sees every fault of every layer in one go, warnings too."""
    small.frames["demand"].loc[0, "pop_total"] = "-1"
    small.frames["demand"].loc[1, "pop60"] = "9999"
    small.frames["estates"].loc[1, "households"] = "很多"
    small.frames["facilities"].loc[2, "kind"] = "学校"
    small.frames["facilities"].loc[3, "status"] = "半开"
    del small.entries["estates"]["crs"]
    damaged(small, tmp_path, "units", "units.gpkg", b"nothing")
    problems = problems_of(small, tmp_path)
    assert {(problem.layer, problem.severity, problem.rows) for problem in problems} == {
        ("units", Severity.ERROR, ()),
        ("estates", Severity.ERROR, ()),
        ("demand", Severity.ERROR, ("D1",)),
        ("demand", Severity.WARNING, ("D1", "D2")),
        ("facilities", Severity.ERROR, ("F3",)),
        ("facilities", Severity.ERROR, ("F4",)),
    }


def test_the_small_county_is_without_fault(small, tmp_path):
    """What the other tests break is whole to begin with."""
    layers = load_layers(small.write(tmp_path))
    assert isinstance(layers, Layers)
    assert layers.problems == ()
    assert layers.frames["facilities"]["functions"][0] == "|".join(sorted(FOUR.split("|")))
    assert set(layers.frames) == set(layers.digests) == {"units", "roads", "facilities", "demand", "estates"}
    assert layers.get("landuse") is None


def test_a_landuse_layer_is_read_with_its_codes(small, tmp_path):
    """Parcels keep their code as text, with its leading zero."""
    small.frames["landuse"] = table("parcel_id code code_system", ("P1", "080701", "用地用海", area(0, 0, 30, 20)))
    small.entries["landuse"] = {"file": "landuse.parquet"}
    assert load_layers(small.write(tmp_path)).frames["landuse"]["code"].tolist() == ["080701"]


@pytest.mark.parametrize("cell", ["12,3", "1,23", "1,2345", ",5"])
def test_a_comma_is_no_decimal_point(small, tmp_path, cell):
    """A comma is dropped only where it parts thousands; anything else is refused and not read as another number."""
    small.frames["estates"].loc[0, "households"] = cell
    problem = only_error(small, tmp_path)
    assert (problem.layer, problem.rows) == ("estates", (small.frames["estates"]["estate_id"][0],))


def test_thousands_are_read(small, tmp_path):
    """Commas between thousands mean nothing."""
    small.frames["estates"].loc[0, "households"] = "1,234,567.5"
    assert load_layers(small.write(tmp_path)).frames["estates"]["households"].iloc[0] == 1234567.5


def test_the_digest_knows_where_roads_meet():
    """Two road layers of one shape whose vertices are shared differently have different digests."""
    lines = [line((0, 0), (100, 0)), line((100, 0), (200, 0))]
    joined, apart = ([[1, 2], [2, 3]], [[1, 2], [4, 3]])
    digests = set()
    for identities in (joined, apart):
        frame = gpd.GeoDataFrame(geometry=lines, crs=CRS)
        frame["nodes"] = pd.Series([np.array(nodes, dtype=np.int64) for nodes in identities], dtype=object)
        digests.add(content_digest(frame))
    assert len(digests) == 2


def test_what_a_reader_remarks_is_a_note(small, tmp_path):
    """A warning of GDAL while a file is read stands among the problems, with its layer."""
    folder = small.write(tmp_path)
    path = folder / "layers" / "water.geojson"
    ring = "[[[112.9, 22.7], [112.91, 22.7], [112.91, 22.71], [112.9, 22.7]]]"
    feature = (
        '{"type": "Feature", "id": 1, "properties": {"barrier_id": "%s"}, "geometry": {"type": "Polygon", "coordinates": '
        + ring
        + "}}"
    )
    path.write_text(
        '{"type": "FeatureCollection", "features": [' + ", ".join(feature % name for name in "AB") + "]}",
        encoding="utf-8",
    )
    manifest = folder / "layers" / "manifest.toml"
    manifest.write_text(
        manifest.read_text(encoding="utf-8") + '\n[[layer]]\nrole = "barriers"\nfile = "water.geojson"\n',
        encoding="utf-8",
    )
    notes = [problem for problem in load_layers(folder).problems if problem.layer == "barriers"]
    assert [note.severity for note in notes] == [Severity.NOTE]
    assert "id" in notes[0].message
