"""The data doctor: each check finds the fault that was planted, and says nothing of the sound county."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from datetime import date

import geopandas as gpd
import networkx as nx
import numpy as np
import osmnx
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from intake_files import workbook
from workspaces import COUNTY, CRS, OTHER_TOWN, STREET, TOWN, area, at, line, small_workspace, table

from geoplan import crs
from geoplan.doctor import CHECKS, Case, examine, prescribe, read_reference, references_of
from geoplan.doctor.places import alike
from geoplan.errors import LayerError, SettingsError
from geoplan.intake.trusted import Trusted
from geoplan.layers import load_layers, read_manifest
from geoplan.layers.manifest import MANIFEST, REPAIRS, LayerEntry, Repair
from geoplan.layers.manifest_file import add_repair, remove_repair
from geoplan.layers.repairs import repaired
from geoplan.layers.road_gaps import crossings, gaps, parts_of
from geoplan.model import Severity
from geoplan.network import build_network, load_profile, ways_of

CODES = f"code,name\n{STREET},甲街道\n{TOWN},乙镇\n{OTHER_TOWN},丙镇\n"


def case_of(root, **references):
    """A workspace ready to be examined."""
    layers = load_layers(root, complete=False)
    ways = ways_of(layers, load_profile("walk")) if "roads" in layers.frames else None
    return Case(layers, ways, replace(references_of(layers), **references))


def codes_in(file):
    """The townships of a list of codes."""
    return read_reference(file, "codes", Trusted())


def census_in(file):
    """The townships of a census."""
    return read_reference(file, "census", Trusted())


def found_in(root, check, **references):
    """What one check finds in a workspace."""
    case = case_of(root, **references)
    return list(next(each for each in CHECKS if each.id == check).run(case))


def with_rows(frame, rows):
    """A frame with further rows, blank where they say nothing."""
    more = gpd.GeoDataFrame(pd.DataFrame(rows, dtype=object), geometry="geometry", crs=CRS)
    return gpd.GeoDataFrame(pd.concat([frame, more], ignore_index=True).fillna(""), geometry="geometry", crs=CRS)


def facility(name, place, **cells):
    """A row of the facilities layer."""
    base = {"facility_id": "X", "kind": "care_home", "level": "township", "status": "existing", "name": name}
    return {**base, "geometry": place, **cells}


def test_the_sound_county_has_nothing_wrong(small, tmp_path):
    """Of the small county, with its codes, census and papers, nothing is found."""
    for entry in small.entries.values():
        entry.update(source="民政局", licence="内部资料", as_of=date(2024, 12, 31))
    root = small.write(tmp_path)
    (tmp_path / "codes.csv").write_text(CODES, encoding="utf-8")
    units = [(STREET, 600), (TOWN, 400), (OTHER_TOWN, 1100)]
    (tmp_path / "census.csv").write_text("code,population\n" + "".join(f"{c},{n}\n" for c, n in units))
    case = case_of(root, codes=codes_in(tmp_path / "codes.csv"), census=census_in(tmp_path / "census.csv"))
    assert [found for found in examine(case) if found.check] == []


PLANTED = {
    "in_water": ("facilities", facility("水上养老院", at(1250, 1250)), ("X",)),
    "outside_county": ("facilities", facility("界外养老院", at(-500, 500)), ("X",)),
    "far_from_roads": ("facilities", facility("山上养老院", at(5500, 1900)), ("X",)),
    "duplicates": ("facilities", facility("乙镇敬老院（东区）", at(2510, 500)), ("F2", "X")),
    "places_without_people": ("demand", {"demand_id": "D9", "pop_total": "0", "geometry": at(500, 800)}, ("D9",)),
    "households_without_people": (
        "estates",
        {"estate_id": "E9", "name": "空城", "households": "90", "geometry": at(3500, 1500)},
        ("E9",),
    ),
}


@pytest.mark.parametrize("check", PLANTED)
def test_a_planted_row_is_found(small, tmp_path, check):
    """The row that is wrong is named, counted and placed."""
    role, row, ids = PLANTED[check]
    water = table("barrier_id kind name", ("W1", "water", "湖", area(1200, 1200, 1300, 1300)))
    small.frames["barriers"], small.entries["barriers"] = water, {"file": "barriers.parquet"}
    small.frames[role] = with_rows(small.frames[role], [row])
    (found,) = found_in(small.write(tmp_path), check)
    assert sorted(found.problem.rows) == sorted(ids)
    assert found.count == len(ids)
    assert any(shapely.distance(place, row["geometry"]) < 1e-6 for place in found.where)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("乙镇敬老院", "乙镇敬老院（东区）", True),
        ("鹤山市福利院", "鹤山福利院", True),
        ("示例站点001", "示例站点002", False),
        ("第一敬老院", "第二敬老院", False),
        ("东风敬老院", "红旗敬老院", False),
    ],
)
def test_names_are_alike_by_what_is_their_own(one, other, same):
    """What all facilities of a kind are called does not make names alike, and a different number makes them different."""
    assert alike(one, other) is same


def with_homes(workspace, root, datum):
    """The county with 150 homes beside its streets whose degrees are of a datum and are read as Baidu's."""
    random = np.random.default_rng(7)
    beside = [(500 * random.integers(0, 5) + random.uniform(-12, 12), random.uniform(0, 2000)) for _ in range(150)]
    homes = [at(*(place if number % 2 else place[::-1])) for number, place in enumerate(beside)]
    true = crs.lonlat(gpd.GeoDataFrame(geometry=homes, crs=CRS)).geometry.to_numpy()
    rows = [f"H{n},10,{x:.8f},{y:.8f}" for n, (x, y) in enumerate(shapely.get_coordinates(crs.shift(true, datum)))]
    workspace.replace_layer("demand", "homes.csv", datum="bd09", crs="EPSG:4326").write(root)
    (root / "layers" / "homes.csv").write_text("\n".join(["demand_id,pop_total,lon,lat", *rows]))
    return root


