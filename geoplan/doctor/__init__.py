"""What is wrong with a county's data, where, how much, and what can be done: one registry of small checks."""

from geoplan.doctor.examination import CHECKS, Check, checked, examine, findings_of, with_known
from geoplan.doctor.records import Case, Finding, References, shapes_of
from geoplan.doctor.references import read_reference, references_of
from geoplan.doctor.treatment import prescribe, recorded, spec_of

__all__ = [
    "CHECKS",
    "Case",
    "Check",
    "Finding",
    "References",
    "checked",
    "examine",
    "findings_of",
    "prescribe",
    "read_reference",
    "recorded",
    "references_of",
    "shapes_of",
    "spec_of",
    "with_known",
]
