"""The map as one self-contained HTML file, made with folium: Leaflet is inlined and nothing is fetched.

Names from files are data: they are escaped before they become part of the page.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from html import escape as escape_html
from importlib import resources
from typing import Any, cast

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from branca.element import Element, Figure

from geoplan import crs
from geoplan.assess import Assessment
from geoplan.coverage import Coverage
from geoplan.errors import OutputError
from geoplan.i18n import _, current
from geoplan.layers import townships
from geoplan.layers.schema import FUNCTIONS, label
from geoplan.model import OUTCOME_LABELS, OUTCOME_SYMBOLS, REACH_LABELS, Outcome, Reach
from geoplan.report import reach, style, tables
from geoplan.report.map_search import search_field, search_script

_MAIN_ROADS = ("motorway", "trunk", "primary", "secondary", "tertiary")
_SIMPLIFY_M = 8.0  # finer than a pixel at the zoom a county is looked at
_AREA_SIMPLIFY_M = 12.0
_DEGREE_DIGITS = 6  # 0.1 m
_DOT_RADIUS = (1.5, 5.0)
MOST_HOMES = 20_000
"""More dots than these no browser moves smoothly, and their page would be larger than people can send."""
_LEFT_PANEL_PX, _RIGHT_PANEL_PX = 270, 235  # the map is fitted between the title and the layer switch


class _OfflineMap(folium.Map):  # type: ignore[misc, unused-ignore]
    """A folium map that names no outside script or style sheet."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - folium's own form
    default_css: list[tuple[str, str]] = []  # noqa: RUF012


def map_html(assessment: Assessment) -> str:
    """The map of an assessment's first service as an HTML page.

    Raises:
        OutputError: Leaflet was not fetched when the package was installed.
    """
    coverage = assessment.coverages[0]
    page = _OfflineMap(
        tiles=None,
        prefer_canvas=True,
        zoom_snap=0.25,
        control_scale=True,
        zoom_control="bottomright",
        attribution_control=False,
    )
    for group in _layers(assessment, coverage):
        group.add_to(page)
    folium.LayerControl(collapsed=False, position="topright").add_to(page)
    page.fit_bounds(
        _bounds(assessment), padding_top_left=(_LEFT_PANEL_PX, 10), padding_bottom_right=(_RIGHT_PANEL_PX, 10)
    )
    root = cast("Figure", page.get_root())
    root.header.add_child(Element(_verbatim(_leaflet() + _page_style())), name="leaflet", index=0)
    around = _title(assessment, coverage) + _legend(assessment, coverage) + search_field()
    root.html.add_child(Element(_verbatim(around)))
    root.script.add_child(Element(_verbatim(search_script(assessment, page.get_name()))))
    root.title = escape(tables.place_name(assessment))
    return str(root.render())


def escape(text: str) -> str:
    """Text as HTML that neither the browser nor the template engine takes for anything but text.

    folium renders what it is given once more as a Jinja template: a brace in a name would be code there.
    """
    return escape_html(text).replace("{", "&#123;").replace("}", "&#125;")


def _verbatim(text: str) -> str:
    """Text that the template engine must leave alone."""
    return "{% raw %}" + text + "{% endraw %}"


@cache
def _leaflet() -> str:
    folder = resources.files("geoplan.report") / "leaflet"
    try:
        script = (folder / "leaflet.js").read_text(encoding="utf-8")
        sheet = (folder / "leaflet.css").read_text(encoding="utf-8")
        sheet = re.sub(r"url\(images/([\w-]+\.png)\)", lambda m: _data_url((folder / m[1]).read_bytes()), sheet)
    except FileNotFoundError as error:
        text = _("缺少 Leaflet：请在有网络时运行 pip install（或在源码目录运行 python hatch_build.py）。")
        raise OutputError(text) from error
    script = re.sub(r"//# sourceMappingURL=.*", "", script).replace("</script", r"<\/script")
    return f"<style>{sheet}</style><script>{script}</script>"


def _data_url(png: bytes) -> str:
    return f"url(data:image/png;base64,{base64.b64encode(png).decode()})"


