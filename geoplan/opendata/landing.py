"""Layers of our own making brought into a workspace: files and manifest entries, all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import pyogrio

from geoplan.causes import cause
from geoplan.errors import LayerError, OutputError
from geoplan.i18n import _
from geoplan.layers import LayerEntry, read_manifest
from geoplan.layers.manifest_file import check_free, write_entries
from geoplan.layers.reading import read_raw
from geoplan.layers.validation import Door
from geoplan.model import Severity


@dataclass(frozen=True)
class NewLayer:
    """A layer that is to be brought in.

    Attributes:
        entry: its manifest entry; the file is named when it is written.
        suffix: ``.gpkg``, or ``.parquet`` for roads with the identities of their vertices.
    """

    entry: LayerEntry
    rows: gpd.GeoDataFrame
    suffix: str = ".gpkg"


def check_roles(root: Path, roles: Sequence[str], *, replace_entries: bool) -> None:
    """Refuse, before any work is done, to put layers in the place of known ones unless that is what is asked.

    Raises:
        WorkspaceError, ManifestError: the workspace cannot be read, or has one of the roles.
    """
    manifest = read_manifest(root)
    for role in roles:
        check_free(manifest.entry(role), role, replace=replace_entries)


def bring_in(root: Path, layers: Sequence[NewLayer], staging: Path, *, replace_entries: bool) -> tuple[LayerEntry, ...]:
    """Write layers into a workspace; their entries. Files of earlier ones stay.

    Args:
        staging: a folder on the same disk.

    Raises:
        LayerError: a layer does not hold what its role asks.
        WorkspaceError, ManifestError: the workspace cannot be read, or has a role already.
        OutputError: it cannot be written; then it is as it was.
    """
    staged = [(_written(layer, staging), layer.entry) for layer in layers]
    moved: list[tuple[Path, Path]] = []
    entries = []
    try:
        for file, entry in staged:
            target = _free_place(root / "layers", entry.role, file.suffix)
            file.rename(target)
            moved.append((file, target))
            entries.append(replace(entry, file=target.name))
        write_entries(root, entries, replace=replace_entries)
    except BaseException as error:
        for file, target in moved:
            with suppress(OSError):
                target.rename(file)
        if isinstance(error, OSError) and not isinstance(error, OutputError):
            raise OutputError(_("无法写入 {file}：{error}").format(file=root, error=cause(error))) from error
        raise
    return tuple(entries)


def _written(layer: NewLayer, staging: Path) -> Path:
    """The layer's file, read back through the same door as every layer."""
    file = staging / f"{layer.entry.role}{layer.suffix}"
    if layer.suffix == ".parquet":
        layer.rows.to_parquet(file)
    else:
        pyogrio.write_dataframe(layer.rows, file, layer=layer.entry.role)
    entry = replace(layer.entry, file=file.name)
    door = Door(read_raw(file, entry), entry)
    door.pass_through()
    errors = tuple(problem for problem in door.problems if problem.severity is Severity.ERROR)
    if errors:
        raise LayerError(_("数据不能用作图层，没有写入。"), errors)
    file.chmod(0o644)
    return file


def _free_place(folder: Path, role: str, suffix: str) -> Path:
    """The role's name, with a number when that is taken."""
    number = 1
    while (place := folder / f"{role}{'' if number == 1 else f'-{number}'}{suffix}").exists():
        number += 1
    return place
