"""How the app is served: the script, our routes, our look, and headers that let a page use this host and nothing else.

The policy holds what Streamlit cannot do without. Scripts are its own files, and the few lines inside its page, by their
digest. Styles may stand in the page, because Streamlit writes them there at run time. Pictures and fonts may be data.
"""

from __future__ import annotations

import base64
import gc
import hashlib
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Thread

import streamlit
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geoplan.web import basemap, published
from geoplan.web.look import Look

SCRIPT = Path(__file__).with_name("entry.py")
_POLICY = "content-security-policy"
# A page is computed in one thread while another answers the browser: that one gets its turn after a millisecond instead of
# five, for what it does is short and somebody waits for it.
sys.setswitchinterval(0.001)


def routes() -> list[Route]:
    """What is served beside Streamlit's own."""
    return [*published.routes(), basemap.route()]


def middleware() -> list[Middleware]:
    """What is done to every answer."""
    return [Middleware(Headers), Middleware(Look)]


@asynccontextmanager
async def lifespan(_app: object) -> AsyncGenerator[None, None]:
    """While the app is served. What the script imports is read at once, beside the browser that opens its first page."""
    Thread(target=_read_ahead, daemon=True).start()
    yield


def _read_ahead() -> None:
    """What the script imports. It all stays: the garbage collector, which would look for waste in it seven times, waits and then spares it."""
    gc.disable()
    try:
        import_module("geoplan.web.entry")
        gc.freeze()
    finally:
        gc.enable()


@cache
def content_security_policy() -> str:
    """The policy for Streamlit's pages."""
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    inside = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in inside)
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(["'self'", *(f"'sha256-{digest}'" for digest in digests)]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'self'",
        "frame-ancestors": "'self'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class Headers:
    """Adds the headers to every answer; an answer that has a policy of its own keeps it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", []))
                names = {name.lower() for name, _value in given}
                message["headers"] = given + [pair for pair in _headers() if pair[0] not in names]
            await send(message)

        await self._app(scope, receive, send_with_headers)


@cache
def _headers() -> tuple[tuple[bytes, bytes], ...]:
    headers = {
        _POLICY: content_security_policy(),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
    return tuple((name.encode(), value.encode()) for name, value in headers.items())
