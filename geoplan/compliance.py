"""Rules and counts make verdicts: the same few lines for every rule, in exact arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, partial

import geopandas as gpd

from geoplan.i18n import _, current
from geoplan.layers import with_version
from geoplan.model import Binding, Conflict, Count, Outcome, Problem, Rule, Severity, Verdict
from geoplan.standards import (
    MEASURES,
    Facts,
    Pack,
    advises_only,
    facilities_in_scope,
    limits_of,
    needed,
    stands,
    value_of,
)

_MISSED = {
    Binding.BINDING: Outcome.FAIL,
    Binding.EXPECTED: Outcome.WARN,
    Binding.UNSTATED: Outcome.WARN,
    Binding.ADVISORY: Outcome.ADVISORY,
}
_NOTHING = Fraction(0)
# Another statement of a facility's beds does not move it: what is reached on the network stays.
_UNTOUCHED = frozenset({"coverage", "travel"})


@dataclass(frozen=True)
class Findings:
    """What one pack comes to on the facts: its verdicts, and what another statement of the facts would change of them."""

    pack: Pack
    facts: Facts = field(repr=False)
    verdicts: tuple[Verdict, ...]

    @cached_property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Worked out when they are first asked for: every other statement is held against the rules anew."""
        return conflicts(self.pack, self.facts, self.verdicts)


def findings(pack: Pack, facts: Facts) -> Findings:
    """Everything that a pack has to say of the facts; see ``evaluate``."""
    return Findings(pack, facts, evaluate(pack, facts))


def evaluate(pack: Pack, facts: Facts) -> tuple[Verdict, ...]:
    """The verdicts of every rule of a pack that applies in the year, in the pack's order; the county's first.

    A rule is counted again only where something that its measure reads differs from what ``facts.memory`` knows.
    """
    rules = pack.rules_for(facts.year)
    facts = replace(facts, rules=rules)
    recalled = (
        facts.memory.recall(("verdicts", pack.id, rule.id), _inputs(rule, facts), partial(_verdicts, (rule,), facts))
        for rule in rules
    )
    return tuple(verdict for verdicts in recalled for verdict in verdicts)


def _inputs(rule: Rule, facts: Facts) -> tuple[object, ...]:
    """All that the verdicts of a rule depend on, as its measure declares; their notes are in one language."""
    measure = MEASURES[rule.measure]
    inputs: list[object] = [rule, facts.place, facts.year, facts.planned, current()]
    whole = measure.roles - ({"facilities"} - measure.reads)
    inputs += [facts.frames.get(role) for role in sorted(whole)]
    if "scope" in measure.reads:
        inputs.append(facilities_in_scope(facts, rule).rows.records())
    if "operating" in measure.reads:
        inputs.append(facts.operating().records())
    if "coverage" in measure.reads:
        service = rule.options["service"]
        inputs += [facts.coverage[service], facts.reach[service]]
    if "travel" in measure.reads and facts.travel is not None:
        inputs += [facts.travel.times, facts.travel.homes]
    if "rules" in measure.reads:
        inputs.append(facts.rules)
    return tuple(inputs)


def _verdicts(rules: tuple[Rule, ...], facts: Facts) -> tuple[Verdict, ...]:
    return tuple(judge(rule, count) for rule in rules for count in MEASURES[rule.measure].count(facts, rule))


def judge(rule: Rule, count: Count) -> Verdict:
    """Hold one count against its target.

    A share over nothing is not applicable. Where blank cells could turn the outcome, it is not evaluable; where they
    could not, the outcome stands.
    """
    value, limits = value_of(count), limits_of(rule, count)
    bounded = limits[0] is not None or limits[1] is not None
    target = None if not bounded else rule.target if count.target is None else count.target
    if value is None:
        unknown = count.denominator is None or count.missing
        outcome = Outcome.NOT_EVALUABLE if unknown else Outcome.NOT_APPLICABLE
        return Verdict(rule, count, outcome, None, target, None)
    if target is None:
        if count.span is not None:
            return Verdict(rule, count, Outcome.NOT_EVALUABLE, None, None, None)
        return Verdict(rule, count, Outcome.INFORMATIONAL, value, None, None)
    met = stands(count, value, limits)
    if met is None:
        return Verdict(rule, count, Outcome.NOT_EVALUABLE, None, target, None)
    outcome = Outcome.PASS if met else _MISSED[Binding.ADVISORY if advises_only(rule) else rule.binding]
    lacking = _NOTHING if met else needed(rule, count)
    return Verdict(rule, count, Outcome.INFORMATIONAL if count.detail else outcome, value, target, lacking)


def conflicts(pack: Pack, facts: Facts, verdicts: tuple[Verdict, ...]) -> tuple[Conflict, ...]:
    """What the facilities' other versions (``facility_versions``) would change of the verdicts of ``evaluate``.

    Each other statement about one facility by itself, then all that one source says together where it speaks of several
    and that comes to something else than one of its statements alone. Only rules that look at what differs are counted
    again, and only verdicts whose outcome or value differs are returned.
    """
    if "facility_versions" not in facts.frames:
        return ()
    applied = pack.rules_for(facts.year)
    ours = {_place(verdict): verdict for verdict in verdicts}
    found: dict[tuple[object, ...], Conflict] = {}
    for rows in _statements(facts.frames["facility_versions"]):
        facilities, changed, fields = with_version(facts.frames["facilities"], rows)
        rules = tuple(rule for rule in applied if _looks_at(rule, fields))
        frames = {**facts.frames, "facilities": facilities}
        said = {"source": str(rows["source"].iloc[0]), "as_of": str(rows["as_of"].iloc[0])}
        for other in _verdicts(rules, replace(facts, frames=frames, rules=applied, memory=facts.memory.branch())):
            verdict = ours.get(_place(other))
            if verdict is not None and (verdict.outcome, verdict.value) != (other.outcome, other.value):
                key = (*_place(other), *said.values(), other.outcome, other.value)
                found.setdefault(key, Conflict(changed, verdict=verdict, other=other, **said))
    return tuple(found.values())


def _looks_at(rule: Rule, fields: frozenset[str]) -> bool:
    """Whether a rule's figure can depend on these fields of facilities, the roads left aside."""
    measure = MEASURES[rule.measure]
    return not measure.reads & _UNTOUCHED and bool(measure.fields_of(rule) & fields)


def _place(verdict: Verdict) -> tuple[str, str, str]:
    return verdict.rule.id, verdict.count.level, verdict.count.unit


def _statements(versions: gpd.GeoDataFrame) -> Iterator[gpd.GeoDataFrame]:
    """Every row by itself, then the rows of one source and date together where there are several."""
    for place in range(len(versions)):
        yield versions.iloc[[place]]
    for _said, rows in versions.groupby(["as_of", "source"], sort=True):
        if len(rows) > 1:
            yield rows


def stray_figures(packs: Iterable[Pack], figures: gpd.GeoDataFrame | None) -> tuple[Problem, ...]:
    """What somebody typed in the table of figures for a rule that none of the packs has typed figures for."""
    if figures is None:
        return ()
    asked = {
        name for pack in packs for rule in pack.rules if rule.measure == "entered" for name in (rule.id, rule.indicator)
    }
    stray = tuple(name for name in figures["rule"] if name not in asked)
    text, remedy = _("填报表中有规则包不要求填报的编号"), _("请改正 rule 列，可用 geoplan packs figures 生成空表")
    return (Problem(Severity.WARNING, "figures", text, remedy, stray),) if stray else ()
