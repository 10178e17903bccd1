"""A county's assessment as layers of the map: looks from the style table, words and figures from the tables.

``ground`` and ``standing`` depend on the workspace's layers alone, ``findings`` on the assessment: keep each as long as
what it shows. What a scenario never moves (townships, homes, estates, clinics) is packed once in ``standing``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, cast, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse as sp
import shapely
from scipy.sparse.csgraph import connected_components

from geoplan.assess import Assessment
from geoplan.coverage import Coverage
from geoplan.i18n import _
from geoplan.layers import Layers, townships
from geoplan.layers.schema import IDLE_KINDS, OPERATING
from geoplan.model import OUTCOME_LABELS, REACH_LABELS, Outcome, Reach
from geoplan.report import reach, style
from geoplan.web import glances
from geoplan.web.map_component import HIDDEN, Layer, Style, pack_look, pack_places
from geoplan.web.map_component.view import Symbol
from geoplan.web.published import Payload

_MAIN_ROADS = ("motorway", "trunk", "primary", "secondary", "tertiary")
_SIMPLIFY_M = 8.0  # finer than a pixel at the zoom a county is looked at
_MINOR_ROADS_FROM = 13
_DOT_PX = (1.5, 5.0)  # from nobody to the most populous place, by area
_NO_SHARE = len(style.COVERAGE_CLASSES)
_MOST_NOTES = 20_000  # homes that are told apart in words; of more only the class is sent
_PROJECTS = ("planned", "building")


def ground(layers: Layers) -> tuple[Layer, ...]:
    """The quiet background: water and roads of the workspace itself."""
    found = [*_water(layers), *_roads(layers)]
    return tuple(found)


@dataclass(frozen=True)
class Standing:
    """Where the things are that no scenario moves; None for a layer that is not there.

    Attributes:
        town_codes: the townships in the order of their places, those left out that thinning makes empty.
    """

    townships: Payload | None
    town_codes: tuple[str, ...]
    homes: Payload
    estates: Payload | None


def standing(layers: Layers, group: str) -> Standing:
    """Pack the places of townships, homes and estates.

    Args:
        group: the people by whom homes are drawn larger.
    """
    towns, demand, estates = townships(layers.get("units")), layers.frames["demand"], layers.get("estates")
    thinned = None if towns is None or towns.empty else simplified(towns)
    people = demand[group].fillna(0).to_numpy(float)
    low, high = _DOT_PX
    radii = low + (high - low) * np.sqrt(people / max(people.max(initial=0), 1))
    return Standing(
        None
        if thinned is None
        else pack_places(thinned, list(thinned["unit_code"]), list(thinned["name"]), labelled=True),
        () if thinned is None else tuple(thinned["unit_code"]),
        pack_places(points(demand), list(demand["demand_id"]), _names(demand, "demand_id"), radii=radii),
        None
        if estates is None or estates.empty
        else pack_places(points(estates), list(estates["estate_id"]), _names(estates, "estate_id")),
    )


def findings(
    assessment: Assessment, coverage: Coverage, fixed: Standing | None = None, *, editable: bool = False
) -> tuple[Layer, ...]:
    """Townships by coverage, service areas, idle assets, estates by verdict, homes by reach, facilities by kind and state.

    Args:
        fixed: the places of what no scenario moves; packed anew when not given.
        editable: whether facilities can be moved and deleted.
    """
    fixed = fixed or standing(assessment.layers, reach.group_of(coverage))
    made = (
        _townships(coverage, fixed),
        _service_areas(assessment, coverage),
        _idle_assets(assessment.layers),
        _estates(assessment, fixed),
        _homes(coverage, fixed),
        _facilities(assessment, coverage, editable=editable),
    )
    return tuple(layer for layer in made if layer is not None)


def symbol(name: str) -> Symbol:
    """A symbol of the style table, which must be one that the map can draw."""
    if name not in get_args(Symbol):
        raise ValueError(f"the map has no symbol {name!r}")
    return cast("Symbol", name)


def _one_class(frame: gpd.GeoDataFrame, **layer: Any) -> Layer:
    """A background of one look."""
    return Layer(places=pack_places(frame), look=pack_look(np.zeros(len(frame), int)), background=True, **layer)


def _water(layers: Layers) -> list[Layer]:
    barriers = layers.get("barriers")
    if barriers is None:
        return []
    water = barriers[(barriers["kind"] == "water") & barriers.geometry.geom_type.isin(["Polygon", "MultiPolygon"])]
    looks = (Style(label=_("水系"), fill=style.WATER_COLOUR, width=0),)
    return [_one_class(simplified(water), id="water", title=_("水系"), kind="areas", styles=looks)]


def _roads(layers: Layers) -> list[Layer]:
    roads = layers.frames["roads"]
    main = roads["road_class"].isin(_MAIN_ROADS).to_numpy()
    made = []
    for name, chosen, width, least_zoom in (("lanes", ~main, 0.7, _MINOR_ROADS_FROM), ("roads", main, 1.5, 0)):
        if chosen.any():
            parts = shapely.get_parts(roads.geometry.to_numpy()[chosen])
            merged = shapely.line_merge(shapely.multilinestrings(parts))
            # A line keeps its ends when it is thinned: there is no topology to preserve, which would cost seconds.
            merged = shapely.simplify(merged, _SIMPLIFY_M / 4, preserve_topology=False)
            frame = gpd.GeoDataFrame(geometry=[merged], crs=roads.crs)
            looks = (Style(label=_("道路"), line=style.ROAD_COLOUR, width=width),)
            made.append(_one_class(frame, id=name, title=_("道路"), kind="lines", styles=looks, min_zoom=least_zoom))
    return made


def simplified(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Areas without corners that no zoom of a county would show."""
    thinned = frame.set_geometry(shapely.simplify(frame.geometry.to_numpy(), _SIMPLIFY_M), crs=frame.crs)
    return thinned[~thinned.geometry.is_empty & thinned.geometry.notna()]


