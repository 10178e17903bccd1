"""The content of each sheet: looks from the style table, words and figures from ``tables`` and ``reach``.

Each function returns None where its layer is not there, so that a set holds only sheets that say something.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import geopandas as gpd
import numpy as np

from geoplan.assess import Assessment
from geoplan.coverage import Coverage
from geoplan.i18n import _
from geoplan.layers import townships
from geoplan.model import OUTCOME_LABELS, Outcome
from geoplan.report import reach, style, tables
from geoplan.report.print_maps import land, parts
from geoplan.report.print_maps.content import Content, Form, Layer, Look, Name
from geoplan.report.print_maps.ground import Ground

_NAMED_FACILITIES = ("care_home", "township_centre", "regional_centre", "emergency_centre")


def service_circles(ground: Ground, coverages: tuple[Coverage, ...]) -> Content:
    """The service areas of one group of facilities, the widest beneath, with the facilities."""
    assessment, first = ground.assessment, coverages[0]
    areas, layers = assessment.service_areas, []
    for number, coverage in enumerate(sorted(coverages, key=lambda one: -one.service.minutes)):
        shapes = areas.geometry[areas["kind"] == coverage.service.id].to_numpy()
        look = Look(fill=style.AREA_COLOUR, line=style.AREA_COLOUR, width_mm=0.2, opacity=0.22 + 0.14 * number)
        label = _("{minutes}分钟服务范围").format(minutes=coverage.service.minutes)
        layers.append(Layer(Form.AREA, parts.together(shapes), look, label))
    minutes = _("、").join(str(coverage.service.minutes) for coverage in coverages)
    main = min(coverages, key=lambda one: -one.service.minutes)
    return Content(
        id="service-circles"
        if first is assessment.coverages[0]
        else f"service-circles-{main.service.kinds[0].replace('_', '-')}",
        title=parts.title(
            assessment, _("{service}{minutes}分钟服务圈图").format(service=parts.bare(main), minutes=minutes)
        ),
        caption=parts.coverage_sentence(main),
        layers=(*ground.beneath(), *layers, *ground.borders(), *parts.facilities(assessment, first)),
        names=(*ground.names(), *_facility_names(assessment, first)),
        facts=tuple(fact for coverage in coverages for fact in parts.coverage_facts(coverage)[:1])
        + parts.coverage_facts(main)[1:],
    )


def coverage_by_township(ground: Ground, coverage: Coverage) -> Content | None:
    """Townships by the share of people within the minutes."""
    units = townships(reach.units_with_coverage(ground.assessment, coverage))
    if units is None or units.empty:
        return None
    group = reach.group_of(coverage)
    rows = units.to_dict("records")
    texts = {row["unit_code"]: reach.share_text(row, group) for row in rows}
    minutes = coverage.service.minutes
    return Content(
        id="coverage",
        title=parts.title(
            ground.assessment,
            _("分镇街{service}{minutes}分钟覆盖率图").format(service=parts.bare(coverage), minutes=minutes),
        ),
        caption=parts.coverage_sentence(coverage),
        layers=(
            *_share_classes(units, group, _("{minutes}分钟覆盖率").format(minutes=minutes)),
            *ground.beneath(),
            *ground.borders(),
            *parts.facilities(ground.assessment, coverage),
        ),
        names=ground.names(texts),
        facts=parts.coverage_facts(coverage),
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
        title=parts.title(assessment, _("综合养老服务中心布局图")),
        caption=parts.verdict_sentence(county),
        layers=(*layers, *ground.beneath(), *ground.borders(), *parts.facilities(assessment, None, counted)),
        names=(*ground.names(), *parts.names_of(sites, rank=1)),
        facts=parts.verdict_facts(county),
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
                size_mm=1.7,
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
        title=parts.title(assessment, _("住宅小区养老服务用房达标图")),
        caption=_("；").join(map(parts.verdict_sentence, county)),
        layers=(*ground.beneath(), *ground.borders(), *layers),
        names=ground.names(),
        facts=tuple(fact for verdict in county for fact in parts.verdict_facts(verdict)),
    )


def uncovered(ground: Ground, coverage: Coverage) -> Content:
    """People who do not reach a facility in time, by the reason, the mark as large as there are people."""
    demand = reach.demand_with_reach(ground.assessment, coverage)
    demand = demand[demand["in_area"] & demand.geometry.notna()]
    group = reach.group_of(coverage)
    county = coverage.units.iloc[0]
    missed = float(county[group]) - float(county[f"{group}_covered"])
    facts = (
        *parts.coverage_facts(coverage),
        (_("未覆盖的{group}").format(group=reach.group_label(group)), parts.people_text(missed)),
    )
    return Content(
        id="uncovered",
        title=parts.title(
            ground.assessment,
            _("{service}{minutes}分钟未覆盖人口分布图").format(
                service=parts.bare(coverage), minutes=coverage.service.minutes
            ),
        ),
        caption=_("{sentence}，未覆盖 {people}").format(
            sentence=parts.coverage_sentence(coverage), people=facts[-1][1]
        ),
        layers=(
            *ground.beneath(),
            *ground.borders(),
            *parts.homes(demand, county, group),
            *parts.facilities(ground.assessment, coverage, quiet=True),
        ),
        names=ground.names(),
        facts=facts,
    )


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


def _facility_names(assessment: Assessment, coverage: Coverage) -> tuple[Name, ...]:
    """Names of the larger facilities of a service."""
    rows = assessment.layers.frames["facilities"]
    kinds = set(coverage.service.kinds)
    named = kinds & set(_NAMED_FACILITIES) or kinds
    return parts.names_of(rows[rows["kind"].isin(named)], rank=2)


Theme = Callable[[Ground, Coverage], Content | None]
THEMES: Mapping[str, Theme] = MappingProxyType(
    {
        "coverage": coverage_by_township,
        "centres": centres,
        "estates": estates,
        "parcels": land.parcels,
        "uncovered": uncovered,
    }
)