def test_an_offset_datum_is_found_with_its_evidence(small, tmp_path):
    """Homes in Baidu's degrees among roads in true ones are told from it; read as Baidu's they are not."""
    root = with_homes(small, tmp_path, "bd09")
    assert found_in(root, "offset_datum") == []
    manifest = root / MANIFEST
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('datum = "bd09"\n', ""), encoding="utf-8")
    (found,) = found_in(root, "offset_datum")
    assert (found.problem.layer, found.count) == ("demand", 150)
    assert "BD-09" in found.problem.message


def test_true_degrees_that_are_read_as_shifted_are_found(small, tmp_path):
    """Homes that lie at the roads and are converted from Baidu's degrees all the same are told."""
    root = with_homes(small, tmp_path, "wgs84")
    (found,) = found_in(root, "offset_datum")
    assert "WGS84" in found.problem.message


def test_overlaps_and_gaps_of_units_are_found(small, tmp_path):
    """An overlap of 100 m and a gap of 200 m are measured; strips as wide as drawing errors are not."""
    units = small.frames["units"]
    units.loc[2, "geometry"] = area(1900, 0, 3800, 2000)
    units.loc[3, "geometry"] = area(4000, 0, 5995, 2000)
    root = small.write(tmp_path)
    (overlap,), (gap,) = found_in(root, "overlaps"), found_in(root, "unit_gaps")
    assert sorted(overlap.problem.rows) == [STREET, TOWN]
    assert shapely.area(np.array(overlap.where)).sum() == pytest.approx(100 * 2000, rel=1e-3)
    assert shapely.area(np.array(gap.where)).sum() == pytest.approx(200 * 2000, rel=1e-3)