def _page_style() -> str:
    return f"""<meta charset="utf-8"><style>
html, body {{ height: 100%; margin: 0; font-family: {style.FONT_STACK}; }}
.leaflet-container {{ background: {style.BACKGROUND_COLOUR}; font-family: {style.FONT_STACK}; }}
.gp-title, .gp-legend {{ position: absolute; z-index: 1000; left: 12px; background: #fffffff2; border-radius: 6px;
  box-shadow: 0 1px 5px #0004; padding: 10px 14px; color: #202124; font-size: 13px; line-height: 1.5; max-width: 330px; }}
.gp-title {{ top: 12px; max-height: calc(100vh - 250px); overflow: auto; }} .gp-title h1 {{ font-size: 17px; margin: 0 0 2px; }}
.gp-title .big {{ font-size: 22px; font-weight: 600; }}
.gp-title table {{ border-collapse: collapse; width: 100%; margin-top: 6px; }}
.gp-title td {{ padding: 2px 0; vertical-align: top; }} .gp-title td + td {{ text-align: right; white-space: nowrap; padding-left: 12px; }}
.gp-badge {{ display: inline-block; background: #fff3cd; color: #6b4e00; border: 1px solid #d9b84a; border-radius: 4px; padding: 0 6px; font-size: 12px; }}
.gp-title .small {{ color: #5f6368; font-size: 12px; }}
.gp-legend {{ bottom: 44px; font-size: 12px; }} .gp-legend b {{ display: block; }}
.gp-swatch {{ display: inline-block; width: 12px; height: 12px; margin-right: 6px; vertical-align: -1px; }}
.gp-swatch.dot {{ border-radius: 50%; }}
.leaflet-control-layers {{ font-size: 12px; line-height: 1.6; max-width: 240px; max-height: 80vh; overflow: auto; }}
.leaflet-control-layers label > span {{ display: flex; align-items: baseline; gap: 4px; }}
.leaflet-control-scale-line:not(:first-child) {{ display: none; }}
.gp-name {{ font-size: 12px; font-weight: 600; color: #202124; white-space: nowrap; text-align: center;
  text-shadow: -1px -1px 2px #fff, 1px -1px 2px #fff, -1px 1px 2px #fff, 1px 1px 2px #fff; }}
.leaflet-popup-content {{ font-size: 13px; }} .leaflet-popup-content td {{ padding: 1px 8px 1px 0; vertical-align: top; }}
</style>"""


def _bounds(assessment: Assessment) -> list[list[float]]:
    units = assessment.layers.get("units")
    west, south, east, north = crs.lonlat(
        units if units is not None else assessment.layers.frames["demand"]
    ).total_bounds
    return [[south, west], [north, east]]


def _layers(assessment: Assessment, coverage: Coverage) -> Iterator[folium.FeatureGroup]:
    """The map's layers, from the ground up."""
    yield from _water(assessment)
    yield from _townships(assessment, coverage)
    yield _roads(assessment)
    yield _service_areas(assessment, coverage)
    yield from _estates(assessment)
    yield from _demand(assessment, coverage)
    yield from _facilities(assessment, coverage)
    yield from _names(assessment)


def _group(name: str, colour: str = "", *, show: bool = True, control: bool = True) -> folium.FeatureGroup:
    """A layer that can be switched; with a colour its name in the switch is its legend as well."""
    swatch = f'<i class="gp-swatch dot" style="background:{colour}"></i>' if colour else ""
    return folium.FeatureGroup(name=f"{swatch}{escape(name)}", show=show, control=control)


def _shapes(frame: gpd.GeoDataFrame, tolerance: float, columns: tuple[str, ...] = ()) -> dict[str, Any]:
    """GeoJSON in degrees of a frame in metres, simplified, without empty shapes."""
    thinned = gpd.GeoDataFrame(
        frame[list(columns)], geometry=shapely.simplify(frame.geometry.to_numpy(), tolerance), crs=frame.crs
    )
    shapes = thinned.geometry.to_numpy()
    degrees = crs.lonlat(thinned[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))])
    rounded = degrees.set_geometry(
        shapely.transform(degrees.geometry.to_numpy(), lambda xy: np.round(xy, _DEGREE_DIGITS)), crs=crs.WGS84
    )
    collection: dict[str, Any] = rounded.to_geo_dict(drop_id=True)
    return collection


