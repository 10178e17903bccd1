"""A demand layer out of a population raster and a census: the raster says where people live, the census how many.

Every township's rows sum to its census figure exactly. A township for which the raster has nobody becomes one row without a
place: its people are unlocatable, not gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from geoplan import crs as crs_
from geoplan.doctor.records import Unit
from geoplan.doctor.units import match
from geoplan.errors import LayerError, ManifestError
from geoplan.i18n import _
from geoplan.intake.confinement import Opener
from geoplan.layers import read_manifest, townships
from geoplan.layers.reading import read_raw
from geoplan.layers.repairs import repaired
from geoplan.layers.schema import ROLES
from geoplan.layers.validation import Door
from geoplan.model import Severity
from geoplan.opendata.dasymetric import Pieces, allot_nested, pieces_of

FIGURES = ("population", "pop60", "pop65")
_FIELDS = ("pop_total", "pop60", "pop65")
_KNOWN_SHARE = 0.95  # of a township's area that the raster must speak of, else it is told
_SHOWN = 8


@dataclass(frozen=True)
class Spread:
    """A demand layer, and what there is to say of it.

    Attributes:
        rows: with the fields of the role ``demand``, in WGS84.
        told: for the planner, one line each; also the notes of the manifest entry.
    """

    rows: gpd.GeoDataFrame
    told: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the planner asks for.

    Attributes:
        crs: of the raster where its file has none.
        block: so many cells in both directions become one demand point.
        onto_points: whether the people go to the demand points that the workspace has, each cell's to the nearest one of its township.
        year: of the census; None where it is not said.
    """

    crs: str = ""
    block: int = 1
    onto_points: bool = False
    year: int | None = None


def populate(root: Path, raster: Path, opener: Opener, folder: Path, wish: Wish) -> Spread:
    """Spread the census of a workspace over the cells of a raster.

    Args:
        folder: an empty one for what comes out of the confined process.

    Raises:
        WorkspaceError, ManifestError: the workspace cannot be read, or lacks townships or a census.
        LayerError: a layer or the raster cannot be used, or they do not belong together.
    """
    towns = townships(_layer(root, "units"))
    if towns is None or towns.empty:
        raise LayerError(_("行政单元图层中没有镇街，无法按镇街分配人口。"))
    figures, told = _figures(_layer(root, "census"), towns)
    counted = towns[figures["population"].notna().to_numpy()].reset_index(drop=True)
    figures = figures[figures["population"].notna()].reset_index(drop=True)
    west, south, east, north = map(float, crs_.lonlat(counted).total_bounds)
    grid = opener.grid(raster, (west, south, east, north), wish.crs, folder / "grid.npy")
    its_crs = pyproj.CRS.from_wkt(grid.crs)
    pieces = pieces_of(grid, crs_.to_crs(counted, its_crs), wish.block)
    if grid.negative:
        told.append(_("栅格中有 {count:,} 个负数，按空值处理").format(count=grid.negative))
    told += _gaps(pieces, counted)
    places = gpd.GeoSeries(shapely.points(pieces.xy), crs=its_crs)
    if wish.onto_points:
        rows = _onto_points(_layer(root, "demand"), pieces, places, counted)
    else:
        rows = gpd.GeoDataFrame({"unit": pieces.unit, "weight": pieces.weight}, geometry=places.to_crs(crs_.WGS84))
        rows["name"], rows["kind"] = "", _("栅格")
    return _spread(rows, counted, figures, wish, told)


def _layer(root: Path, role: str) -> gpd.GeoDataFrame:
    """A layer of the workspace, validated and repaired, in its own CRS."""
    manifest = read_manifest(root)
    entry = manifest.entry(role)
    if entry is None:
        text = _("工作区没有{layer}图层。请先导入：geoplan import {role} 文件 --dir {folder}")
        raise ManifestError(text.format(layer=_(ROLES[role].label), role=role, folder=root))
    door = Door(read_raw(manifest.path(entry), entry), entry)
    frame = door.pass_through()
    errors = tuple(problem for problem in door.problems if problem.severity is Severity.ERROR)
    if errors:
        raise LayerError(_("{layer}图层有错误，不能使用。").format(layer=_(ROLES[role].label)), errors)
    return repaired(frame, entry)[0]


