"""Checks of the administrative units: overlaps, gaps, townships that a list of codes has and the layer lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.doctor.records import Case, Finding, Unit, finding
from geoplan.i18n import _
from geoplan.layers import townships
from geoplan.layers.manifest import Repair
from geoplan.layers.schema import VILLAGE_LEVELS
from geoplan.layers.unit_repairs import gaps_between, wider
from geoplan.model import Severity

# Half the width of the widest strip that is only two drawings of one border (metres).
_HALF_SLIVER_M = 10.0
_STRIP_M = 100.0  # a gap nowhere wider is two drawings of one border; a wider one may be a township that is missing
_SHOWN = 8
TOWNSHIP_DIGITS = 9


def overlaps(case: Case) -> Iterator[Finding]:
    """Units of one kind that lie over each other by more than a sliver."""
    for frame in _kinds(case):
        shapes, codes = frame.geometry.to_numpy(), frame["unit_code"].to_numpy(object)
        one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        one, other = one[one < other], other[one < other]
        common = _opened(shapely.intersection(shapes[one], shapes[other]))
        real = ~shapely.is_empty(common)
        if real.any():
            pairs = _("、").join(
                f"{codes[a]}–{codes[b]}" for a, b in zip(one[real][:_SHOWN], other[real], strict=False)
            )
            hectares = shapely.area(common[real]).sum() / 1e4
            text = _("行政单元互相重叠 {hectares:,.1f} 公顷：{pairs}").format(hectares=hectares, pairs=pairs)
            rows = dict.fromkeys([*codes[one[real]], *codes[other[real]]])
            remedy = _("请在 GIS 软件中改正边界；重叠处的人口只计入代码较小的单元，也可在读入时照此切开")
            repairs = (Repair("clip_overlaps", rows=tuple(map(str, rows))),)
            where, count = common[real], int(real.sum())
            yield finding(Severity.WARNING, "units", text, remedy, rows=rows, where=where, count=count, repairs=repairs)


def unit_gaps(case: Case) -> Iterator[Finding]:
    """Ground of the county that is in no township: inside the county's own polygon, or ringed by townships."""
    units = case.layers.get("units")
    towns = townships(units)
    if units is None or towns is None or towns.empty:
        return
    county = units.geometry[units["level"] == "county"].to_numpy()
    gaps = gaps_between(towns.geometry.to_numpy(), county)
    parts = shapely.get_parts(_opened(gaps))
    parts = parts[~shapely.is_empty(parts)]
    wide = np.array([wider(part, _STRIP_M) for part in parts], dtype=bool)
    if wide.any():
        text = _("乡镇街道之间有 {count} 处空隙，共 {hectares:,.1f} 公顷")
        remedy = _("请补齐乡镇，或在 GIS 软件中改正边界；可能缺了乡镇，不能自动填补")
        yield finding(Severity.WARNING, "units", _sized(text, parts[wide]), remedy, where=parts[wide])
    if len(parts) and not wide.all():
        text = _("乡镇街道之间有 {count} 处窄缝，共 {hectares:,.1f} 公顷")
        remedy = _("请在 GIS 软件中改正边界，也可在读入时并入相邻的单元")
        repairs = (Repair("fill_gaps", within_m=_STRIP_M),)
        yield finding(
            Severity.WARNING, "units", _sized(text, parts[~wide]), remedy, where=parts[~wide], repairs=repairs
        )


def missing_townships(case: Case) -> Iterator[Finding]:
    """Townships of the list of codes that the units layer lacks, and those that it has besides."""
    towns, listed = townships(case.layers.get("units")), case.references.codes
    if towns is None or listed is None:
        return
    place = match(listed, towns)
    lacking = [unit for unit, found in zip(listed, place, strict=True) if found < 0]
    if lacking:
        text = _("代码表有 {all} 个乡镇街道，图层缺 {count} 个：{names}").format(
            all=len(listed), count=len(lacking), names=_names(lacking)
        )
        remedy = _("请向数据提供者补齐边界，没有可自动的修补；在此之前，覆盖率等只代表已有的乡镇街道")
        yield finding(Severity.WARNING, "units", text, remedy, count=len(lacking))
    strange = towns.drop(index=[towns.index[found] for found in place if found >= 0])
    if len(strange):
        text = _("图层有 {count} 个乡镇街道不在代码表中").format(count=len(strange))
        rows, where = strange["unit_code"], strange.geometry
        yield finding(Severity.NOTE, "units", text, _("请核对代码表的年份和代码"), rows=rows, where=where)


def match(listed: Sequence[Unit], towns: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """For each unit of a list the row of the layer that is it, by code, else by name; -1 for none. Codes change more than names."""
    codes = {code[:TOWNSHIP_DIGITS]: place for place, code in enumerate(towns["unit_code"])}
    names = {name: place for place, name in enumerate(towns["name"])}
    found = [codes.get(unit.code[:TOWNSHIP_DIGITS], names.get(unit.name, -1)) for unit in listed]
    return np.array(found, dtype=np.int64)


def _names(units: Sequence[Unit]) -> str:
    told = _("、").join(f"{unit.name} {unit.code}".strip() for unit in units[:_SHOWN])
    return told + (_(" 等") if len(units) > _SHOWN else "")


def _kinds(case: Case) -> Iterator[gpd.GeoDataFrame]:
    """Townships, and villages with neighbourhoods: units that should not overlap among themselves."""
    units = case.layers.get("units")
    if units is not None:
        for frame in (townships(units), units[units["level"].isin(VILLAGE_LEVELS)]):
            if frame is not None and len(frame):
                yield frame


def _opened(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Areas without what of them is narrower than a sliver."""
    narrowed = shapely.buffer(shapes, -_HALF_SLIVER_M, join_style="mitre")
    return np.asarray(shapely.buffer(narrowed, _HALF_SLIVER_M, join_style="mitre"), dtype=object)


def _sized(text: str, parts: NDArray[np.object_]) -> str:
    return text.format(count=len(parts), hectares=shapely.area(parts).sum() / 1e4)
