"""Writes the manifest: the planner's comments and order stay, and a reader sees the old file or the new one, never half of one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from geoplan.causes import cause
from geoplan.errors import ManifestError, OutputError
from geoplan.i18n import _
from geoplan.layers.manifest import MANIFEST, LayerEntry, Repair, read_manifest

_BLANK = LayerEntry(role="", file="")


def write_entry(root: Path, entry: LayerEntry, *, replace: bool) -> None:
    """Add a layer to a workspace's manifest, or put it in the place of the one of its role.

    Raises:
        WorkspaceError, ManifestError: there is no manifest, it cannot be understood, or has the role and is to keep it.
        OutputError: it cannot be written.
    """
    write_entries(root, (entry,), replace=replace)


def write_entries(root: Path, entries: Sequence[LayerEntry], *, replace: bool) -> None:
    """The same for several layers of different roles: all of them or none.

    Raises:
        WorkspaceError, ManifestError: there is no manifest, it cannot be understood, or has a role and is to keep it.
        OutputError: it cannot be written.
    """
    manifest = read_manifest(root)
    for entry in entries:
        check_free(manifest.entry(entry.role), entry.role, replace=replace)
    path, before, document = _opened(root)
    layers = document.setdefault("layer", tomlkit.aot())
    for entry in entries:
        if manifest.entry(entry.role) is None:
            layers.append(_table(entry))
            continue
        place = next(number for number, layer in enumerate(layers) if layer["role"] == entry.role)
        layers[place].clear()
        layers[place].update(_table(entry))
    _write(path, before, document)


def add_repair(root: Path, role: str, repair: Repair) -> None:
    """Add a repair to a layer's entry; one of the same kind is extended.

    Raises:
        WorkspaceError, ManifestError: there is no manifest, it cannot be understood, or lacks the role.
        OutputError: it cannot be written.
    """
    known = _entry_of(root, role).repairs
    joined = next((joined for each in known if (joined := each.joined(repair)) is not None), repair)
    kept = [each for each in known if each.joined(repair) is None]
    _write_repairs(root, role, (*kept, joined))


def remove_repair(root: Path, role: str, repair: Repair) -> None:
    """Take a repair out of a layer's entry: the layer is read as it was before.

    Raises:
        WorkspaceError, ManifestError: there is no manifest, it cannot be understood, or has no such repair.
        OutputError: it cannot be written.
    """
    known = _entry_of(root, role).repairs
    if repair not in known:
        text = _("{role} 图层没有登记修补 {name}，没有改动。")
        raise ManifestError(text.format(role=role, name=repair.name))
    _write_repairs(root, role, tuple(each for each in known if each != repair))


def _entry_of(root: Path, role: str) -> LayerEntry:
    entry = read_manifest(root).entry(role)
    if entry is None:
        raise ManifestError(_("manifest.toml 没有 {role} 图层。").format(role=role))
    return entry


def _write_repairs(root: Path, role: str, repairs: tuple[Repair, ...]) -> None:
    path, before, document = _opened(root)
    layer = next(layer for layer in document["layer"] if layer["role"] == role)
    if repairs:
        layer["repairs"] = _value(repairs)
    else:
        layer.pop("repairs", None)
    _write(path, before, document)


def check_free(known: LayerEntry | None, role: str, *, replace: bool) -> None:
    """Refuse to put a layer in the place of a known one unless that is what is asked.

    Raises:
        ManifestError: the role is taken.
    """
    if known is not None and not replace:
        text = _("manifest.toml 已有 {role} 图层（{file}）。要换成新文件，请加 --replace；旧文件会保留。")
        raise ManifestError(text.format(role=role, file=known.place))


def _write(path: Path, before: str, document: tomlkit.TOMLDocument) -> None:
    """Write the manifest unless somebody else has changed it meanwhile."""
    if path.read_text(encoding="utf-8") != before:
        raise ManifestError(_("{file} 刚被别人改过，请再试一次。").format(file=path))
    write_text(path, tomlkit.dumps(document))


def _opened(root: Path) -> tuple[Path, str, tomlkit.TOMLDocument]:
    """The manifest's file, its text, and the same with its comments and order."""
    path = root / MANIFEST
    try:
        before = path.read_text(encoding="utf-8")
        return path, before, tomlkit.parse(before)
    except (OSError, TOMLKitError) as error:
        raise ManifestError(
            _("{file} 不是有效的 UTF-8 TOML 文件：{error}").format(file=path, error=cause(error))
        ) from error


def _repair(repair: Repair) -> Mapping[str, Any]:
    """What a repair says beyond what goes without saying."""
    cells = {item.name: getattr(repair, item.name) for item in fields(Repair)}
    return {name: list(cell) if isinstance(cell, tuple) else cell for name, cell in cells.items() if cell}


def write_text(path: Path, text: str) -> None:
    """Write a text file in one step.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError as error:
        raise OutputError(_("无法写入 {file}：{error}").format(file=path, error=cause(error))) from error


def _table(entry: LayerEntry) -> tomlkit.items.Table:
    """What the entry says beyond what goes without saying."""
    table = tomlkit.table()
    table.trivia.indent = "\n"  # a blank line before it
    for item in fields(LayerEntry):
        value = getattr(entry, item.name)
        if value != getattr(_BLANK, item.name):
            table[item.name] = _value(value)
    return table


def _value(value: Any) -> Any:
    if isinstance(value, Mapping):
        inline = tomlkit.inline_table()
        inline.update(value)
        return inline
    if isinstance(value, tuple):
        array = tomlkit.array()
        array.extend(_value(_repair(item)) if isinstance(item, Repair) else _value(item) for item in value)
        return array.multiline(multiline=True)
    return value
