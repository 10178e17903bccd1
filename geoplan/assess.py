"""The spine: from a workspace and a rule pack to one immutable assessment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property

import geopandas as gpd

from geoplan import __version__
from geoplan.compliance import Findings, findings, stray_figures
from geoplan.coverage import Coverage
from geoplan.errors import SettingsError
from geoplan.i18n import _
from geoplan.journeys import Drawing, coverages_of, places_of, roads_of, sensitivity_of
from geoplan.layers import Layers, Manifest, Progress
from geoplan.memory import Memory
from geoplan.model import SENSITIVITY_MPS, Conflict, Problem, Service, Settings, Verdict
from geoplan.network import Network, Profile, Ways, load_profile
from geoplan.remarks import remarks_of, remarks_on_planned
from geoplan.scenario import RoadChanges, Scenario, apply, digest
from geoplan.standards import Facts, Pack, Travel

_LAST_RESORT_YEAR = 2025  # the end of the 14th five-year plan period


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
        drawing: all that ``service_areas`` are drawn from.
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
    drawing: Drawing = field(repr=False)
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

    @cached_property
    def service_areas(self) -> gpd.GeoDataFrame:
        """One polygon per operating facility and service: ``facility_id``, ``name``, ``kind`` (of the service), ``minutes``.

        Drawings, in the layers' CRS, made when they are first asked for: no figure depends on them.
        """
        return self.drawing.areas()

    @property
    def provenance(self) -> Mapping[str, object]:
        """What the figures rest on: version, parameters, and for each layer its digest, source, date and licence."""
        layers = {
            entry.role: {
                "digest": self.layers.digests[entry.role],
                "rows": len(self.layers.frames[entry.role]),
                "file": entry.place,
                "source": entry.source,
                "licence": entry.licence,
                "as_of": entry.as_of.isoformat() if entry.as_of else None,
                "synthetic": entry.synthetic,
                "repairs": [repair.name for repair in entry.repairs],
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
    progress(_("建立路网"))
    travelled = roads_of(layers, profile, roads, memory)
    ways, unjoined = travelled.changed()
    progress(_("定位居民点和设施"))
    places = places_of(layers, ways, year, settings, memory)
    progress(_("计算行程时间与覆盖"))
    services = tuple(dict.fromkeys(service for each in (pack, *beside) for service in each.services.values()))
    covered = dict(zip(services, coverages_of(services, ways, places), strict=True))
    own = tuple(pack.services.values())
    sensitivity = sensitivity_of(own, travelled, places, settings)
    progress(_("对照规划条款"))
    facts = Facts(
        frames=layers.frames,
        coverage={},
        place=_place(layers),
        year=year,
        planned=settings.planned,
        travel=Travel(ways.travel, lambda frame: ways.locate(frame, settings), places.homes),
        memory=memory,
    )
    found, *others = (findings(each, _covered_in(facts, each, covered)) for each in (pack, *beside))
    return Assessment(
        layers=layers,
        pack=pack,
        year=year,
        settings=settings,
        profile=profile,
        network=ways.network,
        ways=ways,
        facilities=places.located_facilities(),
        coverages=tuple(covered[service] for service in own),
        sensitivity=sensitivity,
        findings=found,
        beside=tuple(others),
        drawing=Drawing(ways, places, own),
        problems=layers.problems
        + unjoined
        + remarks_of(layers, ways, places, settings)
        + remarks_on_planned(layers, year, settings)
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


def _covered_in(facts: Facts, pack: Pack, covered: Mapping[Service, Coverage]) -> Facts:
    """The facts with the coverage of a pack's services."""
    coverages = {service.id: covered[service] for service in pack.services.values()}
    return replace(
        facts,
        coverage={name: coverage.units for name, coverage in coverages.items()},
        reach={name: coverage.demand for name, coverage in coverages.items()},
    )


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
