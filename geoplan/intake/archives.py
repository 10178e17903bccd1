"""Archives and XML that are opened only after a look at what they claim to be.

A zip's directory is checked before anything is unpacked (number and size of members, ratio, names that lead elsewhere,
links, encryption), and what comes out is counted while it comes. XML with a document type, which could define entities that
grow without end or read other files, is refused.
"""

from __future__ import annotations

import stat
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NoReturn
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile, ZipInfo

from geoplan.causes import cause
from geoplan.errors import LayerError
from geoplan.i18n import _

MOST_MEMBERS, MOST_BYTES, MOST_RATIO = 2_000, 2 << 30, 200
_SMALL = 10 << 20  # bytes that may come out of any archive, however well they are packed
_CHUNK = 1 << 20
_ENCRYPTED, _UTF8_NAMES = 0x1, 0x800
DATA = (".shp", ".gpkg", ".geojson", ".json", ".kml", ".csv", ".xlsx", ".parquet", ".pbf", ".graphml")
_PARTS = (".shx", ".dbf", ".prj", ".cpg")


def check(path: Path) -> None:
    """Refuse a file whose container or markup could do harm: workbooks, KML and GraphML.

    Raises:
        LayerError: it could, or it is not what its name says.
    """
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        with _opened(path) as archive:
            for member in _checked(archive):
                if member.filename.lower().endswith((".xml", ".rels")):
                    _refuse_doctype(_pieces(archive, member))
    elif suffix in {".kml", ".graphml"}:
        with path.open("rb") as file:
            _refuse_doctype(iter(lambda: file.read(_CHUNK), b""))


def unpack(path: Path, folder: Path) -> list[str]:
    """Put the data files of an archive into a folder, none of them below another one; their names.

    Suffixes come out in small letters, and folders in the archive as part of the name, so that equal names do not meet.

    Raises:
        LayerError: the archive is damaged, hostile, too large, or holds no data.
    """
    with _opened(path) as archive:
        members = [member for member in _checked(archive) if _suffix(member) in DATA + _PARTS]
        names = [_plain_name(member) for member in members]
        if not any(name.endswith(DATA) for name in names):
            _refuse(_("压缩包里没有能识别的数据文件；能识别 {known}").format(known=" ".join(DATA)))
        if len(set(names)) < len(names):
            _refuse(_("压缩包里有同名的文件"))
        for member, name in zip(members, names, strict=True):
            with (folder / name).open("xb") as file:
                for piece in _pieces(archive, member):
                    file.write(piece)
    return names


def _opened(path: Path) -> ZipFile:
    try:
        return ZipFile(path)
    except (BadZipFile, ValueError, NotImplementedError, EOFError) as error:
        raise LayerError(_("文件已损坏，不是有效的压缩包或工作簿（{reason}）").format(reason=cause(error))) from error


def _checked(archive: ZipFile) -> list[ZipInfo]:
    """The files of an archive, when its directory is harmless."""
    members = [member for member in archive.infolist() if not member.filename.endswith("/")]  # a name may be blank
    claimed = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if len(members) > MOST_MEMBERS:
        _refuse(_("压缩包里有 {count} 个文件，超过 {most} 个").format(count=len(members), most=MOST_MEMBERS))
    if claimed > MOST_BYTES or claimed > max(_SMALL, MOST_RATIO * packed):
        text = _("压缩包解开后有 {size:,.0f} MB，与其大小不相称，可能是压缩炸弹")
        _refuse(text.format(size=claimed / 1e6))
    for member in members:
        name = _decoded(member)
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if not parts or name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name:
            _refuse(_("压缩包里的文件名“{name}”指向压缩包之外").format(name=name))
        if stat.S_ISLNK(member.external_attr >> 16):
            _refuse(_("压缩包里的“{name}”是链接").format(name=name))
        if member.flag_bits & _ENCRYPTED:
            _refuse(_("压缩包有密码，请先解开"))
    return members


def _decoded(member: ZipInfo) -> str:
    """A member's name; Windows in China writes it in GBK without saying so, which zipfile takes for cp437."""
    if member.flag_bits & _UTF8_NAMES or member.filename.isascii():
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return member.filename


def _suffix(member: ZipInfo) -> str:
    return PurePosixPath(member.filename).suffix.lower()


def _plain_name(member: ZipInfo) -> str:
    path = PurePosixPath(_decoded(member).replace("\\", "/"))
    return "_".join(path.with_suffix("").parts)[-100:] + path.suffix.lower()


def _pieces(archive: ZipFile, member: ZipInfo) -> Iterator[bytes]:
    """The content of a member, no longer than its directory says."""
    left = member.file_size
    try:
        with archive.open(member) as source:
            while piece := source.read(_CHUNK):
                left -= len(piece)
                if left < 0:
                    _refuse(_("压缩包里的“{name}”比目录所写的大").format(name=_decoded(member)))
                yield piece
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError) as error:
        raise LayerError(_("压缩包里的“{name}”已损坏").format(name=_decoded(member))) from error


class _RootReached(Exception):  # noqa: N818 - no error: what may stand before the root has been read
    pass


def _refuse_doctype(pieces: Iterator[bytes]) -> None:
    """Read XML as far as its first element, in whatever encoding it is."""
    parser = expat.ParserCreate()

    def doctype(*_declaration: object) -> NoReturn:
        _refuse(_("文件含有 XML 文档类型声明（DOCTYPE），可能藏有实体攻击"))

    def element(*_element: object) -> NoReturn:
        raise _RootReached

    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = element
    try:
        for piece in pieces:
            parser.Parse(piece, False)
    except _RootReached:
        return
    except expat.ExpatError as error:
        raise LayerError(_("文件不是有效的 XML（{reason}）").format(reason=cause(error))) from error


def _refuse(message: str) -> NoReturn:
    raise LayerError(message)