def _figures(census: gpd.GeoDataFrame, towns: gpd.GeoDataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The census figures of each township, by code, else by name; and what does not fit."""
    listed = [Unit(code, name) for code, name in zip(census["unit_code"], census["name"], strict=True)]
    place = match(listed, towns)
    twice = [towns["name"][row] for row in np.flatnonzero(np.bincount(place[place >= 0], minlength=len(towns)) > 1)]
    if twice:
        raise LayerError(_("普查人口表中这些镇街出现了多次：{names}。请改正。").format(names=_("、").join(twice)))
    figures = pd.DataFrame(np.nan, index=range(len(towns)), columns=list(FIGURES))
    for name in FIGURES:
        figures.loc[place[place >= 0], name] = census[name].to_numpy(float)[place >= 0]
    wrong = (figures["pop60"] > figures["population"]) | (
        figures["pop65"] > figures["pop60"].fillna(figures["population"])
    )
    if wrong.any():
        names = _("、").join(towns["name"][wrong.to_numpy()])
        raise LayerError(_("普查人口表中这些镇街的老年人口多于总人口：{names}。请改正。").format(names=names))
    if figures["population"].isna().all():
        raise LayerError(_("普查人口表与行政单元图层没有一个镇街对得上。请核对代码和名称。"))
    told = []
    if figures["population"].isna().any():
        names = _named(list(towns["name"][figures["population"].isna().to_numpy()]))
        told.append(_("普查人口表没有这些镇街，没有为它们生成居民点：{names}").format(names=names))
    if (place < 0).any():
        names = _named([unit.name or unit.code for unit, row in zip(listed, place, strict=True) if row < 0])
        told.append(_("普查人口表的这些行不是图层中的镇街，没有使用：{names}").format(names=names))
    return figures, told


def _gaps(pieces: Pieces, towns: gpd.GeoDataFrame) -> Iterator[str]:
    """Townships of which the raster does not speak as a whole."""
    for name, share in zip(towns["name"], pieces.known, strict=True):
        if share < _KNOWN_SHARE:
            text = _("{name}：栅格只有 {share:.1%} 的面积有数（其余为空值或在栅格之外），人口分在有数的地方")
            yield text.format(name=name, share=share)


def _onto_points(
    demand: gpd.GeoDataFrame, pieces: Pieces, places: gpd.GeoSeries, towns: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Present demand points with the weight of the cells to which each is the nearest point of their township."""
    metric = crs_.metric_crs(*crs_.centre_lonlat(towns))
    points = np.asarray(crs_.to_crs(demand, metric).geometry.representative_point(), dtype=object)
    shapes = crs_.to_crs(towns, metric).geometry.to_numpy()
    there = np.flatnonzero(~shapely.is_missing(points))
    unit = np.full(len(demand), -1)
    row, town = shapely.STRtree(shapes).query(points[there], predicate="intersects")
    unit[there[row[::-1]]] = town[::-1]  # of a point on a border the first township
    weight = np.zeros(len(demand))
    cells = np.asarray(places.to_crs(metric), dtype=object)
    for number in np.unique(pieces.unit):
        own, theirs = np.flatnonzero(unit == number), np.flatnonzero(pieces.unit == number)
        if len(own):
            nearest = shapely.STRtree(points[own]).nearest(cells[theirs])
            np.add.at(weight, own[nearest], pieces.weight[theirs])
    kept = crs_.lonlat(demand)[["demand_id", "name", "kind", "geometry"]]
    return kept.assign(unit=unit, weight=weight)


def _spread(
    rows: gpd.GeoDataFrame, towns: gpd.GeoDataFrame, figures: pd.DataFrame, wish: Wish, told: list[str]
) -> Spread:
    """Rows with people, and one without a place for each township that has nowhere to put them."""
    made, nowhere = [], []
    for number, (code, name) in enumerate(zip(towns["unit_code"], towns["name"], strict=True)):
        totals = [None if np.isnan(each) else Fraction(float(each)) for each in figures.loc[number, list(FIGURES)]]
        own = rows[(rows["unit"] == number) & (rows["weight"] > 0)].assign(unit_code=code)
        if own.empty and totals[0]:
            nowhere.append(name)
            own = gpd.GeoDataFrame(
                {"weight": [1.0], "unit_code": [code], "name": [name]}, geometry=[None], crs=rows.crs
            )
            own["kind"] = _("未分配")
        if not own.empty:
            made.append(_with_people(own, totals, code))
    if not made:
        raise LayerError(_("没有可以分配的人口：普查人口表中的镇街都是 0 人。"))
    done = gpd.GeoDataFrame(pd.concat(made, ignore_index=True), crs=rows.crs)
    if wish.onto_points:
        done, empty = _with_the_rest(done, rows)
        told += (
            [_("{count} 个居民点没有分到人口（栅格中它们附近没有人），人口留空").format(count=empty)] if empty else []
        )
    done["basis"], done["year"] = "resident", wish.year
    how = _("{count:,} 个居民点，共 {people:,.10g} 人，每个镇街的合计与普查人口表完全一致")
    told.insert(0, how.format(count=len(done), people=float(done["pop_total"].sum())))
    if nowhere:
        text = _("这些镇街在栅格中没有人，无法分配；各列为一行没有位置的居民点（不能定位）：{names}")
        told.append(text.format(names=_named(nowhere)))
    if done["pop60"].isna().all():
        told.append(_("普查人口表没有 60 岁以上人口（pop60），有关指标将不可评价"))
    columns = ["demand_id", "name", "kind", *_FIELDS, "basis", "year", "unit_code", "geometry"]
    return Spread(done[columns], tuple(told))


def _with_people(own: gpd.GeoDataFrame, totals: Sequence[Fraction | None], code: str) -> gpd.GeoDataFrame:
    """One township's rows with their people; rows that get less than a step drop out where they are cells."""
    shared = allot_nested(totals, own["weight"].to_numpy(float))
    columns = {name: np.nan if each is None else each for name, each in zip(_FIELDS, shared, strict=True)}
    own = own.assign(**columns)
    if "demand_id" in own:
        return own.fillna({"demand_id": f"{code}-0"})
    own = own[own["pop_total"] > 0]
    return own.assign(demand_id=[f"{code}-{number}" for number in range(1, len(own) + 1)])


def _with_the_rest(done: gpd.GeoDataFrame, rows: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, int]:
    """The demand points that got nobody, with unknown people, so that none is lost from the list; and how many."""
    done["demand_id"] = done["demand_id"].fillna(done["unit_code"] + "-0")
    rest = rows[~rows["demand_id"].isin(done["demand_id"])]
    together = pd.concat([done, rest], ignore_index=True)
    together["unit_code"] = together["unit_code"].fillna("")
    return gpd.GeoDataFrame(together, crs=rows.crs), len(rest)


def _named(names: Sequence[str]) -> str:
    return _("、").join(names[:_SHOWN]) + (_(" 等") if len(names) > _SHOWN else "")
