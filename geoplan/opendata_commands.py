"""The commands of open data: ``geoplan fetch``, ``geoplan cut`` and ``geoplan populate``."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoplan.causes import cause
from geoplan.errors import OutputError, SettingsError, WorkspaceError
from geoplan.i18n import _
from geoplan.stages import stages

if TYPE_CHECKING:
    from geoplan.intake.confinement import Opener
    from geoplan.intake.cutting import Cut, Order

_KM = 1000.0


def fetch(
    place: Annotated[str, typer.Option(help=_("地名，例如 广东省江门市鹤山市；或 OSM 编号，例如 R2713904"))],
    directory: Annotated[Path, typer.Option("--dir", help=_("工作区文件夹；不存在时建立"))] = Path(),
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="ROLE", help=_("只要这个图层，可重复：roads、units、facilities、clinics")),
    ] = None,
    beyond_km: Annotated[
        float, typer.Option(min=0, max=100, help=_("范围向外扩多少公里：界外的道路和设施也可能更近"))
    ] = 3.0,
    contact: Annotated[str, typer.Option(help=_("您的邮箱或网址，告诉服务器的管理者是谁在下载"))] = "",
    nominatim_url: Annotated[str, typer.Option(help=_("地名服务（Nominatim）的地址，内网可用镜像"))] = "",
    overpass_url: Annotated[str, typer.Option(help=_("数据服务（Overpass）的地址，内网可用镜像"))] = "",
    *,
    replace: Annotated[bool, typer.Option("--replace", help=_("换下已有的同类图层；旧文件保留"))] = False,
) -> None:
    """Fetch a place's layers from OpenStreetMap."""
    from geoplan.intake.beginning import begin
    from geoplan.opendata.download import download
    from geoplan.opendata.server import NOMINATIM, OVERPASS, Servers

    addresses = [
        _address(url, option) for url, option in ((nominatim_url, "--nominatim-url"), (overpass_url, "--overpass-url"))
    ]
    servers = Servers(nominatim_url=addresses[0] or NOMINATIM, overpass_url=addresses[1] or OVERPASS, contact=contact)
    if not directory.exists():
        begin(directory, "", "cn-national")
        typer.echo(_("已建立工作区 {folder}。").format(folder=directory))
    with stages() as stage:
        done = download(
            directory, place, tuple(only or ()), beyond_km * _KM, servers, replace_entries=replace, progress=stage
        )
    typer.echo(done.place)
    for entry in done.entries:
        typer.echo(
            _("已写入 layers/{file}（{role}，{rows:,} 行）").format(
                file=entry.file, role=entry.role, rows=done.rows[entry.role]
            )
        )
    for line in done.told:
        typer.echo(line)
    typer.echo(
        _("来源：OpenStreetMap 贡献者，ODbL 1.0；使用成果时须注明。下一步：geoplan check {folder}").format(
            folder=directory
        )
    )


def _address(url: str, option: str) -> str:
    if url and not url.startswith(("http://", "https://")):
        raise SettingsError(_("{option} 应以 http:// 或 https:// 开头，不是“{url}”。").format(option=option, url=url))
    return url


def cut(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help=_("省级或更大的 OSM 文件（.osm.pbf）"))],
    out: Annotated[Path, typer.Argument(metavar="OUT", help=_("切出的文件（.osm.pbf）"))],
    boundary: Annotated[Path | None, typer.Option(help=_("县界：面图层文件，全部的面合为范围"))] = None,
    bbox: Annotated[str, typer.Option(metavar="W,S,E,N", help=_("或者经纬度范围：西,南,东,北"))] = "",
    beyond_km: Annotated[
        float, typer.Option(min=0, max=100, help=_("范围向外扩多少公里：界外的道路和设施也可能更近"))
    ] = 3.0,
    crs: Annotated[str, typer.Option(help=_("县界文件没有写明坐标系时必填，例如 EPSG:4490"))] = "",
    *,
    replace: Annotated[bool, typer.Option("--replace", help=_("覆盖已有的 OUT"))] = False,
    trust: Annotated[bool, typer.Option("--trust", help=_("来源可靠：不在受限的进程中打开"))] = False,
) -> None:
    """Cut a county out of an OSM file."""
    from geoplan.intake.confinement import Confinement
    from geoplan.intake.cutting import Order
    from geoplan.intake.trusted import Trusted

    _check(source, out, boundary, replace=replace)
    box = _bbox(bbox, boundary)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(_beside(out)))
        order = Order(
            source=source, out=folder / "cut.osm.pbf", boundary=boundary, bbox=box, crs=crs, beyond_m=beyond_km * _KM
        )
        done = _carried_out(order, Trusted() if trust else stack.enter_context(Confinement()))
        _put(order.out, out)
    text = _("已切出 {file}：{nodes:,} 个点、{ways:,} 条线、{relations:,} 个关系，{size:.1f} MB。")
    size = out.stat().st_size / 1e6
    typer.echo(text.format(file=out, nodes=done.nodes, ways=done.ways, relations=done.relations, size=size))
    typer.echo(_("下一步：geoplan import roads {file} --dir 工作区").format(file=out))


