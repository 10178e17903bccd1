"""What the import page shows and does, without Streamlit: an upload on its way in, its preview as a layer of the map."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan import crs
from geoplan.errors import LayerError, WorkspaceError
from geoplan.i18n import _
from geoplan.intake import bringing
from geoplan.intake.beginning import next_step
from geoplan.intake.bringing import Draft, Staged
from geoplan.intake.confinement import Opener
from geoplan.intake.headers import fields_of
from geoplan.intake.records import Look, Request
from geoplan.layers.manifest import COORDINATES
from geoplan.layers.schema import ROLES, Field
from geoplan.report import style
from geoplan.web.map_component import Layer, Style, pack_look, pack_places

UPLOADS = ("zip", "gpkg", "geojson", "json", "csv", "xlsx", "kml", "kmz", "pbf", "graphml", "parquet")
MOST_MB = 200


@dataclass(frozen=True)
class Upload:
    """A file that somebody sent, staged beside the workspace's layers.

    Attributes:
        token: tells uploads apart, and the same one under another role.
    """

    token: tuple[str, str, str]
    staged: Staged


def take(root: Path, name: str, content: bytes, request: Request, opener: Opener) -> Staged:
    """Stage an upload.

    Raises:
        GeoplanError: it is too large, cannot be opened, or the workspace cannot be written.
    """
    if len(content) > MOST_MB << 20:
        raise LayerError(_("文件超过 {most} MB，请改用命令 geoplan import。").format(most=MOST_MB))
    arrived, folder = bringing.new_staging(root), bringing.new_staging(root)
    try:
        file = arrived / (Path(name).name or "upload")
        file.write_bytes(content)
        return bringing.stage(file, request.role, folder, opener, request.layer)
    except (LayerError, WorkspaceError):
        bringing.drop(folder)
        raise
    finally:
        bringing.drop(arrived)


def choices(look: Look) -> list[Field]:
    """The fields that a column can be chosen for: those of the role, and of a table the coordinates."""
    role = ROLES[look.entry.role]
    places = (
        [Field(name) for name in fields_of(role.name) if name in COORDINATES] if look.table and role.geometry else []
    )
    return [*role.fields, *places]


def chosen(look: Look, picked: Mapping[str, str]) -> dict[str, str]:
    """What of the picked columns is not what was suggested anyway; blank takes a suggestion away."""
    return {field: column for field, column in picked.items() if column != look.columns.get(field, "")}


def lacking(look: Look) -> list[Field]:
    """Required fields for which the file has no column: one value for all rows may serve."""
    found = {**look.columns, **look.entry.constants}
    return [field for field in ROLES[look.entry.role].fields if field.required and field.name not in found]


def sample(look: Look) -> pd.DataFrame:
    """The first rows under the file's own heads."""
    names = list(look.headers)[: len(look.sample[0])] if look.sample else list(look.headers)
    return pd.DataFrame(list(look.sample), columns=pd.Index(names, dtype=object))


def preview(look: Look) -> tuple[Layer, ...]:
    """The features as layers of the map, one for each kind of geometry."""
    if not look.shapes:
        return ()
    frame = gpd.GeoDataFrame.from_features(json.loads(look.shapes)["features"], crs=crs.WGS84)
    kinds = frame.geometry.map(lambda shape: _dimension(shape.geom_type))
    return tuple(_layer(frame[kinds == kind], kind) for kind in sorted(set(kinds), reverse=True))


def _dimension(name: str) -> int:
    return 0 if "Point" in name else 1 if "Line" in name else 2


def _layer(frame: gpd.GeoDataFrame, dimension: int) -> Layer:
    title = _("待导入")
    look = Style(label=title, fill=style.AREA_COLOUR, line=style.AREA_COLOUR, opacity=(1.0, 0.9, 0.2)[dimension])
    return Layer(
        id=f"incoming-{dimension}",
        title=title,
        kind=("dots", "lines", "areas")[dimension],
        places=pack_places(frame),
        look=pack_look(np.zeros(len(frame), int)),
        styles=(look,),
    )


def finish(root: Path, draft: Draft, request: Request, opener: Opener, *, replaces: bool, source: str = "") -> str:
    """Bring the file in; what to tell about it.

    Raises:
        GeoplanError: something stands against it, or the workspace cannot be written.
    """
    asked = replace(request, columns={field: column for field, column in request.columns.items() if column})
    entry = bringing.bring_in(root, draft, asked, replace_entry=replaces, source=source, opener=opener)
    ready = _("可以在“数据”页检查，在“总览”页看结论了。")
    return "\n\n".join((bringing.told(entry), next_step(root, ready)))
