"""The spine: from a workspace and a rule pack to one immutable assessment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan import __version__
from geoplan.compliance import Findings, findings, stray_figures
from geoplan.coverage import Coverage, cover, offering
from geoplan.i18n import _
from geoplan.layers import Layers, Manifest, Progress, operating
from geoplan.layers.schema import NOT_YET_OPEN
from geoplan.model import Conflict, Problem, Service, Settings, Severity, Verdict
from geoplan.network import (
    CLOSED,
    AreaDrawer,
    EdgeTimes,
    KernelTravelTimes,
    Locations,
    Network,
    Profile,
    RoadGrid,
    TravelTimes,
    build_network,
    load_profile,
    locate,
    read_elevation,
)
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
        facilities: those that operate in ``year``, sorted by id, with ``located``.
        coverages: one per service of the pack.
        conflicts: what other statements about facilities would change of the verdicts.
        beside: what further packs come to on the same facts.
        service_areas: one polygon per operating facility and service: ``facility_id``, ``name``, ``kind`` (of the
            service), ``minutes``; drawings, in the layers' CRS.
        problems: what was found wrong with the data on the way.
    """

    layers: Layers
    pack: Pack
    year: int
    settings: Settings
    network: Network
    facilities: gpd.GeoDataFrame
    coverages: tuple[Coverage, ...]
    verdicts: tuple[Verdict, ...]
    conflicts: tuple[Conflict, ...]
    beside: tuple[Findings, ...]
    service_areas: gpd.GeoDataFrame
    problems: tuple[Problem, ...]

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
            "walk_speed_mps": self.settings.walk_speed_mps,
            "snap_limit_m": self.settings.snap_limit_m,
            "planned": self.settings.planned,
            "network": {
                "nodes": len(self.network.xy),
                "edges": len(self.network.tail),
                "islands": self.network.islands,
            },
            "layers": layers,
        }


@dataclass(frozen=True)
class Ways:
    """A workspace's roads as one profile travels them.

    Attributes:
        grid: for locating points at edges that the profile can travel.
        problems: what is unknown about the slope.
    """

    network: Network
    times: EdgeTimes
    travel: TravelTimes
    grid: RoadGrid
    problems: tuple[Problem, ...]

    def locate(self, frame: gpd.GeoDataFrame, limit_m: float) -> Locations:
        """Where the rows of a frame are on the network."""
        return locate(self.network, _points(frame), limit_m, usable=self.grid.usable, grid=self.grid)


def ways_of(layers: Layers, profile: Profile) -> Ways:
    """Build the network for a profile, with slope where the workspace has a DEM.

    Raises:
        NetworkError: the profile can travel none of the roads, or the DEM does not touch them.
    """
    network = build_network(layers.frames["roads"], profile)
    entry = layers.manifest.entry("dem")
    elevation = read_elevation(network, layers.manifest.path(entry), entry.crs) if entry else None
    times = profile.times(network, elevation)
    usable = (times.forward != CLOSED) | (times.backward != CLOSED)
    problems = elevation.problems if elevation else ()
    return Ways(network, times, KernelTravelTimes(network, times), RoadGrid(network, usable), problems)


