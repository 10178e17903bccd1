"""The map that planners draw on: a Streamlit component made of Leaflet and Leaflet-Geoman, and what is said between the two.

A page builds one `View` at every run and hands it to `show_map`. The browser draws what changed since the last view, at
the same place and zoom, and answers with events::

    def handle(events: list[Event]) -> None:      # before the script runs: apply the edits, so that the page shows them
        for event in events: ...

    show_map(View(revision=7, home=(112.7, 22.5, 113.2, 22.9), layers=layers, tools=tools), key="map", on_events=handle)

Rules that both sides keep:

* Coordinates are WGS84 longitude and latitude, kept to 1e-7 degrees (about a centimetre).
* `View.revision` names the state that is drawn. Each event carries the revision it was made on, and an id that no other
  event ever has: a store that remembers ids applies each once even across a restart of the server.
* What an event changed is acknowledged with a view that shows it: `taken` is asked before the view is built.
* Every message holds all events that Python has not acknowledged; Python takes each once, in order (`Inbox`). So none is
  lost or doubled, however many are drawn in a burst.
* A layer's payloads (`pack_places`, `pack_look`) go to the browser by their digest, only when they changed: with the view
  where they are small, else the browser fetches them. An edit that recolours 100,000 dots sends their classes and not
  their places. Make a payload once and keep it with the answer that it shows.
* A shape just drawn is shown as pending until its event is acknowledged; shapes whose figures take longer stand in
  `View.pending`. A feature that was moved stays where the planner left it until its event is acknowledged, then it is
  where the layer says.
* All texts from files are text and never HTML. Words are in the language of the run.

The source of the browser's part, and how it is built, are in ``frontend/README.md``.
"""

from geoplan.web.map_component.events import (
    Clicked,
    Deleted,
    Drew,
    Edited,
    Event,
    Measured,
    Moved,
    Redo,
    Undo,
    Viewed,
)
from geoplan.web.map_component.mounting import Taken, show_map, taken
from geoplan.web.map_component.packing import HIDDEN, pack_glance, pack_look, pack_places
from geoplan.web.map_component.view import Answer, Basemap, Focus, Layer, Pending, Selection, Style, Tool, View

__all__ = [
    "HIDDEN",
    "Answer",
    "Basemap",
    "Clicked",
    "Deleted",
    "Drew",
    "Edited",
    "Event",
    "Focus",
    "Layer",
    "Measured",
    "Moved",
    "Pending",
    "Redo",
    "Selection",
    "Style",
    "Taken",
    "Tool",
    "Undo",
    "View",
    "Viewed",
    "pack_glance",
    "pack_look",
    "pack_places",
    "show_map",
    "taken",
]
