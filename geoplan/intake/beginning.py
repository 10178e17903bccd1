"""An empty workspace: a manifest that explains itself, and templates to fill in."""

from __future__ import annotations

from pathlib import Path

import tomlkit

from geoplan.causes import cause
from geoplan.errors import OutputError, WorkspaceError
from geoplan.i18n import _
from geoplan.intake.templates import TEMPLATES, write_template
from geoplan.layers import MANIFEST, read_manifest
from geoplan.layers.manifest_file import write_text
from geoplan.layers.schema import ROLES

TEMPLATES_FOLDER = "templates"


def begin(root: Path, name: str, pack: str) -> list[Path]:
    """Write an empty workspace; the templates in it.

    Raises:
        WorkspaceError: the folder is one already.
        OutputError: it cannot be written.
    """
    if (root / MANIFEST).exists():
        raise WorkspaceError(_("{folder} 已是工作区，没有改动它。").format(folder=root))
    try:
        (root / MANIFEST).parent.mkdir(parents=True, exist_ok=True)
        (root / TEMPLATES_FOLDER).mkdir(exist_ok=True)
        made = []
        for role in TEMPLATES:
            path = root / TEMPLATES_FOLDER / f"{role}.xlsx"
            if not path.exists():
                write_template(role, path)
                made.append(path)
    except OSError as error:
        raise OutputError(_("无法写入 {file}：{error}").format(file=root, error=cause(error))) from error
    write_text(root / MANIFEST, _manifest(name or root.resolve().name, pack))
    return made


def next_step(root: Path, ready: str) -> str:
    """What a workspace still needs before it can be assessed.

    Args:
        ready: what is to be said when it needs nothing.

    Raises:
        WorkspaceError, ManifestError: it has no manifest that can be understood.
    """
    manifest = read_manifest(root)
    lacking = [role for role in ROLES.values() if role.required and manifest.entry(role.name) is None]
    names = _("、").join(f"{role.name} {_(role.label)}" for role in lacking)
    return _("评估还需要：{layers}。").format(layers=names) if lacking else ready


def _manifest(name: str, pack: str) -> str:
    document = tomlkit.document()
    document.add(tomlkit.comment(_("工作区的目录：哪个文件是哪个图层。geoplan import 会在下面添加；也可以手工改。")))
    document.add(tomlkit.nl())
    document.add("schema", tomlkit.item(1))
    document.add("name", tomlkit.item(name))
    document.add("pack", tomlkit.item(pack).comment(_("规则包；geoplan packs list 列出可用的")))
    source = _("民政局")
    lines = [
        _("year = 2025 # 核查年份；不写则按规则包"),
        "",
        _("至少要有 roads（道路）、demand（居民点）、facilities（设施）；最好还有 units（行政单元）。"),
        _("全部角色：{roles}").format(roles=", ".join(ROLES)),
        _("一个图层的例子（各键的意思见 docs/workspace.md）："),
        "",
        "[[layer]]",
        'role = "facilities"',
        'file = "facilities.xlsx"',
        'crs = "EPSG:4326"',
        'datum = "bd09"',
        'columns = { facility_id = "编号", name = "名称" }',
        f'source = "{source}"',
        "as_of = 2024-12-31",
    ]
    for line in lines:
        document.add(tomlkit.comment(line) if line else tomlkit.nl())
    return tomlkit.dumps(document)
