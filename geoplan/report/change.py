"""A verdict beside the one before: how its value moved, whether the outcome turned, and whether that is for the better."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from geoplan.i18n import _
from geoplan.model import OUTCOME_SYMBOLS, Comparator, Outcome, Verdict
from geoplan.report import tables


class Turn(StrEnum):
    """Which way something went; the value is the symbol that stands beside its colour."""

    BETTER = "▲"
    WORSE = "▼"
    NEITHER = "◆"  # it differs, and no target says which way is better


_JUDGED = {Outcome.PASS, Outcome.FAIL, Outcome.WARN, Outcome.ADVISORY}


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a figure.

    Attributes:
        text: symbol, signed difference, and the outcomes where they differ: ``▲ +10 个百分点（! → ✓）``.
    """

    turn: Turn
    text: str


def verdict_change(before: Verdict | None, after: Verdict, *, unit: bool = True) -> Change | None:
    """How a verdict differs from the one before; None where value, outcome and what is needed are the same.

    Args:
        unit: whether the difference has its unit; not where it stands beside the value, which has it.
    """
    if before is None:
        return Change(Turn.NEITHER, _("{symbol} 新增").format(symbol=Turn.NEITHER.value))
    if _gist(before) == _gist(after):
        return None
    turn = _turn(before, after)
    return Change(turn, f"{turn.value} {_moved(before, after, unit=unit)}{_turned(before, after)}")


def points(difference: Fraction) -> str:
    """A difference of two shares in percentage points with its sign."""
    return _("{points} 个百分点").format(points=signed(difference, trim=False))


def signed(difference: Fraction, digits: int = 2, *, trim: bool = True) -> str:
    """A difference with its sign, also a plus."""
    return f"{'+' if difference > 0 else '−' if difference < 0 else '±'}{tables.figure(abs(difference), digits, trim=trim)}"


def _gist(verdict: Verdict) -> tuple[object, ...]:
    return verdict.outcome, verdict.value, verdict.needed


def _turn(before: Verdict, after: Verdict) -> Turn:
    """Better is what complies where it did not, needs less than before, or lies farther on the good side."""
    if not {before.outcome, after.outcome} <= _JUDGED:
        return Turn.NEITHER if before.outcome is not after.outcome else _by_value(before, after)
    if (before.outcome is Outcome.PASS) != (after.outcome is Outcome.PASS):
        return Turn.BETTER if after.outcome is Outcome.PASS else Turn.WORSE
    if before.needed is not None and after.needed is not None and before.needed != after.needed:
        return Turn.BETTER if after.needed < before.needed else Turn.WORSE
    return _by_value(before, after)


def _by_value(before: Verdict, after: Verdict) -> Turn:
    """Which way a value went where nothing is needed: towards its bound or away from it; access has no bound."""
    if before.value is None or after.value is None or before.value == after.value:
        return Turn.NEITHER
    judged = after.target is not None and after.comparator in {Comparator.AT_LEAST, Comparator.AT_MOST}
    if not judged and after.rule.measure != "network_share":
        return Turn.NEITHER
    more_is_better = not judged or after.comparator is Comparator.AT_LEAST
    return Turn.BETTER if (after.value > before.value) is more_is_better else Turn.WORSE


def _moved(before: Verdict, after: Verdict, *, unit: bool) -> str:
    """The difference of the values; of what is needed where the values are the same."""
    if before.value is None or after.value is None:
        return "{} → {}".format(*(tables.value_text(verdict) for verdict in (before, after)))
    difference = after.value - before.value
    if difference == 0:
        return ""
    if after.value_unit == "%":
        return points(difference)
    if after.value_unit == tables.YES_NO:
        return "{} → {}".format(*(tables.value_text(verdict) for verdict in (before, after)))
    text = tables.with_unit(abs(difference), after.value_unit)
    told = text if unit else text.removesuffix(tables.unit_label(after.value_unit, abs(difference))).rstrip()
    return f"{'+' if difference > 0 else '−'}{told}"


def _turned(before: Verdict, after: Verdict) -> str:
    """The symbols of both outcomes where they differ."""
    if before.outcome is after.outcome:
        return ""
    return _("（{before} → {after}）").format(
        before=OUTCOME_SYMBOLS[before.outcome], after=OUTCOME_SYMBOLS[after.outcome]
    )
