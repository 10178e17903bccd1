"""The table of figures that an official types: one row for each rule that no layer can answer."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pandas as pd

from geoplan.errors import OutputError
from geoplan.i18n import _
from geoplan.layers import MANIFEST, Manifest
from geoplan.layers.reading import csv_table
from geoplan.report import tables
from geoplan.standards import Pack

FIGURES_CSV = "figures.csv"
_TYPED = ("value", "source", "as_of", "entered_by", "note")
_COLUMNS = ("rule", "name", "unit", "target", "due", "clause", *_TYPED)


def write_figures_table(manifest: Manifest, pack: Pack) -> tuple[Path, int]:
    """Write or complete a workspace's table of figures for a pack; its file, and how many rows are new.

    What is in the table stays as it is; rules that it lacks are added at its end. A workspace without such a table gets
    ``layers/figures.csv``, entered in its manifest.

    Raises:
        OutputError: the table is no CSV, lacks the column ``rule``, or cannot be written.
    """
    entry = manifest.entry("figures")
    path = manifest.root / "layers" / FIGURES_CSV if entry is None else manifest.path(entry)
    if path.suffix.lower() != ".csv":
        raise OutputError(_("{file} 不是 CSV，无法补充行；请另存为 CSV 并改正 manifest.toml。").format(file=path))
    there = _existing(path, entry.encoding if entry else "")
    asked = pd.DataFrame([_row(pack, number) for number in _entered(pack)], columns=list(_COLUMNS), dtype=object)
    column = entry.columns.get("rule", "rule") if entry else "rule"
    if column not in there.columns:
        raise OutputError(_("{file} 没有“{column}”列，无法补充行。").format(file=path, column=column))
    new = asked[~asked["rule"].isin(there[column])].rename(columns={"rule": column})
    columns = list(there.columns) if len(there) else list(new.columns)
    columns += [name for name in new.columns if name not in columns]
    table = pd.concat([there.reindex(columns=columns), new.reindex(columns=columns)]).fillna("")
    _replace(path, table.to_csv(index=False).encode(_encoding(entry.encoding if entry else "")))
    if entry is None:
        _register(manifest)
    return path, len(new)


def _entered(pack: Pack) -> list[int]:
    return [number for number, rule in enumerate(pack.rules) if rule.measure == "entered"]


def _row(pack: Pack, number: int) -> tuple[str, ...]:
    rule = pack.rules[number]
    due = rule.due.isoformat() if rule.due else ""
    clause = f"{rule.clause.document} {rule.clause.section}"
    told = (rule.id, rule.name, rule.value_unit, tables.demand_text(rule), due, clause)
    return (*(str(tables.plain(text)) for text in told), *("" for _typed in _TYPED))


def _existing(path: Path, encoding: str) -> pd.DataFrame:
    if not path.is_file():
        return pd.DataFrame(columns=["rule"], dtype=object)
    try:
        return csv_table(path, encoding)
    except (OSError, ValueError) as error:
        raise OutputError(_("{file} 无法读取：{error}").format(file=path, error=error)) from error


def _encoding(stated: str) -> str:
    """What the manifest says, else UTF-8 with a mark that office programs know."""
    return stated or "utf-8-sig"


def _register(manifest: Manifest) -> None:
    """Enter the table in the manifest, at its end."""
    path = manifest.root / MANIFEST
    text = path.read_text(encoding="utf-8").rstrip()
    layer = f'[[layer]]\nrole = "figures"\nfile = "{FIGURES_CSV}"\nsource = ""\n'
    _replace(path, f"{text}\n\n{layer}".encode())


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".geoplan-", delete=False) as scratch:
            scratch.write(content)
        os.replace(scratch.name, path)  # noqa: PTH105 - replaces on Windows too
    except OSError as error:
        raise OutputError(_("无法写入 {file}：{error}").format(file=path, error=error.strerror)) from error
