"""Profiles: ways of travelling, each a small TOML file that users can copy.

=============== ==================================================================================================
key             meaning
=============== ==================================================================================================
id              small letters, digits and hyphens
name, name_en   what it is called
speed_mps       speed on flat roads, metres per second
access          whose tags open and close roads: ``foot``, ``bicycle`` or ``motor``
oneway          whether one-way streets bind it (default false)
slope           ``tobler`` or ``none`` (default)
steps_factor    share of the speed on steps, above 0 to 1 (default 1)
off_road_mps    speed between a place and its road (default: ``speed_mps``)
never           classes of road that it never uses (default none)
[speeds_mps]    speeds on classes of road (default none)
=============== ==================================================================================================
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoplan.causes import cause
from geoplan.errors import NetworkError, SettingsError
from geoplan.i18n import _, current
from geoplan.network.edge_times import CLOSED, EdgeTimes
from geoplan.network.elevation import Elevation
from geoplan.network.graph import EdgeRoads, Network, milliseconds
from geoplan.network.roads import ACCESS, Pace, Road, Traveller, fastest

SLOPES = ("none", "tobler")
STEEPEST = 1.0
"""Beyond 45 degrees slope counts as 45 degrees: there the DEM shows the cliff beside the road."""
_MAX_SPEED_MPS = 100.0
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_REQUIRED = ("id", "name", "speed_mps", "access")
_NUMBERS = ("speed_mps", "steps_factor", "off_road_mps")
# Tobler (1993), Three presentations on geographical analysis and modeling: v = 6 exp(-3.5 |s + 0.05|) km/h.
_DECAY, _EASIEST = 3.5, 0.05


@dataclass(frozen=True)
class Profile:
    """A way of travelling; see the head of this module for what each key means.

    Raises:
        SettingsError: a value outside its range.
    """

    id: str
    name: str
    speed_mps: float
    access: str
    name_en: str = ""
    oneway: bool = False
    slope: str = "none"
    steps_factor: float = 1.0
    off_road_mps: float = 0.0  # as fast as on the road
    never: frozenset[str] = frozenset()
    speeds_mps: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        object.__setattr__(self, "off_road_mps", self.off_road_mps or self.speed_mps)
        if not _ID.fullmatch(self.id):
            raise SettingsError(
                _("出行方式的 id“{id}”只能用小写字母、数字和连字符，例如 walk-slow。").format(id=self.id)
            )
        for key, words in (("access", ACCESS), ("slope", SLOPES)):
            if getattr(self, key) not in words:
                text = _("出行方式 {id}：{key}“{value}”未知，可用：{known}。")
                raise SettingsError(text.format(id=self.id, key=key, value=getattr(self, key), known=", ".join(words)))
        speeds = {f"speeds_mps.{road_class}": speed for road_class, speed in self.speeds_mps.items()}
        for key, speed in {"speed_mps": self.speed_mps, "off_road_mps": self.off_road_mps, **speeds}.items():
            self._require(key, speed, _MAX_SPEED_MPS)
        self._require("steps_factor", self.steps_factor, 1.0)

    @property
    def label(self) -> str:
        """Its name in the current language."""
        return self.name_en if current() == "en" and self.name_en else self.name

    def _require(self, key: str, value: float, most: float) -> None:
        if not 0 < value <= most:  # so that NaN is refused too
            text = _("出行方式 {id}：{key} 须大于 0 且不超过 {most:g}，现为 {value}。")
            raise SettingsError(text.format(id=self.id, key=key, most=most, value=value))

    def at_speed(self, speed_mps: float) -> Profile:
        """The same profile at another speed; other classes of road in proportion, off the road if it was the same.

        Raises:
            SettingsError: the speed is not positive.
        """
        # In this order, so that a class with the profile's own speed keeps it to the bit: speeds that differ cut a network.
        speeds = {road_class: speed_mps * (speed / self.speed_mps) for road_class, speed in self.speeds_mps.items()}
        off_road = speed_mps if self.off_road_mps == self.speed_mps else self.off_road_mps
        self._require("speed_mps", speed_mps, _MAX_SPEED_MPS)
        return replace(self, speed_mps=speed_mps, speeds_mps=MappingProxyType(speeds), off_road_mps=off_road)

    def paces(self, road: Road) -> tuple[Pace, Pace]:
        """How a road is travelled in its own direction and against it.

        On steps the factor stands for their slope: a DEM does not know them.
        """
        if road.closed or not getattr(road, self.access) or road.road_class in self.never:
            return (0.0, False), (0.0, False)
        steps = road.road_class == "steps"
        speed = self.speeds_mps.get(road.road_class, self.speed_mps) * (self.steps_factor if steps else 1.0)
        pace = (speed, self.slope != "none" and not steps)
        against = -1 if self.oneway else 2  # 2: no road is one-way for it
        return (
            pace if road.oneway != against else (0.0, False),
            pace if -road.oneway != against else (0.0, False),
        )

    @property
    def reopened(self) -> Traveller:
        """The same way of travelling with every closed road open, for ``build_network``."""
        return _Reopened(self)

    def times(self, network: Network, elevation: Elevation | None = None, *, reopened: bool = False) -> EdgeTimes:
        """The times of all edges.

        Args:
            network: built for this profile, or for roads that it treats alike: ``build_network(roads, profile)``.
            elevation: of the same network; flat without one.
            reopened: with every closed road open; the network must have been built for ``self.reopened`` too.

        Raises:
            NetworkError: the network or the elevation was made for something else.
        """
        forward, backward = _edge_paces(network, self.reopened if reopened else self)
        up = down = np.ones(len(network.tail))
        if elevation is not None and self.slope != "none":
            if elevation.edges != len(network.tail):
                raise NetworkError(_("高程数据是为另一个路网读取的，请重新读取。"))
            up, down = slope_factors(elevation)
        return EdgeTimes(
            _times(network.length_m, *forward, up), _times(network.length_m, *backward, down), self.off_road_mps
        )


@dataclass(frozen=True)
class _Reopened:
    """A profile that finds every closed road open."""

    profile: Profile

    @property
    def name(self) -> str:
        """What the profile is called."""
        return self.profile.name

    def paces(self, road: Road) -> tuple[Pace, Pace]:
        """How the profile travels the road once it is open."""
        return self.profile.paces(replace(road, closed=False))


_Paces = tuple[NDArray[np.float64], NDArray[np.bool_]]


def _edge_paces(network: Network, traveller: Traveller) -> tuple[_Paces, _Paces]:
    """Speed and whether slope counts, per edge and direction."""
    if network.roads is None:
        paces = [traveller.paces(Road())]
        mix = np.zeros(len(network.tail), dtype=np.int64)
    else:
        paces, mix = _mix_paces(network.roads, traveller), network.roads.mix
    speed = np.array([[speed for speed, _sloped in both] for both in paces])
    sloped = np.array([[sloped for _speed, sloped in both] for both in paces])
    return (speed[mix, 0], sloped[mix, 0]), (speed[mix, 1], sloped[mix, 1])


def _mix_paces(roads: EdgeRoads, traveller: Traveller) -> list[tuple[Pace, Pace]]:
    paces = []
    missing = any(speed > 0 for road in roads.left_out for speed, _sloped in traveller.paces(road))
    for mix in roads.mixes:
        different = {fastest(stack, traveller) for stack in mix}
        missing |= len(different) > 1
        paces.append(different.pop())
    if missing:
        text = _("这个路网不是为出行方式“{name}”建立的，缺少或合并了它区别对待的道路，请为它重新建立路网。")
        raise NetworkError(text.format(name=traveller.name))
    return paces


def _times(
    length_m: NDArray[np.float64], speed: NDArray[np.float64], sloped: NDArray[np.bool_], factor: NDArray[np.float64]
) -> NDArray[np.int64]:
    is_open = speed > 0
    ms = milliseconds(length_m * np.where(sloped, factor, 1.0), np.where(is_open, speed, 1.0))
    return np.where(is_open, ms, CLOSED)


def tobler_factor(slope: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many times as long as on the flat one walks up a slope (rise over run in the direction of travel).

    Tobler's speed over his speed on the flat, turned round: ``v(0) / v(s) = exp(3.5 (|s + 0.05| - 0.05))``; least, 0.84,
    at 5 % downhill. Slopes are cut off at ``STEEPEST``.
    """
    slope = np.clip(slope, -STEEPEST, STEEPEST)
    return np.exp(_DECAY * (np.abs(slope + _EASIEST) - _EASIEST))