def test_missing_townships_are_named(small, tmp_path):
    """A township of the list that the layer lacks is named; one is recognised by its name where its code has changed."""
    listed = (
        f"代码,名称\n{COUNTY}000000,示例县\n{STREET}000,甲街道\n440784999,乙镇\n440784103,丁镇\n440784101001,某村\n"
    )
    (tmp_path / "codes.csv").write_text(listed, encoding="gbk")
    codes = codes_in(tmp_path / "codes.csv")
    assert [unit.name for unit in codes] == ["甲街道", "乙镇", "丁镇"]
    missing, strange = found_in(small.write(tmp_path), "missing_townships", codes=codes)
    assert missing.count == 1
    assert "丁镇" in missing.problem.message
    assert strange.problem.rows == (OTHER_TOWN,)


def test_thirteen_of_sixteen_townships_are_said_to_lack_three(shared, tmp_path, geoplan):
    """Rongcheng's layer alone can be checked: with the list of 16 codes it lacks three."""
    source = shared / "data" / "rongcheng" / "townships.geojson"
    if not source.is_file():
        pytest.skip(f"real data is absent: {source}")
    (tmp_path / "layers").mkdir()
    (tmp_path / "layers" / "units.geojson").write_bytes(source.read_bytes())
    (tmp_path / MANIFEST).write_text(
        '[[layer]]\nrole = "units"\nfile = "units.geojson"\nconstants = { parent_code = "445202" }\n'
        'columns = { unit_code = "code", level = "regionType" }\n'
    )
    names = gpd.read_file(source)
    listed = [*zip(names["code"], names["name"], strict=True), *((f"44520220{n}", f"某镇{n}") for n in (1, 2, 3))]
    (tmp_path / "codes.csv").write_text("code,name\n" + "".join(f"{c},{n}\n" for c, n in listed), encoding="utf-8")
    status, out, _err = geoplan("check", tmp_path, "--codes", tmp_path / "codes.csv", "--json")
    told = next(each for each in json.loads(out)["findings"] if each["check"] == "missing_townships")
    assert (status, told["count"]) == (0, 3)


def test_sums_are_held_against_the_census(small, tmp_path):
    """The township whose people do not sum to the census is named with both figures."""
    (tmp_path / "census.csv").write_text(f'code,population\n{STREET},600\n{TOWN},"1,400"\n{OTHER_TOWN},1102\n')
    (found,) = found_in(small.write(tmp_path), "against_census", census=census_in(tmp_path / "census.csv"))
    assert found.problem.rows == (TOWN,)
    assert "400 ≠ 1,400" in found.problem.message


def test_what_reading_found_is_told_with_its_places(small, tmp_path):
    """More nursing beds than beds is a problem of reading; the doctor tells it once, with the place."""
    extra = facility("多护理床", at(3000, 500), beds="10", nursing_beds="12")
    small.frames["facilities"] = with_rows(small.frames["facilities"], [extra])
    found = [each for each in examine(case_of(small.write(tmp_path))) if "nursing_beds" in each.problem.message]
    assert [(each.problem.rows, len(each.where)) for each in found] == [(("X",), 1)]


def test_islands_and_roads_that_stop_at_the_border_are_found(small, tmp_path):
    """An island is counted and placed; roads that end with the county are told."""
    inside = [line((0, north), (6000, north)) for north in range(0, 2001, 500)]
    inside += [line((east, 0), (east, 2000)) for east in range(0, 6001, 500)]
    island = line((3100, 1100), (3400, 1400))
    small.frames["roads"] = table("road_class", *(("residential", each) for each in [*inside, island]))
    root = small.write(tmp_path)
    (apart,), (border,) = found_in(root, "islands"), found_in(root, "stopping_at_border")
    assert apart.count == 1
    assert apart.where[0].equals(island)
    assert border.count == 0
    assert border.where


def roads_of(*lines, nodes=None, grades=None):
    """A validated roads layer of these lines."""
    frame = table("road_class", *(("residential", each) for each in lines))
    frame["grade"] = np.nan if grades is None else grades
    if nodes is not None:
        frame["nodes"] = pd.Series([np.array(each, dtype=np.int64) for each in nodes])
    return frame.assign(walkable="", foot="", access="", service="", status="", area="")


STREET_LINE = line((0, 0), (1000, 0))


