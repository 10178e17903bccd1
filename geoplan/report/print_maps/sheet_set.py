"""The sheets of a set: one extent for all of them, drawn when they are asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from geoplan.assess import Assessment
from geoplan.compare import Comparison
from geoplan.coverage import Coverage
from geoplan.errors import SettingsError
from geoplan.i18n import _, current, speaking
from geoplan.report import tables
from geoplan.report.print_maps import change, themes, township
from geoplan.report.print_maps.content import Content, Imprint, Inset
from geoplan.report.print_maps.drawing import draw
from geoplan.report.print_maps.extent import Extent, fit
from geoplan.report.print_maps.fonts import Typeface, embeddable, find_typeface
from geoplan.report.print_maps.ground import Ground, widened
from geoplan.report.print_maps.layout import Layout
from geoplan.report.print_maps.page import Page, page_of

SHEETS = ("service-circles", *themes.THEMES, "difference")
"""The kinds of county sheets, in the order of a set."""
FORMATS = ("pdf", "svg", "png")
# Text in a PDF stays text, in an SVG it becomes shapes, which look the same where the font is not installed. No date of
# making and no random ids: the same figures give the same file.
_SAVING: dict[Any, Any] = {
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "geoplan",
    "path.simplify": False,
}
_METADATA: dict[str, dict[str, Any]] = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}
_COLOURS = 256
_NEARLY_WHITE = 253
_WORTH_PROCESSES = 6  # starting them takes as long as some sheets


@dataclass(frozen=True)
class Sheet:
    """One map, not drawn yet.

    Attributes:
        id: names its files; letters, digits and hyphens.
        title: 图名.
        caption: one sentence with the figures.
        extent: the ground that it shows, and its numeric scale.
    """

    id: str
    title: str
    caption: str
    extent: Extent
    _content: Content = field(repr=False)
    _draw: Callable[[Content], Figure] = field(repr=False)
    _typeface: Typeface = field(repr=False)
    _language: str = field(repr=False)

    def draw(self) -> Figure:
        """The sheet as a matplotlib figure in the size of its paper."""
        with speaking(self._language):
            return self._draw(self._content)

    def save(self, *paths: Path) -> None:
        """Draw it once and write it to each path, in the format that its suffix tells: ``.pdf``, ``.svg`` or ``.png``.

        Raises:
            SettingsError: another suffix.
            OSError: a file cannot be written.
        """
        for path in paths:
            if path.suffix.removeprefix(".") not in FORMATS:
                text = _("不能写成“{suffix}”，可用：{known}。")
                raise SettingsError(text.format(suffix=path.suffix, known=", ".join(FORMATS)))
        figure = self.draw()
        for path in paths:
            _save(figure, path, self.title, self._typeface)


def _save(figure: Figure, path: Path, title: str, typeface: Typeface) -> None:
    kind = path.suffix.removeprefix(".")
    if kind == "png":
        _save_picture(figure, path, title)
        return
    font = embeddable(figure, typeface) if kind == "pdf" else nullcontext()
    with mpl.rc_context(_SAVING), font:
        figure.savefig(path, metadata={**_METADATA[kind], "Title": title})


def _save_picture(figure: Figure, path: Path, title: str) -> None:
    """A PNG of 256 colours: a map has few, and the file takes a quarter of the bytes and half of the time."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    picture = pixels.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette = np.array(picture.getpalette(), dtype=np.uint8).reshape(-1, 3)
    palette[(palette >= _NEARLY_WHITE).all(axis=1)] = 255  # the rounding of the octree would print as a tint
    picture.putpalette(palette.ravel().tolist())
    about = PngInfo()
    about.add_itxt("Title", title)
    picture.save(path, dpi=(figure.dpi, figure.dpi), pnginfo=about)


def save_sheets(
    jobs: Sequence[tuple[Sheet, Sequence[Path]]],
    progress: Callable[[str], None] = lambda _title: None,
    *,
    processes: int | None = None,
) -> None:
    """Save many sheets, several at once.

    Args:
        jobs: each sheet with its files, as ``Sheet.save`` takes them.
        progress: told the title of each sheet that is saved, in the order of the jobs.
        processes: when not given, as many as the machine has cores, and one for a few sheets.

    Raises:
        SettingsError, OSError: as ``Sheet.save``; the other files may be there then.
    """
    workers = processes or (os.cpu_count() or 1 if len(jobs) >= _WORTH_PROCESSES else 1)
    if workers == 1:
        for sheet, paths in jobs:
            sheet.save(*paths)
            progress(sheet.title)
        return
    # Spawned, not forked: a fork of a process with threads, which the app and the compiled searches have, may hang.
    with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=get_context("spawn")) as pool:
        saved = [pool.submit(sheet.save, *paths) for sheet, paths in jobs]
        try:
            for (sheet, _paths), done in zip(jobs, saved, strict=True):
                done.result()
                progress(sheet.title)
        finally:
            pool.shutdown(cancel_futures=True)


