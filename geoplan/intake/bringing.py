"""From a file somewhere to a layer of a workspace: staged beside it, looked at, then moved into place with its manifest entry.

Until the last step nothing of the workspace is touched; what is staged lies in ``.intake`` and is dropped afterwards. A table of a database
stays where it is: its entry says where, and every assessment reads it anew.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geoplan import crs, datum
from geoplan.causes import cause
from geoplan.datum import Detection
from geoplan.errors import LayerError, ManifestError, OutputError, WorkspaceError
from geoplan.i18n import _
from geoplan.intake.archives import DATA
from geoplan.intake.chosen_before import remember, remembered
from geoplan.intake.confinement import Opener
from geoplan.intake.looking import look_at_database
from geoplan.intake.records import READING, Look, Request
from geoplan.layers import MANIFEST, LayerEntry, first_reading, postgres, read_manifest
from geoplan.layers.manifest_file import check_free, write_entry
from geoplan.layers.reading import read_raw
from geoplan.layers.schema import ROLES
from geoplan.layers.workspace import SAME_PLACE
from geoplan.model import Problem, Severity

ARCHIVES = (".zip", ".kmz")
RASTERS = (".tif", ".tiff", ".hgt", ".hgt.zip")
_STAGING = ".intake"
_STALE_SECONDS = 24 * 3600.0
_SIBLINGS = (".shx", ".dbf", ".prj", ".cpg")


@dataclass(frozen=True, slots=True)
class Staged:
    """A copy of a file, beside the workspace's layers.

    Attributes:
        folder: holds this file, what belongs to it, and nothing else.
        name: of the file inside.
        original: its name where it came from.
    """

    folder: Path
    name: str
    original: str

    @property
    def path(self) -> Path:
        """Where the copy lies."""
        return self.folder / self.name


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a database, which stays there.

    Attributes:
        original: what it is called to people: its database without the user.
    """

    original: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A file or a table as it would be brought in.

    Attributes:
        detection: what its places say about their datum; None where there is nothing to lay them over.
    """

    staged: Staged | Table
    look: Look
    detection: Detection | None = None


@contextmanager
def staging(root: Path) -> Iterator[Path]:
    """A folder beside the layers for the time of one import.

    Raises:
        OutputError: the workspace cannot be written.
    """
    folder = new_staging(root)
    try:
        yield folder
    finally:
        drop(folder)


def new_staging(root: Path) -> Path:
    """The same for whoever drops it later; what others have left lying for a day is dropped now."""
    base = root / _STAGING
    try:
        base.mkdir(exist_ok=True)
        for old in base.iterdir():
            if time.time() - old.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(old, ignore_errors=True)
        return Path(tempfile.mkdtemp(dir=base))
    except OSError as error:
        raise OutputError(_("无法写入 {file}：{error}").format(file=base, error=cause(error))) from error


def drop(folder: Path) -> None:
    """Remove a staging folder, and the one of all of them when it is the last."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.parent.is_dir() and not any(folder.parent.iterdir()):
        folder.parent.rmdir()


def stage(file: Path, role: str, folder: Path, opener: Opener, inner: str = "") -> Staged:
    """Copy a file, and what belongs to it, into a staging folder; an archive is unpacked.

    Args:
        inner: which of several data files of an archive is meant, by its name without suffix.

    Raises:
        WorkspaceError: the file is not there.
        LayerError: its format is not known, or the archive cannot be used.
    """
    if not file.is_file():
        raise WorkspaceError(_("文件不存在：{file}").format(file=file))
    if role == "dem" and file.name.lower().endswith(RASTERS):
        shutil.copyfile(file, folder / file.name)
        return Staged(folder, file.name, file.name)
    suffix = file.suffix.lower()
    if suffix in ARCHIVES:
        return _unpacked(file, role, folder, opener, inner)
    if suffix not in DATA:
        raise LayerError(
            _("不认识的文件格式“{suffix}”；能导入 {known} .zip").format(suffix=suffix, known=" ".join(DATA))
        )
    for part in _parts(file):
        shutil.copyfile(part, folder / f"{role}{part.suffix.lower()}")
    return Staged(folder, f"{role}{suffix}", file.name)


def _parts(file: Path) -> list[Path]:
    """A file and, of a Shapefile, the files that belong to it, whatever the case of their suffixes."""
    if file.suffix.lower() != ".shp":
        return [file]
    others = [path for path in file.parent.iterdir() if path.stem == file.stem and path.suffix.lower() in _SIBLINGS]
    return [file, *others]


def _unpacked(file: Path, role: str, folder: Path, opener: Opener, inner: str) -> Staged:
    names = opener.unpack(file, folder)
    data = [name for name in names if name.endswith(DATA)]
    chosen = [name for name in data if not inner or Path(name).stem == inner]
    if len(chosen) != 1:
        known = _("、").join(Path(name).stem for name in data)
        text = _("压缩包里有多个数据文件：{known}").format(known=known)
        raise LayerError(text, (Problem(Severity.ERROR, role, text, _("请用 --layer 指明其中一个")),))
    stem = Path(chosen[0]).stem
    for name in names:
        if Path(name).stem == stem and (name == chosen[0] or name.endswith(_SIBLINGS)):
            (folder / name).rename(folder / f"{role}{Path(name).suffix}")
        else:
            (folder / name).unlink()
    return Staged(folder, f"{role}{Path(chosen[0]).suffix}", file.name)


