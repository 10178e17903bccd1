"""What stands on a sheet, before anything is drawn: layers with their looks, names, figures.

A legend is made from the layers themselves, so that it cannot speak of anything else than what is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.report.print_maps.extent import Extent


class Form(Enum):
    """How the shapes of a layer are drawn."""

    AREA = "area"
    LINE = "line"
    MARK = "mark"


@dataclass(frozen=True, slots=True)
class Look:
    """How a class is drawn; colours and symbols are those of the style table, millimetres are of an A3 sheet.

    Attributes:
        fill: colour of an area or a mark; blank for none.
        line: colour of the outline, or of a line; blank for none.
        hatch: matplotlib's letters for a hatching, drawn in the colour of the line.
        symbol: of a mark, by its name in the style table.
    """

    fill: str = ""
    line: str = ""
    width_mm: float = 0.2
    opacity: float = 1.0
    hatch: str = ""
    symbol: str = "circle"
    size_mm: float = 2.4
    dashed: bool = False


@dataclass(frozen=True)
class Layer:
    """One class of things.

    Attributes:
        shapes: geometries, object (n,), in the CRS of the layers.
        label: its line in the legend; blank for what needs none.
        heading: under which the line stands in the legend.
        sizes_mm: float64 (n,), of each mark where they differ.
        clear: whether names keep off its marks.
    """

    form: Form
    shapes: NDArray[np.object_]
    look: Look
    label: str = ""
    heading: str = ""
    sizes_mm: NDArray[np.float64] | None = None
    clear: bool = False


@dataclass(frozen=True, slots=True)
class Name:
    """A name to be written on the map.

    Attributes:
        place: an area in which it is written, or a point beside which it is.
        rank: the lowest goes first where there is no room for all.
        size: in the unit of the layout's text size.
        gap_mm: from the point to the name, the radius of the mark.
        note: stands in a line of its own beneath the name.
    """

    text: str
    place: shapely.Geometry
    rank: int = 0
    size: float = 1.0
    colour: str = "#202124"
    gap_mm: float = 1.6
    note: str = ""


@dataclass(frozen=True)
class Content:
    """A sheet's content.

    Attributes:
        id: names the sheet's file; letters, digits and hyphens.
        title: 图名.
        caption: one sentence with the figures, for the text below the map in a document.
        facts: label and figure, for the panel beside the map.
    """

    id: str
    title: str
    caption: str
    layers: tuple[Layer, ...]
    names: tuple[Name, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Inset:
    """The small map: what is drawn in it, the ground that it shows, and the one name in it."""

    layers: tuple[Layer, ...]
    extent: Extent
    name: Name


@dataclass(frozen=True, slots=True)
class Imprint:
    """What a sheet says about itself.

    Attributes:
        rows: label and text of each line of the title block; a blank text leaves a place to write in.
        sources: where the data are from and of when.
        mark: what to write on the map where data are synthetic; blank where none are.
    """

    rows: tuple[tuple[str, str], ...]
    sources: str
    mark: str
    logo: str = ""
