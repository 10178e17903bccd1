"""The content of each sheet: looks from the style table, words and figures from ``tables`` and ``reach``.

Each function returns None where its layer is not there, so that a set holds only sheets that say something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.assess import Assessment
from geoplan.coverage import Coverage
from geoplan.i18n import _
from geoplan.layers import townships
from geoplan.layers.schema import OPERATING
from geoplan.model import OUTCOME_LABELS, REACH_LABELS, Outcome, Reach, Verdict
from geoplan.report import reach, style, tables
from geoplan.report.print_maps.content import Content, Form, Layer, Look, Name
from geoplan.report.print_maps.ground import Ground

_PX_TO_MM = 0.42  # the style table's radius on the screen as the size of a mark on A3
_HOME_MM = (0.7, 4.2)  # from nobody to the most populous place, by area
_NAMED_FACILITIES = ("care_home", "township_centre", "regional_centre", "emergency_centre")


def service_circles(ground: Ground, coverages: tuple[Coverage, ...]) -> Content:
    """The service areas of one group of facilities, the widest beneath, with the facilities."""
    assessment, first = ground.assessment, coverages[0]
    areas, layers = assessment.service_areas, []
    for number, coverage in enumerate(sorted(coverages, key=lambda one: -one.service.minutes)):
        shapes = areas.geometry[areas["kind"] == coverage.service.id].to_numpy()
        look = Look(fill=style.AREA_COLOUR, line=style.AREA_COLOUR, width_mm=0.2, opacity=0.22 + 0.14 * number)
        label = _("{minutes}分钟服务范围").format(minutes=coverage.service.minutes)
        layers.append(Layer(Form.AREA, together(shapes), look, label))
    minutes = _("、").join(str(coverage.service.minutes) for coverage in coverages)
    main = min(coverages, key=lambda one: -one.service.minutes)
    return Content(
        id="service-circles"
        if first is assessment.coverages[0]
        else f"service-circles-{main.service.kinds[0].replace('_', '-')}",
        title=_title(assessment, _("{service}{minutes}分钟服务圈图").format(service=_bare(main), minutes=minutes)),
        caption=_coverage_sentence(main),
        layers=(*ground.beneath(0), *layers, *ground.borders(), *facilities(assessment, first)),
        names=(*ground.names(), *_facility_names(assessment, first)),
        facts=tuple(fact for coverage in coverages for fact in _coverage_facts(coverage)[:1])
        + _coverage_facts(main)[1:],
    )


def coverage_by_township(ground: Ground, coverage: Coverage) -> Content | None:
    """Townships by the share of people within the minutes."""
    units = townships(reach.units_with_coverage(ground.assessment, coverage))
    if units is None or units.empty:
        return None
    group = reach.group_of(coverage)
    rows = units.to_dict("records")
    texts = {row["unit_code"]: reach.share_text(row, group) for row in rows}
    service = _("{minutes}分钟覆盖率").format(minutes=coverage.service.minutes)
    return Content(
        id="coverage",
        title=_title(ground.assessment, _("分镇街{service}图").format(service=f"{_bare(coverage)}{service}")),
        caption=_coverage_sentence(coverage),
        layers=(
            *_share_classes(units, group, service),
            *ground.beneath(0),
            *ground.borders(),
            *facilities(ground.assessment, coverage),
        ),
        names=ground.names(texts),
        facts=_coverage_facts(coverage),
    )


def centres(ground: Ground, _coverage: Coverage) -> Content | None:
    """Which townships have a comprehensive centre with all functions, and where it is."""
    assessment = ground.assessment
    rule = next((v.rule.id for v in assessment.verdicts if v.rule.indicator in _CENTRE_INDICATORS), None)
    if rule is None or ground.townships is None:
        return None
    found = [verdict for verdict in assessment.verdicts if verdict.rule.id == rule]
    county = next(verdict for verdict in found if verdict.count.level == "county")
    has = {verdict.count.unit for verdict in found if verdict.count.level == "township" and verdict.count.numerator}
    asked = {verdict.count.unit for verdict in found if verdict.count.level == "township"}
    counted = [name for verdict in found if verdict.count.level == "township" for name in verdict.count.counted]
    codes = ground.townships["unit_code"]
    classes = (
        (codes.isin(has), style.OUTCOME_COLOURS[Outcome.PASS], "", _("有综合养老服务中心")),
        (codes.isin(asked - has), style.OUTCOME_COLOURS[Outcome.FAIL], "////", _("没有综合养老服务中心")),
        (~codes.isin(asked), style.NO_DATA_COLOUR, "", _("不适用")),
    )
    layers = [
        Layer(
            Form.AREA,
            ground.townships.geometry[mask].to_numpy(),
            Look(fill=colour, line=colour, hatch=hatch, opacity=0.3),
            label,
        )
        for mask, colour, hatch, label in classes
        if mask.any()
    ]
    sites = assessment.facilities[assessment.facilities["facility_id"].isin(counted)]
    return Content(
        id="centres",
        title=_title(assessment, _("综合养老服务中心布局图")),
        caption=_verdict_sentence(county),
        layers=(*layers, *ground.beneath(0), *ground.borders(), *facilities(assessment, None, counted)),
        names=(*ground.names(), *names_of(sites, rank=1)),
        facts=_verdict_facts(county),
    )


_CENTRE_INDICATORS = ("township_centre_coverage", "street_centre_coverage")


def estates(ground: Ground, _coverage: Coverage) -> Content | None:
    """Estates by what their verdict is."""
    assessment = ground.assessment
    rows = tables.estates_with_verdict(assessment)
    if rows is None or rows.empty or rows["verdict"].isna().all():
        return None
    layers = [
        Layer(
            Form.MARK,
            rows.geometry[rows["verdict"] == outcome.value].dropna().to_numpy(),
            Look(
                fill=style.OUTCOME_COLOURS[outcome],
                line="white",
                width_mm=0.12,
                symbol=style.OUTCOME_SHAPES[outcome],
                size_mm=2.2,
            ),
            _("{outcome}（{count} 个）").format(
                outcome=_(OUTCOME_LABELS[outcome]), count=int((rows["verdict"] == outcome.value).sum())
            ),
            _("小区养老服务用房"),
        )
        for outcome in Outcome
        if (rows["verdict"] == outcome.value).any()
    ]
    county = [v for v in assessment.verdicts if v.rule.measure == "area_per_households" and v.count.level == "county"]
    return Content(
        id="estates",
        title=_title(assessment, _("住宅小区养老服务用房达标图")),
        caption=_("；").join(map(_verdict_sentence, county)),
        layers=(*ground.beneath(0), *ground.borders(), *layers),
        names=ground.names(),
        facts=tuple(fact for verdict in county for fact in _verdict_facts(verdict)),
    )


def parcels(ground: Ground, _coverage: Coverage) -> Content | None:
    """Parcels for elderly care, each with its id, and the other land of the layer."""
    assessment = ground.assessment
    landuse = assessment.layers.get("landuse")
    if landuse is None or landuse.empty:
        return None
    land = next(
        (v for v in assessment.verdicts if v.rule.measure == "area_per_resident" and v.count.level == "county"), None
    )
    codes: Mapping[str, Iterable[str]] = {} if land is None else land.rule.options.get("landuse_codes", {})
    meant = np.array(
        [code in codes.get(system, ()) for code, system in zip(landuse["code"], landuse["code_system"], strict=True)]
    )
    meant = meant.astype(bool) if len(codes) else np.ones(len(landuse), dtype=bool)
    ours, others = landuse[meant], landuse[~meant]
    total = sum((Fraction(repr(round(area, 2))) for area in shapely.area(ours.geometry.to_numpy())), Fraction(0))
    facts = (
        (_("养老服务设施用地"), tables.with_unit(total, "m²")),
        (_("地块"), tables.with_unit(Fraction(len(ours)), "个")),
    )
    look = Look(fill=style.PARCEL_COLOUR, line=style.PARCEL_COLOUR)
    mark = Look(
        fill=style.PROJECT_FILL, line=style.PARCEL_COLOUR, symbol=style.PARCEL_SYMBOL, width_mm=0.4, size_mm=2.6
    )
    points = shapely.point_on_surface(ours.geometry.to_numpy())
    names = tuple(
        Name(str(key), point, rank=1, size=0.85) for key, point in zip(ours["parcel_id"], points, strict=True)
    )
    other = Layer(Form.AREA, others.geometry.to_numpy(), Look(fill=style.OTHER_LAND_COLOUR), _("其他用地"))
    return Content(
        id="parcels",
        title=_title(assessment, _("养老服务设施用地图")),
        caption=_verdict_sentence(land) if land else " ".join(facts[0]),
        layers=(
            *((other,) if len(others) else ()),
            *ground.beneath(0),
            *ground.borders(),
            Layer(Form.MARK, points, mark, _("养老服务设施用地位置")),
            Layer(Form.AREA, ours.geometry.to_numpy(), look, _("养老服务设施用地")),
        ),
        names=(*ground.names(), *names),
        facts=facts + (_verdict_facts(land) if land else ()),
    )


def uncovered(ground: Ground, coverage: Coverage) -> Content:
    """People who do not reach a facility in time, by the reason, the mark as large as there are people."""
    demand = reach.demand_with_reach(ground.assessment, coverage)
    demand = demand[demand["in_area"] & demand.geometry.notna()]
    group = reach.group_of(coverage)
    county = coverage.units.iloc[0]
    missed = float(county[group]) - float(county[f"{group}_covered"])
    facts = (
        *_coverage_facts(coverage),
        (_("未覆盖的{group}").format(group=reach.group_label(group)), people_text(missed)),
    )
    return Content(
        id="uncovered",
        title=_title(
            ground.assessment,
            _("{service}{minutes}分钟未覆盖人口分布图").format(
                service=_bare(coverage), minutes=coverage.service.minutes
            ),
        ),
        caption=_("{sentence}，未覆盖 {people}").format(sentence=_coverage_sentence(coverage), people=facts[-1][1]),
        layers=(
            *ground.beneath(0),
            *ground.borders(),
            *homes(demand, county, group),
            *facilities(ground.assessment, coverage, quiet=True),
        ),
        names=ground.names(),
        facts=facts,
    )


def homes(demand: gpd.GeoDataFrame, county: Any, group: str) -> list[Layer]:
    """Homes that are not covered, a class for each reason; figures are those of the county's account."""
    people = demand[group].fillna(0).to_numpy(float)
    low, high = _HOME_MM
    sizes = low + (high - low) * np.sqrt(people / max(people.max(initial=0), 1))
    layers = []
    for reason in Reach:
        chosen = (demand["reach"] == reason).to_numpy(bool) & (reason is not Reach.COVERED)
        if chosen.any():
            look = Look(
                fill=style.REACH_COLOURS[reason],
                symbol=style.REACH_SYMBOLS[reason],
                opacity=0.85,
                line="white",
                width_mm=0.08,
            )
            label = _("{reason}（{people}）").format(
                reason=_(REACH_LABELS[reason]), people=people_text(float(county[f"{group}_{reason}"]))
            )
            heading = _("未覆盖的{group}").format(group=reach.group_label(group))
            layers.append(Layer(Form.MARK, demand.geometry[chosen].to_numpy(), look, label, heading, sizes[chosen]))
    return layers


