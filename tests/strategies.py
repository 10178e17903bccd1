"""Random networks, places and people for hypothesis, small enough to read when they fail."""

import itertools

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from hypothesis import strategies as st
from shapely import LineString, Point

CRS = "EPSG:4547"
# A place in the middle of zone 38, so that coordinates have the size of real ones.
EAST, NORTH = 412_000.0, 2_512_000.0
# Vertices lie on this raster: two roads that do not meet are then much farther than a centimetre apart.
STEP_M = 40.0
SIZE = 8

SPEEDS = st.sampled_from([0.8, 1.0, 1.2])
_cells = st.tuples(st.integers(0, SIZE), st.integers(0, SIZE))


def roads_frame(lines, **columns):
    """A roads layer of plain lines; columns that are not given are blank, the grade is 0."""
    blank = dict.fromkeys(("road_class", "name", "foot", "access", "service", "oneway", "walkable"), "")
    table = pd.DataFrame({**blank, "grade": 0.0, **columns}, index=range(len(lines)))
    return gpd.GeoDataFrame(table, geometry=list(lines), crs=CRS)


def at(x, y):
    """A raster cell's (or any fraction's) place in metres."""
    return EAST + x * STEP_M, NORTH + y * STEP_M


@st.composite
def plain_roads(draw, max_lines=9):
    """Plain lines on a raster that cross, touch, overlap, bend and cross themselves, some on bridges."""
    paths = draw(st.lists(st.lists(_cells, min_size=2, max_size=4).filter(_moves), min_size=1, max_size=max_lines))
    grades = draw(st.lists(st.sampled_from([0, 0, 0, 1]), min_size=len(paths), max_size=len(paths)))
    return roads_frame([LineString([at(*cell) for cell in path]) for path in paths], grade=np.array(grades, float))


def _moves(path):
    return all(one != other for one, other in itertools.pairwise(path))


@st.composite
def given_roads(draw):
    """Roads with given vertices, as from OpenStreetMap: parallel roads, loops, islands, vertices at one place."""
    places = draw(st.lists(_cells, min_size=2, max_size=10))
    numbers = st.integers(0, len(places) - 1)
    paths = draw(st.lists(st.lists(numbers, min_size=2, max_size=4).filter(_moves), min_size=1, max_size=9))
    roads = roads_frame([LineString([at(*places[n]) for n in path]) for path in paths])
    roads["nodes"] = pd.Series([np.array(path, dtype=np.int64) for path in paths], dtype=object)
    return roads


road_layers = st.one_of(plain_roads(), given_roads())

_offsets = st.sampled_from([0, 0, 0, 1, -3, 7.5, -20, 45])


@st.composite
def _point_beside(draw, roads):
    """A point on a vertex, on a road or beside one; now and then far away or without a place."""
    fate = draw(st.integers(0, 11))
    if fate == 0:
        return None
    if fate == 1:
        return Point(*at(draw(st.integers(-9, 2 * SIZE)), draw(st.integers(-9, 2 * SIZE))))
    line = draw(st.sampled_from(list(roads.geometry)))
    foot = line.interpolate(draw(st.sampled_from([0, 0.25, 1 / 3, 0.5, 0.7, 1])), normalized=True)
    return Point(foot.x + draw(_offsets), foot.y + draw(_offsets))


def points_beside(roads, most):
    """Up to so many points; the same one may come twice."""
    return st.lists(_point_beside(roads), min_size=0, max_size=most)


@st.composite
def worlds(draw, roads=road_layers):
    """(roads, homes, facilities): a roads layer with points on, beside and away from it."""
    layer = draw(roads)
    return layer, draw(points_beside(layer, 10)), draw(points_beside(layer, 5))


people = st.one_of(st.integers(0, 3_000_000).map(lambda n: n / 1024), st.integers(0, 500).map(float), st.just(np.nan))


def facilities_frame(shapes):
    """Facilities of one kind at the given points, sorted by id."""
    ids = [f"F{i:02d}" for i in range(len(shapes))]
    table = pd.DataFrame({"facility_id": pd.Series(ids, dtype=object), "kind": "care_home", "status": "existing"})
    return gpd.GeoDataFrame(table, geometry=np.array(shapes, dtype=object), crs=CRS)


@st.composite
def demand_frames(draw, shapes, towns=("A", "B")):
    """People at the given points, in the given townships or in none."""
    size = len(shapes)
    columns = {g: draw(st.lists(people, min_size=size, max_size=size)) for g in ("pop_total", "pop60", "pop65")}
    township = draw(st.lists(st.sampled_from([*towns, ""]), min_size=size, max_size=size))
    in_area = [t != "" or draw(st.booleans()) for t in township]
    table = pd.DataFrame(
        {
            "demand_id": pd.Series([f"D{i:02d}" for i in range(size)], dtype=object),
            **{group: pd.Series(cells, dtype=float) for group, cells in columns.items()},
            "township": pd.Series(township, dtype=object),
            "in_area": pd.Series(in_area, dtype=bool),
        }
    )
    return gpd.GeoDataFrame(table, geometry=np.array(shapes, dtype=object), crs=CRS)


def units_frame(towns=("A", "B")):
    """A county of two townships side by side."""
    half = (SIZE / 2 + 1) * STEP_M
    west, south = EAST - STEP_M, NORTH - STEP_M
    boxes = [shapely.box(west + i * half, south, west + (i + 1) * half, south + 2 * half) for i in range(len(towns))]
    return gpd.GeoDataFrame(
        {
            "unit_code": ["C", *towns],
            "name": ["county", *towns],
            "level": ["county", *["town"] * len(towns)],
            "parent_code": ["", *["C"] * len(towns)],
        },
        geometry=[shapely.union_all(boxes), *boxes],
        crs=CRS,
    )
