"""The whole plan-document set of the demo county, A3 and A4, step by step.

Run: ``python benchmarks/export_set.py [SECONDS]``. The command ``geoplan export`` in a process of its own, as a user runs it: layers
read, the workspace assessed as it is and with the scenario, everything written. The set should take under 90 seconds on
two cores that do nothing else; processor seconds tell what it takes on a machine that others use as well. Ends with an error where the time is
above SECONDS, if they are given.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCENARIO = "2025年规划方案"
PARTS: dict[str, tuple[str, ...]] = {
    "everything, A3 and A4": ("--paper", "A3", "--paper", "A4"),
    "maps on A3": ("--part", "maps", "--paper", "A3"),
    "workbook": ("--part", "workbook"),
    "chapter with its maps": ("--part", "chapter"),
    "GeoPackage": ("--part", "gis"),
    "Shapefiles and GeoJSON": ("--part", "shapefile", "--part", "geojson"),
    "web map": ("--part", "web-map"),
}


def timed(out: Path, *options: str) -> tuple[float, float]:
    """Seconds on the clock and seconds of processors, all processes together."""
    command = [
        sys.executable,
        "-m",
        "geoplan",
        "export",
        str(ROOT),
        "--scenario",
        SCENARIO,
        "--out",
        str(out),
        *options,
    ]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the table."""
    limit = float(sys.argv[1]) if len(sys.argv) > 1 else None
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the first run; reading and assessing are in every line"
    )
    print(f"{'part':26s} {'seconds':>9s} {'processor s':>12s} {'MB':>8s}")
    whole = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, options) in enumerate(PARTS.items()):
            out = Path(folder) / str(number)
            seconds, processor = timed(out, *options)
            size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 1e6
            whole = whole or seconds
            print(f"{name:26s} {seconds:9.1f} {processor:12.1f} {size:8.1f}", flush=True)
    if limit is not None and whole > limit:
        sys.exit(f"the set took {whole:.1f} s, more than {limit:g}")


if __name__ == "__main__":
    main()
