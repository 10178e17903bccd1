"""Where the table begins in a sheet or a CSV file that people made: titles above it, merged cells, a sum below it."""

from __future__ import annotations

import csv
import itertools
from dataclasses import dataclass
from pathlib import Path

import openpyxl

from geoplan.i18n import _
from geoplan.intake import headers
from geoplan.layers.encodings import of_text
from geoplan.layers.reading import HELP_SHEETS, excel_cell

_FIRST_ROWS = 30


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table lies in its file.

    Attributes:
        header_row: counted from 1.
        title: what stands above it.
        merged: the ranges below the header that are merged.
        two_headers: whether the header itself goes over two rows.
        stated: what the instruction sheet of our template says about coordinates.
    """

    header_row: int = 1
    title: str = ""
    merged: tuple[str, ...] = ()
    two_headers: bool = False
    stated: str = ""


def sheet_names(path: Path) -> tuple[str, ...]:
    """The sheets of a workbook that can hold data."""
    book = openpyxl.load_workbook(path, read_only=True)
    return tuple(name for name in book.sheetnames if name not in HELP_SHEETS and book[name].sheet_state == "visible")


def of_sheet(path: Path, role: str, sheet: str) -> Layout:
    """The layout of one sheet of a workbook."""
    book = openpyxl.load_workbook(path, data_only=True)
    page = book[sheet]
    rows = [[excel_cell(cell) for cell in row] for row in page.iter_rows(max_row=_FIRST_ROWS, values_only=True)]
    header = header_row(rows, role)
    merged = [block for block in page.merged_cells.ranges if block.max_row > header]
    in_header = any(block.min_row == header for block in merged)
    stated = next((str(book[name]["B2"].value or "") for name in HELP_SHEETS if name in book.sheetnames), "")
    title = _title(rows, header)
    return Layout(header, title, tuple(block.coord for block in merged), two_headers=in_header, stated=stated)


def of_csv(path: Path, role: str, encoding: str) -> Layout:
    """The layout of a CSV file."""
    with path.open(encoding=encoding or of_text(path).name, newline="") as file:
        rows = list(itertools.islice(csv.reader(file), _FIRST_ROWS))
    header = header_row(rows, role)
    return Layout(header, _title(rows, header))


def header_row(rows: list[list[str]], role: str) -> int:
    """The row that holds most words for columns of this role; the first where no row has two of them."""
    scores = [sum(headers.known(role, cell) for cell in row if cell.strip()) for row in rows]
    best = max(scores, default=0)
    return scores.index(best) + 1 if best > 1 else 1


def told(layout: Layout) -> list[str]:
    """What was found about the layout, in words."""
    found = []
    if layout.header_row > 1:
        text = _("第 {row} 行是表头，其上的“{title}”不作数据")
        found.append(text.format(row=layout.header_row, title=layout.title))
    if layout.merged:
        text = _("合并单元格按同一个值逐格填充：{ranges}")
        found.append(text.format(ranges=_("、").join(layout.merged[:5])))
    return found


def _title(rows: list[list[str]], header: int) -> str:
    return next((cell.strip() for row in rows[: header - 1] for cell in row if cell.strip()), "")
