"""Which facilities operate, and which of several statements about one facility counts."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.i18n import _, mark
from geoplan.layers.schema import NOT_YET_OPEN, OPERATING, ROLES
from geoplan.model import Problem, Severity

SEVERAL = mark("同一设施有几份资料，按日期最近的一份计算，其余用于核对")
TIED = mark("同一设施的几份资料日期相同，无法分出先后，按来源排序取最后一份")
_DIGITS = re.compile(r"\d+")
# What a further statement may say anew; the name, kind and place of a facility stay those of the row that counts.
_STATED = tuple(
    field.name
    for field in ROLES["facilities"].fields
    if field.name not in {"facility_id", "name", "kind", "unit_code", "as_of", "source"}
)


def operating(facilities: gpd.GeoDataFrame, year: int, *, planned: bool = False) -> gpd.GeoDataFrame:
    """The facilities that serve people in a year, as ``serves`` tells."""
    status, opened = facilities["status"].to_numpy(object), facilities["open_year"].to_numpy(float)
    return facilities[serves(status, opened, year, planned=planned)].reset_index(drop=True)


def serves(
    status: NDArray[np.object_], open_year: NDArray[np.float64], year: int, *, planned: bool = False
) -> NDArray[np.bool_]:
    """Which facilities serve people in a year: running, and opened by then where the year is known.

    Args:
        planned: count those planned or being built as well whose opening year is stated and not later (AMB-29).
    """
    running = np.array([cell in OPERATING for cell in status], dtype=bool) & ~(open_year > year)
    if planned:
        running |= np.array([cell in NOT_YET_OPEN for cell in status], dtype=bool) & (open_year <= year)
    return running


def split_versions(facilities: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, list[Problem]]:
    """(the rows that count, the other statements about the same facilities, what is worth knowing about them).

    Of several rows of one ``facility_id`` the one with the latest ``as_of`` counts (AMB-15). Rows of the same date
    cannot be told apart by it: the last by source counts, and the facility is reported.
    """
    twice = facilities["facility_id"].duplicated(keep=False)
    if not twice.any():
        return facilities, facilities[twice], []
    days = pd.Series([_day(text) for text in facilities["as_of"]], index=facilities.index, dtype=object)
    ordered = facilities.assign(_day=days).sort_values(["facility_id", "_day", "source"], kind="stable")
    last = ~ordered["facility_id"].duplicated(keep="last")
    kept, others = (ordered[mask].drop(columns="_day").reset_index(drop=True) for mask in (last, ~last))
    several = tuple(dict.fromkeys(others["facility_id"]))
    problems = [Problem(Severity.NOTE, "facilities", _(SEVERAL), _("请核对结论中列出的数据冲突"), several)]
    tied = ordered[ordered.duplicated(["facility_id", "_day"], keep=False)]
    undecided = tuple(dict.fromkeys(tied["facility_id"][tied["facility_id"].isin(several)]))
    if undecided:
        problems.append(Problem(Severity.WARNING, "facilities", _(TIED), _("请填写不同的 as_of"), undecided))
    return kept, others, problems


def _day(text: str) -> tuple[int, ...]:
    """The numbers in a date as people write it, 2020-11 or 2020年11月; blank is earlier than everything."""
    return tuple(int(digits) for digits in _DIGITS.findall(text))


def with_version(
    facilities: gpd.GeoDataFrame, rows: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, tuple[str, ...], frozenset[str]]:
    """The facilities as other statements have them, the ids of those that they change, and in which fields.

    A blank cell of a statement says nothing: what is known from the other one stays.
    """
    changed: list[str] = []
    fields: set[str] = set()
    columns = {name: facilities[name].to_numpy(copy=True) for name in _STATED}
    places = {name: place for place, name in enumerate(facilities["facility_id"])}
    for row in rows.to_dict("records"):
        place = places.get(row["facility_id"])
        said = {} if place is None else {name: row[name] for name in _STATED if not _blank(row[name])}
        news = {name: cell for name, cell in said.items() if columns[name][place] != cell}
        for name, cell in news.items():
            columns[name][place] = cell
        if news:
            changed.append(str(row["facility_id"]))
            fields |= news.keys()
    return (
        facilities.assign(**{name: columns[name] for name in fields}),
        tuple(dict.fromkeys(changed)),
        frozenset(fields),
    )


def _blank(cell: object) -> bool:
    return cell == "" or (isinstance(cell, float) and bool(np.isnan(cell)))
