"""A scenario applied to layers gives new layers; what it does not touch is shared with the old ones."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from geopandas.array import GeometryArray

from geoplan.errors import EditsError
from geoplan.i18n import _
from geoplan.layers import Layers
from geoplan.layers.schema import ROLES, Role
from geoplan.layers.units import PLACED, unit_problems
from geoplan.layers.validation import blank_row
from geoplan.model import Problem, Severity
from geoplan.scenario.edits import Edit
from geoplan.scenario.resolve import Row, resolve

_MOST_STEPS = 8  # that a problem names


@dataclass(frozen=True)
class RoadChanges:
    """What a scenario does to the roads, for the network to work in.

    Attributes:
        closed: closure id to a point in the analysis CRS: the stretch of road nearest to it is closed.
        added: road id to the fields of the layer ``roads`` and ``geometry``, a line in the analysis CRS.
    """

    closed: Mapping[str, shapely.Point]
    added: Mapping[str, Row]

    def __bool__(self) -> bool:
        return bool(self.closed or self.added)


@dataclass(frozen=True)
class Applied:
    """Layers after the edits, and what the edits touched.

    Attributes:
        layers: new layers; frames without a change are the baseline's own. The roads' frame is the baseline's:
            what changes there stands in ``roads``. Digests tell other content of every touched role.
        touched: role to the ids that differ from the baseline, sorted; roles without a difference are absent.
        problems: notes on edits that change nothing.
    """

    layers: Layers
    touched: Mapping[str, tuple[str, ...]]
    roads: RoadChanges
    problems: tuple[Problem, ...]


def apply(layers: Layers, edits: Sequence[Edit]) -> Applied:
    """The layers after all edits; the given ones stay as they are.

    Raises:
        EditsError: some edit does not fit; it carries the problems of all edits. Nothing is applied then.
    """
    resolution = resolve(layers, edits)
    refuse_errors(resolution.problems)
    roads = RoadChanges(resolution.closed, resolution.added)
    frames, digests, problems = dict(layers.frames), dict(layers.digests), list(layers.problems)
    for role, rows in resolution.rows.items():
        new, misfits = _table(layers, ROLES[role], rows)
        frames[role] = _replaced(layers, ROLES[role], new, rows.keys())
        digests[role] = _digest(layers.digests.get(role, ""), rows)
        problems = [*_without(problems, role, set(rows)), *misfits]
    if roads:
        closed = {place.wkt: None for place in roads.closed.values()}
        digests["roads"] = _digest(layers.digests["roads"], {**roads.added, **closed})
    touched = {role: tuple(sorted(rows)) for role, rows in resolution.rows.items()}
    after = dataclasses.replace(layers, frames=frames, digests=digests, problems=tuple(problems))
    return Applied(after, MappingProxyType(touched), roads, resolution.problems)


def refuse_errors(problems: tuple[Problem, ...]) -> None:
    """Stop where an edit does not fit.

    Raises:
        EditsError: it carries the problems of all edits.
    """
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        text = _("方案有 {count} 处不能应用：{problems}")
        lines = _("；").join(edit_problem(problem) for problem in errors)
        raise EditsError(text.format(count=len(errors), problems=lines), problems)


def edit_problem(problem: Problem) -> str:
    """A problem of edits in one line: which steps, what, what to do."""
    steps = _("、").join(row.removeprefix("#") for row in problem.rows[:_MOST_STEPS])
    where = _("第 {steps} 步：").format(steps=steps) if steps else ""
    if len(problem.rows) > _MOST_STEPS:
        where = _("第 {steps} 等 {count} 步：").format(steps=steps, count=len(problem.rows))
    return where + _("{message}（{remedy}）").format(message=problem.message, remedy=problem.remedy)


def _table(layers: Layers, role: Role, rows: Mapping[str, Row | None]) -> tuple[pd.DataFrame, list[Problem]]:
    """The rows that are there as loading would give them, sorted by id, and what is wrong with the units they state."""
    there = [row for _id, row in sorted(rows.items()) if row is not None]
    columns: dict[str, object] = {
        name: pd.Series([row[name] for row in there], dtype=float if isinstance(blank, float) else object)
        for name, blank in blank_row(role).items()
        if name != "geometry"
    }
    shapes = np.array([row["geometry"] for row in there], dtype=object)
    problems = []
    if role.name in PLACED:
        found = layers.borders.assign(shapes, np.array([row["unit_code"] for row in there], dtype=object))
        columns |= {name: pd.Series(getattr(found, name), dtype=object) for name in ("township", "village")}
        columns["in_area"] = found.in_area
        problems = unit_problems(role.name, np.array([row[role.key] for row in there], dtype=object), found)
    return pd.DataFrame({**columns, "geometry": GeometryArray(shapes, crs=layers.crs)}, copy=False), problems


def _replaced(layers: Layers, role: Role, rows: pd.DataFrame, ids: Collection[str]) -> gpd.GeoDataFrame:
    """A layer with these rows instead of those of the same ids, sorted by id."""
    before = layers.get(role.name)
    if before is None:
        return gpd.GeoDataFrame(rows)
    others = before[role.key].to_numpy(object)
    kept = np.flatnonzero([name not in ids for name in others])
    if len(kept) and len(rows):
        order = np.argsort(np.concatenate([others[kept], rows[role.key].to_numpy(object)]), kind="stable")
        together = pd.concat([before.take(kept), rows]).take(order)
    else:
        together = before.take(kept) if len(kept) else gpd.GeoDataFrame(rows)[list(before.columns)]
    together.index = pd.RangeIndex(len(together))
    return together


def _digest(before: str, rows: Mapping[str, Row | None]) -> str:
    """SHA-256 of a layer of which some rows changed: the same for the same rows, whatever edits led to them."""
    told = [repr((row_id, None if row is None else _told(row))) for row_id, row in sorted(rows.items())]
    return hashlib.sha256("\n".join([before, *told]).encode()).hexdigest()


def _told(row: Row) -> list[tuple[str, object]]:
    """A row's cells in one form, however they were read."""
    return [(name, _plain(row[name])) for name in sorted(row)]


def _plain(cell: object) -> object:
    if isinstance(cell, shapely.Geometry):
        return shapely.to_wkb(cell, byte_order=1)
    return float(cell) if isinstance(cell, float) else cell


def _without(problems: Sequence[Problem], role: str, ids: set[str]) -> list[Problem]:
    """The baseline's problems without what they say of rows that are other rows now."""
    left = []
    for problem in problems:
        rows = tuple(row for row in problem.rows if row not in ids)
        if problem.layer != role or rows == problem.rows:
            left.append(problem)
        elif rows:
            left.append(dataclasses.replace(problem, rows=rows))
    return left
