"""Measures: small pure functions that count, and say what they counted.

A measure gets the facts of a workspace and one rule, and returns a ``Count`` for the county and for the parts it
speaks of. It does not judge; the verdict is the same code for all (``geoplan.compliance``). Blank cells are never taken
for zero. Importing this package registers all of them in ``MEASURES``.
"""

from geoplan.standards.measures import access, entered, estates, facilities, land, units  # noqa: F401 - they register
from geoplan.standards.measures.entered import Entry, entry_of
from geoplan.standards.measures.registry import MEASURES, Facts, Measure, Travel
from geoplan.standards.measures.scope import facilities_in_scope

__all__ = ["MEASURES", "Entry", "Facts", "Measure", "Travel", "entry_of", "facilities_in_scope"]
