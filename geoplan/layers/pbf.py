"""The blobs of an OSM PBF file, and the nodes and ways in them by the thousand.

pyosmium hands nodes and the nodes of ways to Python one by one, and its sets of ids are bitmaps over all ids that there are: 1.7 GB as soon as the
nodes are of every year. Where a province is searched for a county neither will do. The format: https://wiki.openstreetmap.org/wiki/PBF_Format
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import osmium
from numpy.typing import NDArray

from geoplan.errors import LayerError
from geoplan.i18n import _

# What the format allows: https://wiki.openstreetmap.org/wiki/PBF_Format#File_format
_MOST_HEADER, _MOST_BLOB = 64 << 10, 32 << 20
_VARINT, _DOUBLE, _BYTES, _SINGLE = 0, 1, 2, 5  # protobuf's wire types
_NANODEGREES = 1e-9
_LONGEST_VARINT = 10
_WAY, _WAY_ID, _WAY_REFS = 3 << 3 | _BYTES, 1 << 3 | _VARINT, 8 << 3 | _BYTES  # keys of one byte


@dataclass(frozen=True, slots=True)
class Blob:
    """One blob as it stands in the file.

    Attributes:
        kind: OSMHeader or OSMData.
        whole: its bytes, the length and the header before it included.
        body: of these the blob itself.
        end: where in the file the next one begins.
    """

    kind: str
    whole: bytes
    body: memoryview
    end: int


@dataclass(frozen=True, slots=True)
class Nodes:
    """Nodes in the order of the file.

    Attributes:
        ids: int64 (n,).
        lonlat: float64 (n, 2), WGS84 degrees.
    """

    ids: NDArray[np.int64]
    lonlat: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ways:
    """Ways in the order of the file, those without nodes left out.

    Attributes:
        ids: int64 (n,).
        refs: int64 (m,), their nodes, one way after the other.
        lengths: int64 (n,), how many nodes each has.
    """

    ids: NDArray[np.int64]
    refs: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @property
    def way(self) -> NDArray[np.int64]:
        """Which way each node belongs to: int64 (m,), places in ``ids``."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)


def read_blobs(path: Path) -> Iterator[Blob]:
    """The blobs of a file, the header's first.

    Raises:
        LayerError: the file is no PBF, or ends in the middle of a blob.
    """
    with path.open("rb") as file:
        first = True
        while length := file.read(4):
            size = int.from_bytes(length, "big")
            if len(length) < 4 or not 0 < size <= _MOST_HEADER:  # noqa: PLR2004 - the bytes of a length
                raise _no_pbf(path) if first else _damaged(path, file.tell())
            header = _exactly(file, size, path)
            kind, datasize = _head(header, path, first=first)
            if first and kind != "OSMHeader":
                raise _no_pbf(path)
            body = _exactly(file, datasize, path)
            first = False
            whole = length + header + body
            yield Blob(kind, whole, memoryview(whole)[-datasize:] if datasize else memoryview(b""), file.tell())
        if first:
            raise _no_pbf(path)


def read_nodes(blob: Blob, path: Path) -> Nodes:
    """The nodes of a blob, all that it has.

    Raises:
        LayerError: its content is damaged, or packed in a way that is not known.
    """
    try:
        return _nodes(_unpacked(blob.body, path))
    except (ValueError, LookupError, OverflowError, zlib.error) as error:
        raise _damaged(path, blob.end) from error


def read_ways(blob: Blob, path: Path) -> Ways:
    """The ways of a blob, all that it has.

    Raises:
        LayerError: its content is damaged, or packed in a way that is not known.
    """
    try:
        return _ways(_unpacked(blob.body, path))
    except (ValueError, LookupError, OverflowError, zlib.error) as error:
        raise _damaged(path, blob.end) from error