def assess(
    layers: Layers,
    pack: Pack,
    *,
    year: int | None = None,
    settings: Settings | None = None,
    progress: Progress = lambda _stage: None,
    beside: tuple[Pack, ...] = (),
) -> Assessment:
    """Assess a workspace's layers against a rule pack.

    Args:
        beside: further packs that are held against the same journeys.
        year: the year that is checked; the manifest's, else the pack's target year when not given.

    Raises:
        NetworkError: the roads make no network.
    """
    settings = settings or Settings()
    year = year or default_year(layers.manifest, pack)
    serving = operating(layers.frames["facilities"], year, planned=settings.planned)
    frames = {**layers.frames, "facilities": serving}
    progress(_("建立路网"))
    ways = ways_of(layers, load_profile("walk").at_speed(settings.walk_speed_mps))
    progress(_("定位居民点和设施"))
    homes, sites = (ways.locate(frames[role], settings.snap_limit_m) for role in ("demand", "facilities"))
    progress(_("计算行程时间与覆盖"))
    services = dict.fromkeys(service for each in (pack, *beside) for service in each.services.values())
    covered = {service: _coverage(service, ways.travel, frames, homes, sites) for service in services}
    coverages = tuple(covered[service] for service in pack.services.values())
    progress(_("绘制服务范围"))
    areas = _service_areas(coverages, ways, frames["facilities"], sites)
    progress(_("对照规划条款"))
    travel = Travel(ways.travel, lambda frame: ways.locate(frame, settings.snap_limit_m), homes)
    found, *others = (findings(each, _facts(each, layers, year, settings, covered, travel)) for each in (pack, *beside))
    return Assessment(
        layers=layers,
        pack=pack,
        year=year,
        settings=settings,
        network=ways.network,
        facilities=frames["facilities"].assign(located=sites.located),
        coverages=coverages,
        verdicts=found.verdicts,
        conflicts=found.conflicts,
        beside=tuple(others),
        service_areas=areas,
        problems=layers.problems
        + ways.problems
        + _network_problems(layers, ways.network, frames["facilities"], sites)
        + _of_planned(layers, year, settings)
        + stray_figures((pack, *beside), layers.get("figures")),
    )


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


def _points(frame: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Where each row is, as a point inside it; None where it has no geometry."""
    return np.asarray(shapely.point_on_surface(frame.geometry.to_numpy()), dtype=object)


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


def _coverage(
    service: Service, travel: TravelTimes, frames: Mapping[str, gpd.GeoDataFrame], homes: Locations, sites: Locations
) -> Coverage:
    facilities, places = _sites_of(service, frames["facilities"], sites)
    return cover(service, travel, homes, places, {**frames, "facilities": facilities})


def _service_areas(
    coverages: tuple[Coverage, ...], ways: Ways, facilities: gpd.GeoDataFrame, sites: Locations
) -> gpd.GeoDataFrame:
    drawer = AreaDrawer(ways.network, ways.times, SERVICE_AREA_MARGIN_M)
    columns: dict[str, list[object]] = {"facility_id": [], "name": [], "kind": [], "minutes": [], "geometry": []}
    for coverage in coverages:
        service = coverage.service
        offered, places = _sites_of(service, facilities, sites)
        reached = ways.travel.reached(places, drawer.search_ms(service.limit_ms))
        areas = drawer.each(reached, [service.limit_ms])[0]
        columns["facility_id"] += offered["facility_id"].tolist()
        columns["name"] += offered["name"].tolist()
        columns["kind"] += [service.id] * len(offered)
        columns["minutes"] += [service.minutes] * len(offered)
        columns["geometry"] += list(areas)
    return gpd.GeoDataFrame(columns, geometry="geometry", crs=ways.network.crs)


def _network_problems(
    layers: Layers, network: Network, facilities: gpd.GeoDataFrame, sites: Locations
) -> tuple[Problem, ...]:
    problems = []
    lost = facilities["facility_id"][~sites.located & facilities.geometry.notna().to_numpy()]
    if len(lost):
        text, remedy = _("设施附近没有可步行的道路，不参与覆盖计算"), _("请核对坐标，或补充道路")
        problems.append(Problem(Severity.WARNING, "facilities", text, remedy, tuple(lost)))
    if network.islands > 1:
        share = network.length_m[network.island[network.tail] > 0].sum() / network.length_m.sum()
        text = _("路网有 {count} 处与主网不相连的孤岛，占道路长度 {share:.2%}").format(
            count=network.islands - 1, share=share
        )
        problems.append(Problem(Severity.NOTE, "roads", text, _("如非实情，请接通道路")))
    if _stops_at_border(layers, network):
        text = _("道路止于县界，界外的设施和近路没有计入")
        problems.append(Problem(Severity.NOTE, "roads", text, _("请补充县界以外几公里的道路和设施")))
    return tuple(problems)


def _stops_at_border(layers: Layers, network: Network) -> bool:
    """Whether a county's roads do not go on beyond its border."""
    units = layers.get("units")
    if units is None:
        return False
    county = shapely.union_all(units.geometry.to_numpy()).buffer(_BEYOND_M)
    shapely.prepare(county)
    return bool(shapely.contains_xy(county, network.xy).all())
