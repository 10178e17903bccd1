"""What a planner does to the layers, as frozen records, and the scenario that they make.

Places are WGS84 ``lon``, ``lat`` in degrees. A record is checked in itself when it is made (types, ranges, closed
rings); whether it fits the layers is the business of ``geoplan.scenario.resolve``.

Edits that make something carry its id. Left blank, it is given by the store when the edit is written
(``with_ids``) and never changes later.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, ClassVar, NoReturn, Self

from geoplan.crs import MAX_LAT, MAX_LON
from geoplan.errors import ScenarioError
from geoplan.i18n import _, mark

Value = str | int | float | bool | None
LonLat = tuple[float, float]
Ring = tuple[LonLat, ...]

# Above 2^53 float64 no longer holds every whole number.
MAX_NUMBER = 2.0**53
MAX_NAME, MAX_TEXT, MAX_PLACES = 120, 10_000, 20_000
_RING_LEAST = 4  # a closed triangle


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change; ``KINDS`` lists the kinds.

    Attributes:
        kind: the kind's name in files.
        label: what users read.
        role: the layer that it changes.
        key: the field that names the thing.
        makes: whether the thing comes into being by this edit.

    Raises:
        ScenarioError: a value of the wrong type or outside its range.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    role: ClassVar[str]
    key: ClassVar[str]
    makes: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if value != item.default:  # an id that the store will give, an outline that stays
                check = _CHECKS.get(item.name, _checked_id)
                object.__setattr__(self, item.name, check(value, item.name))

    @property
    def id(self) -> str:
        """What names the thing that is edited."""
        return str(getattr(self, self.key))

    @property
    def touches(self) -> frozenset[tuple[str, str]]:
        """The things that change, as (role, id)."""
        return frozenset({(self.role, self.id)})

    def named(self, made: str) -> Self:
        """The same edit with an id where it had none."""
        return dataclasses.replace(self, **{self.key: made}) if self.makes and not self.id else self


@dataclass(frozen=True, slots=True, kw_only=True)
class AddFacility(Edit):
    """A new facility with the attributes of the layer ``facilities``."""

    kind, label, role, key, makes = "add_facility", mark("新增设施"), "facilities", "facility_id", True
    facility_id: str = ""
    attributes: Mapping[str, Value]
    lon: float
    lat: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveFacility(Edit):
    """A facility at another place."""

    kind, label, role, key = "move_facility", mark("移动设施"), "facilities", "facility_id"
    facility_id: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFacility(Edit):
    """Other values for some attributes; None makes one unknown."""

    kind, label, role, key = "change_facility", mark("修改设施"), "facilities", "facility_id"
    facility_id: str
    attributes: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseFacility(Edit):
    """A facility that no longer serves; its row stays, with the status ``closed``."""

    kind, label, role, key = "close_facility", mark("撤并设施"), "facilities", "facility_id"
    facility_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenFacility(Edit):
    """A closed facility serves again: with the status it had before this scenario closed it, else as ``existing``."""

    kind, label, role, key = "reopen_facility", mark("恢复设施"), "facilities", "facility_id"
    facility_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DropFacility(Edit):
    """A facility that this scenario made is not made; an idle asset that it was made from is idle again.

    A facility of the layers is a fact and is not dropped but closed (``CloseFacility``).
    """

    kind, label, role, key = "drop_facility", mark("取消新增设施"), "facilities", "facility_id"
    facility_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertAsset(Edit):
    """An idle asset becomes a facility at its place; it leaves the idle assets.

    The name is the asset's unless the attributes give another; nothing else is taken over but the stated unit.
    """

    kind, label, role, key, makes = "convert_asset", mark("盘活闲置资产"), "facilities", "facility_id", True
    asset_id: str
    facility_id: str = ""
    attributes: Mapping[str, Value]

    @property
    def touches(self) -> frozenset[tuple[str, str]]:
        """The asset and the facility."""
        return frozenset({(self.role, self.id), ("idle_assets", self.asset_id)})


@dataclass(frozen=True, slots=True, kw_only=True)
class AddParcel(Edit):
    """A new parcel of land with the attributes of the layer ``landuse``; the outer ring first, then its holes."""

    kind, label, role, key, makes = "add_parcel", mark("新增地块"), "landuse", "parcel_id", True
    parcel_id: str = ""
    attributes: Mapping[str, Value]
    outline: tuple[Ring, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeParcel(Edit):
    """Other attributes of a parcel, another outline, or both."""

    kind, label, role, key = "change_parcel", mark("修改地块"), "landuse", "parcel_id"
    parcel_id: str
    attributes: Mapping[str, Value] = field(default_factory=dict)
    outline: tuple[Ring, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DropParcel(Edit):
    """A parcel that is no longer there."""

    kind, label, role, key = "drop_parcel", mark("删除地块"), "landuse", "parcel_id"
    parcel_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRoad(Edit):
    """Nobody passes the stretch of road, from junction to junction, that the place lies on."""

    kind, label, role, key, makes = "close_road", mark("封闭道路"), "roads", "closure_id", True
    closure_id: str = ""
    lon: float
    lat: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenRoad(Edit):
    """A stretch that an earlier edit closed is open again."""

    kind, label, role, key = "reopen_road", mark("恢复通行"), "roads", "closure_id"
    closure_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddRoad(Edit):
    """A new road, bridge, flight of steps or gate with the attributes of the layer ``roads``."""

    kind, label, role, key, makes = "add_road", mark("新增道路"), "roads", "road_id", True
    road_id: str = ""
    attributes: Mapping[str, Value]
    line: Ring


@dataclass(frozen=True, slots=True, kw_only=True)
class DropRoad(Edit):
    """A road that an earlier edit added is not built."""

    kind, label, role, key = "drop_road", mark("取消新增道路"), "roads", "road_id"
    road_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEstateArea(Edit):
    """An estate's own floor area for the elderly in m2; None makes it unknown."""

    kind, label, role, key = "change_estate_area", mark("调整小区养老用房"), "estates", "estate_id"
    estate_id: str
    facility_area_m2: float | None

    @property
    def attributes(self) -> Mapping[str, Value]:
        """The one attribute that changes."""
        return {"facility_area_m2": self.facility_area_m2}