@pytest.mark.parametrize(
    ("other", "count"),
    [
        (line((500, 1.5), (500, 300)), 1),  # stops 1.5 m short
        (line((500, 2.5), (500, 300)), 0),  # farther than the tolerance
        (line((500, 0), (500, 300)), 0),  # meets it
        (line((500, -300), (500, 300)), 0),  # crosses it
        (line((1001.5, 0), (2000, 0)), 1),  # two ends before each other: one gap
        (line((0, 0), (900, 1.9), (995, 1.9)), 1),
        (line((985, 0), (997, 1.5)), 0),  # a fork with a sharp angle
    ],
)
def test_ends_that_almost_touch_are_found(other, count):
    """Ends within 2 m of a road that they do not meet, each gap once."""
    assert len(gaps(parts_of(roads_of(STREET_LINE, other)), 2.0).part) == count


def test_a_bridge_does_not_stop_short_of_the_street_below():
    """An end at another grade is no gap."""
    over = line((500, 1.0), (500, 300))
    assert len(gaps(parts_of(roads_of(STREET_LINE, over, grades=[0, 1])), 2.0).part) == 0


CROSS = (line((0, 0), (1000, 0)), line((500, -500), (500, 500)))


def test_crossings_without_a_node_are_found_where_nodes_decide():
    """Two ways of OpenStreetMap that cross at ground level without a common node; bridges, a common node and plain lines are none."""
    apart = roads_of(*CROSS, nodes=[[1, 2], [3, 4]])
    found = crossings(parts_of(apart))
    assert found.xy.tolist() == [list(shapely.get_coordinates(at(500, 0))[0])]
    assert len(crossings(parts_of(roads_of(*CROSS, nodes=[[1, 2], [3, 4]], grades=[0, 1]))).one) == 0
    assert len(crossings(parts_of(roads_of(*CROSS, nodes=[[1, 2], [3, 4]], grades=[1, 1]))).one) == 0
    joined = (line((0, 0), (500, 0), (1000, 0)), line((500, -500), (500, 0), (500, 500)))
    assert len(crossings(parts_of(roads_of(*joined, nodes=[[1, 9, 2], [3, 9, 4]]))).one) == 0
    assert len(crossings(parts_of(roads_of(*CROSS))).one) == 0


def test_squares_and_unfinished_roads_are_no_roads_that_should_meet():
    """The outline of a square and a road that is only proposed neither cross a street nor are stopped short of."""
    for column, cell in (("area", "yes"), ("road_class", "proposed")):
        roads = roads_of(*CROSS, nodes=[[1, 2], [3, 4]])
        roads.loc[1, column] = cell
        assert len(crossings(parts_of(roads)).one) == 0
        after = mended(roads, "node_crossings")
        assert [nodes.tolist() for nodes in after["nodes"]] == [[1, 2], [3, 4]]


def mended(roads, name, **how):
    """Roads after a repair."""
    return repaired(roads, LayerEntry("roads", "", repairs=(Repair(name, **how),)))[0]


@pytest.mark.parametrize("nodes", [None, [[1, 2], [3, 4]]])
def test_a_snapped_end_joins_the_network(nodes):
    """Before the repair there are two islands, after it one; the drawing grows by the gap and nothing else."""
    roads = roads_of(STREET_LINE, line((500, 1.5), (500, 300)), nodes=nodes)
    after = mended(roads, "snap_ends", within_m=2.0)
    assert (build_network(roads).islands, build_network(after).islands) == (2, 1)
    assert shapely.length(after.geometry).sum() - shapely.length(roads.geometry).sum() == pytest.approx(1.5, abs=1e-6)
    assert len(gaps(parts_of(after), 2.0).part) == 0


def test_a_noded_crossing_joins_the_network():
    """Before the repair the two ways are islands, after it they meet, at a node that was no other's."""
    roads = roads_of(*CROSS, nodes=[[1, 2], [3, 7]])
    after = mended(roads, "node_crossings")
    assert (build_network(roads).islands, build_network(after).islands) == (2, 1)
    assert [nodes.tolist() for nodes in after["nodes"]] == [[1, 8, 2], [3, 8, 7]]


