"""A table of a PostGIS database as the cells of a file: text under its own column names, shapes, and a CRS.

Everything is read in one transaction that sees one state of the table, rows in the order of its primary key, or of all their cells where
it has none. What a cell says as text is what it would say in a CSV file, so that every check of files holds for tables too.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import CRSError

from geoplan.errors import DatabaseError
from geoplan.i18n import _
from geoplan.layers.postgres import Session, session

SYNTHETIC = "[synthetic]"
"""What the comment of a table begins with whose rows are made up."""
_SHOWN_TABLES = 12
_RELATIONS = """
SELECT n.nspname, c.relname, c.oid::int8,
       has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT'),
       coalesce(obj_description(c.oid, 'pg_class'), '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1, 2"""
_COLUMNS = """
SELECT a.attname, t.typname, t.typcategory::text, a.atttypmod
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = :oid AND a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege(a.attrelid, a.attnum, 'SELECT')
ORDER BY a.attnum"""
_KEY = """
SELECT a.attname FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k(attnum, place)
JOIN pg_attribute a ON a.attnum = k.attnum
WHERE i.indrelid = :oid AND a.attrelid = :oid AND i.indisprimary ORDER BY k.place"""
_SHAPES = ("geometry", "geography")
_LEFT_OUT = frozenset({"bytea", "raster", "tsvector"})
# How a cell is written; what is not named here writes itself. A whole number has no decimals, a day no midnight.
_BY_TYPE: Mapping[str, str] = MappingProxyType(
    {
        "numeric": "CASE WHEN {c}::text LIKE '%.%' THEN rtrim(rtrim({c}::text, '0'), '.') ELSE {c}::text END",
        "timestamp": "CASE WHEN {c} = date_trunc('day', {c}) THEN {c}::date::text ELSE {c}::text END",
        "timestamptz": "CASE WHEN {c} = date_trunc('day', {c}) THEN {c}::date::text ELSE {c}::text END",
    }
)


@dataclass(frozen=True, slots=True)
class Description:
    """What the catalogue says about a table.

    Attributes:
        columns: name to the expression that gives its cells as text.
        shapes: the geometry columns, and the SRID that each declares; 0 for none.
        key: the columns of the primary key.
        synthetic: its comment says that its rows are made up.
    """

    schema: str
    name: str
    columns: Mapping[str, str]
    shapes: Mapping[str, int]
    key: tuple[str, ...]
    synthetic: bool

    @property
    def full_name(self) -> str:
        """``schema.table``."""
        return f"{self.schema}.{self.name}"

    @property
    def quoted(self) -> str:
        """The same as SQL has it."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"


@dataclass(frozen=True, slots=True)
class Rows:
    """A table's rows.

    Attributes:
        cells: text under the table's column names; blank for NULL.
        shapes: one for each row; None where the table has no geometry column.
        crs: of the shapes; None where the table does not say.
    """

    cells: pd.DataFrame
    shapes: NDArray[np.object_] | None
    crs: pyproj.CRS | None


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def tables(address: str) -> tuple[str, ...]:
    """The tables and views that can be read, as ``schema.table``.

    Raises:
        DatabaseError: the database cannot be used.
    """
    with session(address) as asked:
        return tuple(
            f"{schema}.{name}" for schema, name, _oid, readable, _comment in asked.rows(_RELATIONS) if readable
        )


def describe(address: str, table: str) -> Description:
    """What the catalogue says about a table.

    Args:
        table: ``schema.table``, or its name alone where no other schema has one; blank where there is only one.

    Raises:
        DatabaseError: the database cannot be used; there is no such table, or no right to read it.
    """
    with session(address) as asked:
        return _described(asked, table)


def read(address: str, table: str, geometry: str = "") -> Rows:
    """The rows of a table or a view.

    Args:
        geometry: which of several geometry columns.

    Raises:
        DatabaseError: the database cannot be used; there is no such table, no right to read it, several geometry columns
            to choose from, several coordinate systems in one, or one that nobody knows.
    """
    with session(address) as asked:
        found = _described(asked, table)
        column = _geometry_column(found, geometry)
        crs = None if column is None else _crs(asked, found, column)
        stream = io.BytesIO()
        asked.copy(_copy(found, column), stream)
    stream.seek(0)
    cells = pd.read_csv(stream, dtype=str, keep_default_na=False, encoding="utf-8")
    if column is None:
        return Rows(cells, None, None)
    shape = cells.columns[-1]
    shapes = shapely.from_wkb(np.where(cells[shape] == "", None, cells[shape].to_numpy(object)))
    return Rows(cells.drop(columns=shape), shapes, crs)


def _described(asked: Session, table: str) -> Description:
    relations = asked.rows(_RELATIONS)
    chosen = [each for each in relations if table in {"", each[1], f"{each[0]}.{each[1]}"}]
    if not table:
        chosen = [each for each in chosen if each[3]]
    if len(chosen) != 1:
        known = [f"{schema}.{name}" for schema, name, _oid, readable, _comment in chosen or relations if readable]
        more = " ……" if len(known) > _SHOWN_TABLES else ""
        told = _("、").join(known[:_SHOWN_TABLES]) + more or "–"
        missing = _("数据库中没有表“{table}”").format(table=table)
        several = _("数据库中有多个表") if not table else _("不止一个 schema 中有表“{table}”").format(table=table)
        raise DatabaseError(
            several if len(chosen) > 1 else missing, _("请用 layer 写明 schema.表，有：{known}").format(known=told)
        )
    schema, name, oid, readable, comment = chosen[0]
    if not readable:
        text = _("没有读取表 {table} 的权限").format(table=f"{schema}.{name}")
        raise DatabaseError(text, _("请数据库管理员授权：GRANT USAGE ON SCHEMA、GRANT SELECT ON TABLE"))
    _look_for_postgis(asked)
    columns, shapes = _columns(asked, oid)
    key = tuple(column for (column,) in asked.rows(_KEY, oid=oid))
    return Description(schema, name, columns, shapes, key, comment.startswith(SYNTHETIC))


def _look_for_postgis(asked: Session) -> None:
    """From here on the words of PostGIS are known, wherever the extension lives, and no table's own functions are."""
    rows = asked.rows(
        "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'postgis'"
    )
    where = f"{quoted(rows[0][0])}, " if rows else ""
    asked.rows(f"SET LOCAL search_path = {where}pg_catalog")


def _columns(asked: Session, oid: int) -> tuple[dict[str, str], dict[str, int]]:
    columns: dict[str, str] = {}
    shapes: dict[str, int] = {}
    for name, kind, category, modifier in asked.rows(_COLUMNS, oid=oid):
        cell = quoted(name)
        if kind in _SHAPES:
            shapes[name] = 0 if modifier < 0 else int(asked.rows("SELECT postgis_typmod_srid(:m)", m=modifier)[0][0])
        elif category == "A":
            columns[name] = f"array_to_string({cell}, '|')"
        elif kind not in _LEFT_OUT:
            columns[name] = _BY_TYPE.get(kind, "{c}::text").format(c=cell)
    return columns, shapes


def _geometry_column(found: Description, asked: str) -> str | None:
    if asked and asked not in found.shapes:
        text = _("表 {table} 没有几何列“{column}”").format(table=found.full_name, column=asked)
        raise DatabaseError(text, _("几何列有：{known}").format(known=_("、").join(found.shapes) or "–"))
    if not asked and len(found.shapes) > 1:
        text = _("表 {table} 有多个几何列：{known}").format(table=found.full_name, known=_("、").join(found.shapes))
        raise DatabaseError(text, _("请用 geometry 指明其中一个"))
    return asked or next(iter(found.shapes), None)


def _crs(asked: Session, found: Description, column: str) -> pyproj.CRS | None:
    """The CRS of a geometry column; None where it says none, or nothing is in it."""
    declared = found.shapes[column]
    if declared:
        numbers = [declared]
    else:
        cell = f"{quoted(column)}::geometry"
        statement = f"SELECT DISTINCT ST_SRID({cell}) FROM {found.quoted} WHERE {cell} IS NOT NULL ORDER BY 1"  # noqa: S608 - quoted
        numbers = [row[0] for row in asked.rows(statement)]
    where = f"{found.full_name}.{column}"
    if len(numbers) > 1:
        text = _("{column} 中混有几种坐标系（SRID {numbers}）")
        raise DatabaseError(
            text.format(column=where, numbers=_("、").join(map(str, numbers))), _("请用 ST_Transform 统一坐标系")
        )
    if not numbers or numbers == [0]:
        return None
    known = asked.rows("SELECT auth_name, auth_srid, srtext FROM spatial_ref_sys WHERE srid = :srid", srid=numbers[0])
    for authority, code, text in known:
        for words in (f"{authority}:{code}", text):
            try:
                return pyproj.CRS.from_user_input(words)
            except CRSError:
                continue
    text = _("{column} 的坐标系 SRID {number} 不认识").format(column=where, number=numbers[0])
    raise DatabaseError(text, _("请用 ST_SetSRID 改为正确的 SRID，例如 4490、4547"))


def _copy(found: Description, column: str | None) -> str:
    cells = [f"{cell} AS {quoted(name)}" for name, cell in found.columns.items()]
    order = [f"t.{quoted(name)}" for name in found.key] or list(found.columns.values())
    if column is not None:
        # Curves become the lines that stand for them: nothing here can travel or measure along an arc.
        shape = f"encode(ST_AsBinary(ST_CurveToLine({quoted(column)}::geometry)), 'hex')"
        cells.append(f"{shape} AS {quoted(column)}")
        order = order if found.key else [*order, shape]
    rows = f"SELECT {', '.join(cells)} FROM {found.quoted} t ORDER BY {', '.join(order)}"  # noqa: S608 - quoted
    return f"COPY ({rows}) TO STDOUT (FORMAT csv, HEADER)"
