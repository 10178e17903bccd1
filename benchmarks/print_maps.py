"""The demo's print maps beside a plain geopandas ``.plot()`` map of the same layers, and the whole set on A3 and A4.

Run: ``python benchmarks/print_maps.py [RUNS] [--set]``. Both draw the townships by coverage, roads, water and facilities on A3
and save PDF and PNG at 300 dpi, in the same process, in turn; medians and spread over the runs after one warm-up, in seconds and in
processor time, which other work on the machine changes less. The plain map has a legend of matplotlib's and township names
where they fall: no exact scale, no scale bar, arrow, graticule, inset or title block, and names may overlap. ``--set``
adds every sheet and the atlas on both papers in three formats.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import matplotlib as mpl
from matplotlib.figure import Figure

from geoplan.assess import Assessment, assess
from geoplan.compare import compare
from geoplan.layers import load_layers, townships
from geoplan.report import reach
from geoplan.report.print_maps import FORMATS, atlas, save_sheets, sheets
from geoplan.standards import load_pack

ROOT = Path(__file__).resolve().parents[1]
A3_INCHES = (420 / 25.4, 297 / 25.4)


def plain(assessment: Assessment, out: Path) -> None:
    """What a planner scripts today: one ``.plot()`` for each layer, names written at representative points."""
    units = townships(reach.units_with_coverage(assessment, assessment.coverages[0]))
    frames = assessment.layers.frames
    figure = Figure(figsize=A3_INCHES)
    axes = figure.add_subplot()
    units.plot(ax=axes, column="pop60_share", scheme=None, cmap="Blues", legend=True, edgecolor="#444444")
    frames["barriers"].plot(ax=axes, color="#a9cfe8")
    frames["roads"].plot(ax=axes, color="#b8b2a7", linewidth=0.4)
    facilities: gpd.GeoDataFrame = frames["facilities"]
    facilities.plot(ax=axes, column="kind", categorical=True, legend=True, markersize=20)
    for name, shape in zip(units["name"], units.geometry, strict=True):
        point = shape.representative_point()
        axes.text(point.x, point.y, name, ha="center", family=["Noto Sans SC", "Noto Sans CJK SC"])
    axes.set_title("Coverage")
    with mpl.rc_context({"pdf.fonttype": 42}):
        figure.savefig(out / "plain.pdf")
        figure.savefig(out / "plain.png", dpi=300)


def ours(assessment: Assessment, out: Path) -> None:
    """The sheet of coverage by township, from the assessment to the two files."""
    (sheet,) = sheets(assessment, only=["coverage"])
    sheet.save(out / "ours.pdf", out / "ours.png")


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds and processor seconds."""
    began, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - cpu


def processor_seconds() -> float:
    """Of this process and of those that it has waited for."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def spread(values: list[float]) -> str:
    """``0.51 (0.50-0.55)``."""
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def one_map(assessment: Assessment, out: Path, runs: int) -> None:
    """The two ways in turn."""
    ways = {"geoplan": lambda: ours(assessment, out), "geopandas .plot()": lambda: plain(assessment, out)}
    first = {name: timed(work) for name, work in ways.items()}
    later: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _run in range(runs):
        for name, work in ways.items():
            later[name].append(timed(work))
    print(f"one A3 map as PDF and PNG, {runs} runs   first   seconds             processor seconds   bytes PDF / PNG")
    for name, stem in (("geoplan", "ours"), ("geopandas .plot()", "plain")):
        wall, cpu = ([row[which] for row in later[name]] for which in (0, 1))
        sizes = " / ".join(f"{(out / f'{stem}.{suffix}').stat().st_size:,}" for suffix in ("pdf", "png"))
        print(f"{name:<38}{first[name][0]:>6.2f}   {spread(wall):<20}{spread(cpu):<20}{sizes}")
    ratio = statistics.median(row[1] for row in later["geopandas .plot()"]) / statistics.median(
        row[1] for row in later["geoplan"]
    )
    print(f"processor time of the plain map: {ratio:.1f} times ours")


def whole_set(assessment: Assessment, out: Path) -> None:
    """Every sheet on both papers in every format."""
    began, cpu = time.perf_counter(), processor_seconds()
    jobs = []
    for paper in ("A3", "A4"):
        made = (
            *sheets(assessment, comparison=compare(assessment, assessment), paper=paper),
            *atlas(assessment, paper=paper),
        )
        jobs += [(sheet, [out / f"{paper}-{sheet.id}.{suffix}" for suffix in FORMATS]) for sheet in made]
    save_sheets(jobs)
    took = time.perf_counter() - began
    worked = processor_seconds() - cpu
    size = sum(file.stat().st_size for file in out.iterdir())
    print(f"the whole set: {len(jobs)} sheets, {len(jobs) * len(FORMATS)} files, {size:,} bytes")
    print(f"{took:.1f} s, {worked:.1f} s of processor time; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")


def main() -> None:
    """Print both tables."""
    words = [word for word in sys.argv[1:] if word != "--set"]
    assessment = assess(load_layers(ROOT), load_pack("heshan"))
    with tempfile.TemporaryDirectory() as folder:
        one_map(assessment, Path(folder), int(words[0]) if words else 5)
    if "--set" in sys.argv:
        with tempfile.TemporaryDirectory() as folder:
            whole_set(assessment, Path(folder))


if __name__ == "__main__":
    main()
