"""The verdict board on a terminal: what complies, what is missing, where the results are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from geoplan.assess import Assessment
from geoplan.compliance import Findings
from geoplan.coverage import UNCOVERED, Coverage
from geoplan.i18n import _
from geoplan.model import REACH_LABELS, Outcome, Problem, Reach, Severity, Verdict
from geoplan.report import comparison, reach, style, tables
from geoplan.report.assumed import assumed_text

_MOST_ESTATES = 8
_MOST_ROWS = 5
_MOST_CONFLICTS = 12


def show(assessment: Assessment, files: list[Path], console: Console, *, facilities: bool = False) -> None:
    """Print an assessment for a planner.

    Args:
        facilities: with a table of what each facility adds.
    """
    console.print(_head(assessment))
    console.print(_verdicts(assessment))
    console.print(_grounds(assessment))
    if assessment.conflicts:
        console.print(_conflicts(assessment))
    for other in assessment.beside:
        console.print(_compared(assessment, other))
    for coverage in assessment.coverages:
        console.print(_coverage(assessment, coverage))
        console.print(_reasons(coverage))
    for part in _asked_for(assessment, facilities=facilities):
        console.print(part)
    estates = _estates(assessment)
    if estates is not None:
        console.print(estates)
    for problem in sorted(assessment.problems, key=lambda p: list(Severity).index(p.severity)):
        console.print(Text(problem_line(problem), style="yellow" if problem.severity is Severity.WARNING else "dim"))
    console.print(_("结果："))
    for file in files:
        console.print(f"  {escape(str(file))}", soft_wrap=True, highlight=False)


def problem_line(problem: Problem) -> str:
    """A data problem in one line: how bad, where, what, which rows, what to do."""
    return f"{_(tables.SEVERITY_LABELS[problem.severity])} {problem_text(problem)}"


def problem_text(problem: Problem) -> str:
    """A data problem where it is known how bad it is: where, what, which rows, what to do."""
    shown = _("、").join(problem.rows[:_MOST_ROWS])
    more = _(" 等 {count} 行").format(count=len(problem.rows)) if len(problem.rows) > _MOST_ROWS else ""
    rows = _("（{rows}）").format(rows=shown + more) if shown else ""
    text = _("{layer}：{message}{rows}。{remedy}。") if problem.remedy else _("{layer}：{message}{rows}。")
    return text.format(layer=problem.layer, message=problem.message, rows=rows, remedy=problem.remedy)


def _head(assessment: Assessment) -> Text:
    head = Text()
    head.append(tables.place_name(assessment), style="bold")
    pack = assessment.pack
    head.append(
        _("  {year} 年 · 规则包 {pack}（{document}） · {travel}").format(
            year=assessment.year, pack=pack.id, document=pack.document, travel=reach.travel_text(assessment)
        )
    )
    label = tables.synthetic_label(assessment)
    if label:
        head.append(f"\n⚠ {label}", style="yellow")
    return head


def _table(title: str, *columns: tuple[str, str]) -> Table:
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    for name, side in columns:
        table.add_column(name, justify="right" if side == "right" else "left", no_wrap=side == "right")
    return table


def _outcome(verdict: Verdict) -> Text:
    return Text(tables.outcome_label(verdict), style=style.OUTCOME_COLOURS[verdict.outcome])


def _verdicts(assessment: Assessment) -> Table:
    """The county's verdict for every rule."""
    right = "right"
    table = _table(
        _("达标情况"), (_("指标"), ""), (_("现值"), right), (_("目标"), right), (_("结论"), ""), (_("还需"), right)
    )
    for verdict in _of_county(assessment):
        table.add_row(
            escape(tables.rule_name(verdict)),
            tables.value_text(verdict),
            tables.target_text(verdict),
            _outcome(verdict),
            tables.needed_text(verdict),
        )
    return table


def _of_county(assessment: Assessment) -> list[Verdict]:
    return [verdict for verdict in assessment.verdicts if verdict.count.level == "county"]


def _grounds(assessment: Assessment) -> Text:
    """What each verdict rests on: the count, the clause, and what is worth knowing."""
    lines = []
    for verdict in _of_county(assessment):
        clause = " ← ".join((verdict.rule.clause.section, *verdict.rule.chain))
        parts = (
            tables.count_text(verdict),
            clause,
            tables.missing_text(verdict),
            tables.reading_text(verdict.rule),
            assumed_text(verdict.rule),
        )
        lines.append(
            _("· {name}：{grounds}").format(
                name=tables.rule_name(verdict), grounds=_("；").join(part for part in parts if part)
            )
        )
    return Text("\n".join(lines) + "\n", style="dim")


