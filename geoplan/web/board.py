"""The verdict board: which verdicts a reader looks at, and the rows that show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from geoplan.assess import Assessment
from geoplan.i18n import _
from geoplan.model import OUTCOME_LABELS, OUTCOME_SYMBOLS, Binding, Outcome, Verdict
from geoplan.report import stock, tables
from geoplan.report.change import Change, verdict_change
from geoplan.web import rows
from geoplan.web.rows import Table

COUNTY = "county"
LAYER_OF: Mapping[str, str] = {
    "county": "townships",
    "township": "townships",
    "estate": "estates",
    "facility": "facilities",
    "asset": "idle_assets",
}
"""The map's layer that shows the units of a level; the others are not on the map."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the verdicts is looked at; an empty set keeps all.

    Attributes:
        lacking: only those that lack something, or cannot be evaluated.
        text: what name, clause, unit or id must contain.
    """

    level: str = COUNTY
    outcomes: frozenset[Outcome] = frozenset()
    bindings: frozenset[Binding] = frozenset()
    lacking: bool = False
    text: str = ""

    def keeps(self, verdict: Verdict) -> bool:
        """Whether a verdict is looked at."""
        return (
            verdict.count.level == self.level
            and (not self.outcomes or verdict.outcome in self.outcomes)
            and (not self.bindings or verdict.rule.binding in self.bindings)
            and (not self.lacking or lacks(verdict))
            and self.text.strip().casefold() in _words(verdict)
        )


def lacks(verdict: Verdict) -> bool:
    """Whether something is still to be done: something is needed, or a figure is missing."""
    return stock.own_need(verdict) or verdict.outcome is Outcome.NOT_EVALUABLE


def _words(verdict: Verdict) -> str:
    rule, count = verdict.rule, verdict.count
    parts = (tables.rule_name(verdict), rule.id, rule.clause.section, rule.clause.quote, count.unit, count.unit_name)
    return "\n".join(parts).casefold()


def levels(verdicts: Iterable[Verdict]) -> list[str]:
    """The levels that there are verdicts of, from the county down."""
    there = {verdict.count.level for verdict in verdicts}
    return [level for level in tables.LEVEL_LABELS if level in there]


def outcome_counts(verdicts: Iterable[Verdict]) -> dict[Outcome, int]:
    """How many verdicts there are of every outcome that occurs, in the order of the outcomes."""
    found = [verdict.outcome for verdict in verdicts]
    return {outcome: found.count(outcome) for outcome in Outcome if outcome in found}


def outcome_word(outcome: Outcome) -> str:
    """Symbol and word of an outcome."""
    return f"{OUTCOME_SYMBOLS[outcome]} {_(OUTCOME_LABELS[outcome])}"


def changes(verdicts: Iterable[Verdict], base: Assessment) -> list[Change | None]:
    """What became of each verdict since the base."""
    before = {(one.rule.id, one.count.level, one.count.unit): one for one in base.verdicts}
    return [
        verdict_change(before.get((one.rule.id, one.count.level, one.count.unit)), one, unit=False) for one in verdicts
    ]


def table(verdicts: list[Verdict], base: Assessment | None = None) -> Table:
    """The board, one row for each verdict in its order.

    Args:
        base: what the figures are held against; no column of changes without.
    """
    county = all(verdict.count.level == COUNTY for verdict in verdicts)
    changed = changes(verdicts, base) if base else [None] * len(verdicts)
    in_the_pack = (("binding", _("约束力"), rows.TEXT), ("due", _("期限"), rows.TEXT), ("clause", _("条款"), rows.LONG))
    records = [_record(*pair) for pair in zip(verdicts, changed, strict=True)]
    return rows.table(
        records,
        ("name", _("指标"), rows.LONG),
        *(() if county else (("unit", _("名称"), rows.TEXT),)),
        ("value", _("现值"), rows.FIGURE),
        ("target", _("目标"), rows.FIGURE),
        ("outcome", _("结论"), rows.TEXT),
        *((("change", _("较现状"), rows.TEXT),) if base else ()),
        ("needed", _("还需"), rows.FIGURE),
        ("count", _("计数"), rows.FIGURE),
        # What does not fit on a small screen beside a change stands beside the plan's words.
        *(() if base else in_the_pack),
    )


def _target(verdict: Verdict) -> str:
    """What is demanded, without the unit where the value beside it has the same."""
    text = tables.target_text(verdict)
    if verdict.value is None or verdict.value_unit == "%" or verdict.target is None:
        return text
    ends = {tables.unit_label(verdict.value_unit, count) for count in (Fraction(1), Fraction(2))}
    return next((text.removesuffix(f" {end}") for end in ends if end and text.endswith(f" {end}")), text)


def _record(verdict: Verdict, change: Change | None) -> dict[str, str]:
    return {
        "name": tables.rule_name(verdict),
        "unit": verdict.count.unit_name or verdict.count.unit,
        "value": tables.value_text(verdict),
        "count": tables.count_text(verdict) or "—",
        "target": _target(verdict),
        "outcome": tables.outcome_label(verdict),
        "needed": tables.needed_text(verdict) if stock.own_need(verdict) else "—",
        "change": change.text if change else "—",
        "binding": _(tables.BINDING_LABELS[verdict.rule.binding]),
        "due": verdict.rule.due.isoformat() if verdict.rule.due else "—",
        "clause": verdict.rule.clause.section,
    }