def prepare(root: Path, staged: Staged, request: Request, opener: Opener) -> Draft:
    """Look at a staged file, and lay its places over what the workspace has.

    Raises:
        WorkspaceError, ManifestError: the workspace cannot be read.
        LayerError: the file cannot be opened.
    """
    asked = replace(request, remembered=remembered(root, request.role))
    if staged.original.lower().endswith(ARCHIVES) and Path(staged.name).suffix != ".gpkg":
        asked = replace(asked, layer="")  # it told which file of the archive
    return _drafted(root, staged, opener.look(staged.path, asked), request)


def prepare_table(root: Path, address: str, request: Request) -> Draft:
    """The same of a table of a database; the request's ``layer`` says which.

    Raises:
        WorkspaceError, ManifestError: the workspace cannot be read.
        DatabaseError: the address cannot be understood, or holds a password.
    """
    original = postgres.shown(address)
    look = look_at_database(address, replace(request, remembered=remembered(root, request.role)))
    return _drafted(root, Table(original), look, request)


def _drafted(root: Path, staged: Staged | Table, look: Look, request: Request) -> Draft:
    """What was understood, laid over what the workspace has."""
    places = np.array(look.places).reshape(-1, 2)
    reference = _reference(root, request.role) if len(places) else None
    detection = _detect(places, reference)
    problems = (*look.problems, *_far_away(request.role, places, reference), *_datum_problems(look, request, detection))
    return Draft(staged, replace(look, problems=problems), detection)


def _detect(places: NDArray[np.float64], reference: NDArray[np.float64] | None) -> Detection | None:
    """The datum, where there is something to lay the places over or nobody shifts."""
    if reference is not None:
        return datum.detect(places, reference)
    return None if not len(places) or datum.in_china(places) else datum.detect(places, places)


def _far_away(role: str, places: NDArray[np.float64], reference: NDArray[np.float64] | None) -> tuple[Problem, ...]:
    """Places nowhere near what the workspace has, and whether exchanging their axes would put them there."""
    if reference is None:
        return ()
    low, high = reference.min(axis=0) - SAME_PLACE, reference.max(axis=0) + SAME_PLACE

    def near(where: NDArray[np.float64]) -> bool:
        return bool(((where >= low) & (where <= high)).all(axis=1).any())

    if near(places):
        return ()
    if near(places[:, ::-1]):
        told = _("经度和纬度很可能写反了"), _("请交换经度列和纬度列")
    else:
        told = _("与工作区已有的图层相距 200 公里以上"), _("请检查该图层或道路的坐标系")
    return (Problem(Severity.ERROR, role, *told),)


def _reference(root: Path, role: str) -> NDArray[np.float64] | None:
    """Points along the workspace's roads, for units rather its borders, in WGS84 degrees; None where it has neither."""
    manifest = read_manifest(root)
    order = ("units", "roads") if role == "units" else ("roads", "units")
    entry = next((entry for entry in map(manifest.entry, order) if entry is not None), None)
    if entry is None:
        return None
    return datum.reference_points(crs.lonlat(read_raw(manifest.path(entry), entry)).geometry.to_numpy())


def _datum_problems(look: Look, request: Request, found: Detection | None) -> tuple[Problem, ...]:
    """A shift that the planner has not spoken of stops the import; one that contradicts the planner is a warning."""
    role, asked = look.entry.role, request.datum or look.entry.datum
    if found is None or not found.metres:
        return ()
    if found.shifted and not asked:
        text = _("坐标很可能是 {name}（百度、高德等地图的偏移坐标）：{evidence}")
        remedy = _("核实后用 --datum {datum} 纠偏；确信没有偏移则用 --datum wgs84。不会自行换算")
        message = text.format(name=datum.NAMES[found.datum], evidence=found.evidence())
        return (Problem(Severity.ERROR, role, message, remedy.format(datum=found.datum)),)
    meant = "wgs84" if asked in {"", "cgcs2000"} else asked
    if found.datum and found.datum != meant:
        text = _("位置看起来是 {name}，与所写的 {asked} 不符：{evidence}")
        message = text.format(name=datum.NAMES[found.datum], asked=datum.NAMES[meant], evidence=found.evidence())
        return (Problem(Severity.WARNING, role, message, _("请核实坐标的来源")),)
    text = _("坐标基准：{evidence}").format(evidence=found.evidence())
    return (Problem(Severity.NOTE, role, text, _("请结合资料来源核对")),)


