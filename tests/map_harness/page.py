"""A page with nothing but the map, driven as the workbench drives it; the work on the server is trivial.

What is drawn is kept per session, each edit makes a revision, and the events stand below the map for the tests to read.
The query may ask for ``dots`` (how many), ``name`` (of the first township), ``lang``, ``refuse`` (edits are
not taken), ``work`` (seconds for each event), ``answer`` (to clicks) and ``extras`` (a pending shape, a focus, work under way, reports of the view).
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field, replace
from functools import partial

import geopandas as gpd
import numpy as np
import shapely
import streamlit as st

from geoplan import i18n
from geoplan.web.map_component import (
    Answer,
    Clicked,
    Deleted,
    Drew,
    Edited,
    Event,
    Focus,
    Layer,
    Moved,
    Pending,
    Redo,
    Selection,
    Style,
    Tool,
    Undo,
    View,
    pack_look,
    pack_places,
    show_map,
    taken,
)

WEST, SOUTH, STEP = 112.80, 22.60, 0.06
BLUES = ("#eff3ff", "#bdd7e7", "#6baed6", "#3182bd")
KINDS = {"site": "point", "parcel": "polygon", "link": "line"}
Shapes = dict[str, tuple[str, shapely.Geometry]]


@st.cache_resource
def townships(name: str) -> Layer:
    """Twelve squares; their classes are replaced at every run."""
    corners = [(WEST + STEP * column, SOUTH + STEP * row) for row in range(3) for column in range(4)]
    squares = [shapely.box(x, y, x + STEP, y + STEP) for x, y in corners]
    names = [name, *(f"镇{number}" for number in range(2, 13))]
    places = pack_places(frame(squares), [f"T{number}" for number in range(1, 13)], names, labelled=True)
    styles = tuple(
        Style(label=f"{25 * n}–{25 * n + 25}%", fill=blue, opacity=0.6, line="#5f6368") for n, blue in enumerate(BLUES)
    )
    return Layer(
        id="townships",
        title="镇街覆盖率",
        kind="areas",
        places=places,
        look=pack_look([]),
        styles=styles,
        labelled=True,
    )


@st.cache_resource
def dots(count: int) -> Layer:
    """So many homes, spread evenly by a fixed seed."""
    random = np.random.default_rng(7)
    lon, lat = WEST + 4 * STEP * random.random(count), SOUTH + 3 * STEP * random.random(count)
    ids = [f"D{number}" for number in range(count)]
    places = pack_places(
        frame(shapely.points(lon, lat)),
        ids,
        [f"村{number}" for number in range(count)],
        radii=1.5 + 2 * random.random(count),
    )
    styles = (
        Style(label="已覆盖", fill="#1a7f4b", opacity=0.8),
        Style(label="超出时限", fill="#d1741f", opacity=0.8, symbol="triangle"),
    )
    return Layer(id="homes", title="居民点", kind="dots", places=places, look=pack_look([]), styles=styles)


def frame(geometry: object) -> gpd.GeoDataFrame:
    """Shapes in degrees."""
    return gpd.GeoDataFrame(geometry=list(geometry), crs="EPSG:4326")  # type: ignore[call-overload]


@dataclass
class Plan:
    """What one session has drawn."""

    revision: int = 0
    shapes: Shapes = field(default_factory=dict)
    undone_to: list[Shapes] = field(default_factory=list)
    redone_to: list[Shapes] = field(default_factory=list)
    events: list[dict[str, object]] = field(default_factory=list)
    clicked: Clicked | None = None

    def take(self, events: list[Event], *, refuse: bool, work_s: float) -> None:
        """Apply what was done, each with so much work."""
        for event in events:
            time.sleep(work_s)
            record = asdict(event) | {"type": type(event).__name__}
            self.events.append(
                {key: value.wkt if isinstance(value, shapely.Geometry) else value for key, value in record.items()}
            )
            if isinstance(event, Clicked):
                self.clicked = event
            elif isinstance(event, Undo) and self.undone_to:
                self.redone_to.append(self.shapes)
                self.shapes = self.undone_to.pop()
            elif isinstance(event, Redo) and self.redone_to:
                self.undone_to.append(self.shapes)
                self.shapes = self.redone_to.pop()
            elif isinstance(event, Drew | Moved | Edited | Deleted) and not refuse:
                self.undone_to.append(self.shapes)
                self.redone_to = []
                self.shapes = applied(self.shapes, event)
            self.revision += 1


def applied(shapes: Shapes, event: Event) -> Shapes:
    """The shapes after an edit."""
    if isinstance(event, Drew):
        return {**shapes, f"{event.tool}-{event.id}": (event.tool, event.geometry)}
    if isinstance(event, Moved | Edited):
        return {**shapes, event.feature: (shapes[event.feature][0], event.geometry)}
    return {key: value for key, value in shapes.items() if not (isinstance(event, Deleted) and key == event.feature)}


def drawn_layer(kind: str, shapes: Shapes) -> Layer | None:
    """The shapes of one tool."""
    own = {key: geometry for key, (tool, geometry) in shapes.items() if tool == kind}
    if not own:
        return None
    styles = (Style(label="规划设施", fill="#8c0b5a", symbol="square", radius=7, line="#ffffff"),)
    if kind != "site":
        styles = (Style(label="候选", fill="#b5179e", opacity=0.3, line="#b5179e", width=2),)
    names = [f"{kind} {number}" for number in range(1, len(own) + 1)]
    return Layer(
        id=kind,
        title={"site": "新增设施", "parcel": "新增地块", "link": "新增道路"}[kind],
        kind={"site": "marks", "parcel": "areas", "link": "lines"}[kind],  # type: ignore[arg-type]
        places=pack_places(frame(own.values()), list(own), names),
        look=pack_look([0] * len(own)),
        styles=styles,
        editable=True,
    )


def main() -> None:
    """One run."""
    st.set_page_config(layout="wide")
    i18n.use(st.query_params.get("lang", "zh"))
    had = taken("map")
    state: Plan = st.session_state.setdefault("plan", Plan())
    count = int(st.query_params.get("dots", 500))
    classes = (np.arange(12) + state.revision) % 4
    homes = (np.arange(count) + state.revision) % 2
    layers = [
        replace(
            townships(st.query_params.get("name", "镇1")),
            look=pack_look(classes, [f"覆盖率 {25 * n}%" for n in classes]),
        ),
        replace(dots(count), look=pack_look(homes)),
        *filter(None, (drawn_layer(kind, state.shapes) for kind in ("parcel", "link", "site"))),
    ]
    clicked = state.clicked
    answer = clicked and Answer(
        state.revision, clicked.lon, clicked.lat, clicked.feature or "此处", (("图层", clicked.layer),)
    )
    view = View(
        revision=state.revision,
        place="harness",
        home=(WEST, SOUTH, WEST + 4 * STEP, SOUTH + 3 * STEP),
        layers=tuple(layers),
        tools=tuple(
            Tool(kind, {"site": "设施", "parcel": "地块", "link": "道路"}[kind], draws) for kind, draws in KINDS.items()
        ),  # type: ignore[arg-type]
        editable=True,
        selection=(Selection(clicked.layer, (clicked.feature,)),) if clicked and clicked.feature else (),
        answer=answer if "answer" in st.query_params else None,
    )
    if "extras" in st.query_params:
        waiting = (Pending("新址", shapely.Point(WEST, SOUTH)),)
        near = Focus(1, (WEST, SOUTH, WEST + STEP, SOUTH + STEP))
        view = replace(view, pending=waiting, focus=near, busy="正在计算可达范围", reports_view=True)
    work_s = float(st.query_params.get("work", 0))
    take = partial(state.take, refuse="refuse" in st.query_params, work_s=work_s)
    show_map(view, key="map", on_events=take, height=560, had=had)
    st.code(json.dumps({"revision": state.revision, "events": state.events}, ensure_ascii=False), language=None)


main()
