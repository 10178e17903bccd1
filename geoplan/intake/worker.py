"""The process in which files of others are opened; ``geoplan.intake.confined`` starts it with GDAL's formats cut down.

It loads the libraries once, then forks for each job that a line of JSON on its input asks for. The fork gives up what it
does not need (memory, time, writing, other files, the network), does the job and answers; the answer is one line of JSON on the
output. A fork that dies says by its death what happened. Where a system cannot fork (Windows), jobs run in this
process itself, one after the other, and only the caller's clock limits them.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyogrio

from geoplan import i18n
from geoplan.errors import GeoplanError, LayerError
from geoplan.intake import archives, cutting, landlock
from geoplan.intake.looking import look
from geoplan.intake.population_grid import grid_to, read_grid
from geoplan.intake.records import READING, entry_from, request_from, to_json
from geoplan.layers import first_reading
from geoplan.layers.reading import read_frame

_MOST_ANSWER = 64 << 20
_CAN_FORK = hasattr(os, "fork")


def _look(path: str, request: Mapping[str, Any]) -> dict[str, Any]:
    archives.check(Path(path))
    return to_json(look(Path(path), request_from(request)))


def _unpack(path: str, folder: str) -> list[str]:
    return archives.unpack(Path(path), Path(folder))


def _keep(path: str, entry: Mapping[str, Any], folder: str) -> None:
    frame = read_frame(Path(path), entry_from(entry))
    first_reading.write(frame, Path(folder) / READING)


def _cut(order: Mapping[str, Any]) -> dict[str, int]:
    """Its progress goes into a file beside the result: the answer is one line."""
    asked = cutting.order_from(order)

    with asked.out.with_name(cutting.PROGRESS).open("a", encoding="utf-8", buffering=1) as told:
        return asdict(cutting.cut(asked, lambda stage: print(stage, file=told)))


def _grid(path: str, region: list[float], crs: str, out: str) -> dict[str, Any]:
    west, south, east, north = region
    return grid_to(read_grid(Path(path), (west, south, east, north), crs, Path(out)))


JOBS: Mapping[str, Callable[..., Any]] = {
    "look": _look,
    "unpack": _unpack,
    "keep": _keep,
    "cut": _cut,
    "grid": _grid,
}


def answer(job: Mapping[str, Any]) -> dict[str, Any]:
    """Do a job; what is wrong with the file is part of the answer."""
    i18n.use(job["language"])
    try:
        return {"done": JOBS[job["name"]](**job["arguments"])}
    except LayerError as error:
        return {"refused": str(error), "problems": [to_json(problem) for problem in error.problems]}
    except GeoplanError as error:
        return {"refused": str(error), "problems": []}
    except MemoryError:
        return {"died": "memory"}


def give_up(job: Mapping[str, Any]) -> None:
    """Keep nothing but what the job needs."""
    import resource  # noqa: PLC0415 - not on Windows

    limits = job["limits"]
    if sys.platform == "linux":
        used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        _limit(resource.RLIMIT_AS, used + int(limits["memory"]))
    _limit(resource.RLIMIT_CPU, int(limits["seconds"]) + 1)
    _limit(resource.RLIMIT_FSIZE, int(limits["writes"]))
    _limit(resource.RLIMIT_CORE, 0)
    landlock.restrict(_libraries() + [Path(path) for path in job["readable"]], [Path(path) for path in job["writable"]])


def _limit(which: int, most: int) -> None:
    import resource  # noqa: PLC0415

    _soft, hard = resource.getrlimit(which)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(which, (most, most))


def _libraries() -> list[Path]:
    """Where Python and the libraries read their own files at run time."""
    own = [Path(place) for place in sys.path if place] + [Path(sys.prefix), Path(sys.base_prefix)]
    system = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/dev/null", "/dev/urandom", "/proc/self")
    return [*own, *(Path(place) for place in system), Path(__file__).parents[1]]


def harden() -> None:
    """GDAL fetches nothing, loads nothing, looks at no other file and repairs none."""
    pyogrio.set_gdal_config_options(
        {
            "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "none",
            "GDAL_HTTP_PROXY": "127.0.0.1:9",
            "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
            "OGR_SQLITE_LOAD_EXTENSIONS": "NO",
            "LIBKML_RESOLVE_STYLE": "NO",
            "SHAPE_RESTORE_SHX": "NO",
        }
    )


def _forked(job: Mapping[str, Any]) -> dict[str, Any]:
    """Do a job in a fork with limits, and watch its clock."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        status = 1
        try:
            give_up(job)
            _send(writer, json.dumps(answer(job)).encode())
            status = 0
        except BaseException:  # noqa: BLE001 - the fork must never go on as its parent; what it was is on the log
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writer)
    text, late = _received(reader, time.monotonic() + float(job["limits"]["seconds"]))
    os.close(reader)
    if late:
        os.kill(child, signal.SIGKILL)
    _pid, status = os.waitpid(child, 0)
    if late or (os.WIFSIGNALED(status) and os.WTERMSIG(status) in {signal.SIGXCPU, signal.SIGKILL}):
        return {"died": "time"}
    try:
        return dict(json.loads(text))
    except ValueError:
        return {"died": "crash"}


def _send(writer: int, data: bytes) -> None:
    sent = 0
    while sent < len(data):
        sent += os.write(writer, data[sent : sent + (1 << 16)])


def _received(reader: int, until: float) -> tuple[bytes, bool]:
    """(what the fork wrote, whether it took too long or too much)."""
    pieces: list[bytes] = []
    size = 0
    while True:
        left = until - time.monotonic()
        ready, _w, _x = select.select([reader], [], [], max(left, 0))
        if not ready or size > _MOST_ANSWER:
            return b"", True
        piece = os.read(reader, 1 << 16)
        if not piece:
            return b"".join(pieces), False
        pieces.append(piece)
        size += len(piece)


def main() -> None:
    """Answer line by line until the input ends."""
    harden()
    for line in sys.stdin:
        job = json.loads(line)
        done = _forked(job) if _CAN_FORK else answer(job)
        sys.stdout.write(json.dumps(done) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
