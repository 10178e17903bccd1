"""What is wrong with a county's data, where, how much, and what can be done: one registry of small checks."""

from geoplan.doctor.examination import CHECKS, Check, checked, examine, with_known
from geoplan.doctor.records import Case, Finding, References, shapes_of
from geoplan.doctor.references import read_census, read_codes
from geoplan.doctor.treatment import OFFERED, prescribe

__all__ = [
    "CHECKS",
    "OFFERED",
    "Case",
    "Check",
    "Finding",
    "References",
    "checked",
    "examine",
    "prescribe",
    "read_census",
    "read_codes",
    "shapes_of",
    "with_known",
]
