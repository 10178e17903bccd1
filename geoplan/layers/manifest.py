"""The manifest: which file is which layer, in which coordinate system, from whom and under what licence."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from geoplan.causes import cause
from geoplan.crs import DATUMS
from geoplan.errors import DatabaseError, ManifestError, WorkspaceError
from geoplan.i18n import _, mark
from geoplan.layers import postgres
from geoplan.layers.schema import ROLES

MANIFEST = Path("layers") / "manifest.toml"
SCHEMA = 1
COORDINATES = ("lon", "lat", "x", "y")
"""The columns of a CSV that hold its points."""
CORRECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "swapped_axes": mark("交换两个坐标"),
        "dms": mark("度分秒换算为度"),
        "number_units": mark("数字后的单位换算为本系统的单位"),
        "merged_cells": mark("合并单元格逐格填充"),
        "sum_rows": mark("合计行不作数据"),
    }
)
"""What is done to a file while it is read, and only where its entry says so."""
_PLACES = ("facilities", "demand", "estates", "clinics", "idle_assets", "seats")


@dataclass(frozen=True, slots=True)
class RepairKind:
    """What can be mended while a layer is read (``geoplan.layers.repairs``).

    Attributes:
        label: what it does, in Chinese.
        roles: the layers that it is for.
        needs: what an item of it must say besides its name.
        most_m: the largest ``within_m``; 0 where it takes none.
    """

    label: str
    roles: tuple[str, ...]
    needs: tuple[str, ...] = ()
    most_m: float = 0.0


REPAIRS: Mapping[str, RepairKind] = MappingProxyType(
    {
        "set_datum": RepairKind(mark("改按另一坐标基准读入"), _PLACES, ("datum",)),
        "drop_duplicates": RepairKind(mark("删去与另一行完全相同的行"), _PLACES, ("rows",)),
        "exclude_rows": RepairKind(mark("不计入这些行"), _PLACES, ("rows",)),
        "blank_cells": RepairKind(mark("把这些格改作未知"), _PLACES, ("rows", "fields")),
        "prefer_source": RepairKind(mark("只采用一个来源的资料"), ("facilities",), ("rows", "source")),
        "clip_overlaps": RepairKind(mark("从代码较大的单元减去重叠"), ("units",), ("rows",)),
        "fill_gaps": RepairKind(mark("把窄缝并入相邻的单元"), ("units",), ("within_m",), most_m=200.0),
        # Beyond 20 m an end that is drawn on comes to another place.
        "snap_ends": RepairKind(mark("接通断开的道路端点"), ("roads",), most_m=20.0),
        "node_crossings": RepairKind(mark("在道路交叉处加上节点"), ("roads",)),
    }
)


@dataclass(frozen=True, slots=True)
class Repair:
    """A repair of a layer, done at every reading for as long as the entry has it.

    Attributes:
        name: of ``REPAIRS``.
        within_m: of ``snap_ends`` the distance, of ``fill_gaps`` the width (metres).
        rows: the ids that it is about.
        fields: of ``blank_cells`` the fields; ``geometry`` is the place.
        datum: of ``set_datum`` what the file's degrees really are.
        source: of ``prefer_source`` the one that counts.
        on: the day on which it was asked for.
    """

    name: str
    within_m: float = 0.0
    rows: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    datum: str = ""
    source: str = ""
    on: date | None = None

    def joined(self, later: Repair) -> Repair | None:
        """This repair and a later one of its kind as one; None where both have to stand."""
        if self.name != later.name or (self.fields, self.source) != (later.fields, later.source):
            return None
        return replace(later, rows=tuple(dict.fromkeys((*self.rows, *later.rows))))


@dataclass(frozen=True, slots=True)
class LayerEntry:
    """One layer as the manifest describes it.

    Attributes:
        file: path below ``layers/``, or the address of a database.
        layer: the layer's name inside a GeoPackage, the table of a database; may be empty when there is only one.
        geometry: of a table with several geometry columns, which one.
        crs: what PROJ understands; needed where the file carries none.
        datum: ``gcj02`` or ``bd09`` for shifted coordinates in degrees.
        encoding: of Shapefile attributes and CSV; UTF-8 or what the .cpg says when empty.
        file_crs: what the file itself claims, where that is known to be wrong and ``crs`` holds.
        header_row: of a CSV or a sheet, the row of the column names, counted from 1.
        corrections: of ``CORRECTIONS``.
        columns: our field names to the file's column names.
        constants: our field names to one value for all rows, for fields that the file lacks.
        notes: what was found when the file was brought in, and why it is read so.
        repairs: what is mended at reading, in this order.
    """

    role: str
    file: str
    layer: str = ""
    geometry: str = ""
    crs: str = ""
    datum: str = ""
    encoding: str = ""
    file_crs: str = ""
    header_row: int = 1
    corrections: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    constants: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    source: str = ""
    licence: str = ""
    as_of: date | None = None
    synthetic: bool = False
    notes: tuple[str, ...] = ()
    repairs: tuple[Repair, ...] = ()

    @property
    def in_database(self) -> bool:
        """Whether the layer is a table of a database and no file."""
        return postgres.is_address(self.file)

    @property
    def place(self) -> str:
        """Where the layer comes from, for people: its file, or its database without the user, and its table."""
        return f"{postgres.shown(self.file)} {self.layer}".strip() if self.in_database else self.file


@dataclass(frozen=True, slots=True)
class Manifest:
    """A workspace's table of contents.

    Attributes:
        root: the workspace's folder.
        pack: the rule pack it is checked against unless another is asked for.
        analysis_crs: a metric CRS to use instead of the one its longitude gives.
    """

    root: Path
    name: str
    name_en: str
    layers: tuple[LayerEntry, ...]
    pack: str = ""
    year: int | None = None
    analysis_crs: str = ""

    @property
    def synthetic_roles(self) -> tuple[str, ...]:
        """The layers that are made up and must be labelled wherever they are seen."""
        return tuple(entry.role for entry in self.layers if entry.synthetic)

    def entry(self, role: str) -> LayerEntry | None:
        """The layer of a role, if the workspace has one."""
        return next((entry for entry in self.layers if entry.role == role), None)

    def path(self, entry: LayerEntry) -> Path:
        """Where a layer's file is; of a table of a database, which has none, nothing that exists."""
        return self.root / "layers" / entry.file