def _ways(block: memoryview) -> Ways:
    """The ways of a PrimitiveBlock."""
    found = [each for number, group in _fields(block) if number == 2 for each in _scanned(bytes(_view(group)))]  # noqa: PLR2004
    if not found:
        return Ways(*(np.zeros(0, np.int64) for _field in range(3)))
    packed = [refs for _number, refs in found]
    data = b"".join(packed)
    if any(refs[-1] >= 128 for refs in packed):  # noqa: PLR2004 - a number that goes on in the next way
        raise ValueError
    begins = np.cumsum([0, *map(len, packed)])[:-1]
    lengths = np.add.reduceat(np.frombuffer(data, np.uint8) < 128, begins, dtype=np.int64)  # noqa: PLR2004
    walked = np.cumsum(_zigzag(_varints(memoryview(data))))
    before = np.concatenate([[0], walked])[np.cumsum(lengths) - lengths]
    return Ways(np.array([number for number, _refs in found], np.int64), walked - np.repeat(before, lengths), lengths)


def _scanned(group: bytes) -> Iterator[tuple[int, bytes]]:
    """(id, packed nodes) of the ways of a group. One loop over bytes, because a province has millions of ways."""
    place, size = 0, len(group)
    while place < size:
        if group[place] != _WAY:
            return
        length, place = _varint(group, place + 1)
        end, number, refs = place + length, 0, b""
        if end > size:
            raise ValueError
        while place < end:
            key = group[place]
            value, place = (group[place + 1], place + 2) if group[place + 1] < 128 else _varint(group, place + 1)  # noqa: PLR2004
            if key == _WAY_ID:
                number = value
            elif key & 7 == _BYTES:
                if key == _WAY_REFS:
                    refs = group[place : place + value]
                place += value
            elif key & 7 != _VARINT:
                raise ValueError
        if refs:
            yield _signed(number), refs


def _nodes(block: memoryview) -> Nodes:
    """The nodes of a PrimitiveBlock."""
    granularity, offsets = 100, {19: 0, 20: 0}
    groups = []
    for number, value in _fields(block):
        if number == 2:  # noqa: PLR2004 - primitivegroup
            groups.append(_view(value))
        elif number == 17:  # noqa: PLR2004 - granularity
            granularity = _int(value)
        elif number in offsets:  # lat_offset, lon_offset
            offsets[number] = _signed(_int(value))
    found = [nodes for group in groups for nodes in _group(group)]
    ids, lat, lon = (np.concatenate([each[part] for each in found] or [np.zeros(0, np.int64)]) for part in range(3))
    lonlat = np.column_stack([lon * granularity + offsets[20], lat * granularity + offsets[19]]) * _NANODEGREES
    return Nodes(ids, lonlat)


def _group(group: memoryview) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """(ids, lat, lon) of the nodes of a PrimitiveGroup: dense ones (field 2) together, others (field 1) one by one."""
    for number, value in _fields(group):
        if number == 2:  # noqa: PLR2004
            dense = {key: _view(part) for key, part in _fields(_view(value)) if key in {1, 8, 9}}
            ids, lat, lon = (np.cumsum(_zigzag(_varints(dense.get(key, memoryview(b""))))) for key in (1, 8, 9))
            if not len(ids) == len(lat) == len(lon):
                raise ValueError
            yield ids, lat, lon
        elif number == 1:
            one = {key: _int(part) for key, part in _fields(_view(value)) if key in {1, 8, 9}}
            numbers = np.array([one[1], one.get(8, 0), one.get(9, 0)], dtype=np.uint64)
            yield (*(_zigzag(numbers)[place : place + 1] for place in range(3)),)  # type: ignore[misc]
        else:
            return  # a group holds one kind of thing


