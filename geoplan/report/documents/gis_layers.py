"""The layers of the GIS package: the assessment's and the workspace's, each with its words, its look and where it is from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.assess import Assessment
from geoplan.compare import ADDED, CHANGED, FARTHER, GAINS, LOSES, MOVED, NEARER, REMOVED, SAME
from geoplan.coverage import Coverage
from geoplan.i18n import _
from geoplan.layers import townships
from geoplan.layers.schema import CLINIC_KINDS, IDLE_KINDS, NOT_YET_OPEN, OPERATING, VILLAGE_LEVELS, label
from geoplan.report import reach, style, tables
from geoplan.report.alternatives import CHANGE_LABELS
from geoplan.report.documents import looks
from geoplan.report.documents.material import Material
from geoplan.report.documents.qgis import Form, Look

_FORMS = {0: Form.MARK, 1: Form.LINE, 2: Form.AREA}


@dataclass(frozen=True)
class GisLayer:
    """One layer.

    Attributes:
        name: in the package; Latin letters, digits and underscores.
        title: in words.
        frame: in the CRS of the layers.
        role: of the workspace's layer that it comes from.
    """

    name: str
    title: str
    frame: gpd.GeoDataFrame
    look: Look
    role: str


def gis_layers(material: Material) -> list[GisLayer]:
    """The layers from the ground up; those that the workspace lacks, or that hold nothing, are left out."""
    found = [*_ground(material.assessment), *_by_service(material.assessment), *_places(material.assessment)]
    return [_fitted(layer) for layer in (*found, *_changes(material)) if len(layer.frame)]


def _fitted(layer: GisLayer) -> GisLayer:
    """Rows without a place left out; a mixed layer as points; symbols that suit what the shapes are."""
    shapes = layer.frame.geometry.to_numpy()
    frame = layer.frame[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    dimensions = np.unique(shapely.get_dimensions(frame.geometry.to_numpy()))
    if len(dimensions) > 1:
        points = shapely.point_on_surface(frame.geometry.to_numpy())
        frame, dimensions = frame.set_geometry(points, crs=frame.crs), np.array([0])
    form = _FORMS[int(dimensions[0])] if len(dimensions) else Form.MARK
    classes = [
        each
        if each.symbol.form is form
        else replace(
            each,
            symbol=replace(each.symbol, form=form, line=each.symbol.line if form is Form.AREA else each.symbol.fill),
        )
        for each in layer.look.classes
    ]
    return replace(layer, frame=frame.reset_index(drop=True), look=replace(layer.look, classes=classes))


def _ground(assessment: Assessment) -> Iterator[GisLayer]:
    frames = assessment.layers.frames
    if "barriers" in frames:
        yield GisLayer("barriers", _("水系等障碍"), frames["barriers"], looks.barriers(), "barriers")
    if "landuse" in frames:
        yield GisLayer("landuse", _("土地利用"), frames["landuse"], looks.parcels(), "landuse")
    roads = frames["roads"].drop(columns="nodes", errors="ignore")
    yield GisLayer("roads", _("道路"), roads, looks.roads(), "roads")
    units = assessment.layers.get("units")
    if units is not None:
        villages = units[units["level"].isin(VILLAGE_LEVELS)]
        yield GisLayer("villages", _("村居"), villages, looks.villages(), "units")


def _by_service(assessment: Assessment) -> Iterator[GisLayer]:
    """Coverage of each service, the first one's on top and without its name behind the layers' names."""
    for number, coverage in reversed(list(enumerate(assessment.coverages))):
        suffix = "" if number == 0 else f"_{coverage.service.id}"
        service = reach.service_name(coverage.service)
        yield from (
            replace(layer, name=f"{layer.name}{suffix}", title=f"{layer.title} · {service}")
            for layer in _of_service(assessment, coverage)
        )


def _of_service(assessment: Assessment, coverage: Coverage) -> Iterator[GisLayer]:
    group = reach.group_of(coverage)
    units = reach.units_with_coverage(assessment, coverage)
    if units is not None:
        towns = townships(units)
        assert towns is not None  # noqa: S101 - there are units
        yield GisLayer("townships", _("镇街覆盖"), towns, looks.townships(group), "units")
        if coverage is assessment.coverages[0]:
            yield GisLayer("county", _("县（市、区）"), units[units["level"] == "county"], looks.county(), "units")
    areas = assessment.service_areas[assessment.service_areas["kind"] == coverage.service.id]
    minutes = _("{minutes}分钟服务范围").format(minutes=coverage.service.minutes)
    yield GisLayer("service_areas", minutes, areas, looks.service_areas(), "roads")
    homes = reach.demand_with_reach(assessment, coverage)
    most = float(np.nanmax(homes[group].to_numpy(float), initial=0.0))
    yield GisLayer("demand", _("居民点覆盖"), homes, looks.demand(group, most), "demand")


def _places(assessment: Assessment) -> Iterator[GisLayer]:
    frames = assessment.layers.frames
    estates = tables.estates_with_verdict(assessment)
    if estates is not None:
        yield GisLayer("estates", _("住宅小区"), estates, looks.estates(), "estates")
    marks: tuple[tuple[str, str, Callable[[str], str], Look], ...] = (
        ("clinics", _("医疗卫生机构"), _kind_of(CLINIC_KINDS), looks.marks(_("医疗卫生机构"), "#b3261e", "plus")),
        ("idle_assets", _("闲置资产"), _kind_of(IDLE_KINDS), looks.marks(_("闲置资产"), style.IDLE_COLOUR, "diamond")),
    )
    for role, title, kind_name, look in marks:
        if role in frames:
            frame = frames[role].assign(kind_name=[kind_name(code) for code in frames[role]["kind"]])
            yield GisLayer(role, title, frame, look, role)
    if "seats" in frames:
        look = looks.marks(_("县城和镇区驻地"), style.BORDER_COLOUR, "circle", name="name")
        yield GisLayer("seats", _("县城和镇区驻地"), frames["seats"], look, "seats")
    yield GisLayer("facilities", _("养老服务设施"), _facilities(assessment), looks.facilities(), "facilities")


def _kind_of(vocabulary: object) -> Callable[[str], str]:
    return lambda code: _(label(code, vocabulary))  # type: ignore[arg-type]


def _facilities(assessment: Assessment) -> gpd.GeoDataFrame:
    """All facilities with whom they reach by the first service, their kind in words, and their state in the year."""
    rows = reach.facilities_with_reach(assessment, assessment.coverages[0])
    ahead = rows["status"].isin([*NOT_YET_OPEN, *OPERATING])
    state = np.select([rows["operating"], ahead], [looks.OPERATES, looks.PROJECT], looks.IDLE)
    names = [_(style.FACILITY_STYLES[kind].label) for kind in rows["kind"]]
    return rows.assign(kind_name=names, state=state)


def _changes(material: Material) -> Iterator[GisLayer]:
    """Whom and what a scenario changes, by the first service."""
    comparison = material.comparison
    if comparison is None:
        return
    people = comparison.people
    people = people[(people["service"] == comparison.other.coverages[0].service.id) & (people["change"] != SAME)]
    people = _with_names(people).assign(
        ms_before=people["ms_before"].to_numpy(float, na_value=np.nan),
        ms_after=people["ms_after"].to_numpy(float, na_value=np.nan),
    )
    look = looks.changes((GAINS, LOSES, NEARER, FARTHER), 1.8)
    yield GisLayer("changes_people", _("方案使居民点的变化"), people, look, "demand")
    sites = _with_names(comparison.facilities.drop(columns="fields"))
    sites["moved_m"] = sites["moved_m"].replace(np.inf, np.nan).to_numpy(float)
    look = looks.changes((ADDED, REMOVED, MOVED, CHANGED), 3.6)
    yield GisLayer("changes_facilities", _("方案涉及的设施"), sites, look, "facilities")


def _with_names(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return rows.assign(change_name=[_(CHANGE_LABELS[change]) for change in rows["change"]])


def plain_columns(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The columns as every GIS format can hold them: nullable integers as floats, anything odd as text."""
    cells = {}
    for column in frame.columns.drop(frame.geometry.name):
        values = frame[column]
        if isinstance(values.dtype, pd.api.extensions.ExtensionDtype) and pd.api.types.is_integer_dtype(values.dtype):
            cells[column] = values.to_numpy(float, na_value=np.nan)
    return frame.assign(**cells)
