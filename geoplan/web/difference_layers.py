"""What an alternative changes, as layers of the map: people who gain or lose access, and the facilities that were touched."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from geoplan.compare import ADDED, CHANGED, FARTHER, GAINS, LOSES, MOVED, NEARER, REMOVED, SAME, Comparison
from geoplan.i18n import _
from geoplan.layers import townships
from geoplan.report import style
from geoplan.report.alternatives import CHANGE_LABELS
from geoplan.web.map_component import Layer, Style, pack_look, pack_places
from geoplan.web.map_layers import points, simplified, symbol

_PEOPLE = (SAME, NEARER, FARTHER, GAINS, LOSES)
_FACILITIES = (ADDED, MOVED, CHANGED, REMOVED)
_DOT_PX = (2.0, 6.0)


def difference_layers(comparison: Comparison, service: str) -> tuple[Layer, ...]:
    """Borders, demand points by what changed for a service, and the facilities that differ.

    Args:
        service: the id of a service that both sides know.
    """
    people = comparison.people[comparison.people["service"] == service]
    made = (_borders(comparison), _people(people), _facilities(comparison))
    return tuple(layer for layer in made if layer is not None)


def _borders(comparison: Comparison) -> Layer | None:
    units = townships(comparison.base.layers.get("units"))
    if units is None or units.empty:
        return None
    look = Style(label=_("镇街"), fill=style.BACKGROUND_COLOUR, opacity=0.25, line=style.BORDER_COLOUR)
    return Layer(
        id="townships",
        title=_("镇街"),
        kind="areas",
        places=pack_places(simplified(units), list(units["unit_code"]), list(units["name"]), labelled=True),
        look=pack_look(np.zeros(len(units), int)),
        styles=(look,),
        labelled=True,
    )


def _people(people: gpd.GeoDataFrame) -> Layer:
    """Dots by change, those without a change small and pale."""
    classes = np.array([_PEOPLE.index(change) for change in people["change"]], int)
    low, high = _DOT_PX
    radii = np.where(people["change"] == SAME, low, high)
    return Layer(
        id="demand",
        title=_("居民点的变化"),
        kind="dots",
        places=pack_places(points(people), list(people["demand_id"]), list(people["demand_id"]), radii=radii),
        look=pack_look(classes, _minutes(people)),
        styles=tuple(_dot(change) for change in _PEOPLE),
    )


def _dot(change: str) -> Style:
    """What did not change is pale."""
    label = _(CHANGE_LABELS[change])
    if change == SAME:
        return Style(label=label, fill=style.CLOSED_COLOUR, opacity=0.45, symbol="square")
    return Style(
        label=label, fill=style.CHANGE_COLOURS[change], opacity=0.95, symbol=symbol(style.CHANGE_SYMBOLS[change])
    )


def _minutes(people: gpd.GeoDataFrame) -> list[str]:
    """The minutes before and after; a dash where nothing is reached."""
    sides = [people[f"ms_{side}"].to_numpy(float, na_value=np.nan) / 60_000 for side in ("before", "after")]
    told = [["—" if np.isnan(time) else f"{time:.1f}" for time in side] for side in sides]
    return [
        _("{before} → {after} 分钟").format(before=before, after=after) for before, after in zip(*told, strict=True)
    ]


def _facilities(comparison: Comparison) -> Layer | None:
    touched = comparison.facilities
    if touched.empty:
        return None
    changes = [_(CHANGE_LABELS[change]) for change in touched["change"]]
    return Layer(
        id="facilities",
        title=_("涉及的设施"),
        kind="marks",
        places=pack_places(points(touched), list(touched["facility_id"]), list(touched["name"])),
        look=pack_look([_FACILITIES.index(change) for change in touched["change"]], changes),
        styles=tuple(
            Style(
                label=_(CHANGE_LABELS[change]),
                fill=style.CHANGE_COLOURS[change],
                line=style.CHANGE_COLOURS[change],
                symbol=symbol(style.CHANGE_SYMBOLS[change]),
                radius=8,
            )
            for change in _FACILITIES
        ),
    )
