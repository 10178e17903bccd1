"""What other processes do to a store in the tests of durability and of many writers."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext

from geoplan.errors import ConflictError
from geoplan.scenario import ChangeFacility, Signature, Store

NAME = "方案"


def processes() -> ForkServerContext:
    """Processes that start quickly and share nothing with the test."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["geoplan.scenario"])
    return context


def serial_edit(serial: int, facility: str = "F1") -> ChangeFacility:
    """An edit that no other equals."""
    return ChangeFacility(facility_id=facility, attributes={"beds": serial})


def write_on_and_on(url: str, first: int, acknowledged: Connection) -> None:
    """Append edits until the process is killed; tell each when, and only when, the store has acknowledged it."""
    with Store(url) as store:
        state = store.state(NAME)
        for serial in range(first, first + 100_000):
            state = store.append(NAME, [serial_edit(serial)], Signature("writer"), state.revision)
            acknowledged.send(serial)


def write_among_others(url: str, writer: int, count: int, told: Connection) -> None:
    """Append so many edits beside other writers, each again after a conflict; tell what was written, and the conflicts."""
    with Store(url) as store:
        written, conflicts = [], 0
        for turn in range(count):
            serial = writer * 1000 + turn
            while serial not in written:
                state = store.state(NAME)
                try:
                    store.append(NAME, [serial_edit(serial)], Signature(f"writer {writer}"), state.revision)
                    written.append(serial)
                except ConflictError:
                    conflicts += 1
    told.send((written, conflicts))
