"""The plan-document set in one folder: made whole beside its place, then put there.

Nothing half-written ever has a final name. The set that lay there before is replaced when it still is as it was written;
one that somebody has worked on is kept beside the new one.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pyogrio

from geoplan.assess import Assessment, assess, assess_scenario
from geoplan.causes import cause
from geoplan.compare import compare
from geoplan.errors import OutputError, SettingsError
from geoplan.i18n import _
from geoplan.layers import Progress
from geoplan.memory import Memory
from geoplan.model import Settings
from geoplan.report import print_maps
from geoplan.report.documents.changes import Changes, changes
from geoplan.report.documents.chapter import Picture, words, write_chapter
from geoplan.report.documents.gis import write_geojson, write_geopackage, write_shapefiles
from geoplan.report.documents.material import Material
from geoplan.report.documents.record import RECORD, Record, files_of, read_record, record_of, write_record
from geoplan.report.documents.statement import write_statement
from geoplan.report.documents.template import opened
from geoplan.report.documents.workbook import write_workbook
from geoplan.report.web_map import map_html
from geoplan.scenario import Scenario

WORKBOOK, CHAPTER, GEOPACKAGE, WEB_MAP = "compliance.xlsx", "chapter.docx", "geoplan.gpkg", "map.html"
STATEMENT = "data-quality.docx"
MAPS, ATLAS, SHAPEFILES, GEOJSON = "maps", "atlas", "shapefile", "geojson"
PARTS = ("maps", "workbook", "chapter", "statement", "gis", "web-map")
"""The parts of a set, in the order in which they are made."""
FURTHER_PARTS = ("atlas", "shapefile", "geojson")
"""Parts that are made when they are asked for."""
_CHAPTER_PAGE = ("A4", "landscape")
_PICTURES = ".pictures"  # of the chapter only; not part of the set
_FOLDER_MODE = 0o755  # what is made in secret is to be read by others at the end
_WRITING = (OSError, sqlite3.Error, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError)


@dataclass(frozen=True)
class Request:
    """What is to be made.

    Attributes:
        parts: of ``PARTS`` and ``FURTHER_PARTS``.
        papers: of the maps, ``A3``, ``A4``.
        formats: of the maps, ``pdf``, ``svg``, ``png``.
        template: the bureau's Word document.
        layout: of the maps' pages.

    Raises:
        SettingsError: a part that there is not, or nothing at all.
    """

    parts: tuple[str, ...] = PARTS
    papers: tuple[str, ...] = ("A3",)
    orientation: str = "landscape"
    formats: tuple[str, ...] = print_maps.FORMATS
    template: Path | None = None
    layout: print_maps.Layout | None = None

    def __post_init__(self) -> None:
        known = (*PARTS, *FURTHER_PARTS)
        unknown = [part for part in self.parts if part not in known]
        if unknown or not self.parts:
            text = _("没有成果“{part}”，可用：{known}。")
            raise SettingsError(text.format(part=_("、").join(unknown), known=_("、").join(known)))


@dataclass(frozen=True)
class Exported:
    """A set that was made.

    Attributes:
        files: paths inside the folder.
        kept: where the set that was there before lies now; None where there was none, or nobody had worked on it.
    """

    folder: Path
    files: tuple[str, ...]
    changes: Changes | None
    kept: Path | None


def export_set(
    assessment: Assessment,
    out: Path,
    request: Request | None = None,
    *,
    base: Assessment | None = None,
    progress: Progress = lambda _stage: None,
) -> Exported:
    """Make the set and put it into a folder.

    Args:
        base: the workspace as it is, where the assessment has a scenario.

    Raises:
        OutputError: the folder holds something else, or cannot be written; it is as it was then.
        TemplateError, FontError, SettingsError: the template or the page cannot be used; nothing is written.
    """
    request = request or Request()
    earlier = _earlier(out)
    made = datetime.now(UTC).astimezone()
    layers = (base or assessment).layers
    record = record_of(assessment, layers, made)
    if earlier is not None:
        progress(_("与上次导出比较"))
    found = changes(earlier, record, _reassess(base or assessment)) if earlier else None
    material = Material(assessment, base, compare(base, assessment) if base else None, found, made)
    if request.template is not None and "chapter" in request.parts:
        opened(request.template, words(material))  # what cannot be used is found before anything is written
    maps, pictures = list(_maps(material, request)), list[Picture]()
    steps = _steps(material, request, pictures)
    tell = _counting(progress, len(maps) + len(steps))
    with _scratch(out) as scratch:
        if maps:
            progress(_("绘制图纸（{count} 张）").format(count=len(maps)))
        pictures += _save_maps(maps, scratch, tell)
        for name, write in steps:
            write(scratch / name)
            tell(name)
        shutil.rmtree(scratch / _PICTURES, ignore_errors=True)
        files = files_of(scratch)
        write_record(replace(record, files=files), scratch)
        kept = _put(scratch, out, earlier)
    return Exported(out, (*files, RECORD), found, kept)


def _counting(progress: Progress, count: int) -> Progress:
    """Tells of each thing that is written, with how many are done of how many."""
    done = iter(range(1, count + 1))
    return lambda name: progress(
        _("已写出 {name}（{number}/{count}）").format(name=name, number=next(done), count=count)
    )


def _earlier(out: Path) -> Record | None:
    """The record of the set that lies in the folder; None where there is nothing.

    Raises:
        OutputError: something else lies there.
    """
    if not out.exists():
        return None
    if not out.is_dir():
        raise OutputError(_("{folder} 是一个文件，不是文件夹。请用 --out 换一个。").format(folder=out))
    if (out / RECORD).is_file():
        return read_record(out)
    if any(out.iterdir()):
        text = _("{folder} 里有别的文件，又没有 geoplan 的导出记录 {record}，不会覆盖。请用 --out 换一个空文件夹。")
        raise OutputError(text.format(folder=out, record=RECORD))
    return None


def _reassess(base: Assessment) -> Callable[[Settings, int, Scenario | None], Assessment]:
    """Assess the layers and rules of now with other settings, year and edits."""
    memory = Memory()

    def again(settings: Settings, year: int, scenario: Scenario | None) -> Assessment:
        if scenario is None:
            return assess(base.layers, base.pack, year=year, settings=settings, memory=memory)
        return assess_scenario(base.layers, scenario, base.pack, year=year, settings=settings, memory=memory)

    return again


Step = tuple[str, Callable[[Path], None]]


def _steps(material: Material, request: Request, pictures: list[Picture]) -> list[Step]:
    """What is written besides the maps, by name."""
    writers: dict[str, tuple[str, Callable[[Path], None]]] = {
        "workbook": (WORKBOOK, lambda path: write_workbook(material, path)),
        "chapter": (CHAPTER, lambda path: write_chapter(material, pictures, path, request.template)),
        "statement": (
            STATEMENT,
            lambda path: write_statement((material.base or material.assessment).layers, material.findings, path),
        ),
        "gis": (GEOPACKAGE, lambda path: write_geopackage(material, path)),
        "shapefile": (SHAPEFILES, lambda path: write_shapefiles(material, path)),
        "geojson": (GEOJSON, lambda path: write_geojson(material, path)),
        "web-map": (WEB_MAP, lambda path: _write_text(path, map_html(material.assessment))),
    }
    return [writers[part] for part in writers if part in request.parts]


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class _Map:
    """One sheet of the set.

    Attributes:
        name: its place in the set, without suffix.
        formats: in which it stays there.
        pictured: whether the chapter shows it.
    """

    sheet: print_maps.Sheet
    name: str
    formats: tuple[str, ...]
    pictured: bool

    def paths(self, folder: Path) -> dict[str, Path]:
        """Its files by their formats; what only the chapter shows lies apart."""
        place = folder / self.name
        found = {suffix: place.with_name(f"{place.name}.{suffix}") for suffix in self.formats}
        if self.pictured:
            found.setdefault("png", folder / _PICTURES / f"{place.name}.png")
        return found


def _maps(material: Material, request: Request) -> Iterator[_Map]:
    """The sheets of the set; those of the chapter are among them also where no map is asked for."""
    wanted = [(paper, request.orientation) for paper in request.papers] if "maps" in request.parts else []
    pages = [*wanted, _CHAPTER_PAGE] if "chapter" in request.parts else wanted
    for page in dict.fromkeys(pages):
        paper, orientation = page
        formats = request.formats if page in wanted else ()
        pictured = page == _CHAPTER_PAGE and "chapter" in request.parts
        for sheet in print_maps.sheets(
            material.assessment,
            comparison=material.comparison,
            layout=request.layout,
            paper=paper,
            orientation=orientation,
        ):
            yield _Map(sheet, f"{MAPS}/{paper}-{orientation}/{sheet.id}", formats, pictured)
    for paper in request.papers if "atlas" in request.parts else ():
        for sheet in print_maps.atlas(
            material.assessment, layout=request.layout, paper=paper, orientation=request.orientation
        ):
            yield _Map(sheet, f"{ATLAS}/{paper}-{request.orientation}/{sheet.id}", request.formats, pictured=False)


def _save_maps(maps: list[_Map], folder: Path, tell: Progress) -> list[Picture]:
    """Draw and write the sheets, several at once; those that the chapter shows."""
    jobs = [(each.sheet, tuple(each.paths(folder).values())) for each in maps]
    for _sheet, paths in jobs:
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
    print_maps.save_sheets(jobs, tell)
    return [Picture(each.sheet.title, each.paths(folder)["png"]) for each in maps if each.pictured]


@contextmanager
def _scratch(out: Path) -> Iterator[Path]:
    """A hidden folder beside the set's place; gone at the end, whatever happens.

    Raises:
        OutputError: it cannot be made or written.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".geoplan-", dir=out.parent))
    except OSError as error:
        raise OutputError(_("无法写入 {folder}：{error}").format(folder=out.parent, error=cause(error))) from error
    try:
        yield scratch
    except _WRITING as error:
        if isinstance(error, OutputError):
            raise
        text = _("导出没有写完，{folder} 没有改动：{error}")
        raise OutputError(text.format(folder=out, error=cause(error))) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _put(scratch: Path, out: Path, earlier: Record | None) -> Path | None:
    """Give the set its final name; the one before goes, unless somebody has worked on it.

    Returns:
        Where the set before lies now, if it was kept.
    """
    scratch.chmod(_FOLDER_MODE)
    if earlier is None:
        if out.exists():
            out.rmdir()  # empty, as was found at the beginning
        scratch.rename(out)
        return None
    kept = _free_name(out, earlier.made)
    touched = files_of(out) != earlier.files
    out.rename(kept)
    try:
        scratch.rename(out)
    except OSError:
        kept.rename(out)
        raise
    if touched:
        return kept
    shutil.rmtree(kept, ignore_errors=True)
    return None


def _free_name(out: Path, made: str) -> Path:
    """A name beside the set that nothing has, with the time of the earlier set."""
    stamp = "".join(character for character in made[:19] if character.isdigit() or character == "T")
    names = (
        out.with_name(f"{out.name}-{stamp}{extra}") for extra in ("", *(f"-{number}" for number in range(2, 1000)))
    )
    return next(name for name in names if not name.exists())
