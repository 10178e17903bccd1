"""The measure of what no layer can answer: a figure that an official typed, with its source and date."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from types import MappingProxyType

import geopandas as gpd

from geoplan.i18n import _
from geoplan.model import Count, Rule
from geoplan.standards.measures.counting import ONE, ZERO
from geoplan.standards.measures.registry import Facts, measure
from geoplan.standards.options import one_of

KINDS = ("number", "yes_no", "date")
_YES, _NO = {"是", "有", "yes", "y", "true", "1"}, {"否", "无", "没有", "no", "n", "false", "0"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the table of figures."""

    value: str
    source: str
    as_of: str
    entered_by: str
    note: str

    @property
    def words(self) -> str:
        """Who says so and of when."""
        parts = (self.source, self.as_of, self.entered_by, self.note)
        return _("，").join(part for part in parts if part)


def entry_of(figures: gpd.GeoDataFrame | None, rule: Rule) -> Entry | None:
    """The row for a rule: that of its own id, else that of its indicator; None where there is none or it is blank."""
    if figures is None:
        return None
    rows = {str(row.rule): row for row in figures.itertuples()}
    for name in (rule.id, rule.indicator):
        row = rows.get(name)
        if row is not None and row.value:
            return Entry(row.value, row.source, row.as_of, row.entered_by, row.note)
    return None


@measure("figures", options={"kind": one_of(KINDS)})
def entered(facts: Facts, rule: Rule) -> list[Count]:
    """A figure from the table ``figures``: a number, yes (1) or no (0), or a date (1 when not after the rule's day)."""
    name = f"figures.{rule.id}"
    entry = entry_of(facts.frames.get("figures"), rule)
    if entry is None:
        return [Count(*facts.place, "county", ZERO, None, _unit(rule), missing=(name,))]
    try:
        value = value_of(entry.value, rule)
    except ValueError:
        text = _("figures 表中的“{value}”无法读作{kind}")
        note = text.format(value=entry.value, kind=kind_word(rule))
        return [Count(*facts.place, "county", ZERO, None, _unit(rule), missing=(name,), note=note)]
    note = _("填报：{words}").format(words=entry.words) if entry.words else _("填报：未注明来源")
    return [Count(*facts.place, "county", value, ONE, _unit(rule), counted=(name,), note=note)]


def value_of(text: str, rule: Rule) -> Fraction:
    """A typed value as a rule counts it: a number, yes (1) or no (0), or whether a date is in time.

    Raises:
        ValueError: it cannot be read as what the rule asks for.
    """
    return _READ[rule.options.get("kind", "number")](text, rule)


def kind_word(rule: Rule) -> str:
    """What a rule's figure is, in words."""
    return {"number": _("数"), "yes_no": _("是或否"), "date": _("日期")}[rule.options.get("kind", "number")]


def _unit(rule: Rule) -> str:
    return rule.value_unit


def _number(text: str, _rule: Rule) -> Fraction:
    try:
        return Fraction(text.replace(",", "").removesuffix("%").strip())
    except ZeroDivisionError as error:
        raise ValueError(text) from error


def _yes_no(text: str, _rule: Rule) -> Fraction:
    word = text.strip().lower()
    if word not in _YES | _NO:
        raise ValueError(text)
    return ONE if word in _YES else ZERO


def _in_time(text: str, rule: Rule) -> Fraction:
    """1 when the day is not after the rule's; without such a day the date itself shows that it is done."""
    day = date.fromisoformat(text.strip())
    return ONE if rule.due is None or day <= rule.due else ZERO


_READ: Mapping[str, Callable[[str, Rule], Fraction]] = MappingProxyType(
    {"number": _number, "yes_no": _yes_no, "date": _in_time}
)
