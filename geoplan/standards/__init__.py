"""What plans demand: rule packs, their loader, and the measures that their rules name."""

from geoplan.standards.measures import MEASURES, Facts, Measure
from geoplan.standards.packs import Pack, known_packs, load_pack

__all__ = ["MEASURES", "Facts", "Measure", "Pack", "known_packs", "load_pack"]
