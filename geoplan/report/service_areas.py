"""Service areas on their own: drawn for any profile and cut-offs, written as a GeoPackage."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import geopandas as gpd
import pyogrio

from geoplan.assess import default_year
from geoplan.causes import cause
from geoplan.coverage import offering
from geoplan.errors import OutputError, SettingsError
from geoplan.i18n import _
from geoplan.journeys import SERVICE_AREA_MARGIN_M
from geoplan.layers import Layers, Progress, operating
from geoplan.model import Settings
from geoplan.network import AreaDrawer, Profile, ways_of
from geoplan.standards import Pack

AREA_KINDS = ("each", "dissolved", "responsibility")
_COLUMNS = ["facility_id", "name", "service", "minutes", "kind", "area_m2", "geometry"]


def check_area_request(kind: str, file: Path) -> None:
    """Refuse what cannot be drawn or written before any work is done.

    Raises:
        SettingsError: an unknown kind of area, or a file that is no GeoPackage.
        OutputError: a folder stands where the file should, or a file where its folder should.
    """
    if kind not in AREA_KINDS:
        text = _("没有服务范围的画法“{kind}”，可用：{known}。")
        raise SettingsError(text.format(kind=kind, known=", ".join(AREA_KINDS)))
    if file.suffix.lower() != ".gpkg":
        raise SettingsError(_("结果须为 .gpkg 文件，现为 {file}。").format(file=file))
    if file.is_dir():
        raise OutputError(_("{file} 是文件夹，请换一个文件名。").format(file=file))
    folder = next(parent for parent in file.absolute().parents if parent.exists())
    if not folder.is_dir():
        raise OutputError(
            _("{folder} 是文件而不是文件夹，不能在其中写出 {name}。").format(folder=folder, name=file.name)
        )


def draw_service_areas(
    layers: Layers, pack: Pack, profile: Profile, limits_ms: list[int], kind: str, progress: Progress
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """One row per service, cut-off and facility (or one for all), and the facilities that are not located.

    Columns: ``facility_id`` (empty for all), ``name``, ``service``, ``minutes``, ``kind``, ``area_m2``, and MultiPolygons
    in the layers' CRS, empty where nothing is reached. Without cut-offs each service has that of its rule.
    """
    progress(_("建立路网"))
    ways = ways_of(layers, profile)
    drawer = AreaDrawer(ways.network, ways.times, SERVICE_AREA_MARGIN_M)
    facilities = operating(layers.frames["facilities"], default_year(layers.manifest, pack))
    progress(_("绘制服务范围"))
    rows: list[tuple[object, ...]] = []
    unlocated: set[str] = set()
    for service in pack.services.values():
        offered = offering(facilities, service)
        places = ways.locate(offered, Settings())
        unlocated |= set(offered["facility_id"][~places.located])
        limits = limits_ms or [service.limit_ms]
        areas = getattr(drawer, kind)(ways.travel.reached(places, limits[-1]), limits)
        names = list(zip(offered["facility_id"], offered["name"], strict=True))
        if kind == "dissolved":
            names, areas = [("", service.name)], areas[:, None]
        for limit_ms, drawn in zip(limits, areas, strict=True):
            rows += [
                (*name, service.id, limit_ms / 60_000, kind, area.area, area)
                for name, area in zip(names, drawn, strict=True)
            ]
    return gpd.GeoDataFrame(rows, columns=_COLUMNS, geometry="geometry", crs=ways.network.crs), sorted(unlocated)


def write_service_areas(areas: gpd.GeoDataFrame, file: Path) -> None:
    """Write a GeoPackage beside its place and move it there when it is whole: a failure leaves what was there.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".geoplan-", dir=file.parent) as scratch:
            whole = Path(scratch) / file.name
            pyogrio.write_dataframe(areas, whole, layer="service_areas", driver="GPKG", geometry_type="MultiPolygon")
            os.replace(whole, file)  # noqa: PTH105 - replaces on Windows too
    except (OSError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise OutputError(
            _("{file} 没有写成，原有文件未改动：{error}").format(file=file, error=cause(error))
        ) from error