@given(
    st.lists(
        st.tuples(*[st.integers(0, 40)] * 4).filter(lambda way: way[:2] != way[2:]), min_size=2, max_size=7, unique=True
    )
)
def test_repaired_roads_need_no_repair(ways):
    """Snapping never breaks a network up, and noding leaves no crossing without a node."""
    lines = [line((50.3 * a, 50.3 * b), (50.3 * c + 1.1, 50.3 * d)) for a, b, c, d in ways]
    plain = roads_of(*lines)
    assert build_network(mended(plain, "snap_ends", within_m=3.0)).islands <= build_network(plain).islands
    noded = mended(roads_of(*lines, nodes=[[2 * n, 2 * n + 1] for n in range(len(lines))]), "node_crossings")
    assert len(crossings(parts_of(noded)).one) == 0


def broken_county():
    """The small county with a facility twice, a road that stops 1 m short, and a comment in its manifest."""
    workspace = small_workspace()
    rows = workspace.frames["facilities"]
    twin = rows.iloc[[1]].assign(facility_id="F9")
    workspace.frames["facilities"] = gpd.GeoDataFrame(pd.concat([rows, twin], ignore_index=True), crs=CRS)
    short = table("road_class", ("residential", line((3501, 1250), (3900, 1250))))
    workspace.frames["roads"] = gpd.GeoDataFrame(
        pd.concat([workspace.frames["roads"], short], ignore_index=True), crs=CRS
    )
    return workspace


def test_repairs_are_recorded_applied_and_taken_back(tmp_path, geoplan):
    """A repair changes the manifest and what is read, never a file; without its entry all is as it was."""
    root = broken_county().write(tmp_path / "broken")
    before = {path.name: path.read_bytes() for path in (root / "layers").iterdir()}
    read = load_layers(root)
    status, out, err = geoplan("check", root, "--repair", "drop_duplicates")
    assert (status, err) == (0, "")
    assert "drop_duplicates" in out
    entry = next(each for each in tomllib.loads((root / MANIFEST).read_text("utf-8"))["layer"] if "repairs" in each)
    assert entry["repairs"][0]["rows"] == ["F9"]
    after = load_layers(root)
    assert set(read.frames["facilities"]["facility_id"]) - set(after.frames["facilities"]["facility_id"]) == {"F9"}
    assert after.digest != read.digest
    assert any(problem.severity is Severity.NOTE and "1" in problem.message for problem in after.problems)
    changed = {name for name, content in before.items() if (root / "layers" / name).read_bytes() != content}
    assert changed == {MANIFEST.name}
    (root / MANIFEST).write_bytes(before[MANIFEST.name])
    assert load_layers(root).digest == read.digest


def with_homes_from_baidu(workspace, root):
    """Homes in Baidu's degrees that the manifest takes for true ones."""
    root = with_homes(workspace, root, "bd09")
    manifest = root / MANIFEST
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('datum = "bd09"\n', ""), encoding="utf-8")
    return root


def planted(check):
    """Writes the small county with the row that a check is there for."""

    def write(workspace, root):
        role, row, _ids = PLANTED[check]
        water = table("barrier_id kind name", ("W1", "water", "湖", area(1200, 1200, 1300, 1300)))
        workspace.frames["barriers"], workspace.entries["barriers"] = water, {"file": "barriers.parquet"}
        workspace.frames[role] = with_rows(workspace.frames[role], [row])
        return workspace.write(root)

    return write


def with_units(*places):
    """Writes the small county with other borders of its second and third township."""

    def write(workspace, root):
        for row, shape in zip((2, 3), places, strict=True):
            workspace.frames["units"].loc[row, "geometry"] = shape
        return workspace.write(root)

    return write


def with_statements(workspace, root):
    """F1 is said to have 10 beds by one source and 12 by another, of the same day."""
    rows = workspace.frames["facilities"].assign(beds="", as_of="2024", source="台账")
    other = facility("甲街道综合养老服务中心", at(500, 500), facility_id="F1", beds="12", as_of="2024", source="官网")
    workspace.frames["facilities"] = with_rows(rows, [{**other, "kind": "township_centre"}])
    return workspace.write(root)


