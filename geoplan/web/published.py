"""What the browser fetches by address and may keep for ever: the layers of the map.

An address is the digest of its content, so another content has another address: what did not change
is not sent again. One store serves all sessions of the process; when it is full it forgets what
nobody has asked to publish for longest. What few readers ever look at is made when a browser asks for it (`OnDemand`).
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_PREFIX = "/_geoplan/published"
_MOST_BYTES = 512 * 1024 * 1024
_MOST_OFFERS = 256
JSON = "application/json"


@dataclass(frozen=True)
class Payload:
    """Bytes under their digest."""

    content: bytes = field(repr=False)
    media_type: str = JSON

    @cached_property
    def digest(self) -> str:
        """SHA-256 of type and content, in hexadecimal."""
        return hashlib.sha256(self.media_type.encode() + b"\0" + self.content).hexdigest()


@dataclass(frozen=True)
class OnDemand:
    """Payloads that are made when a browser asks for one of them by its name.

    Attributes:
        make: the payload of a name, whatever it is; called in a thread of the server, outside any session.
        token: stands for what is made here and nothing else, so that a browser may keep it.
    """

    make: Callable[[str], Payload] = field(repr=False)
    token: str = field(default_factory=lambda: secrets.token_hex(16))


class Store:
    """Holds the payloads last published, up to a number of bytes; safe to use from several threads."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most, self._size = most_bytes, 0
        self._held: OrderedDict[str, Payload] = OrderedDict()
        self._offered: OrderedDict[str, OnDemand] = OrderedDict()
        self._lock = Lock()

    def put(self, payload: Payload) -> None:
        """Keep a payload, as the one used last."""
        with self._lock:
            if payload.digest not in self._held:
                self._held[payload.digest] = payload
                self._size += len(payload.content)
            self._held.move_to_end(payload.digest)
            while self._size > self._most and len(self._held) > 1:
                self._size -= len(self._held.popitem(last=False)[1].content)

    def get(self, digest: str) -> Payload | None:
        """The payload; nothing when it was never published or is forgotten."""
        with self._lock:
            return self._held.get(digest)

    def offer(self, payloads: OnDemand) -> None:
        """Make these when they are asked for; the last so many offers are kept."""
        with self._lock:
            self._offered[payloads.token] = payloads
            self._offered.move_to_end(payloads.token)
            while len(self._offered) > _MOST_OFFERS:
                self._offered.popitem(last=False)

    def make(self, token: str, name: str) -> Payload | None:
        """The payload of that name of an offer; nothing when it was never offered or is forgotten."""
        with self._lock:
            offered = self._offered.get(token)
        return offered.make(name) if offered else None


_STORE = Store()


def publish(payload: Payload) -> str:
    """Offer a payload to browsers; its address."""
    _STORE.put(payload)
    return f"{base_path()}{_PREFIX}/{payload.digest}"


def offer(payloads: OnDemand) -> str:
    """Offer what is made when it is asked for; the address that a name is put behind."""
    _STORE.offer(payloads)
    return f"{base_path()}{_PREFIX}/{payloads.token}/"


def base_path() -> str:
    """Where the app lives below its host: blank, or a path that begins with a slash and ends without."""
    path = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"/{path}" if path else ""


def routes() -> list[Route]:
    """The routes under which payloads are served."""
    address = f"{base_path()}{_PREFIX}"
    return [Route(f"{address}/{{digest}}", _held), Route(f"{address}/{{token}}/{{name:path}}", _made)]


def _held(request: Request) -> Response:
    return _answer(_STORE.get(request.path_params["digest"]))


def _made(request: Request) -> Response:
    return _answer(_STORE.make(request.path_params["token"], request.path_params["name"]))


def _answer(payload: Payload | None) -> Response:
    if payload is None:
        return Response(status_code=404)
    headers = {"Cache-Control": "private, max-age=31536000, immutable"}
    return Response(payload.content, media_type=payload.media_type, headers=headers)
