"""The county's findings for the screen: key figures, the verdict board, and the rows behind a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from geoplan.assess import Assessment
from geoplan.i18n import _
from geoplan.model import Verdict
from geoplan.report import comparison, reach, tables
from geoplan.web import rows
from geoplan.web.rows import Table


def county_verdicts(assessment: Assessment) -> list[Verdict]:
    """The county's verdict for every rule."""
    return [verdict for verdict in assessment.verdicts if verdict.count.level == "county"]


def board(verdicts: list[Verdict]) -> Table:
    """The verdict board."""
    records = [
        {
            "name": tables.rule_name(verdict),
            "value": tables.value_text(verdict),
            "count": tables.count_text(verdict) or "—",
            "target": tables.target_text(verdict),
            "outcome": tables.outcome_label(verdict),
            "needed": tables.needed_text(verdict) or "—",
            "binding": _(tables.BINDING_LABELS[verdict.rule.binding]),
            "due": verdict.rule.due.isoformat() if verdict.rule.due else "—",
            "clause": verdict.rule.clause.section,
        }
        for verdict in verdicts
    ]
    return rows.table(
        records,
        ("name", _("指标"), rows.TEXT),
        ("value", _("现值"), rows.FIGURE),
        ("count", _("计数"), rows.FIGURE),
        ("target", _("目标"), rows.FIGURE),
        ("outcome", _("结论"), rows.TEXT),
        ("needed", _("还需"), rows.FIGURE),
        ("binding", _("约束力"), rows.TEXT),
        ("due", _("期限"), rows.TEXT),
        ("clause", _("条款"), rows.TEXT),
    )


def evidence(assessment: Assessment, verdict: Verdict) -> dict[str, Table]:
    """The rows behind a county's verdict, by what they are; tables without rows are left out.

    ``townships`` and ``villages``, ``estates``, ``each`` (every facility or idle asset by itself), ``facilities`` (those
    that were counted, with what they have) and ``conflicts`` (what another source would change).
    """
    count = verdict.count
    by_estate = verdict.rule.measure == "area_per_households"
    found = {
        "townships": _parts(assessment, verdict, _("镇街"), "township"),
        "villages": _parts(assessment, verdict, _("村居"), "village"),
        "estates": rows.estate_table(assessment, set(count.of))
        if by_estate
        else _parts(assessment, verdict, _("小区"), "estate"),
        "each": _parts(assessment, verdict, _("设施"), "facility", "asset"),
        "facilities": rows.facility_table(assessment, set(count.counted) | set(count.support)),
        "conflicts": _conflicts(assessment, verdict),
    }
    return {name: table for name, table in found.items() if table is not None and len(table.frame)}


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
    )
    empty = [word for word in found.frame if (found.frame[word] == "—").all()]
    return Table(
        found.frame.drop(columns=empty), {word: kind for word, kind in found.kinds.items() if word not in empty}
    )


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


@dataclass(frozen=True)
class KeyFigure:
    """One figure at the top of the overview."""

    name: str
    value: str
    note: str


def key_figures(assessment: Assessment) -> list[KeyFigure]:
    """Who is covered, townships with a centre, estates that comply, land per resident; a dash for what is not known."""
    return [
        _covered(assessment),
        _judged(assessment, "township_centre_coverage", _("有综合中心的镇街"), by_count=True),
        _estates_complying(assessment),
        _judged(assessment, "land_per_capita", _("人均养老服务设施用地")),
    ]


def _covered(assessment: Assessment) -> KeyFigure:
    coverage = assessment.coverages[0]
    group, county = reach.group_of(coverage), coverage.units.iloc[0].to_dict()
    who = _("60岁以上") if group == "pop60" else _("总人口")
    mode, minutes = assessment.profile.label, coverage.service.minutes
    name = _("{who}{mode}{minutes}分钟可达").format(who=who, mode=mode, minutes=minutes)
    note = _("{covered} / {all} 人").format(covered=f"{county[f'{group}_covered']:,.0f}", all=f"{county[group]:,.0f}")
    return KeyFigure(name, reach.share_text(county, group), note)


def _judged(assessment: Assessment, indicator: str, name: str, *, by_count: bool = False) -> KeyFigure:
    """The county's figure of an indicator, with its verdict."""
    verdict = next((v for v in county_verdicts(assessment) if v.rule.indicator == indicator), None)
    if verdict is None:
        return KeyFigure(name, "—", _("规则包没有此项"))
    value, target = tables.value_text(verdict), tables.target_text(verdict)
    if by_count and verdict.value is not None:
        value, target = tables.count_text(verdict), _("{value}，目标 {target}").format(value=value, target=target)
    else:
        target = _("目标 {target}").format(target=target)
    return KeyFigure(name, value, f"{tables.outcome_label(verdict)} · {target}")


def _estates_complying(assessment: Assessment) -> KeyFigure:
    """Each estate once, also one whose age is unknown and which stands under both rules."""
    verdicts = [v for v in county_verdicts(assessment) if v.rule.measure == "area_per_households" and v.count.of]
    name = _("达标小区")
    if not verdicts:
        return KeyFigure(name, "—", _("没有小区数据"))
    complying = {row for verdict in verdicts for row in verdict.count.counted}
    judged = {row for verdict in verdicts for row in verdict.count.of}
    words = {"new": _("新建"), "old": _("旧区"), "": _("全部")}
    note = " · ".join(
        f"{words[v.rule.scope.get('era', '')]} {tables.figure(v.count.numerator)} / {tables.figure(v.count.denominator)}"
        for v in verdicts
    )
    return KeyFigure(name, f"{len(complying):,} / {len(judged):,}", note)
