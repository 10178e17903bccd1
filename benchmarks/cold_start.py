"""What a start costs: importing the network package, compiling all kernels once, and reading them from disk later.

Run: ``python benchmarks/cold_start.py [RUNS]``. Each figure is from processes of their own; compiling is done twice, in an
empty folder of its own. Medians and spread of the clock, and the median of the processor time.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable

_SCRIPT = """
import time
def both(): return time.perf_counter(), time.process_time()
begin = both()
from geoplan.network import warm_up
imported = both()
warm_up(lambda: None)
ready = both()
print(*(b - a for one, other in ((begin, imported), (imported, ready)) for a, b in zip(one, other)))
"""
_COMPILED = 2


def started(folder: str) -> list[float]:
    """Seconds of importing (clock, processor) and of having the kernels ready, in a new process."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", _SCRIPT], env=environment, check=True, capture_output=True, text=True
    )
    return [float(word) for word in done.stdout.split()]


def show(name: str, rows: Iterable[list[float]]) -> None:
    """One line of the table, of pairs of clock and processor time."""
    clock, processor = zip(*rows, strict=True)
    spread = f"({min(clock):.2f}-{max(clock):.2f})"
    print(f"  {name:34s}{statistics.median(clock):8.2f} s   {spread:16s}", end="")
    print(f"{statistics.median(processor):8.2f} s of processor")


def main() -> None:
    """Print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    first = []
    for _run in range(_COMPILED):
        with tempfile.TemporaryDirectory() as folder:
            first.append(started(folder))
            later = [started(folder) for _again in range(runs)]
    show("import geoplan.network", [row[:2] for row in later])
    show("kernels compiled, the first time", [row[2:] for row in first])
    show("kernels read from disk", [row[2:] for row in later])


if __name__ == "__main__":
    main()