def _water(assessment: Assessment) -> Iterator[folium.FeatureGroup]:
    barriers = assessment.layers.get("barriers")
    if barriers is None:
        return
    group = _group(_("水系"), control=False)
    fill = {"color": style.WATER_COLOUR, "weight": 1, "fillOpacity": 1, "interactive": False}
    folium.GeoJson(
        _shapes(barriers[barriers["kind"] == "water"], _SIMPLIFY_M), style_function=lambda _feature: fill
    ).add_to(group)
    yield group


def _roads(assessment: Assessment) -> folium.FeatureGroup:
    roads = assessment.layers.frames["roads"]
    main = roads[roads["road_class"].isin(_MAIN_ROADS)]
    merged = shapely.line_merge(
        shapely.multilinestrings(shapely.get_parts((main if len(main) else roads).geometry.to_numpy()))
    )
    frame = gpd.GeoDataFrame(geometry=[merged], crs=roads.crs)
    group = _group(_("主要道路"))
    line = {"color": style.ROAD_COLOUR, "weight": 1.4, "interactive": False}
    folium.GeoJson(_shapes(frame, _SIMPLIFY_M), style_function=lambda _feature: line).add_to(group)
    return group


def _townships(assessment: Assessment, coverage: Coverage) -> Iterator[folium.FeatureGroup]:
    units = townships(reach.units_with_coverage(assessment, coverage))
    if units is None:
        return
    people = reach.group_of(coverage)
    group = _group(_("镇街覆盖率"))
    units = units.assign(
        popup=[_unit_popup(row, people) for row in units.to_dict("records")],
        share=units[f"{people}_share"].astype(object).where(units[f"{people}_share"].notna(), None),
    )

    def paint(feature: dict[str, Any]) -> dict[str, Any]:
        colour = style.coverage_colour(feature["properties"]["share"])
        return {"fillColor": colour, "fillOpacity": 0.55, "color": style.BORDER_COLOUR, "weight": 1.2}

    shapes = _shapes(units, _SIMPLIFY_M, ("popup", "share"))
    folium.GeoJson(shapes, style_function=paint, popup=_popup()).add_to(group)
    yield group


def _popup() -> folium.GeoJsonPopup:
    """A popup that shows the property ``popup``, HTML that was made here from escaped text."""
    return folium.GeoJsonPopup(fields=["popup"], labels=False, max_width=360)


def _rows(title: str, rows: list[tuple[str, str]]) -> str:
    body = "".join(f"<tr><td>{escape(name)}</td><td>{escape(text)}</td></tr>" for name, text in rows if text)
    return f"<b>{escape(title)}</b><table>{body}</table>"


def _unit_popup(row: dict[str, Any], group: str) -> str:
    return _rows(
        str(row["name"]),
        [
            (reach.group_label(group), _people(row[group])),
            (_("覆盖率"), reach.share_text(row, group)),
            (_(REACH_LABELS[Reach.COVERED]), _people(row[f"{group}_covered"])),
            *(
                (_(REACH_LABELS[reason]), _people(row[f"{group}_{reason}"]))
                for reason in Reach
                if reason != Reach.COVERED and row[f"{group}_{reason}"]
            ),
        ],
    )


def _people(value: Any) -> str:
    return "" if pd.isna(value) else tables.with_unit(Fraction(float(value)), "人")


def _service_areas(assessment: Assessment, coverage: Coverage) -> folium.FeatureGroup:
    areas = assessment.service_areas
    areas = areas[areas["kind"] == coverage.service.id]
    together = shapely.union_all(shapely.simplify(areas.geometry.to_numpy(), _AREA_SIMPLIFY_M / 2))
    frame = gpd.GeoDataFrame(geometry=[together], crs=areas.crs)
    group = _group(_("{minutes}分钟服务范围").format(minutes=coverage.service.minutes))
    paint = {"color": style.AREA_COLOUR, "weight": 1, "fillOpacity": 0.18, "interactive": False}
    folium.GeoJson(_shapes(frame, _AREA_SIMPLIFY_M), style_function=lambda _feature: paint).add_to(group)
    return group


