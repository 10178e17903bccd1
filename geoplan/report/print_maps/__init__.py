"""Print maps: sheets to the drafting conventions, on A4 and A3, as PDF, SVG and PNG."""

from geoplan.report.print_maps.layout import LAYOUT_TEMPLATE, Layout, read_layout
from geoplan.report.print_maps.page import ORIENTATIONS, PAPERS
from geoplan.report.print_maps.sheet_set import FORMATS, SHEETS, Sheet, atlas, save_sheets, sheets

__all__ = [
    "FORMATS",
    "LAYOUT_TEMPLATE",
    "ORIENTATIONS",
    "PAPERS",
    "SHEETS",
    "Layout",
    "Sheet",
    "atlas",
    "read_layout",
    "save_sheets",
    "sheets",
]
