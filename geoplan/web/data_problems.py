"""What is wrong with the data: every problem, how much of it, its rows, and its places on a map that flies to them."""

from __future__ import annotations

import zlib
from typing import Literal

import geopandas as gpd
import numpy as np
import shapely
import streamlit as st

from geoplan import crs
from geoplan.doctor import Case, Finding, checked, references_of, with_known
from geoplan.i18n import _, many
from geoplan.layers import Layers
from geoplan.model import Outcome
from geoplan.report import style
from geoplan.web import basemap, data_repairs, linked, map_layers, parts, places, rows, session
from geoplan.web.cache import View
from geoplan.web.map_component import Layer, Style, pack_look, pack_places, show_map
from geoplan.web.map_component import View as MapView
from geoplan.web.map_component.view import Bounds, Focus
from geoplan.web.state import Desk

Kind = Literal["areas", "lines", "dots", "marks"]
_PROBLEM_ROWS = 8
_MAP_PX = 420
_MOST_MARKS = 300  # symbols that can be reached by keyboard; of more there are dots


def show(view: View, desk: Desk) -> None:
    """The list, and below it the problem that is chosen."""
    own = view.drawn_of_base("doctor", lambda base: checked(Case(base.layers, base.ways, references_of(base.layers))))
    findings = with_known(own, view.assessment.layers, view.assessment.problems)
    data_repairs.statement(view, findings)
    if not findings:
        st.text(_("没有发现问题。"))
        return
    table = rows.problem_table(findings)
    told = desk.choice(data_repairs.CHOSEN)
    place = [int(told)] if told and int(told) < len(findings) else []
    frame, height = parts.room("problems", len(table.frame), _PROBLEM_ROWS, beside=500)
    frame.dataframe(
        parts.coloured(table),
        hide_index=True,
        column_config=parts.columns(table, fitted=True),
        height=height,
        alt=_("数据问题"),
        **linked.marking(
            "problems",
            place,
            lambda marked: session.choose(data_repairs.CHOSEN, str(marked[0]) if marked else ""),
            "single-row",
        ),
    )
    if not place:
        st.caption(_("点选一个问题，查看涉及的行和位置。"))
        return
    _chosen(view, desk, place[0], findings[place[0]])


def _chosen(view: View, desk: Desk, number: int, found: Finding) -> None:
    """What would settle a problem, its rows, and where it is."""
    data_repairs.offer(view, number, found)
    table = rows.problem_rows(view.assessment, found.problem)
    if table is not None:
        linked.table(view, desk, f"problem-{number}", _("涉及的行"), table)
    elif not found.where:
        st.info(_("这个问题不针对某几行，也没有确定的位置。"))
    if found.where:
        _map(view, found)


def _map(view: View, found: Finding) -> None:
    ground = view.drawn_of_base("quiet-ground", lambda base: map_layers.ground(base.layers))
    st.caption(many("问题所在的位置（{count} 处）。", len(found.where)).format(count=f"{len(found.where):,}"))
    name = zlib.crc32(f"{found.problem.layer} {found.problem.message}".encode())
    shown = MapView(
        revision=name,
        place=f"problems {view.base_key}",
        home=places.home_of(view.layers),
        layers=(*ground, *problem_layers(view.layers, found)),
        focus=Focus(name, bounds_of(view.layers, found)),
        basemap=basemap.basemap(),
    )
    show_map(shown, key="problem-map", on_events=lambda _events: None, height=_MAP_PX)


def problem_layers(layers: Layers, found: Finding) -> tuple[Layer, ...]:
    """The places of a problem: areas below lines below points."""
    shapes = shapely.get_parts(np.array(found.where, dtype=object))
    dimension = shapely.get_dimensions(shapes)
    made = [_layer(layers, shapes[dimension == number], number) for number in (2, 1, 0) if (dimension == number).any()]
    return tuple(made)


def _layer(layers: Layers, shapes: np.ndarray, dimension: int) -> Layer:
    frame = gpd.GeoDataFrame(geometry=shapes, crs=layers.crs)
    colour = style.OUTCOME_COLOURS[Outcome.FAIL]
    title = _("问题的位置")
    look = Style(label=title, fill=colour, opacity=0.6, line=colour, width=3, symbol="diamond", radius=6)
    names = [str(number) for number in range(1, len(shapes) + 1)]
    kinds: tuple[Kind, ...] = ("marks" if len(shapes) <= _MOST_MARKS else "dots", "lines", "areas")
    return Layer(
        id=f"problem-{kinds[dimension]}",
        title=title,
        kind=kinds[dimension],
        places=pack_places(frame, names, names),
        look=pack_look(np.zeros(len(shapes), int)),
        styles=(look,),
    )


def bounds_of(layers: Layers, found: Finding) -> Bounds:
    """The box of a problem's places in degrees."""
    return places.box_of(crs.lonlat(gpd.GeoDataFrame(geometry=list(found.where), crs=layers.crs)))
