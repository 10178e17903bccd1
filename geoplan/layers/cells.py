"""What people write where a number belongs: ``1,200㎡``, ``1.2万``, ``116°23′12″E``; and what is no number: ``约300``.

Read exactly or not at all. What is understood here is used only where the manifest names the correction.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from geoplan.layers.schema import Field, FieldKind

_NUMBER = re.compile(
    r"(?P<sign>[+-]?)(?P<digits>\d{1,3}(?:[, ]\d{3})+|\d+)(?P<rest>\.\d+)? ?(?P<times>[万千百亿]?) ?(?P<unit>.*)"
)
_TIMES = {"": 1, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_ESTIMATE = re.compile(r"约|大概|估|左右|上下|余|多|近|不足|不到|以上|以下|超过|[~≈<>≤≥±]|\d\s*[-—至到]\s*\d")
_AREA: Mapping[str, Fraction] = MappingProxyType(
    {
        **dict.fromkeys(("m2", "m^2", "平方米", "平米", "平方", "sqm"), Fraction(1)),
        **dict.fromkeys(("公顷", "ha", "hm2"), Fraction(10_000)),
        **dict.fromkeys(("亩",), Fraction(2000, 3)),
        **dict.fromkeys(("km2", "平方公里", "平方千米"), Fraction(1_000_000)),
    }
)
_COUNTED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "beds": ("张", "床", "个", "张床", "个床位"),
        "nursing_beds": ("张", "床", "个", "张床", "个床位"),
        "basic_beds": ("张", "床", "个", "张床", "个床位"),
        "residents": ("人", "名", "位"),
        "households": ("户", "套"),
        "grade": ("级",),
        "stars": ("星", "星级"),
    }
)
_ANGLE = re.compile(
    r"(?P<before>[NSEW东西南北]?(?:经|纬)?)(?P<sign>[+-]?)(?P<degrees>\d{1,3}(?:\.\d+)?)[°度º:]"
    r"(?:(?P<minutes>\d{1,2}(?:\.\d+)?)['′’分:](?:(?P<seconds>\d{1,2}(?:\.\d+)?)(?:[\"″”秒]|'')?)?)?(?P<after>[NSEW]?)"
)
_NEGATIVE = frozenset("SW南西")
_SIXTY = 60.0


def units_of(field: Field) -> Mapping[str, Fraction]:
    """The words that may follow a number of this field, and how many of the field's own units each is."""
    if field.name.endswith("_m2"):
        return _AREA
    if field.kind is FieldKind.PEOPLE:
        return dict.fromkeys(("人", "名", "口"), Fraction(1))
    if field.kind is FieldKind.YEAR:
        return {"年": Fraction(1)}
    return dict.fromkeys(_COUNTED.get(field.name, ()), Fraction(1))


def number(text: str, field: Field) -> float | None:
    """A number with a multiplier and a unit that the field can have, exactly; None where it is anything else.

    Full-width digits and superscripts are read as what they look like (Unicode NFKC).
    """
    found = _NUMBER.fullmatch(_plain(text))
    if found is None:
        return None
    unit = found["unit"].lower()
    factors = {"": Fraction(1), **units_of(field)}
    if unit not in factors:
        return None
    digits = found["sign"] + re.sub("[, ]", "", found["digits"]) + (found["rest"] or "")
    return float(Fraction(digits) * _TIMES[found["times"]] * factors[unit])


def is_estimate(text: str) -> bool:
    """Whether the words say that the number is not exact: ``约300``, ``200-300``, ``80余``."""
    return any(letter.isdigit() for letter in text) and bool(_ESTIMATE.search(_plain(text)))


def angle(text: str) -> float | None:
    """Degrees, minutes and seconds as decimal degrees, south and west negative; None where it is anything else."""
    found = _ANGLE.fullmatch(_plain(text).upper().replace(" ", ""))
    if found is None:
        return None
    minutes, seconds = (float(found[part] or 0) for part in ("minutes", "seconds"))
    if minutes >= _SIXTY or seconds >= _SIXTY:
        return None
    size = float(found["degrees"]) + minutes / _SIXTY + seconds / _SIXTY**2
    turned = found["sign"] == "-" or bool(_NEGATIVE & set(found["before"] + found["after"]))
    return -size if turned else size


def _plain(text: str) -> str:
    """Full-width signs and ㎡ as the plain ones, single spaces."""
    # NFKC takes the signs of minutes and seconds apart into spaces and accents; they are put aside meanwhile.
    kept = text.replace("´", "′").replace("″", '"').replace("′", "'")
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", kept)).strip()
