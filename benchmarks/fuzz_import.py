"""Thousands of corrupted files of each format against the import: ``python benchmarks/fuzz_import.py [COUNT] [FORMAT ...]``.

Each must end in a clear error or a readable rest within 10 s and 1 GB, and leave nothing outside its staging folder. Prints one line for each
format: how many were refused, read, or ended by the limits; the slowest one; the memory of the largest fork.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from corrupted_files import FORMATS, corrupt, good_files

from geoplan.errors import LayerError
from geoplan.intake import bringing
from geoplan.intake.beginning import begin
from geoplan.intake.confinement import Confinement
from geoplan.intake.records import Request


def main(count: int, formats: list[str]) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name, Confinement() as opener:
        base = Path(name)
        good, root, source = good_files(base / "good"), base / "workspace", base / "bad"
        begin(root, "", "cn-national")
        source.mkdir()
        before = set(base.rglob("*"))
        print(f"{'format':10}{'files':>7}{'refused':>9}{'read':>7}{'died':>6}{'slowest s':>11}{'seconds':>9}")
        for kind in formats:
            print(_row(kind, count, good[kind], root, source, opener), flush=True)
            for made in source.iterdir():
                made.unlink()
            assert set(base.rglob("*")) == before, "something was left behind"
    print(f"largest process: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:,.0f} MB")


def _row(kind: str, count: int, good: Path, root: Path, source: Path, opener: Confinement) -> str:
    ends: Counter[str] = Counter()
    slowest, started = 0.0, time.monotonic()
    for number in range(count):
        bad = corrupt(good, number, source)
        begun = time.monotonic()
        ends[_end(bad, "roads" if kind == "pbf" else "facilities", root, opener)] += 1
        slowest = max(slowest, time.monotonic() - begun)
    took = time.monotonic() - started
    counts = (ends["refused"], ends["read"], ends["died"])
    return f"{kind:10}{count:7}{counts[0]:9}{counts[1]:7}{counts[2]:6}{slowest:11.2f}{took:9.0f}"


def _end(bad: Path, role: str, root: Path, opener: Confinement) -> str:
    with bringing.staging(root) as folder:
        try:
            staged = bringing.stage(bad, role, folder, opener)
            look = opener.look(staged.path, Request(role=role, datum="wgs84"))
        except LayerError as error:
            return "died" if "--trust" in str(error) or not str(error) else "refused"
        return "read" if look.usable else "refused"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000, sys.argv[2:] or list(FORMATS))
