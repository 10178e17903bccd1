"""Alternatives side by side as tables for the screen."""

from __future__ import annotations

from typing import Any

import pandas as pd

from geoplan.compare import Comparison
from geoplan.i18n import _
from geoplan.model import Verdict
from geoplan.report import alternatives, tables
from geoplan.report.alternatives import Comparisons
from geoplan.report.change import verdict_change
from geoplan.web import rows
from geoplan.web.rows import Table

COUNTY = "county"


def verdict_table(comparisons: Comparisons, *, flipped_only: bool, level: str = COUNTY) -> Table:
    """Rules down, the workspace and each alternative across; a symbol before what is better or worse than it.

    Args:
        flipped_only: only rules whose outcome differs in some alternative.
        level: of the units that verdicts are about.
    """
    over = alternatives.headings(comparisons)
    records: dict[tuple[str, str], dict[str, Any]] = {}
    flipped: set[tuple[str, str]] = set()
    for name, comparison in comparisons.items():
        for row in comparison.verdicts[comparison.verdicts["level"] == level].to_dict("records"):
            key, known = (row["rule"], row["unit"]), row["after"] or row["before"]
            record = records.setdefault(key, _head(known, row["before"]))
            record[name] = _cell(row["before"], row["after"])
            flipped |= {key} if row["flipped"] else set()
    kept = [record for key, record in records.items() if key in flipped or not flipped_only]
    return rows.table(
        [dict.fromkeys(comparisons, "—") | record for record in kept],
        ("rule", _("指标"), rows.LONG),
        *(() if level == COUNTY else (("unit", _("名称"), rows.TEXT),)),
        ("target", _("目标"), rows.FIGURE),
        ("base", alternatives.base_heading(), rows.TEXT),
        *((name, heading, rows.TEXT) for name, heading in over.items()),
    )


def _head(known: Verdict, before: Verdict | None) -> dict[str, str]:
    return {
        "rule": tables.rule_name(known),
        "unit": known.count.unit_name,
        "target": tables.target_text(known),
        "base": "—" if before is None else _told(before),
    }


def _told(verdict: Verdict) -> str:
    return f"{tables.value_text(verdict)} {tables.outcome_label(verdict)}"


def _cell(before: Verdict | None, after: Verdict | None) -> str:
    if after is None:
        return "—"
    change = verdict_change(before, after)
    return f"{change.turn.value} {_told(after)}" if change else _told(after)


def people_table(comparisons: Comparisons, service: str, group: str) -> Table:
    """Units down; people covered now, and for each alternative those gained and lost and the sum then."""
    over = alternatives.headings(comparisons)
    records: dict[str, dict[str, Any]] = {}
    for name, comparison in comparisons.items():
        coverage = comparison.coverage
        for row in coverage[(coverage["service"] == service) & (coverage["group"] == group)].to_dict("records"):
            record = records.setdefault(row["unit"], {**row, "unit_name": row["unit_name"] or _("未划入镇街")})
            record |= {f"{name} {what}": row[what] for what in ("gained", "lost", "covered_after")}
    words = {"gained": _("{name} 新增"), "lost": _("{name} 失去"), "covered_after": _("{name} 合计")}
    return rows.table(
        records.values(),
        ("unit_name", _("单元"), rows.TEXT),
        ("people", _("总数（人）"), rows.PEOPLE),
        ("covered_before", _("工作区现状已覆盖"), rows.PEOPLE),
        *(
            (f"{name} {what}", word.format(name=heading), rows.PEOPLE)
            for name, heading in over.items()
            for what, word in words.items()
        ),
        key="unit",
        layer="townships",
    )


def amount_table(comparisons: Comparisons) -> Table:
    """Beds, floor area and land, the workspace and each alternative across."""
    return _of_frame(alternatives.amount_matrix(comparisons), rows.FIGURE)


def touched_table(comparison: Comparison) -> Table:
    """The facilities that an alternative touches, and what it changes of each."""
    frame = alternatives.touched_table(comparison)
    ids = tuple(str(name) for name in comparison.facilities["facility_id"])
    kinds = {word: rows.LONG if word == _("内容") else rows.TEXT for word in frame.columns}
    return Table(frame.astype(str).reset_index(drop=True), kinds, ids, "facilities")


def _of_frame(frame: pd.DataFrame, kind: str) -> Table:
    """A table of texts whose first column names the row."""
    first, *others = (str(word) for word in frame.columns)
    return Table(frame.astype(str).reset_index(drop=True), {first: rows.TEXT, **dict.fromkeys(others, kind)})
