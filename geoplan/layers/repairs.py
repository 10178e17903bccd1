"""Repairs that a layer's manifest entry asks for, done while the file is read; the file itself is never changed.

Each is taken back by deleting it from the entry's ``repairs``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan import crs as crs_
from geoplan.i18n import _
from geoplan.layers import road_repairs, unit_repairs
from geoplan.layers.manifest import REPAIRS, LayerEntry, Repair
from geoplan.layers.schema import ROLES
from geoplan.model import Problem, Severity

Work = Callable[[gpd.GeoDataFrame, LayerEntry, Repair], tuple[gpd.GeoDataFrame, str]]
"""From a layer to the repaired layer, and what was done."""


def repaired(frame: gpd.GeoDataFrame, entry: LayerEntry) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """A validated layer with the repairs of its entry, and what they did.

    Args:
        frame: without errors, in the file's CRS.
    """
    problems = []
    for repair in entry.repairs:
        stale = _stale(frame, entry, repair)
        frame, done = _REPAIRS[repair.name](frame, entry, repair)
        undo = _("要撤销，用 geoplan check --revert {name}，或在“数据”页撤销").format(name=repair.name)
        problems.append(Problem(Severity.NOTE, entry.role, done, undo))
        if stale:
            text = _("修补“{label}”所列的行已不是当时的样子，没有改动它们").format(label=_(REPAIRS[repair.name].label))
            remedy = _("请从 manifest.toml 该图层的 repairs 中删去这些编号")
            problems.append(Problem(Severity.WARNING, entry.role, text, remedy, stale))
    if frame.empty:
        text, remedy = _("修补之后图层没有剩下一行"), _("请从 manifest.toml 该图层的 repairs 中删去一项")
        problems.append(Problem(Severity.ERROR, entry.role, text, remedy))
    return frame, problems


def read_as(entry: LayerEntry) -> str:
    """The datum in which a layer's degrees are taken: what its repair says, else the entry; ``wgs84`` for true ones."""
    said = next((each.datum for each in entry.repairs if each.name == "set_datum"), entry.datum)
    return "wgs84" if said in {"", "cgcs2000"} else said


def exact_twins(frame: gpd.GeoDataFrame, role: str) -> dict[str, str]:
    """Rows that say word for word what another says under another id: their id to the first of those that say it.

    A row without a name or a place is nobody's twin, nor is one of which there are several statements.
    """
    key = ROLES[role].key
    if not key or "name" not in frame or frame.empty:
        return {}
    rows = frame[(frame["name"] != "") & frame.geometry.notna() & ~frame[key].duplicated(keep=False)]
    said = [field.name for field in ROLES[role].fields if field.name != key]
    cells = rows[said].astype(object).where(rows[said].notna(), "")
    told = list(zip(*(cells[name] for name in said), shapely.to_wkb(rows.geometry.to_numpy()), strict=True))
    first: dict[object, str] = {}
    twins = {}
    for name, statement in sorted(zip(rows[key], told, strict=True), key=lambda pair: str(pair[0])):
        if first.setdefault(statement, str(name)) != name:
            twins[str(name)] = first[statement]
    return twins


def _stale(frame: gpd.GeoDataFrame, entry: LayerEntry, repair: Repair) -> tuple[str, ...]:
    """The rows of a repair that are not there any more, or no duplicates any more."""
    there = (
        exact_twins(frame, entry.role)
        if repair.name == "drop_duplicates"
        else set(frame.get(ROLES[entry.role].key, ()))
    )
    return tuple(name for name in repair.rows if name not in there)


def _named(frame: gpd.GeoDataFrame, entry: LayerEntry, repair: Repair) -> pd.Series:
    return frame[ROLES[entry.role].key].isin(repair.rows)


def _drop_duplicates(frame: gpd.GeoDataFrame, entry: LayerEntry, repair: Repair) -> tuple[gpd.GeoDataFrame, str]:
    """Without the rows that the repair names, as long as each still says what another one says."""
    dropped = _named(frame, entry, repair) & frame[ROLES[entry.role].key].isin(exact_twins(frame, entry.role))
    kept = frame[~dropped].reset_index(drop=True)
    return kept, _("读入时删去与另一行完全相同的 {count} 行").format(count=int(dropped.sum()))


def _exclude_rows(frame: gpd.GeoDataFrame, entry: LayerEntry, repair: Repair) -> tuple[gpd.GeoDataFrame, str]:
    """Without the rows that the repair names."""
    out = _named(frame, entry, repair)
    return frame[~out].reset_index(drop=True), _("读入时按登记不计入 {count} 行").format(count=int(out.sum()))


def _blank_cells(frame: gpd.GeoDataFrame, entry: LayerEntry, repair: Repair) -> tuple[gpd.GeoDataFrame, str]:
    """With some cells unknown: what needs them is not evaluable, and not zero."""
    rows = _named(frame, entry, repair).to_numpy(bool)
    columns = {name: frame[name] for name in repair.fields if name != "geometry"}
    blank = {
        name: column.mask(rows, np.nan if pd.api.types.is_numeric_dtype(column) else "")
        for name, column in columns.items()
    }
    if "geometry" in repair.fields:
        frame = frame.set_geometry(frame.geometry.where(~rows))
    text = _("读入时把 {count} 行的 {fields} 作为未知").format(
        count=int(rows.sum()), fields=_("、").join(repair.fields)
    )
    return frame.assign(**blank), text


def _prefer_source(frame: gpd.GeoDataFrame, entry: LayerEntry, repair: Repair) -> tuple[gpd.GeoDataFrame, str]:
    """Without what other sources say of the facilities named; one of which the chosen source says nothing stays whole."""
    of_it = frame["source"] == repair.source
    told = set(frame["facility_id"][of_it])
    out = _named(frame, entry, repair) & frame["facility_id"].isin(told) & ~of_it
    text = _("读入时只采用来源“{source}”的资料，另有 {count} 行不计入").format(
        source=repair.source, count=int(out.sum())
    )
    return frame[~out].reset_index(drop=True), text


def _set_datum(frame: gpd.GeoDataFrame, entry: LayerEntry, repair: Repair) -> tuple[gpd.GeoDataFrame, str]:
    """With the places that the file's degrees mean in the repair's datum instead of the entry's."""
    degrees = crs_.lonlat(frame).geometry.to_numpy()
    places = crs_.undo_shift(crs_.shift(degrees, entry.datum or "wgs84"), repair.datum)
    moved = frame.set_geometry(gpd.GeoSeries(places, index=frame.index, crs=crs_.WGS84))
    return moved, _("读入时把坐标按 {datum} 换算").format(datum=repair.datum)


_REPAIRS: Mapping[str, Work] = MappingProxyType(
    {
        "set_datum": _set_datum,
        "drop_duplicates": _drop_duplicates,
        "exclude_rows": _exclude_rows,
        "blank_cells": _blank_cells,
        "prefer_source": _prefer_source,
        "clip_overlaps": unit_repairs.clip_overlaps,
        "fill_gaps": unit_repairs.fill_gaps,
        "snap_ends": road_repairs.snap_ends,
        "node_crossings": road_repairs.node_crossings,
    }
)
