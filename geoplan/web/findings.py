"""The rows behind a verdict, as tables for the screen."""

from __future__ import annotations

from geoplan.assess import Assessment
from geoplan.i18n import _
from geoplan.model import Reach, Verdict
from geoplan.report import comparison, tables
from geoplan.web import rows
from geoplan.web.board import LAYER_OF
from geoplan.web.rows import Table


def county_verdicts(assessment: Assessment) -> list[Verdict]:
    """The county's verdict for every rule."""
    return [verdict for verdict in assessment.verdicts if verdict.count.level == "county"]


def evidence(assessment: Assessment, verdict: Verdict) -> dict[str, Table]:
    """The rows behind a verdict, by what they are; tables without rows are left out.

    ``townships`` and ``villages``, ``estates``, ``each`` (every facility or idle asset by itself) for the county's verdict;
    ``facilities`` (those that were counted, with what they have), ``uncovered`` (demand points that do not reach the
    service) and ``conflicts`` (what another source would change).
    """
    count = verdict.count
    found = {
        **(_county_parts(assessment, verdict) if count.level == "county" else _own_row(assessment, verdict)),
        "facilities": rows.facility_table(assessment, {*count.counted, *count.support, count.unit}),
        "uncovered": _uncovered(assessment, verdict),
        "conflicts": _conflicts(assessment, verdict),
    }
    return {name: table for name, table in found.items() if table is not None and len(table.frame)}


def _county_parts(assessment: Assessment, verdict: Verdict) -> dict[str, Table | None]:
    by_estate = verdict.rule.measure == "area_per_households"
    return {
        "townships": _parts(assessment, verdict, _("镇街"), "township"),
        "villages": _parts(assessment, verdict, _("村居"), "village"),
        "estates": rows.estate_table(assessment, set(verdict.count.of))
        if by_estate
        else _parts(assessment, verdict, _("小区"), "estate"),
        "each": _parts(assessment, verdict, _("设施"), "facility", "asset"),
    }


def _own_row(assessment: Assessment, verdict: Verdict) -> dict[str, Table | None]:
    """The estate or the township that a verdict is about."""
    unit = verdict.count.unit
    if verdict.count.level == "estate":
        return {"estates": rows.estate_table(assessment, {unit})}
    if verdict.count.level == "township":
        return {"townships": rows.township_table(assessment, assessment.coverages[0]).of({unit})}
    return {}


def _uncovered(assessment: Assessment, verdict: Verdict) -> Table | None:
    """The demand points of the verdict's unit that do not reach its service; None where it is about no service."""
    service = verdict.rule.options.get("service")
    coverage = next((one for one in assessment.coverages if one.service.id == service), None)
    if verdict.rule.measure != "network_share" or coverage is None:
        return None
    people = coverage.demand
    kept = (people["reach"] != Reach.COVERED).to_numpy(bool) & people["in_area"].to_numpy(bool)
    if verdict.count.level == "township":
        kept &= (people["township"] == verdict.count.unit).to_numpy(bool)
    return rows.demand_table(assessment, coverage).where(kept)


def _parts(assessment: Assessment, verdict: Verdict, word: str, *levels: str) -> Table:
    """The same rule's rows of the county's parts; columns that say nothing are left out."""
    same = [v for v in assessment.verdicts if v.rule.id == verdict.rule.id and v.count.level in levels]
    records = [
        {
            "code": v.count.unit,
            "name": v.count.unit_name or _("未划入镇街"),
            "count": tables.count_text(v) or "—",
            "value": tables.with_unit(v.value, v.value_unit) if v.count.whole else tables.value_text(v),
            "target": tables.target_text(v),
            "outcome": tables.outcome_label(v),
            "needed": tables.needed_text(v) or "—",
            "note": tables.missing_text(v) or "—",
        }
        for v in same
    ]
    found = rows.table(
        records,
        ("code", _("代码"), rows.TEXT),
        ("name", word, rows.TEXT),
        ("count", _("计数"), rows.FIGURE),
        ("value", _("现值"), rows.FIGURE),
        ("target", _("目标"), rows.FIGURE),
        ("outcome", _("结论"), rows.TEXT),
        ("needed", _("还需"), rows.FIGURE),
        ("note", _("说明"), rows.LONG),
        key="code",
        layer=LAYER_OF.get(same[0].count.level, "") if same else "",
    )
    return found.without_empty()


def _conflicts(assessment: Assessment, verdict: Verdict) -> Table:
    """What another source's facts would make of the same rule."""
    same = [conflict for conflict in assessment.conflicts if conflict.verdict.rule.id == verdict.rule.id]
    records = [
        {
            "name": conflict.verdict.count.unit_name,
            "value": tables.value_text(conflict.verdict),
            "outcome": tables.outcome_label(conflict.verdict),
            "source": comparison.said_by(conflict),
            "other": tables.value_text(conflict.other),
            "turned": tables.outcome_label(conflict.other),
            "facilities": _("、").join(conflict.facilities),
        }
        for conflict in comparison.turning_first(tuple(same))
    ]
    return rows.table(
        records,
        ("name", _("名称"), rows.TEXT),
        ("value", _("现值"), rows.FIGURE),
        ("outcome", _("结论"), rows.TEXT),
        ("other", _("另一来源的值"), rows.FIGURE),
        ("turned", _("另一来源的结论"), rows.TEXT),
        ("source", _("另一来源"), rows.LONG),
        ("facilities", _("涉及设施"), rows.LONG),
    )
