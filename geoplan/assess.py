"""The spine: from a workspace and a rule pack to one immutable assessment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan import __version__
from geoplan.compliance import Findings, findings, stray_figures
from geoplan.coverage import Coverage, cover, offering
from geoplan.errors import SettingsError
from geoplan.i18n import _
from geoplan.layers import Layers, Manifest, Progress, operating
from geoplan.layers.schema import NOT_YET_OPEN, ROLES
from geoplan.layers.validation import blank_row
from geoplan.memory import Memory
from geoplan.model import SENSITIVITY_MPS, Conflict, Problem, Service, Settings, Severity, Verdict
from geoplan.network import AreaDrawer, Locations, Nearest, Network, Profile, Ways, closed, load_profile, ways_of
from geoplan.scenario import RoadChanges, Scenario, apply, digest
from geoplan.scenario.resolve import ROAD_TOLERANCE_M
from geoplan.standards import Facts, Pack, Travel

SERVICE_AREA_MARGIN_M = 50.0
_LAST_RESORT_YEAR = 2025  # the end of the 14th five-year plan period
_BEYOND_M = 500.0  # roads that reach this far beyond the county count as reaching beyond it


def default_year(manifest: Manifest, pack: Pack) -> int:
    """The year that is checked when none is asked for: the manifest's, else the pack's target year."""
    return manifest.year or pack.target_year or _LAST_RESORT_YEAR


@dataclass(frozen=True)
class Assessment:
    """What was found, and all that it was found from. Nothing in it may be changed.

    Attributes:
        profile: how people travel, at the speed of the assessment.
        ways: the roads as they travel them, those of the scenario worked in; ``network`` is theirs.
        facilities: those that operate in ``year``, sorted by id, with ``located`` and ``moved`` (from a small island).
        coverages: one per service of the pack.
        sensitivity: by speed in metres per second the coverages that it would give, slowest first; empty unless asked for.
        findings: what the pack comes to.
        beside: what further packs come to on the same facts.
        service_areas: one polygon per operating facility and service: ``facility_id``, ``name``, ``kind`` (of the
            service), ``minutes``; drawings, in the layers' CRS.
        problems: what was found wrong with the data on the way.
        scenario: whose edits the layers hold; None for the workspace as it is.
    """

    layers: Layers
    pack: Pack
    year: int
    settings: Settings
    profile: Profile
    network: Network
    ways: Ways
    facilities: gpd.GeoDataFrame
    coverages: tuple[Coverage, ...]
    sensitivity: Mapping[float, tuple[Coverage, ...]]
    findings: Findings
    beside: tuple[Findings, ...]
    service_areas: gpd.GeoDataFrame
    problems: tuple[Problem, ...]
    scenario: Scenario | None = None

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts of every rule that applies, in the pack's order; the county's first."""
        return self.findings.verdicts

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """What other statements about facilities would change of the verdicts."""
        return self.findings.conflicts

    @property
    def provenance(self) -> Mapping[str, object]:
        """What the figures rest on: version, parameters, and for each layer its digest, source, date and licence."""
        layers = {
            entry.role: {
                "digest": self.layers.digests[entry.role],
                "rows": len(self.layers.frames[entry.role]),
                "file": entry.file,
                "source": entry.source,
                "licence": entry.licence,
                "as_of": entry.as_of.isoformat() if entry.as_of else None,
                "synthetic": entry.synthetic,
            }
            for entry in self.layers.manifest.layers
        }
        return {
            "geoplan": __version__,
            "digest": self.layers.digest,
            "crs": self.layers.crs.to_string(),
            "profile": _profile_record(self.profile),
            "snap_limit_m": self.settings.snap_limit_m,
            "small_island_m": self.settings.small_island_m,
            "planned": self.settings.planned,
            "scenario": _scenario_record(self.scenario),
            "network": {
                "nodes": len(self.network.xy),
                "edges": len(self.network.tail),
                "islands": self.network.islands,
            },
            "layers": layers,
        }


def profile_of(settings: Settings) -> Profile:
    """How people travel by the settings.

    Raises:
        SettingsError: there is no such profile, its file says something it should not, or sensitivity is asked for
            where nobody walks.
    """
    profile = load_profile(settings.mode)
    if settings.sensitivity and profile.access != "foot":
        text = _("速度敏感性（{speeds} 米/秒）只用于步行，出行方式“{name}”不是步行。")
        raise SettingsError(text.format(speeds=_("、").join(map(str, SENSITIVITY_MPS)), name=profile.label))
    return profile if settings.speed_mps is None else profile.at_speed(settings.speed_mps)


