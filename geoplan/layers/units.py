"""Which township each facility, demand point and estate belongs to."""

from __future__ import annotations

from collections.abc import Mapping

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
_PLACED = ("facilities", "demand", "estates", "clinics", "idle_assets", "seats")


def townships(units: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    """The rows of the units layer that are towns, townships or streets."""
    return None if units is None else units[units["level"].isin(TOWNSHIP_LEVELS)].reset_index(drop=True)


def assign_units(frames: Mapping[str, gpd.GeoDataFrame]) -> tuple[dict[str, gpd.GeoDataFrame], list[Problem]]:
    """The same frames, with three more columns on every layer of places (``_PLACED``).

    ``township`` is the code of the township, ``village`` that of the village or neighbourhood, blank outside all that
    the units layer has. ``in_area`` tells whether the row lies in
    the county: in a township or in the county's own polygon. A row without a place counts as the county's own, so that
    nobody drops out of a total; so do all rows where there is no units layer.

    The geometry decides; a stated ``unit_code`` decides within ``BORDER_TOLERANCE_M`` of the border and where there is
    no geometry. Where both speak and differ, the row is reported.
    """
    units = frames.get("units")
    towns = townships(units)
    villages = None if units is None else units[units["level"].isin(VILLAGE_LEVELS)].reset_index(drop=True)
    assigned, problems = dict(frames), []
    for role in _PLACED:
        if role not in frames:
            continue
        frame = frames[role]
        codes, contradicted, unknown = _unit_of(frame, towns)
        assigned[role] = frame.assign(
            township=pd.Series(codes, index=frame.index, dtype=object),
            village=pd.Series(_unit_of(frame, villages)[0], index=frame.index, dtype=object),
            in_area=(codes != "") | _in_county(frame, units),
        )
        if contradicted.any():
            rows = tuple(frame[ROLES[role].key][contradicted])
            text = _("所填行政单元与位置不符，按位置计算")
            problems.append(Problem(Severity.WARNING, role, text, _("请核对坐标和 unit_code"), rows))
        unknown &= assigned[role]["in_area"].to_numpy(bool) & ~frame["unit_code"].isin(_all_codes(frames)).to_numpy()
        if unknown.any():
            rows = tuple(frame[ROLES[role].key][unknown])
            text = _("所填 unit_code 不在行政单元图层中，按位置计算")
            problems.append(Problem(Severity.WARNING, role, text, _("请改正 unit_code，或留空"), rows))
    return assigned, problems


def _all_codes(frames: Mapping[str, gpd.GeoDataFrame]) -> set[str]:
    return set(frames["units"]["unit_code"]) if "units" in frames else set()


def _unit_of(
    frame: gpd.GeoDataFrame, towns: gpd.GeoDataFrame | None
) -> tuple[NDArray[np.object_], NDArray[np.bool_], NDArray[np.bool_]]:
    """(code, whether the stated unit contradicts the place, whether the stated unit is not known) of each row.

    Args:
        towns: units of one kind that do not overlap: townships, or villages and neighbourhoods.
    """
    codes = np.full(len(frame), "", dtype=object)
    nowhere = np.zeros(len(frame), dtype=bool)
    if towns is None or towns.empty:
        return codes, nowhere, nowhere.copy()
    names = towns["unit_code"].to_numpy(object)
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    located = ~(shapely.is_missing(points) | shapely.is_empty(points))
    rows, hits = shapely.STRtree(towns.geometry.to_numpy()).query(points, predicate="intersects")
    order = np.lexsort((names[hits], rows))[::-1]  # a point on a shared border goes to the lower code
    codes[rows[order]] = names[hits[order]]
    meant = {code: _stated(code, names) for code in set(frame["unit_code"])}
    stated = np.array([meant[code] for code in frame["unit_code"]], dtype=np.int64)
    differs = (stated >= 0) & (codes != names[np.maximum(stated, 0)])
    distance = shapely.distance(points, towns.geometry.to_numpy()[np.maximum(stated, 0)])
    trusted = differs & (~located | (distance <= BORDER_TOLERANCE_M))
    codes[trusted] = names[stated[trusted]]
    return codes, differs & ~trusted, (stated < 0) & (frame["unit_code"] != "").to_numpy()


def _in_county(frame: gpd.GeoDataFrame, units: gpd.GeoDataFrame | None) -> NDArray[np.bool_]:
    if units is None:
        return np.ones(len(frame), dtype=bool)
    county = shapely.union_all(units.geometry[units["level"] == "county"].to_numpy())
    shapely.prepare(county)
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    return shapely.is_missing(points) | shapely.is_empty(points) | shapely.intersects(county, points)


def _stated(code: str, names: NDArray[np.object_]) -> int:
    """The unit that a stated code means: its own code, or that of a smaller one below it; -1 when none.

    Of codes that begin alike (1 and 12) the longest that fits is meant.
    """
    found = [place for place, name in enumerate(names) if code.startswith(name)]
    return max(found, key=lambda place: len(names[place]), default=-1)
