"""What the confined process read of a file of others, kept as GeoParquet: nobody else opens the file itself.

It stands beside the layers under a digest of the file's bytes and of all that its reading depends on, so that another file, or
another way to read it, never meets an old reading. Where there is none, as for files that the planner put there by hand, the
file is read like any other.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path, PurePosixPath

import geopandas as gpd
import pyarrow as pa

from geoplan.causes import cause
from geoplan.errors import LayerError
from geoplan.i18n import _
from geoplan.layers.manifest import COORDINATES, LayerEntry
from geoplan.layers.schema import ROLES

FOLDER = ".read"
_VERSION = 1  # of what readers make of a file
_AT_READING = ("dms", "merged_cells")  # corrections that are done before anything is kept


def place_of(path: Path, entry: LayerEntry, layers: Path) -> Path:
    """Where the reading of a file is kept.

    Args:
        layers: the workspace's folder of layers.
    """
    parts = sorted(path.parent.glob(f"{path.stem}.*")) if path.suffix.lower() == ".shp" else [path]
    how = {
        "version": _VERSION,
        "table": not ROLES[entry.role].geometry,
        "layer": entry.layer,
        "encoding": entry.encoding,
        "header_row": entry.header_row,
        "corrections": sorted(set(entry.corrections) & set(_AT_READING)),
        "columns": {axis: entry.columns.get(axis, axis) for axis in COORDINATES},
    }
    digest = hashlib.sha256(json.dumps(how, sort_keys=True).encode())
    for part in parts:
        with part.open("rb") as file:
            digest.update(part.suffix.lower().encode() + hashlib.file_digest(file, "sha256").digest())
    return layers / FOLDER / f"{digest.hexdigest()}.parquet"


def kept(path: Path, entry: LayerEntry) -> gpd.GeoDataFrame | None:
    """The kept reading of a layer's file; None where there is none.

    Args:
        path: of the file, which the entry names below the folder of layers.
    """
    depth = len(PurePosixPath(entry.file).parts)
    layers = path.parents[depth - 1]
    if entry.role == "dem" or not (layers / FOLDER).is_dir():
        return None
    place = place_of(path, entry, layers)
    return gpd.read_parquet(place) if place.is_file() else None


def write(frame: gpd.GeoDataFrame, out: Path) -> None:
    """Write what was read.

    Raises:
        LayerError: it holds cells that cannot be kept.
        OSError: it cannot be written.
    """
    try:
        frame.to_parquet(out, index=False)
    except (pa.ArrowException, ValueError, TypeError) as error:
        text = _("读出的内容无法保存（{reason}）；来源可靠的文件可加 --trust")
        raise LayerError(text.format(reason=cause(error))) from error
