"""How each layer of the GIS package looks: the classes of the print maps, with the colours and symbols of the style table."""

from __future__ import annotations

from geoplan.i18n import _
from geoplan.model import OUTCOME_LABELS, REACH_LABELS, Outcome, Reach
from geoplan.report import style
from geoplan.report.alternatives import CHANGE_LABELS
from geoplan.report.documents.qgis import Class, Form, Look, Symbol

MAIN_ROADS = ("motorway", "trunk", "primary", "secondary", "tertiary")
OPERATES, PROJECT, IDLE = "operating", "project", "idle"
"""The states of a facility in the year, values of the column ``state``."""
_PX_TO_MM = 0.42  # the style table's radius on the screen as the size of a mark on A3
_SMALLEST_MM, _LARGEST_MM = 0.7, 4.2  # a home with nobody, and the most populous one


def county() -> Look:
    """The county's border."""
    return Look([Class(_("县（市、区）界"), "", Symbol(Form.AREA, line=style.BORDER_COLOUR, width_mm=0.6))])


def townships(group: str) -> Look:
    """Townships by the covered share of a group."""
    share = f'"{group}_share"'
    classes, lower = [], 0
    for bound, colour in style.COVERAGE_CLASSES:
        symbol = Symbol(Form.AREA, fill=colour, line=style.BORDER_COLOUR, width_mm=0.25, opacity=0.8)
        least = f"{share} >= 0" if lower == 0 else f"{share} > {lower}"
        classes.append(Class(f"{lower}–{bound}%", f"{least} AND {share} <= {bound}", symbol))
        lower = bound
    unknown = Symbol(Form.AREA, fill=style.NO_DATA_COLOUR, line=style.BORDER_COLOUR, width_mm=0.25, opacity=0.8)
    return Look([*classes, Class(_("无法计算"), f"{share} IS NULL", unknown)], name="name")


def villages() -> Look:
    """Borders of villages and neighbourhoods."""
    return Look([Class(_("村居界"), "", Symbol(Form.AREA, line=style.BORDER_COLOUR, width_mm=0.1, dashed=True))])


def service_areas() -> Look:
    """Service areas, seen through."""
    symbol = Symbol(Form.AREA, fill=style.AREA_COLOUR, line=style.AREA_COLOUR, opacity=0.22)
    return Look([Class(_("服务范围"), "", symbol)])


def roads() -> Look:
    """Main roads and the others."""
    main = '"road_class" IN ({})'.format(", ".join(f"'{name}'" for name in MAIN_ROADS))
    wide, thin = (Symbol(Form.LINE, line=style.ROAD_COLOUR, width_mm=width) for width in (0.35, 0.12))
    return Look([Class(_("主要道路"), main, wide), Class(_("道路"), f'"road_class" IS NULL OR NOT {main}', thin)])


def barriers() -> Look:
    """Water and other barriers."""
    return Look([Class(_("水系"), "", Symbol(Form.AREA, fill=style.WATER_COLOUR))])


def demand(group: str, most: float) -> Look:
    """Homes by their state, the mark as large as there are people.

    Args:
        most: people of the group in the most populous home.
    """
    size = f'{_SMALLEST_MM} + {_LARGEST_MM - _SMALLEST_MM:g} * sqrt(coalesce("{group}", 0) / {max(most, 1):g})'
    return Look(
        [
            Class(
                _(REACH_LABELS[reason]),
                f"\"reach\" = '{reason}'",
                Symbol(
                    Form.MARK,
                    fill=style.REACH_COLOURS[reason],
                    line="#ffffff",
                    width_mm=0.08,
                    opacity=0.85,
                    shape=style.REACH_SYMBOLS[reason],
                    size=size,
                ),
            )
            for reason in Reach
        ]
    )


def facilities() -> Look:
    """Facilities by kind and state: operating filled, a project hollow, others grey."""
    labels = {OPERATES: "{kind}", PROJECT: _("{kind}（规划或在建）"), IDLE: _("{kind}（未运营）")}
    classes = []
    for kind, look in style.FACILITY_STYLES.items():
        size, shape = look.radius * _PX_TO_MM, style.FACILITY_SYMBOLS[kind]
        filled = Symbol(Form.MARK, fill=look.colour, line="#ffffff", width_mm=0.15, shape=shape, size_mm=size)
        hollow = Symbol(Form.MARK, fill=style.PROJECT_FILL, line=look.colour, width_mm=0.4, shape=shape, size_mm=size)
        grey = Symbol(Form.MARK, fill=style.CLOSED_COLOUR, line="#ffffff", width_mm=0.15, shape=shape, size_mm=size)
        for state, symbol in ((OPERATES, filled), (PROJECT, hollow), (IDLE, grey)):
            label = labels[state].format(kind=_(look.label))
            classes.append(Class(label, f"\"kind\" = '{kind}' AND \"state\" = '{state}'", symbol))
    return Look(classes)


def estates() -> Look:
    """Estates by their verdict."""
    return Look(
        [
            Class(
                _(OUTCOME_LABELS[outcome]),
                f"\"verdict\" = '{outcome}'",
                Symbol(
                    Form.MARK,
                    fill=style.OUTCOME_COLOURS[outcome],
                    line="#ffffff",
                    width_mm=0.12,
                    shape=style.OUTCOME_SHAPES[outcome],
                    size_mm=2.2,
                ),
            )
            for outcome in Outcome
        ]
    )


def changes(kinds: tuple[str, ...], size_mm: float) -> Look:
    """Homes or facilities by what a scenario changes."""
    return Look(
        [
            Class(
                _(CHANGE_LABELS[kind]),
                f"\"change\" = '{kind}'",
                Symbol(
                    Form.MARK,
                    fill=style.CHANGE_COLOURS[kind],
                    line="#ffffff",
                    width_mm=0.12,
                    shape=style.CHANGE_SYMBOLS[kind],
                    size_mm=size_mm,
                ),
            )
            for kind in kinds
        ]
    )


def parcels() -> Look:
    """Planned land."""
    return Look([Class(_("规划地块"), "", Symbol(Form.AREA, fill=style.PARCEL_COLOUR, line=style.PARCEL_COLOUR))])


def marks(label: str, colour: str, shape: str, name: str = "") -> Look:
    """Places of one kind."""
    symbol = Symbol(Form.MARK, fill=colour, line="#ffffff", width_mm=0.12, shape=shape, size_mm=2.0)
    return Look([Class(label, "", symbol)], name=name)
