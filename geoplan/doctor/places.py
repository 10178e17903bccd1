"""Checks of where things are: an offset datum, facilities in water, outside the county, off the roads, twice on the map."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

import geopandas as gpd
import numpy as np
import shapely

from geoplan import crs, datum
from geoplan.doctor.records import Case, Finding, finding, points_in, shapes_of, unplaced
from geoplan.i18n import _
from geoplan.layers.manifest import Repair
from geoplan.layers.repairs import exact_twins, read_as
from geoplan.layers.schema import FACILITY_KINDS
from geoplan.layers.units import PLACED
from geoplan.model import Problem, Settings, Severity

_SAME_PLACE_M = 30.0
_SHOWN = 5
_ALIKE = 0.75  # share of characters that two names have in common, in order
_IN_BRACKETS = re.compile(r"[（(].*?[)）]")
_NUMBERS = re.compile(r"[0-9一二三四五六七八九十]+")


def offset_datum(case: Case) -> Iterator[Finding]:
    """Layers whose places fit the roads better under another datum than the one they are read in."""
    if case.ways is None:
        return
    reference = datum.reference_points(crs.lonlat(case.layers.frames["roads"]).geometry.to_numpy())
    for role in PLACED:
        frame, entry = case.layers.get(role), case.layers.manifest.entry(role)
        if frame is None or entry is None:
            continue
        placed = frame[frame.geometry.notna()]
        taken = read_as(entry)
        points = crs.shift(points_in(crs.lonlat(placed[["geometry"]])), taken)
        found = datum.detect(shapely.get_coordinates(points), reference)
        if found.datum and found.datum != taken:
            text = _("坐标看起来是 {name}，读入时按 {read} 处理：{evidence}").format(
                name=datum.NAMES[found.datum], read=datum.NAMES[taken], evidence=found.evidence()
            )
            remedy = _("请先核实来源；确是如此，再改按 {name} 读入").format(name=datum.NAMES[found.datum])
            repairs = (Repair("set_datum", datum=found.datum),)
            yield finding(
                Severity.WARNING, role, text, remedy, where=placed.geometry, count=len(placed), repairs=repairs
            )


def in_water(case: Case) -> Iterator[Finding]:
    """Facilities inside an area of the barriers layer."""
    facilities, barriers = case.layers.get("facilities"), case.layers.get("barriers")
    if facilities is None or barriers is None:
        return
    areas = barriers.geometry[shapely.get_dimensions(barriers.geometry.to_numpy()) == 2].to_numpy()  # noqa: PLR2004
    points = points_in(facilities)
    hit = np.zeros(len(points), dtype=bool)
    hit[shapely.STRtree(areas).query(points, predicate="within")[0]] = True
    if hit.any():
        rows = facilities["facility_id"][hit]
        text, remedy = _("设施落在水面内"), _("请核对坐标；在此之前可把位置作为未知")
        yield finding(
            Severity.WARNING, "facilities", text, remedy, rows=rows, where=points[hit], repairs=unplaced(rows)
        )


def outside_county(case: Case) -> Iterator[Finding]:
    """Facilities in none of the units."""
    facilities = case.layers.get("facilities")
    if facilities is None:
        return
    outside = ~facilities["in_area"].to_numpy(bool)
    if outside.any():
        text, remedy = _("设施在县界以外"), _("如为邻县设施可保留，不计入本县；否则请核对坐标")
        rows = facilities["facility_id"][outside]
        where = facilities.geometry[outside]
        yield finding(Severity.NOTE, "facilities", text, remedy, rows=rows, where=where, repairs=unplaced(rows))


def far_from_roads(case: Case) -> Iterator[Finding]:
    """Facilities farther from every road that can be walked than the limit of an assessment."""
    facilities = case.layers.get("facilities")
    if facilities is None or case.ways is None:
        return
    placed = facilities[facilities.geometry.notna()]
    lost = ~case.ways.locate(placed, Settings()).located
    if lost.any():
        problem = off_roads(tuple(placed["facility_id"][lost]))
        where = tuple(placed.geometry[lost])
        yield Finding(problem, count=len(problem.rows), where=where, repairs=unplaced(problem.rows))


def off_roads(ids: tuple[str, ...]) -> Problem:
    """Facilities that no road is near enough to."""
    text, remedy = _("设施附近没有可通行的道路，不参与覆盖计算"), _("请核对坐标，或补充道路")
    return Problem(Severity.WARNING, "facilities", text, remedy, ids)


def exact_duplicates(case: Case) -> Iterator[Finding]:
    """Rows that say word for word what another row says under another id."""
    for role in ("facilities", "demand", "estates", "clinics", "idle_assets"):
        frame = case.layers.get(role)
        twins = {} if frame is None else exact_twins(frame, role)
        if twins:
            text = _("与另一行除编号外完全相同：{pairs}").format(pairs=_pairs(twins.items()))
            where = shapes_of(case.layers, role, twins)
            remedy = _("如确为重复，可在读入时删去；否则请改正")
            repairs = (Repair("drop_duplicates", rows=tuple(twins)),)
            yield finding(Severity.WARNING, role, text, remedy, rows=twins, where=where, repairs=repairs)


def duplicates(case: Case) -> Iterator[Finding]:
    """Facilities of one kind at one place under different ids, with like names or as many beds."""
    facilities = case.layers.get("facilities")
    if facilities is None:
        return
    known = exact_twins(facilities, "facilities")
    candidates = facilities[(facilities["status"] != "closed") & ~facilities["facility_id"].isin(known)]
    pairs = [pair for pair in _near_pairs(candidates) if _same(candidates, *pair)]
    if pairs:
        ids = candidates["facility_id"].to_numpy(object)
        text = _("疑为同一设施以不同名称登记：{pairs}").format(pairs=_pairs((ids[b], ids[a]) for a, b in pairs))
        remedy = _("请核实；如为同一设施，请用同一个 facility_id，并写明 as_of 和 source，或不计入其中一行")
        rows = dict.fromkeys(ids[place] for pair in pairs for place in pair)
        where = shapes_of(case.layers, "facilities", rows)
        repairs = (Repair("exclude_rows", rows=tuple(dict.fromkeys(ids[b] for _a, b in pairs))),)
        yield finding(Severity.WARNING, "facilities", text, remedy, rows=rows, where=where, repairs=repairs)


def _near_pairs(frame: gpd.GeoDataFrame) -> list[tuple[int, int]]:
    """Rows of one kind and one state that lie within ``_SAME_PLACE_M``, by their places in the frame."""
    points = points_in(frame)
    one, other = shapely.STRtree(points).query(points, predicate="dwithin", distance=_SAME_PLACE_M)
    kind, status = frame["kind"].to_numpy(object), frame["status"].to_numpy(object)
    like = (one < other) & (kind[one] == kind[other]) & (status[one] == status[other])
    return list(zip(one[like].tolist(), other[like].tolist(), strict=True))


def _same(frame: gpd.GeoDataFrame, one: int, other: int) -> bool:
    """Whether two rows have like names, or as many beds."""
    beds, names = frame["beds"].to_numpy(float), frame["name"].to_numpy(object)
    return bool(beds[one] == beds[other] and beds[one] > 0) or alike(str(names[one]), str(names[other]))


def alike(one: str, other: str) -> bool:
    """Whether two names may mean one thing: most characters in common, and no different numbers."""
    if _NUMBERS.findall(one) != _NUMBERS.findall(other):
        return False
    one, other = (_IN_BRACKETS.sub("", name) for name in (one, other))
    for words in FACILITY_KINDS.values():  # what all of a kind are called says nothing
        for word in sorted(words, key=len, reverse=True):
            one, other = one.replace(word, ""), other.replace(word, "")
    return one == other or SequenceMatcher(None, one, other, autojunk=False).ratio() >= _ALIKE


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """The first pairs in words."""
    told = [f"{one} = {other}" for one, other in pairs]
    more = _("等 {count} 对").format(count=len(told)) if len(told) > _SHOWN else ""
    return _("、").join(told[:_SHOWN]) + more
