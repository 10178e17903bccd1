"""One county out of an OSM PBF of any size, by streaming: memory follows what is cut out, not the file.

Kept are all nodes inside the region, every way that touches one of them with all its nodes, and every relation that such
a node or way belongs to. Of areas that are drawn as relations (multipolygons, borders of counties and below) all ways are
kept, so that they stay areas; other relations may name members that are not there, as in every extract.

Passes: nodes of the region; ways; relations; ways again for the areas; then everything is written in the order of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import osmium
import shapely
from numpy.typing import NDArray

from geoplan import __version__, crs
from geoplan.causes import cause
from geoplan.errors import LayerError
from geoplan.i18n import _
from geoplan.layers import LayerEntry
from geoplan.layers.pbf import Blob, Ways, as_file, read_blobs, read_nodes, read_ways
from geoplan.layers.reading import read_raw

Progress = Callable[[str], None]
PROGRESS = "progress"
"""The file beside the result into which a confined process writes what it is doing."""
_THREADS, _QUEUE = 2, 20
_BLOBS_AT_ONCE = 8
_COUNTY_LEVEL = 6  # admin_level, in China and most countries
_PIECE, _PIECES = 1 << 25, 16  # pyosmium's sets of ids are bitmaps in pieces of so many ids; how many at once: 64 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be cut out.

    Attributes:
        source: an .osm.pbf.
        out: is written; nothing may lie there.
        boundary: a layer of polygons, all of which count; None where the box holds.
        bbox: west, south, east, north in WGS84 degrees.
        crs: of the boundary where its file has none.
        beyond_m: by how much the region is widened on all sides (metres).
    """

    source: Path
    out: Path
    boundary: Path | None = None
    bbox: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    crs: str = ""
    beyond_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Cut:
    """How much was cut out."""

    nodes: int
    ways: int
    relations: int


def order_from(table: Mapping[str, Any]) -> Order:
    """The order that ``order_to`` wrote."""
    paths = {key: Path(table[key]) for key in ("source", "out", "boundary") if table[key] is not None}
    west, south, east, north = table["bbox"]
    return Order(**paths, bbox=(west, south, east, north), crs=table["crs"], beyond_m=table["beyond_m"])


def order_to(order: Order) -> dict[str, Any]:
    """An order as JSON has it."""
    paths = {key: getattr(order, key) for key in ("source", "out", "boundary")}
    texts = {key: path and str(path.resolve()) for key, path in paths.items()}
    return {**texts, "bbox": order.bbox, "crs": order.crs, "beyond_m": order.beyond_m}


def cut(order: Order, progress: Progress = lambda _stage: None) -> Cut:
    """Write what lies in a region as a file of its own.

    Memory: some 30 bytes a node that is kept, and 200 MB.

    Raises:
        WorkspaceError: the boundary's file is not there.
        LayerError: the source is no PBF, is damaged or incomplete, or has nothing in the region; the boundary cannot be
            read, or has no polygons.
        CrsError: the region lies where no metric CRS reaches.
    """
    next(read_blobs(order.source))  # no PBF at all is the first thing to say
    region = read_region(order)
    try:
        return _cut(_Source(order.source), region, order.out, progress)
    except (RuntimeError, osmium.InvalidLocationError) as error:
        text = _("{name} 已损坏或不完整（{reason}）。请重新下载。")
        raise LayerError(text.format(name=order.source.name, reason=cause(error))) from error


def read_region(order: Order) -> shapely.Geometry:
    """The region that is meant, in WGS84 degrees, widened."""
    shape = shapely.box(*order.bbox)
    if order.boundary is not None:
        frame = crs.lonlat(read_raw(order.boundary, LayerEntry("units", order.boundary.name, crs=order.crs)))
        areas = frame.geometry[frame.geometry.geom_type.isin(["Polygon", "MultiPolygon"])]
        if areas.empty:
            raise LayerError(_("{name} 中没有面，不能作为范围。").format(name=order.boundary.name))
        shape = shapely.make_valid(areas.make_valid().union_all())
    return widened(shape, order.beyond_m) if order.beyond_m else shape


def widened(shape: shapely.Geometry, metres: float) -> shapely.Geometry:
    """A shape in WGS84 degrees with all that lies within some metres of it.

    Raises:
        CrsError: it lies where no metric CRS reaches.
    """
    one = gpd.GeoDataFrame(geometry=[shape], crs=crs.WGS84)
    metric = crs.to_crs(one, crs.metric_crs(*crs.centre_lonlat(one)))
    return crs.lonlat(metric.set_geometry(metric.buffer(metres))).geometry.iloc[0]


