"""Layers and results as tables of a PostGIS database: all of them in one transaction, or nothing.

Each table has a primary key, a spatial index, and as comments what it and its columns are, where the data come from, and whether
they are real or made up. What is read back from such a table is the layer that was written, to the digest.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan import __version__, crs
from geoplan.assess import Assessment
from geoplan.errors import DatabaseError, LayerError
from geoplan.i18n import _
from geoplan.layers import LayerEntry, Manifest, Progress
from geoplan.layers.postgis import SYNTHETIC, quoted
from geoplan.layers.postgres import Session, session
from geoplan.layers.schema import ROLES, Field, FieldKind
from geoplan.layers.workspace import read_layer
from geoplan.model import Severity
from geoplan.report import tables
from geoplan.report.documents.fields import alias
from geoplan.report.documents.gis_layers import gis_layers
from geoplan.report.documents.material import Material, in_brackets
from geoplan.report.field_words import choices, field_label

GEOMETRY, ROW = "geom", "row_number"
RESULT = "result_"
"""What the names of result tables begin with, so that they and the layers can share a schema."""
_OF_KIND: Mapping[FieldKind, str] = MappingProxyType(
    {
        FieldKind.NUMBER: "double precision",
        FieldKind.PEOPLE: "double precision",
        FieldKind.WHOLE: "bigint",
        FieldKind.SIGNED: "bigint",
        FieldKind.YEAR: "integer",
        FieldKind.FLAG: "boolean",
        FieldKind.DATE: "date",
    }
)
_COPIES = frozenset(
    {"barriers", "landuse", "roads", "villages", "clinics", "idle_assets", "seats"}
)  # layers, with nothing added
_LONGEST_NAME = 63  # bytes; PostgreSQL cuts the rest off
_KEYS = ("demand_id", "facility_id", "estate_id", "unit_code", "rule")


@dataclass(frozen=True)
class Table:
    """A table to be written.

    Attributes:
        frame: its rows; a plain frame for a table without places.
        comment: what it is.
        key: the column that names a row; blank where none does, and the rows are numbered.
        types: of columns whose type the cells do not tell.
        words: of columns, what they are.
    """

    name: str
    frame: pd.DataFrame
    comment: str
    key: str = ""
    types: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)


def layer_tables(manifest: Manifest, roles: Iterable[str], progress: Progress = lambda _stage: None) -> list[Table]:
    """The layers of a workspace, each as it is read and checked, under the name of its role.

    The CRS is the layer's own where EPSG has a code for it, else WGS84. Heights are a raster and no table.

    Args:
        roles: which; all when empty.

    Raises:
        WorkspaceError: a file is not there.
        LayerError: a layer is not there, cannot be a table, or has errors.
    """
    asked = tuple(roles)
    for role in asked:
        if role == "dem" or manifest.entry(role) is None:
            told = ", ".join(entry.role for entry in manifest.layers if entry.role != "dem")
            raise LayerError(_("没有可写出的图层“{role}”，有：{known}。").format(role=role, known=told))
    return [
        _layer_table(manifest, entry, progress)
        for entry in manifest.layers
        if entry.role != "dem" and (not asked or entry.role in asked)
    ]


def _layer_table(manifest: Manifest, entry: LayerEntry, progress: Progress) -> Table:
    role = ROLES[entry.role]
    progress(_("读取{layer}").format(layer=_(role.label)))
    frame, problems = read_layer(manifest, entry)
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise LayerError(_("图层 {role} 有错误，没有写出。").format(role=role.name), tuple(problems))
    fields = [item for item in role.fields if not _blank(frame[item.name])]
    words = {item.name: _field_words(item) for item in fields}
    types = {item.name: _OF_KIND[item.kind] for item in fields if item.kind in _OF_KIND}
    kept: list[str] = [*words, *(["nodes"] if "nodes" in frame else [])]
    rows = frame[[*kept, "geometry"]] if role.geometry else pd.DataFrame(frame[kept])
    if "nodes" in frame:
        words["nodes"], types["nodes"] = _("各顶点的编号，编号相同处道路相接"), "bigint[]"
    return Table(role.name, rows, _comment(_(role.label), manifest, entry), role.key, types, words)


def _blank(column: pd.Series) -> bool:
    return not bool((column.notna() & (column != "")).any())


def _field_words(item: Field) -> str:
    """What a field is, and what its codes mean."""
    word = field_label(item.name)
    word = alias(item.name) if word == item.name else word
    codes = _("、").join(f"{code} {name}" for code, name in choices(item).items() if item.kind is not FieldKind.FLAG)
    return word + in_brackets(codes)


def _comment(title: str, manifest: Manifest, entry: LayerEntry | None, **more: str) -> str:
    """What a table is: title, place, source, licence, date, nature, and by whom it was written when."""
    synthetic = entry.synthetic if entry is not None else bool(manifest.synthetic_roles)
    told = {
        _("县"): tables.workspace_name(manifest),
        _("来源"): entry.source if entry else "",
        _("许可"): entry.licence if entry else "",
        _("数据日期"): entry.as_of.isoformat() if entry and entry.as_of else "",
        **more,
        _("数据性质"): _("合成数据，仅供演示") if synthetic else _("真实数据"),
        _("写出"): f"geoplan {__version__} {datetime.now(UTC):%Y-%m-%dT%H:%MZ}",
    }
    lines = [f"{name}{_('：')}{text}" for name, text in told.items() if text]
    return "\n".join([f"{SYNTHETIC} {title}" if synthetic else title, *lines])


def result_tables(material: Material) -> list[Table]:
    """The results of an assessment: coverage by township and home, facilities, estates, service areas, verdicts, provenance."""
    assessment = material.assessment
    manifest = assessment.layers.manifest
    about = {
        _("规则包"): assessment.pack.id,
        _("年份"): str(assessment.year),
        _("方案"): assessment.scenario.name if assessment.scenario else "",
        _("数据摘要"): assessment.layers.digest,
    }
    made = []
    for layer in gis_layers(material):
        if layer.name in _COPIES:
            continue
        words = {str(name): alias(str(name)) for name in layer.frame.columns if name != layer.frame.geometry.name}
        comment = _comment(layer.title, manifest, None, **about)
        made.append(Table(RESULT + layer.name, layer.frame, comment, _key_of(layer.frame), words=words))
    return [*made, *_plain_tables(assessment, lambda title: _comment(title, manifest, None, **about))]


def _key_of(frame: pd.DataFrame) -> str:
    return next(
        (name for name in _KEYS if name in frame and frame[name].is_unique and not (frame[name] == "").any()), ""
    )


def _plain_tables(assessment: Assessment, comment: Callable[[str], str]) -> list[Table]:
    verdicts = pd.DataFrame([tables.verdict_record(verdict) for verdict in assessment.verdicts], dtype=object)
    provenance = pd.DataFrame(list(assessment.provenance.items()), columns=["key", "value"])
    return [
        Table(f"{RESULT}verdicts", verdicts.map(_cell), comment(_("核查结论"))),
        Table(f"{RESULT}provenance", provenance.map(_cell), comment(_("结果的依据")), "key"),
    ]


def _cell(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | tuple | dict | Mapping) else value


def push(
    address: str, schema: str, made: Sequence[Table], *, replace: bool = False, progress: Progress = lambda _stage: None
) -> None:
    """Write tables into a schema, which is made where it is not there; all are written, or nothing is changed.

    Args:
        replace: drop tables of these names first.

    Raises:
        DatabaseError: the database cannot be written; a table is there already and is to be kept.
    """
    if len(schema.encode()) > _LONGEST_NAME:
        raise DatabaseError(_("schema 的名称过长"), _("最多 {most} 字节").format(most=_LONGEST_NAME))
    with session(address, write=True) as work:
        _prepare(work, schema, [table.name for table in made], replace=replace)
        for table in made:
            progress(_("写出 {name}").format(name=f"{schema}.{table.name}"))
            _write(work, schema, table)


def _prepare(work: Session, schema: str, names: list[str], *, replace: bool) -> None:
    found = work.rows(
        "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'postgis'"
    )
    if not found:
        raise DatabaseError(_("数据库没有安装 PostGIS"), _("请数据库管理员运行 CREATE EXTENSION postgis"))
    work.rows(f"SET LOCAL search_path = {quoted(found[0][0])}, pg_catalog")
    if not work.rows("SELECT 1 FROM pg_namespace WHERE nspname = :schema", schema=schema):
        work.rows(f"CREATE SCHEMA {quoted(schema)}")
    there = work.rows(
        "SELECT c.relname, c.relkind = 'r' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = :schema AND c.relname = ANY(CAST(:names AS text[])) ORDER BY 1",
        schema=schema,
        names=names,
    )
    taken = _("、").join(f"{schema}.{name}" for name, plain in there if not (replace and plain))
    if taken:
        text = _("数据库中已有 {tables}").format(tables=taken)
        raise DatabaseError(text, _("要换成新的，请加 --replace（只替换普通表）；或用 --schema 换一个 schema"))
    for name, _plain in there:
        work.rows(f"DROP TABLE {quoted(schema)}.{quoted(name)}")


def _write(work: Session, schema: str, table: Table) -> None:
    where = f"{quoted(schema)}.{quoted(table.name)}"
    cells, columns = _cells(table)
    key = table.key if table.key and table.frame[table.key].is_unique else ""
    if not key:
        cells.insert(0, ROW, np.arange(1, len(cells) + 1).astype(str))
        columns = {ROW: "bigint", **columns}
    listed = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
    work.rows(f"CREATE TABLE {where} ({listed}, PRIMARY KEY ({quoted(key or ROW)}))")
    stream = io.BytesIO(cells.to_csv(index=False, header=False).encode())
    work.copy(f"COPY {where} ({', '.join(map(quoted, columns))}) FROM STDIN (FORMAT csv)", stream)
    if GEOMETRY in columns:
        work.rows(f"CREATE INDEX ON {where} USING gist ({quoted(GEOMETRY)})")
    work.rows(f"COMMENT ON TABLE {where} IS {_text(table.comment)}")
    for name, words in table.words.items():
        work.rows(f"COMMENT ON COLUMN {where}.{quoted(name)} IS {_text(words)}")
    work.rows(f"ANALYZE {where}")


def _text(words: str) -> str:
    """A text as SQL has it: comments take no parameters."""
    return "'" + words.replace("'", "''") + "'"


def _cells(table: Table) -> tuple[pd.DataFrame, dict[str, str]]:
    """Every cell as ``COPY`` reads it, blank for unknown; column to type."""
    frame = table.frame
    plain = frame.drop(columns=frame.geometry.name) if isinstance(frame, gpd.GeoDataFrame) else frame
    columns = {str(name): table.types.get(str(name)) or _type_of(plain[name]) for name in plain.columns}
    cells = {name: _column(plain[name], kind) for name, kind in columns.items()}
    if isinstance(frame, gpd.GeoDataFrame):
        placed = frame if frame.crs.to_epsg() else crs.lonlat(frame)
        shapes = shapely.set_srid(placed.geometry.to_numpy(), placed.crs.to_epsg())
        cells[GEOMETRY] = shapely.to_wkb(shapes, hex=True, include_srid=True)
        columns[GEOMETRY] = _shape_type(shapes, placed.crs.to_epsg())
    return pd.DataFrame(cells, dtype=object), columns


def _shape_type(shapes: NDArray[np.object_], code: int) -> str:
    """The narrowest type that holds all shapes: one kind or any, flat or with heights; without a promise where some are flat."""
    there = shapes[~shapely.is_missing(shapes)]
    kinds, heights = {shape.geom_type for shape in there}, set(shapely.has_z(there).tolist())
    if len(heights) > 1:
        return "geometry"
    return f"geometry({kinds.pop() if len(kinds) == 1 else 'Geometry'}{'Z' if heights == {True} else ''}, {code})"


def _type_of(column: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(column):
        return "boolean"
    if pd.api.types.is_integer_dtype(column):
        return "bigint"
    return "double precision" if pd.api.types.is_float_dtype(column) else "text"


def _column(column: pd.Series, kind: str) -> NDArray[np.object_]:
    values = (
        column.to_numpy(object, na_value=None) if not pd.api.types.is_object_dtype(column) else column.to_numpy(object)
    )
    if kind == "bigint[]":
        return np.array(["{" + ",".join(map(str, cell)) + "}" for cell in values], dtype=object)
    return np.array([_written(cell, kind) for cell in values], dtype=object)


def _written(cell: object, kind: str) -> str | None:
    if cell is None or cell is pd.NA or cell == "" or (isinstance(cell, float) and np.isnan(cell)):
        return None
    if kind in {"bigint", "integer"}:
        return str(int(float(str(cell))))
    if kind == "double precision":
        return repr(float(str(cell)))
    return str(cell)