def _townships(coverage: Coverage, fixed: Standing) -> Layer | None:
    if fixed.townships is None:
        return None
    group, rows = reach.group_of(coverage), {row["unit"]: row for row in coverage.units.to_dict("records")}
    towns = [rows[code] for code in fixed.town_codes]
    found = [reach.covered_share(row, group) for row in towns]
    shares = np.array([np.nan if share is None else round(float(share), 4) for share in found])
    bounds = [bound for bound, _colour in style.COVERAGE_CLASSES]
    classes = np.where(np.isnan(shares), _NO_SHARE, np.searchsorted(bounds, shares))
    notes = [_("覆盖率 {share}").format(share=reach.share_text(row, group)) for row in towns]
    unknown = Style(label=_("无法计算"), fill=style.NO_DATA_COLOUR, opacity=0.62, line=style.BORDER_COLOUR)
    looks = [
        replace(unknown, label=f"{low}–{high}%", fill=colour)
        for low, (high, colour) in zip([0, *bounds], style.COVERAGE_CLASSES, strict=False)
    ]
    return Layer(
        id="townships",
        title=_("镇街覆盖率"),
        kind="areas",
        places=fixed.townships,
        look=pack_look(classes, notes),
        styles=(*looks, unknown),
        labelled=True,
    )


def _service_areas(assessment: Assessment, coverage: Coverage) -> Layer | None:
    areas = assessment.service_areas
    drawn = [_thinned(area) for area in areas.geometry[areas["kind"] == coverage.service.id]]
    together = shapely.multipolygons(shapely.get_parts([_joined(group) for group in _touching(drawn)]))
    if together.is_empty:
        return None
    title = _("{minutes}分钟服务范围").format(minutes=coverage.service.minutes)
    frame = gpd.GeoDataFrame(geometry=[together], crs=areas.crs)
    looks = (Style(label=title, fill=style.AREA_COLOUR, opacity=0.16, line=style.AREA_COLOUR, width=1.2),)
    return Layer(
        id="service_areas",
        title=title,
        kind="areas",
        places=pack_places(frame, [coverage.service.id], [title]),
        look=pack_look([0]),
        styles=looks,
    )


@lru_cache(maxsize=4096)  # an edit changes few areas, and with them one group of many
def _thinned(area: shapely.Geometry) -> shapely.Geometry:
    return shapely.simplify(area, _SIMPLIFY_M)


def _touching(areas: Sequence[shapely.Geometry]) -> list[tuple[shapely.Geometry, ...]]:
    """The areas in groups of which no two meet."""
    drawn = np.array([area for area in areas if not area.is_empty], dtype=object)
    if not len(drawn):
        return []
    one, other = shapely.STRtree(drawn).query(drawn, predicate="intersects")
    pairs = sp.csr_array((np.ones(len(one), bool), (one, other)), shape=(len(drawn), len(drawn)))
    count, group = connected_components(pairs, directed=False)
    return [tuple(drawn[group == number]) for number in range(count)]


@lru_cache(maxsize=512)
def _joined(areas: tuple[shapely.Geometry, ...]) -> shapely.Geometry:
    return shapely.union_all(np.array(areas, dtype=object))


