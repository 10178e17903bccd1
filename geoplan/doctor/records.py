"""What checks are given and what they find."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from geoplan.layers import Layers
from geoplan.layers.manifest import Repair
from geoplan.layers.schema import ROLES
from geoplan.model import Problem, Severity
from geoplan.network import Ways

DEFAULT_TOLERANCE_M = 2.0


@dataclass(frozen=True, slots=True)
class Unit:
    """A township as a list names it; either the code or the name may be blank.

    Attributes:
        people: of a census; None in a list of codes.
    """

    code: str
    name: str
    people: Fraction | None = None


@dataclass(frozen=True, slots=True)
class References:
    """What the layers are held against besides each other; see ``references_of``.

    Attributes:
        codes: the townships that there are; None where no list was given.
        census: the people of each township; None where no table was given.
        tolerance_m: how near a dangling end must come to another road to be reported (metres).
    """

    codes: tuple[Unit, ...] | None = None
    census: tuple[Unit, ...] | None = None
    tolerance_m: float = DEFAULT_TOLERANCE_M


@dataclass(frozen=True, slots=True)
class Case:
    """A workspace to be examined.

    Attributes:
        ways: its roads as walkers use them; None where it has none.
    """

    layers: Layers
    ways: Ways | None
    references: References


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem, with how much of it there is and where.

    Attributes:
        check: the id of the check that found it; blank for what reading the layers found.
        count: of rows, places or units, whichever the problem is about.
        where: geometries in the layers' CRS; empty where it has no place.
        repairs: each of them would settle it, as the manifest would record it; none where only people can.
    """

    problem: Problem
    check: str = ""
    count: int = 0
    where: tuple[object, ...] = ()
    repairs: tuple[Repair, ...] = ()


def finding(  # noqa: PLR0913 - what a problem consists of, by name
    severity: Severity,
    layer: str,
    message: str,
    remedy: str,
    *,
    rows: Iterable[str] = (),
    where: Iterable[object] = (),
    count: int | None = None,
    repairs: Iterable[Repair] = (),
) -> Finding:
    """A finding with as many rows, or else places, as it has unless the count is told."""
    named, places = tuple(map(str, rows)), tuple(where)
    counted = len(named) or len(places) if count is None else count
    problem = Problem(severity, layer, message, remedy, named)
    return Finding(problem, count=counted, where=places, repairs=tuple(repairs))


def unplaced(ids: Iterable[str]) -> tuple[Repair, ...]:
    """What settles rows whose place cannot be right: the place is unknown, or the rows are left out."""
    rows = tuple(map(str, ids))
    return Repair("blank_cells", rows=rows, fields=("geometry",)), Repair("exclude_rows", rows=rows)


def shapes_of(layers: Layers, role: str, ids: Iterable[str]) -> tuple[object, ...]:
    """The places of some rows; of those that have one."""
    frame = layers.get(role)
    if frame is None or role not in ROLES or not ROLES[role].key:
        return ()
    shapes = frame.geometry[frame[ROLES[role].key].isin(list(ids))]
    return tuple(shapes[shapes.notna()])


def points_in(frame: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """A point of each row's place; None where there is none."""
    return np.asarray(frame.geometry.representative_point(), dtype=object)