@dataclass(frozen=True)
class _Source:
    """A file that is read several times, always by the same few threads: each takes addresses, which are limited."""

    path: Path
    threads: osmium.io.ThreadPool = field(default_factory=lambda: osmium.io.ThreadPool(_THREADS, _QUEUE))

    @cached_property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size

    @property
    def header(self) -> osmium.io.Header:
        """What the file says of itself."""
        return osmium.FileProcessor(str(self.path), osmium.osm.NOTHING, self.threads).header

    def blobs(self) -> Iterator[Blob]:
        """Its blobs of data."""
        return (blob for blob in read_blobs(self.path) if blob.kind == "OSMData")

    def each(self, kind: osmium.osm.osm_entity_bits) -> Iterator[Any]:
        """The things of one kind."""
        return iter(osmium.FileProcessor(str(self.path), kind, self.threads))

    def some(self, kind: osmium.osm.osm_entity_bits, blobs: Iterable[Blob], ids: NDArray[np.int64]) -> Iterator[Any]:
        """The things of a kind in some blobs, the header's among them, that have these ids."""
        chosen = osmium.filter.IdFilter(ids.tolist())
        return iter(osmium.FileProcessor(as_file(*blobs), kind, self.threads).with_filter(chosen))


def _cut(source: _Source, region: shapely.Geometry, out: Path, progress: Progress) -> Cut:
    inside = _nodes_in(source, region, progress)
    ways, refs = _ways(source, _touching(inside), progress)
    progress(_("查找关系"))
    relations, of_areas = _relations(source, inside, ways)
    missing = of_areas - ways
    if missing:
        progress(_("补全面的边界"))
        more, others = _ways(source, lambda ways: _in(ways.ids, _sorted(missing)), progress)
        ways, refs = ways | more, np.union1d(refs, others)
    nodes = np.union1d(inside, refs)
    progress(_("写出点"))
    written = _write(source, nodes, ways, relations, (region, out), progress)
    return Cut(written, len(ways), len(relations))


def _nodes_in(source: _Source, region: shapely.Geometry, progress: Progress) -> NDArray[np.int64]:
    """The ids of all nodes inside, ascending."""
    shapely.prepare(region)
    west, south, east, north = shapely.bounds(region)
    found, seen = [], np.array([np.inf, np.inf, -np.inf, -np.inf])
    for blob in source.blobs():
        nodes = read_nodes(blob, source.path)
        if not len(nodes.ids):
            continue
        if nodes.ids.min() < 0:
            text = _("{name} 有负的编号：它是编辑软件的草稿，不是 OSM 的数据。请提供下载的 .osm.pbf。")
            raise LayerError(text.format(name=source.path.name))
        x, y = nodes.lonlat.T
        seen = np.array([*np.minimum(seen[:2], (x.min(), y.min())), *np.maximum(seen[2:], (x.max(), y.max()))])
        near = np.flatnonzero((x >= west) & (x <= east) & (y >= south) & (y <= north))
        found.append(nodes.ids[near[shapely.intersects_xy(region, x[near], y[near])]])
        told = _("查找范围内的点：{share:.0%}")
        progress(told.format(share=blob.end / source.size))
    inside = np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)
    if not len(inside):
        text = _(
            "{name} 在所给的范围内没有数据（文件覆盖经度 {west:.3f} 至 {east:.3f}、纬度 {south:.3f} 至 {north:.3f}）。请核对范围和坐标系。"
        )
        west, south, east, north = seen
        raise LayerError(text.format(name=source.path.name, west=west, south=south, east=east, north=north))
    return inside


Choice = Callable[[Ways], NDArray[np.bool_]]
"""Which ways are meant: bool (n,)."""


def _touching(nodes: NDArray[np.int64]) -> Choice:
    """The ways that have one of the nodes."""
    return lambda ways: np.bincount(ways.way, weights=_in(ways.refs, nodes), minlength=len(ways.ids)) > 0


def _ways(source: _Source, choose: Choice, progress: Progress) -> tuple[set[int], NDArray[np.int64]]:
    """(the ids of the ways that are chosen, the ids of all their nodes, ascending)."""
    chosen: set[int] = set()
    refs = [np.zeros(0, np.int64)]
    for blob in source.blobs():
        ways = read_ways(blob, source.path)
        if len(ways.ids):
            which = choose(ways)
            chosen.update(ways.ids[which].tolist())
            refs.append(np.unique(ways.refs[which[ways.way]]))
            progress(_("查找道路等线：{share:.0%}").format(share=blob.end / source.size))
    return chosen, np.unique(np.concatenate(refs))


