"""Kernels are compiled once, with a notice, and then read from disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
# What users do after a warm-up, with every kernel counted that still has to be compiled.
SCRIPT = """
import sys
from pathlib import Path
from numba.core import event
from geoplan.assess import assess
from geoplan.layers import load_layers
from geoplan.network import load_profile, warm_up
from geoplan.report.service_areas import draw_service_areas
from geoplan.standards import load_pack

said = []
warm_up(lambda: said.append(1))
recorded = event.RecordingListener()
event.register("numba:compile", recorded)
layers, pack = load_layers(Path(sys.argv[1])), load_pack("heshan")
assess(layers, pack)
for kind in ("each", "dissolved", "responsibility"):
    draw_service_areas(layers, pack, load_profile("walk"), [300_000, 900_000], kind, lambda stage: None)
print(len(said), len(recorded.buffer))
"""


def said_and_compiled_later(cache: Path, workspace: Path) -> tuple[int, int]:
    """How often a process says that it compiles, and how many kernels it compiles after its warm-up."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", SCRIPT, str(workspace)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    said, later = done.stdout.split()
    return int(said), int(later)


def test_warming_up_compiles_everything_and_says_so_only_then(tmp_path, small):
    """With nothing on disk one notice comes and no kernel is left to compile afterwards; the next process says nothing."""
    workspace, cache = small.write(tmp_path / "county"), tmp_path / "cache"
    assert said_and_compiled_later(cache, workspace) == (1, 0)
    assert any(cache.rglob("*.nbi"))
    assert said_and_compiled_later(cache, workspace) == (0, 0)
