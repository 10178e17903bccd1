"""A place's layers from OpenStreetMap into a workspace: all of them or none."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from geoplan.causes import cause
from geoplan.errors import ManifestError, OutputError
from geoplan.i18n import _
from geoplan.intake.bringing import staging
from geoplan.layers import LayerEntry
from geoplan.layers.schema import ROLES
from geoplan.opendata.fetching import OFFERED, Fetched, fetch
from geoplan.opendata.landing import NewLayer, bring_in, check_roles
from geoplan.opendata.places import Place, find_place
from geoplan.opendata.server import Servers, connected

SOURCE, LICENCE = "OpenStreetMap contributors", "ODbL 1.0"
_CACHE = ".fetch"


@dataclass(frozen=True)
class Downloaded:
    """What came in.

    Attributes:
        place: in full.
        rows: of each role.
        told: what there is to say of the layers, one line each.
    """

    place: str
    entries: tuple[LayerEntry, ...]
    rows: Mapping[str, int]
    told: tuple[str, ...]


def download(  # noqa: PLR0913 - what is asked for, from whom, and whither
    root: Path,
    name: str,
    only: tuple[str, ...],
    beyond_m: float,
    servers: Servers,
    *,
    replace_entries: bool,
    progress: Callable[[str], None],
) -> Downloaded:
    """Fetch layers and bring them into a workspace. What was answered is kept for the day, until everything is there.

    Args:
        only: of ``OFFERED``; all where there are none.

    Raises:
        WorkspaceError, ManifestError: the workspace cannot be read, or has one of the roles.
        FetchError: the place or a layer cannot be had.
        OutputError: the workspace cannot be written.
    """
    roles = _roles(only)
    check_roles(root, roles, replace_entries=replace_entries)
    today = date.today()  # noqa: DTZ011 - the planner's own day
    with staging(root) as folder:
        with connected(servers, _cache(root, today)) as connection:
            progress(_("查找 {name}").format(name=name))
            place = find_place(connection, name)
            found = fetch(connection, place, roles, beyond_m, progress)
        progress(_("写入工作区"))
        layers = [_layer(role, each, place, today) for role, each in found.items() if len(each.rows)]
        entries = bring_in(root, layers, folder, replace_entries=replace_entries)
    shutil.rmtree(root / _CACHE, ignore_errors=True)
    told = [line for each in found.values() for line in each.told]
    empty = [_(ROLES[role].label) for role, each in found.items() if not len(each.rows)]
    if empty:
        text = _("OpenStreetMap 中没有：{layers}，没有写入。这不等于实际没有，请另行导入。")
        told.append(text.format(layers=_("、").join(empty)))
    rows = {role: len(each.rows) for role, each in found.items()}
    full = _("{place}（{osm_id}）").format(place=place.name, osm_id=place.osm_id)
    return Downloaded(full, entries, rows, tuple(told))


def _roles(only: tuple[str, ...]) -> tuple[str, ...]:
    for role in only:
        if role not in OFFERED:
            text = _("不能下载图层“{role}”，可用：{known}。")
            raise ManifestError(text.format(role=role, known=", ".join(OFFERED)))
    return tuple(role for role in OFFERED if not only or role in only)


def _cache(root: Path, today: date) -> Path:
    """The folder for today's answers; those of other days are dropped."""
    folder = root / _CACHE / today.isoformat()
    try:
        for old in (root / _CACHE).glob("*"):
            if old != folder:
                shutil.rmtree(old, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(_("无法写入 {file}：{error}").format(file=folder, error=cause(error))) from error
    return folder


def _layer(role: str, fetched: Fetched, place: Place, today: date) -> NewLayer:
    how = _("{day} 由 geoplan fetch 从 OpenStreetMap 下载：{place}（{osm_id}）")
    notes = (how.format(day=today, place=place.name, osm_id=place.osm_id), *fetched.told)
    entry = LayerEntry(role, "", source=SOURCE, licence=LICENCE, as_of=today, notes=notes)
    return NewLayer(entry, fetched.rows, ".parquet" if role == "roads" else ".gpkg")
