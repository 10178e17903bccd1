"""The commands ``geoplan new`` and ``geoplan import``: an empty workspace, and a county's files brought into it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoplan.errors import ManifestError
from geoplan.i18n import _
from geoplan.model import Severity

if TYPE_CHECKING:
    from geoplan.intake.bringing import Draft
    from geoplan.intake.confinement import Opener
    from geoplan.intake.records import Look

_SHOWN_ROWS = 3


def new(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help=_("新工作区的文件夹"))],
    name: Annotated[str, typer.Option(help=_("县的名称；默认取文件夹的名称"))] = "",
    pack: Annotated[str, typer.Option(help=_("规则包编号，或 .toml 文件"))] = "cn-national",
) -> None:
    """Write an empty workspace."""
    from geoplan.intake.beginning import begin
    from geoplan.standards import load_pack

    load_pack(pack)  # a wrong word is answered before anything is written
    made = begin(directory, name, pack)
    typer.echo(_("已建立工作区 {folder}。").format(folder=directory))
    for path in made:
        typer.echo(_("模板：{file}").format(file=path))
    typer.echo(
        _("下一步：geoplan import roads 道路文件 --dir {folder}，然后 demand、facilities。").format(folder=directory)
    )


def import_file(
    role: Annotated[str, typer.Argument(metavar="ROLE", help=_("图层角色：roads、demand、facilities、units……"))],
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help=_("文件；Shapefile 给 .shp 或压缩包；或数据库 postgresql://用户@主机/数据库")
        ),
    ],
    directory: Annotated[Path, typer.Option("--dir", help=_("工作区文件夹"))] = Path(),
    columns: Annotated[
        list[str] | None, typer.Option("--map", metavar="COLUMN=FIELD", help=_("文件的列对应哪个字段，可重复"))
    ] = None,
    constants: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help=_("文件没有的字段，全部行取这个值，可重复"))
    ] = None,
    crs: Annotated[str, typer.Option(help=_("坐标系，例如 EPSG:4547；文件没有写明时必填"))] = "",
    datum: Annotated[str, typer.Option(help=_("经纬度的基准：wgs84、cgcs2000、gcj02（高德）、bd09（百度）"))] = "",
    layer: Annotated[str, typer.Option(help=_("文件里有多个图层、工作表或数据时，指明哪个；数据库的 schema.表"))] = "",
    geometry: Annotated[str, typer.Option(help=_("数据库的表有多个几何列时，指明哪个"))] = "",
    encoding: Annotated[str, typer.Option(help=_("文字编码，例如 gbk；默认按内容判断"))] = "",
    source: Annotated[str, typer.Option(help=_("来源，写进 manifest.toml 和结果"))] = "",
    licence: Annotated[str, typer.Option(help=_("许可或密级，例如 内部资料、ODbL"))] = "",
    as_of: Annotated[str, typer.Option(metavar="DATE", help=_("数据是哪一天的，例如 2024-12-31"))] = "",
    *,
    synthetic: Annotated[bool, typer.Option("--synthetic", help=_("合成数据：所有结果都会标明"))] = False,
    replace: Annotated[bool, typer.Option("--replace", help=_("换下已有的同类图层；旧文件保留"))] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("只看识别的结果，不导入"))] = False,
    trust: Annotated[bool, typer.Option("--trust", help=_("来源可靠：不在受限的进程中打开"))] = False,
) -> None:
    """Bring a file into a workspace."""
    from geoplan.intake import bringing
    from geoplan.intake.beginning import next_step
    from geoplan.intake.confinement import Confinement, what_is_limited
    from geoplan.intake.records import Request
    from geoplan.intake.trusted import Trusted
    from geoplan.layers import postgres

    bringing.check_role(role)
    day = bringing.day_of(as_of)
    _begin_where_nothing_is(directory)
    bringing.workspace_of(directory)
    request = Request(
        role=role,
        layer=layer,
        geometry=geometry,
        crs=crs,
        datum=_datum(datum),
        encoding=encoding,
        columns=_pairs(columns, "--map", fields_second=True, role=role),
        constants=_pairs(constants, "--set", fields_second=False, role=role),
    )
    opener: Opener | None = None
    with ExitStack() as stack:
        if postgres.is_address(file):
            draft = bringing.prepare_table(directory, file, request)
        else:
            opener = Trusted() if trust else stack.enter_context(Confinement())
            if not trust and what_is_limited():
                typer.echo(what_is_limited(), err=True)
            folder = stack.enter_context(bringing.staging(directory))
            staged = bringing.stage(Path(file), role, folder, opener, layer)
            draft = bringing.prepare(directory, staged, request, opener)
        draft = bringing.documented(draft, licence=licence, as_of=day, synthetic=synthetic)
        _show(draft)
        if dry_run and draft.look.usable:
            return
        entry = bringing.bring_in(directory, draft, request, replace_entry=replace, source=source, opener=opener)
    if not (licence and as_of):
        typer.echo(_("没有写明许可或数据日期；可用 --licence、--as-of 补上，或写进 manifest.toml。"))
    typer.echo(bringing.told(entry))
    ready = _("可以检查和评估了：geoplan check {folder}，geoplan assess {folder}。").format(folder=directory)
    typer.echo(next_step(directory, ready))


def _begin_where_nothing_is(directory: Path) -> None:
    """Make a workspace of a folder that does not exist yet, and say so."""
    from geoplan.intake.beginning import begin

    if not directory.exists():
        begin(directory, "", "cn-national")
        typer.echo(_("已建立工作区 {folder}。").format(folder=directory))


def _datum(text: str) -> str:
    from geoplan.crs import DATUMS

    if text and text not in DATUMS:
        known = ", ".join(DATUMS)
        raise ManifestError(_("datum“{datum}”未知，可用：{known}。").format(datum=text, known=known))
    return text


def _pairs(texts: list[str] | None, option: str, *, fields_second: bool, role: str) -> Mapping[str, str]:
    """``a=b`` as a mapping, one side of which must be fields of the role."""
    from geoplan.intake.headers import fields_of

    pairs = {}
    for text in texts or []:
        first, equals, second = text.rpartition("=") if fields_second else text.partition("=")
        if not (first and equals and second):
            raise ManifestError(_("{option} 应写成 A=B，不是“{text}”。").format(option=option, text=text))
        field = second if fields_second else first
        if field not in fields_of(role):
            said = _("{option}：没有名为“{field}”的字段，可用：{known}。")
            raise ManifestError(said.format(option=option, field=field, known=", ".join(fields_of(role))))
        pairs[field.strip()] = (first if fields_second else second).strip()
    return pairs


def _show(draft: Draft) -> None:
    """What was understood, in lines."""
    from geoplan.report import problem_line

    look = draft.look
    typer.echo(_("{name}：{rows} 行").format(name=draft.staged.original, rows=f"{look.rows:,}"))
    for line in (*_place_lines(look), *_column_lines(look)):
        typer.echo(f"  {line}")
    for row in look.sample[:_SHOWN_ROWS]:
        typer.echo("  | " + " | ".join(cell or "–" for cell in row))
    for problem in look.problems:
        if problem.severity is not Severity.ERROR:
            typer.echo(f"  {problem_line(problem)}")


def _place_lines(look: Look) -> list[str]:
    """Where the rows lie, and of which CRS they are."""
    lines = []
    if look.entry.crs:
        lines.append(_("坐标系：{crs}").format(crs=look.entry.crs))
    if look.entry.datum:
        lines.append(_("坐标基准：{datum}").format(datum=look.entry.datum))
    if look.bounds is not None:
        west, south, east, north = look.bounds
        text = _("范围：经度 {west:.4f} 至 {east:.4f}，纬度 {south:.4f} 至 {north:.4f}")
        lines.append(text.format(west=west, east=east, south=south, north=north))
    return lines


def _column_lines(look: Look) -> list[str]:
    """Which column is which field, and which columns are left aside."""
    used = [f"{theirs} → {ours}" for ours, theirs in look.columns.items() if ours != theirs]
    used += [f"{ours} = {value}" for ours, value in look.entry.constants.items()]
    used += [ours for ours, theirs in look.columns.items() if ours == theirs]
    left = [name for name in look.headers if name not in look.columns.values()]
    lines = [_("列：{columns}").format(columns=_("、").join(used))] if used else []
    return [*lines, _("没有用到的列：{columns}").format(columns=_("、").join(left))] if left else lines
