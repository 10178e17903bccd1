"""What layers are held against: a list of township codes and a census, of the workspace or of a file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import geopandas as gpd
import pandas as pd

from geoplan.doctor.records import DEFAULT_TOLERANCE_M, References, Unit
from geoplan.doctor.units import TOWNSHIP_DIGITS
from geoplan.errors import LayerError
from geoplan.i18n import _
from geoplan.intake.confinement import Opener
from geoplan.intake.records import Request
from geoplan.layers import Layers
from geoplan.layers.reading import SUMS, read_raw
from geoplan.layers.schema import ROLES
from geoplan.layers.validation import Door
from geoplan.model import Problem, Severity

_COUNTY_DIGITS = 6


def references_of(layers: Layers, tolerance_m: float = DEFAULT_TOLERANCE_M) -> References:
    """The code list and the census that a workspace has as layers."""
    codes, census = layers.get("codes"), layers.get("census")
    return References(
        codes=None if codes is None else _townships(codes),
        census=None if census is None else _townships(census),
        tolerance_m=tolerance_m,
    )


def read_reference(path: Path, role: str, opener: Opener) -> tuple[Unit, ...]:
    """The townships of a file that is no layer of the workspace.

    Args:
        role: ``codes`` for a list of codes, ``census`` for people.

    Raises:
        LayerError: it cannot be read, lacks a column, or a population is no number.
    """
    if not path.is_file():
        raise LayerError(_("文件不存在：{file}").format(file=path))
    look = opener.look(path, Request(role=role))
    named = {"unit_code", "name"} & set(look.columns)
    if not look.usable or not named:
        text = _("{file} 不能用作{what}").format(file=path, what=_(ROLES[role].label))
        lacking = Problem(Severity.ERROR, role, _("缺少代码列和名称列"), _("第一行须是列名，如 code、name"))
        raise LayerError(text, look.problems if named else (*look.problems, lacking))
    return _townships(Door(read_raw(path, look.entry), look.entry).pass_through())


def _townships(table: gpd.GeoDataFrame) -> tuple[Unit, ...]:
    """The rows that are townships: those of counties and villages, and sums, are passed over."""
    people = table.get("population", pd.Series(float("nan"), index=table.index))
    rows = zip(table["unit_code"], table["name"], people, strict=True)
    return tuple(
        Unit(code, name, None if pd.isna(count) else Fraction(count))
        for code, name, count in rows
        if (code or name) and name.lower() not in SUMS and _is_township(code)
    )


def _is_township(code: str) -> bool:
    """Whether a code of the statistical divisions (6, 9 or 12 digits) is of a township; a blank one may be."""
    if not code:
        return True
    township, rest = code[_COUNTY_DIGITS:TOWNSHIP_DIGITS], code[TOWNSHIP_DIGITS:]
    return township.strip("0") != "" and rest.strip("0") == ""
