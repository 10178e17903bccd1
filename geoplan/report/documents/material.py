"""What a document set is made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from geoplan.assess import Assessment
from geoplan.compare import Comparison, compare
from geoplan.doctor import Finding, findings_of
from geoplan.i18n import _, current
from geoplan.report import reach
from geoplan.report.documents.changes import Changes


@dataclass(frozen=True)
class Material:
    """One assessment and what stands beside it; every document of a set is made from the same material.

    Attributes:
        base: the workspace as it is, where the assessment has a scenario; else None.
        comparison: of the two.
        changes: since the last export into the same place; None where there is none.
        made: when, with its time zone.
    """

    assessment: Assessment
    base: Assessment | None
    comparison: Comparison | None
    changes: Changes | None
    made: datetime

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What the data check finds in the workspace as it is, and what the assessment met, the worst first."""
        base = self.base or self.assessment
        return findings_of(base.layers, base.ways, self.assessment.problems)


def material_of(assessment: Assessment, base: Assessment | None) -> Material:
    """The material of now, with nothing exported before."""
    compared = compare(base, assessment) if base else None
    return Material(assessment, base, compared, None, datetime.now(UTC).astimezone())


def coverage_text(assessment: Assessment) -> str:
    """The county's coverage by the first service, ``54.04%``: the one figure that every document shows."""
    coverage = assessment.coverages[0]
    return reach.share_text(coverage.units.iloc[0].to_dict(), reach.group_of(coverage))


def in_brackets(text: str) -> str:
    """Text in the brackets of the current language, with the space that they want before them; blank for none."""
    return _("（{text}）").format(text=text) if text else ""


def pack_name(assessment: Assessment) -> str:
    """The rule pack's name in the current language."""
    return assessment.pack.name_en if current() == "en" else assessment.pack.name