def read_manifest(root: Path) -> Manifest:
    """Read ``layers/manifest.toml`` of a workspace.

    Raises:
        WorkspaceError: there is no manifest.
        ManifestError: it is not TOML, or says something it should not.
    """
    path = root / MANIFEST
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        text = _("{folder} 不是工作区：缺少 {manifest}。请换一个文件夹，或先用 geoplan demo 生成示例。")
        raise WorkspaceError(text.format(folder=root, manifest=MANIFEST.as_posix())) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ManifestError(
            _("{file} 不是有效的 UTF-8 TOML 文件：{error}").format(file=path, error=cause(error))
        ) from error
    except OSError as error:
        raise WorkspaceError(_("无法读取 {file}：{error}").format(file=path, error=cause(error))) from error
    return _manifest(root, table)


def _manifest(root: Path, table: dict[str, Any]) -> Manifest:
    where = MANIFEST.as_posix()
    entries = table.pop("layer", [])
    schema = table.pop("schema", SCHEMA)
    if schema != SCHEMA:
        raise ManifestError(
            _("{file}：schema = {schema}，本程序只认识 {known}。").format(file=where, schema=schema, known=SCHEMA)
        )
    if not isinstance(entries, list):
        raise ManifestError(_("{file}：layer 应当写成 [[layer]]。").format(file=where))
    kinds = {"name": str, "name_en": str, "pack": str, "year": int, "analysis_crs": str}
    _check(table, kinds, where)
    layers = tuple(_entry(entry, number) for number, entry in enumerate(entries, start=1))
    roles = [entry.role for entry in layers]
    for role in roles:
        if roles.count(role) > 1:
            raise ManifestError(
                _("{file}：图层角色 {role} 出现了多次，请合并为一个图层。").format(file=where, role=role)
            )
    name = table.pop("name", root.resolve().name)
    return Manifest(root=root, name=name, name_en=table.pop("name_en", "") or name, layers=layers, **table)


