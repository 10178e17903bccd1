"""Thousands of corrupted files of each format against the import: ``python benchmarks/fuzz_import.py [COUNT] [FORMAT ...]``.

Each must end in a clear error or a readable rest within 10 s and 1 GB, and leave nothing outside its staging folder. Prints one line for each
format: how many were refused, read, or ended by the limits; the slowest one; the memory of the largest process, libraries included. Each
format runs in a process of its own, so that this memory is its own.
"""

from __future__ import annotations

import resource
import subprocess
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

_HEAD = f"{'format':10}{'files':>7}{'refused':>9}{'read':>7}{'died':>6}{'slowest s':>11}{'MB':>7}{'seconds':>9}"


def main(count: int, formats: list[str]) -> None:
    """Print the table, one process for each format."""
    print(_HEAD, flush=True)
    for kind in formats:
        subprocess.run([sys.executable, __file__, str(count), kind, "--row"], check=True)  # noqa: S603 - ourselves


def row(count: int, kind: str) -> None:
    """Print the line of one format."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        good, root, source = good_files(base / "good")[kind], base / "workspace", base / "bad"
        begin(root, "", "cn-national")
        source.mkdir()
        before = _seen(base)
        with Confinement() as opener:
            _end(good, "facilities", root, opener)  # the process starts, which is no file's time
            line = _row(kind, count, good, root, source, opener)
        for made in source.iterdir():
            made.unlink()
        assert _seen(base) == before, "something was left behind"
    print(f"{line[0]}{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:7,.0f}{line[1]}", flush=True)


def _seen(base: Path) -> set[Path]:
    """All that lies in our own folder, and the names in the folders that a path leading out of it may end in."""
    around = {base.parent, *base.parents, Path("/var"), Path.home(), Path.cwd()} - {base.parent}
    return {*base.rglob("*"), *base.parent.glob("outside*"), *(path for folder in around for path in folder.iterdir())}


def _row(kind: str, count: int, good: Path, root: Path, source: Path, opener: Confinement) -> tuple[str, str]:
    ends: Counter[str] = Counter()
    slowest, started = 0.0, time.monotonic()
    for number in range(count):
        bad = corrupt(good, number, source)
        begun = time.monotonic()
        ends[_end(bad, "roads" if kind == "pbf" else "facilities", root, opener)] += 1
        slowest = max(slowest, time.monotonic() - begun)
    took = time.monotonic() - started
    counts = (ends["refused"], ends["read"], ends["died"])
    return f"{kind:10}{count:7}{counts[0]:9}{counts[1]:7}{counts[2]:6}{slowest:11.2f}", f"{took:9.0f}"


def _end(bad: Path, role: str, root: Path, opener: Confinement) -> str:
    with bringing.staging(root) as folder:
        try:
            staged = bringing.stage(bad, role, folder, opener)
            look = opener.look(staged.path, Request(role=role, datum="wgs84"))
        except LayerError as error:
            return "died" if "--trust" in str(error) or not str(error) else "refused"
        return "read" if look.usable else "refused"


if __name__ == "__main__":
    asked = [word for word in sys.argv[2:] if word != "--row"]
    if "--row" in sys.argv:
        row(int(sys.argv[1]), asked[0])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000, asked or list(FORMATS))
