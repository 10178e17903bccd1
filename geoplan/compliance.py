"""Rules and counts make verdicts: the same few lines for every rule, in exact arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import geopandas as gpd

from geoplan.layers import with_version
from geoplan.model import Binding, Conflict, Count, Outcome, Rule, Verdict
from geoplan.standards import MEASURES, Facts, Pack, advises_only, complies, needed, value_of

_MISSED = {
    Binding.BINDING: Outcome.FAIL,
    Binding.EXPECTED: Outcome.WARN,
    Binding.UNSTATED: Outcome.WARN,
    Binding.ADVISORY: Outcome.ADVISORY,
}
# Another statement of a facility's beds does not move it: what is reached on the network stays.
_UNTOUCHED = frozenset({"coverage", "travel"})


def evaluate(pack: Pack, facts: Facts) -> tuple[Verdict, ...]:
    """The verdicts of every rule of a pack that applies in the year, in the pack's order; the county's first."""
    rules = pack.rules_for(facts.year)
    return _verdicts(rules, replace(facts, rules=rules))


def _verdicts(rules: tuple[Rule, ...], facts: Facts) -> tuple[Verdict, ...]:
    return tuple(judge(rule, count) for rule in rules for count in MEASURES[rule.measure].count(facts, rule))


def judge(rule: Rule, count: Count) -> Verdict:
    """Hold one count against its target.

    A share over nothing is not applicable. Where blank cells could turn the outcome, it is not evaluable; where they
    could not, the outcome stands.
    """
    target = rule.target if count.target is None else count.target
    value = value_of(count)
    if value is None:
        unknown = count.denominator is None or count.missing
        return Verdict(rule, count, Outcome.NOT_EVALUABLE if unknown else Outcome.NOT_APPLICABLE, None, target, None)
    if target is None:
        if count.span is not None:
            return Verdict(rule, count, Outcome.NOT_EVALUABLE, None, None, None)
        return Verdict(rule, count, Outcome.INFORMATIONAL, value, None, None)
    met = complies(rule, count)
    if met is None:
        return Verdict(rule, count, Outcome.NOT_EVALUABLE, None, target, None)
    outcome = Outcome.PASS if met else _MISSED[Binding.ADVISORY if advises_only(rule) else rule.binding]
    return Verdict(rule, count, Outcome.INFORMATIONAL if count.detail else outcome, value, target, needed(rule, count))


def conflicts(pack: Pack, facts: Facts, verdicts: tuple[Verdict, ...]) -> tuple[Conflict, ...]:
    """What the facilities' other versions (``facility_versions``) would change of the verdicts of ``evaluate``.

    Each other statement about one facility by itself, then all that one source says together where it speaks of several.
    Only rules that look at facilities are counted again, and only verdicts whose outcome or value differs are returned.
    """
    if "facility_versions" not in facts.frames:
        return ()
    applied = pack.rules_for(facts.year)
    rules = tuple(rule for rule in applied if _looks_at_facilities(rule))
    ours = {_place(verdict): verdict for verdict in verdicts}
    found = []
    for rows in _statements(facts.frames["facility_versions"]):
        facilities, changed = with_version(facts.frames["facilities"], rows)
        if not changed:
            continue
        frames = {**facts.frames, "facilities": facilities}
        said = {"source": str(rows["source"].iloc[0]), "as_of": str(rows["as_of"].iloc[0])}
        for other in _verdicts(rules, replace(facts, frames=frames, rules=applied)):
            verdict = ours.get(_place(other))
            if verdict is not None and (verdict.outcome, verdict.value) != (other.outcome, other.value):
                found.append(Conflict(changed, verdict=verdict, other=other, **said))
    return tuple(found)


def _looks_at_facilities(rule: Rule) -> bool:
    reads = MEASURES[rule.measure].reads
    return "facilities" in reads and not reads & _UNTOUCHED


def _place(verdict: Verdict) -> tuple[str, str, str]:
    return verdict.rule.id, verdict.count.level, verdict.count.unit


def _statements(versions: gpd.GeoDataFrame) -> Iterator[gpd.GeoDataFrame]:
    """Every row by itself, then the rows of one source and date together where there are several."""
    for place in range(len(versions)):
        yield versions.iloc[[place]]
    for _said, rows in versions.groupby(["as_of", "source"], sort=True):
        if len(rows) > 1:
            yield rows
