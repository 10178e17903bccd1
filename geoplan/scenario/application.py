"""A scenario applied to layers gives new layers; what it does not touch is shared with the old ones."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.errors import EditsError
from geoplan.i18n import _
from geoplan.layers import Layers, content_digest
from geoplan.layers.schema import ROLES, Role
from geoplan.layers.units import assign_units
from geoplan.layers.validation import blank_row
from geoplan.model import Problem, Severity
from geoplan.scenario.edits import Edit
from geoplan.scenario.resolve import Row, baseline_row, resolve, same_row


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
    changed = {role: _differing(layers, role, rows) for role, rows in resolution.rows.items()}
    changed = {role: rows for role, rows in changed.items() if rows}
    roads = RoadChanges(resolution.closed, resolution.added)
    frames, digests, problems = dict(layers.frames), dict(layers.digests), list(layers.problems)
    for role, rows in changed.items():
        new, misfits = _assigned(layers, role, _frame(layers, ROLES[role], rows))
        frames[role] = _replaced(layers.get(role), new, ROLES[role].key, set(rows))
        digests[role] = _digest(layers.digests.get(role, ""), new, [row_id for row_id in rows if rows[row_id] is None])
        problems = [*_without(problems, role, set(rows)), *misfits]
    if roads:
        added = _frame(layers, ROLES["roads"], roads.added)
        digests["roads"] = _digest(layers.digests["roads"], added, [place.wkt for place in roads.closed.values()])
    touched = {role: tuple(sorted(rows)) for role, rows in changed.items()}
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
    steps = _("、").join(row.removeprefix("#") for row in problem.rows)
    where = _("第 {steps} 步：").format(steps=steps) if steps else ""
    return where + _("{message}（{remedy}）").format(message=problem.message, remedy=problem.remedy)


def _differing(layers: Layers, role: str, rows: Mapping[str, Row | None]) -> dict[str, Row | None]:
    """The rows that in the end differ from the baseline's."""
    frame, key = layers.get(role), ROLES[role].key
    return {row_id: row for row_id, row in rows.items() if not _unchanged(baseline_row(frame, key, row_id), row)}


def _unchanged(before: Row | None, after: Row | None) -> bool:
    if before is None or after is None:
        return before is after
    return same_row(before, after)


def _frame(layers: Layers, role: Role, rows: Mapping[str, Row | None]) -> gpd.GeoDataFrame:
    """The rows that are there, with the columns that the door gives and their types, sorted by id."""
    there = [row for _id, row in sorted(rows.items()) if row is not None]
    columns = {
        name: pd.Series([row[name] for row in there], dtype=float if isinstance(blank, float) else object)
        for name, blank in blank_row(role).items()
        if name != "geometry"
    }
    shapes = np.array([row["geometry"] for row in there], dtype=object)
    return gpd.GeoDataFrame(pd.DataFrame(columns), geometry=shapes, crs=layers.crs)


def _assigned(layers: Layers, role: str, rows: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """The rows with the township that loading them would give, where their layer has one."""
    units = {"units": layers.frames["units"]} if "units" in layers.frames else {}
    assigned, problems = assign_units({**units, role: rows})
    return assigned[role], problems


def _replaced(before: gpd.GeoDataFrame | None, rows: gpd.GeoDataFrame, key: str, ids: set[str]) -> gpd.GeoDataFrame:
    """A layer with these rows instead of those of the same ids, sorted by id."""
    parts = [] if before is None else [before[~before[key].isin(ids)]]
    together = [part for part in (*parts, rows) if len(part)] or [rows]
    columns = list(rows.columns if before is None else before.columns)
    return pd.concat(together)[columns].sort_values(key, ignore_index=True)


def _digest(before: str, rows: gpd.GeoDataFrame, gone: Sequence[str]) -> str:
    """SHA-256 of a layer of which some rows changed: the same for the same rows, whatever edits led to them."""
    return hashlib.sha256("\n".join([before, content_digest(rows), *sorted(gone)]).encode()).hexdigest()


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
