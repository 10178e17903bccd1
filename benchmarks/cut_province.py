"""A county cut out of a made-up province of 100 MB and more: ``python benchmarks/cut_province.py [MEGABYTES]``.

The province is synthetic: 100 towns in a square of 3 degrees, streets that begin at others, buildings, names; ids as old and new as
OSM's. Beside geoplan, where Debian's ``osmium-tool`` is installed, its ``osmium extract`` cuts the same box. Memory is that of all
processes of a command together (Linux's PSS), looked at every 50 ms.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import osmium
from numpy.typing import NDArray
from osmium.osm import mutable

WEST, SOUTH, SIDE, TOWNS = 112.0, 22.0, 3.0, 100
COUNTY = (113.0, 23.0, 113.3, 23.3)  # a hundredth of the province
NEWEST_NODE, NEWEST_WAY, BUILDING = 13_000_000_000, 1_400_000_000, 5
CLASSES = ("residential", "service", "footway", "tertiary", "unclassified", "secondary", "track")
WAYS_PER_MB = 13_500  # found by trying
LIMIT_MB = 1000.0


def main() -> None:
    """Make the province, cut it, print time and memory, compare what was cut out."""
    megabytes = float(sys.argv[1]) if len(sys.argv) > 1 else 110.0
    with tempfile.TemporaryDirectory() as folder:
        source, ours, theirs = (Path(folder) / f"{name}.osm.pbf" for name in ("province", "geoplan", "osmium"))
        started = time.perf_counter()
        nodes, ways = make_province(source, round(megabytes * WAYS_PER_MB))
        size = source.stat().st_size / 1e6
        told = f"{size:.1f} MB, {nodes:,} nodes, {ways:,} ways, made in {time.perf_counter() - started:.0f} s"
        print(f"synthetic province: {told}; county: {COUNTY}")
        box = ",".join(map(str, COUNTY))
        command = [sys.executable, "-m", "geoplan", "cut", str(source), str(ours), "--bbox", box, "--beyond-km", "0"]
        seconds, peak = measured(command)
        print(f"{'geoplan cut':<34}{seconds:>8.1f} s{peak:>8.0f} MB   {counted(ours)}")
        assert peak < LIMIT_MB
        if shutil.which("osmium"):
            command = ["osmium", "extract", "-b", box, "-s", "smart", str(source), "-o", str(theirs)]
            seconds, peak = measured(command)
            print(f"{'osmium extract --strategy smart':<34}{seconds:>8.1f} s{peak:>8.0f} MB   {counted(theirs)}")
            assert ids(ours) == ids(theirs)
            print("both cut out the same things")
        else:
            print("osmium-tool is not installed: no comparison")


def make_province(path: Path, ways: int) -> tuple[int, int]:
    """Write the province; (nodes, ways)."""
    rng = np.random.default_rng(7)
    buildings = rng.random(ways) < 0.45
    own = np.where(buildings, BUILDING - 1, rng.geometric(1 / 9, ways) + 1)  # nodes that begin with the way
    first = np.concatenate([[0], np.cumsum(own)])
    lonlat = _places(rng, ways, own, buildings)
    node_ids = _ids(rng, len(lonlat), NEWEST_NODE)
    way_ids = _ids(rng, ways, NEWEST_WAY)
    way_of = np.repeat(np.arange(ways), own).tolist()
    with osmium.SimpleWriter(str(path)) as writer:
        history = list(_history(rng, ways))
        for number, lon, lat, way in zip(node_ids.tolist(), *lonlat.T.tolist(), way_of, strict=True):
            writer.add_node(mutable.Node(id=number, location=(lon, lat), **history[way]))
        each = zip(
            way_ids.tolist(), _refs(rng, first, node_ids, buildings), _tags(rng, buildings), history, strict=True
        )
        for number, refs, tags, meta in each:
            writer.add_way(mutable.Way(id=number, nodes=refs, tags=tags, **meta))
    return len(lonlat), ways


def _places(
    rng: np.random.Generator, ways: int, own: NDArray[np.int64], buildings: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(n, 2) degrees: ways begin around the middles of towns and go on in steps of some 40 m."""
    towns = rng.random((TOWNS, 2)) * SIDE + (WEST, SOUTH)
    begin = towns[np.sort(rng.integers(0, TOWNS, ways))] + rng.normal(0, 0.04, (ways, 2))
    way = np.repeat(np.arange(ways), own)
    steps = rng.normal(0, 0.0004, (len(way), 2)) + rng.normal(0, 0.0003, (ways, 2))[way]
    steps[buildings[way]] *= 0.3
    walked = np.cumsum(steps, axis=0)
    start = np.concatenate([[0], np.cumsum(own)[:-1]])
    return np.round(begin[way] + walked - walked[start][way], 7)