KINDS: Mapping[str, type[Edit]] = MappingProxyType(
    {
        cls.kind: cls
        for cls in (
            AddFacility,
            MoveFacility,
            ChangeFacility,
            CloseFacility,
            ReopenFacility,
            DropFacility,
            ConvertAsset,
            AddParcel,
            ChangeParcel,
            DropParcel,
            CloseRoad,
            ReopenRoad,
            AddRoad,
            DropRoad,
            ChangeEstateArea,
        )
    }
)


@dataclass(frozen=True, slots=True)
class Step:
    """An edit with who, when (UTC) and why."""

    edit: Edit
    author: str
    at: datetime
    reason: str = ""

    def __post_init__(self) -> None:
        checked_text(self.author, _("作者"), MAX_NAME)
        checked_text(self.reason, _("理由"), MAX_TEXT, lines=True, blank=True)
        if self.at.tzinfo is None:
            raise ScenarioError(_("时间 {at} 没有时区，请写成 2026-01-31T08:00:00Z 的形式。").format(at=self.at))
        object.__setattr__(self, "at", self.at.astimezone(UTC))


@dataclass(frozen=True, slots=True)
class Scenario:
    """A name, the digest of the layers it was drawn on, and the steps in their order."""

    name: str
    base: str
    steps: tuple[Step, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        checked_text(self.name, _("方案名称"), MAX_NAME)
        checked_text(self.base, _("图层摘要"), MAX_NAME)
        checked_text(self.note, _("说明"), MAX_TEXT, lines=True, blank=True)

    @property
    def edits(self) -> tuple[Edit, ...]:
        """What is done, without who and why."""
        return tuple(step.edit for step in self.steps)


def with_ids(edits: Iterable[Edit], seed: str) -> tuple[Edit, ...]:
    """The edits with ids where they had none: the same for the same seed (the hash of the log so far) and place."""
    return tuple(edit.named(_made_id(seed, place)) for place, edit in enumerate(edits))


def _made_id(seed: str, place: int) -> str:
    return "N-" + hashlib.sha256(f"{seed} {place}".encode()).hexdigest()[:8]


def describe(edit: Edit) -> str:
    """One edit in one line for people."""
    blank = _("空")
    values = [f"{name}={blank if value is None else value}" for name, value in attributes_of(edit).items()]
    place = [f"({edit.lon}, {edit.lat})"] if hasattr(edit, "lon") and hasattr(edit, "lat") else []
    source = [f"← {edit.asset_id}"] if isinstance(edit, ConvertAsset) else []
    return " ".join([_(edit.label), edit.id, *source, *place, *values])


def attributes_of(edit: Edit) -> Mapping[str, Value]:
    """The attributes that an edit gives, empty where it gives none."""
    return getattr(edit, "attributes", {})


def checked_text(value: object, what: str, most: int, *, lines: bool = False, blank: bool = False) -> str:
    """A text that can be stored and shown anywhere: no control characters, no halves of characters.

    Args:
        lines: line breaks and tabs may occur.
        blank: it may be empty.

    Raises:
        ScenarioError: it is not such a text.
    """
    if not isinstance(value, str):
        raise ScenarioError(_("{what}应当是文字，现为 {value}。").format(what=what, value=_shown(value)))
    if not blank and not value:
        raise ScenarioError(_("{what}不能为空。").format(what=what))
    if value != value.strip() and not lines:
        raise ScenarioError(_("{what}的首尾不能有空白：{value}。").format(what=what, value=_shown(value)))
    if len(value) > most:
        raise ScenarioError(
            _("{what}过长：{count} 字，最多 {most} 字。").format(what=what, count=len(value), most=most)
        )
    for character in value:
        if unicodedata.category(character) in {"Cc", "Cs"} and not (lines and character in "\n\t"):
            text = _("{what}含有不能保存的控制字符（U+{code:04X}），请删去。")
            raise ScenarioError(text.format(what=what, code=ord(character)))
    return value


def _shown(value: object) -> str:
    """A value for a message, never longer than a line."""
    text = repr(value) if value is None or isinstance(value, str | int | float) else type(value).__name__
    return text if len(text) <= 40 else text[:40] + "…"  # noqa: PLR2004


def _refuse(text: str, name: str, value: object) -> NoReturn:
    raise ScenarioError(text.format(name=name, value=_shown(value)))


def _checked_id(value: object, name: str) -> str:
    return checked_text(value, name, MAX_NAME)


def _checked_number(value: object, name: str, limit: float = MAX_NUMBER) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(_("{name} 应当是数字，现为 {value}。"), name, value)
    if isinstance(value, float) and not math.isfinite(value):
        _refuse(_("{name} 应当是有限的数字，现为 {value}。"), name, value)
    if abs(value) > limit:
        _refuse(_("{name} 超出范围：{value}。"), name, value)
    return value


def _checked_degrees(limit: float) -> Callable[[object, str], float]:
    return lambda value, name: float(_checked_number(value, name, limit))


def _checked_area(value: object, name: str) -> int | float | None:
    return None if value is None else _checked_number(value, name)


def _checked_attributes(values: object, name: str) -> Mapping[str, Value]:
    if not isinstance(values, Mapping):
        _refuse(_("{name} 应当是“字段: 值”的对象，现为 {value}。"), name, values)
    known = [(_checked_id(key, name), value) for key, value in values.items()]
    checked = {key: _checked_value(value, _("“{name}”").format(name=key)) for key, value in known}
    return MappingProxyType(dict(sorted(checked.items())))


def _checked_value(value: object, name: str) -> Value:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return checked_text(value, name, MAX_TEXT, lines=True, blank=True)
    if not isinstance(value, int | float):
        _refuse(_("{name} 应当是文字、数字、true、false 或 null，现为 {value}。"), name, value)
    return _checked_number(value, name)


def _checked_places(places: object, name: str, least: int) -> Ring:
    if not isinstance(places, Sequence) or isinstance(places, str) or not least <= len(places) <= MAX_PLACES:
        text = _("{name} 应当是 {least} 至 {most} 个 [经度, 纬度]。")
        raise ScenarioError(text.format(name=name, least=least, most=MAX_PLACES))
    return tuple(_checked_place(place, name) for place in places)


def _checked_place(place: object, name: str) -> LonLat:
    if not isinstance(place, Sequence) or isinstance(place, str) or len(place) != 2:  # noqa: PLR2004 - lon and lat
        _refuse(_("{name} 的一个位置应当是 [经度, 纬度]，现为 {value}。"), name, place)
    lon, lat = place
    return _checked_degrees(MAX_LON)(lon, "lon"), _checked_degrees(MAX_LAT)(lat, "lat")


def _checked_line(places: object, name: str) -> Ring:
    line = _checked_places(places, name, 2)
    if len(set(line)) == 1:
        raise ScenarioError(_("{name} 的各点都在同一处，不成一条线。").format(name=name))
    return line


def _checked_outline(rings: object, name: str) -> tuple[Ring, ...]:
    if not isinstance(rings, Sequence) or isinstance(rings, str):
        _refuse(_("{name} 应当是环的列表，现为 {value}。"), name, rings)
    if not rings:
        raise ScenarioError(_("{name} 没有任何环。").format(name=name))
    outline = tuple(_checked_places(ring, name, _RING_LEAST) for ring in rings)
    for ring in outline:
        if ring[0] != ring[-1]:
            raise ScenarioError(_("{name} 的环没有闭合：最后一点应与第一点相同。").format(name=name))
    return outline


_CHECKS: Mapping[str, Callable[[Any, str], Any]] = MappingProxyType(
    {
        "lon": _checked_degrees(MAX_LON),
        "lat": _checked_degrees(MAX_LAT),
        "attributes": _checked_attributes,
        "line": _checked_line,
        "outline": _checked_outline,
        "facility_area_m2": _checked_area,
    }
)
