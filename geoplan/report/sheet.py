"""One table as an Excel workbook: text as text, figures as figures, in columns as wide as what stands in them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from unicodedata import east_asian_width

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

_WIDEST, _NARROWEST = 60, 6  # characters of a column


def sheet_bytes(frame: pd.DataFrame, formats: Mapping[str, str]) -> bytes:
    """The rows as a workbook of one sheet, with a filter over the heads; unknown figures stay blank.

    Args:
        formats: number format by column, for those that hold figures.
    """
    book = Workbook()
    sheet = book.active
    sheet.append([_text(word) for word in frame.columns])
    for row in frame.itertuples(index=False):
        sheet.append([_cell(value) for value in row])
    for number, word in enumerate(frame.columns, start=1):
        letter = get_column_letter(number)
        longest = max((_width(str(cell)) for cell in (word, *frame[word])), default=0)
        sheet.column_dimensions[letter].width = min(max(longest + 2, _NARROWEST), _WIDEST)
        for cell in sheet[letter]:
            if isinstance(cell.value, str):
                cell.data_type = "s"  # a text that begins with = is no formula
            elif word in formats:
                cell.number_format = formats[word]
        sheet[f"{letter}1"].font, sheet[f"{letter}1"].alignment = Font(bold=True), Alignment(wrap_text=True)
    sheet.freeze_panes, sheet.auto_filter.ref = "A2", sheet.dimensions
    with io.BytesIO() as file:
        book.save(file)
        return file.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str):
        return _text(value)
    return None if pd.isna(value) else value


def _text(text: str) -> str:
    """A text without the control characters that a workbook cannot hold."""
    return ILLEGAL_CHARACTERS_RE.sub("", text)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
