"""Styles for QGIS (QML), made from the style table of all maps.

Every layer is drawn by rules: an expression, a label for the legend, a symbol. Format: ``QgsRuleBasedRenderer`` and
``QgsSimpleMarkerSymbolLayer`` and its like as QGIS 3.22 and later read and write them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from xml.etree import ElementTree as ET

from geoplan.report import style

_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_VERSION = "3.22.0"
# The style table's names of symbols in QGIS's words.
SHAPES: Mapping[str, str] = {
    "square": "square",
    "star": "star",
    "pentagon": "pentagon",
    "circle": "circle",
    "triangle": "triangle",
    "hexagon": "hexagon",
    "diamond": "diamond",
    "plus": "cross_fill",
    "cross": "cross2",
}
_LINES_ONLY = frozenset({"cross2"})
_OPAQUE = 255


class Form(Enum):
    """What a symbol is for: (QGIS's type, its symbol layer)."""

    AREA = ("fill", "SimpleFill")
    LINE = ("line", "SimpleLine")
    MARK = ("marker", "SimpleMarker")


@dataclass(frozen=True, slots=True)
class Symbol:
    """How a class is drawn.

    Attributes:
        fill: of an area or a mark; blank for none.
        line: the outline or the line; blank for none.
        size: expression of the size of a mark in millimetres where it differs from row to row.
    """

    form: Form
    fill: str = ""
    line: str = ""
    width_mm: float = 0.2
    opacity: float = 1.0
    shape: str = "circle"
    size_mm: float = 2.4
    size: str = ""
    dashed: bool = False
    hatched: bool = False


@dataclass(frozen=True, slots=True)
class Class:
    """One class: its line in the legend, which rows (an expression of QGIS; blank for all), its symbol."""

    label: str
    filter: str
    symbol: Symbol


@dataclass(frozen=True, slots=True)
class Look:
    """How a layer looks.

    Attributes:
        name: the column whose text is written beside each row; blank for none.
    """

    classes: Sequence[Class]
    name: str = ""


def qml(look: Look, aliases: Mapping[str, str]) -> str:
    """The style of a layer as the text of a QML file."""
    categories = "LayerConfiguration|Symbology|Labeling|Fields"
    root = ET.Element("qgis", version=_VERSION, styleCategories=categories, labelsEnabled=str(int(bool(look.name))))
    _renderer(root, look.classes)
    if look.name:
        _labels(root, look.name)
    listed = ET.SubElement(root, "aliases")
    for number, (column, words) in enumerate(aliases.items()):
        ET.SubElement(listed, "alias", field=column, index=str(number), name=words)
    ET.SubElement(root, "layerOpacity").text = "1"
    return _DOCTYPE + ET.tostring(root, encoding="unicode")


def _renderer(root: ET.Element, classes: Sequence[Class]) -> None:
    renderer = ET.SubElement(
        root, "renderer-v2", type="RuleRenderer", forceraster="0", symbollevels="0", enableorderby="0"
    )
    rules = ET.SubElement(renderer, "rules", key="root")
    symbols = ET.SubElement(renderer, "symbols")
    for number, each in enumerate(classes):
        rule = ET.SubElement(rules, "rule", key=f"class-{number}", symbol=str(number), label=each.label)
        if each.filter:
            rule.set("filter", each.filter)
        _symbol(symbols, str(number), each.symbol)


def _symbol(parent: ET.Element, name: str, symbol: Symbol) -> None:
    kind, layer = symbol.form.value
    element = ET.SubElement(
        parent, "symbol", type=kind, name=name, alpha=f"{symbol.opacity:g}", clip_to_extent="1", force_rhr="0"
    )
    drawn = ET.SubElement(element, "layer", {"class": layer, "enabled": "1", "locked": "0", "pass": "0"})
    _options(drawn, _PROPERTIES[symbol.form](symbol))
    if symbol.size:
        _sized(drawn, symbol.size)


def _area(symbol: Symbol) -> dict[str, str]:
    brush = "b_diagonal" if symbol.hatched else "solid" if symbol.fill else "no"
    return {"color": _colour(symbol.fill or symbol.line), "style": brush, **_outline(symbol)}


def _line(symbol: Symbol) -> dict[str, str]:
    pen = "dash" if symbol.dashed else "solid"
    return {
        "line_color": _colour(symbol.line),
        "line_style": pen,
        "line_width": f"{symbol.width_mm:g}",
        "line_width_unit": "MM",
        "capstyle": "round",
        "joinstyle": "round",
    }


def _mark(symbol: Symbol) -> dict[str, str]:
    shape = SHAPES[symbol.shape]
    outline = _outline(symbol)
    if shape in _LINES_ONLY:  # such a mark has an outline and no inside
        outline |= {"outline_color": _colour(symbol.fill), "outline_width": f"{max(symbol.width_mm, 0.5):g}"}
    return {
        "name": shape,
        "color": _colour(symbol.fill),
        "size": f"{symbol.size_mm:g}",
        "size_unit": "MM",
        "scale_method": "diameter",
        **outline,
    }


_PROPERTIES = {Form.AREA: _area, Form.LINE: _line, Form.MARK: _mark}


def _outline(symbol: Symbol) -> dict[str, str]:
    pen = "no" if not symbol.line else "dash" if symbol.dashed else "solid"
    colour = _colour(symbol.line or symbol.fill)
    return {
        "outline_color": colour,
        "outline_style": pen,
        "outline_width": f"{symbol.width_mm:g}",
        "outline_width_unit": "MM",
    }


def _colour(code: str) -> str:
    """``#1a7f4b`` as QGIS writes it, ``26,127,75,255``."""
    if not code:
        return "0,0,0,0"
    numbers = (int(code[place : place + 2], 16) for place in (1, 3, 5))
    return ",".join(map(str, (*numbers, _OPAQUE)))


def _options(parent: ET.Element, values: Mapping[str, str]) -> None:
    options = ET.SubElement(parent, "Option", type="Map")
    for key, value in values.items():
        ET.SubElement(options, "Option", name=key, type="QString", value=value)


def _sized(layer: ET.Element, expression: str) -> None:
    """A size that an expression gives."""
    defined = ET.SubElement(ET.SubElement(layer, "data_defined_properties"), "Option", type="Map")
    ET.SubElement(defined, "Option", name="name", type="QString", value="")
    properties = ET.SubElement(defined, "Option", name="properties", type="Map")
    size = ET.SubElement(properties, "Option", name="size", type="Map")
    ET.SubElement(size, "Option", name="active", type="bool", value="true")
    ET.SubElement(size, "Option", name="expression", type="QString", value=expression)
    ET.SubElement(size, "Option", name="type", type="int", value="3")
    ET.SubElement(defined, "Option", name="type", type="QString", value="collection")


def _labels(root: ET.Element, column: str) -> None:
    """Names with a white halo, as on the print maps."""
    settings = ET.SubElement(ET.SubElement(root, "labeling", type="simple"), "settings", calloutType="simple")
    family = style.FONT_STACK.split(",")[0].strip("'")
    text = ET.SubElement(
        settings,
        "text-style",
        fieldName=column,
        isExpression="0",
        fontFamily=family,
        fontSize="9",
        fontSizeUnit="Point",
        textColor="32,33,36,255",
        textOpacity="1",
    )
    ET.SubElement(
        text, "text-buffer", bufferDraw="1", bufferSize="0.8", bufferSizeUnits="MM", bufferColor="255,255,255,255"
    )
    ET.SubElement(settings, "placement", placement="1", centroidWhole="1", centroidInside="1")
    ET.SubElement(settings, "rendering", drawLabels="1", obstacle="1", scaleVisibility="0")
