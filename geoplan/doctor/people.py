"""Checks of people: sums that differ from the census, households without people, places where nobody lives."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import shapely

from geoplan.doctor.records import Case, Finding, finding, points_in, unplaced
from geoplan.doctor.units import match
from geoplan.i18n import _
from geoplan.layers import townships
from geoplan.layers.manifest import Repair
from geoplan.model import Severity

_OFF = Fraction(1, 200)  # of the census: sums that differ by less are rounding and people without a place
_SHOWN = 5
_AROUND_M = 1_000.0


def against_census(case: Case) -> Iterator[Finding]:
    """Townships whose people in the demand layer do not sum to the census."""
    demand, towns, census = case.layers.get("demand"), townships(case.layers.get("units")), case.references.census
    if demand is None or towns is None or census is None:
        return
    place = match(census, towns)
    sums = demand.groupby("township")["pop_total"].sum()
    told, rows = [], []
    for unit, found in zip(census, place, strict=True):
        if found < 0 or unit.people is None:
            continue
        code = str(towns["unit_code"].iloc[found])
        ours = Fraction(float(sums.get(code, 0.0)))
        if abs(ours - unit.people) > _OFF * unit.people:
            rows.append(code)
            told.append(f"{towns['name'].iloc[found]} {float(ours):,.0f} ≠ {float(unit.people):,.0f}")
    if rows:
        more = _(" 等") if len(told) > _SHOWN else ""
        text = _("{count} 个乡镇街道的居民点人口合计与普查不符（图层 ≠ 普查）：{names}").format(
            count=len(rows), names=_("、").join(told[:_SHOWN]) + more
        )
        where = towns.geometry[towns["unit_code"].isin(rows)]
        remedy = _("请核对人口图层的口径、年份和范围；哪一方对，数据本身说不清，没有可自动的修补")
        yield finding(Severity.WARNING, "units", text, remedy, rows=rows, where=where)
    yield from _not_in_layer(case, place)


def _not_in_layer(case: Case, place: np.ndarray) -> Iterator[Finding]:
    """Townships of the census that the units layer lacks: their people cannot be compared."""
    census = case.references.census or ()
    lost = [unit for unit, found in zip(census, place, strict=True) if found < 0]
    if lost:
        names = _("、").join(unit.name or unit.code for unit in lost[:_SHOWN])
        text = _("普查表有 {count} 个单元在行政单元图层中找不到，没有核对：{names}").format(
            count=len(lost), names=names
        )
        yield finding(Severity.NOTE, "units", text, _("请核对代码和名称"), count=len(lost))


def places_without_people(case: Case) -> Iterator[Finding]:
    """Demand points where nobody lives: zero, not blank, which is unknown."""
    demand = case.layers.get("demand")
    if demand is None:
        return
    nobody = (demand["pop_total"] == 0).to_numpy(bool)
    if nobody.any():
        rows, where = demand["demand_id"][nobody], demand.geometry[nobody & demand.geometry.notna()]
        text, remedy = _("居民点人口为 0"), _("如不知道人数，应作未知；确实无人的，可以不计入")
        named = tuple(rows)
        unknown = Repair("blank_cells", rows=named, fields=("pop_total", "pop60", "pop65"))
        repairs = (unknown, Repair("exclude_rows", rows=named))
        yield finding(Severity.NOTE, "demand", text, remedy, rows=rows, where=where, repairs=repairs)


def households_without_people(case: Case) -> Iterator[Finding]:
    """Estates with households around which the demand layer has no people."""
    estates, demand = case.layers.get("estates"), case.layers.get("demand")
    if estates is None or demand is None:
        return
    lived_in = points_in(demand[demand["pop_total"] > 0])
    points = points_in(estates)
    near = np.zeros(len(points), dtype=bool)
    near[shapely.STRtree(lived_in).query(points, predicate="dwithin", distance=_AROUND_M)[0]] = True
    lonely = (estates["households"] > 0).to_numpy(bool) & estates.geometry.notna().to_numpy(bool) & ~near
    if lonely.any():
        text = _("小区有住户，周围 {metres:g} 米内却没有居民").format(metres=_AROUND_M)
        rows, where = estates["estate_id"][lonely], estates.geometry[lonely]
        remedy = _("请核对小区位置，或补充居民点；位置不对的，可先作为未知")
        yield finding(Severity.WARNING, "estates", text, remedy, rows=rows, where=where, repairs=unplaced(rows))
