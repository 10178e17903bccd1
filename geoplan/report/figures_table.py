"""The table of figures that an official types: one row for each rule that no layer can answer."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Lock

import pandas as pd

from geoplan.causes import cause
from geoplan.errors import OutputError, ScenarioError
from geoplan.i18n import _
from geoplan.layers import MANIFEST, LayerEntry, Manifest
from geoplan.layers.reading import csv_table
from geoplan.model import Rule
from geoplan.report import tables
from geoplan.scenario.edits import checked_text
from geoplan.standards import Pack
from geoplan.standards.measures.entered import kind_word, value_of

FIGURES_CSV = "figures.csv"
TYPED = ("value", "source", "as_of", "entered_by", "note")
_COLUMNS = ("rule", "name", "unit", "target", "due", "clause", *TYPED)
_MOST = 500  # characters of one cell
_YEAR, _MONTH = 4, 7  # characters of 2024 and 2024-12
_writing = Lock()


@dataclass(frozen=True, slots=True)
class Typed:
    """What an official typed for one rule; an empty value says that it is not known."""

    value: str = ""
    source: str = ""
    as_of: str = ""
    entered_by: str = ""
    note: str = ""

    @classmethod
    def of(cls, row: Mapping[str, object]) -> Typed:
        """From a row of the layer or of its file, without blanks at either end."""
        return cls(*(str(row.get(name, "")).strip() for name in TYPED))


@dataclass(frozen=True)
class _Table:
    """The file as it is: its cells as text under its own column names.

    Attributes:
        entry: how the manifest describes it; None where it does not yet.
    """

    manifest: Manifest
    path: Path
    entry: LayerEntry | None
    cells: pd.DataFrame

    def column(self, name: str) -> str:
        """What the file calls a field."""
        return self.entry.columns.get(name, name) if self.entry else name

    def write(self, cells: pd.DataFrame) -> None:
        """Replace the file; a table that the manifest does not know is entered there."""
        encoding = (self.entry.encoding if self.entry else "") or "utf-8-sig"  # a mark that office programs know
        _replace(self.path, cells.fillna("").to_csv(index=False).encode(encoding))
        if self.entry is None:
            _register(self.manifest)


def _table(manifest: Manifest) -> _Table:
    entry = manifest.entry("figures")
    if entry is not None and entry.in_database:
        raise OutputError(_("填报数据在数据库中（{place}），请在那里填写。").format(place=entry.place))
    path = manifest.root / "layers" / FIGURES_CSV if entry is None else manifest.path(entry)
    if path.suffix.lower() != ".csv":
        raise OutputError(_("{file} 不是 CSV，无法补充行；请另存为 CSV 并改正 manifest.toml。").format(file=path))
    table = _Table(manifest, path, entry, _existing(path, entry.encoding if entry else ""))
    if table.column("rule") not in table.cells.columns:
        text = _("{file} 没有“{column}”列，无法补充行。")
        raise OutputError(text.format(file=path, column=table.column("rule")))
    return table


def _existing(path: Path, encoding: str) -> pd.DataFrame:
    if not path.is_file():
        return pd.DataFrame(columns=["rule"], dtype=object)
    try:
        return csv_table(path, encoding)
    except (OSError, ValueError) as error:
        raise OutputError(_("{file} 无法读取：{error}").format(file=path, error=cause(error))) from error


def write_figures_table(manifest: Manifest, pack: Pack) -> tuple[Path, int]:
    """Write or complete a workspace's table of figures for a pack; its file, and how many rows are new.

    What is in the table stays as it is; rules that it lacks are added at its end. A workspace without such a table gets
    ``layers/figures.csv``, entered in its manifest.

    Raises:
        OutputError: the table is no CSV, lacks the column ``rule``, or cannot be written.
    """
    with _writing:
        table = _table(manifest)
        missing = [rule for rule in entered_rules(pack) if rule.id not in set(table.cells[table.column("rule")])]
        table.write(_with_rows(table, missing))
    return table.path, len(missing)


def entered_rules(pack: Pack) -> list[Rule]:
    """The rules whose figures are typed."""
    return [rule for rule in pack.rules if rule.measure == "entered"]


def _with_rows(table: _Table, rules: Iterable[Rule]) -> pd.DataFrame:
    """The cells with a blank row for each of these rules at the end."""
    new = pd.DataFrame([_row(rule) for rule in rules], columns=list(_COLUMNS), dtype=object)
    new = new.rename(columns={name: table.column(name) for name in _COLUMNS})
    columns = list(table.cells.columns) if len(table.cells) else list(new.columns)
    columns += [name for name in new.columns if name not in columns]
    return pd.concat([table.cells.reindex(columns=columns), new.reindex(columns=columns)], ignore_index=True).fillna("")


def _row(rule: Rule) -> tuple[str, ...]:
    due = rule.due.isoformat() if rule.due else ""
    clause = f"{rule.clause.document} {rule.clause.section}"
    told = (rule.id, rule.name, rule.value_unit, tables.demand_text(rule), due, clause)
    return (*(str(tables.plain(text)) for text in told), *("" for _typed in TYPED))


def typed_figures(figures: pd.DataFrame | None, rules: Iterable[Rule]) -> dict[str, Typed]:
    """By rule what is typed for it: under its own id, else under its indicator's.

    Args:
        figures: the layer; None where there is none.
    """
    rows = {} if figures is None else {row["rule"]: Typed.of(row) for row in figures.to_dict("records")}
    filled = {name: typed for name, typed in rows.items() if typed.value}
    return {rule.id: filled.get(rule.id) or filled.get(rule.indicator) or rows.get(rule.id, Typed()) for rule in rules}


def typed_problems(typed: Typed, rule: Rule) -> list[tuple[str, str]]:
    """What is wrong with a row, as (field, what to do); one without a value says that the figure is not known."""
    found = [(name, text) for name in TYPED if (text := _text_problem(getattr(typed, name)))]
    if not typed.value or found:
        return found
    try:
        value_of(typed.value, rule)
    except ValueError:
        found.append(("value", _("“{value}”无法读作{kind}").format(value=typed.value, kind=kind_word(rule))))
    if not typed.source:
        found.append(("source", _("请填写来源")))
    if not _is_day(typed.as_of):
        found.append(("as_of", _("请填写日期，如 2024-12-31、2024-12 或 2024")))
    return found


def _text_problem(text: str) -> str:
    """Why a text cannot stand in the table; blank where it can. Office programs would run what looks like a formula."""
    try:
        checked_text(text, _("文字"), _MOST, blank=True)
    except ScenarioError as error:
        return str(error).rstrip("。.")
    if tables.plain(text) == text or _is_number(text):
        return ""
    return _("不能以“{sign}”开头，表格软件会当作公式").format(sign=text[0])


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "").removesuffix("%"))
    except ValueError:
        return False
    return True


def _is_day(text: str) -> bool:
    """Whether a text is a day, a month or a year."""
    whole = f"{text}-01-01" if len(text) == _YEAR else f"{text}-01" if len(text) == _MONTH else text
    try:
        date.fromisoformat(whole)
    except ValueError:
        return False
    return True


def save_figures(
    manifest: Manifest, pack: Pack, changed: Mapping[str, Typed], seen: Mapping[str, Typed]
) -> tuple[Path, int]:
    """Write what was typed into a workspace's table of figures, whole or not at all; its file, and how many rows changed.

    Every other row and column of the table stays as it is.

    Args:
        changed: by rule id the rows as they are to be.
        seen: by rule id the rows that the writer saw; a row that somebody changed since is not overwritten.

    Raises:
        OutputError: a row cannot be used or was changed since, or the table cannot be read or written.
    """
    rules = {rule.id: rule for rule in entered_rules(pack)}
    for name, typed in changed.items():
        for field, problem in typed_problems(typed, rules[name]):
            raise OutputError(_("{rule} 的 {field}：{problem}。").format(rule=name, field=field, problem=problem))
    with _writing:
        table = _table(manifest)
        key = table.column("rule")
        cells = _with_rows(table, [rules[name] for name in changed if name not in set(table.cells[key])])
        there = typed_figures(_as_layer(table, cells), [rules[name] for name in changed])
        for name in changed:
            if there[name] != seen[name]:
                raise OutputError(_changed_since(rules[name], there[name]))
        fresh = {name: typed for name, typed in changed.items() if typed != there[name]}
        for name, typed in fresh.items():
            place = cells.index[cells[key] == name][0]
            for field in TYPED:
                cells.loc[place, table.column(field)] = getattr(typed, field)
        if fresh:
            table.write(cells)
    return table.path, len(fresh)


def _as_layer(table: _Table, cells: pd.DataFrame) -> pd.DataFrame:
    """The cells under the names of the layer's fields."""
    return cells.rename(columns={table.column(name): name for name in ("rule", *TYPED)})


def _changed_since(rule: Rule, there: Typed) -> str:
    text = _("“{rule}”此间已由他人改为“{value}”（{source}，{who}），没有保存。请刷新页面，核对后再填。")
    return text.format(rule=tables.name_of(rule), value=there.value, source=there.source, who=there.entered_by)


def _register(manifest: Manifest) -> None:
    """Enter the table in the manifest, at its end."""
    path = manifest.root / MANIFEST
    text = path.read_text(encoding="utf-8").rstrip()
    layer = f'[[layer]]\nrole = "figures"\nfile = "{FIGURES_CSV}"\nsource = ""\n'
    _replace(path, f"{text}\n\n{layer}".encode())


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, readable by whom it was."""
    try:
        mode = path.stat().st_mode & 0o777 if path.is_file() else 0o644
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".geoplan-", delete=False) as scratch:
            scratch.write(content)
        try:
            Path(scratch.name).chmod(mode)
            os.replace(scratch.name, path)  # noqa: PTH105 - replaces on Windows too
        except OSError:
            Path(scratch.name).unlink()
            raise
    except OSError as error:
        raise OutputError(_("无法写入 {file}：{error}").format(file=path, error=cause(error))) from error
