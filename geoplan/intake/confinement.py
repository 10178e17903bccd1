"""Opens files of others in a process that can do no harm: a clear word comes back, or what was in the file."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from geoplan import i18n
from geoplan.errors import LayerError
from geoplan.i18n import _
from geoplan.intake import landlock
from geoplan.intake.cutting import PROGRESS, Cut, Order, Progress, order_to
from geoplan.intake.population_grid import Box, Grid, grid_from
from geoplan.intake.records import Look, Request, look_from, problem_from, to_json
from geoplan.layers import LayerEntry

_MB = 1 << 20
_START_SECONDS = 120.0  # for the libraries to load, on a slow machine
_CUTTING_MEMORY = 2 << 30  # of addresses, of which Arrow reserves half at once and osmium's threads more than they use
_GRID_MEMORY = 2 << 30
_LISTEN_SECONDS = 0.2
_OWN_WORD_SECONDS = 5.0  # after which the process itself is taken for hanging


@dataclass(frozen=True, slots=True)
class Limits:
    """What a job may take.

    Attributes:
        memory: bytes beyond the libraries.
        seconds: of the clock.
        writes: bytes of one file.
    """

    memory: int
    seconds: float
    writes: int = 0

    @classmethod
    def for_size(cls, size: int, *, writes: int = 0) -> Limits:
        """In proportion to the file: a small one that wants much is refused soon, a large one is read."""
        return cls(memory=640 * _MB + 40 * size, seconds=9.0 + size / (200 * 1024), writes=writes)


class Opener(Protocol):
    """Opens files of others."""

    def look(self, path: Path, request: Request) -> Look:
        """What is in a file."""

    def unpack(self, path: Path, folder: Path) -> list[str]:
        """Put the files of an archive into a folder; their names."""

    def keep(self, path: Path, entry: LayerEntry, folder: Path) -> None:
        """Keep what is read of a file in a folder, where that is to be read instead of it."""

    def cut(self, order: Order, progress: Progress) -> Cut:
        """Cut a region out of an OSM PBF into a folder that holds nothing else."""

    def grid(self, path: Path, region: Box, crs: str, out: Path) -> Grid:
        """The cells of a population raster over a region, written to a file in a folder that holds nothing else."""


class Confinement:
    """A process for files of others, started when it is first needed; safe to use from several threads.

    Args:
        limits: for every job; by the size of the file where there are none.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str] = queue.Queue()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def look(self, path: Path, request: Request) -> Look:
        """What is in a file.

        Raises:
            LayerError: it cannot be opened within the limits.
        """
        limits = self._limits or Limits.for_size(_size(path))
        job = {"path": str(path.resolve()), "request": to_json(request)}
        try:
            return look_from(self._ask("look", job, limits, readable=[path.parent]))
        except (TypeError, ValueError, KeyError) as error:
            if isinstance(error, LayerError):
                raise
            raise LayerError(_death("crash")) from error

    def unpack(self, path: Path, folder: Path) -> list[str]:
        """Put the data files of an archive into a folder; their names.

        Raises:
            LayerError: it is damaged, hostile, or too large.
        """
        limits = self._limits or Limits.for_size(_size(path))
        limits = Limits(limits.memory, limits.seconds, writes=2 << 30)
        job = {"path": str(path.resolve()), "folder": str(folder.resolve())}
        return [str(name) for name in self._ask("unpack", job, limits, readable=[path], writable=[folder])]

    def keep(self, path: Path, entry: LayerEntry, folder: Path) -> None:
        """Keep what is read of a file, so that it is not opened again outside this process.

        Raises:
            LayerError: it cannot be opened within the limits, or holds what cannot be kept.
        """
        limits = self._limits or Limits.for_size(_size(path))
        limits = Limits(limits.memory, limits.seconds, writes=2 << 30)
        asked = to_json(replace(entry, as_of=None, notes=(), repairs=()))
        job = {"path": str(path.resolve()), "entry": asked, "folder": str(folder.resolve())}
        self._ask("keep", job, limits, readable=[path.parent, folder], writable=[folder])

    def cut(self, order: Order, progress: Progress) -> Cut:
        """Cut a region out of an OSM PBF into a folder that holds nothing else.

        Raises:
            LayerError: it cannot be done within the limits, or the file or the boundary cannot be used.
        """
        size = order.source.stat().st_size
        limits = self._limits or Limits(_CUTTING_MEMORY + 4 * size, 60.0 + size / (100 * 1024), writes=_MB + 2 * size)
        readable = [path.parent for path in (order.source, order.boundary) if path is not None]
        with _repeated(order.out.with_name(PROGRESS), progress):
            job = {"order": order_to(order)}
            return Cut(**self._ask("cut", job, limits, [*readable, order.out.parent], [order.out.parent]))

    def grid(self, path: Path, region: Box, crs: str, out: Path) -> Grid:
        """The cells of a population raster over a region, written to a file in a folder that holds nothing else.

        Raises:
            LayerError: it cannot be done within the limits, or the raster cannot be used.
        """
        limits = self._limits or Limits(_GRID_MEMORY, 120.0, writes=_GRID_MEMORY)
        job = {"path": str(path.resolve()), "region": list(region), "crs": crs, "out": str(out.resolve())}
        return grid_from(self._ask("grid", job, limits, [path, out.parent], [out.parent]))

    def _ask(
        self,
        name: str,
        arguments: Mapping[str, Any],
        limits: Limits,
        readable: list[Path],
        writable: list[Path] | None = None,
    ) -> Any:
        job = {
            "name": name,
            "arguments": arguments,
            "language": i18n.current(),
            "limits": {"memory": limits.memory, "seconds": limits.seconds, "writes": limits.writes},
            "readable": [str(path.resolve()) for path in readable],
            "writable": [str(path.resolve()) for path in writable or []],
        }
        with self._lock:
            answer = self._exchange(json.dumps(job), limits.seconds)
        if "done" in answer:
            return answer["done"]
        if "refused" in answer:
            raise LayerError(str(answer["refused"]), tuple(map(problem_from, answer["problems"])))
        raise LayerError(_death(str(answer.get("died"))))

    def _exchange(self, line: str, seconds: float) -> dict[str, Any]:
        started = self._process is None or self._process.poll() is not None
        if started:
            self._start()
        process = self._process
        assert process is not None  # noqa: S101 - narrows the type
        assert process.stdin is not None  # noqa: S101
        try:
            process.stdin.write(line + "\n")
            process.stdin.flush()
            wait = seconds + _OWN_WORD_SECONDS + (_START_SECONDS if started else 0)
            text = self._answers.get(timeout=wait)
            return dict(json.loads(text))
        except queue.Empty:
            self._end()
            return {"died": "time"}
        except (OSError, ValueError):
            self._end()
            return {"died": "crash"}

    def _start(self) -> None:
        self._end()
        self._answers = queue.Queue()
        kept = {key: value for key, value in os.environ.items() if key in _ENVIRONMENT}
        threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "geoplan.intake.confined"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={**kept, **threads, "PYTHONUTF8": "1", "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        threading.Thread(target=_pump, args=(self._process, self._answers), daemon=True).start()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    stream.close()
            self._process = None


_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "HOME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LD_LIBRARY_PATH")


