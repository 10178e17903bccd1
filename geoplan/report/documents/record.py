"""The record of an export: what its figures were made from, the figures, and a checksum of every file.

It lies in the set as ``export.json``. The next export into the same place reads it to tell which figures moved and why; anybody
can check with it that a file is the one that was written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from geoplan import __version__
from geoplan.assess import Assessment
from geoplan.causes import cause
from geoplan.errors import OutputError, ScenarioError, SettingsError
from geoplan.i18n import _, current
from geoplan.layers import Layers
from geoplan.model import Settings
from geoplan.report.documents.figures import Figures, figure_record, figures_of, read_figure
from geoplan.report.documents.parameters import parameters_of
from geoplan.scenario import Scenario, digest, dumps, loads
from geoplan.standards import Pack

RECORD = "export.json"
SCHEMA = 1
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Record:
    """What an export was made from, and what it came to.

    Attributes:
        made: date and time with its zone, ISO 8601.
        program: geoplan's version.
        place: the workspace's name.
        settings: as they were asked for; with ``year`` and ``scenario`` the figures can be made again from the same layers.
        parameters: those and what they came to, as ``parameters_of``.
        pack: id of the rule pack.
        pack_digest: over all that the pack says.
        layers: role to digest and number of rows of the layers without the scenario's edits.
        files: path inside the set to SHA-256.
    """

    made: str
    program: str
    language: str
    place: str
    year: int
    settings: Settings
    parameters: Mapping[str, Any]
    pack: str
    pack_digest: str
    layers: Mapping[str, tuple[str, int]]
    scenario: Scenario | None
    figures: Figures
    files: Mapping[str, str]


def record_of(assessment: Assessment, layers: Layers, made: datetime) -> Record:
    """The record of an export that has no files yet.

    Args:
        layers: of the workspace as it is.
    """
    return Record(
        made=made.isoformat(timespec="seconds"),
        program=__version__,
        language=current(),
        place=layers.manifest.name,
        year=assessment.year,
        settings=assessment.settings,
        parameters=parameters_of(assessment),
        pack=assessment.pack.id,
        pack_digest=pack_digest(assessment.pack),
        layers={role: (sha, len(layers.frames[role])) for role, sha in layers.digests.items() if role in layers.frames},
        scenario=assessment.scenario,
        figures=figures_of(assessment),
        files={},
    )


def pack_digest(pack: Pack) -> str:
    """A SHA-256 over all that a pack says."""
    return _sha(repr(pack))


def checksum(path: Path) -> str:
    """The SHA-256 of a file."""
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            sha.update(block)
    return sha.hexdigest()


def files_of(folder: Path) -> dict[str, str]:
    """Path to SHA-256 of every file of a set but its record."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / RECORD)
    return {path.relative_to(folder).as_posix(): checksum(path) for path in files}


def write_record(record: Record, folder: Path) -> None:
    """Write ``export.json``."""
    text = json.dumps(_to_json(record), ensure_ascii=False, indent=1, allow_nan=False)
    (folder / RECORD).write_text(text + "\n", encoding="utf-8")


def read_record(folder: Path) -> Record:
    """Read the record of a set.

    Raises:
        OutputError: there is none, or it cannot be understood.
    """
    path = folder / RECORD
    try:
        return _from_json(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise OutputError(_("无法读取 {file}：{error}").format(file=path, error=cause(error))) from error
    except (ValueError, TypeError, KeyError, AttributeError, ZeroDivisionError) as error:
        text = _("{file} 不是可读的导出记录，无法比较变化。请移走这个文件夹，或用 --out 换一个。")
        raise OutputError(text.format(file=path)) from error


def _to_json(record: Record) -> dict[str, Any]:
    figures = [figure_record(name, figure) for name, figure in record.figures.items()]
    scenario = None if record.scenario is None else json.loads(dumps(record.scenario))
    layers = {role: {"sha256": sha, "rows": rows} for role, (sha, rows) in record.layers.items()}
    digests = {
        "layers": _sha(_canonical(layers)),
        "parameters": _sha(_canonical(record.parameters)),
        "rules": record.pack_digest,
        "edits": None if record.scenario is None else digest(record.scenario.edits),
        "figures": _sha(_canonical(figures)),
    }
    told = {key: getattr(record, key) for key in ("made", "program", "language", "place", "year")}
    return {
        "schema": SCHEMA,
        **told,
        "pack": record.pack,
        "digests": digests,
        "settings": asdict(record.settings),
        "parameters": dict(record.parameters),
        "layers": layers,
        "scenario": scenario,
        "files": dict(record.files),
        "figures": figures,
    }


def _from_json(table: Mapping[str, Any]) -> Record:
    if table["schema"] != SCHEMA:
        raise ValueError(table["schema"])
    try:
        settings = Settings(**table["settings"])
        scenario = loads(json.dumps(table["scenario"]), RECORD) if table["scenario"] else None
    except (SettingsError, ScenarioError) as error:
        raise ValueError(str(error)) from error
    return Record(
        made=str(table["made"]),
        program=str(table["program"]),
        language=str(table["language"]),
        place=str(table["place"]),
        year=int(table["year"]),
        settings=settings,
        parameters=dict(table["parameters"]),
        pack=str(table["pack"]),
        pack_digest=str(table["digests"]["rules"]),
        layers={role: (str(layer["sha256"]), int(layer["rows"])) for role, layer in table["layers"].items()},
        scenario=scenario,
        figures=dict(read_figure(figure) for figure in table["figures"]),
        files={str(name): str(sha) for name, sha in table["files"].items()},
    )


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