def points(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Each row at a point of its own, within its area where it is one."""
    return frame.set_geometry(shapely.point_on_surface(frame.geometry.to_numpy()), crs=frame.crs)


def _idle_assets(layers: Layers) -> Layer | None:
    assets = layers.get("idle_assets")
    if assets is None or assets.empty:
        return None
    notes = [_(IDLE_KINDS[kind][0]) if kind in IDLE_KINDS else "" for kind in assets["kind"]]
    return Layer(
        id="idle_assets",
        title=_("闲置用房"),
        kind="dots",
        places=pack_places(points(assets), list(assets[_key(assets)]), list(assets["name"])),
        look=pack_look(np.zeros(len(assets), int), notes),
        styles=(Style(label=_("闲置用房"), fill=style.IDLE_COLOUR, symbol="diamond", radius=5),),
    )


def _key(frame: gpd.GeoDataFrame) -> str:
    """The column that holds a role's ids, which its name ends in."""
    return next(str(column) for column in frame.columns if str(column).endswith("_id"))


def _estates(assessment: Assessment, fixed: Standing) -> Layer | None:
    estates = assessment.layers.get("estates")
    if estates is None or fixed.estates is None:
        return None
    # An estate whose age is unknown stands under both rules, with the same outcome.
    found = {
        verdict.count.unit: verdict.outcome
        for verdict in assessment.verdicts
        if verdict.count.level == "estate" and verdict.rule.measure == "area_per_households"
    }
    places = {outcome: place for place, outcome in enumerate(Outcome)}
    outcomes = [found.get(name) for name in estates["estate_id"]]
    return Layer(
        id="estates",
        title=_("住宅小区"),
        kind="dots",
        places=fixed.estates,
        look=pack_look(
            [HIDDEN if outcome is None else places[outcome] for outcome in outcomes],
            ["" if outcome is None else _(OUTCOME_LABELS[outcome]) for outcome in outcomes],
        ),
        styles=tuple(
            Style(
                label=_(OUTCOME_LABELS[outcome]),
                fill=style.OUTCOME_COLOURS[outcome],
                symbol=symbol(style.OUTCOME_SHAPES[outcome]),
            )
            for outcome in Outcome
        ),
        shown=False,
    )


def _names(frame: gpd.GeoDataFrame, key: str) -> list[str]:
    """Names, and the id where there is none."""
    return [
        str(name) if isinstance(name, str) and name else str(own)
        for name, own in zip(frame["name"], frame[key], strict=True)
    ]


def _homes(coverage: Coverage, fixed: Standing) -> Layer:
    demand = coverage.demand
    reaches = {reach.value: place for place, reach in enumerate(Reach)}
    classes = np.fromiter(map(reaches.__getitem__, demand["reach"].to_numpy(object)), np.uint8, len(demand))
    return Layer(
        id="demand",
        title=_("居民点"),
        kind="dots",
        places=fixed.homes,
        look=pack_look(classes, _home_notes(demand) if len(demand) <= _MOST_NOTES else ()),
        styles=tuple(
            Style(
                label=_(REACH_LABELS[reach]),
                fill=style.REACH_COLOURS[reach],
                opacity=0.9,
                symbol=symbol(style.REACH_SYMBOLS[reach]),
            )
            for reach in Reach
        ),
    )


def _home_notes(demand: pd.DataFrame) -> list[str]:
    """The reason of each home, and how long its way is."""
    words = {reach.value: _(REACH_LABELS[reach]) for reach in Reach}
    with_time = _("{reason} · {minutes} 分钟")
    return [
        words[reason] if np.isnan(ms) else with_time.format(reason=words[reason], minutes=f"{ms / 60_000:.1f}")
        for reason, ms in zip(demand["reach"], demand["ms"].to_numpy(float, na_value=np.nan), strict=True)
    ]


def _facilities(assessment: Assessment, coverage: Coverage, *, editable: bool) -> Layer:
    facilities = reach.facilities_with_reach(assessment, coverage)
    kinds = list(style.FACILITY_STYLES)
    states = np.select([facilities["operating"], facilities["status"].isin([*_PROJECTS, *OPERATING])], [0, 1], 2)
    classes = np.array([kinds.index(kind) for kind in facilities["kind"]], int) * 3 + states
    group = reach.group_of(coverage)
    told = _("可达 {reached} 人，其中仅靠它 {only} 人")
    notes = [
        "" if pd.isna(reached) else told.format(reached=f"{reached:,.0f}", only=f"{only:,.0f}")
        for reached, only in zip(facilities[f"{group}_reached"], facilities[f"{group}_only"], strict=True)
    ]
    return Layer(
        id="facilities",
        title=_("养老设施"),
        kind="marks",
        places=pack_places(points(facilities), list(facilities["facility_id"]), list(facilities["name"])),
        look=pack_look(classes, notes),
        styles=tuple(look for kind in kinds for look in _facility_looks(kind)),
        editable=editable,
        glances=glances.of_facilities(assessment.service_areas),
    )


def _facility_looks(kind: str) -> tuple[Style, Style, Style]:
    """Operating: filled; a project: hollow with a broken edge; closed: grey."""
    look, shape = style.FACILITY_STYLES[kind], symbol(style.FACILITY_SYMBOLS[kind])
    label, radius = _(look.label), float(look.radius)
    return (
        Style(label=label, fill=look.colour, line=look.colour, symbol=shape, radius=radius),
        Style(
            label=_("{kind}（规划或在建）").format(kind=label),
            fill=style.PROJECT_FILL,
            line=look.colour,
            width=1.8,
            dash="3 2",
            symbol=shape,
            radius=radius,
        ),
        Style(
            label=_("{kind}（未运营）").format(kind=label),
            fill=style.CLOSED_COLOUR,
            line=style.CLOSED_COLOUR,
            symbol=shape,
            radius=radius,
        ),
    )
