"""From findings to the repairs that the manifest records, and back.

A repair is asked for as ``[CHECK:]NAME[=ROW,ROW]``: the check is needed where several offer a repair of that name, the rows
where not all of them are meant; of ``prefer_source`` it is the source, or a part of it, that stands behind the sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from geoplan.doctor.records import Finding
from geoplan.errors import SettingsError
from geoplan.i18n import _
from geoplan.layers import Manifest
from geoplan.layers.manifest import REPAIRS, Repair


@dataclass(frozen=True, slots=True)
class _Offer:
    """A repair that a finding offers, with the rows that it may be about."""

    finding: Finding
    repair: Repair

    @property
    def spec(self) -> str:
        return spec_of(self.finding, self.repair)


def spec_of(finding: Finding, repair: Repair) -> str:
    """How one repair of a finding is asked for."""
    chosen = f"={repair.source}" if repair.source else ""
    return f"{finding.check}:{repair.name}{chosen}"


def prescribe(findings: Iterable[Finding], specs: Iterable[str], today: date) -> list[tuple[str, Repair]]:
    """The repairs asked for, each with the role of its layer.

    Raises:
        SettingsError: there is no such repair, nothing was found that it would settle, or several could be meant.
    """
    offers = [_Offer(each, repair) for each in findings for repair in each.repairs]
    made: list[tuple[str, Repair]] = []
    for each in (offer for spec in dict.fromkeys(specs) for offer in _meant(offers, spec)):
        role, repair = each.finding.problem.layer, replace(each.repair, on=today)
        like = next((known for known in made if known[0] == role and known[1].joined(repair)), None)
        if like is not None:
            made.remove(like)
            repair = like[1].joined(repair) or repair
        made.append((role, repair))
    return made


def _meant(offers: Sequence[_Offer], spec: str) -> list[_Offer]:
    head, _sign, tail = spec.partition("=")
    check, _colon, name = head.rpartition(":")
    if name not in REPAIRS:
        text = _("没有名为“{name}”的修补，可用：{known}。")
        raise SettingsError(text.format(name=name, known=", ".join(REPAIRS)))
    found = [each for each in offers if each.repair.name == name and check in {"", each.finding.check}]
    if tail:
        found = [chosen for each in found if (chosen := _narrowed(each, tail)) is not None]
    if not found:
        raise SettingsError(_("没有发现需要“{name}”修补的问题，没有改动。").format(name=spec))
    ways = dict.fromkeys(each.spec for each in found)
    if len(ways) > 1:
        text = _("“{name}”可以指几种修补，没有改动。请写明其中之一：{known}。")
        raise SettingsError(text.format(name=spec, known=_("、").join(ways)))
    return found


def _narrowed(offer: _Offer, chosen: str) -> _Offer | None:
    """The offer with the choice that stands behind the sign; None where it is not its own."""
    if offer.repair.source:
        return offer if chosen in offer.repair.source else None
    rows = tuple(dict.fromkeys(each.strip() for each in chosen.split(",")))
    fits = offer.repair.rows and set(rows) <= set(offer.finding.problem.rows)
    return replace(offer, repair=replace(offer.repair, rows=rows)) if fits else None


def recorded(manifest: Manifest, specs: Iterable[str]) -> list[tuple[str, Repair]]:
    """The repairs of a manifest that are to be taken back, ``[ROLE:]NAME``, each with its role.

    Raises:
        SettingsError: none is recorded under a name.
    """
    every = [(entry.role, repair) for entry in manifest.layers for repair in entry.repairs]
    found = []
    for spec in dict.fromkeys(specs):
        role, _colon, name = spec.rpartition(":")
        own = [(layer, repair) for layer, repair in every if repair.name == name and role in {"", layer}]
        if not own:
            known = _("、").join(f"{layer}:{repair.name}" for layer, repair in every) or "–"
            raise SettingsError(
                _("manifest.toml 没有登记修补“{name}”，已登记：{known}。").format(name=spec, known=known)
            )
        found += own
    return list(dict.fromkeys(found))
