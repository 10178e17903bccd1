"""One edit on the demo county: the assessment that goes on from the one before, beside the full one of the same scenario.

Run: ``python benchmarks/incremental.py [EDITS]``. Prints medians and spread of the wall time, the median of the processor
time (which other work on the machine touches less), and how many times faster; both assessments of the last edit are
compared. Neither draws service areas: no verdict depends on them.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

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
    return Scenario("计时", layers.base, tuple(Step(edit, "计时", NOW) for edit in edits))


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


def clocks() -> NDArray[np.float64]:
    """The wall clock and the processor's, in seconds."""
    return np.array([time.perf_counter(), time.process_time()])


def main() -> None:
    """Print what one edit costs."""
    layers = load_layers(DEMO)
    pack = load_pack(layers.manifest.pack)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    memory = Memory()
    assess(layers, pack, memory=memory)
    seconds: dict[str, list[NDArray[np.float64]]] = {}
    for kind, edit in random_edits(layers, count):
        begin = clocks()
        quick = assess_scenario(layers, drawn([edit], layers), pack, memory=memory)
        seconds.setdefault(kind, []).append(clocks() - begin)
    for _run in range(FULL_RUNS):
        begin = clocks()
        full = assess_scenario(layers, drawn([edit], layers), pack)
        seconds.setdefault("full", []).append(clocks() - begin)
    assert quick.verdicts == full.verdicts
    middle = {kind: np.median(times, axis=0) for kind, times in seconds.items()}
    for kind, times in seconds.items():
        wall, processor = (1e3 * np.array(times)).T
        ratio = "" if kind == "full" else f"{middle['full'][1] / middle[kind][1]:7.1f}x faster than the full assessment"
        spread = f"({wall.min():.1f}-{wall.max():.1f})"
        print(
            f"  {kind:6s}{np.median(wall):10.1f} ms {spread:18s}{np.median(processor):10.1f} ms of processor  {ratio}"
        )


if __name__ == "__main__":
    main()
