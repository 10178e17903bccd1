"""The command ``geoplan export``: the plan-document set of a workspace or of a scenario."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoplan.i18n import _
from geoplan.stages import stages

if TYPE_CHECKING:
    from geoplan.assess import Assessment
    from geoplan.layers import Progress
    from geoplan.model import Settings
    from geoplan.report.documents import Exported

# The heavy imports stand inside the command: `geoplan --help` answers at once.
_STORE = "GEOPLAN_STORE"
_DEFAULT_FOLDER = Path("results") / "export"


def export(
    directory: Annotated[
        Path, typer.Argument(metavar="[DIR]", help=_("工作区文件夹，内有 layers/manifest.toml"))
    ] = Path(),
    scenario: Annotated[str, typer.Option(help=_("代入一个方案；默认按现状"))] = "",
    out: Annotated[Path | None, typer.Option(help=_("成果文件夹；默认为工作区下的 results/export"))] = None,
    part: Annotated[
        list[str] | None,
        typer.Option(
            help=_(
                "只做这些成果，可重复：maps、workbook、chapter、statement、gis、web-map；另有 atlas、shapefile、geojson"
            )
        ),
    ] = None,
    also: Annotated[
        list[str] | None, typer.Option(help=_("在默认成果之外再加，可重复：atlas、shapefile、geojson"))
    ] = None,
    paper: Annotated[list[str] | None, typer.Option(help=_("图纸幅面，可重复：A3、A4；默认 A3"))] = None,
    orientation: Annotated[str, typer.Option(help=_("图纸方向：landscape 横、portrait 竖"))] = "landscape",
    map_format: Annotated[
        list[str] | None, typer.Option("--format", help=_("图的格式，可重复：pdf、svg、png；默认全部"))
    ] = None,
    layout: Annotated[Path | None, typer.Option(help=_("版面文件（.toml），写明图签等"))] = None,
    template: Annotated[
        Path | None, typer.Option(help=_("本单位的 Word 模板（.docx），章节写在 {{geoplan}} 处"))
    ] = None,
    pack: Annotated[str, typer.Option(help=_("规则包编号，或 .toml 文件；默认取工作区的设置"))] = "",
    year: Annotated[int | None, typer.Option(min=1900, max=2200, help=_("核查年份；默认取规划目标年"))] = None,
    mode: Annotated[
        str, typer.Option(help=_("出行方式：walk、walk-slow、walk-fast、e-bike、car，或 .toml 文件"))
    ] = "walk",
    speed: Annotated[float | None, typer.Option(help=_("速度（米/秒）；默认取出行方式的速度"))] = None,
    planned: Annotated[bool, typer.Option("--planned", help=_("按规划方案核查，计入到期的规划设施"))] = False,  # noqa: FBT002
) -> None:
    """Make the plan-document set."""
    from geoplan.model import Settings
    from geoplan.report.documents import PARTS, Request, export_set
    from geoplan.report.print_maps import FORMATS, read_layout

    request = Request(
        parts=tuple(dict.fromkeys([*(part or PARTS), *(also or [])])),
        papers=tuple(dict.fromkeys(each.upper() for each in paper or ["A3"])),
        orientation=orientation,
        formats=tuple(dict.fromkeys(map_format or FORMATS)),
        template=template,
        layout=None if layout is None else read_layout(layout),
    )
    settings = Settings(mode=mode, speed_mps=speed, planned=planned)
    with stages() as stage:
        assessment, base = assessed(directory, (scenario, pack, year), settings, stage)
        made = export_set(assessment, out or directory / _DEFAULT_FOLDER, request, base=base, progress=stage)
    for line in _told(made):
        typer.echo(line)


def assessed(
    directory: Path, asked: tuple[str, str, int | None], settings: Settings, stage: Progress
) -> tuple[Assessment, Assessment | None]:
    """The assessment, and with a scenario that of the workspace as it is."""
    from geoplan.assess import assess, assess_scenario, profile_of
    from geoplan.layers import load_layers
    from geoplan.memory import Memory
    from geoplan.network import warm_up
    from geoplan.scenario import open_store
    from geoplan.standards import load_pack

    scenario, pack, year = asked
    profile_of(settings)  # before the layers are read: a wrong word is answered at once
    warm_up(lambda: stage(_("首次使用，正在编译计算程序，仅此一次")))
    layers, memory = load_layers(directory, stage), Memory()
    rules = load_pack(pack or layers.manifest.pack or "cn-national")
    drawn = None
    if scenario:
        with open_store(directory, write=False, url=os.environ.get(_STORE, "")) as store:
            drawn = store.state(scenario).scenario
    base = assess(layers, rules, year=year, settings=settings, progress=stage, memory=memory)
    if drawn is None:
        return base, None
    with_edits = assess_scenario(layers, drawn, rules, year=year, settings=settings, progress=stage, memory=memory)
    return with_edits, base


def _told(made: Exported) -> Iterable[str]:
    """What is to be said when the set is there."""
    yield _("已写出 {count} 个文件：{folder}").format(count=len(made.files), folder=made.folder)
    yield from (f"  {name}" for name in made.files if "/" not in name)
    folders = dict.fromkeys(str(Path(name).parent.as_posix()) for name in made.files if "/" in name)
    for folder in folders:
        count = sum(Path(name).parent.as_posix() == folder for name in made.files)
        yield _("  {folder}/（{count} 个文件）").format(folder=folder, count=count)
    if made.changes is not None:
        text = _("与 {since} 的导出相比，{figures} 个数值中有 {moved} 个变化。")
        found = made.changes
        yield text.format(since=found.since, figures=found.figures, moved=len(found.moved))
    if made.kept is not None:
        yield _("上次导出的文件有改动，已保留在：{folder}").format(folder=made.kept)
