"""What is worth knowing about how an assessment's figures came about."""

from __future__ import annotations

from collections.abc import Iterator

from geoplan.doctor.places import off_roads
from geoplan.doctor.streets import border_problems, island_problems
from geoplan.i18n import _, current, many
from geoplan.journeys import Places
from geoplan.layers import Layers, operating
from geoplan.layers.schema import NOT_YET_OPEN
from geoplan.model import Problem, Settings, Severity
from geoplan.network import Network, Ways, closed


def remarks_of(layers: Layers, ways: Ways, places: Places, settings: Settings) -> tuple[Problem, ...]:
    """Remarks on slope, travel, places off the roads, and the roads themselves."""
    slope = ways.elevation.problems if ways.elevation else ()
    inputs = (layers.frames["roads"], layers.get("units"), ways.network, current())
    of_roads = places.memory.recall("remarks on roads", inputs, lambda: tuple(_of_roads(layers, ways.network)))
    return (*slope, *_of_travel(ways), *_of_places(ways, places, settings), *of_roads)


def _of_travel(ways: Ways) -> Iterator[Problem]:
    if ways.profile.access != "foot":
        text = _("出行方式为“{name}”，规划的时限按步行计，结论不能当作规划口径").format(name=ways.profile.label)
        yield Problem(Severity.WARNING, "settings", text, _("对照规划请用步行"))


def _of_places(ways: Ways, places: Places, settings: Settings) -> Iterator[Problem]:
    ids, sites = places.facilities["facility_id"], places.sites
    apart = sites.located & ~ways.grid.on_main[sites.edge]
    if apart.any():
        text = _("设施位于与主网不相连的孤岛，只有岛上的人能到")
        yield Problem(Severity.NOTE, "facilities", text, _("如非实情，请接通道路"), tuple(ids[apart]))
    lost = ids[~sites.located & places.serving.geometry.notna().to_numpy()]
    if len(lost):
        yield off_roads(tuple(lost))
    for role, names, where in (("facilities", ids, sites), ("demand", places.residents.demand_id, places.homes)):
        if where.moved.any():
            text = _("最近的道路属于不足 {metres:g} 米的孤岛，已改接到离路距离上限内的主网").format(
                metres=settings.small_island_m
            )
            rows = tuple(names[where.moved])
            yield Problem(Severity.NOTE, role, text, _("如孤岛属实，请把小孤岛的限值设为 0；否则请接通道路"), rows)


def _of_roads(layers: Layers, network: Network) -> Iterator[Problem]:
    is_closed = closed(layers.frames["roads"])
    if is_closed.any():
        text = many("有 {count} 条道路封闭，不能通行", int(is_closed.sum())).format(count=int(is_closed.sum()))
        yield Problem(Severity.NOTE, "roads", text, _("恢复通行后请改 status"))
    yield from island_problems(network)
    yield from border_problems(layers.get("units"), network)


def remarks_on_planned(layers: Layers, year: int, settings: Settings) -> tuple[Problem, ...]:
    """Which planned facilities count as if they were there, and which cannot, for want of a year."""
    if not settings.planned:
        return ()
    facilities = layers.frames["facilities"]
    present = set(operating(facilities, year)["facility_id"])
    counted = [name for name in operating(facilities, year, planned=True)["facility_id"] if name not in present]
    undated = facilities["status"].isin(NOT_YET_OPEN) & facilities["open_year"].isna()
    text = _("按规划方案计入 {count} 处规划或在建设施").format(count=len(counted))
    problems = [Problem(Severity.NOTE, "facilities", text, _("现状核查请不加 --planned"), tuple(counted))]
    if undated.any():
        rows = tuple(facilities["facility_id"][undated])
        text = _("规划或在建设施没有填 open_year，未计入")
        problems.append(Problem(Severity.WARNING, "facilities", text, _("请填写计划开业年份"), rows))
    return tuple(problems)
