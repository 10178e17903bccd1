"""The compliance workbook: numbers as numbers, sums as formulas whose stored values are the tool's, text as text.

XlsxWriter stores with each formula the value that the tool found, so that readers which do not calculate show it too.
Everything that is not a formula of ours is written as a string or a number by name: no cell that comes from a file can
become a formula, a link or a date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from geoplan.i18n import _
from geoplan.model import OUTCOME_SYMBOLS, Outcome
from geoplan.report import style, tables
from geoplan.report.documents import about_sheets, place_sheets, verdict_sheets
from geoplan.report.documents.material import Material
from geoplan.report.documents.sheet import Cell, Column, Kind, Sheet, Worked, decimals, value_of

_MOST_CHARACTERS = 32_000  # a cell holds 32,767
_SHARE_FORMAT, _NUMBER_FORMATS = "0.00%", {0: "#,##0", 2: "#,##0.00", 4: "#,##0.0000"}  # by decimals
_LINE_POINTS, _TALLEST_POINTS = 13.5, 400.0
_A4, _A3, _A4_WIDTH = 9, 8, 190  # Excel's numbers of the papers; characters that fit across A4 and can still be read
_MARGIN_INCHES = 0.5
_FONT = "宋体"


def sheets(material: Material) -> list[Sheet]:
    """The workbook's sheets in their order."""
    makers = (
        verdict_sheets.summary,
        verdict_sheets.verdicts,
        verdict_sheets.clauses,
        place_sheets.townships,
        verdict_sheets.township_matrix,
        place_sheets.estates,
        place_sheets.facilities,
        verdict_sheets.beds,
        verdict_sheets.land,
        place_sheets.parcels,
        place_sheets.villages,
        place_sheets.uncovered,
        about_sheets.problems,
        about_sheets.repairs,
        about_sheets.conflicts,
        about_sheets.sources,
        about_sheets.parameters,
        about_sheets.edits,
        about_sheets.changed,
    )
    return [sheet for make in makers if (sheet := make(material)) is not None]


def write_workbook(material: Material, path: Path) -> None:
    """Write the workbook.

    Raises:
        OSError: it cannot be written.
    """
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(str(path), options)
    try:
        head = _head(material)
        book.set_properties({"title": head.place, "comments": head.note, "created": material.made.replace(tzinfo=None)})
        formats = _Formats(book)
        for sheet in sheets(material):
            _write(book.add_worksheet(sheet.title), sheet, head, formats)
    finally:
        _close(book)


def _close(book: xlsxwriter.Workbook) -> None:
    try:
        book.close()
    except xlsxwriter.exceptions.FileCreateError as error:
        cause = error.args[0] if error.args else error
        raise cause if isinstance(cause, OSError) else OSError(str(error)) from error


@dataclass(frozen=True, slots=True)
class _Head:
    """What stands above every sheet."""

    place: str
    note: str


def _head(material: Material) -> _Head:
    assessment = material.assessment
    year = _("{year} 年").format(year=assessment.year)
    made = material.made.date().isoformat()
    parts = (tables.synthetic_label(assessment), year, _("导出日期 {date}").format(date=made))
    return _Head(tables.place_name(assessment), _(" · ").join(filter(None, parts)))


@dataclass
class _Formats:
    """The cell formats, made once."""

    book: xlsxwriter.Workbook
    made: dict[tuple[tuple[str, Any], ...], Any] = field(default_factory=dict)

    def __call__(self, **properties: Any) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self.made:
            self.made[key] = self.book.add_format({"font_name": _FONT, "font_size": 10, "valign": "top", **properties})
        return self.made[key]

    def cell(self, kind: Kind, value: Fraction | None = None, **more: Any) -> Any:
        """The format of a kind of cells; of a number as many decimals as the tool shows."""
        number = (
            "@" if value is None else _SHARE_FORMAT if kind is Kind.SHARE else _NUMBER_FORMATS[decimals(value, kind)]
        )
        align = {"align": "center"} if kind is Kind.OUTCOME else {}
        return self(border=1, border_color="#BFBFBF", text_wrap=kind is Kind.LONG, num_format=number, **align, **more)


