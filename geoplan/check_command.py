"""The command ``geoplan check``: what is wrong with a workspace's data, where, and what can be done about it."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from geoplan.i18n import _
from geoplan.stages import stages

if TYPE_CHECKING:
    from geoplan.doctor import Case, References
    from geoplan.layers import Progress

PIPED_WIDTH = 140
# The heavy imports stand inside the command: `geoplan --help` answers at once.


def check(
    directory: Annotated[
        Path, typer.Argument(metavar="[DIR]", help=_("工作区文件夹，内有 layers/manifest.toml"))
    ] = Path(),
    codes: Annotated[Path | None, typer.Option(help=_("乡镇街道代码表（CSV：code,name），核对是否齐全"))] = None,
    census: Annotated[Path | None, typer.Option(help=_("普查人口表（CSV：code,population），核对合计"))] = None,
    tolerance: Annotated[float, typer.Option(min=0, max=20, help=_("道路端点离另一条道路不到这么多米时报告"))] = 2.0,
    repair: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help=_("把修补写进 manifest.toml，可重复：drop_duplicates、snap_ends、node_crossings")
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help=_("写出问题位置（GeoPackage）和数据质量说明的文件夹"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=_("只在标准输出打印一个 JSON 对象"))] = False,  # noqa: FBT002
) -> None:
    """Examine a workspace's data."""
    from geoplan.doctor import References, examine, prescribe, read_census, read_codes
    from geoplan.layers.manifest_file import add_repair
    from geoplan.report import data_quality

    references = References(
        codes=None if codes is None else read_codes(codes),
        census=None if census is None else read_census(census),
        tolerance_m=tolerance,
    )
    with stages() as stage:
        case = _case(directory, references, stage)
        stage(_("检查数据"))
        findings = examine(case)
        repairs = prescribe(findings, repair or (), references, _today())
        for role, each in repairs:
            add_repair(directory, role, each)
        if repairs:
            case = _case(directory, references, stage)
            findings = examine(case)
        files = [] if out is None else data_quality.write_findings(case.layers, findings, out)
    if as_json:
        sys.stdout.write(data_quality.findings_text(case.layers, findings) + "\n")
        return
    console = Console() if sys.stdout.isatty() else Console(width=PIPED_WIDTH)
    data_quality.show_findings(case.layers, findings, console)
    for role, each in repairs:
        typer.echo(_("已写入 layers/manifest.toml：{role} 的修补 {name}。").format(role=role, name=each.name))
    for file in files:
        typer.echo(_("已写出：{file}").format(file=file))


def _case(directory: Path, references: References, stage: Progress) -> Case:
    """The workspace as it is read now, with its roads as walkers use them."""
    from geoplan.doctor import Case
    from geoplan.layers import load_layers
    from geoplan.network import load_profile, warm_up, ways_of

    layers = load_layers(directory, stage, complete=False)
    if "roads" not in layers.frames:
        return Case(layers, None, references)
    warm_up(lambda: stage(_("首次使用，正在编译计算程序，仅此一次")))
    stage(_("建立路网"))
    return Case(layers, ways_of(layers, load_profile("walk")), references)


def _today() -> date:
    return date.today()  # noqa: DTZ011 - the planner's own day
