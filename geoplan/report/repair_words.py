"""Repairs in words: what one does, and to what."""

from __future__ import annotations

from geoplan.datum import NAMES
from geoplan.i18n import _
from geoplan.layers.manifest import REPAIRS, Repair
from geoplan.report.field_words import field_label

_SHOWN = 5


def repair_text(repair: Repair) -> str:
    """What a repair does, without the rows."""
    if repair.name == "blank_cells":
        names = _("、").join(_("位置") if name == "geometry" else field_label(name) for name in repair.fields)
        return _("把{fields}改作未知").format(fields=names)
    if repair.datum:
        return _("改按 {datum} 读入").format(datum=NAMES.get(repair.datum, repair.datum))
    if repair.source:
        return _("只采用来源“{source}”").format(source=repair.source)
    label = _(REPAIRS[repair.name].label)
    return _("{label}（{metres:g} 米以内）").format(label=label, metres=repair.within_m) if repair.within_m else label


def rows_text(repair: Repair) -> str:
    """The first rows that a repair is about; blank where it names none."""
    shown = _("、").join(repair.rows[:_SHOWN])
    return shown + (_(" 等 {count} 行").format(count=len(repair.rows)) if len(repair.rows) > _SHOWN else "")
