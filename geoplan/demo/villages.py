"""Where villages are, and the country roads that join them to each other and to the towns (all synthetic)."""

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import cKDTree

from geoplan.demo.county import County
from geoplan.demo.plane import FloatArray, IntArray, stream
from geoplan.demo.skeleton import EXITS_KM, Lattice, connect, connect_all, connect_detours, make_lattice

# Numbers follow facts.TOWNSHIPS: 0 沙坪, 1 龙口, 2 雅瑶, 3 古劳, 4 桃源, 5 鹤城, 6 共和, 7 址山, 8 宅梧, 9 双合.
TRUNK, PRIMARY, SECONDARY, TERTIARY, UNCLASSIFIED = range(1, 6)
_SEAT_ROADS = (
    (0, 2, SECONDARY), (0, 4, PRIMARY), (2, 4, TRUNK), (4, 5, TRUNK), (5, 7, TRUNK), (0, 1, PRIMARY), (0, 3, PRIMARY),
    (1, 5, PRIMARY), (5, 8, PRIMARY), (8, 9, PRIMARY), (5, 6, SECONDARY), (6, 7, SECONDARY), (6, 2, SECONDARY),
    (3, 1, SECONDARY), (1, 4, SECONDARY), (7, 8, SECONDARY),
)  # fmt: skip
_EXIT_ROADS = (
    (0, PRIMARY), (2, TRUNK), (2, SECONDARY), (6, PRIMARY), (7, TRUNK), (8, SECONDARY), (9, PRIMARY),
    (8, TERTIARY), (1, SECONDARY),
)  # fmt: skip
_LARGE_SHARE = 0.2
_LOOP_SHARE = 0.45


@dataclass(frozen=True)
class Country:
    """The country road network and the lattice nodes of its villages, large ones first."""

    lattice: Lattice
    villages: IntArray
    large: int


def settle(county: County) -> Country:
    """Build the main roads, choose village sites and join them to the roads."""
    lattice = make_lattice(county)
    _build_main_roads(county, lattice)
    sites = stream("village sizes").permutation(_village_sites(county, lattice))
    large = int(len(sites) * _LARGE_SHARE)
    connect_all(lattice, sites[:large], TERTIARY)
    connect_detours(lattice, _near_pairs(lattice, sites[:large], share=0.8), TERTIARY, factor=1.9)
    connect_all(lattice, sites[large:], UNCLASSIFIED)
    connect_detours(lattice, _near_pairs(lattice, sites, share=_LOOP_SHARE), UNCLASSIFIED, factor=2.6)
    return Country(lattice, sites, large)


def _build_main_roads(county: County, lattice: Lattice) -> None:
    seats = [lattice.nearest(town.seat) for town in county.towns]
    for a, b, rank in _SEAT_ROADS:
        connect(lattice, seats[a], seats[b], rank)
    for (x, y), (number, rank) in zip(EXITS_KM, _EXIT_ROADS, strict=True):
        connect(lattice, seats[number], lattice.nearest((x * 1000, y * 1000)), rank)


def _village_sites(county: County, lattice: Lattice) -> IntArray:
    """Lattice nodes on low, gentle ground away from towns, water and the county line."""
    used = np.unique(lattice.edges)
    used = used[county.township_of(lattice.xy[used], inset_m=220) >= 0]
    used = used[~county.in_town(lattice.xy[used])]
    near_water = shapely.buffer(county.all_water, 160)
    shapely.prepare(near_water)
    used = used[~shapely.intersects(near_water, shapely.points(lattice.xy[used]))]
    xy = lattice.xy[used]
    height = county.terrain.height_m(xy)
    merit = np.round(height + 260 * county.terrain.hilliness(xy) + stream("villages").random(len(used)) * 150, 3)
    order = np.argsort(merit, kind="stable")[: int(len(used) * 0.72)]
    spacing = 560 + 520 * county.terrain.hilliness(xy)
    return np.asarray(used[_spaced(xy, order, np.round(spacing, 2))])


def _spaced(xy: FloatArray, order: IntArray, spacing: FloatArray) -> IntArray:
    """Take points in order, each as far from those taken before as its own spacing asks."""
    tree = cKDTree(xy)
    free = np.ones(len(xy), dtype=bool)
    taken = []
    for k in order.tolist():
        if free[k]:
            taken.append(k)
            free[tree.query_ball_point(xy[k], spacing[k])] = False
    return np.array(taken, dtype=np.int64)


def _near_pairs(lattice: Lattice, nodes: IntArray, *, share: float) -> IntArray:
    """Each node with one of its nearest nodes, for a random share of them."""
    _, near = cKDTree(lattice.xy[nodes]).query(lattice.xy[nodes], k=4)
    rng = stream(f"pairs {len(nodes)}")
    chosen = np.flatnonzero(rng.random(len(nodes)) < share)
    partner = near[chosen, rng.integers(1, 4, len(chosen))]
    return np.asarray(np.column_stack([nodes[chosen], nodes[partner]]))
