"""The county in four figures, each with what a scenario makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from geoplan.assess import Assessment
from geoplan.i18n import _
from geoplan.model import Verdict
from geoplan.report import reach, tables
from geoplan.report.change import Change, Turn, points, signed, verdict_change
from geoplan.web.findings import county_verdicts


@dataclass(frozen=True)
class KeyFigure:
    """One figure in large type.

    Attributes:
        exact: what is held against the base's; None where it is not known.
        change: since the base; None without one, and where nothing changed.
    """

    name: str
    value: str
    note: str
    exact: Fraction | None = None
    change: Change | None = None


def key_figures(assessment: Assessment, base: Assessment | None = None) -> list[KeyFigure]:
    """Who is covered, townships with a centre, estates that comply, land per resident; a dash for what is not known.

    Args:
        base: what they are held against.
    """
    return [
        _held(_covered, assessment, base, points),
        _judged(assessment, base, "township_centre_coverage", _("有综合中心的镇街"), by_count=True),
        _held(_estates_complying, assessment, base, lambda more: _("{count} 个").format(count=signed(more))),
        _judged(assessment, base, "land_per_capita", _("人均养老服务设施用地")),
    ]


def _held(
    make: Callable[[Assessment], KeyFigure],
    assessment: Assessment,
    base: Assessment | None,
    text: Callable[[Fraction], str],
) -> KeyFigure:
    """A figure of which more is better, held against the base's."""
    figure, before = make(assessment), make(base).exact if base else None
    if figure.exact is None or before is None or figure.exact == before:
        return figure
    turn = Turn.BETTER if figure.exact > before else Turn.WORSE
    return replace(figure, change=Change(turn, f"{turn.value} {text(figure.exact - before)}"))


def _covered(assessment: Assessment) -> KeyFigure:
    coverage = assessment.coverages[0]
    group, county = reach.group_of(coverage), coverage.units.iloc[0].to_dict()
    who = _("60岁以上") if group == "pop60" else _("总人口")
    mode, minutes = assessment.profile.label, coverage.service.minutes
    name = _("{who}{mode}{minutes}分钟可达").format(who=who, mode=mode, minutes=minutes)
    note = _("{covered} / {all} 人").format(covered=f"{county[f'{group}_covered']:,.0f}", all=f"{county[group]:,.0f}")
    return KeyFigure(name, reach.share_text(county, group), note, reach.covered_share(county, group))


def _of(assessment: Assessment | None, indicator: str) -> Verdict | None:
    """The county's first verdict of an indicator."""
    verdicts = county_verdicts(assessment) if assessment else []
    return next((verdict for verdict in verdicts if verdict.rule.indicator == indicator), None)


def _judged(
    assessment: Assessment, base: Assessment | None, indicator: str, name: str, *, by_count: bool = False
) -> KeyFigure:
    """The county's figure of an indicator, with its verdict."""
    verdict, before = _of(assessment, indicator), _of(base, indicator)
    if verdict is None:
        return KeyFigure(name, "—", _("规则包没有此项"))
    value, target = tables.value_text(verdict), tables.target_text(verdict)
    if by_count and verdict.value is not None:
        value, target = tables.count_text(verdict), _("{value}，目标 {target}").format(value=value, target=target)
    else:
        target = _("目标 {target}").format(target=target)
    change = verdict_change(before, verdict) if before else None
    return KeyFigure(name, value, f"{tables.outcome_label(verdict)} · {target}", verdict.value, change)


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
    return KeyFigure(name, f"{len(complying):,} / {len(judged):,}", note, Fraction(len(complying)))