def _ids(rng: np.random.Generator, count: int, newest: int) -> NDArray[np.int64]:
    """Ascending ids, without gaps where one mapper was at work and with gaps between."""
    gaps = np.where(rng.random(count) < 0.05, rng.integers(1, round(newest / count * 38), count), 1)
    return np.cumsum(gaps)


def _history(rng: np.random.Generator, ways: int) -> Iterator[dict[str, object]]:
    """Who drew each way with its nodes, when, and how often it was changed."""
    versions, changesets, users = (
        rng.geometric(0.6, ways),
        rng.integers(1, 160_000_000, ways),
        rng.zipf(1.5, ways) % 3000,
    )
    days = np.datetime64("2010-01-01", "s") + rng.integers(0, 16 * 365 * 86_400, ways)
    for version, changeset, user, moment in zip(
        versions.tolist(), changesets.tolist(), users.tolist(), days.astype(str), strict=True
    ):
        yield {
            "version": version,
            "changeset": changeset,
            "uid": user + 1,
            "user": f"u{user}",
            "timestamp": f"{moment}Z",
        }


def _refs(
    rng: np.random.Generator, first: NDArray[np.int64], ids: NDArray[np.int64], buildings: NDArray[np.bool_]
) -> Iterator[list[int]]:
    """The nodes of each way: a building's ring is closed, a street begins at a node of one of the ways before it."""
    back = rng.integers(1, 40, len(buildings))
    for way, is_building in enumerate(buildings.tolist()):
        own = ids[first[way] : first[way + 1]].tolist()
        yield [*own, own[0]] if is_building else [int(ids[first[max(way - back[way], 0)]]), *own]


def _tags(rng: np.random.Generator, buildings: NDArray[np.bool_]) -> Iterator[dict[str, str]]:
    kinds, names = rng.integers(0, len(CLASSES), len(buildings)), rng.integers(0, 20_000, len(buildings))
    for is_building, kind, name in zip(buildings.tolist(), kinds.tolist(), names.tolist(), strict=True):
        street = {"highway": CLASSES[kind]} | ({"name": f"合成路{name}"} if name % 3 == 0 else {})
        yield {"building": "yes"} if is_building else street


def measured(command: list[str]) -> tuple[float, float]:
    """(seconds, MB at most) of a command with all processes that it starts."""
    started, most = time.perf_counter(), 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603
        while process.poll() is None:
            most = max(most, sum(map(_resident, _family(process.pid))))
            time.sleep(0.05)
        assert process.returncode == 0
    return time.perf_counter() - started, most


def _family(pid: int) -> list[int]:
    """A process and all below it."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # ended meanwhile
            continue
    family = [pid]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return family


def _resident(pid: int) -> float:
    """MB in memory, of pages that several processes share its part."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6
    except OSError:
        return 0.0


def ids(path: Path) -> set[tuple[str, int]]:
    """Everything in a file."""
    return {(type(thing).__name__, thing.id) for thing in osmium.FileProcessor(str(path))}


def counted(path: Path) -> str:
    """What was cut out, in words."""
    kinds = [kind for kind, _number in ids(path)]
    return f"{kinds.count('Node'):,} nodes, {kinds.count('Way'):,} ways, {path.stat().st_size / 1e6:.1f} MB"


if __name__ == "__main__":
    main()