def with_nursing_beds(workspace, root):
    """A facility with more nursing beds than beds."""
    row = facility("多护理床", at(3000, 500), beds="10", nursing_beds="12")
    workspace.frames["facilities"] = with_rows(workspace.frames["facilities"], [row])
    return workspace.write(root)


def with_crossings(workspace, root):
    """A street graph of two ways that cross without a common node."""
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    places = crs.lonlat(gpd.GeoDataFrame(geometry=[at(0, 0), at(900, 900), at(0, 900), at(900, 0)], crs=CRS)).geometry
    for number, place in enumerate(places):
        graph.add_node(number, x=place.x, y=place.y)
    for one, other in ((0, 1), (2, 3)):
        graph.add_edge(one, other, osmid=one, highway="residential", length=1273.0)
    workspace.replace_layer("roads", "roads.graphml").write(root)
    osmnx.save_graphml(graph, root / "layers" / "roads.graphml")
    return root


CURES = {
    "offset_datum:set_datum": with_homes_from_baidu,
    "in_water:blank_cells": planted("in_water"),
    "in_water:exclude_rows": planted("in_water"),
    "outside_county:exclude_rows": planted("outside_county"),
    "far_from_roads:blank_cells": planted("far_from_roads"),
    "exact_duplicates:drop_duplicates": lambda _workspace, root: broken_county().write(root),
    "duplicates:exclude_rows": planted("duplicates"),
    "duplicates:exclude_rows=F2": planted("duplicates"),
    "overlaps:clip_overlaps": with_units(area(1900, 0, 4000, 2000), area(4000, 0, 6000, 2000)),
    "unit_gaps:fill_gaps": with_units(area(2000, 0, 3950, 2000), area(4000, 0, 6000, 2000)),
    "places_without_people:blank_cells": planted("places_without_people"),
    "places_without_people:exclude_rows": planted("places_without_people"),
    "households_without_people:blank_cells": planted("households_without_people"),
    "parts_above_whole:blank_cells": with_nursing_beds,
    "two_sources:prefer_source=官网": with_statements,
    "dangling_ends:snap_ends": lambda _workspace, root: broken_county().write(root),
    "crossings_without_node:node_crossings": with_crossings,
}


@pytest.mark.parametrize("spec", CURES)
def test_a_repair_settles_what_was_found_and_is_taken_back_whole(small, tmp_path, spec):
    """With the repair in the manifest the finding is gone and no file has changed; without it all is as it was."""
    check = spec.partition(":")[0]
    root = CURES[spec](small, tmp_path)
    manifest, digest = (root / MANIFEST).read_bytes(), load_layers(root).digest
    files = {path: path.read_bytes() for path in (root / "layers").iterdir() if path.name != MANIFEST.name}
    made = prescribe(examine(case_of(root)), [spec], date(2026, 1, 31))
    for role, repair in made:
        add_repair(root, role, repair)
    assert found_in(root, check) == []
    assert load_layers(root).digest != digest
    assert {path: path.read_bytes() for path in files} == files
    for role, repair in made:
        remove_repair(root, role, repair)
    assert found_in(root, check) != []
    assert (load_layers(root).digest, tomllib.loads(manifest.decode())) == (
        digest,
        tomllib.loads((root / MANIFEST).read_text("utf-8")),
    )


def test_every_repair_is_offered_by_a_check():
    """There is no repair that the reading knows and no check calls for."""
    assert {spec.partition(":")[2].partition("=")[0] for spec in CURES} == set(REPAIRS)


