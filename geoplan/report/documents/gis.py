"""The GIS package: a GeoPackage that opens styled in QGIS, a Shapefile set, GeoJSON.

The GeoPackage holds beside its layers their styles (``layer_styles``, where QGIS looks for them), the words for their columns
(``gpkg_data_columns``, an extension of the standard), titles, and as metadata source, licence, date and whether a
layer is made up. Coordinates are those of the analysis: CGCS2000 in China.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from geoplan import crs
from geoplan.i18n import _
from geoplan.report import tables
from geoplan.report.documents import about_sheets, verdict_sheets
from geoplan.report.documents.fields import alias, short_names
from geoplan.report.documents.gis_layers import GisLayer, gis_layers, plain_columns
from geoplan.report.documents.material import Material
from geoplan.report.documents.qgis import qml
from geoplan.report.documents.sheet import Sheet, texts

_LONGEST_STYLE_NAME = 30
_STYLES_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
  styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME
)"""
_STYLES_CONTENTS = "INSERT INTO gpkg_contents (table_name, data_type, identifier, description) VALUES (?, ?, ?, ?)"
_COLUMNS_TABLE = """
CREATE TABLE IF NOT EXISTS gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
  constraint_name TEXT, CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name)
)"""
_SCHEMA_EXTENSION = (
    "gpkg_data_columns",
    None,
    "gpkg_schema",
    "http://www.geopackage.org/spec/#extension_schema",
    "read-write",
)


def write_geopackage(material: Material, path: Path) -> None:
    """Write the GeoPackage.

    Raises:
        OSError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, sqlite3.Error: it cannot be written.
    """
    layers = gis_layers(material)
    for layer in layers:
        pyogrio.write_dataframe(
            plain_columns(layer.frame),
            path,
            layer=layer.name,
            driver="GPKG",
            layer_options={"IDENTIFIER": layer.title, "DESCRIPTION": described(material, layer)},
            layer_metadata=_metadata(material, layer),
            append=path.exists(),
        )
    for name, sheet in _tables(material):
        pyogrio.write_dataframe(_frame(sheet), path, layer=name, driver="GPKG", append=True)
    with closing(sqlite3.connect(path)) as database, database:
        _add_styles(database, layers, material)
        _add_aliases(database, layers)


def described(material: Material, layer: GisLayer) -> str:
    """What a layer is, where it comes from, and whether it is made up, in one line."""
    told = _metadata(material, layer)
    return _(" · ").join(filter(None, [told["title"], told["source"], told["as_of"], told["licence"], told["nature"]]))


def _metadata(material: Material, layer: GisLayer) -> dict[str, str]:
    entry = material.assessment.layers.manifest.entry(layer.role)
    synthetic = tables.synthetic_label(material.assessment)
    source, licence = (entry.source, entry.licence) if entry else (_("方案"), "")
    return {
        "title": layer.title,
        "source": source,
        "licence": licence,
        "as_of": entry.as_of.isoformat() if entry and entry.as_of else "",
        "nature": synthetic,
        "place": tables.place_name(material.assessment),
        "crs": material.assessment.layers.crs.to_string(),
    }


def _tables(material: Material) -> Iterable[tuple[str, Sheet]]:
    """The tables without places: summary, verdicts, sources, parameters."""
    yield "summary", verdict_sheets.summary(material)
    yield "verdicts", verdict_sheets.verdicts(material)
    yield "sources", about_sheets.sources(material)
    yield "parameters", about_sheets.parameters(material)


def _frame(sheet: Sheet) -> pd.DataFrame:
    return pd.DataFrame(
        list(texts(sheet, sheet.columns)), columns=[column.title for column in sheet.columns], dtype=object
    )


def _add_styles(database: sqlite3.Connection, layers: Iterable[GisLayer], material: Material) -> None:
    """The table where QGIS keeps styles; it must be listed, or QGIS does not look into it."""
    database.execute(_STYLES_TABLE)
    database.execute(_STYLES_CONTENTS, ("layer_styles", "attributes", "layer_styles", ""))
    stamp = f"{material.made.astimezone(UTC):%Y-%m-%dT%H:%M:%S.000Z}"  # as the standard writes a time
    for layer in layers:
        style = qml(layer.look, {column: alias(column) for column in _columns(layer.frame)})
        row = ("", "", layer.name, "geom", layer.name[:_LONGEST_STYLE_NAME], style, "", 1, layer.title, "", None, stamp)
        database.execute(f"INSERT INTO layer_styles VALUES (NULL{', ?' * len(row)})", row)  # noqa: S608 - question marks


def _add_aliases(database: sqlite3.Connection, layers: Iterable[GisLayer]) -> None:
    database.execute(_COLUMNS_TABLE)
    database.execute("INSERT INTO gpkg_extensions VALUES (?, ?, ?, ?, ?)", _SCHEMA_EXTENSION)
    for layer in layers:
        for column in _columns(layer.frame):
            row = (layer.name, column, column, alias(column))
            database.execute(
                "INSERT INTO gpkg_data_columns (table_name, column_name, name, title) VALUES (?, ?, ?, ?)", row
            )


def _columns(frame: gpd.GeoDataFrame) -> list[str]:
    return [str(column) for column in frame.columns if column != frame.geometry.name]


def write_shapefiles(material: Material, folder: Path) -> None:
    """Write each layer as a Shapefile in UTF-8 with its .cpg; columns by ``fields.short_names``.

    Raises:
        OSError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError: it cannot be written.
    """
    folder.mkdir()
    for layer in gis_layers(material):
        frame = plain_columns(layer.frame)
        frame = frame.rename(columns=short_names(_columns(frame)))
        path = folder / f"{layer.name}.shp"
        pyogrio.write_dataframe(frame, path, driver="ESRI Shapefile", encoding="UTF-8")
        _check_whole(path, len(frame))


def write_geojson(material: Material, folder: Path) -> None:
    """Write each layer as GeoJSON in longitude and latitude (WGS84), as its standard asks for.

    Raises:
        OSError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError: it cannot be written.
    """
    folder.mkdir()
    for layer in gis_layers(material):
        frame = crs.lonlat(plain_columns(layer.frame))
        options = {"RFC7946": True, "COORDINATE_PRECISION": 7, "DESCRIPTION": described(material, layer)}
        path = folder / f"{layer.name}.geojson"
        pyogrio.write_dataframe(frame, path, driver="GeoJSON", layer_options=options)
        _check_whole(path, len(frame))


def _check_whole(path: Path, rows: int) -> None:
    """Read a file back: GDAL does not always tell when a disk is full as it closes one.

    Raises:
        OSError: it does not hold all rows.
    """
    found = pyogrio.read_info(path, force_feature_count=True)["features"]
    if found != rows:
        raise OSError(_("{file} 只写入了 {found} / {rows} 行").format(file=path.name, found=found, rows=rows))
