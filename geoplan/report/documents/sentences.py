"""The chapter's sentences: each put together from a template in the current language and the strings of the tables."""

from __future__ import annotations

from geoplan.assess import Assessment
from geoplan.compare import Comparison
from geoplan.coverage import UNCOVERED, Coverage
from geoplan.i18n import _
from geoplan.model import REACH_LABELS, Outcome, Reach, Verdict
from geoplan.report import reach, tables
from geoplan.report.assumed import assumed_text
from geoplan.report.documents.about_sheets import layer_label
from geoplan.report.documents.material import Material, coverage_text, in_brackets, pack_name
from geoplan.report.documents.sheet import number
from geoplan.report.documents.verdict_sheets import people_text

_MOST_NAMES = 12
_MISSED = frozenset({Outcome.FAIL, Outcome.WARN, Outcome.ADVISORY})


def opening(material: Material) -> str:
    """What was held against what."""
    assessment = material.assessment
    text = _(
        "本章以{place}为对象，按规则包“{pack}”（{document}）核查 {year} 年的养老服务设施布局，行程按{travel}沿路网计算。"
    )
    return text.format(
        place=tables.place_name(assessment),
        pack=pack_name(assessment),
        document=assessment.pack.document,
        year=assessment.year,
        travel=reach.travel_text(assessment),
    )


def coverage(found: Coverage) -> str:
    """Who reaches a service, and why the others do not."""
    group, row = reach.group_of(found), found.units.iloc[0].to_dict()
    text = _("{service}：{minutes} 分钟内可达的{group}占 {share}（{people}）。")
    told = text.format(
        service=reach.service_name(found.service),
        minutes=found.service.minutes,
        group=reach.group_label(group),
        share=reach.share_text(row, group),
        people=people_text(row, group),
    )
    reasons = [
        _("{reason} {people} 人").format(reason=_(REACH_LABELS[each]), people=tables.figure(people))
        for each in (*UNCOVERED, Reach.UNLOCATABLE)
        if (people := number(row[f"{group}_{each}"]))
    ]
    if not len(found.facilities):
        told += _("当年没有运营的此类设施。")
    told += _("未覆盖的原因：{reasons}。").format(reasons=_("，").join(reasons)) if reasons else ""
    return told.rstrip()


def effect(comparison: Comparison) -> str:
    """What the scenario makes of the county's coverage."""
    before, after = coverage_text(comparison.base), coverage_text(comparison.other)
    flips = int((comparison.verdicts["flipped"] & (comparison.verdicts["level"] == "county")).sum())
    text = _("与现状相比，方案使县域覆盖率由 {before} 变为 {after}，{flips} 项县级结论改变，涉及设施 {facilities} 处。")
    return text.format(before=before, after=after, flips=flips, facilities=len(comparison.facilities))


def indicator(verdict: Verdict, assessment: Assessment) -> str:
    """What one rule comes to for the county: the figure, the demand, the verdict, what is missing, the clause and its words."""
    parts = [_finding(verdict), _short_units(verdict, assessment), _condition(verdict), _clause(verdict)]
    reading, assumed = tables.reading_text(verdict.rule), assumed_text(verdict.rule)
    parts += [_("解读：{reading}。").format(reading=reading)] if reading else []
    parts += [_("{assumed}。").format(assumed=assumed)] if assumed else []
    return "".join(filter(None, parts)).rstrip()


def _finding(verdict: Verdict) -> str:
    value, target = tables.value_text(verdict), tables.target_text(verdict)
    counted = tables.count_text(verdict)
    value += in_brackets(counted)
    told = {
        "value": value,
        "target": target,
        "outcome": tables.outcome_label(verdict),
        "needed": tables.needed_text(verdict),
    }
    match verdict.outcome:
        case Outcome.NOT_EVALUABLE if verdict.value is None:
            return _("要求 {target}，资料不足，结论为“{outcome}”。").format(target=target, outcome=told["outcome"])
        case Outcome.NOT_APPLICABLE:
            return _("要求 {target}，没有可计的对象，结论为“{outcome}”。").format(
                target=target, outcome=told["outcome"]
            )
        case Outcome.INFORMATIONAL:
            return _("现值 {value}，规划没有给出可判定的目标，只报数值。").format(value=value)
        case _ if told["needed"]:
            return _("现值 {value}，要求 {target}，结论为“{outcome}”，还需 {needed}。").format(**told)
        case _:
            text = _("现值 {value}，要求 {target}，结论为“{outcome}”。")
            return text.format(value=value, target=target, outcome=told["outcome"])


def _short_units(verdict: Verdict, assessment: Assessment) -> str:
    """Which townships or facilities lack something under the same rule."""
    if verdict.outcome not in _MISSED:
        return ""
    names = [
        each.count.unit_name + in_brackets(tables.needed_text(each))
        for each in assessment.verdicts
        if each.rule.id == verdict.rule.id and each.count.level in {"township", "facility"} and tables.needed_text(each)
    ]
    if not names:
        return ""
    more = _("等 {count} 处").format(count=len(names)) if len(names) > _MOST_NAMES else ""
    return _("尚缺的有：{names}{more}。").format(names=_("、").join(names[:_MOST_NAMES]), more=more)


def _condition(verdict: Verdict) -> str:
    text = tables.missing_text(verdict)
    return _("{note}。").format(note=text.rstrip("。.")) if text else ""


def _clause(verdict: Verdict) -> str:
    rule = verdict.rule
    text = _("依据{source}：“{quote}”（{binding}）。")
    return text.format(
        source=tables.source_text(verdict), quote=rule.clause.quote, binding=_(tables.BINDING_LABELS[rule.binding])
    )


def quality(material: Material) -> list[str]:
    """How far the figures can be trusted: made-up layers, people without a place, blanks, what could not be evaluated."""
    assessment = material.assessment
    lines = []
    synthetic = assessment.layers.manifest.synthetic_roles
    if synthetic:
        from_sheet = _("、").join(layer_label(role) for role in synthetic)
        lines.append(_("以下图层含合成数据，结论仅供演示，不得作为规划依据：{layers}。").format(layers=from_sheet))
    found = assessment.coverages[0]
    group, row = reach.group_of(found), found.units.iloc[0].to_dict()
    lost, unknown = number(row[f"{group}_unlocatable"]), number(row[f"{group}_unknown"])
    if lost:
        text = _("无法在路网上定位的有 {people} 人，计入未覆盖之外的“无法定位”，不作推测。")
        lines.append(text.format(people=tables.figure(lost)))
    if unknown:
        lines.append(_("{rows} 个居民点没有填写人数，不计入合计。").format(rows=tables.figure(unknown)))
    blind = [
        each for each in assessment.verdicts if each.count.level == "county" and each.outcome is Outcome.NOT_EVALUABLE
    ]
    if blind:
        names = _("；").join(tables.rule_name(each) + in_brackets(tables.missing_text(each)) for each in blind)
        lines.append(_("因资料不足无法评价的指标：{names}。").format(names=names))
    if assessment.conflicts:
        text = _("同一事实有不同来源说法的，另列 {count} 项数据冲突，见工作簿“{sheet}”表。")
        lines.append(text.format(count=len(assessment.conflicts), sheet=_("数据冲突")))
    return lines