def _entry(table: Any, number: int) -> LayerEntry:
    where = _("{file} 第 {number} 个 [[layer]]").format(file=MANIFEST.as_posix(), number=number)
    if not isinstance(table, dict):
        raise ManifestError(_("{where} 应当是表。").format(where=where))
    kinds: dict[str, type] = {item.name: str for item in fields(LayerEntry)}
    others = {"columns": dict, "constants": dict, "corrections": list, "notes": list, "repairs": list}
    _check(table, {**kinds, **others, "header_row": int, "as_of": date, "synthetic": bool}, where)
    for required in ("role", "file"):
        if not table.get(required):
            raise ManifestError(_("{where} 缺少 {key}。").format(where=where, key=required))
    if table["role"] not in ROLES:
        text = _("{where}：没有名为“{role}”的图层角色，可用：{known}。")
        raise ManifestError(text.format(where=where, role=table["role"], known=", ".join(ROLES)))
    _check_datum(table.get("datum", "wgs84"), where)
    _inside(table["file"], where)
    texts = {key: tuple(map(str, table.get(key, ()))) for key in ("corrections", "notes")}
    for name in texts["corrections"]:
        if name not in CORRECTIONS:
            text = _("{where}：没有名为“{name}”的更正（corrections），可用：{known}。")
            raise ManifestError(text.format(where=where, name=name, known=", ".join(CORRECTIONS)))
    fields_ = [item.name for item in ROLES[table["role"]].fields]
    columns = _by_field(table, "columns", (*fields_, *COORDINATES), where)
    repairs = tuple(_repair(each, table["role"], where) for each in table.get("repairs", ()))
    given = {"columns": columns, "constants": _by_field(table, "constants", fields_, where), "repairs": repairs}
    return LayerEntry(**{**table, **texts, **given})


def _repair(table: Any, role: str, where: str) -> Repair:
    if not isinstance(table, dict):
        raise ManifestError(_('{where}：repairs 的每一项应写成 {{ name = "…" }}。').format(where=where))
    where = _("{where} 的 repairs").format(where=where)
    if isinstance(table.get("within_m"), int):
        table = {**table, "within_m": float(table["within_m"])}
    texts = {"name": str, "datum": str, "source": str}
    _check(table, {**texts, "within_m": float, "rows": list, "fields": list, "on": date}, where)
    known = [name for name, kind in REPAIRS.items() if role in kind.roles]
    if table.get("name") not in known:
        text = _("{where}：没有名为“{name}”的修补，可用：{known}。")
        raise ManifestError(text.format(where=where, name=table.get("name", ""), known=", ".join(known) or "–"))
    kind = REPAIRS[table["name"]]
    for key in kind.needs:
        if not table.get(key):
            raise ManifestError(_("{where} 缺少 {key}。").format(where=where, key=key))
    if not 0 <= table.get("within_m", 0.0) <= kind.most_m:
        text = _("{where}：within_m 须在 0 与 {most:g} 米之间。")
        raise ManifestError(text.format(where=where, most=kind.most_m))
    _check_datum(table.get("datum", "wgs84"), where)
    lists = {key: tuple(map(str, table.get(key, ()))) for key in ("rows", "fields")}
    blankable = ["geometry", *(item.name for item in ROLES[role].fields if not item.filled)]
    for name in lists["fields"]:
        if name not in blankable:
            text = _("{where}：{table} 中没有名为“{key}”的字段，可用：{known}。")
            raise ManifestError(text.format(where=where, table="fields", key=name, known=", ".join(blankable)))
    return Repair(**{**table, **lists})


def _check_datum(datum: str, where: str) -> None:
    if datum not in DATUMS:
        text = _("{where}：datum“{datum}”未知，可用：{known}。")
        raise ManifestError(text.format(where=where, datum=datum, known=", ".join(DATUMS)))


def _by_field(table: Mapping[str, Any], key: str, known: Sequence[str], where: str) -> Mapping[str, str]:
    """A table by our field names; a field that the role does not have would be passed over in silence."""
    given = {str(ours): str(theirs) for ours, theirs in table.get(key, {}).items()}
    for ours in given:
        if ours not in known:
            text = _("{where}：{table} 中没有名为“{key}”的字段，可用：{known}。")
            raise ManifestError(text.format(where=where, table=key, key=ours, known=", ".join(known)))
    return MappingProxyType(given)


def _inside(file: str, where: str) -> None:
    """A layer's file must lie below ``layers/``: a workspace can be copied as a whole, and cannot read elsewhere.

    A database is the exception, and has no password in its address.
    """
    if postgres.is_address(file):
        try:
            postgres.check_address(file)
        except DatabaseError as error:
            raise ManifestError(_("{where}：{told}").format(where=where, told=error)) from error
        return
    path = Path(file)
    if path.is_absolute() or ".." in path.parts:
        raise ManifestError(_("{where}：file“{name}”必须是 layers/ 之内的相对路径。").format(where=where, name=file))


def _check(table: dict[str, Any], kinds: Mapping[str, type], where: str) -> None:
    for key, value in table.items():
        if key not in kinds:
            text = _("{where}：不认识的键“{key}”，可用：{known}。")
            raise ManifestError(text.format(where=where, key=key, known=", ".join(kinds)))
        if not isinstance(value, kinds[key]) or (kinds[key] is int and isinstance(value, bool)):
            raise ManifestError(_("{where}：“{key}”的值类型不对。").format(where=where, key=key))