def _conflicts(assessment: Assessment) -> Table:
    """The verdicts that another source's facts would change, those of an outcome first."""
    right = "right"
    shown = comparison.turning_first(assessment.conflicts)[:_MOST_CONFLICTS]
    title = _("数据冲突：按另一来源，以下结论会改变（共 {count} 条，全部见 conflicts.csv）")
    columns = ((_("指标"), ""), (_("名称"), ""), (_("现值"), right), (_("结论"), ""), (_("另一来源"), ""))
    table = _table(title.format(count=len(assessment.conflicts)), *columns, (_("其值"), right), (_("其结论"), ""))
    for conflict in shown:
        table.add_row(
            escape(tables.rule_name(conflict.verdict)),
            escape(conflict.verdict.count.unit_name),
            tables.value_text(conflict.verdict),
            _outcome(conflict.verdict),
            escape(comparison.said_by(conflict)),
            tables.value_text(conflict.other),
            _outcome(conflict.other),
        )
    return table


def _compared(assessment: Assessment, other: Findings) -> Table:
    """The county's verdicts of two packs, those that differ marked."""
    packs = (assessment.pack.id, other.pack.id)
    found = comparison.pairs(assessment, other)
    title = _("{ours} 与 {theirs}：{count} 项不同").format(
        ours=packs[0], theirs=packs[1], count=sum(pair.differs for pair in found)
    )
    columns = [column for pack in packs for column in ((pack, "right"), (_("目标"), "right"), (_("结论"), ""))]
    table = _table(escape(title), (_("指标"), ""), *((escape(name), side) for name, side in columns), ("≠", ""))
    for pair in found:
        cells = [cell for verdict in (pair.ours, pair.theirs) for cell in _side(verdict)]
        table.add_row(escape(pair.name), *cells, "≠" if pair.differs else "")
    return table


def _side(verdict: Verdict | None) -> tuple[str | Text, ...]:
    """One pack's value, target and verdict; blank where it says nothing of the indicator."""
    if verdict is None:
        return "", "", ""
    return tables.value_text(verdict), tables.target_text(verdict), _outcome(verdict)


def _title(assessment: Assessment, coverage: Coverage) -> str:
    """``养老服务：步行 15 分钟覆盖（60岁以上人口）``."""
    service, who = coverage.service, reach.group_label(reach.group_of(coverage))
    return _("{service}：{mode} {minutes} 分钟覆盖（{who}）").format(
        service=reach.service_name(service), mode=assessment.profile.label, minutes=service.minutes, who=who
    )


def _coverage(assessment: Assessment, coverage: Coverage) -> Table:
    """Units down, the account of people across, and what else is judged by township."""
    group = reach.group_of(coverage)
    land = {v.count.unit: v for v in assessment.verdicts if v.rule.indicator == "land_per_capita"}
    centres = {
        v.count.unit: v
        for v in assessment.verdicts
        if v.rule.indicator == "township_centre_coverage" and v.count.detail
    }
    right = "right"
    account = ("", "_covered", "_uncovered", "_unlocatable")
    columns = [
        (_("单元"), ""),
        (_("合计"), right),
        (_("已覆盖"), right),
        (_("未覆盖"), right),
        (_("无法定位"), right),
        (_("覆盖率"), right),
    ]
    columns += [(_("综合中心"), right)] if centres else []
    columns += [(_("人均用地"), right)] if land else []
    table = _table(escape(_title(assessment, coverage)), *columns)
    for row in coverage.units.to_dict("records"):
        cells: list[str | Text] = [
            escape(_unit_name(row, assessment)),
            *(f"{row[group + part]:,.0f}" for part in account),
        ]
        cells.append(reach.share_text(row, group))
        cells += [_centre(centres.get(row["unit"]))] if centres else []
        cells += [_land(land.get(row["unit"]))] if land else []
        table.add_row(*cells, style="bold" if row["level"] == "county" else None)
    return table


