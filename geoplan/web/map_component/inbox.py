"""Takes each event of a browser once, in order, whatever is sent again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from geoplan.errors import MapEventError
from geoplan.i18n import _
from geoplan.web.map_component.events import CLIENT, Event, origin_of, read_event, whole

_MOST_CLIENTS, _MOST_EVENTS = 10_000, 1_000


@dataclass(frozen=True, slots=True)
class Received:
    """What a message brought.

    Attributes:
        client: the page that sent it.
        sequence: number of the last event had from it.
        events: those that are new.
        refused: why events that cannot be used were dropped.
    """

    client: str
    sequence: int
    events: tuple[Event, ...]
    refused: tuple[str, ...]


class Inbox:
    """Remembers the last event of each page, for the whole process: a page that reconnects starts another session.

    An event that a page did not come to tell is told by another, with its origin.
    """

    def __init__(self) -> None:
        self._last: OrderedDict[str, int] = OrderedDict()
        self._lock = Lock()

    def receive(self, message: object) -> Received:
        """Read a message and note its events as received.

        Raises:
            MapEventError: it is not a message of the map.
        """
        client, records = _parts(message)
        events: list[Event] = []
        refused: list[str] = []
        with self._lock:
            last = self._last.get(client, 0)
            for sequence, record in sorted(((whole(record.get("sequence")), record) for record in records), key=_first):
                if sequence <= last:
                    continue
                last = sequence
                try:
                    origin = origin_of(record, client)
                    if origin[0] == client or self._is_new(*origin):
                        events.append(read_event(record, origin))
                except MapEventError as error:
                    refused.append(str(error))
            self._note(client, last)
            while len(self._last) > _MOST_CLIENTS:
                self._last.popitem(last=False)
        return Received(client, last, tuple(events), tuple(refused))

    def _is_new(self, client: str, sequence: int) -> bool:
        """Whether an event of a page that is gone was not had from that page, which is noted."""
        if sequence <= self._last.get(client, 0):
            return False
        self._note(client, sequence)
        return True

    def _note(self, client: str, sequence: int) -> None:
        self._last[client] = sequence
        self._last.move_to_end(client)


def _first(pair: tuple[int, Mapping[str, object]]) -> int:
    return pair[0]


def _parts(message: object) -> tuple[str, list[Mapping[str, object]]]:
    if isinstance(message, Mapping):
        client, records = message.get("client"), message.get("events")
        if isinstance(client, str) and CLIENT.fullmatch(client) and isinstance(records, list):
            mappings = [record for record in records if isinstance(record, Mapping)]
            if len(mappings) == len(records) <= _MOST_EVENTS:
                return client, mappings
    raise MapEventError(_("地图送来的消息无法识别，请刷新页面。"))
