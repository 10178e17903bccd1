"""Fonts: found by name or taken from the package that brings one, measured, and made embeddable.

The font that comes along is Noto Sans SC (SIL Open Font License), which has every Han character of GBK.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import LoadFlags
from matplotlib.text import Text

from geoplan.errors import FontError
from geoplan.i18n import _

# Looked for where the font that comes along is gone; DejaVu Sans, which matplotlib brings, has signs that others lack.
_CHINESE = ("Noto Sans SC", "Noto Sans CJK SC", "Source Han Sans SC", "Source Han Sans CN", "Microsoft YaHei", "SimSun")
_SIGNS = "DejaVu Sans"
_PROBE = "鹤"
_MADE = 3_850_070_400  # a time for the font's head, 2026-01-01 in seconds since 1904
_EM = 1000  # units of the embedded font
_CURVE_ERROR = 1.0  # of a cubic outline as a quadratic one, in these units: a thousandth of the text's size


@dataclass(frozen=True)
class Typeface:
    """Fonts in the order in which a character is looked for in them."""

    families: tuple[str, ...]

    def width(self, text: str) -> float:
        """How wide a text is, in multiples of its size."""
        return sum(_advance(self.families, character) for character in self.drawable(text))

    def drawable(self, text: str) -> str:
        """The text in one line, with a character that no font has as its code point, which can be read, unlike an empty box."""
        line = " ".join(text.split())
        return "".join(c if _holder(self.families, c) is not None else f"[U+{ord(c):04X}]" for c in line)


def find_typeface(families: tuple[str, ...] = ()) -> Typeface:
    """The fonts to draw with.

    Args:
        families: wanted before the font that comes along.

    Raises:
        FontError: none of those wanted is installed, or no font for Chinese at all.
    """
    wanted = tuple(name for name in families if _installed(name))
    if families and not wanted:
        text = _("没有安装版式文件指定的字体：{families}。请安装其中之一，或删去 families 一行。")
        raise FontError(text.format(families=_("、").join(families)))
    known = tuple(name for name in _CHINESE if _installed(name))
    if not any(_holds(name, _PROBE) for name in (*wanted, *known)):
        text = _(
            "没有找到中文字体。请重新安装 geoplan 的依赖（pylopdf-fonts-zh-cn），或安装思源黑体（Noto Sans CJK SC）。"
        )
        raise FontError(text)
    return Typeface((*wanted, *known, _SIGNS))


@cache
def _bring_along() -> None:
    """Make the font that comes along known to matplotlib."""
    path = pylopdf_fonts_zh_cn.sans_path()
    if path.exists():
        font_manager.fontManager.addfont(path)


@cache
def _installed(family: str) -> bool:
    _bring_along()
    return any(entry.name == family for entry in font_manager.fontManager.ttflist)


@cache
def _path(family: str) -> Any:
    """The file of a family's regular face, and which face of a collection it is."""
    _bring_along()
    return font_manager.findfont(font_manager.FontProperties(family=[family]), fallback_to_default=False)


def _holds(family: str, character: str) -> bool:
    return bool(font_manager.get_font(_path(family)).get_char_index(ord(character)))


@cache
def _holder(families: tuple[str, ...], character: str) -> str | None:
    """The first family that has a character."""
    return next((family for family in families if _holds(family, character)), None)


@cache
def _advance(families: tuple[str, ...], character: str) -> float:
    font = font_manager.get_font(_path(_holder(families, character) or families[0]))
    glyph = font.load_char(ord(character), flags=LoadFlags.NO_SCALE | LoadFlags.NO_HINTING)
    return float(glyph.horiAdvance / font.units_per_EM)


@contextmanager
def embeddable(figure: Figure, typeface: Typeface) -> Iterator[None]:
    """Inside the ``with`` block the figure's texts are in a TrueType font that holds just their characters.

    matplotlib writes every font into a PDF as if its outlines were TrueType's. Those of most Chinese fonts are PostScript's,
    which the PDF standard does not allow: a viewer need not show such text. The same shapes as TrueType outlines are right.
    """
    texts = [text for text in figure.findobj(Text) if text.get_text()]
    before = [text.get_fontproperties() for text in texts]
    with tempfile.TemporaryDirectory(prefix="geoplan-font-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "embedded.ttf"
        path.write_bytes(_truetype({c for text in texts for c in text.get_text() if c.isprintable()}, typeface))
        for text, was in zip(texts, before, strict=True):
            text.set_fontproperties(font_manager.FontProperties(fname=path, size=was.get_size()))
        try:
            yield
        finally:
            for text, was in zip(texts, before, strict=True):
                text.set_fontproperties(was)


def _truetype(characters: Iterable[str], typeface: Typeface) -> bytes:
    """A TrueType font of some characters, each drawn as in the first font that has it."""
    glyphs, advances, cmap = {".notdef": TTGlyphPen(None).glyph()}, {".notdef": (_EM, 0)}, {}
    for character in sorted(characters):
        family = _holder(typeface.families, character)
        if family is not None:
            name = f"u{ord(character):04X}"
            cmap[ord(character)] = name
            glyphs[name], advances[name] = _glyph(family, character)
    return _font(glyphs, advances, cmap)


@lru_cache(maxsize=4096)
def _glyph(family: str, character: str) -> tuple[Any, tuple[int, int]]:
    """Outline and (advance, left side bearing) of a character."""
    font = _outlines(family)
    glyphs, scale = font.getGlyphSet(), _EM / font["head"].unitsPerEm
    drawn = glyphs[font.getBestCmap()[ord(character)]]
    whole = DecomposingRecordingPen(glyphs)
    drawn.draw(whole)
    pen = TTGlyphPen(None)
    # Outlines run clockwise in TrueType and the other way round in PostScript fonts.
    quadratic = Cu2QuPen(pen, _CURVE_ERROR, reverse_direction="glyf" not in font)
    whole.replay(TransformPen(quadratic, (scale, 0, 0, scale, 0, 0)))
    glyph = pen.glyph()
    glyph.recalcBounds(None)
    return glyph, (round(drawn.width * scale), getattr(glyph, "xMin", 0))


@cache
def _outlines(family: str) -> TTFont:
    path = _path(family)
    return TTFont(path, fontNumber=getattr(path, "face_index", 0), lazy=True)


def _font(glyphs: dict[str, Any], advances: dict[str, tuple[int, int]], cmap: dict[int, str]) -> bytes:
    builder = FontBuilder(_EM, isTTF=True)
    builder.setupGlyphOrder(list(glyphs))
    builder.setupCharacterMap(cmap)
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(advances)
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": "geoplan", "styleName": "Regular", "psName": "geoplan-Regular"})
    builder.setupOS2(sTypoAscender=880, sTypoDescender=-120, usWinAscent=880, usWinDescent=120)
    builder.setupPost()
    builder.updateHead(created=_MADE, modified=_MADE)  # the same characters give the same file
    builder.font.recalcTimestamp = False
    buffer = BytesIO()
    builder.save(buffer)
    return buffer.getvalue()