def bring_in(
    root: Path,
    draft: Draft,
    request: Request,
    *,
    replace_entry: bool = False,
    source: str = "",
    opener: Opener | None = None,
) -> LayerEntry:
    """Move a staged file into ``layers/`` and write its entry; the mapping that the planner chose is remembered.

    Args:
        opener: reads the file once more and keeps what it read; None where the file itself is to be read.

    Raises:
        LayerError: something stands against it.
        ManifestError: the manifest has the role already and ``replace_entry`` is not set.
        OutputError: the workspace cannot be written; then it is as it was.
    """
    if not draft.look.usable:
        raise LayerError(_("文件有错误，没有导入。"), draft.look.problems)
    before = read_manifest(root).entry(request.role)
    check_free(before, request.role, replace=replace_entry)
    entry = _entry(draft, before)
    if isinstance(draft.staged, Table):
        entry = replace(entry, source=source or entry.place)
        write_entry(root, entry, replace=replace_entry)
    else:
        if opener is not None and request.role != "dem":
            _keep_reading(root, draft.staged.path, entry, opener)
        entry = _move_in(root, draft.staged, replace(entry, source=source or draft.staged.original), replace_entry)
    remember(root, request)
    return entry


def _keep_reading(root: Path, path: Path, entry: LayerEntry, opener: Opener) -> None:
    """Put the reading of a staged file where readers of the layer find it."""
    folder = new_staging(root)
    try:
        opener.keep(path, entry, folder)
        if (folder / READING).is_file():
            place = first_reading.place_of(path, entry, root / "layers")
            place.parent.mkdir(exist_ok=True)
            (folder / READING).chmod(0o644)
            (folder / READING).replace(place)
    except OSError as error:
        raise OutputError(_("无法写入 {file}：{error}").format(file=root, error=cause(error))) from error
    finally:
        drop(folder)


def told(entry: LayerEntry) -> str:
    """What is to be said of a layer that was brought in."""
    if entry.in_database:
        return _("已登记在 layers/manifest.toml：{place}。每次评估时从数据库读取。").format(place=entry.place)
    return _("已导入：layers/{file}，并登记在 layers/manifest.toml。").format(file=entry.file)


def _move_in(root: Path, staged: Staged, entry: LayerEntry, replace_entry: bool) -> LayerEntry:  # noqa: FBT001
    """Move the staged file and write its entry: both or neither."""
    several = _several(staged)
    target = _free_place(root, staged)
    place = target / staged.name if several else target
    entry = replace(entry, file=place.relative_to(root / "layers").as_posix())
    moved = staged.folder if several else staged.path
    try:
        moved.chmod(0o755 if several else 0o644)
        moved.rename(target)
    except OSError as error:
        raise OutputError(_("无法写入 {file}：{error}").format(file=target, error=cause(error))) from error
    try:
        write_entry(root, entry, replace=replace_entry)
    except (OutputError, ManifestError):
        target.rename(moved)
        raise
    return entry


def _entry(draft: Draft, before: LayerEntry | None) -> LayerEntry:
    """The manifest entry, with what it rests on."""
    notes = [*draft.look.entry.notes, _("{day} 由 {name} 导入").format(day=_today(), name=draft.staged.original)]
    if draft.detection is not None and draft.detection.metres:
        notes.append(draft.detection.evidence())
    if before is not None:
        notes.append(_("替换了 {file}").format(file=before.place))
    return replace(draft.look.entry, notes=tuple(notes))


def _several(staged: Staged) -> bool:
    return len(list(staged.folder.iterdir())) > 1


def _free_place(root: Path, staged: Staged) -> Path:
    """Where the layer goes: its role's name, with a number when that is taken. Nothing is overwritten."""
    suffix = "" if _several(staged) else "".join(Path(staged.name).suffixes)
    stem = staged.name.removesuffix("".join(Path(staged.name).suffixes))
    number = 1
    while True:
        place = root / "layers" / f"{stem}{'' if number == 1 else f'-{number}'}{suffix}"
        if not place.exists():
            return place
        number += 1


def documented(draft: Draft, *, licence: str, as_of: date | None, synthetic: bool) -> Draft:
    """A draft with what only the planner knows about the file."""
    entry = draft.look.entry
    told = replace(entry, licence=licence, as_of=as_of, synthetic=synthetic or entry.synthetic)
    return replace(draft, look=replace(draft.look, entry=told))


def day_of(text: str) -> date | None:
    """Of which day data are, as the planner types it; None for blank.

    Raises:
        ManifestError: it is no date in ISO form.
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise ManifestError(_("数据日期“{text}”应写成 2024-12-31 的形式。").format(text=text)) from error


def _today() -> str:
    return date.today().isoformat()  # noqa: DTZ011 - the planner's own day


def check_role(role: str) -> None:
    """Refuse a word that is no role.

    Raises:
        ManifestError: there is no such role.
    """
    if role not in ROLES:
        text = _("没有名为“{role}”的图层角色，可用：{known}。")
        raise ManifestError(text.format(role=role, known=", ".join(ROLES)))


def workspace_of(root: Path) -> None:
    """Refuse a folder that is no workspace.

    Raises:
        WorkspaceError: it has no manifest.
    """
    if not (root / MANIFEST).is_file():
        raise WorkspaceError(_("{folder} 不是工作区。请先用 geoplan new {folder} 建立。").format(folder=root))