@contextmanager
def _repeated(file: Path, progress: Progress) -> Iterator[None]:
    """Say again what a job writes into a file while it is at work."""
    done = threading.Event()

    def listen() -> None:
        while not done.wait(_LISTEN_SECONDS):
            with suppress(OSError, UnicodeDecodeError, IndexError):  # not there yet, or half written
                progress(file.read_text(encoding="utf-8").splitlines()[-1])

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        yield
    finally:
        done.set()
        listener.join()


def _pump(process: subprocess.Popen[str], answers: queue.Queue[str]) -> None:
    """Carry lines from the process into the queue, so that waiting for one can end; its end is a blank one."""
    assert process.stdout is not None  # noqa: S101 - narrows the type
    try:
        for line in process.stdout:
            answers.put(line)
    except ValueError:  # closed meanwhile
        pass
    answers.put("")


def what_is_limited() -> str:
    """What confinement can do on this system, in words; blank where it can do everything."""
    if landlock.version():
        return ""
    if sys.platform == "linux":
        return _("本机内核没有 Landlock：打开外来文件时限制内存、时间和写入，不限制能读取的文件。")
    if os.name == "posix":
        return _("本系统不能限制内存和能读取的文件：打开外来文件时只限制时间和写入。")
    return _("本系统只能限制打开外来文件的时间。请只导入来源可靠的文件。")


def _size(path: Path) -> int:
    """Bytes of a file and what belongs to it."""
    return sum(part.stat().st_size for part in path.parent.glob(f"{path.stem}.*"))


def _death(how: str) -> str:
    if how == "time":
        return _("打开文件超过了时限，已中止。文件可能已损坏；来源可靠的大文件可加 --trust。")
    if how == "memory":
        return _("打开文件超过了内存限制，已中止。文件可能已损坏；来源可靠的大文件可加 --trust。")
    return _("打开文件的进程意外中止。文件可能已损坏；来源可靠的大文件可加 --trust。")