def test_what_a_repair_does_is_told_and_is_right(small, tmp_path):
    """Beds that contradict each other are unknown and not zero; an overlap stays with the lower code; homes lie at their streets."""
    beds = with_nursing_beds(small_workspace(), tmp_path / "beds")
    for role, repair in prescribe(examine(case_of(beds)), ["parts_above_whole:blank_cells"], date(2026, 1, 31)):
        add_repair(beds, role, repair)
    row = load_layers(beds).frames["facilities"].set_index("facility_id").loc["X"]
    assert np.isnan(row["beds"])
    assert np.isnan(row["nursing_beds"])
    units = CURES["overlaps:clip_overlaps"](small_workspace(), tmp_path / "units")
    for role, repair in prescribe(examine(case_of(units)), ["clip_overlaps"], date(2026, 1, 31)):
        add_repair(units, role, repair)
    areas = load_layers(units).frames["units"].set_index("unit_code").area
    assert areas[[STREET, TOWN]].to_numpy() == pytest.approx([4e6, 4e6], rel=1e-4)
    homes = with_homes_from_baidu(small, tmp_path / "homes")
    for role, repair in prescribe(examine(case_of(homes)), ["set_datum"], date(2026, 1, 31)):
        add_repair(homes, role, repair)
    layers = load_layers(homes)
    roads = shapely.union_all(layers.frames["roads"].geometry)
    assert shapely.distance(layers.frames["demand"].geometry.to_numpy(), roads).max() < 13


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("exclude_rows", "outside_county:exclude_rows"),  # of two checks one must be named
        ("two_sources:prefer_source", "two_sources:prefer_source=台账"),  # the source must be chosen
        ("outside_county:exclude_rows=F1", "没有发现"),  # F1 lies inside
    ],
)
def test_a_repair_that_could_be_several_is_asked_about(small, tmp_path, spec, said):
    """What is not clear is refused with the words to choose from, and nothing is written."""
    small.frames["facilities"] = with_rows(
        small.frames["facilities"],
        [facility("界外", at(-500, 500)), facility("乙镇敬老院（东区）", at(2510, 500), facility_id="Y")],
    )
    root = with_statements(small, tmp_path)
    with pytest.raises(SettingsError, match=re.escape(said)):
        prescribe(examine(case_of(root)), [spec], date(2026, 1, 31))


def test_repairs_of_one_kind_are_one_item_and_come_back_by_command(tmp_path, geoplan, small):
    """Rows left out one after the other stand in one item of the manifest; ``--revert`` takes it back."""
    small.frames["facilities"] = with_rows(
        small.frames["facilities"], [facility("界外", at(-500, 500)), facility("山上", at(5500, 1900), facility_id="Y")]
    )
    root = small.write(tmp_path)
    digest = load_layers(root).digest
    for spec in ("outside_county:exclude_rows", "far_from_roads:exclude_rows"):
        assert geoplan("check", root, "--repair", spec)[0] == 0
    (repair,) = read_manifest(root).entry("facilities").repairs
    assert repair.rows == ("X", "Y")
    assert geoplan("check", root, "--revert", "snap_ends")[0] == 2
    assert geoplan("check", root, "--revert", "facilities:exclude_rows")[0] == 0
    assert load_layers(root).digest == digest


def test_layers_without_papers_are_named(small, tmp_path):
    """A manifest that does not say licence and date is a finding that names the layers."""
    small.entries["demand"]["licence"] = "内部资料"
    found = {each.problem.message for each in found_in(small.write(tmp_path), "undocumented")}
    assert any("许可" in text and "道路" in text and "居民点" not in text for text in found)
    assert any("日期" in text and "居民点" in text for text in found)


def test_codes_and_census_of_the_workspace_are_used_at_every_check(small, tmp_path, geoplan):
    """Tables that were imported, a workbook with a title and a CSV with sums, are what later checks are held against; figures and scenarios do not move."""
    root = small.write(tmp_path / "county")
    before = load_layers(root)
    rows = [("某县2024年区划代码",), ("代码", "名称"), (STREET, "甲街道"), (TOWN, "乙镇"), ("440784103", "丁镇")]
    codes = workbook(tmp_path / "代码.xlsx", rows)
    census = tmp_path / "普查.csv"
    census.write_text(f"地区,代码,常住人口\n合计,,9999\n甲街道,{STREET},600\n乙镇,{TOWN},1400\n", encoding="gbk")
    for role, file in (("codes", codes), ("census", census)):
        status, _out, err = geoplan("import", role, file, "--dir", root, "--trust")
        assert (status, err) == (0, "")
    found = json.loads(geoplan("check", root, "--json")[1])["findings"]
    told = {each["check"]: each["message"] for each in found}
    assert "丁镇" in told["missing_townships"] or "不在代码表" in told["missing_townships"]
    assert "400 ≠ 1,400" in told["against_census"]
    assert load_layers(root).base == before.base


