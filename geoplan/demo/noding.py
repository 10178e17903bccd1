"""Making one network of many lines: exact junctions where lines meet at grade, and no ends that only look joined."""

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geoplan.demo.plane import BoolArray, FloatArray, IntArray, ObjectArray
from geoplan.demo.ways import Ways

_WELD_M = 2.5
_STUB_M = 14.0  # dead ends shorter than this are left-overs of crossings
_GAP_M = 11.0  # a dead end nearer than this to another road would look joined


@dataclass(frozen=True)
class Ends:
    """The network seen as a graph: each line's two end nodes, and where the nodes are."""

    start: IntArray
    end: IntArray
    xy: FloatArray

    def degree(self) -> IntArray:
        """How many line ends meet at each node."""
        return np.asarray(np.bincount(np.concatenate([self.start, self.end]), minlength=len(self.xy)))

    def parts(self) -> IntArray:
        """The connected part each line belongs to."""
        graph = coo_array((np.ones(len(self.start)), (self.start, self.end)), shape=(len(self.xy),) * 2)
        _, part = connected_components(graph, directed=False)
        return np.asarray(part[self.start], dtype=np.int64)


def ends_of(ways: Ways) -> Ends:
    """Number the end points of all lines; ends at the same centimetre are one node."""
    points = np.array([end for line in ways.lines for end in (line[0], line[-1])])
    xy, number = np.unique(np.rint(points * 100).astype(np.int64), axis=0, return_inverse=True)
    number = number.reshape(-1, 2)
    return Ends(number[:, 0], number[:, 1], xy / 100)


def node_at_grade(ways: Ways) -> Ways:
    """Split ground lines wherever they meet; lines on grade 1 pass over, and join only at their ends."""
    over = ways.where([grade != 0 for grade in ways.grades])
    ground = ways.where([grade == 0 for grade in ways.grades])
    sources = ground.geometries()
    pieces = shapely.get_parts(shapely.union_all(sources, grid_size=0.01))
    noded = Ways()
    for piece, source in zip(pieces, _sources(pieces, sources, ground.rank()), strict=True):
        noded.add(shapely.get_coordinates(piece), ground.classes[source], ground.names[source])
    noded.extend(over)
    return _weld(noded)


def _weld(ways: Ways) -> Ways:
    """Make one junction of two that are a step apart, which crossings at a flat angle leave behind."""
    ends = ends_of(ways)
    short = (shapely.length(ways.geometries()) < _WELD_M) & (np.array(ways.grades) == 0)
    pairs = (ends.start[short], ends.end[short])
    _, group = connected_components(
        coo_array((np.ones(int(short.sum())), pairs), shape=(len(ends.xy),) * 2), directed=False
    )
    _, first = np.unique(group, return_index=True)
    xy = ends.xy[first[group]]
    for line, start, end in zip(ways.lines, ends.start, ends.end, strict=True):
        line[0], line[-1] = xy[start], xy[end]
    return ways.where((~short).tolist())


def _sources(pieces: ObjectArray, sources: ObjectArray, rank: IntArray) -> IntArray:
    """The line each piece came from; of lines on each other the more important one."""
    middles = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    piece, source = shapely.STRtree(sources).query(middles, predicate="dwithin", distance=0.05)
    order = np.lexsort((source, rank[source], piece))
    found, first = np.unique(piece[order], return_index=True)
    if len(found) != len(pieces):
        msg = "a noded piece lies on none of its source lines"
        raise AssertionError(msg)
    return np.asarray(source[order][first])


def tidy(ways: Ways, islands: list[shapely.Polygon]) -> Ways:
    """Drop left-over stubs, dead ends that would look joined, and lines that reach nothing (except on the islands)."""
    for _ in range(4):
        keep = ~(_stubs(ways) | _near_misses(ways))
        if keep.all():
            break
        ways = ways.where(keep.tolist())
    return ways.where(_reaching(ways, islands).tolist())


def _minor(ways: Ways) -> BoolArray:
    return np.asarray(ways.rank() >= 4)  # noqa: PLR2004 - tertiary and less


def _stubs(ways: Ways) -> BoolArray:
    """Short minor dead ends, and lines from a point back to itself."""
    ends = ends_of(ways)
    degree = ends.degree()
    dead = (degree[ends.start] == 1) | (degree[ends.end] == 1)
    return np.asarray((dead & _minor(ways) & (shapely.length(ways.geometries()) < _STUB_M)) | (ends.start == ends.end))


def _near_misses(ways: Ways) -> BoolArray:
    """Minor dead ends that stop just short of a road that does not begin or end where they come from."""
    ends = ends_of(ways)
    degree = ends.degree()
    lines = ways.geometries()
    tree = shapely.STRtree(lines)
    drop = np.zeros(len(lines), dtype=bool)
    for tip in (ends.start, ends.end):
        dead = np.flatnonzero((degree[tip] == 1) & _minor(ways))
        k, other = tree.query(shapely.points(ends.xy[tip[dead]]), predicate="dwithin", distance=_GAP_M)
        drop[dead[k[dead[k] != other]]] = True
    return drop


def _reaching(ways: Ways, islands: list[shapely.Polygon]) -> BoolArray:
    """Lines of the largest part, and those that lie on an island meant to be one."""
    part = ends_of(ways).parts()
    keep = part == np.argmax(np.bincount(part))
    for island in islands:
        keep |= shapely.within(ways.geometries(), island)
    return np.asarray(keep)