def _share_classes(units: gpd.GeoDataFrame, group: str, heading: str) -> list[Layer]:
    """Townships in classes of the covered share; every class stands in the legend, so that sheets can be compared."""
    shares = units[f"{group}_share"].to_numpy(float)
    bounds = [bound for bound, _colour in style.COVERAGE_CLASSES]
    classes = np.where(np.isnan(shares), len(bounds), np.searchsorted(bounds, shares))
    looks = [
        (f"{low}–{high}%", colour) for low, (high, colour) in zip([0, *bounds], style.COVERAGE_CLASSES, strict=False)
    ]
    if (classes == len(bounds)).any():
        looks.append((_("无法计算"), style.NO_DATA_COLOUR))
    shapes = units.geometry.to_numpy()
    return [
        Layer(
            Form.AREA,
            shapes[classes == number],
            Look(fill=colour, line=style.BORDER_COLOUR, opacity=0.8),
            label,
            heading,
        )
        for number, (label, colour) in enumerate(looks)
    ]


def facilities(
    assessment: Assessment, coverage: Coverage | None, chosen: Iterable[str] | None = None, *, quiet: bool = False
) -> list[Layer]:
    """Facilities by kind and state: operating filled, a project hollow, closed grey.

    Args:
        coverage: whose facilities are shown; all where it is None.
        chosen: only these ids.
        quiet: small, beneath what matters on the sheet.
    """
    rows = assessment.layers.frames["facilities"]
    rows = rows[rows.geometry.notna()]
    if coverage is not None:
        rows = rows[rows["kind"].isin(coverage.service.kinds)]
    if chosen is not None:
        rows = rows[rows["facility_id"].isin(list(chosen))]
    operating = rows["facility_id"].isin(assessment.facilities["facility_id"])
    states = np.select([operating, rows["status"].isin([*_PROJECTS, *OPERATING])], [0, 1], 2)
    layers = []
    for kind, look in style.FACILITY_STYLES.items():
        for state, shown in enumerate(_states(look, 0.6 if quiet else 1.0, style.FACILITY_SYMBOLS[kind])):
            picked = (rows["kind"] == kind).to_numpy(bool) & (states == state)
            if picked.any():
                label = _(_STATE_LABELS[state]).format(kind=_(look.label))
                layers.append(Layer(Form.MARK, rows.geometry[picked].to_numpy(), shown, label, _("养老服务设施")))
    return layers


