"""Sheets about the assessment itself: data problems, conflicts, sources, parameters, edits, what changed."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from geoplan.doctor import Finding
from geoplan.i18n import _, mark
from geoplan.layers import Layers
from geoplan.layers.schema import ROLES
from geoplan.report import reach, tables
from geoplan.report.comparison import said_by, turning_first
from geoplan.report.documents.changes import CAUSE_LABELS, Changes, Moved, cause_text, sides
from geoplan.report.documents.material import Material, in_brackets, pack_name
from geoplan.report.documents.parameters import parameter_label, parameter_text, parameters_of
from geoplan.report.documents.sheet import Cell, Column, Kind, Sheet, Worked
from geoplan.report.field_words import in_words
from geoplan.report.repair_words import repair_text
from geoplan.scenario import describe, time_text

_MOST_ROWS = 50
_OTHERS = {"manifest": mark("工作区登记"), "settings": mark("参数")}


def problems(material: Material) -> Sheet:
    """What the data check and the assessment found wrong with the data."""
    return finding_sheet(material.findings)


def finding_sheet(findings: Iterable[Finding]) -> Sheet:
    """Problems, each with how much of it there is, and what would settle it."""
    columns = (
        Column("severity", _("程度"), width=8),
        Column("layer", _("图层"), width=16),
        Column("message", _("问题"), Kind.LONG, 60),
        Column("remedy", _("处理"), Kind.LONG, 50),
        Column("count", _("涉及（行）"), Kind.WHOLE, 9),
        Column("rows", _("涉及的编号"), Kind.LONG, 50),
        Column("repairs", _("可用的修补"), Kind.LONG, 40),
    )
    return Sheet("problems", _("数据问题"), columns, tuple(map(_problem_row, findings)))


def _problem_row(found: Finding) -> dict[str, Cell]:
    problem = found.problem
    named = _("、").join(problem.rows[:_MOST_ROWS])
    more = _(" 等 {count} 行").format(count=len(problem.rows)) if len(problem.rows) > _MOST_ROWS else ""
    return {
        "severity": _(tables.SEVERITY_LABELS[problem.severity]),
        "layer": layer_label(problem.layer),
        "message": in_words(problem.message),
        "remedy": problem.remedy,
        "count": Fraction(found.count) if found.count else None,
        "rows": named + more,
        "repairs": _("；").join(dict.fromkeys(map(repair_text, found.repairs))),
    }


def repairs(material: Material) -> Sheet | None:
    """What is mended while the layers are read; None where nothing is."""
    sheet = repair_sheet((material.base or material.assessment).layers)
    return sheet if sheet.rows else None


def repair_sheet(layers: Layers) -> Sheet:
    """The repairs that a workspace's manifest records."""
    columns = (
        Column("layer", _("图层"), width=16),
        Column("repair", _("修补"), Kind.LONG, 44),
        Column("rows", _("涉及的编号"), Kind.LONG, 50),
        Column("on", _("登记日期"), width=12),
    )
    rows: list[dict[str, Cell]] = [
        {
            "layer": layer_label(entry.role),
            "repair": repair_text(repair),
            "rows": _("、").join(repair.rows),
            "on": repair.on.isoformat() if repair.on else "",
        }
        for entry in layers.manifest.layers
        for repair in entry.repairs
    ]
    return Sheet("repairs", _("读入时的修补"), columns, tuple(rows), notes=(_("源文件没有改动；撤销后恢复原样。"),))


def layer_label(role: str) -> str:
    """The word for a layer, or for what else a problem is about."""
    return _(ROLES[role].label) if role in ROLES else _(_OTHERS[role]) if role in _OTHERS else role


def conflicts(material: Material) -> Sheet | None:
    """What other statements of the facts would change; None where there are none."""
    found = material.assessment.conflicts
    columns = (
        Column("name", _("指标"), Kind.LONG, 34),
        Column("place", _("名称"), width=24),
        Column("value", _("现值"), width=16),
        Column("outcome", _("结论"), Kind.OUTCOME, 13),
        Column("other", _("另一来源的值"), width=16),
        Column("other_outcome", _("另一来源的结论"), Kind.OUTCOME, 13),
        Column("source", _("另一来源"), Kind.LONG, 40),
        Column("facilities", _("涉及设施"), Kind.LONG, 24),
    )
    rows: list[dict[str, Cell]] = [
        {
            "name": tables.rule_name(each.verdict),
            "place": each.verdict.count.unit_name,
            "value": tables.value_text(each.verdict),
            "outcome": tables.outcome_label(each.verdict),
            "other": tables.value_text(each.other),
            "other_outcome": tables.outcome_label(each.other),
            "source": said_by(each),
            "facilities": _("、").join(each.facilities),
        }
        for each in turning_first(found)
    ]
    return Sheet("conflicts", _("数据冲突"), columns, tuple(rows)) if rows else None


def sources(material: Material) -> Sheet:
    """Each layer with its source, date, licence and digest, and whether it is made up."""
    return source_sheet((material.base or material.assessment).layers)


