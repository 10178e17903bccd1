"""The command ``geoplan check``: what is wrong with a workspace's data, where, and what can be done about it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from geoplan.i18n import _
from geoplan.stages import stages

if TYPE_CHECKING:
    from geoplan.doctor import Case
    from geoplan.doctor.records import Unit
    from geoplan.layers import Progress

PIPED_WIDTH = 140
# The heavy imports stand inside the command: `geoplan --help` answers at once.


def check(
    directory: Annotated[
        Path, typer.Argument(metavar="[DIR]", help=_("工作区文件夹，内有 layers/manifest.toml"))
    ] = Path(),
    codes: Annotated[
        Path | None,
        typer.Option(
            help=_("乡镇街道代码表（CSV 或 Excel：code,name），只用于这一次；长期使用请 geoplan import codes")
        ),
    ] = None,
    census: Annotated[
        Path | None,
        typer.Option(
            help=_("普查人口表（CSV 或 Excel：code,population），只用于这一次；长期使用请 geoplan import census")
        ),
    ] = None,
    tolerance: Annotated[float, typer.Option(min=0, max=20, help=_("道路端点离另一条道路不到这么多米时报告"))] = 2.0,
    repair: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[CHECK:]NAME[=ROWS]", help=_("把检查所列的一项修补写进 manifest.toml，可重复；源文件不改动")
        ),
    ] = None,
    revert: Annotated[
        list[str] | None,
        typer.Option(metavar="[ROLE:]NAME", help=_("从 manifest.toml 撤销一项修补，可重复")),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help=_("写出问题位置（GeoPackage）和数据质量说明（Word、Markdown）的文件夹"))
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help=_("只在标准输出打印一个 JSON 对象"))] = False,  # noqa: FBT002
) -> None:
    """Examine a workspace's data."""
    from geoplan.doctor import examine, prescribe, recorded
    from geoplan.layers import read_manifest
    from geoplan.layers.manifest_file import add_repair, remove_repair
    from geoplan.report import data_quality

    told = _given(codes, census)
    with stages() as stage:
        for role, each in recorded(read_manifest(directory), revert or ()):
            remove_repair(directory, role, each)
        case = _case(directory, told, tolerance, stage)
        stage(_("检查数据"))
        findings = examine(case)
        repairs = prescribe(findings, repair or (), _today())
        for role, each in repairs:
            add_repair(directory, role, each)
        if repairs:
            case = _case(directory, told, tolerance, stage)
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


def _given(codes: Path | None, census: Path | None) -> Mapping[str, tuple[Unit, ...]]:
    """The tables that are given for this once, read within limits like every file of others."""
    from geoplan.doctor import read_reference
    from geoplan.intake.confinement import Confinement

    files = {"codes": codes, "census": census}
    with Confinement() as opener:
        return {role: read_reference(file, role, opener) for role, file in files.items() if file is not None}


def _case(directory: Path, given: Mapping[str, tuple[Unit, ...]], tolerance: float, stage: Progress) -> Case:
    """The workspace as it is read now, with its roads as walkers use them."""
    from geoplan.doctor import Case, references_of
    from geoplan.layers import load_layers
    from geoplan.network import load_profile, warm_up, ways_of

    layers = load_layers(directory, stage, complete=False)
    known = references_of(layers, tolerance)
    references = replace(known, codes=given.get("codes", known.codes), census=given.get("census", known.census))
    if "roads" not in layers.frames:
        return Case(layers, None, references)
    warm_up(lambda: stage(_("首次使用，正在编译计算程序，仅此一次")))
    stage(_("建立路网"))
    return Case(layers, ways_of(layers, load_profile("walk")), references)


def _today() -> date:
    return date.today()  # noqa: DTZ011 - the planner's own day
