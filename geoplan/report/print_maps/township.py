"""The sheet of one township: everything that is known about it, at a large scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely

from geoplan.i18n import _
from geoplan.layers.schema import VILLAGE_LEVELS
from geoplan.report import reach, style, tables
from geoplan.report.print_maps import parts
from geoplan.report.print_maps.content import Content, Form, Layer, Look, Name
from geoplan.report.print_maps.extent import Extent
from geoplan.report.print_maps.ground import Ground


def township(ground: Ground, row: Mapping[str, Any], extent: Extent) -> Content:
    """Service area, villages, homes that are not covered, facilities with their names."""
    assessment, coverage = ground.assessment, ground.assessment.coverages[0]
    group, code = reach.group_of(coverage), row["unit_code"]
    account = coverage.units.set_index("unit").loc[code].to_dict()
    demand = reach.demand_with_reach(assessment, coverage)
    demand = demand[(demand["township"] == code) & demand.geometry.notna()]
    areas = assessment.service_areas
    shapes = areas.geometry[areas["kind"] == coverage.service.id].to_numpy()
    area = Look(fill=style.AREA_COLOUR, line=style.AREA_COLOUR, opacity=0.18)
    here = shapely.box(*extent.bounds)
    facilities = assessment.layers.frames["facilities"]
    facilities = facilities[facilities.geometry.notna() & (facilities["township"] == code)]
    minutes = _("{minutes}分钟服务范围").format(minutes=coverage.service.minutes)
    return Content(
        id=f"township-{code}",
        title=_("{place}{name}养老服务设施布局图").format(place=tables.place_name(assessment), name=row["name"]),
        caption=_("{name}{sentence}").format(name=row["name"], sentence=parts.account_sentence(coverage, account)),
        layers=(
            *ground.beneath(extent),
            Layer(Form.AREA, parts.together(shapes[shapely.intersects(shapes, here)]), area, minutes),
            *_villages(ground),
            *ground.borders(),
            Layer(
                Form.LINE,
                np.array([shapely.boundary(row["geometry"])], dtype=object),
                Look(line=style.HERE_COLOUR, width_mm=0.6),
                _("本镇街"),
            ),
            *parts.homes(demand, account, group),
            *parts.facilities(assessment, None),
        ),
        names=(*parts.names_of(facilities, rank=1), *_village_names(ground, code)),
        facts=parts.account_facts(coverage, account),
    )


def _villages(ground: Ground) -> list[Layer]:
    units = ground.frames["units"]
    villages = units[units["level"].isin(VILLAGE_LEVELS)]
    if villages.empty:
        return []
    look = Look(line=style.BORDER_COLOUR, width_mm=0.12, dashed=True)
    return [Layer(Form.LINE, shapely.boundary(villages.geometry.to_numpy()), look, _("村（社区）界"))]


def _village_names(ground: Ground, code: str) -> tuple[Name, ...]:
    units = ground.frames["units"]
    villages = units[units["level"].isin(VILLAGE_LEVELS) & (units["parent_code"] == code)]
    rows = zip(villages["name"], villages.geometry, strict=True)
    return tuple(Name(str(name), shape, rank=2, size=0.8, colour=style.BORDER_COLOUR) for name, shape in rows)
