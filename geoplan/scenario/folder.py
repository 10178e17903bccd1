"""Where a workspace keeps its scenarios: a store beside files that it began with."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geoplan.causes import cause
from geoplan.errors import StoreError, WorkspaceError
from geoplan.i18n import _
from geoplan.layers import MANIFEST
from geoplan.scenario.database import MEMORY, PATIENCE_SECONDS
from geoplan.scenario.edits import Scenario
from geoplan.scenario.exchange import read_scenario
from geoplan.scenario.store import Signature, Store

FOLDER = "scenarios"
STORE = "scenarios.sqlite"
_READER = "geoplan"  # signs for bringing in the files that lie in a workspace


def open_store(root: Path, *, write: bool, url: str = "", patience: float = PATIENCE_SECONDS) -> Store:
    """The store of a workspace.

    A store begins with the scenarios whose files lie in ``scenarios/``. Where there is none yet and nothing is to be
    written, none is made: the files are read into one in memory.

    Args:
        url: a store elsewhere, such as PostgreSQL; the SQLite file in ``scenarios/`` when empty.
        patience: seconds that a write waits for another's.

    Raises:
        WorkspaceError: the folder is no workspace.
        ScenarioError: one of its files is no scenario.
        StoreError: the store cannot be opened or made.
    """
    if not (root / MANIFEST).is_file():
        text = _("{folder} 不是工作区：缺少 {manifest}。请换一个文件夹，或先用 geoplan demo 生成示例。")
        raise WorkspaceError(text.format(folder=root, manifest=MANIFEST.as_posix()))
    return Store(url or _local_url(root, write=write), lambda: _files(root / FOLDER), patience=patience)


@contextmanager
def writing_store(root: Path, url: str = "") -> Iterator[Store]:
    """The store of a workspace for one write; where there is none yet it is made with that write, or not at all.

    Raises:
        WorkspaceError, ScenarioError, StoreError: as ``open_store``; or another process has made the store meanwhile.
    """
    if url or has_store(root) or not (root / MANIFEST).is_file():
        with open_store(root, write=True, url=url) as store:
            yield store
        return
    folder = _made(root / FOLDER)
    try:
        place = tempfile.TemporaryDirectory(prefix=".new-", dir=folder)
    except OSError as error:
        raise StoreError(_("无法写入 {file}：{error}").format(file=folder, error=cause(error))) from error
    with place as scratch:
        new = Path(scratch) / STORE
        with Store(f"sqlite:///{new.resolve()}", lambda: _files(folder)) as store:
            yield store
        _put(new, root)


def _put(new: Path, root: Path) -> None:
    """Give a new store its place, which is taken first so that of two processes one is refused."""
    place = root / FOLDER / STORE
    try:
        place.open("xb").close()
    except FileExistsError as error:
        if has_store(root):
            raise StoreError(_("{file} 刚被别人改过，请再试一次。").format(file=place)) from error
    new.replace(place)


def has_store(root: Path) -> bool:
    """Whether a workspace has a store of its own."""
    file = root / FOLDER / STORE
    return file.is_file() and file.stat().st_size > 0


def _local_url(root: Path, *, write: bool) -> str:
    file = root / FOLDER / STORE
    if not write and not has_store(root):
        return MEMORY
    _made(file.parent)
    return f"sqlite:///{file.resolve()}"


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise StoreError(_("无法建立文件夹 {folder}：{error}").format(folder=folder, error=cause(error))) from error
    return folder


def _files(folder: Path) -> Iterator[tuple[Scenario, Signature]]:
    for file in sorted(folder.glob("*.json")):
        yield read_scenario(file), Signature(_READER, f"{FOLDER}/{file.name}")
