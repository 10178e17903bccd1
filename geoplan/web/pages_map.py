"""地图工作台: the map to draw on, and beside it what a drawing comes to.

The page is one fragment: what is done on it runs it alone. An event of the map changes the desk before that (``deeds``).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from geoplan.assess import Assessment
from geoplan.errors import GeoplanError
from geoplan.i18n import _
from geoplan.layers import Progress
from geoplan.network import Route
from geoplan.report import reach
from geoplan.web import deeds, drawn_layers, enquiries, keeping, map_layers, map_panel, parts, places, progress, session
from geoplan.web.basemap import basemap
from geoplan.web.cache import View
from geoplan.web.deeds import CLOSURE, LINK, PARCEL, SITE
from geoplan.web.key_figures import key_figures
from geoplan.web.map_component import Answer, Event, Layer, Taken, Tool, show_map, taken
from geoplan.web.map_component import View as MapView
from geoplan.web.state import Desk

_KEY = "map"
_HEIGHT_PX = 684  # on an office screen; the style sheet follows other windows
_LOOK = Path(__file__).with_name("workbench.css")


def show(_view: View, _desk: Desk) -> None:
    """The page."""
    progress.way_out(_give_up)
    _workbench()


@st.fragment
def _workbench() -> None:
    """The fragment; it runs alone, where nobody else would say what is wrong."""
    try:
        _bench()
    except GeoplanError as error:
        parts.show_error(error)


def _bench() -> None:
    had = taken(_KEY)
    session.desk()
    st.html(_LOOK)
    keeping.keep("keep-map")
    busy = st.empty()
    begin = progress.patient(busy)
    view = session.view(begin)
    desk = session.desk()
    parts.notices(view)
    parts.heading(_("地图工作台"), view)
    drawing, beside = st.columns([2.3, 1], gap="small")
    found = enquiries.of(view, desk)
    # The map before the panel, whose fields take the browser long: it is drawn while they are made.
    with drawing, st.container(key="gp-map"):
        _map(view, desk, found, had, begin)
    busy.empty()
    session.change(drawn=view.state.revision if view.state else 0)
    with beside, st.container(key="gp-panel"):
        map_panel.show(view, desk, found)


def _give_up() -> None:
    """What was just drawn is taken back; where others drew it, no answer is shown."""
    now = session.desk()
    if now.drawn != now.seen and not session.take_back():  # else it was done before the button was seen
        session.choose(progress.CANCELLED, "yes")


def _map(view: View, desk: Desk, found: enquiries.Found, had: Taken, begin: Callable[[], Progress]) -> None:
    year, layers, held = view.question.year, view.layers, session.held()

    def handle(events: list[Event]) -> None:
        for event in events:
            deeds.take(held, event, layers, year, session.store)

    editable = view.editable
    shown = MapView(
        revision=_revision(view, desk),
        place=str(view.question.workspace),
        home=view.drawn_of_base("home", lambda base: places.home_of(base.layers)),
        layers=_layers(view, desk, found.route, begin, editable=editable),
        tools=_tools() if editable else (),
        editable=editable,
        selection=desk.selection,
        pending=drawn_layers.waiting(desk.waiting),
        focus=desk.focus,
        answer=_answer(desk, found),
        basemap=basemap(),
        spoken=_spoken(view, found),
        about=desk.scenario,
        keeps_events=True,
    )
    show_map(shown, key=_KEY, on_events=handle, height=_HEIGHT_PX, had=had)


def _revision(view: View, desk: Desk) -> int:
    """Of the scenario; of edits that wait for one their number."""
    return view.state.revision if view.state else len(desk.waiting)


def _tools() -> tuple[Tool, ...]:
    return (
        Tool(SITE, _("新设施"), "point"),
        Tool(PARCEL, _("新地块"), "polygon"),
        Tool(LINK, _("新道路"), "line"),
        Tool(CLOSURE, _("封路"), "point", "barrier"),
    )


def _layers(
    view: View, desk: Desk, route: Route | None, begin: Callable[[], Progress], *, editable: bool
) -> tuple[Layer, ...]:
    """From the ground up; what is looked at lies on top."""
    coverage = view.assessment.coverages[0]
    group = reach.group_of(coverage)
    fixed = view.drawn_of_base("standing", lambda base: map_layers.standing(base.layers, group))
    ground = view.drawn_of_base("ground", lambda base: map_layers.ground(base.layers))
    clinics = view.drawn_of_base("clinics", lambda base: drawn_layers.clinics(base.layers))

    def draw(assessment: Assessment) -> tuple[Layer, ...]:
        return map_layers.findings(assessment, coverage, fixed, editable=editable)

    findings = view.drawn(f"findings-{editable}", draw, begin=begin, stage=_("绘制服务范围"))
    edits = view.state.scenario.edits if view.state and view.misfit is None else ()
    own = view.drawn(
        f"drawn-{editable}",
        lambda assessment: drawn_layers.drawn(assessment.layers, edits, editable=editable),
    )
    chosen = desk.selected("facilities")
    area = drawn_layers.own_area(view.assessment, chosen[0]) if len(chosen) == 1 else ()
    below = tuple(layer for layer in findings if layer.kind == "areas")
    above = tuple(layer for layer in findings if layer.kind != "areas")
    way = drawn_layers.measured_way(route, view.assessment)
    return (*ground, *below, *area, *own, *clinics, *above, *way)


def _spoken(view: View, found: enquiries.Found) -> str:
    """The revision, its figures and what was asked, a line each, for those who do not see them change: an edit that turns no figure is heard too."""
    figures = key_figures(view.assessment, None if view.assessment is view.base else view.base)
    told = [f"{one.name} {one.value}" + (f" {one.change.text}" if one.change else "") for one in figures]
    asked = [found.place.title, found.place.why] if found.place else []
    stored = [_("第 {revision} 版").format(revision=view.state.revision)] if view.state else []
    return "\n".join((*stored, *told, *asked))


def _answer(desk: Desk, found: enquiries.Found) -> Answer | None:
    if desk.asked is None or found.place is None:
        return None
    return Answer(desk.asked.number, desk.asked.lon, desk.asked.lat, found.place.title, found.place.brief)
