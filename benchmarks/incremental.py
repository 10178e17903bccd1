"""One edit on the demo county: the assessment that goes on from the one before, beside the full one of the same scenario.

Run: ``python benchmarks/incremental.py [EDITS]``. Prints medians and spread, and how many times faster; both
assessments of the last edit are compared.
"""

from __future__ import annotations

import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from geoplan.assess import assess, assess_scenario
from geoplan.crs import lonlat
from geoplan.layers import Layers, load_layers
from geoplan.memory import Memory
from geoplan.scenario import AddFacility, CloseFacility, Edit, MoveFacility, Scenario, Step
from geoplan.standards import load_pack

DEMO = Path(__file__).parents[1]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FULL_RUNS = 3
CENTRE = {"name": "新中心", "kind": "township_centre", "level": "township", "status": "existing", "beds": 60}
FUNCTIONS = "full_residential|day_care|home_visit|guidance"


def drawn(edits: list[Edit], layers: Layers) -> Scenario:
    """A scenario of these edits."""
    return Scenario("计时", layers.digest, tuple(Step(edit, "计时", NOW) for edit in edits))


def random_edits(layers: Layers, count: int) -> list[tuple[str, Edit]]:
    """Facilities added, moved and closed in turn, near places where people live."""
    random = np.random.default_rng(5)
    homes = lonlat(layers.frames["demand"][layers.frames["demand"]["in_area"]]).geometry
    open_ids = random.permutation(layers.frames["facilities"]["facility_id"].to_numpy(object))
    edits: list[tuple[str, Edit]] = []
    for number in range(count):
        home = homes.iloc[int(random.integers(len(homes)))]
        lon, lat = float(home.x), float(home.y)
        attributes = {**CENTRE, "functions": FUNCTIONS}
        edits += [
            ("add", AddFacility(facility_id=f"B{number:03d}", attributes=attributes, lon=lon, lat=lat)),
            ("move", MoveFacility(facility_id=str(open_ids[2 * number]), lon=lon, lat=lat)),
            ("close", CloseFacility(facility_id=str(open_ids[2 * number + 1]))),
        ]
    return edits


def main() -> None:
    """Print what one edit costs."""
    layers = load_layers(DEMO)
    pack = load_pack(layers.manifest.pack)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    memory = Memory()
    assess(layers, pack, memory=memory)
    seconds: dict[str, list[float]] = {}
    for kind, edit in random_edits(layers, count):
        begin = time.perf_counter()
        quick = assess_scenario(layers, drawn([edit], layers), pack, memory=memory)
        seconds.setdefault(kind, []).append(time.perf_counter() - begin)
    for _run in range(FULL_RUNS):
        begin = time.perf_counter()
        full = assess_scenario(layers, drawn([edit], layers), pack)
        seconds.setdefault("full", []).append(time.perf_counter() - begin)
    assert quick.verdicts == full.verdicts
    middle = {kind: statistics.median(times) for kind, times in seconds.items()}
    for kind, times in seconds.items():
        ratio = "" if kind == "full" else f"{middle['full'] / middle[kind]:7.1f}x faster than the full assessment"
        print(f"  {kind:6s}{middle[kind] * 1e3:10.1f} ms  ({min(times) * 1e3:.1f}-{max(times) * 1e3:.1f})  {ratio}")


if __name__ == "__main__":
    main()
