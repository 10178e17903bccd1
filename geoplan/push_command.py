"""The command ``geoplan push``: layers and results into a PostGIS database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoplan.export_command import assessed
from geoplan.i18n import _
from geoplan.stages import stages

if TYPE_CHECKING:
    from geoplan.layers import Progress
    from geoplan.report.database import Table

# The heavy imports stand inside the command: `geoplan --help` answers at once.


def push(
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help=_("数据库 postgresql://用户@主机:5432/数据库，不写密码"))
    ],
    directory: Annotated[Path, typer.Option("--dir", help=_("工作区文件夹"))] = Path(),
    schema: Annotated[str, typer.Option(help=_("写进哪个 schema；没有就新建"))] = "geoplan",
    layer: Annotated[list[str] | None, typer.Option(metavar="ROLE", help=_("只写这些图层，可重复；默认全部"))] = None,
    scenario: Annotated[str, typer.Option(help=_("结果代入一个方案；默认按现状"))] = "",
    pack: Annotated[str, typer.Option(help=_("规则包编号，或 .toml 文件；默认取工作区的设置"))] = "",
    year: Annotated[int | None, typer.Option(min=1900, max=2200, help=_("核查年份；默认取规划目标年"))] = None,
    *,
    results: Annotated[
        bool, typer.Option("--results", help=_("评估并写结果；与 --layer 同用时两者都写，否则只写结果"))
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help=_("换下同名的表"))] = False,
) -> None:
    """Write layers or results into a database."""
    from geoplan.layers import read_manifest
    from geoplan.layers.postgres import check_address, shown
    from geoplan.report.database import layer_tables
    from geoplan.report.database import push as push_tables

    check_address(address)  # a wrong word is answered at once
    made: list[Table] = []
    with stages() as stage:
        if layer or not results:
            made += layer_tables(read_manifest(directory), layer or (), stage)
        if results:
            made += _results(directory, (scenario, pack, year), stage)
        push_tables(address, schema, made, replace=replace, progress=stage)
    typer.echo(_("已写入 {count} 张表：{place}").format(count=len(made), place=shown(address)))
    for table in made:
        typer.echo(_("  {name}（{rows} 行）").format(name=f"{schema}.{table.name}", rows=f"{len(table.frame):,}"))


def _results(directory: Path, asked: tuple[str, str, int | None], stage: Progress) -> list[Table]:
    from geoplan.model import Settings
    from geoplan.report.database import result_tables
    from geoplan.report.documents.material import material_of

    assessment, base = assessed(directory, asked, Settings(), stage)
    return result_tables(material_of(assessment, base))
