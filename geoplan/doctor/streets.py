"""Checks of the roads: islands, roads that stop at the county line, ends that almost touch, crossings without a node."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import shapely

from geoplan.doctor.records import Case, Finding, finding
from geoplan.i18n import _, many
from geoplan.layers.manifest import Repair
from geoplan.layers.road_gaps import crossings, gaps, parts_of
from geoplan.model import Problem, Severity
from geoplan.network import Network

_BEYOND_M = 500.0  # roads that reach this far beyond the county count as reaching beyond it


def islands(case: Case) -> Iterator[Finding]:
    """Parts of the network that no road joins to the main one."""
    if case.ways is None:
        return
    network = case.ways.network
    for problem in island_problems(network):
        away = network.lines[network.island[network.tail] > 0]
        yield Finding(problem, count=network.islands - 1, where=tuple(away))


def island_problems(network: Network) -> Iterator[Problem]:
    """How many islands there are, and how much road is on them."""
    if network.islands > 1:
        share = network.length_m[network.island[network.tail] > 0].sum() / network.length_m.sum()
        text = many("路网有 {count} 处与主网不相连的孤岛，占道路长度 {share:.2%}", network.islands - 1).format(
            count=network.islands - 1, share=share
        )
        yield Problem(Severity.NOTE, "roads", text, _("如非实情，请接通道路"))


def stopping_at_border(case: Case) -> Iterator[Finding]:
    """Roads that do not go on beyond the county."""
    units = case.layers.get("units")
    if case.ways is None or units is None:
        return
    for problem in border_problems(units, case.ways.network):
        edge = shapely.boundary(shapely.union_all(units.geometry.to_numpy()))
        ends = shapely.points(case.ways.network.xy)
        yield Finding(problem, where=tuple(ends[shapely.dwithin(ends, edge, _BEYOND_M)]))


def border_problems(units: gpd.GeoDataFrame | None, network: Network) -> Iterator[Problem]:
    """That a county's roads do not go on beyond its border, where it is so."""
    if units is not None and _stops_at_border(units, network):
        text = _("道路止于县界，界外的设施和近路没有计入")
        yield Problem(Severity.NOTE, "roads", text, _("请补充县界以外几公里的道路和设施"))


def _stops_at_border(units: gpd.GeoDataFrame, network: Network) -> bool:
    shapes = units.geometry.to_numpy()
    beyond = network.xy
    for place in np.argsort(-shapely.area(shapes), kind="stable"):  # the largest hold nearly all that the others do
        shapely.prepare(shapes[place])
        beyond = beyond[~shapely.contains_xy(shapes[place], beyond)]
    near, _unit = shapely.STRtree(shapes).query(shapely.points(beyond), predicate="dwithin", distance=_BEYOND_M)
    return len(np.unique(near)) == len(beyond)


def dangling_ends(case: Case) -> Iterator[Finding]:
    """Ends of roads that almost touch another road."""
    roads = case.layers.get("roads")
    if roads is None:
        return
    found = gaps(parts_of(roads), case.references.tolerance_m)
    if len(found.part):
        text = many("有 {count} 处道路端点离另一条道路不到 {metres:g} 米而没有接上", len(found.part)).format(
            count=len(found.part), metres=case.references.tolerance_m
        )
        remedy = _("请对照影像核实；确应相接的，可在读入时接通")
        repairs = (Repair("snap_ends", within_m=case.references.tolerance_m),)
        yield finding(Severity.WARNING, "roads", text, remedy, where=shapely.points(found.end), repairs=repairs)


def crossings_without_node(case: Case) -> Iterator[Finding]:
    """Roads at ground level that cross and have no node there, where nodes and not the drawing tell where roads meet."""
    roads = case.layers.get("roads")
    if roads is None:
        return
    found = crossings(parts_of(roads))
    if len(found.one):
        text = many("有 {count} 处道路在地面交叉而没有节点，路网在那里不相通", len(found.one)).format(
            count=len(found.one)
        )
        remedy = _("桥和隧道请补填 layer；确为平交的，可在读入时加上节点")
        repairs = (Repair("node_crossings"),)
        yield finding(Severity.WARNING, "roads", text, remedy, where=shapely.points(found.xy), repairs=repairs)
