"""Entries of the log as rows of the database's table, and back."""

from __future__ import annotations

import json

import sqlalchemy as sa

from geoplan.errors import StoreError
from geoplan.i18n import _
from geoplan.scenario.database import entries
from geoplan.scenario.encoding import canonical, read_time, time_text
from geoplan.scenario.log import Entry, EntryKind

# Made once: putting a statement together takes SQLAlchemy longer than a small database to answer it.
_LATEST = (
    sa.select(entries.c.scenario, sa.func.max(entries.c.revision).label("revision"))
    .group_by(entries.c.scenario)
    .subquery()
)
_HERE = (entries.c.scenario == _LATEST.c.scenario) & (entries.c.revision == _LATEST.c.revision)
_NAMES = sa.select(entries.c.name, entries.c.scenario).select_from(entries.join(_LATEST, _HERE))
_OF_SCENARIO = (
    sa.select(entries)
    .where((entries.c.scenario == sa.bindparam("wanted")) & (entries.c.revision >= sa.bindparam("since")))
    .order_by(entries.c.revision)
)


def names(connection: sa.Connection) -> dict[str, int]:
    """Each scenario's present name and its number."""
    return {row.name: row.scenario for row in connection.execute(_NAMES)}


def of_scenario(connection: sa.Connection, scenario: int, since: int = 1) -> list[Entry]:
    """A scenario's entries from a revision on, in their order.

    Raises:
        StoreError: an entry is not what was written.
    """
    return [_entry(row) for row in connection.execute(_OF_SCENARIO, {"wanted": scenario, "since": since})]


def of_store(connection: sa.Connection) -> list[Entry]:
    """All entries in the order they were written.

    Raises:
        StoreError: an entry is not what was written.
    """
    return [_entry(row) for row in connection.execute(sa.select(entries).order_by(entries.c.number))]


def last(connection: sa.Connection) -> tuple[int, str]:
    """Number and hash of the last entry; (0, "") while there is none."""
    row = connection.execute(sa.select(entries.c.number, entries.c.hash).order_by(entries.c.number.desc()).limit(1))
    found = row.first()
    return (found.number, found.hash) if found else (0, "")


def insert(connection: sa.Connection, entry: Entry) -> None:
    """Write one entry."""
    texts = {name: getattr(entry, name) for name in ("name", "author", "reason", "previous", "hash")}
    numbers = {name: getattr(entry, name) for name in ("number", "scenario", "revision")}
    told = {"kind": entry.kind.value, "at": time_text(entry.at), "body": canonical(entry.body)}
    connection.execute(entries.insert().values(**numbers, **texts, **told))


def tampered(number: int) -> StoreError:
    """The error for an entry that is not what it was when it was written."""
    text = _("方案库的第 {number} 条记录与写入时不同：记录已被改动，或有记录被删除。请从备份恢复。")
    return StoreError(text.format(number=number))


def _entry(row: sa.Row[tuple[object, ...]]) -> Entry:
    cells = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row's columns
    try:
        told = {"kind": EntryKind(cells["kind"]), "at": read_time(cells["at"]), "body": json.loads(cells["body"])}
        entry = Entry(**{**cells, **told})
    except (ValueError, TypeError) as error:
        raise tampered(row.number) from error
    if not entry.sound:
        raise tampered(row.number)
    return entry