def _write(page: Any, sheet: Sheet, head: _Head, formats: _Formats) -> None:
    """One sheet: title, notes, header row, rows, sums; then how it is looked at and printed."""
    page.write_string(0, 0, f"{head.place} · {sheet.title}", formats(bold=True, font_size=14))
    for number, note in enumerate((head.note, *sheet.notes), start=1):
        page.write_string(number, 0, _short(note), formats(font_color="#5F6368"))
    top = len(sheet.notes) + 2
    header = formats(bold=True, bg_color="#E8EEF4", border=1, text_wrap=True, valign="vcenter", align="center")
    for place, column in enumerate(sheet.columns):
        page.write_string(top, place, column.title, header)
        page.set_column(place, place, column.width)
    page.set_row(top, _LINE_POINTS * max(_lines(column.title, column.width) for column in sheet.columns))
    for number, row in enumerate(sheet.rows, start=top + 1):
        page.set_row(number, _height(sheet, row))
        for place, column in enumerate(sheet.columns):
            _cell(page, (number, place), row.get(column.key), column, sheet, formats)
    last = top + len(sheet.rows)
    if sheet.sums and sheet.rows:
        _sums(page, sheet, (top + 1, last), formats)
    _look(page, sheet, top, last, formats)
    _print_setup(page, head, sheet, top, last + bool(sheet.sums and sheet.rows))


def _cell(page: Any, where: tuple[int, int], cell: Cell, column: Column, sheet: Sheet, formats: _Formats) -> None:
    shown = formats.cell(column.kind, value_of(cell))
    match cell:
        case Worked():
            page.write_formula(*where, _formula(cell, where[0], sheet), shown, float(cell.value))
        case Fraction():
            page.write_number(*where, float(cell), shown)
        case str() if cell:
            page.write_string(*where, _short(cell), shown)
        case _:
            page.write_blank(*where, None, shown)


def _formula(cell: Worked, row: int, sheet: Sheet) -> str:
    places = {column.key: xl_rowcol_to_cell(row, place) for place, column in enumerate(sheet.columns)}
    return "=" + cell.formula.format_map(places)


def _sums(page: Any, sheet: Sheet, rows: tuple[int, int], formats: _Formats) -> None:
    """Below the table the sums of its columns, as formulas."""
    first, last = rows
    bold: dict[str, Any] = {"bold": True, "bg_color": "#F5F5F5"}
    page.write_string(last + 1, 0, _("合计"), formats.cell(Kind.TEXT, **bold))
    for place, column in enumerate(sheet.columns):
        if column.key not in sheet.sums:
            continue
        known = [value for row in sheet.rows if (value := value_of(row.get(column.key))) is not None]
        name = xl_col_to_name(place)
        formula, total = f"=SUM({name}{first + 1}:{name}{last + 1})", sum(known, Fraction(0))
        page.write_formula(last + 1, place, formula, formats.cell(column.kind, total, **bold), float(total))


def _look(page: Any, sheet: Sheet, top: int, last: int, formats: _Formats) -> None:
    """The header stays in view, rows can be filtered, verdicts have the colours of every map; their symbol says it too."""
    page.freeze_panes(top + 1, min(2, len(sheet.columns)))
    if not sheet.rows:
        return
    page.autofilter(top, 0, last, len(sheet.columns) - 1)
    for place, column in enumerate(sheet.columns):
        if column.kind is Kind.OUTCOME:
            for outcome in Outcome:
                page.conditional_format(top + 1, place, last, place, _colour(outcome, formats))


def _colour(outcome: Outcome, formats: _Formats) -> dict[str, Any]:
    bold = formats(font_color=style.OUTCOME_COLOURS[outcome], bold=True)
    return {"type": "text", "criteria": "begins with", "value": OUTCOME_SYMBOLS[outcome], "format": bold}


def _print_setup(page: Any, head: _Head, sheet: Sheet, top: int, last: int) -> None:
    """A4 across, or A3 for what is wide, one page wide, the header on every page, who and what at its edges."""
    printed = sheet.columns[: sheet.printed or len(sheet.columns)]
    page.set_landscape()
    page.set_paper(_A4 if sum(column.width for column in printed) <= _A4_WIDTH else _A3)
    page.set_margins(*[_MARGIN_INCHES] * 2, 0.7, 0.7)
    page.fit_to_pages(1, 0)
    page.repeat_rows(top)
    page.print_area(0, 0, max(last, top), len(printed) - 1)
    page.set_header(f"&L{_plain(head.place)}&R{_plain(head.note)}")
    page.set_footer(f"&L{_plain(sheet.title)}&R&P / &N")


def _height(sheet: Sheet, row: Mapping[str, Cell]) -> float:
    """The height in points that shows all of the wrapped text; not every office program finds it by itself."""
    long = [column for column in sheet.columns if column.kind is Kind.LONG]
    lines = max((_lines(str(row.get(column.key) or ""), column.width) for column in long), default=1)
    return min(_LINE_POINTS * lines, _TALLEST_POINTS)


def _lines(text: str, width: int) -> int:
    """How many lines a text takes in a column; a Chinese character is as wide as two others."""
    wide = sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
    return max(1, -(-wide // width))


def _plain(text: str) -> str:
    """Text for a header: an ampersand stands for itself, and the 255 characters of a header are kept to."""
    return text[:80].replace("&", "&&")


def _short(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else text[:_MOST_CHARACTERS] + "…"