def test_a_duplicate_that_is_none_any_more_is_kept(small, tmp_path):
    """A row that the manifest says to drop and that says something of its own stays, with a warning."""
    small.entries["facilities"]["repairs"] = [{"name": "drop_duplicates", "rows": ["F2"]}]
    layers = load_layers(small.write(tmp_path))
    assert "F2" in set(layers.frames["facilities"]["facility_id"])
    assert [problem.rows for problem in layers.problems if problem.severity is Severity.WARNING] == [("F2",)]


@pytest.mark.parametrize(
    ("role", "repair"),
    [
        ("facilities", {"name": "snap_ends"}),
        ("roads", {"name": "snap_ends", "within_m": 500}),
        ("roads", {"name": "unknown"}),
        ("roads", {"name": "snap_ends", "how": "much"}),
    ],
)
def test_a_repair_that_cannot_be_is_refused(small, tmp_path, geoplan, role, repair):
    """A repair of another role, out of its bounds or unknown is refused in a line."""
    small.entries[role]["repairs"] = [repair]
    status, _out, err = geoplan("check", small.write(tmp_path))
    assert status == 2
    assert "repairs" in err
    assert "Traceback" not in err


def test_a_repair_for_nothing_changes_nothing(small, tmp_path, geoplan):
    """Asked to repair what is sound, or by an unknown name, the command refuses and leaves the manifest as it was."""
    root = small.write(tmp_path)
    before = (root / MANIFEST).read_bytes()
    for name in ("drop_duplicates", "magic"):
        assert geoplan("check", root, "--repair", name)[0] == 2
    assert (root / MANIFEST).read_bytes() == before


def test_places_and_statement_are_written(tmp_path, geoplan):
    """The GeoPackage holds every place and the statement every problem; both come with ``--out``."""
    root = broken_county().write(tmp_path / "county")
    status, _out, _err = geoplan("check", root, "--out", tmp_path / "out")
    assert status == 0
    points = pyogrio.read_dataframe(tmp_path / "out" / "data-problems.gpkg", layer="points")
    assert shapely.distance(points.geometry.to_numpy(), at(2500, 500)).min() < 1e-6
    told = (tmp_path / "out" / "data-quality.md").read_text(encoding="utf-8")
    assert "F2 = F9" not in told
    assert "F9 = F2" in told


def test_files_that_cannot_be_used_are_refused(small, tmp_path, geoplan):
    """A list of codes without its columns, a census that is no number, a folder that is no workspace are refused in a line."""
    root = small.write(tmp_path)
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    (tmp_path / "words.csv").write_text(f"code,population\n{TOWN},many\n")
    for role, file in (("codes", "bad.csv"), ("census", "words.csv")):
        with pytest.raises(LayerError):
            read_reference(tmp_path / file, role, Trusted())
    for arguments in ((root, "--codes", tmp_path / "absent.csv"), (tmp_path / "nowhere",)):
        status, _out, err = geoplan("check", *arguments)
        assert status == 2
        assert "Traceback" not in err


def test_nothing_is_said_of_rows_that_a_repair_took_away(small, tmp_path):
    """A facility without a place is warned of until it is left out."""
    small.frames["facilities"].loc[0, "geometry"] = None
    root = small.write(tmp_path)
    warned = [problem for problem in load_layers(root).problems if "F1" in problem.rows]
    assert [problem.message for problem in warned] == ["没有几何位置"]
    add_repair(root, "facilities", Repair("exclude_rows", rows=("F1",)))
    assert [problem for problem in load_layers(root).problems if "F1" in problem.rows] == []
