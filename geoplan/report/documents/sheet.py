"""A table of the document set: typed cells that the workbook writes as numbers and formulas and the chapter as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from geoplan.report.tables import figure

_HUNDRED = 100


class Kind(StrEnum):
    """How the cells of a column are shown."""

    TEXT = "text"
    LONG = "long"  # text that is wrapped
    OUTCOME = "outcome"  # symbol and word of a verdict, coloured
    WHOLE = "whole"
    FIGURE = "figure"  # two decimals, none where it is whole
    FINE = "fine"  # four decimals, none where it is whole
    SHARE = "share"  # a fraction of one, shown in per cent with two decimals


@dataclass(frozen=True, slots=True)
class Worked:
    """A figure with the sum that gives it.

    Attributes:
        value: what the tool says, exact.
        formula: the same from other cells of the row, in a spreadsheet's words, with ``{key}`` for the cell in that column.
    """

    value: Fraction
    formula: str


Cell = str | Fraction | Worked | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key in the rows, its title with the unit, how its cells are shown, its width in characters."""

    key: str
    title: str
    kind: Kind = Kind.TEXT
    width: int = 12


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table.

    Attributes:
        id: what it is called in code, ``townships``.
        title: what readers see.
        rows: cells by the keys of the columns; a key that is absent is a blank cell.
        notes: lines above the table.
        sums: keys of columns whose sum stands below the table.
        printed: how many columns, counted from the left, are printed; all when 0.
    """

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Mapping[str, Cell], ...]
    notes: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    printed: int = 0

    def chosen(self, *keys: str) -> tuple[Column, ...]:
        """The columns of these keys, in this order."""
        columns = {column.key: column for column in self.columns}
        return tuple(columns[key] for key in keys)


def number(value: object) -> Fraction | None:
    """A cell of a frame as an exact number; None where it is blank."""
    if value is None or value != value:  # noqa: PLR0124 - NaN, NaT and NA differ from themselves or are None
        return None
    return Fraction(value) if isinstance(value, int | Fraction) else Fraction(float(value))  # type: ignore[arg-type]


def value_of(cell: Cell) -> Fraction | None:
    """The number in a cell; None for text and blanks."""
    if isinstance(cell, Worked):
        return cell.value
    return cell if isinstance(cell, Fraction) else None


def text_of(cell: Cell, kind: Kind) -> str:
    """A cell for readers: the same digits that the workbook shows."""
    value = value_of(cell)
    if value is None:
        return cell if isinstance(cell, str) else ""
    if kind is Kind.SHARE:
        return f"{figure(_HUNDRED * value, trim=False)}%"
    return figure(value, decimals(value, kind), trim=False)


def decimals(value: Fraction, kind: Kind) -> int:
    """How many decimals a figure is shown with: none where it is whole."""
    return 0 if value.denominator == 1 or kind is Kind.WHOLE else 4 if kind is Kind.FINE else 2


def share_of(part: Fraction | None, whole: Fraction | None, formula: str) -> Worked | None:
    """A share with its sum; None for nothing or unknown."""
    return None if part is None or not whole else Worked(part / whole, formula)


def texts(sheet: Sheet, columns: tuple[Column, ...]) -> Iterator[tuple[str, ...]]:
    """The rows of some columns as text."""
    for row in sheet.rows:
        yield tuple(text_of(row.get(column.key), column.kind) for column in columns)