def assess(  # noqa: PLR0913 - what an assessment depends on, by name
    layers: Layers,
    pack: Pack,
    *,
    year: int | None = None,
    settings: Settings | None = None,
    roads: RoadChanges | None = None,
    progress: Progress = lambda _stage: None,
    memory: Memory | None = None,
    beside: tuple[Pack, ...] = (),
) -> Assessment:
    """Assess a workspace's layers against a rule pack.

    Args:
        beside: further packs that are held against the same journeys.
        year: the year that is checked; the manifest's, else the pack's target year when not given.
        roads: roads that a scenario adds and closes.
        memory: of an earlier run on layers that this one's differ from by a few edits: only what they touch is done
            again, and the result is the same to the last bit.

    Raises:
        SettingsError: the settings name no way of travelling.
        NetworkError: the roads make no network.
    """
    settings, memory = settings or Settings(), memory or Memory()
    profile = profile_of(settings)
    year = year or default_year(layers.manifest, pack)
    serving = operating(layers.frames["facilities"], year, planned=settings.planned)
    frames = {**layers.frames, "facilities": serving}
    progress(_("建立路网"))
    base = memory.recall("ways", (layers.frames["roads"], layers.get("dem"), profile), lambda: ways_of(layers, profile))
    ways, unjoined = _changed(base, roads, memory)
    progress(_("定位居民点和设施"))
    places = _places(frames, ways, settings, memory)
    progress(_("计算行程时间与覆盖"))
    services = tuple(dict.fromkeys(service for each in (pack, *beside) for service in each.services.values()))
    covered = dict(zip(services, _coverages(services, ways, places, memory), strict=True))
    coverages = tuple(covered[service] for service in pack.services.values())
    sensitivity = _sensitivity(pack, (base, roads), places, settings, memory)
    progress(_("绘制服务范围"))
    areas = _service_areas(coverages, ways, places, memory)
    progress(_("对照规划条款"))
    travel = Travel(ways.travel, lambda frame: ways.locate(frame, settings), places.homes)
    found, *others = (
        findings(each, _facts(each, layers, year, settings, covered, travel), memory) for each in (pack, *beside)
    )
    return Assessment(
        layers=layers,
        pack=pack,
        year=year,
        settings=settings,
        profile=profile,
        network=ways.network,
        ways=ways,
        facilities=frames["facilities"].assign(located=places.sites.located, moved=places.sites.moved),
        coverages=coverages,
        sensitivity=sensitivity,
        findings=found,
        beside=tuple(others),
        service_areas=areas,
        problems=layers.problems
        + unjoined
        + _problems(layers, ways, places, settings, memory)
        + _of_planned(layers, year, settings)
        + stray_figures((pack, *beside), layers.get("figures")),
    )


def assess_scenario(  # noqa: PLR0913 - as assess
    layers: Layers,
    scenario: Scenario,
    pack: Pack,
    *,
    year: int | None = None,
    settings: Settings | None = None,
    progress: Progress = lambda _stage: None,
    memory: Memory | None = None,
    beside: tuple[Pack, ...] = (),
) -> Assessment:
    """Assess a workspace's layers with the edits of a scenario.

    Args:
        layers: as they are, without the edits.

    Raises:
        EditsError: some edit does not fit the layers; nothing is assessed then.
        SettingsError, NetworkError: as ``assess``.
    """
    progress(_("代入方案"))
    applied = apply(layers, scenario.edits)
    assessment = assess(
        applied.layers,
        pack,
        year=year,
        settings=settings,
        roads=applied.roads,
        progress=progress,
        memory=memory,
        beside=beside,
    )
    return replace(assessment, scenario=scenario, problems=assessment.problems + applied.problems)


def _facts(
    pack: Pack, layers: Layers, year: int, settings: Settings, covered: Mapping[Service, Coverage], travel: Travel
) -> Facts:
    """What the measures of a pack may look at."""
    coverages = {service.id: covered[service] for service in pack.services.values()}
    return Facts(
        frames=layers.frames,
        coverage={name: coverage.units for name, coverage in coverages.items()},
        place=_place(layers),
        year=year,
        planned=settings.planned,
        reach={name: coverage.demand for name, coverage in coverages.items()},
        travel=travel,
    )


def _of_planned(layers: Layers, year: int, settings: Settings) -> tuple[Problem, ...]:
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


def _scenario_record(scenario: Scenario | None) -> dict[str, object] | None:
    """What names a scenario's content, so that the result can be made again."""
    if scenario is None:
        return None
    return {
        "name": scenario.name,
        "base": scenario.base,
        "edits": len(scenario.edits),
        "digest": digest(scenario.edits),
    }


def _profile_record(profile: Profile) -> dict[str, object]:
    """Every key of a profile, also of one that the user wrote, so that the result can be made again."""
    plain = {"never": sorted(profile.never), "speeds_mps": dict(profile.speeds_mps)}
    return {item.name: plain.get(item.name, getattr(profile, item.name)) for item in fields(profile)}


