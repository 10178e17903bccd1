"""The figures of an assessment by name: what an export records, so that the next one can tell which of them moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from geoplan.assess import Assessment
from geoplan.coverage import Coverage
from geoplan.i18n import _
from geoplan.model import OUTCOME_LABELS, OUTCOME_SYMBOLS, Outcome, Verdict
from geoplan.report import reach, tables
from geoplan.report.documents.sheet import number


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, exact and without words of any language but its names.

    Attributes:
        name: of the rule or the service, in the language of the export.
        place: the name of the unit, estate or facility.
        level: as in ``Count.level``.
        value: None where it cannot be evaluated or does not apply.
        unit: of the value.
        outcome: of a verdict; blank for a figure that nothing is demanded of.
    """

    name: str
    place: str
    level: str
    value: Fraction | None
    unit: str
    outcome: str = ""

    @property
    def gist(self) -> tuple[Fraction | None, str]:
        """What must differ for the figure to have moved."""
        return self.value, self.outcome

    @property
    def text(self) -> str:
        """Value and outcome in words."""
        value = tables.with_unit(self.value, self.unit, trim=self.unit != "%")
        if self.outcome in {"", Outcome.INFORMATIONAL}:
            return value
        outcome = Outcome(self.outcome)
        return f"{value} {OUTCOME_SYMBOLS[outcome]} {_(OUTCOME_LABELS[outcome])}"


Figures = Mapping[str, Figure]
"""By an id that stays from export to export, ``verdict/heshan.circle_minutes.2025/township/440784001``."""


def figures_of(assessment: Assessment) -> Figures:
    """All figures of an assessment: coverage of every service and unit, and every verdict."""
    found = dict(_verdict(verdict) for verdict in assessment.verdicts)
    return {name: figure for coverage in assessment.coverages for name, figure in _coverage(coverage)} | found


def _coverage(coverage: Coverage) -> Iterator[tuple[str, Figure]]:
    group, service = reach.group_of(coverage), coverage.service
    for row in coverage.units.to_dict("records"):
        place, level = str(row["unit_name"]), str(row["level"])
        name = f"{reach.service_name(service)} · {reach.group_label(group)}"
        key = f"coverage/{service.id}/{group}/{level}/{row['unit']}"
        yield f"{key}/share", Figure(f"{name} · {_('覆盖率')}", place, level, reach.covered_share(row, group), "%")
        yield f"{key}/people", Figure(name, place, level, number(row[group]), "人")


def _verdict(verdict: Verdict) -> tuple[str, Figure]:
    count = verdict.count
    key = f"verdict/{verdict.rule.id}/{count.level}/{count.unit}"
    name, unit = tables.rule_name(verdict), verdict.value_unit
    return key, Figure(name, count.unit_name, count.level, verdict.value, unit, verdict.outcome.value)


def figure_record(name: str, figure: Figure) -> dict[str, Any]:
    """A figure for the export record."""
    value = None if figure.value is None else str(figure.value)
    told = {"id": name, "name": figure.name, "place": figure.place, "level": figure.level}
    return {**told, "value": value, "unit": figure.unit, "outcome": figure.outcome}


def read_figure(record: Mapping[str, Any]) -> tuple[str, Figure]:
    """The figure of a record.

    Raises:
        KeyError, ValueError, TypeError, ZeroDivisionError: it is no such record.
    """
    value = None if record["value"] is None else Fraction(record["value"])
    outcome = Outcome(record["outcome"]).value if record["outcome"] else ""
    name, place, level = (str(record[key]) for key in ("name", "place", "level"))
    return str(record["id"]), Figure(name, place, level, value, str(record["unit"]), outcome)