def populate(
    raster: Annotated[Path, typer.Argument(metavar="RASTER", help=_("人口栅格（GeoTIFF），例如 WorldPop"))],
    directory: Annotated[Path, typer.Option("--dir", help=_("工作区文件夹，已有 units 和 census 图层"))] = Path(),
    block: Annotated[int, typer.Option(min=1, max=100, help=_("每 N×N 个格子合为一个居民点"))] = 1,
    year: Annotated[int | None, typer.Option(min=1900, max=2200, help=_("普查的年份，写进每一行"))] = None,
    crs: Annotated[str, typer.Option(help=_("栅格没有写明坐标系时必填，例如 EPSG:4326"))] = "",
    source: Annotated[str, typer.Option(help=_("栅格的来源，写进 manifest.toml 和结果；默认为文件名"))] = "",
    licence: Annotated[str, typer.Option(help=_("栅格的许可，例如 CC BY 4.0"))] = "",
    as_of: Annotated[str, typer.Option(metavar="DATE", help=_("数据是哪一天的，例如 2024-12-31"))] = "",
    *,
    onto_points: Annotated[
        bool, typer.Option("--onto-points", help=_("把人口分到工作区已有的居民点：每个格子归本镇街最近的点"))
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help=_("换下已有的居民点图层；旧文件保留"))] = False,
    trust: Annotated[bool, typer.Option("--trust", help=_("来源可靠：不在受限的进程中打开"))] = False,
) -> None:
    """Spread the census over a population raster."""
    from geoplan.intake import bringing
    from geoplan.intake.confinement import Confinement
    from geoplan.intake.trusted import Trusted
    from geoplan.layers import LayerEntry
    from geoplan.opendata import landing
    from geoplan.opendata.populating import Wish, populate

    if not raster.is_file():
        raise WorkspaceError(_("文件不存在：{file}").format(file=raster))
    day = bringing.day_of(as_of)
    landing.check_roles(directory, ["demand"], replace_entries=replace)
    wish = Wish(crs=crs, block=block, onto_points=onto_points, year=year)
    with ExitStack() as stack:
        opener = Trusted() if trust else stack.enter_context(Confinement())
        folder = stack.enter_context(bringing.staging(directory))
        stage = stack.enter_context(stages())
        stage(_("按 {name} 分配人口").format(name=raster.name))
        spread = populate(directory, raster, opener, folder, wish)
        how = _("{day} 由 geoplan populate 按人口栅格 {name} 把普查人口分到镇街之内；界线切开的格子按面积分")
        notes = (how.format(day=f"{_today()}", name=raster.name), *spread.told)
        entry = LayerEntry("demand", "", source=source or raster.name, licence=licence, as_of=day, notes=notes)
        made = landing.bring_in(directory, [landing.NewLayer(entry, spread.rows)], folder, replace_entries=replace)
    for line in spread.told:
        typer.echo(line)
    typer.echo(_("已写入 layers/{file}，并登记在 layers/manifest.toml。").format(file=made[0].file))


def _today() -> date:
    return date.today()  # noqa: DTZ011 - the planner's own day


def _check(source: Path, out: Path, boundary: Path | None, *, replace: bool) -> None:
    """What can be said before anything is read."""
    for file in (source, boundary):
        if file is not None and not file.is_file():
            raise WorkspaceError(_("文件不存在：{file}").format(file=file))
    if not out.name.endswith(".pbf"):
        raise SettingsError(_("OUT 应以 .osm.pbf 结尾，不是“{name}”。").format(name=out.name))
    if out.exists() and (not replace or out.samefile(source)):
        raise OutputError(
            _("{file} 已存在。请换一个名称，或加 --replace 覆盖它（不能覆盖来源文件）。").format(file=out)
        )


def _bbox(text: str, boundary: Path | None) -> tuple[float, float, float, float]:
    """The box that is asked for, where it is not a boundary."""
    if bool(text) == (boundary is not None):
        raise SettingsError(_("请用 --boundary 给出县界文件，或用 --bbox 给出经纬度范围，二者取一。"))
    if not text:
        return (0.0, 0.0, 0.0, 0.0)
    try:
        west, south, east, north = (float(part) for part in text.replace("，", ",").split(","))
    except ValueError as error:
        said = _("--bbox 应写成 西,南,东,北 四个经纬度，例如 112.5,22.4,113.1,22.9，不是“{text}”。")
        raise SettingsError(said.format(text=text)) from error
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):  # noqa: PLR2004 - the globe
        said = _("--bbox {text}：西须小于东、南须小于北，且在 ±180、±90 度之内。")
        raise SettingsError(said.format(text=text))
    return west, south, east, north


def _beside(out: Path) -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix=".geoplan-", dir=out.parent)
    except OSError as error:
        raise OutputError(_("无法写入 {file}：{error}").format(file=out, error=cause(error))) from error


def _carried_out(order: Order, opener: Opener) -> Cut:
    with stages() as stage:
        stage(_("读取 {name}").format(name=order.source.name))
        return opener.cut(order, stage)


def _put(made: Path, out: Path) -> None:
    """The result in its place, in one step."""
    try:
        made.chmod(0o644)
        made.replace(out)
    except OSError as error:
        raise OutputError(_("无法写入 {file}：{error}").format(file=out, error=cause(error))) from error
