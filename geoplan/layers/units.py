"""Which township each facility, demand point and estate belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.i18n import _
from geoplan.layers.schema import ROLES, TOWNSHIP_LEVELS, VILLAGE_LEVELS
from geoplan.model import Problem, Severity

# A stated unit wins over the geometry when the point is this close to that unit's border (metres):
# drawings of borders are no better than that.
BORDER_TOLERANCE_M = 50.0
PLACED = ("facilities", "demand", "estates", "clinics", "idle_assets", "seats")


def townships(units: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    """The rows of the units layer that are towns, townships or streets."""
    return None if units is None else units[units["level"].isin(TOWNSHIP_LEVELS)].reset_index(drop=True)


@dataclass(frozen=True)
class Assigned:
    """Where rows of a layer belong; one array entry each.

    Attributes:
        township: the code of the township, ``village`` that of the village or neighbourhood; blank outside all of them.
        in_area: whether the row lies in the county: in a township or in the county's own polygon. A row without a place
            counts as the county's own, so that nobody drops out of a total; so do all where there is no units layer.
        contradicted: whether the stated unit contradicts the place.
        unknown: whether the stated unit is none that the layer has.
    """

    township: NDArray[np.object_]
    village: NDArray[np.object_]
    in_area: NDArray[np.bool_]
    contradicted: NDArray[np.bool_]
    unknown: NDArray[np.bool_]


class Borders:
    """The administrative units, ready for telling what lies in which of them; safe to share between threads.

    The geometry decides; a stated ``unit_code`` decides within ``BORDER_TOLERANCE_M`` of the border and where there is
    no geometry.
    """

    def __init__(self, units: gpd.GeoDataFrame | None) -> None:
        self.known = units is not None
        levels = np.array([], dtype=object) if units is None else units["level"].to_numpy(object)
        self._codes = np.array([], dtype=object) if units is None else units["unit_code"].to_numpy(object)
        self._shapes = np.array([], dtype=object) if units is None else units.geometry.to_numpy()
        self._tree = shapely.STRtree(self._shapes)
        towns, villages, county = (np.isin(levels, each) for each in (TOWNSHIP_LEVELS, VILLAGE_LEVELS, ("county",)))
        self._towns, self._villages = self._kind(towns), self._kind(villages)
        self._county = shapely.union_all(self._shapes[county])
        shapely.prepare(self._county)

    def _kind(self, chosen: NDArray[np.bool_]) -> _Kind:
        return _Kind(self._codes[chosen], self._shapes[chosen], shapely.STRtree(self._shapes[chosen]))

    def touched(self, shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
        """Which of some shapes have a part in any unit."""
        found = np.zeros(len(shapes), dtype=bool)
        found[self._tree.query(shapes, predicate="intersects")[0]] = True
        return found

    def assign(self, shapes: NDArray[np.object_], stated: NDArray[np.object_]) -> Assigned:
        """Where things belong.

        Args:
            shapes: in the units' CRS; None where there is none. Of a line or an area a point on it decides.
            stated: the ``unit_code`` of each, blank where none is stated.
        """
        points = shapely.point_on_surface(shapes)
        located = ~(shapely.is_missing(points) | shapely.is_empty(points))
        townships, contradicted, unknown = self._towns.of(points, located, stated)
        villages = self._villages.of(points, located, stated)[0]
        inside = (townships != "") | ~located | shapely.intersects(self._county, points) | (not self.known)
        return Assigned(townships, villages, inside, contradicted, unknown & inside & ~np.isin(stated, self._codes))


@dataclass(frozen=True)
class _Kind:
    """Units of one kind that do not overlap: townships, or villages and neighbourhoods."""

    names: NDArray[np.object_]
    shapes: NDArray[np.object_]
    tree: shapely.STRtree

    def of(
        self, points: NDArray[np.object_], located: NDArray[np.bool_], codes_stated: NDArray[np.object_]
    ) -> tuple[NDArray[np.object_], NDArray[np.bool_], NDArray[np.bool_]]:
        """(code, whether the stated unit contradicts the place, whether the stated unit is not known) of each point."""
        names, codes = self.names, np.full(len(points), "", dtype=object)
        if not len(names):
            nowhere = np.zeros(len(points), dtype=bool)
            return codes, nowhere, nowhere.copy()
        rows, hits = self.tree.query(points, predicate="intersects")
        order = np.lexsort((names[hits], rows))[::-1]  # a point on a shared border goes to the lower code
        codes[rows[order]] = names[hits[order]]
        meant = {code: _stated(code, names) for code in set(codes_stated)}
        stated = np.array([meant[code] for code in codes_stated], dtype=np.int64)
        differs = (stated >= 0) & (codes != names[np.maximum(stated, 0)])
        distance = shapely.distance(points, self.shapes[np.maximum(stated, 0)])
        trusted = differs & (~located | (distance <= BORDER_TOLERANCE_M))
        codes[trusted] = names[stated[trusted]]
        return codes, differs & ~trusted, (stated < 0) & (codes_stated != "")


def assign_units(
    frames: Mapping[str, gpd.GeoDataFrame], borders: Borders
) -> tuple[dict[str, gpd.GeoDataFrame], list[Problem]]:
    """The same frames, with ``township``, ``village`` and ``in_area`` (see ``Assigned``) on every layer of places.

    A row of which a stated unit and the place say different things is reported.
    """
    assigned, problems = dict(frames), []
    for role in PLACED:
        if role in frames:
            frame = frames[role]
            found = borders.assign(frame.geometry.to_numpy(), frame["unit_code"].to_numpy(object))
            assigned[role] = frame.assign(
                township=pd.Series(found.township, index=frame.index, dtype=object),
                village=pd.Series(found.village, index=frame.index, dtype=object),
                in_area=found.in_area,
            )
            problems += unit_problems(role, frame[ROLES[role].key].to_numpy(object), found)
    return assigned, problems


def unit_problems(role: str, ids: NDArray[np.object_], found: Assigned) -> list[Problem]:
    """What is wrong with the units that rows state."""
    problems = []
    if found.contradicted.any():
        text = _("所填行政单元与位置不符，按位置计算")
        rows = tuple(ids[found.contradicted])
        problems.append(Problem(Severity.WARNING, role, text, _("请核对坐标和 unit_code"), rows))
    if found.unknown.any():
        text = _("所填 unit_code 不在行政单元图层中，按位置计算")
        rows = tuple(ids[found.unknown])
        problems.append(Problem(Severity.WARNING, role, text, _("请改正 unit_code，或留空"), rows))
    return problems


def _stated(code: str, names: NDArray[np.object_]) -> int:
    """The unit that a stated code means: its own code, or that of a smaller one below it; -1 when none.

    Of codes that begin alike (1 and 12) the longest that fits is meant.
    """
    found = [place for place, name in enumerate(names) if code.startswith(name)]
    return max(found, key=lambda place: len(names[place]), default=-1)