def source_sheet(layers: Layers) -> Sheet:
    """The same of any workspace."""
    columns = (
        Column("layer", _("图层"), width=16),
        Column("rows", _("行数"), Kind.WHOLE, 9),
        Column("source", _("来源"), Kind.LONG, 60),
        Column("as_of", _("日期"), width=12),
        Column("licence", _("许可"), width=14),
        Column("nature", _("数据性质"), width=12),
        Column("digest", _("摘要（SHA-256）"), width=68),
    )
    rows: list[dict[str, Cell]] = [
        {
            "layer": layer_label(entry.role),
            "rows": Fraction(len(layers.frames[entry.role])),
            "source": entry.source or _("未注明"),
            "as_of": entry.as_of.isoformat() if entry.as_of else _("未注明"),
            "licence": entry.licence or _("未注明"),
            "nature": _("合成") if entry.synthetic else _("真实"),
            "digest": layers.digests[entry.role],
        }
        for entry in layers.manifest.layers
    ]
    return Sheet("sources", _("数据来源"), columns, tuple(rows))


def parameters(material: Material) -> Sheet:
    """Everything that the figures depend on besides the layers."""
    assessment = material.assessment
    scenario = assessment.scenario
    told = [
        (_("工作区"), tables.place_name(assessment)),
        (_("规则包"), pack_name(assessment) + in_brackets(assessment.pack.id)),
        (_("方案"), scenario.name if scenario else _("无方案，按现状")),
        *((parameter_label(key), parameter_text(value)) for key, value in parameters_of(assessment).items()),
        *((reach.service_name(each.service), _limit_text(each.service.minutes)) for each in assessment.coverages),
        (_("程序版本"), f"geoplan {assessment.provenance['geoplan']}"),
        (_("图层摘要（SHA-256）"), assessment.layers.digest),
        (_("导出时间"), material.made.isoformat(timespec="seconds", sep=" ")),
    ]
    columns = (Column("name", _("参数"), width=30), Column("value", _("值"), Kind.LONG, 80))
    return Sheet("parameters", _("参数"), columns, tuple({"name": name, "value": value} for name, value in told))


def _limit_text(minutes: int) -> str:
    return _("{minutes} 分钟").format(minutes=minutes)


def edits(material: Material) -> Sheet | None:
    """The scenario's steps: who did what, when and why; None without a scenario."""
    scenario = material.assessment.scenario
    if scenario is None:
        return None
    columns = (
        Column("number", _("步"), Kind.WHOLE, 6),
        Column("edit", _("编辑"), Kind.LONG, 70),
        Column("reason", _("理由"), Kind.LONG, 50),
        Column("author", _("作者"), width=14),
        Column("at", _("时间"), width=22),
    )
    rows: list[dict[str, Cell]] = [
        {
            "number": Fraction(place),
            "edit": describe(step.edit),
            "reason": step.reason,
            "author": step.author,
            "at": time_text(step.at),
        }
        for place, step in enumerate(scenario.steps, start=1)
    ]
    return Sheet("edits", _("方案编辑"), columns, tuple(rows), notes=() if rows else (_("方案没有编辑，与现状相同"),))


def changed(material: Material) -> Sheet:
    """The figures that moved since the last export, and what they moved for."""
    found = material.changes
    columns = (
        Column("name", _("指标"), Kind.LONG, 40),
        Column("level", _("层级"), width=12),
        Column("place", _("名称"), width=26),
        Column("before", _("上次"), width=22),
        Column("after", _("本次"), width=22),
        Column("old", _("上次数值"), Kind.FINE, 13),
        Column("new", _("本次数值"), Kind.FINE, 13),
        Column("difference", _("变化"), Kind.FINE, 13),
        Column("unit", _("单位"), width=9),
        Column("causes", _("原因"), width=22),
    )
    rows = tuple(map(_moved_row, found.moved)) if found else ()
    return Sheet("changes", _("变化"), columns, rows, notes=tuple(change_lines(found)))


def change_lines(found: Changes | None) -> list[str]:
    """What is to be said of the changes as a whole: since when, how many, and what differs in what the figures are made from."""
    if found is None:
        return [_("这是首次导出到这个文件夹，没有可比较的上一次。")]
    head = _("与 {since} 的导出相比，{figures} 个数值中有 {moved} 个变化。")
    lines = [head.format(since=found.since, figures=found.figures, moved=len(found.moved))]
    lines += [
        _("{cause}：{what}，{before} → {after}").format(
            cause=_(CAUSE_LABELS[each.cause]), what=each.what, before=each.before, after=each.after
        )
        for each in found.differences
    ]
    return lines if found.differences else [*lines, _("数据、规则、参数和方案编辑都没有变化。")]


def _moved_row(moved: Moved) -> dict[str, Cell]:
    figure = moved.figure
    before, after = sides(moved)
    old, new = (None if side is None else side.value for side in (moved.before, moved.after))
    return {
        "name": figure.name,
        "level": tables.level_label(figure.level),
        "place": figure.place,
        "before": before,
        "after": after,
        "old": old,
        "new": new,
        "difference": Worked(new - old, "{new}-{old}") if old is not None and new is not None else None,
        "unit": tables.unit_label(figure.unit),
        "causes": cause_text(moved.causes),
    }
