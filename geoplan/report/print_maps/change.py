"""The sheet of differences: who gains and who loses access, and which facilities made it so."""

from __future__ import annotations

import geopandas as gpd

from geoplan.compare import ADDED, CHANGED, FARTHER, GAINS, LOSES, MOVED, NEARER, REMOVED, Comparison
from geoplan.i18n import _
from geoplan.report import reach, style, tables
from geoplan.report.alternatives import CHANGE_LABELS
from geoplan.report.print_maps import parts
from geoplan.report.print_maps.content import Content, Form, Layer, Look
from geoplan.report.print_maps.ground import Ground

_NEARER_MM, _GAINS_MM, _SITE_MM = 1.0, 1.9, 3.6
_KEPT_CLEAR_MM = 3.0


def difference(ground: Ground, comparison: Comparison) -> Content:
    """What an alternative changes for the people of the first service."""
    coverage = comparison.other.coverages[0]
    group = reach.group_of(coverage)
    people = comparison.people
    people = people[(people["service"] == coverage.service.id) & people.geometry.notna()]
    rows = comparison.coverage
    county = rows[(rows["service"] == coverage.service.id) & (rows["group"] == group)].iloc[0]
    homes = [
        _layer(people, change, size, _("居民点"))
        for change, size in ((FARTHER, _NEARER_MM), (NEARER, _NEARER_MM), (LOSES, _GAINS_MM), (GAINS, _GAINS_MM))
        if (people["change"] == change).any()
    ]
    facilities = comparison.facilities[comparison.facilities.geometry.notna()]
    sites = [
        _layer(facilities, change, _SITE_MM, _("养老服务设施"))
        for change in (CHANGED, MOVED, REMOVED, ADDED)
        if (facilities["change"] == change).any()
    ]
    facts = (
        (_("原覆盖"), parts.people_text(county["covered_before"])),
        (_("现覆盖"), parts.people_text(county["covered_after"])),
        (_(CHANGE_LABELS[GAINS]), parts.people_text(county["gained"])),
        (_(CHANGE_LABELS[LOSES]), parts.people_text(county["lost"])),
    )
    label = reach.group_label(group)
    return Content(
        id="difference",
        title=_("{place}{minutes}分钟覆盖变化图").format(
            place=tables.place_name(comparison.other), minutes=coverage.service.minutes
        ),
        caption=_("；").join(f"{what} {text}" for what, text in facts) + _("（{group}）").format(group=label),
        layers=(*ground.beneath(), *ground.borders(), *homes, *sites),
        names=(*ground.names(), *parts.names_of(facilities, rank=1)),
        facts=((_("人群"), label), *facts),
    )


def _layer(rows: gpd.GeoDataFrame, change: str, size: float, heading: str) -> Layer:
    look = Look(
        fill=style.CHANGE_COLOURS[change],
        line="white",
        width_mm=0.12,
        symbol=style.CHANGE_SYMBOLS[change],
        size_mm=size,
    )
    shapes = rows.geometry[rows["change"] == change].to_numpy()
    return Layer(Form.MARK, shapes, look, _(CHANGE_LABELS[change]), heading, clear=size > _KEPT_CLEAR_MM)
