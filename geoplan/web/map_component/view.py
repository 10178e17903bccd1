"""What the map is to show: immutable records, turned into the message that the browser gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import shapely

from geoplan.web.published import OnDemand, Payload, offer, publish
from geoplan.web.wording import straight

Bounds = tuple[float, float, float, float]  # west, south, east, north in degrees
Symbol = Literal["circle", "square", "diamond", "triangle", "pentagon", "hexagon", "star", "plus", "cross"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How one class of a layer is drawn, and its word in the legend.

    Attributes:
        fill: colour inside, ``#rrggbb``; of lines nothing.
        opacity: of the inside, of a line, of a dot: 0 to 1.
        line: colour of the edge or line.
        width: of the edge or line in pixels; 0 for none.
        dash: lengths of strokes and gaps in pixels, as SVG has them; blank for a full line.
        radius: of a mark or dot in pixels.
    """

    label: str
    fill: str = "#ffffff"
    opacity: float = 1.0
    line: str = "#ffffff"
    width: float = 1.0
    dash: str = ""
    symbol: Symbol = "circle"
    radius: float = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer, drawn above those before it.

    Attributes:
        kind: ``areas`` and ``lines`` of any number of vertices; ``dots``, points by the hundred thousand; ``marks``, some
            hundred symbols that can be reached by keyboard. Marks lie above everything, dots above areas that are not editable.
        places: where the features are, from `pack_places`.
        look: the class of each feature, from `pack_look`.
        styles: the classes.
        shown: whether it is switched on until the reader says otherwise.
        background: neither in the legend nor to be clicked.
        editable: whether its features can be moved, reshaped and deleted; not for dots.
        labelled: whether names stand on the map; the places must be packed with anchors.
        min_zoom: from which zoom it is drawn.
        glances: what is seen while a feature is pointed at, by its id, from `pack_glance`; made when a reader points there.
    """

    id: str
    title: str
    kind: Literal["areas", "lines", "dots", "marks"]
    places: Payload
    look: Payload
    styles: tuple[Style, ...]
    shown: bool = True
    background: bool = False
    editable: bool = False
    labelled: bool = False
    min_zoom: float = 0
    glances: OnDemand | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A way to draw something new; ``id`` comes back with `Drew`. Its picture is that of the shape unless another is named."""

    id: str
    label: str
    draws: Literal["point", "line", "polygon"]
    picture: Literal["", "barrier"] = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """Features that are marked."""

    layer: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pending:
    """A shape that is stored and waits for its figures."""

    label: str
    geometry: shapely.Geometry


@dataclass(frozen=True, slots=True)
class Focus:
    """Fly to a box, once for each number."""

    number: int
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class Answer:
    """A box of facts at a place, opened once for each number. A row without a name is a sentence."""

    number: int
    lon: float
    lat: float
    title: str
    rows: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Basemap:
    """Background tiles in Web Mercator, the lower first: addresses with ``{z}``, ``{x}``, ``{y}``, and who is to be named."""

    tiles: tuple[str, ...]
    credit: str = ""
    max_zoom: int = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All that the map shows.

    Attributes:
        revision: of the state that the layers show.
        place: what the map is of: the browser remembers zoom, place and switches under this name.
        home: what is in view at first, and when asked for.
        editable: whether anything can be moved, deleted, undone; drawing is possible where there are tools.
        busy: what is being computed, in words; blank when nothing is.
        spoken: what screen readers say when it changes: what a drawing came to, the answer to a question; of several lines those that changed.
        reports_view: whether `Viewed` is wanted, which costs a run of the script whenever the map comes to rest.
        about: the scenario that its events change; comes back with each.
        keeps_events: whether the browser keeps what Python has not had, for the next map of the same place, also after a reload.
    """

    revision: int
    place: str
    home: Bounds
    layers: tuple[Layer, ...]
    tools: tuple[Tool, ...] = ()
    editable: bool = False
    selection: tuple[Selection, ...] = ()
    pending: tuple[Pending, ...] = ()
    focus: Focus | None = None
    answer: Answer | None = None
    basemap: Basemap | None = None
    busy: str = ""
    spoken: str = ""
    reports_view: bool = False
    about: str = ""
    keeps_events: bool = False


def message(view: View, texts: Mapping[str, str], language: str) -> dict[str, Any]:
    """What the browser gets, after the payloads of the layers were published."""
    return {
        "revision": view.revision,
        "language": language,
        "texts": dict(texts),
        "place": view.place,
        "home": view.home,
        "layers": [_layer(layer) for layer in view.layers],
        "tools": [asdict(tool) for tool in view.tools],
        "editable": view.editable,
        "selection": [asdict(selection) for selection in view.selection],
        "pending": [{"label": one.label, "geometry": shapely.geometry.mapping(one.geometry)} for one in view.pending],
        "focus": view.focus and asdict(view.focus),
        "answer": view.answer and _answer(view.answer),
        "basemap": view.basemap and asdict(view.basemap),
        "busy": view.busy,
        "spoken": straight(view.spoken),
        "reports_view": view.reports_view,
        "about": view.about,
        "keeps_events": view.keeps_events,
    }


def _answer(answer: Answer) -> dict[str, Any]:
    rows = [(straight(name), straight(text)) for name, text in answer.rows]
    return asdict(answer) | {"title": straight(answer.title), "rows": rows}


def _layer(layer: Layer) -> dict[str, Any]:
    return {
        "id": layer.id,
        "title": layer.title,
        "kind": layer.kind,
        "place": publish(layer.places),
        "look": publish(layer.look),
        "styles": [asdict(style) for style in layer.styles],
        "shown": layer.shown,
        "background": layer.background,
        "editable": layer.editable,
        "labelled": layer.labelled,
        "min_zoom": layer.min_zoom,
        "glances": offer(layer.glances) if layer.glances else "",
    }