def slope_factors(elevation: Elevation) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The factors of whole edges from tail to head and back, float64 (m,) each: the mean over their length."""
    length, run = elevation.length_m, np.where(elevation.length_m > 0, elevation.length_m, 1.0)
    # Exactly 1 on the flat: equal sums over one another.
    whole = np.bincount(elevation.edge, weights=length, minlength=elevation.edges)
    factors = []
    for direction in (1, -1):
        weights = length * tobler_factor(direction * elevation.rise_m / run)
        longer = np.bincount(elevation.edge, weights=weights, minlength=elevation.edges)
        factors.append(np.divide(longer, whole, out=np.ones_like(whole), where=whole > 0))
    return factors[0], factors[1]


def known_profiles() -> tuple[str, ...]:
    """The ids of the profiles that come with geoplan."""
    folder = resources.files("geoplan.network") / "modes"
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


def load_profile(name: str) -> Profile:
    """A profile by its id, or out of a user's file when ``name`` ends in ``.toml``.

    Raises:
        SettingsError: there is no such profile, or its file says something it should not.
    """
    try:
        if name.endswith(".toml"):
            text = Path(name).read_text(encoding="utf-8")
        elif name in known_profiles():
            text = (resources.files("geoplan.network") / "modes" / f"{name}.toml").read_text(encoding="utf-8")
        else:
            message = _("没有名为“{name}”的出行方式，可用：{known}，或以 .toml 结尾的文件路径。")
            raise SettingsError(message.format(name=name, known=", ".join(known_profiles())))
        return _profile(tomllib.loads(text), name)
    except OSError as error:
        raise SettingsError(_("无法读取出行方式文件 {file}：{error}").format(file=name, error=cause(error))) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            _("{file} 不是有效的 UTF-8 TOML 文件：{error}").format(file=name, error=cause(error))
        ) from error


def _profile(table: dict[str, Any], where: str) -> Profile:
    known = [item.name for item in fields(Profile)]
    for key, value in table.items():
        if key not in known:
            text = _("{where}：不认识的键“{key}”，可用：{known}。")
            raise SettingsError(text.format(where=where, key=key, known=", ".join(known)))
        if not _fits(key, value):
            raise SettingsError(_("{where}：“{key}”的值类型不对。").format(where=where, key=key))
    for key in _REQUIRED:
        if key not in table:
            raise SettingsError(_("{where} 缺少 {key}。").format(where=where, key=key))
    if table.get("off_road_mps") == 0:  # zero stands for "not given" in a Profile
        raise SettingsError(_("{where}：off_road_mps 须大于 0；不写则与 speed_mps 相同。").format(where=where))
    never, speeds = frozenset(table.pop("never", ())), MappingProxyType(dict(table.pop("speeds_mps", {})))
    numbers = {key: float(table[key]) for key in _NUMBERS if key in table}
    return Profile(**{**table, **numbers}, never=never, speeds_mps=speeds)


def _fits(key: str, value: Any) -> bool:
    match key:
        case "speed_mps" | "steps_factor" | "off_road_mps":
            return _is_number(value)
        case "oneway":
            return isinstance(value, bool)
        case "never":
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        case "speeds_mps":
            return isinstance(value, dict) and all(_is_number(item) for item in value.values())
        case _:
            return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
