"""Which OpenStreetMap tags become which kind of facility or clinic. What the tags do not say stays blank.

Facilities (https://wiki.openstreetmap.org/wiki/Key:social_facility), only where ``social_facility:for`` names seniors, or names nobody
and the tag itself is a home for those who need nursing:

=============================================  ================  ================
tags                                           kind              functions
=============================================  ================  ================
social_facility=nursing_home                   care_home         full_residential
amenity=nursing_home, amenity=retirement_home  care_home         full_residential
social_facility=assisted_living, for=senior    care_home         (unknown)
social_facility=group_home, for=senior         care_home         (unknown)
social_facility=day_care, for=senior           community_centre  day_care
=============================================  ================  ================

Clinics, by the words that Chinese names end in, else by the tag: 卫生院 health_centre, 社区卫生服务中心 and 社区卫生服务站 community_health,
卫生站 and 卫生室 village_clinic, 护理站 nursing_station, 医院 hospital; amenity=hospital or healthcare=hospital hospital. Other clinics and
practices are none of the kinds that plans count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

Tags = Mapping[str, str]

HOMES = ("nursing_home", "assisted_living", "group_home")
QUERIES: Mapping[str, Mapping[str, list[str]]] = {
    "facilities": {"social_facility": [*HOMES, "day_care"], "amenity": ["nursing_home", "retirement_home"]},
    "clinics": {
        "amenity": ["hospital", "clinic", "doctors"],
        "healthcare": ["hospital", "clinic", "centre", "doctor", "nurse"],
    },
}
"""What is asked for, by role."""
TAGS = (
    *("name", "amenity", "healthcare", "social_facility", "social_facility:for", "operator:type", "beds", "start_date"),
    *("boundary", "admin_level", "ref", "type"),
)
"""The tags that are looked at."""
_CLINICS: tuple[tuple[str, str], ...] = (
    ("社区卫生服务中心", "community_health"),
    ("社区卫生服务站", "community_health"),
    ("卫生院", "health_centre"),
    ("卫生站", "village_clinic"),
    ("卫生室", "village_clinic"),
    ("护理站", "nursing_station"),
    ("医院", "hospital"),
)
_TOWNSHIPS: tuple[tuple[str, str], ...] = (
    ("街道", "street"),
    ("街道办事处", "street"),
    ("镇", "town"),
    ("乡", "township"),
    ("苏木", "township"),
)
_OWNERSHIP = {"public": "public", "government": "public", "private": "private"}
_YEAR = re.compile(r"(1[89]|20)\d\d(?=$|-)")
_BRANCH = re.compile(r"[（(][^（()）]*[)）]$")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a facility is."""

    kind: str
    functions: str = ""


def facility_kind(tags: Tags) -> Kind | None:
    """The kind of a facility; None where the tags do not say that it is for the old."""
    what = tags.get("social_facility", "")
    if tags.get("amenity") in {"nursing_home", "retirement_home"}:
        what = what or "nursing_home"
    whom = {word.strip() for word in tags.get("social_facility:for", "").split(";") if word.strip()}
    for_the_old = "senior" in whom
    if what == "nursing_home" and (for_the_old or not whom):
        return Kind("care_home", "full_residential")
    if what in HOMES and for_the_old:
        return Kind("care_home")
    if what == "day_care" and for_the_old:
        return Kind("community_centre", "day_care")
    return None


def clinic_kind(tags: Tags) -> str | None:
    """The kind of a clinic; None for one that plans do not count, or of which neither name nor tag says what it is."""
    name = _BRANCH.sub("", tags.get("name", "").strip())
    for word, kind in _CLINICS:
        if name.endswith(word):
            return kind
    return "hospital" if "hospital" in {tags.get("amenity"), tags.get("healthcare")} else None


def township_level(name: str) -> str | None:
    """The level that the name of a Chinese township ends in; None for another name."""
    return next((level for word, level in _TOWNSHIPS if name.endswith(word)), None)


def beds(tags: Tags) -> float | None:
    """The beds, where the tag is a whole number; ``capacity`` counts people and is no number of beds."""
    text = tags.get("beds", "").strip()
    return float(text) if text.isdecimal() else None


def ownership(tags: Tags) -> str:
    """Public or private by ``operator:type``, else blank."""
    return _OWNERSHIP.get(tags.get("operator:type", ""), "")


def open_year(tags: Tags) -> float | None:
    """The year of ``start_date``, where it is a date."""
    found = _YEAR.match(tags.get("start_date", ""))
    return float(found.group()) if found else None
