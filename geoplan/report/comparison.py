"""What stands side by side: two statements of one fact, and two packs on the same facts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import pandas as pd

from geoplan.assess import Assessment
from geoplan.compliance import Findings
from geoplan.i18n import _
from geoplan.model import Conflict, Verdict
from geoplan.report import tables


def said_by(conflict: Conflict) -> str:
    """Who says otherwise, and of when."""
    return _("，").join(part for part in (conflict.source, conflict.as_of) if part) or _("未注明来源")


def conflict_record(conflict: Conflict) -> dict[str, Any]:
    """A conflict for machines: both verdicts in full."""
    return {
        "facilities": list(conflict.facilities),
        "source": conflict.source,
        "as_of": conflict.as_of,
        "rule": conflict.verdict.rule.id,
        "indicator": conflict.verdict.rule.indicator,
        "unit": conflict.verdict.count.unit,
        "unit_name": conflict.verdict.count.unit_name,
        "turns": conflict.verdict.outcome is not conflict.other.outcome,
        "verdict": tables.verdict_record(conflict.verdict),
        "other": tables.verdict_record(conflict.other),
    }


def conflict_table(assessment: Assessment) -> pd.DataFrame:
    """All conflicts for readers, those that turn an outcome first."""
    columns = [_("指标"), _("层级"), _("名称"), _("现值"), _("结论"), _("另一来源的值"), _("另一来源的结论")]
    columns += [_("结论改变"), _("另一来源"), _("涉及设施"), _("规则"), _("数据性质")]
    label = tables.synthetic_label(assessment)
    rows = [
        (
            tables.rule_name(conflict.verdict),
            tables.level_label(conflict.verdict.count.level),
            conflict.verdict.count.unit_name,
            tables.value_text(conflict.verdict),
            tables.outcome_label(conflict.verdict),
            tables.value_text(conflict.other),
            tables.outcome_label(conflict.other),
            _("是") if conflict.verdict.outcome is not conflict.other.outcome else _("否"),
            said_by(conflict),
            _("、").join(conflict.facilities),
            conflict.verdict.rule.id,
            label,
        )
        for conflict in turning_first(assessment.conflicts)
    ]
    return pd.DataFrame(rows, columns=columns).map(tables.plain)


def turning_first(conflicts: tuple[Conflict, ...]) -> list[Conflict]:
    """Those that turn an outcome before those that only move a value."""
    return sorted(conflicts, key=lambda conflict: conflict.verdict.outcome is conflict.other.outcome)


@dataclass(frozen=True)
class Pair:
    """What two packs say of one indicator for the county; None where a pack says nothing of it."""

    indicator: str
    ours: Verdict | None
    theirs: Verdict | None

    @property
    def differs(self) -> bool:
        """Whether both speak of it and come to another outcome, value or target."""
        if self.ours is None or self.theirs is None:
            return False
        return _gist(self.ours) != _gist(self.theirs)

    @property
    def name(self) -> str:
        """The indicator in words."""
        verdict = self.ours or self.theirs
        return self.indicator if verdict is None else tables.rule_name(verdict)


def _gist(verdict: Verdict) -> tuple[object, ...]:
    return verdict.outcome, verdict.value, verdict.target, verdict.comparator, verdict.rule.upper


def pairs(assessment: Assessment, other: Findings) -> list[Pair]:
    """The county's verdicts of two packs side by side, in the order of the first pack.

    An indicator may have several rules; those with the same measure and scope stand beside each other, the rest in order.
    """
    ours, theirs = _by_indicator(assessment.verdicts), _by_indicator(other.verdicts)
    found = []
    for indicator in dict.fromkeys([*ours, *theirs]):
        left, right = ours.get(indicator, []), theirs.get(indicator, [])
        found += [Pair(indicator, one, two) for one, two in _beside(left, right)]
    return found


def _beside(left: list[Verdict], right: list[Verdict]) -> list[tuple[Verdict | None, Verdict | None]]:
    alike, alone, rest = [], [], list(right)
    for one in left:
        twin = next((two for two in rest if _kind(two) == _kind(one)), None)
        if twin is None:
            alone.append(one)
        else:
            rest.remove(twin)
            alike.append((one, twin))
    return [*alike, *zip_longest(alone, rest)]


def _by_indicator(verdicts: tuple[Verdict, ...]) -> dict[str, list[Verdict]]:
    groups: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.count.level == "county":
            groups.setdefault(verdict.rule.indicator, []).append(verdict)
    return groups


def _kind(verdict: Verdict) -> tuple[object, ...]:
    return verdict.rule.measure, sorted((key, str(value)) for key, value in verdict.rule.scope.items())


def packs_record(assessment: Assessment) -> dict[str, Any]:
    """For machines, with several packs only: each one's verdicts, and where they differ from the first pack's."""
    if not assessment.beside:
        return {}
    own = assessment.findings
    differences = [
        {
            "indicator": pair.indicator,
            "packs": [assessment.pack.id, other.pack.id],
            "rules": [pair.ours.rule.id, pair.theirs.rule.id],
            "verdicts": [pair.ours.outcome.value, pair.theirs.outcome.value],
        }
        for other in assessment.beside
        for pair in pairs(assessment, other)
        if pair.differs and pair.ours and pair.theirs
    ]
    return {"packs": [_pack_record(found) for found in (own, *assessment.beside)], "differences": differences}


def _pack_record(found: Findings) -> dict[str, Any]:
    return {
        "id": found.pack.id,
        "name": found.pack.name,
        "chain": list(found.pack.chain),
        "verdicts": [tables.verdict_record(verdict) for verdict in found.verdicts],
        "conflicts": [conflict_record(conflict) for conflict in found.conflicts],
    }


def comparison_table(assessment: Assessment) -> pd.DataFrame:
    """The county's verdicts of the first pack beside each other pack's, for readers."""
    label = tables.synthetic_label(assessment)
    rows = [
        {
            _("规则包"): f"{assessment.pack.id} / {other.pack.id}",
            _("指标"): pair.name,
            **_side(assessment.pack.id, pair.ours),
            **_side(other.pack.id, pair.theirs),
            _("不同"): _("是") if pair.differs else "",
            _("编号"): pair.indicator,
            _("数据性质"): label,
        }
        for other in assessment.beside
        for pair in pairs(assessment, other)
    ]
    return pd.DataFrame(rows).fillna("").map(tables.plain)


def _side(pack: str, verdict: Verdict | None) -> dict[str, str]:
    """One pack's value, target and verdict; blank where it says nothing."""
    words = (_("{pack} 现值"), _("{pack} 目标"), _("{pack} 结论"))
    cells = ("", "", "")
    if verdict is not None:
        cells = (tables.value_text(verdict), tables.target_text(verdict), tables.outcome_label(verdict))
    return {word.format(pack=pack): cell for word, cell in zip(words, cells, strict=True)}
