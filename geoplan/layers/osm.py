"""Roads out of OpenStreetMap files, with the identity of every vertex, so that ways meet where OSM says they meet.

The frames made here have the columns of the roads layer and one more: ``nodes``, for each line an int64 array with
one identifier per vertex. Two lines touch at a vertex when, and only when, they share its identifier.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import osmium
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.crs import WGS84

TAGS = ("foot", "bicycle", "motor_vehicle", "vehicle", "access", "service", "oneway", "junction", "motorroad", "area")
_COLUMNS = ("road_class", "name", *TAGS, "grade")


def read_pbf(path: Path) -> gpd.GeoDataFrame:
    """All ways with a ``highway`` tag of an OSM file (.osm.pbf), in WGS84.

    Memory grows with the nodes of the file (their locations are held). A way whose nodes are partly missing,
    as at the edge of an extract, is kept in the pieces that are there.

    Raises:
        RuntimeError: the file is damaged.
    """
    entities = osmium.osm.NODE | osmium.osm.WAY
    ways = osmium.FileProcessor(str(path), entities).with_locations().with_filter(osmium.filter.KeyFilter("highway"))
    rows: list[tuple[Any, ...]] = []
    lines: list[NDArray[np.float64]] = []
    nodes: list[NDArray[np.int64]] = []
    for way in ways:
        if not isinstance(way, osmium.osm.Way):
            continue
        for piece in _located_pieces(way):
            rows.append(_way_attributes(way.tags))
            lines.append(np.array([(x, y) for _ref, x, y in piece]))
            nodes.append(np.array([ref for ref, _x, _y in piece], dtype=np.int64))
    return _frame(rows, lines, nodes)


def _located_pieces(way: Any) -> Iterator[list[tuple[int, float, float]]]:
    """The runs of at least two nodes of a way whose places are known."""
    piece: list[tuple[int, float, float]] = []
    for node in way.nodes:
        if node.location.valid():
            piece.append((node.ref, node.location.lon, node.location.lat))
            continue
        if len(piece) > 1:
            yield piece
        piece = []
    if len(piece) > 1:
        yield piece


def _way_attributes(tags: Any) -> tuple[Any, ...]:
    return (tags.get("highway", ""), tags.get("name", ""), *(tags.get(tag, "") for tag in TAGS), grade_of(tags))


def grade_of(tags: Any) -> int:
    """The level of a road above ground: OSM's ``layer``, else 1 on a bridge, -1 in a tunnel, 0 at grade."""
    try:
        return int(tags.get("layer", ""))
    except (TypeError, ValueError):
        above = tags.get("bridge", "") not in ("", "no", None)
        below = tags.get("tunnel", "") not in ("", "no", "building_passage", None)
        return int(above) - int(below)


def read_graphml(path: Path) -> gpd.GeoDataFrame:
    """A street graph as OSMnx writes it.

    Raises:
        ValueError, KeyError: it is not an OSMnx graph.
    """
    import osmnx  # noqa: PLC0415 - it takes half a second or more, and few workspaces have such a file

    return from_graph(osmnx.load_graphml(path))


def from_graph(graph: nx.MultiDiGraph) -> gpd.GeoDataFrame:
    """The roads of an OSMnx graph, each street once although the graph has it once per direction.

    The inner vertices of an edge get identifiers of their own, the same for both directions of one street.
    """
    places = {node: (float(data["x"]), float(data["y"])) for node, data in graph.nodes(data=True)}
    numbers = {node: number for number, node in enumerate(places)}
    inner: dict[tuple[Any, ...], int] = {}
    rows: list[tuple[Any, ...]] = []
    lines: list[NDArray[np.float64]] = []
    nodes: list[NDArray[np.int64]] = []
    seen: set[tuple[Any, ...]] = set()
    for start, end, data in graph.edges(data=True):
        line = _edge_coordinates(data.get("geometry"), places[start], places[end])
        ends = (min(numbers[start], numbers[end]), max(numbers[start], numbers[end]))
        middle = [tuple(point) for point in line[1:-1].tolist()]
        attributes = _edge_attributes(data)
        identity = (ends, tuple(min(middle, middle[::-1])), attributes[0])
        if identity in seen:
            continue
        seen.add(identity)
        keys = [inner.setdefault((ends, point), -1 - len(inner)) for point in middle]
        rows.append(attributes)
        lines.append(line)
        nodes.append(np.array([numbers[start], *keys, numbers[end]], dtype=np.int64))
    return _frame(rows, lines, nodes, graph.graph.get("crs", WGS84))


def _edge_coordinates(geometry: Any, start: tuple[float, float], end: tuple[float, float]) -> NDArray[np.float64]:
    """The vertices of an edge from its start to its end; straight when the graph gives no geometry."""
    if geometry is None:
        return np.array([start, end])
    line = shapely.get_coordinates(geometry)
    return line[::-1] if np.hypot(*(line[0] - end)) < np.hypot(*(line[0] - start)) else line


def _edge_attributes(data: dict[str, Any]) -> tuple[Any, ...]:
    def first(key: str) -> str:
        value = data.get(key, "")
        value = value[0] if isinstance(value, list) else value
        return "" if value is None else str(value)

    tags = {key: first(key) for key in ("layer", "bridge", "tunnel")}
    return (first("highway"), first("name"), *(first(tag) for tag in TAGS), grade_of(tags))


def _frame(
    rows: Iterable[tuple[Any, ...]],
    lines: list[NDArray[np.float64]],
    nodes: list[NDArray[np.int64]],
    crs: Any = WGS84,
) -> gpd.GeoDataFrame:
    table = pd.DataFrame(list(rows), columns=list(_COLUMNS))
    index = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    coordinates = np.concatenate(lines) if lines else np.empty((0, 2))
    frame = gpd.GeoDataFrame(table, geometry=shapely.linestrings(coordinates, indices=index), crs=crs)
    frame["nodes"] = pd.Series(nodes, index=frame.index, dtype=object)
    return frame
