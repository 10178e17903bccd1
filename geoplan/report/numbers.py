"""Figures for the eye."""

from __future__ import annotations

from fractions import Fraction


def figure(value: Fraction | None, digits: int = 2, *, trim: bool = True) -> str:
    """A figure for the eye, rounded half up from its exact value; a dash when there is none.

    Args:
        digits: decimals.
        trim: leave out zeros at the end; not in columns of figures, whose points should stand below each other.
    """
    if value is None:
        return "—"
    scaled = abs(value) * 10**digits
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    text = f"{whole // 10**digits:,}"
    decimals = f"{whole % 10**digits:0{digits}d}" if digits else ""
    decimals = decimals.rstrip("0") if trim else decimals
    sign = "-" if value < 0 and whole else ""
    return f"{sign}{text}.{decimals}" if decimals else f"{sign}{text}"
