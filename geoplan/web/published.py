"""What the browser fetches by address and may keep for ever: the layers of the map.

An address is the digest of its content, so another content has another address: a view of the map stays a few kilobytes,
and what did not change is not sent again. One store serves all sessions of the process; when it is full it forgets what
nobody has asked to publish for longest.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_PREFIX = "/_geoplan/published"
_MOST_BYTES = 512 * 1024 * 1024
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


class Store:
    """Holds the payloads last published, up to a number of bytes; safe to use from several threads."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most, self._size = most_bytes, 0
        self._held: OrderedDict[str, Payload] = OrderedDict()
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


_STORE = Store()


def publish(payload: Payload) -> str:
    """Offer a payload to browsers; its address."""
    _STORE.put(payload)
    return f"{base_path()}{_PREFIX}/{payload.digest}"


def base_path() -> str:
    """Where the app lives below its host: blank, or a path that begins with a slash and ends without."""
    path = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"/{path}" if path else ""


def route() -> Route:
    """The route under which payloads are served."""
    return Route(f"{base_path()}{_PREFIX}/{{digest}}", _serve)


def _serve(request: Request) -> Response:
    payload = _STORE.get(request.path_params["digest"])
    if payload is None:
        return Response(status_code=404)
    headers = {"Cache-Control": "private, max-age=31536000, immutable"}
    return Response(payload.content, media_type=payload.media_type, headers=headers)
