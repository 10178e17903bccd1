"""Reads the tables that layers are held against: a list of township codes, a census."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import pandas as pd

from geoplan.doctor.records import Unit
from geoplan.doctor.units import TOWNSHIP_DIGITS
from geoplan.errors import WorkspaceError
from geoplan.i18n import _
from geoplan.layers.reading import READ_FAULTS, csv_table

_COUNTY_DIGITS = 6
# The heads that tables use, the usual one first.
_HEADS: Mapping[str, tuple[str, ...]] = {
    "code": ("code", "unit_code", "code9", "代码", "编码", "区划代码"),
    "name": ("name", "名称", "乡镇", "镇街", "地区"),
    "people": ("population", "pop", "pop_total", "pop2020", "人口", "常住人口"),
}


def read_codes(path: Path) -> tuple[Unit, ...]:
    """A table ``code,name`` of the townships that there are; rows of counties and villages are passed over.

    Raises:
        WorkspaceError: it cannot be read, or has neither codes nor names.
    """
    table = _read(path)
    if not {"code", "name"} & set(table):
        raise _lacking(path, ("code", "name"))
    return _townships(table)


def read_census(path: Path) -> tuple[Unit, ...]:
    """A table ``code,population``, or ``name,population``, of townships.

    Raises:
        WorkspaceError: it cannot be read, lacks a column, or a population is no number.
    """
    table = _read(path)
    if "people" not in table or not {"code", "name"} & set(table):
        raise _lacking(path, ("code", "population"))
    return _townships(table, path)


def _read(path: Path) -> pd.DataFrame:
    """The columns that are known, by our names for them."""
    try:
        table = csv_table(path)
    except READ_FAULTS as error:
        reason = error.strerror if isinstance(error, OSError) else str(error).strip().splitlines()[0]
        raise WorkspaceError(_("无法读取 {file}：{error}").format(file=path, error=reason)) from error
    heads = {str(head).strip().lower(): head for head in table.columns}
    theirs = {ours: next((heads[word] for word in words if word in heads), None) for ours, words in _HEADS.items()}
    return pd.DataFrame({ours: table[head].str.strip() for ours, head in theirs.items() if head is not None})


def _lacking(path: Path, columns: tuple[str, ...]) -> WorkspaceError:
    text = _("{file} 缺少列：{columns}。第一行须是列名。")
    return WorkspaceError(text.format(file=path, columns=_("、").join(columns)))


def _townships(table: pd.DataFrame, path: Path | None = None) -> tuple[Unit, ...]:
    units = []
    for number, row in enumerate(table.to_dict("records"), start=2):
        code, name = str(row.get("code", "")), str(row.get("name", ""))
        if (code or name) and _is_township(code):
            people = None if path is None else _people(row["people"], path, number)
            units.append(Unit(code, name, people))
    return tuple(units)


def _is_township(code: str) -> bool:
    """Whether a code of the statistical divisions (6, 9 or 12 digits) is of a township; a blank one may be."""
    if not code:
        return True
    township, rest = code[_COUNTY_DIGITS:TOWNSHIP_DIGITS], code[TOWNSHIP_DIGITS:]
    return township.strip("0") != "" and rest.strip("0") == ""


def _people(text: str, path: Path, row: int) -> Fraction | None:
    if not text:
        return None
    try:
        return Fraction(text.replace(",", ""))
    except (ValueError, ZeroDivisionError) as error:
        message = _("{file} 第 {row} 行的人口“{text}”不是数字。")
        raise WorkspaceError(message.format(file=path, row=row, text=text)) from error
