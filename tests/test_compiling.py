"""Kernels are compiled once, with a notice, and then read from disk."""

from __future__ import annotations

import os
import shutil
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


# Calls the smallest kernel; how often it had to be compiled, and the folders of kernels beside the package.
ONE_KERNEL = """
from pathlib import Path
import numpy as np
from numba.core import event
recorded = event.RecordingListener()
event.register("numba:compile", recorded)
from geoplan.network import buckets
buckets.with_room(np.zeros(3), 3, 1)
print(sum(one.is_start for _time, one in recorded.buffer), *Path(buckets.__file__).parent.glob("__pycache__/geoplan-kernels-*"))
"""


def test_kernels_are_compiled_anew_when_any_source_beside_them_is_another(tmp_path):
    """Also one whose own file is the same, for it may hold code out of the other; what is out of date goes."""
    unused = shutil.ignore_patterns("__pycache__", "frontend", "build")
    package = shutil.copytree(REPOSITORY / "geoplan", tmp_path / "geoplan", ignore=unused)
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}

    def used() -> tuple[str, list[str]]:
        command, own = [sys.executable, "-c", ONE_KERNEL], environment | {"PYTHONPATH": str(tmp_path)}
        done = subprocess.run(command, env=own, cwd=tmp_path, capture_output=True, text=True, check=True)
        compiled, *folders = done.stdout.split()
        return compiled, folders

    compiled, first = used()
    assert (compiled != "0", len(first)) == (True, 1)
    assert used() == ("0", first)
    source = package / "network" / "settling.py"
    source.write_text(source.read_text(encoding="utf-8") + "# another\n", encoding="utf-8")
    compiled, second = used()
    assert (compiled != "0", len(second)) == (True, 1)
    assert first != second


def test_warming_up_compiles_everything_and_says_so_only_then(tmp_path, small):
    """With nothing on disk one notice comes and no kernel is left to compile afterwards; the next process says nothing."""
    workspace, cache = small.write(tmp_path / "county"), tmp_path / "cache"
    assert said_and_compiled_later(cache, workspace) == (1, 0)
    assert any(cache.rglob("*.nbi"))
    assert said_and_compiled_later(cache, workspace) == (0, 0)
