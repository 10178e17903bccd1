"""Which columns of files were chosen for which fields at earlier imports: ``layers/headers.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import tomlkit

from geoplan.causes import cause
from geoplan.errors import ManifestError
from geoplan.i18n import _
from geoplan.intake.records import Request
from geoplan.layers.manifest_file import write_text

REMEMBERED = Path("layers") / "headers.toml"


def remembered(root: Path, role: str) -> Mapping[str, tuple[str, ...]]:
    """Which columns were chosen for which field of this role at earlier imports, the latest first.

    Raises:
        ManifestError: the file of these is damaged.
    """
    path = root / REMEMBERED
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ManifestError(
            _("{file} 不是有效的 UTF-8 TOML 文件：{error}").format(file=path, error=cause(error))
        ) from error
    return {str(field): tuple(map(str, columns)) for field, columns in table.get(role, {}).items()}


def remember(root: Path, request: Request) -> None:
    """Keep the columns that were chosen now.

    Raises:
        ManifestError: the file of these is damaged.
        OutputError: it cannot be written.
    """
    if not request.columns:
        return
    path = root / REMEMBERED
    table = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    known = remembered(root, request.role)
    chosen = {name: list(dict.fromkeys((column, *known.get(name, ())))) for name, column in request.columns.items()}
    table[request.role] = {**table.get(request.role, {}), **chosen}
    write_text(path, tomlkit.dumps(table))