_PROJECTS = ("planned", "building")
_STATE_LABELS = ("{kind}", "{kind}（规划或在建）", "{kind}（未运营）")


def _states(look: style.Kind, times: float, symbol: str) -> tuple[Look, Look, Look]:
    size = look.radius * _PX_TO_MM * times
    return (
        Look(fill=look.colour, line="white", width_mm=0.15, symbol=symbol, size_mm=size),
        Look(fill=style.PROJECT_FILL, line=look.colour, width_mm=0.4, symbol=symbol, size_mm=size),
        Look(fill=style.CLOSED_COLOUR, line="white", width_mm=0.15, symbol=symbol, size_mm=size),
    )


def _facility_names(assessment: Assessment, coverage: Coverage) -> tuple[Name, ...]:
    """Names of the larger facilities of a service."""
    rows = assessment.layers.frames["facilities"]
    kinds = set(coverage.service.kinds)
    named = kinds & set(_NAMED_FACILITIES) or kinds
    return names_of(rows[rows["kind"].isin(named)], rank=2)


def names_of(rows: gpd.GeoDataFrame, rank: int) -> tuple[Name, ...]:
    """The names of places, beside them."""
    placed = rows[rows.geometry.notna()]
    points = shapely.point_on_surface(placed.geometry.to_numpy())
    return tuple(
        Name(str(name), point, rank=rank, size=0.8, gap_mm=1.9)
        for name, point in zip(placed["name"], points, strict=True)
    )


