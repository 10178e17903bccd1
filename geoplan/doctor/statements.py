"""Checks of what the data say of themselves: parts above their whole, two sources of one fact, layers without a source."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from geoplan.doctor.records import Case, Finding, finding, shapes_of
from geoplan.i18n import _, mark
from geoplan.layers import Layers
from geoplan.layers.facilities import SEVERAL, TIED
from geoplan.layers.manifest import REPAIRS, Repair
from geoplan.layers.schema import ROLES
from geoplan.layers.validation import PARTS, part_problems
from geoplan.model import Severity

_MANIFEST = "manifest"
_STATED = (("source", mark("来源")), ("licence", mark("许可")), ("as_of", mark("日期")))


def parts_above_whole(case: Case) -> Iterator[Finding]:
    """Rows of which a part exceeds the whole: more nursing beds than beds, more people of 60 than people."""
    for role, frame in case.layers.frames.items():
        if role not in REPAIRS["blank_cells"].roles:
            continue
        fields = [pair for pair in PARTS if set(pair) <= set(frame) and (frame[pair[0]] > frame[pair[1]]).any()]
        for pair, problem in zip(fields, part_problems(role, frame), strict=True):
            where = shapes_of(case.layers, role, problem.rows)
            unknown = (Repair("blank_cells", rows=problem.rows, fields=pair),)
            yield Finding(problem, count=len(problem.rows), where=where, repairs=unknown)


def two_sources(case: Case) -> Iterator[Finding]:
    """Facilities of which several statements are there."""
    for problem in case.layers.problems:
        if problem.layer == "facilities" and problem.message in {_(SEVERAL), _(TIED)}:
            where = shapes_of(case.layers, "facilities", problem.rows)
            repairs = _preferences(case.layers, problem.rows)
            yield Finding(problem, count=len(problem.rows), where=where, repairs=repairs)


def _preferences(layers: Layers, ids: tuple[str, ...]) -> tuple[Repair, ...]:
    """For each source that has a name: only what it says of these facilities counts."""
    frames = [layers.frames["facilities"], layers.frames["facility_versions"]]
    said = pd.concat([frame.loc[frame["facility_id"].isin(ids), ["facility_id", "source"]] for frame in frames])
    by_source = said[said["source"] != ""].groupby("source")["facility_id"]
    return tuple(
        Repair("prefer_source", rows=tuple(sorted(set(rows))), source=str(source)) for source, rows in by_source
    )


def undocumented(case: Case) -> Iterator[Finding]:
    """Layers of which the manifest does not say where they come from, who may use them, or of when they are."""
    for key, label in _STATED:
        lacking = [entry.role for entry in case.layers.manifest.layers if not getattr(entry, key)]
        if lacking:
            text = _("没有写明{what}的图层：{layers}").format(
                what=_(label), layers=_("、").join(_(ROLES[role].label) for role in lacking)
            )
            remedy = _("请在 manifest.toml 的这些图层补写 {key}").format(key=key)
            yield finding(Severity.NOTE, _MANIFEST, text, remedy, count=len(lacking))