def _place(layers: Layers) -> tuple[str, str]:
    """Code and name of the county: its row in the units layer, else the workspace's name."""
    units = layers.get("units")
    county = units[units["level"] == "county"] if units is not None else None
    if county is not None and len(county) == 1:
        return str(county["unit_code"].iloc[0]), str(county["name"].iloc[0])
    return "*", layers.manifest.name


def _chosen(locations: Locations, rows: NDArray[np.int64]) -> Locations:
    return Locations(locations.edge[rows], locations.along[rows], locations.leg_m[rows], locations.moved[rows])


def _sites_of(service: Service, facilities: gpd.GeoDataFrame, sites: Locations) -> tuple[gpd.GeoDataFrame, Locations]:
    rows = np.flatnonzero(facilities["kind"].isin(service.kinds))
    return offering(facilities, service), _chosen(sites, rows)


@dataclass(frozen=True)
class _Places:
    """The layers, and where the rows of ``demand`` and ``facilities`` are on the network.

    Attributes:
        reopened: the two places once every closed road is open; None where no road is closed.
    """

    frames: Mapping[str, gpd.GeoDataFrame]
    homes: Locations
    sites: Locations
    reopened: tuple[Locations, Locations] | None


def _places(frames: Mapping[str, gpd.GeoDataFrame], ways: Ways, settings: Settings, memory: Memory) -> _Places:
    def both(on: Ways, state: str) -> tuple[Locations, Locations]:
        homes, sites = (
            memory.recall((state, role), (frames[role], on.grid, settings), partial(on.locate, frames[role], settings))
            for role in ("demand", "facilities")
        )
        return homes, sites

    return _Places(frames, *both(ways, "as it is"), both(ways.reopened, "reopened") if ways.reopened else None)


def _changed(base: Ways, roads: RoadChanges | None, memory: Memory) -> tuple[Ways, tuple[Problem, ...]]:
    """The ways with the roads of a scenario worked in, and what of them could not be."""
    if not roads:
        return base, ()

    def work_in() -> tuple[Ways, tuple[Problem, ...]]:
        names = sorted(roads.added)
        cells = {name: [roads.added[road][name] for road in names] for name in blank_row(ROLES["roads"])}
        added = gpd.GeoDataFrame(cells, index=names, geometry="geometry", crs=base.network.crs)
        closed = np.array([roads.closed[name] for name in sorted(roads.closed)], dtype=object)
        return base.with_roads(added, closed, ROAD_TOLERANCE_M)

    return memory.recall(("changed ways", base.profile.speed_mps), (base, roads), work_in)


def _sensitivity(
    pack: Pack, roads: tuple[Ways, RoadChanges | None], places: _Places, settings: Settings, memory: Memory
) -> Mapping[float, tuple[Coverage, ...]]:
    """By speed the coverages that it would give; empty unless asked for."""
    base, changes = roads
    coverages = {}
    for speed in SENSITIVITY_MPS if settings.sensitivity else ():
        slower, _unjoined = _changed(
            memory.recall(("ways", speed), (base,), partial(base.at_speed, speed)), changes, memory
        )
        coverages[speed] = _coverages(pack.services.values(), slower, places, memory)
    return MappingProxyType(coverages)


def _coverages(services: Iterable[Service], ways: Ways, places: _Places, memory: Memory) -> tuple[Coverage, ...]:
    """The coverage of each service."""
    coverages = []
    for service in services:
        facilities, sites = _sites_of(service, places.frames["facilities"], places.sites)
        frames = {"demand": places.frames["demand"], "facilities": facilities}
        if "units" in places.frames:
            frames["units"] = places.frames["units"]
        reopened = _reopened(service, ways, places)
        step = ("coverage", service, ways.profile.speed_mps)
        inputs = (ways, service, places.homes, sites, reopened, *frames.values())
        make = partial(cover, service, ways.travel, places.homes, sites, frames, reopened=reopened)
        coverages.append(memory.recall(step, inputs, make))
    return tuple(coverages)


def _reopened(service: Service, ways: Ways, places: _Places) -> Nearest | None:
    """The nearest facilities of a service once every closed road is open; None where no road is closed."""
    if ways.reopened is None or places.reopened is None:
        return None
    homes, sites = places.reopened
    return ways.reopened.travel.nearest(homes, _sites_of(service, places.frames["facilities"], sites)[1])


