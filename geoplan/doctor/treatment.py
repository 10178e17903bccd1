"""From findings to the repairs that the manifest records."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from geoplan.doctor.records import Finding, References
from geoplan.errors import SettingsError
from geoplan.i18n import _
from geoplan.layers.manifest import REPAIRS, Repair

OFFERED = tuple(REPAIRS)
"""The names of the repairs."""


def prescribe(
    findings: Iterable[Finding], names: Iterable[str], references: References, today: date
) -> list[tuple[str, Repair]]:
    """The repairs of some names that the findings call for, each with the role of its layer.

    Raises:
        SettingsError: there is no such repair, or nothing was found that it would settle.
    """
    wanted, repairs = tuple(dict.fromkeys(names)), []
    for name in wanted:
        if name not in OFFERED:
            text = _("没有名为“{name}”的修补，可用：{known}。")
            raise SettingsError(text.format(name=name, known=", ".join(OFFERED)))
    every = tuple(findings)
    by_name = {name: [each for each in every if each.repair == name] for name in wanted}
    for name, called_for in by_name.items():
        if not called_for:
            raise SettingsError(_("没有发现需要“{name}”修补的问题，没有改动。").format(name=name))
        within = references.tolerance_m if name == "snap_ends" else 0.0
        repairs += [(each.problem.layer, Repair(name, within, each.problem.rows, today)) for each in called_for]
    return repairs
