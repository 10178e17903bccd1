"""The sheet of land: parcels for elderly care, and the other land of the layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.assess import Assessment
from geoplan.coverage import Coverage
from geoplan.i18n import _
from geoplan.model import Verdict
from geoplan.report import style, tables
from geoplan.report.print_maps import parts
from geoplan.report.print_maps.content import Content, Form, Layer, Look, Name
from geoplan.report.print_maps.ground import Ground

_FEW = 200  # so many parcels of other land are marked and named, not only filled


def parcels(ground: Ground, _coverage: Coverage) -> Content | None:
    """Parcels for elderly care, each with its id, and the other land of the layer; None without a land-use layer."""
    assessment = ground.assessment
    landuse = assessment.layers.get("landuse")
    if landuse is None or landuse.empty:
        return None
    land = _verdict(assessment)
    meant = _meant(landuse, land)
    ours, others = landuse[meant], landuse[~meant]
    sizes = np.round(shapely.area(ours.geometry.to_numpy()), 2).tolist()
    total = sum((Fraction(repr(size)) for size in sizes), Fraction(0))
    facts = (
        (_("养老服务设施用地面积"), tables.with_unit(total, "m²")),
        (_("地块"), tables.with_unit(Fraction(len(ours)), "个")),
    )
    marked = [(ours, _("养老服务设施用地"), style.PARCEL_COLOUR, 1)]
    if len(others) <= _FEW:
        marked.append((others, _("其他用地"), style.OTHER_LAND_COLOUR, 2))
    filled = Look(fill=style.OTHER_LAND_COLOUR)
    return Content(
        id="parcels",
        title=parts.title(assessment, _("养老服务设施用地图")),
        caption=parts.verdict_sentence(land) if land else " ".join(facts[0]),
        layers=(
            *((Layer(Form.AREA, others.geometry.to_numpy(), filled, _("其他用地")),) if len(others) > _FEW else ()),
            *ground.beneath(),
            *ground.borders(),
            *(layer for rows, label, colour, _rank in reversed(marked) for layer in _marked(rows, label, colour)),
        ),
        names=(*ground.names(), *(name for rows, _label, _colour, rank in marked for name in _names(rows, rank))),
        facts=facts + (parts.verdict_facts(land) if land else ()),
    )


def _verdict(assessment: Assessment) -> Verdict | None:
    """The county's verdict on land per resident."""
    found = (v for v in assessment.verdicts if v.rule.measure == "area_per_resident" and v.count.level == "county")
    return next(found, None)


def _meant(landuse: gpd.GeoDataFrame, land: Verdict | None) -> NDArray[np.bool_]:
    """Which parcels the rule counts, by its codes; all where it names none. Bool (n,)."""
    codes: Mapping[str, Iterable[str]] = {} if land is None else land.rule.options.get("landuse_codes", {})
    if not codes:
        return np.ones(len(landuse), dtype=bool)
    cells = zip(landuse["code"], landuse["code_system"], strict=True)
    return np.array([code in codes.get(system, ()) for code, system in cells], dtype=bool)


def _marked(rows: gpd.GeoDataFrame, label: str, colour: str) -> tuple[Layer, ...]:
    """Parcels with a mark around each, because a parcel of some hectares is smaller than a millimetre on paper."""
    if rows.empty:
        return ()
    ring = Look(line=colour, symbol=style.PARCEL_SYMBOL, width_mm=0.5, size_mm=3.0)
    shapes = rows.geometry.to_numpy()
    return (
        Layer(Form.MARK, shapely.point_on_surface(shapes), ring, label, clear=True),
        Layer(Form.AREA, shapes, Look(fill=colour, line=colour)),
    )


def _names(rows: gpd.GeoDataFrame, rank: int) -> Iterable[Name]:
    points = shapely.point_on_surface(rows.geometry.to_numpy())
    return (Name(str(key), point, rank, 0.8, gap_mm=2.2) for key, point in zip(rows["parcel_id"], points, strict=True))