def _demand(assessment: Assessment, coverage: Coverage) -> Iterator[folium.FeatureGroup]:
    """One layer per reason, so that each can be switched; of very many homes an even share, which the switch says."""
    group_name = reach.group_of(coverage)
    demand = reach.demand_with_reach(assessment, coverage)
    counts = demand["reach"].value_counts()
    largest = max(demand[group_name].fillna(0).max(), 1.0)
    demand = demand.iloc[:: -(-len(demand) // MOST_HOMES) or 1]
    people = demand[group_name].fillna(0).to_numpy(float)
    low, high = _DOT_RADIUS
    radius = low + (high - low) * np.sqrt(people / largest)
    demand = demand.assign(radius=np.round(radius, 1), popup=[_demand_popup(row) for row in tables.row_records(demand)])
    for reason in Reach:
        chosen = demand[demand["reach"] == reason.value]
        if len(chosen):
            yield _dots(
                _demand_title(reason, len(chosen), int(counts[reason.value])), chosen, style.REACH_COLOURS[reason]
            )


def _demand_title(reason: Reach, shown: int, count: int) -> str:
    label = _(REACH_LABELS[reason])
    if shown == count:
        return _("居民点：{reason}（{count}）").format(reason=label, count=count)
    text = _("居民点：{reason}（共 {count}，图上 {shown}）")
    return text.format(reason=label, count=f"{count:,}", shown=f"{shown:,}")


def _dots(
    title: str, frame: gpd.GeoDataFrame, colour: str, *, show: bool = True, radius: float = 4
) -> folium.FeatureGroup:
    """A layer of round dots with popups; a column ``radius`` decides their size where there is one."""
    group = _group(title, colour, show=show)
    columns = ("popup", "radius") if "radius" in frame else ("popup",)
    shapes = _shapes(frame.assign(geometry=shapely.point_on_surface(frame.geometry.to_numpy())), 0.0, columns)
    if shapes["features"]:
        folium.GeoJson(
            shapes,
            marker=folium.CircleMarker(radius=radius, fill=True),
            style_function=lambda feature: {
                "radius": feature["properties"].get("radius", radius),
                "color": "#ffffff",
                "weight": 0.5,
                "fillColor": colour,
                "fillOpacity": 0.9,
            },
            popup=_popup(),
        ).add_to(group)
    return group


def _demand_popup(row: dict[str, Any]) -> str:
    time = "" if np.isnan(row["minutes"]) else _("{minutes} 分钟").format(minutes=row["minutes"])
    return _rows(
        str(row["name"] or row["demand_id"]),
        [
            (_("编号"), str(row["demand_id"])),
            (_("总人口"), _people(row["pop_total"])),
            (_("60岁以上人口"), _people(row["pop60"])),
            (_("状态"), str(row["reason"])),
            (_("最近设施"), str(row["facility_name"])),
            (_("所需时间"), time),
            (_("原因"), str(row["why"])),
            (_("改接主网"), _("是") if row["moved"] else ""),
        ],
    )


def _facilities(assessment: Assessment, coverage: Coverage) -> Iterator[folium.FeatureGroup]:
    facilities = reach.facilities_with_reach(assessment, coverage)
    facilities = facilities.assign(popup=[_facility_popup(row) for row in facilities.to_dict("records")])
    for kind, look in style.FACILITY_STYLES.items():
        chosen = facilities[(facilities["kind"] == kind) & facilities["operating"]]
        if len(chosen):
            yield _dots(
                _("{name}（{count}）").format(name=_(look.label), count=len(chosen)),
                chosen,
                look.colour,
                radius=look.radius,
            )
    idle = facilities[~facilities["operating"]]
    if len(idle):
        yield _dots(_("未运营或规划设施（{count}）").format(count=len(idle)), idle, "#9e9e9e", radius=5)


def _facility_popup(row: dict[str, Any]) -> str:
    functions = _("、").join(_(label(code, FUNCTIONS)) for code in row["functions"].split("|") if code)
    kind = style.FACILITY_STYLES[row["kind"]].label
    beds = "" if np.isnan(row["beds"]) else f"{row['beds']:,.0f}"
    return _rows(
        str(row["name"]),
        [
            (_("编号"), str(row["facility_id"])),
            (_("类型"), _(kind)),
            (_("功能"), functions),
            (_("床位"), beds),
            (_("服务范围内总人口"), _people(row["pop_total_reached"])),
            (_("服务范围内60岁以上"), _people(row["pop60_reached"])),
            (_("只有它能到的60岁以上"), _people(row["pop60_only"])),
            (_("与其他设施重叠的60岁以上"), _people(row["pop60_shared"])),
            (_("来源"), str(row["source"])),
        ],
    )


def _estates(assessment: Assessment) -> Iterator[folium.FeatureGroup]:
    estates = tables.estates_with_verdict(assessment)
    if estates is None:
        return
    estates = estates.assign(popup=[_estate_popup(row) for row in estates.to_dict("records")])
    for outcome in Outcome:
        chosen = estates[estates["verdict"] == outcome.value]
        if len(chosen):
            name = f"{OUTCOME_SYMBOLS[outcome]} {_(OUTCOME_LABELS[outcome])}"
            title = _("小区：{outcome}（{count}）").format(outcome=name, count=len(chosen))
            yield _dots(title, chosen, style.OUTCOME_COLOURS[outcome], show=False, radius=4)


def _estate_popup(row: dict[str, Any]) -> str:
    def area(value: Any, unit: str) -> str:
        return "" if pd.isna(value) else f"{value:,.2f} {_(unit)}"

    return _rows(
        str(row["name"] or row["estate_id"]),
        [
            (_("编号"), str(row["estate_id"])),
            (_("户数"), "" if pd.isna(row["households"]) else f"{row['households']:,.0f}"),
            (_("设施面积"), area(row["facility_area_m2"], "m²")),
            (_("每百户"), area(row["area_per_100_households"], "m²")),
            (_("结论"), str(row["verdict_name"] or "")),
            (_("缺口"), area(row["shortfall_m2"], "m²") if row["shortfall_m2"] else ""),
            (_("缺少字段"), str(row["missing"] or "")),
        ],
    )


def _names(assessment: Assessment) -> Iterator[folium.FeatureGroup]:
    units = townships(assessment.layers.get("units"))
    if units is None:
        return
    group = _group(_("镇街名称"))
    points = crs.lonlat(units.set_geometry(shapely.point_on_surface(units.geometry.to_numpy()), crs=units.crs))
    for name, point in zip(points["name"], points.geometry, strict=True):
        icon = folium.DivIcon(
            html=f'<div class="gp-name">{escape(name)}</div>',
            icon_size=(120, 16),
            icon_anchor=(60, 8),
            class_name="gp-label",
        )
        folium.Marker((point.y, point.x), icon=icon).add_to(group)
    yield group


def _title(assessment: Assessment, coverage: Coverage) -> str:
    people = reach.group_of(coverage)
    share = reach.share_text(coverage.units.iloc[0].to_dict(), people)
    mark = tables.synthetic_label(assessment)
    badge = f'<span class="gp-badge">{escape(mark)}</span>' if mark else ""
    verdicts = "".join(
        f"<tr><td>{escape(tables.rule_name(v))}</td><td style='color:{style.OUTCOME_COLOURS[v.outcome]}'>{escape(tables.outcome_label(v))}</td></tr>"
        for v in assessment.verdicts
        if v.count.level == "county"
    )
    who, mode = reach.group_label(people), assessment.profile.label
    text = _("{group}{mode} {minutes} 分钟可达").format(group=who, mode=mode, minutes=coverage.service.minutes)
    pack = assessment.pack.name_en if current() == "en" else assessment.pack.name
    speed = _("{year} 年 · 规则包 {pack} · {travel}").format(
        year=assessment.year, pack=pack, travel=reach.travel_text(assessment)
    )
    return (
        f'<div class="gp-title" lang="{current()}"><h1>{escape(tables.place_name(assessment))}</h1>{badge}<div class="small">{escape(speed)}</div>'
        f'<div><span class="big">{escape(share)}</span> {escape(text)}</div>'
        f"<table>{verdicts}</table></div>"
    )


def _legend(assessment: Assessment, coverage: Coverage) -> str:
    """The classes of coverage by township; everything else is explained in the layer switch."""
    if assessment.layers.get("units") is None:
        return ""
    lower, classes = 0, []
    for bound, colour in style.COVERAGE_CLASSES:
        classes.append(f'<div><i class="gp-swatch" style="background:{colour}"></i>{lower}–{bound}%</div>')
        lower = bound
    title = _("镇街覆盖率（{group}）").format(group=reach.group_label(reach.group_of(coverage)))
    return f'<div class="gp-legend"><b>{escape(title)}</b>{"".join(classes)}</div>'
