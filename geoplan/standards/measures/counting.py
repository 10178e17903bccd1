"""From rows to one figure: shares and sums, with all that they could come to were the blank cells filled."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from geoplan.model import Count, Rule
from geoplan.standards.measures.registry import Facts

ZERO, ONE, HUNDRED = Fraction(0), Fraction(1), Fraction(100)


@dataclass(frozen=True, slots=True)
class Part:
    """What one row adds to a figure.

    Attributes:
        least: what it adds to the numerator at least.
        most: and at most; None when nothing bounds it.
        of: what it adds to the denominator; None when that is not known.
        certain: whether it is in scope at all.
        missing: the blank fields that leave any of this open.
    """

    id: str
    least: Fraction
    most: Fraction | None
    of: Fraction | None = ONE
    certain: bool = True
    missing: tuple[str, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether no blank touches it."""
        same = self.least is self.most or self.least == self.most  # most parts are one of two constants
        return self.certain and self.of is not None and same


@dataclass(frozen=True, slots=True)
class Figure:
    """What parts come to together; the fields are those of ``Count``."""

    numerator: Fraction
    denominator: Fraction | None
    span: tuple[Fraction | None, Fraction | None] | None
    counted: tuple[str, ...]
    of: tuple[str, ...]
    missing: tuple[str, ...]
    scale: int = 1

    def count(self, unit: tuple[str, str], level: str, needed_unit: str, **more: Any) -> Count:
        """The row of a unit (code and name) with this figure."""
        fields = {name: getattr(self, name) for name in ("numerator", "denominator", "span", "of", "missing", "scale")}
        return Count(*unit, level=level, needed_unit=needed_unit, **{"counted": self.counted, **fields, **more})


def share(parts: Sequence[Part], scale: int = 100) -> Figure:
    """The sum of the parts' numerators over the sum of their denominators.

    A row that may or may not be in scope moves both: the extremes are taken over every choice of such rows.
    """
    certain = [part for part in parts if part.certain]
    numerator = summed(part.least for part in certain)
    known_all = all(part.of is not None for part in certain)
    denominator = summed(part.of or ZERO for part in certain)
    settled = all(part.settled for part in parts)
    span = None if settled or not known_all or denominator == 0 else _share_span(parts, numerator, denominator, scale)
    return Figure(
        numerator,
        denominator if known_all else None,
        span,
        counted=tuple(part.id for part in certain if part.least > 0),
        of=tuple(part.id for part in certain),
        missing=_missing(parts),
        scale=scale,
    )


def _share_span(
    parts: Sequence[Part], numerator: Fraction, denominator: Fraction, scale: int
) -> tuple[Fraction | None, Fraction | None]:
    perhaps = [part for part in parts if not part.certain]
    if any(part.of is None for part in perhaps):
        return None, None
    lowest = _extreme(numerator, denominator, [(part.least, part.of or ZERO) for part in perhaps], upward=False)
    most = [part.most for part in parts]
    if None in most:
        return scale * lowest, None
    reached = summed(part.most or ZERO for part in parts if part.certain)
    best = [(part.most or ZERO, part.of or ZERO) for part in perhaps]
    return scale * lowest, scale * _extreme(reached, denominator, best, upward=True)


def _extreme(
    numerator: Fraction, denominator: Fraction, rows: list[tuple[Fraction, Fraction]], *, upward: bool
) -> Fraction:
    """The highest (or lowest) ratio to which some of the rows can bring a ratio.

    Rows are taken in order of their own ratio for as long as they move the whole: what is beyond the ratio reached
    moves it, what is not does not.
    """
    sign = 1 if upward else -1
    for more, of in sorted((row for row in rows if any(row)), key=_ratio, reverse=upward):
        if sign * (more * denominator - numerator * of) <= 0:
            break
        numerator, denominator = numerator + more, denominator + of
    return numerator / denominator


def _ratio(row: tuple[Fraction, Fraction]) -> tuple[bool, Fraction]:
    """For sorting by ratio: what adds to the numerator alone is beyond every ratio."""
    more, of = row
    return (not of, more / of if of else ZERO)


def total(parts: Sequence[Part]) -> Figure:
    """The sum of the parts' numerators; a blank adds nothing and leaves the sum open."""
    numerator = summed(part.least for part in parts if part.certain)
    most = [part.most for part in parts]
    highest = None if None in most else summed(figure for figure in most if figure is not None)
    span = None if all(part.settled for part in parts) else (numerator, highest)
    counted = tuple(part.id for part in parts if part.certain and part.least > 0)
    return Figure(numerator, ONE, span, counted, tuple(part.id for part in parts if part.certain), _missing(parts))


def summed(figures: Iterable[Fraction]) -> Fraction:
    """The sum; whole ones are added as integers, which is many times quicker."""
    whole, rest = 0, ZERO
    for figure in figures:
        if figure.denominator == 1:
            whole += figure.numerator
        else:
            rest += figure
    return rest + whole


def _missing(parts: Iterable[Part]) -> tuple[str, ...]:
    return tuple(sorted({field for part in parts if not part.settled for field in part.missing}))


def nothing_known(facts: Facts, needed_unit: str, *missing: str) -> list[Count]:
    """The county's row when a layer or a column is absent."""
    return [Count(*facts.place, "county", ZERO, None, needed_unit, missing=missing)]


def by_township(
    facts: Facts, codes: Sequence[str], parts: Sequence[Part], figure: Callable[[list[Part]], Figure]
) -> list[tuple[tuple[str, str], Figure]]:
    """For every township (code and name) the figure of its parts; ``codes`` tells the township of each part."""
    towns = facts.townships()
    if towns is None:
        return []
    names = list(zip(towns.cells("unit_code"), towns.cells("name"), strict=True))
    members: dict[str, list[Part]] = {code: [] for code, _name in names}
    for code, part in zip(codes, parts, strict=True):
        if code in members:
            members[code].append(part)
    return [((code, name), figure(members[code])) for code, name in names]


def complying(
    facts: Facts, rule: Rule, rows: Sequence[Count], met: Sequence[bool | None], certain: Collection[str], unit: str
) -> Count:
    """The county's row: which of the rows comply, of those that have something to divide by; all of them should."""
    parts = []
    for row, is_met in zip(rows, met, strict=True):
        if row.denominator == 0 and not row.missing:
            continue
        least, most = ONE if is_met else ZERO, ZERO if is_met is False else ONE
        parts.append(Part(row.unit, least, most, ONE, row.unit in certain, row.missing))
    target = None if rule.target is None else HUNDRED
    return share(parts).count(facts.place, "county", unit, whole=True, target=target, value_unit="%")
