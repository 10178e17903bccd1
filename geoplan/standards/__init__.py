"""What plans demand: rule packs, their loader, and the measures that their rules name."""

from geoplan.standards.holding import advises_only, complies, limits_of, needed, stands, value_of
from geoplan.standards.measures import MEASURES, Entry, Facts, Measure, Travel, entry_of, facilities_in_scope
from geoplan.standards.packs import Pack, known_packs, load_pack

__all__ = [
    "MEASURES",
    "Entry",
    "Facts",
    "Measure",
    "Pack",
    "Travel",
    "advises_only",
    "complies",
    "entry_of",
    "facilities_in_scope",
    "known_packs",
    "limits_of",
    "load_pack",
    "needed",
    "stands",
    "value_of",
]