def together(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """All areas as one, without the empty."""
    union = shapely.union_all(shapes)
    return np.array([] if union.is_empty else [union], dtype=object)


def _title(assessment: Assessment, subject: str) -> str:
    return _("{place}{subject}").format(place=tables.place_name(assessment), subject=subject)


def _bare(coverage: Coverage) -> str:
    """The service's name without the minutes that some packs write behind it."""
    name = reach.service_name(coverage.service)
    return name.split("（")[0].split(" (")[0]


def people_text(count: float) -> str:
    """A number of people with its unit; a dash where it is not known."""
    return tables.with_unit(Fraction(count), "人") if np.isfinite(count) else "—"


def account_facts(coverage: Coverage, account: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The covered share of one row of ``Coverage.units``, and the people behind it."""
    group = reach.group_of(coverage)
    label = _("{minutes}分钟覆盖率（{group}）").format(minutes=coverage.service.minutes, group=reach.group_label(group))
    counts = f"{people_text(float(account[f'{group}_covered']))} / {people_text(float(account[group]))}"
    return ((label, reach.share_text(account, group)), (_("已覆盖 / 合计"), counts))


def account_sentence(coverage: Coverage, account: Mapping[str, Any]) -> str:
    """The same as one sentence."""
    (label, share), (_label, counts) = account_facts(coverage, account)
    return _("{name}{label} {share}（{counts}）").format(name=_bare(coverage), label=label, share=share, counts=counts)


def _coverage_facts(coverage: Coverage) -> tuple[tuple[str, str], ...]:
    return account_facts(coverage, coverage.units.iloc[0].to_dict())


def _coverage_sentence(coverage: Coverage) -> str:
    return account_sentence(coverage, coverage.units.iloc[0].to_dict())


def _verdict_facts(verdict: Verdict) -> tuple[tuple[str, str], ...]:
    value = tables.value_text(verdict) if verdict.value is not None else tables.missing_text(verdict)
    text = _("{value}（目标 {target}）").format(value=value, target=tables.target_text(verdict))
    return ((tables.rule_name(verdict), text), (_("结论"), tables.outcome_label(verdict)))


def _verdict_sentence(verdict: Verdict) -> str:
    (name, text), (_label, outcome) = _verdict_facts(verdict)
    return _("{name} {text}，{outcome}").format(name=name, text=text, outcome=outcome)


Theme = Callable[[Ground, Coverage], Content | None]
THEMES: Mapping[str, Theme] = MappingProxyType(
    {
        "coverage": coverage_by_township,
        "centres": centres,
        "estates": estates,
        "parcels": parcels,
        "uncovered": uncovered,
    }
)
