"""Villages and neighbourhoods (村、社区) as areas: each township's cells divided between places where people live.

How many there are, where they lie and how far they reach is synthetic: the plan prints no number. Those in which the
plan's canteens stand bear the names that the plan gives; all others are called 示例. They share the townships' border
vertices, and tile each township exactly.
"""

from dataclasses import dataclass, replace

import numpy as np
import shapely

from geoplan.demo.borders import polygon
from geoplan.demo.county import County
from geoplan.demo.facts import CANTEENS, TOWNSHIPS
from geoplan.demo.hexagons import Cell, Edge, grow, metres, ring, smoothed, undirected
from geoplan.demo.people import People
from geoplan.demo.plane import FloatArray, round_cm
from geoplan.demo.terrain import Noise

# Assumed, by township in facts.TOWNSHIPS order.
_COMMUNITIES = (22, 1, 1, 1, 1, 2, 2, 2, 1, 1)
_VILLAGES = (6, 14, 12, 12, 9, 14, 13, 11, 13, 8)
_FIRST_VILLAGE = 201  # neighbourhoods count from 001, villages from 201, as in the statistical codes
_ROUNDS = 12


@dataclass(frozen=True)
class Precinct:
    """A village or neighbourhood: its code, and its area in local metres."""

    code: str
    name: str
    level: str
    urban_rural: str
    township: int
    area: shapely.Polygon


def divide_townships(county: County, people: People, canteens: FloatArray) -> list[Precinct]:
    """Divide every township into its neighbourhoods and villages, in the order of their codes.

    `canteens` are the places of facts.CANTEENS, whose neighbourhoods and villages the plan names.
    """
    precincts: list[Precinct] = []
    for number in range(len(TOWNSHIPS)):
        middles = _middles(county, people, number)
        for place, area in enumerate(_areas(county, number, middles)):
            precincts.append(_precinct(number, place, area))
    return _named_as_in_the_plan(precincts, canteens)


def _precinct(number: int, place: int, area: shapely.Polygon) -> Precinct:
    """The neighbourhoods come first; the first village of the urban street has not been classified yet."""
    township, village = TOWNSHIPS[number], place - _COMMUNITIES[number]
    if village < 0:
        name, suffix, urban = f"示例社区{place + 1:02d}", place + 1, "town" if number else "urban"
    else:
        name, suffix, urban = f"示例行政村{village + 1:02d}", _FIRST_VILLAGE + village, "rural"
    level = "community" if village < 0 else "village"
    unclassified = number == 0 and village == 0
    return Precinct(
        f"{township.code}{suffix:03d}", township.name + name, level, "" if unclassified else urban, number, area
    )


def _named_as_in_the_plan(precincts: list[Precinct], canteens: FloatArray) -> list[Precinct]:
    """Give a neighbourhood or village with a canteen of the plan its name: 桂林社区长者食堂 stands in 桂林社区."""
    named = list(precincts)
    areas = np.array([precinct.area for precinct in precincts], dtype=object)
    for (canteen, _), point in zip(CANTEENS, shapely.points(canteens), strict=True):
        name = canteen.removesuffix("长者食堂")
        level = {"社区": "community", "村": "village"}.get(name[-2:], {"村": "village"}.get(name[-1]))
        if level is None:  # a park
            continue
        place = int(np.flatnonzero(shapely.contains(areas, point))[0])
        if named[place].level != level or named[place].name != precincts[place].name:
            msg = f"{canteen} stands in {named[place].name}"
            raise AssertionError(msg)
        named[place] = replace(named[place], name=name)
    return named


def _middles(county: County, people: People, number: int) -> FloatArray:
    """Where people gather in a township: in its town first, then in the country."""
    here = people.rows[(people.rows["township"] == number) & (people.rows["order"] < 2)]  # noqa: PLR2004 - not remote
    xy, people_there = here[["x", "y"]].to_numpy(dtype=np.float64), here["pop_total"].to_numpy(dtype=np.float64)
    in_town = county.towns[number].contains(xy)
    return np.vstack(
        [
            _gatherings(xy[in_town], people_there[in_town], _COMMUNITIES[number]),
            _gatherings(xy[~in_town], people_there[~in_town], _VILLAGES[number]),
        ]
    )


def _gatherings(xy: FloatArray, weight: FloatArray, count: int) -> FloatArray:
    """The places nearest to the means of clusters (Lloyd 1982), weighted by people; begun far from each other."""
    chosen = [int(np.argmax(weight))]
    for _ in range(count - 1):
        chosen.append(int(np.argmax(np.round(_distances(xy, xy[chosen]).min(axis=1), 2))))
    means = xy[chosen]
    for _ in range(_ROUNDS):
        nearest = np.round(_distances(xy, means), 2).argmin(axis=1)
        sums = np.array([np.bincount(nearest, weight * column, minlength=count) for column in xy.T]).T
        means = round_cm(sums / np.bincount(nearest, weight, minlength=count)[:, None])
    return xy[np.round(_distances(xy, means), 2).argmin(axis=0)]


def _distances(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=2))


def _areas(county: County, number: int, middles: FloatArray) -> list[shapely.Polygon]:
    """The township's cells, each with the middle that reaches it first; borders inside the township are smoothed."""
    cells = sorted(cell for cell, owner in county.borders.owner.items() if owner == number)
    roughness = 1 + Noise.seeded("precinct effort", cell_m=1500, octaves=2)(metres(cells)) / 3
    effort = dict(zip(cells, np.rint(1000 * roughness).astype(int).tolist(), strict=True))
    owner = grow(_start_cells(cells, middles), effort, [1.0] * len(middles))
    rings = [ring(owner, {place}) for place in range(len(middles))]
    drawn = county.borders.drawn | _inner_edges(rings, county.borders.drawn)
    return [polygon(edges, drawn) for edges in rings]


def _start_cells(cells: list[Cell], middles: FloatArray) -> list[Cell]:
    """The cell nearest to each middle that no other has taken."""
    away = _distances(middles, metres(cells))
    taken: list[int] = []
    for row in away:
        row[taken] = np.inf
        taken.append(int(np.argmin(row)))
    return [cells[k] for k in taken]


def _inner_edges(rings: list[list[Edge]], outer: dict[Edge, FloatArray]) -> dict[Edge, FloatArray]:
    """Straight lines for the edges inside a township; where they meet its border they end at its vertices."""
    inner = [edge for edge in undirected(rings) if edge not in outer]
    fixed = {edge[0]: line[0] for edge, line in outer.items()}
    corners = sorted({corner for edge in inner for corner in edge})
    begin = {corner: fixed.get(corner, at) for corner, at in zip(corners, metres(corners), strict=True)}
    at = smoothed(inner, begin, fixed.keys())
    lines = {edge: round_cm([at[edge[0]], at[edge[1]]]) for edge in inner}
    return lines | {(b, a): line[::-1] for (a, b), line in lines.items()}