def _varints(data: memoryview) -> NDArray[np.uint64]:
    """Numbers of seven bits a byte, the lowest first; the last byte of each is below 128."""
    octets = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(octets < 128)  # noqa: PLR2004
    if not len(octets):
        return np.zeros(0, np.uint64)
    if not len(ends) or ends[-1] != len(octets) - 1:
        raise ValueError
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > _LONGEST_VARINT:
        raise ValueError
    place = np.arange(len(octets)) - np.repeat(starts, lengths)
    shifted = (octets & 127).astype(np.uint64) << (7 * place).astype(np.uint64)
    return np.asarray(np.add.reduceat(shifted, starts), dtype=np.uint64)


def _zigzag(numbers: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Signed numbers of which the lowest bit is the sign."""
    return (numbers >> np.uint64(1)).astype(np.int64) ^ -(numbers & np.uint64(1)).astype(np.int64)


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """(number, value) of a protobuf message; numbers of a fixed width are passed over."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, place = _varint(data, place)
            yield number, value
        elif wire == _BYTES:
            length, place = _varint(data, place)
            if place + length > len(data):
                raise ValueError
            yield number, data[place : place + length]
            place += length
        elif wire in {_DOUBLE, _SINGLE}:
            place += 8 if wire == _DOUBLE else 4
        else:
            raise ValueError


def _varint(data: memoryview | bytes, place: int) -> tuple[int, int]:
    """(a number, where the next thing begins)."""
    value = shift = 0
    while True:
        octet = data[place]
        place += 1
        value |= (octet & 127) << shift
        if octet < 128:  # noqa: PLR2004
            return value, place
        shift += 7
        if shift >= 7 * _LONGEST_VARINT:
            raise ValueError


def _view(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError  # noqa: TRY004 - a damaged file
    return value


def _int(value: int | memoryview) -> int:
    if not isinstance(value, int):
        raise ValueError  # noqa: TRY004 - a damaged file
    return value


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _unpacked(body: memoryview, path: Path) -> memoryview:
    """What a blob holds: as it is, or by zlib, which is what everybody writes."""
    parts = {number: value for number, value in _fields(body) if number != 2}  # noqa: PLR2004 - raw_size
    if 1 in parts:
        return _view(parts[1])
    if 3 not in parts:  # noqa: PLR2004 - zlib_data
        text = _("{name} 的压缩方式不是 zlib，无法读取。请先用 osmium cat 转存为普通的 .osm.pbf。")
        raise LayerError(text.format(name=path.name))
    engine = zlib.decompressobj()
    data = engine.decompress(_view(parts[3]), _MOST_BLOB)
    if not engine.eof:
        raise ValueError
    return memoryview(data)


def _head(header: bytes, path: Path, *, first: bool) -> tuple[str, int]:
    """(kind, bytes of the blob) of a BlobHeader."""
    try:
        parts = dict(_fields(memoryview(header)))
        kind, size = bytes(_view(parts[1])).decode("ascii"), _int(parts[3])
    except (ValueError, LookupError, UnicodeDecodeError) as error:
        raise _no_pbf(path) if first else _damaged(path, 0) from error
    if size > _MOST_BLOB:
        raise _no_pbf(path) if first else _damaged(path, 0)
    return kind, size


def _exactly(file: BinaryIO, size: int, path: Path) -> bytes:
    data = file.read(size)
    if len(data) < size:
        text = _("{name} 不完整：在第 {place:,} 字节处中断，很可能没有下载完。请重新下载。")
        raise LayerError(text.format(name=path.name, place=file.tell()))
    return data


def _no_pbf(path: Path) -> LayerError:
    return LayerError(_("{name} 不是 OSM PBF 文件。请提供 .osm.pbf。").format(name=path.name))


def _damaged(path: Path, place: int) -> LayerError:
    text = _("{name} 已损坏（第 {place:,} 字节之前）。请重新下载。")
    return LayerError(text.format(name=path.name, place=place))


def as_file(*blobs: Blob) -> osmium.io.FileBuffer:
    """Some blobs of a file, the header's among them, as a file for pyosmium."""
    return osmium.io.FileBuffer(b"".join(blob.whole for blob in blobs), "pbf")
