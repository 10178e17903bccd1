"""Rules and counts make verdicts: the same few lines for every rule, in exact arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

from geoplan.model import Binding, Comparator, Count, Outcome, Rule, Verdict
from geoplan.standards import MEASURES, Facts, Pack

_MISSED = {
    Binding.BINDING: Outcome.FAIL,
    Binding.EXPECTED: Outcome.WARN,
    Binding.UNSTATED: Outcome.WARN,
    Binding.ADVISORY: Outcome.ADVISORY,
}


def evaluate(pack: Pack, facts: Facts) -> tuple[Verdict, ...]:
    """The verdicts of every rule of a pack that applies in the year, in the pack's order; the county's first."""
    rules = pack.rules_for(facts.year)
    return tuple(judge(rule, count) for rule in rules for count in MEASURES[rule.measure].count(facts, rule))


def judge(rule: Rule, count: Count) -> Verdict:
    """Hold one count against its target.

    A share over nothing is not applicable. Where blank cells could turn the outcome, it is not evaluable; where they
    could not, the outcome stands.
    """
    target = rule.target if count.target is None else count.target
    if count.denominator is None:
        return Verdict(rule, count, Outcome.NOT_EVALUABLE, None, target, None)
    if count.denominator == 0:
        return Verdict(rule, count, Outcome.NOT_APPLICABLE, None, target, None)
    value = count.scale * count.numerator / count.denominator
    if target is None:
        outcome = Outcome.NOT_EVALUABLE if count.missing else Outcome.INFORMATIONAL
        return Verdict(rule, count, outcome, None if count.missing else value, None, None)
    outcome = _outcome(rule, count, target)
    if outcome is Outcome.NOT_EVALUABLE:
        return Verdict(rule, count, outcome, None, target, None)
    if count.detail:
        outcome = Outcome.INFORMATIONAL
    return Verdict(rule, count, outcome, value, target, _needed(rule, count, target))


def _outcome(rule: Rule, count: Count, target: Fraction) -> Outcome:
    least_met = _meets(rule.comparator, count.numerator, count, target)
    most_met = _unbounded(rule.comparator) if count.most is None else _meets(rule.comparator, count.most, count, target)
    if count.missing and least_met != most_met:
        return Outcome.NOT_EVALUABLE
    return Outcome.PASS if least_met else _MISSED[Binding.ADVISORY if rule.chain else rule.binding]


def _unbounded(comparator: Comparator) -> bool:
    """Whether an unboundedly large numerator would comply."""
    return comparator is Comparator.AT_LEAST


def _meets(comparator: Comparator, numerator: Fraction, count: Count, target: Fraction) -> bool:
    """Compared by multiplying out, so that nothing is ever rounded."""
    ours, demanded = count.scale * numerator, target * (count.denominator or Fraction(0))
    return ours >= demanded if comparator is Comparator.AT_LEAST else ours <= demanded


def _needed(rule: Rule, count: Count, target: Fraction) -> Fraction:
    """What the numerator lacks to comply (or must lose, for an upper bound); whole where only whole things count."""
    demanded = target * (count.denominator or Fraction(0)) / count.scale
    lacking = demanded - count.numerator if rule.comparator is Comparator.AT_LEAST else count.numerator - demanded
    lacking = max(lacking, Fraction(0))
    return Fraction(math.ceil(lacking)) if count.whole else lacking
