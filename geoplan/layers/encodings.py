"""Which encoding a table of text is in, by its bytes, and what speaks for it."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from geoplan.i18n import _

CHINESE = "gb18030"  # contains GBK and GB2312
_MOST_WRONG = 0.25  # of the characters outside ASCII; GBK taken for UTF-8 is wrong in most, cut UTF-8 in a few
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding's name for Python and GDAL, and the evidence in words; blank where nothing had to be found out."""

    name: str
    evidence: str = ""


def of_text(path: Path) -> Encoding:
    """The encoding of a CSV file: UTF-16 by its mark, UTF-8 where every byte is, else GBK."""
    raw = path.read_bytes()
    if raw.startswith(_UTF16):
        return Encoding("utf-16", _("文件以 UTF-16 标记开头"))
    if not _wrong_byte(raw, "utf-8"):
        return Encoding("utf-8-sig")
    return Encoding(CHINESE, _("第 {place} 个字节起不是 UTF-8，按 GBK 读取").format(place=_wrong_byte(raw, "utf-8")))


def of_shapefile(dbf: Path, cpg: Path | None) -> Encoding:
    """The encoding of a Shapefile's attributes: what its .cpg says where the bytes agree, else by the bytes.

    The header's first 32 bytes are binary (dBASE III layout: record count at 4, header length at 8); the names of the
    fields after them and the records are text.
    """
    raw = dbf.read_bytes()
    header = int.from_bytes(raw[8:10], "little")
    names = b"\n".join(raw[place : place + 11].rstrip(b"\0") for place in range(32, max(header - 1, 32), 32))
    text = names.replace(b"\0", b"") + b"\n" + raw[header:].rstrip(b"\x1a")
    stated = cpg.read_text(encoding="ascii", errors="replace").strip() if cpg else ""
    known = _codec(stated)
    if known and _fits(text, known):
        return Encoding(known, _(".cpg 写明 {name}，与内容相符").format(name=stated))
    said = _("没有 .cpg") if not stated else _(".cpg 写的是 {name}，与内容不符").format(name=stated)
    if _fits(text, "utf-8"):
        return Encoding("utf-8", _("{said}；文字是有效的 UTF-8").format(said=said))
    return Encoding(CHINESE, _("{said}；文字不是 UTF-8，按 GBK 读取").format(said=said))


def _fits(text: bytes, encoding: str) -> bool:
    """Whether text is of an encoding, but for characters that the width of a field has cut."""
    decoded = text.decode(encoding, errors="replace")
    foreign = sum(not letter.isascii() for letter in decoded)
    return decoded.count("\ufffd") <= _MOST_WRONG * foreign


def _codec(stated: str) -> str:
    """Python's name for what a .cpg says (``936``, ``CP936``, ``UTF-8``); blank where it is nothing known."""
    name = f"cp{stated}" if stated.isdigit() else stated
    name = {"cp65001": "utf-8", "cp54936": CHINESE}.get(name.lower(), name)
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""
    return CHINESE if found in {"gbk", "gb2312"} else found


def _wrong_byte(raw: bytes, encoding: str) -> int:
    """The place, counted from 1, of the first byte that is not text of this encoding; 0 where all are."""
    try:
        raw.decode(encoding)
    except UnicodeDecodeError as error:
        return error.start + 1
    return 0