def _service_areas(coverages: tuple[Coverage, ...], ways: Ways, places: _Places, memory: Memory) -> gpd.GeoDataFrame:
    drawer = memory.recall(
        "drawer", (ways.network, ways.times), lambda: AreaDrawer(ways.network, ways.times, SERVICE_AREA_MARGIN_M)
    )
    columns: dict[str, list[object]] = {"facility_id": [], "name": [], "kind": [], "minutes": [], "geometry": []}
    for coverage in coverages:
        service = coverage.service
        offered, sites = _sites_of(service, places.frames["facilities"], places.sites)
        columns["facility_id"] += offered["facility_id"].tolist()
        columns["name"] += offered["name"].tolist()
        columns["kind"] += [service.id] * len(offered)
        columns["minutes"] += [service.minutes] * len(offered)
        columns["geometry"] += _areas_of(service, sites, offered["facility_id"], ways, drawer, memory)
    return gpd.GeoDataFrame(columns, geometry="geometry", crs=ways.network.crs)


def _areas_of(
    service: Service, sites: Locations, ids: pd.Series, ways: Ways, drawer: AreaDrawer, memory: Memory
) -> list[shapely.Geometry]:
    """A service's areas, each drawn anew only where its facility is new or moved."""

    def draw(row: int) -> shapely.Geometry:
        reached = ways.travel.reached(_chosen(sites, np.array([row])), service.limit_ms)
        return drawer.each(reached, [service.limit_ms])[0][0]

    return [
        memory.recall(
            ("area", service.id, name),
            (drawer, service.limit_ms, int(sites.edge[row]), float(sites.along[row]), float(sites.leg_m[row])),
            partial(draw, row),
        )
        for row, name in enumerate(ids)
    ]


def _problems(layers: Layers, ways: Ways, places: _Places, settings: Settings, memory: Memory) -> tuple[Problem, ...]:
    """What is worth knowing about how the figures came about."""
    slope = ways.elevation.problems if ways.elevation else ()
    inputs = (layers.frames["roads"], layers.get("units"), ways.network)
    of_roads = memory.recall("problems of roads", inputs, lambda: tuple(_of_roads(layers, ways.network)))
    return (*slope, *_of_travel(ways), *_of_places(ways, places, settings), *of_roads)


def _of_travel(ways: Ways) -> Iterator[Problem]:
    if ways.profile.access != "foot":
        text = _("出行方式为“{name}”，规划的时限按步行计，结论不能当作规划口径").format(name=ways.profile.label)
        yield Problem(Severity.WARNING, "settings", text, _("对照规划请用步行"))


def _of_places(ways: Ways, places: _Places, settings: Settings) -> Iterator[Problem]:
    facilities = places.frames["facilities"]
    apart = places.sites.located & ~ways.grid.on_main[places.sites.edge]
    if apart.any():
        text = _("设施位于与主网不相连的孤岛，只有岛上的人能到")
        yield Problem(
            Severity.NOTE, "facilities", text, _("如非实情，请接通道路"), tuple(facilities["facility_id"][apart])
        )
    lost = facilities["facility_id"][~places.sites.located & facilities.geometry.notna().to_numpy()]
    if len(lost):
        text, remedy = _("设施附近没有可通行的道路，不参与覆盖计算"), _("请核对坐标，或补充道路")
        yield Problem(Severity.WARNING, "facilities", text, remedy, tuple(lost))
    for role, key, where in (("facilities", "facility_id", places.sites), ("demand", "demand_id", places.homes)):
        if where.moved.any():
            text = _("最近的道路属于不足 {metres:g} 米的孤岛，已改接到离路距离上限内的主网").format(
                metres=settings.small_island_m
            )
            rows = tuple(places.frames[role][key][where.moved])
            yield Problem(Severity.NOTE, role, text, _("如孤岛属实，请把小孤岛的限值设为 0；否则请接通道路"), rows)


def _of_roads(layers: Layers, network: Network) -> Iterator[Problem]:
    is_closed = closed(layers.frames["roads"])
    if is_closed.any():
        text = _("有 {count} 条道路封闭，不能通行").format(count=int(is_closed.sum()))
        yield Problem(Severity.NOTE, "roads", text, _("恢复通行后请改 status"))
    if network.islands > 1:
        share = network.length_m[network.island[network.tail] > 0].sum() / network.length_m.sum()
        text = _("路网有 {count} 处与主网不相连的孤岛，占道路长度 {share:.2%}").format(
            count=network.islands - 1, share=share
        )
        yield Problem(Severity.NOTE, "roads", text, _("如非实情，请接通道路"))
    if _stops_at_border(layers, network):
        text = _("道路止于县界，界外的设施和近路没有计入")
        yield Problem(Severity.NOTE, "roads", text, _("请补充县界以外几公里的道路和设施"))


def _stops_at_border(layers: Layers, network: Network) -> bool:
    """Whether a county's roads do not go on beyond its border."""
    units = layers.get("units")
    if units is None:
        return False
    county = shapely.union_all(units.geometry.to_numpy()).buffer(_BEYOND_M)
    shapely.prepare(county)
    return bool(shapely.contains_xy(county, network.xy).all())
