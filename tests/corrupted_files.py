"""Files that are broken or mean harm, made from good ones by chance, the same for the same number."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import geopandas as gpd
import osmium
import shapely
from intake_files import HEAD, ROWS, facilities_csv, workbook

FORMATS = ("shp", "gpkg", "geojson", "kml", "csv", "xlsx", "pbf", "parquet", "zip")
_HUGE = (0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0)
ENTITIES = (
    '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>',
    '<!DOCTYPE kml [<!ENTITY secret SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE kml SYSTEM "http://127.0.0.1:9/evil.dtd">',
)
LEADING_OUT = ("../outside.csv", "/var/outside.csv", "..\\outside.csv", "C:\\outside.csv", "a/../../outside.csv")


def good_files(folder: Path) -> dict[str, Path]:
    """One good file of each format, its parts beside it."""
    folder.mkdir(exist_ok=True)
    points = gpd.GeoDataFrame(
        {
            "id": [f"F{n}" for n in range(40)],
            "name": "甲镇敬老院",
            "kind": "care_home",
            "level": "township",
            "status": "existing",
        },
        geometry=[shapely.Point(112.9 + n / 1000, 22.7 + n / 2000) for n in range(40)],
        crs="EPSG:4326",
    )
    files = {name: folder / f"good.{name}" for name in FORMATS}
    points.to_file(files["shp"], encoding="utf-8")
    points.to_file(files["gpkg"])
    points.to_file(files["geojson"])
    points.to_file(files["kml"], driver="KML")
    points.to_parquet(files["parquet"])
    facilities_csv(files["csv"], rows=ROWS * 20)
    workbook(files["xlsx"], [HEAD, *ROWS * 20])
    _pbf(files["pbf"])
    with zipfile.ZipFile(files["zip"], "w", zipfile.ZIP_DEFLATED) as archive:
        for end in (".shp", ".shx", ".dbf", ".prj"):
            archive.write(folder / f"good{end}", f"good{end}")
    return files


def _pbf(path: Path) -> None:
    with osmium.SimpleWriter(str(path)) as writer:
        for number in range(1, 60):
            place = (112.9 + number / 1000, 22.7)
            writer.add_node(osmium.osm.mutable.Node(id=number, location=place))
        for number in range(1, 59):
            writer.add_way(
                osmium.osm.mutable.Way(id=number, nodes=[number, number + 1], tags={"highway": "residential"})
            )


def corrupt(good: Path, number: int, folder: Path) -> Path:
    """A corrupted copy; of a Shapefile one of its parts is corrupted."""
    chance = random.Random(f"{good.suffix}{number}")  # noqa: S311 - the same file for the same number
    target = folder / f"bad{good.suffix}"
    parts = [good] if good.suffix != ".shp" else [good.with_suffix(end) for end in (".shp", ".shx", ".dbf", ".prj")]
    broken = chance.choice(parts)
    for part in parts:
        raw = part.read_bytes()
        if part == broken:
            raw = _broken(raw, good.suffix, chance)
        target.with_suffix(part.suffix).write_bytes(raw)
    return target


def _broken(raw: bytes, suffix: str, chance: random.Random) -> bytes:
    ways = [_cut, _flip, _huge_number, _repeat, _noise, *_OF_FORMAT.get(suffix, ())]
    return chance.choice(ways)(raw, chance)


def _cut(raw: bytes, chance: random.Random) -> bytes:
    return raw[: chance.randrange(len(raw) + 1)]


def _flip(raw: bytes, chance: random.Random) -> bytes:
    data = bytearray(raw)
    for _time in range(chance.choice((1, 3, 30))):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def _huge_number(raw: bytes, chance: random.Random) -> bytes:
    """A length or count that is not true, in either order of bytes; most stand near the beginning."""
    data = bytearray(raw)
    reach = min(len(data) - 4, chance.choice((120, len(data) - 4)))
    struct.pack_into(chance.choice(("<I", ">I")), data, chance.randrange(max(reach, 1)), chance.choice(_HUGE))
    return bytes(data)


def _repeat(raw: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(raw))
    return raw[:start] + raw[start : start + 64] * chance.choice((2, 500)) + raw[start:]


def _noise(_raw: bytes, chance: random.Random) -> bytes:
    return chance.randbytes(chance.choice((0, 1, 512, 4096)))


def _bomb(_raw: bytes, chance: random.Random) -> bytes:
    """Zeros that pack a thousandfold, under a name that is data."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        name = chance.choice(("roads.csv", "xl/workbook.xml", "[Content_Types].xml"))
        with archive.open(name, "w", force_zip64=True) as member:
            for _mb in range(64):
                member.write(bytes(1 << 20))
    return packed.getvalue()


def _understated(raw: bytes, chance: random.Random) -> bytes:
    """A bomb whose directory says that it is small."""
    bomb = bytearray(_bomb(raw, chance))
    place = bomb.rfind(b"PK\x01\x02")
    struct.pack_into("<I", bomb, place + 24, 1_000)
    return bytes(bomb)


def _leading_out(_raw: bytes, chance: random.Random) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(chance.choice(LEADING_OUT), "编号\n1\n")
    return packed.getvalue()


def _link(_raw: bytes, _chance: random.Random) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        link = zipfile.ZipInfo("link.csv")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return packed.getvalue()


def _many(_raw: bytes, _chance: random.Random) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(3_000):
            archive.writestr(f"{number}.csv", "")
    return packed.getvalue()


def _entities(raw: bytes, chance: random.Random) -> bytes:
    """A document type before the root, in one of several encodings."""
    text = raw.decode("utf-8").replace("<kml", f"{chance.choice(ENTITIES)}<kml", 1)
    encoding = chance.choice(("utf-8", "utf-16"))
    return text.replace("utf-8", encoding).replace("UTF-8", encoding).encode(encoding)


def _deep(_raw: bytes, chance: random.Random) -> bytes:
    return (b"[" if chance.random() < 0.5 else b'{"type":"GeometryCollection","geometries":[') * 100_000


def _long_row(_raw: bytes, chance: random.Random) -> bytes:
    return b"a," * chance.choice((1_000, 500_000)) + b'\n"' + b"x" * 1_000_000


_Way = Callable[[bytes, random.Random], bytes]
_OF_FORMAT: Mapping[str, tuple[_Way, ...]] = {
    ".zip": (_bomb, _understated, _leading_out, _link, _many),
    ".xlsx": (_bomb, _understated, _leading_out, _many),
    ".kml": (_entities, _entities),
    ".geojson": (_deep,),
    ".csv": (_long_row,),
}