def _relations(source: _Source, nodes: NDArray[np.int64], ways: set[int]) -> tuple[set[int], set[int]]:
    """(the relations that something kept belongs to, the ways of those among them that are areas)."""
    kept: set[int] = set()
    of_areas: set[int] = set()
    for relation in source.each(osmium.osm.RELATION):
        members = [(member.type, member.ref) for member in relation.members]
        of_ways = {ref for kind, ref in members if kind == "w"}
        of_nodes = np.array([ref for kind, ref in members if kind == "n"], np.int64)
        if not of_ways.isdisjoint(ways) or _in(of_nodes, nodes).any():
            kept.add(relation.id)
            of_areas |= of_ways if _is_area(relation.tags) else set()
    return kept, of_areas


def _is_area(tags: Any) -> bool:
    """Whether a relation is an area that is not larger than a county."""
    level = tags.get("admin_level", "")
    kind = tags.get("type", "")
    return kind == "multipolygon" or (kind == "boundary" and level.isdecimal() and int(level) >= _COUNTY_LEVEL)


def _write(
    source: _Source,
    nodes: NDArray[np.int64],
    ways: set[int],
    relations: set[int],
    to: tuple[shapely.Geometry, Path],
    progress: Progress,
) -> int:
    """Write what is kept; how many nodes there were."""
    region, out = to
    with osmium.SimpleWriter(str(out), header=_header(source, region), thread_pool=source.threads) as writer:
        written = 0
        for node in _kept(source, osmium.osm.NODE, lambda blob: read_nodes(blob, source.path).ids, nodes):
            writer.add_node(node)
            written += 1
        progress(_("写出线和关系"))
        for way in _kept(source, osmium.osm.WAY, lambda blob: read_ways(blob, source.path).ids, _sorted(ways)):
            writer.add_way(way)
        for relation in source.each(osmium.osm.RELATION):
            if relation.id in relations:
                writer.add_relation(relation)
    return written


def _kept(
    source: _Source,
    kind: osmium.osm.osm_entity_bits,
    ids_in: Callable[[Blob], NDArray[np.int64]],
    kept: NDArray[np.int64],
) -> Iterator[Any]:
    """The things of a kind with these ids, tags and all, in the order of the file."""
    for head, blobs in _batches(source):
        ids = np.concatenate([ids_in(blob) for blob in blobs])
        for some in _runs(ids[_in(ids, kept)]):
            yield from source.some(kind, (head, *blobs), some)


def _batches(source: _Source) -> Iterator[tuple[Blob, list[Blob]]]:
    """(the header, some of the blobs) until there are no more."""
    blobs = read_blobs(source.path)
    head, batch = next(blobs), list[Blob]()
    for blob in blobs:
        if blob.kind == "OSMData":
            batch.append(blob)
        if len(batch) == _BLOBS_AT_ONCE:
            yield head, batch
            batch = []
    if batch:
        yield head, batch


def _runs(ids: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Ids in runs for which pyosmium's sets stay small."""
    ordered = np.sort(ids)
    piece = np.unique(ordered // _PIECE, return_inverse=True)[1]
    yield from np.split(ordered, np.flatnonzero(np.diff(piece // _PIECES)) + 1) if len(ordered) else ()


def _header(source: _Source, region: shapely.Geometry) -> osmium.io.Header:
    """What the new file says of itself: its region, and of which day the source is."""
    west, south, east, north = map(float, shapely.bounds(region))
    given = source.header
    header = osmium.io.Header()
    header.add_box(osmium.osm.Box(west, south, east, north))
    header.set("generator", f"geoplan {__version__}")
    for key in ("sorting", "osmosis_replication_timestamp"):
        if given.get(key):
            header.set(key, given.get(key))
    return header


def _in(values: NDArray[np.int64], ordered: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which values are among ascending ones."""
    place = np.searchsorted(ordered, values)
    place[place == len(ordered)] = 0
    return ordered[place] == values if len(ordered) else np.zeros(len(values), bool)


def _sorted(values: Iterable[int]) -> NDArray[np.int64]:
    return np.array(sorted(values), np.int64)