def _reasons(coverage: Coverage) -> Text:
    """How many people of the county are not covered for which reason; blank where nobody is."""
    group, county = reach.group_of(coverage), coverage.units.iloc[0]
    parts = [
        _("{reason} {people}").format(reason=_(REACH_LABELS[reason]), people=f"{county[f'{group}_{reason}']:,.0f}")
        for reason in (*UNCOVERED, Reach.UNLOCATABLE)
        if county[f"{group}_{reason}"] > 0
    ]
    text = _("· 未覆盖的原因（人）：{reasons}；逐点见 demand.csv").format(reasons=_("，").join(parts)) if parts else ""
    return Text(f"{text}\n" if text else "", style="dim")


def _asked_for(assessment: Assessment, *, facilities: bool) -> Iterator[Table]:
    """The tables that are shown only when asked for."""
    for place, coverage in enumerate(assessment.coverages):
        if assessment.sensitivity:
            at_speeds = {speed: answers[place] for speed, answers in assessment.sensitivity.items()}
            yield _sensitivity(assessment, coverage, at_speeds)
        if facilities:
            yield _facilities(coverage)


def _sensitivity(assessment: Assessment, coverage: Coverage, at_speeds: dict[float, Coverage]) -> Table:
    """Units down, the covered share at each speed across."""
    group = reach.group_of(coverage)
    title = _("{service}：不同速度").format(service=reach.service_name(coverage.service))
    table = _table(escape(title), (_("单元"), ""), *((f"{speed:g} m/s", "right") for speed in at_speeds))
    units = [one.units.to_dict("records") for one in at_speeds.values()]
    for rows in zip(*units, strict=True):
        shares = [reach.share_text(row, group) for row in rows]
        style_ = "bold" if rows[0]["level"] == "county" else None
        table.add_row(escape(_unit_name(rows[0], assessment)), *shares, style=style_)
    return table


def _facilities(coverage: Coverage) -> Table:
    """What each facility adds, those that add least first: they could go with the least loss."""
    group = reach.group_of(coverage)
    title = _("{service}：各设施的作用").format(service=reach.service_name(coverage.service))
    names = (_("可达"), _("只有它能到"), _("与其他设施重叠"), _("以它为最近"))
    table = _table(escape(title), (_("编号"), ""), (_("设施"), ""), *((name, "right") for name in names))
    for row in coverage.facilities.sort_values([f"{group}_only", "facility_id"]).to_dict("records"):
        counts = [f"{row[f'{group}_{what}']:,.0f}" for what in ("reached", "only", "shared", "nearest")]
        cells = counts if row["located"] else [_("未定位"), "", "", ""]
        table.add_row(escape(str(row["facility_id"])), escape(str(row["name"])), *cells)
    return table


def _unit_name(row: dict[str, object], assessment: Assessment) -> str:
    if row["unit_name"]:
        return str(row["unit_name"])
    return tables.place_name(assessment) if row["level"] == "county" else _("未划入镇街")


def _centre(verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    return "?" if verdict.outcome is Outcome.NOT_EVALUABLE else tables.figure(verdict.value)


def _land(verdict: Verdict | None) -> Text:
    if verdict is None:
        return Text("")
    mark = tables.outcome_label(verdict).split()[0]
    return Text(f"{tables.figure(verdict.value, 4, trim=False)} {mark}", style=style.OUTCOME_COLOURS[verdict.outcome])


def _estates(assessment: Assessment) -> Table | None:
    """The estates that lack most."""
    rows = [v for v in assessment.verdicts if v.count.level == "estate" and v.rule.measure == "area_per_households"]
    lacking = [v for v in rows if v.needed]
    if not lacking:
        return None
    right = "right"
    title = _("缺口最大的小区（共 {count} 个，全部见 verdicts.csv）").format(count=len(lacking))
    table = _table(
        title, (_("编号"), ""), (_("小区"), ""), (_("每百户"), right), (_("目标"), right), (_("缺口"), right)
    )
    for verdict in sorted(lacking, key=lambda v: (-(v.needed or 0), v.count.unit))[:_MOST_ESTATES]:
        table.add_row(
            escape(verdict.count.unit),
            escape(verdict.count.unit_name),
            tables.with_unit(verdict.value, "m²", unlike=verdict.target, trim=False),
            tables.with_unit(verdict.target, "m²"),
            tables.needed_text(verdict),
        )
    return table
