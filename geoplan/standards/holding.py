"""Hold a count against its target: in exact arithmetic, with every way in which blank cells could be filled."""

from __future__ import annotations

import math
from fractions import Fraction

from geoplan.model import Comparator, Count, Rule

_ZERO = Fraction(0)
Limits = tuple[Fraction | None, Fraction | None]


def value_of(count: Count) -> Fraction | None:
    """The value of what is certain; None where there is nothing to divide by, or it is not known."""
    top, bottom = count.numerator, count.denominator
    if not bottom:
        return None
    return Fraction(count.scale * top.numerator * bottom.denominator, top.denominator * bottom.numerator)


def limits_of(rule: Rule, count: Count) -> Limits:
    """The lowest and the highest value with which this row complies; none for a figure of another kind than the rule's."""
    if count.target is not None:
        return count.target, None
    return (None, None) if count.value_unit not in {"", rule.value_unit} else rule.limits


def complies(rule: Rule, count: Count) -> bool | None:
    """Whether a count meets its target; None where the blanks could be filled either way, or there is no value.

    Without a target everything complies.
    """
    value = value_of(count)
    return None if value is None else stands(count, value, limits_of(rule, count))


def stands(count: Count, value: Fraction, limits: Limits) -> bool | None:
    """Whether a count with this value lies within limits; None where the blanks could be filled either way."""
    lowest, highest = (value, value) if count.span is None else count.span
    lower, upper = limits
    short = lower is not None and highest is not None and _is_below(highest, lower)
    beyond = upper is not None and lowest is not None and _is_below(upper, lowest)
    least_lack, most_lack = count.further
    if short or beyond or least_lack:
        return False
    enough = lower is None or (lowest is not None and not _is_below(lowest, lower))
    within = upper is None or (highest is not None and not _is_below(upper, highest))
    return True if enough and within and not most_lack else None


def _is_below(one: Fraction, other: Fraction) -> bool:
    """``one < other``; Fraction's own comparison takes ten times as long, and every row of every rule is held to it."""
    return one.numerator * other.denominator < other.numerator * one.denominator


def needed(rule: Rule, count: Count) -> Fraction:
    """What the numerator lacks to comply, or has too much of; whole where only whole things count.

    The denominator must be known and greater than nought.
    """
    least, most = limits_of(rule, count)
    lacking = count.further[0]
    if least is not None:
        lacking = max(lacking, _due(least, count) - count.numerator)
    if most is not None:
        lacking = max(lacking, count.numerator - _due(most, count))
    lacking = max(lacking, _ZERO)
    return Fraction(math.ceil(lacking)) if count.whole else lacking


def _due(limit: Fraction, count: Count) -> Fraction:
    """The numerator with which a count would have just this value."""
    bottom = count.denominator or _ZERO
    return Fraction(limit.numerator * bottom.numerator, limit.denominator * bottom.denominator * count.scale)


def advises_only(rule: Rule) -> bool:
    """Whether missing a rule is no more than advice: inherited rules, and targets that are only about right (AMB-20)."""
    return bool(rule.chain) or rule.comparator is Comparator.ABOUT
