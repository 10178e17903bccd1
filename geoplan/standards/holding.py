"""Hold a count against its target: in exact arithmetic, with every way in which blank cells could be filled."""

from __future__ import annotations

import math
from fractions import Fraction

from geoplan.model import Comparator, Count, Rule

_ZERO = Fraction(0)
Limits = tuple[Fraction | None, Fraction | None]


def value_of(count: Count) -> Fraction | None:
    """The value of what is certain; None where there is nothing to divide by, or it is not known."""
    return count.scale * count.numerator / count.denominator if count.denominator else None


def limits_of(rule: Rule, count: Count) -> Limits:
    """The lowest and the highest value with which this row complies."""
    return rule.limits if count.target is None else (count.target, None)


def complies(rule: Rule, count: Count) -> bool | None:
    """Whether a count meets its target; None where the blanks could be filled either way, or there is no value.

    Without a target everything complies.
    """
    value = value_of(count)
    if value is None:
        return None
    lowest, highest = (value, value) if count.span is None else count.span
    lower, upper = limits_of(rule, count)
    short = lower is not None and highest is not None and highest < lower
    beyond = upper is not None and lowest is not None and lowest > upper
    if short or beyond or count.further[0] > 0:
        return False
    enough = lower is None or (lowest is not None and lowest >= lower)
    within = upper is None or (highest is not None and highest <= upper)
    return True if enough and within and count.further[1] == 0 else None


def needed(rule: Rule, count: Count) -> Fraction:
    """What the numerator lacks to comply, or has too much of; whole where only whole things count.

    The denominator must be known and greater than nought.
    """
    ends = (
        None if limit is None else limit * (count.denominator or _ZERO) / count.scale
        for limit in limits_of(rule, count)
    )
    least, most = ends
    lacking = max(
        _ZERO if least is None else least - count.numerator,
        _ZERO if most is None else count.numerator - most,
        count.further[0],
        _ZERO,
    )
    return Fraction(math.ceil(lacking)) if count.whole else lacking


def advises_only(rule: Rule) -> bool:
    """Whether missing a rule is no more than advice: inherited rules, and targets that are only about right (AMB-20)."""
    return bool(rule.chain) or rule.comparator is Comparator.ABOUT
