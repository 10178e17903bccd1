"""The look of every page, put into the page itself: what comes with a run of the script comes after the first things are drawn."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_CSS = Path(__file__).with_name("page.css")
_ROOT = b'<div id="root">'  # before what Streamlit draws, and after its own styles, over which ours hold
# Streamlit would answer for its own file: that the browser has it already, or in a packed form.
_OF_THE_FILE = {
    b"if-none-match",
    b"if-modified-since",
    b"accept-encoding",
    b"etag",
    b"last-modified",
    b"content-length",
}


class Look:
    """Puts the style sheet into Streamlit's page.

    Else the first visit draws the sidebar without it, and what a reader is about to press jumps when it comes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] != "GET" or not _wants_a_page(scope):
            await self._app(scope, receive, send)
            return
        begun: list[Message] = []  # how a page's answer begins, kept until its length is known
        body = bytearray()

        async def send_styled(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_a_page(message):
                begun.append(message)
                return
            if not begun:
                await send(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            page = bytes(body).replace(_ROOT, _style() + _ROOT, 1)
            length = (b"content-length", str(len(page)).encode())
            await send({**begun[0], "headers": [*_without_the_file(begun[0]["headers"]), length]})
            await send({"type": "http.response.body", "body": page})

        await self._app({**scope, "headers": _without_the_file(scope["headers"])}, receive, send_styled)


def _wants_a_page(scope: Scope) -> bool:
    return b"text/html" in dict(scope["headers"]).get(b"accept", b"")


def _is_a_page(answer: Message) -> bool:
    return dict(answer.get("headers", ())).get(b"content-type", b"").startswith(b"text/html")


def _without_the_file(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [pair for pair in headers if pair[0] not in _OF_THE_FILE]


@cache
def _style() -> bytes:
    return b"<style>" + _CSS.read_bytes() + b"</style>"