def sheets(
    assessment: Assessment,
    *,
    comparison: Comparison | None = None,
    layout: Layout | None = None,
    paper: str = "A3",
    orientation: str = "landscape",
    only: Sequence[str] = (),
) -> tuple[Sheet, ...]:
    """The county sheets that the assessment has something to say on, all of one extent; nothing is drawn yet.

    Args:
        comparison: of the assessment with a base, for the sheet of differences.
        only: kinds of ``SHEETS``; all when empty.

    Raises:
        SettingsError: no such kind, paper or orientation, or a scale at which the county does not fit.
        FontError: no font for Chinese.
    """
    for kind in only:
        if kind not in SHEETS:
            raise SettingsError(_("没有图“{kind}”，可用：{known}。").format(kind=kind, known=", ".join(SHEETS)))
    desk = _Desk(assessment, layout or Layout(), paper, orientation)
    contents = _contents(desk.ground, comparison, tuple(only) or SHEETS)
    inset = desk.ground.county_inset(desk.page.inset_frame)
    return tuple(desk.sheet(content, desk.ground.extent, inset) for content in contents)


def atlas(
    assessment: Assessment, *, layout: Layout | None = None, paper: str = "A3", orientation: str = "landscape"
) -> tuple[Sheet, ...]:
    """One sheet for each township, in the order of the layer; empty where there are no townships.

    Raises:
        SettingsError, FontError: as ``sheets``.
    """
    desk = _Desk(assessment, layout or Layout(), paper, orientation)
    towns = desk.ground.townships
    if towns is None:
        return ()
    made = []
    for row in towns.to_dict("records"):
        extent = fit(widened(row["geometry"]), desk.page.map)
        inset = desk.ground.township_inset(desk.page.inset_frame, row["name"], row["geometry"])
        made.append(desk.sheet(township.township(desk.ground, row, extent), extent, inset))
    return tuple(made)


class _Desk:
    """What the sheets of a set share."""

    def __init__(self, assessment: Assessment, layout: Layout, paper: str, orientation: str) -> None:
        self.layout, self.typeface = layout, find_typeface(layout.families)
        self.page: Page = page_of(layout, paper, orientation)
        self.ground = Ground(assessment, self.page.map, layout.scale)

    def sheet(self, content: Content, extent: Extent, inset: Inset) -> Sheet:
        """A content on this page."""
        assessment = self.ground.assessment
        drawing = partial(
            draw,
            page=self.page,
            extent=extent,
            crs=assessment.layers.crs,
            layout=self.layout,
            typeface=self.typeface,
            imprint=imprint(assessment, extent, self.layout),
            inset=inset,
        )
        return Sheet(content.id, content.title, content.caption, extent, content, drawing, self.typeface, current())


def _contents(ground: Ground, comparison: Comparison | None, kinds: Sequence[str]) -> Iterator[Content]:
    """The contents of the kinds that there is something to say on."""
    coverages = ground.assessment.coverages
    for kind in SHEETS:
        if kind not in kinds:
            continue
        if kind == "service-circles":
            yield from (themes.service_circles(ground, together) for together in _alike(coverages))
        elif kind == "difference":
            yield from () if comparison is None else (change.difference(ground, comparison),)
        elif coverages:
            content = themes.THEMES[kind](ground, coverages[0])
            yield from () if content is None else (content,)


def _alike(coverages: Sequence[Coverage]) -> Iterator[tuple[Coverage, ...]]:
    """Services of the same facilities with different minutes, together."""
    for _kinds, group in groupby(coverages, key=lambda coverage: coverage.service.kinds):
        yield tuple(group)


def imprint(assessment: Assessment, extent: Extent, layout: Layout) -> Imprint:
    """What every sheet says of its making."""
    layers = assessment.layers
    said = {
        _("{source}（{date}）").format(source=entry.source, date=entry.as_of) if entry.as_of else entry.source: None
        for entry in layers.manifest.layers
        if entry.source
    }
    sources = _("数据来源：{sources}").format(sources=_("；").join(said)) if said else ""
    rows = (
        (_("比例尺"), f"1:{extent.denominator:,}"),
        (_("坐标系"), f"{layers.crs.name} ({layers.crs.to_string()})"),
        (_("核查年份"), str(assessment.year)),
        (_("编制单位"), layout.drafting_unit),
        (_("编制日期"), layout.date),
        (_("审图号"), layout.approval_number),
    )
    return Imprint(rows, sources, tables.synthetic_label(assessment), layout.logo)
