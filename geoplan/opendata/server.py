"""Asks OpenStreetMap's servers through osmnx: by name and version, patiently, and never taking a failure for an answer.

osmnx keeps its settings globally and lets every host name be resolved by itself; both hold inside ``connected`` only. It caches
what was answered, so that what is asked again after a failure costs the server nothing. What a server could not finish (Overpass says so
in a remark, with part of the data) is an error here.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlparse

import osmnx
import requests

from geoplan import __version__
from geoplan.errors import FetchError
from geoplan.i18n import _
from geoplan.layers.osm import TAGS as ROAD_TAGS

NOMINATIM = "https://nominatim.openstreetmap.org"
OVERPASS = "https://overpass-api.de/api"
_BUSY = {429, 502, 503, 504}
_BAD = 400
_REMARK = b'"remark"'  # behind the elements
_LONGEST_WAIT = 120.0
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Servers:
    """Whom to ask, and how.

    Attributes:
        contact: an e-mail or web address by which a server's keeper can reach the planner; blank for none.
        patience: seconds to wait before each further try.
        timeout: seconds for one answer.
    """

    nominatim_url: str = NOMINATIM
    overpass_url: str = OVERPASS
    contact: str = ""
    patience: tuple[float, ...] = (3.0, 15.0, 60.0)
    timeout: float = 180.0

    @property
    def user_agent(self) -> str:
        """Who asks."""
        return f"geoplan/{__version__}" + (f" ({self.contact})" if self.contact else "")


class _BusyError(requests.RequestException):
    """The server asks for patience."""


@dataclass
class Connection:
    """The servers for the time of one fetch.

    Attributes:
        reached: the hosts that have answered.
    """

    servers: Servers
    reached: set[str] = field(default_factory=set)

    def ask(self, question: Callable[[], T], empty: T) -> T:
        """The answer to a question that is put through osmnx; ``empty`` where the server says there is nothing.

        Raises:
            FetchError: no server can be reached, or it refuses.
        """
        for wait in (*self.servers.patience, None):
            try:
                return question()
            except osmnx._errors.InsufficientResponseError:  # noqa: SLF001 - osmnx has no other name for it
                return empty
            except (_BusyError, requests.ConnectionError, requests.Timeout) as error:
                host = _host(error)
                if wait is None or (host not in self.reached and not isinstance(error, _BusyError)):
                    raise self._unreachable(host, error) from error
                time.sleep(max(wait, _asked_wait(error)))
            except (requests.RequestException, osmnx._errors.ResponseStatusCodeError) as error:  # noqa: SLF001
                text = _("服务器没有给出可用的答复（{reason}）。没有写入任何图层，请稍后再试。")
                raise FetchError(text.format(reason=_short(error))) from error
        raise AssertionError

    def _unreachable(self, host: str, error: Exception) -> FetchError:
        if isinstance(error, _BusyError):
            text = _(
                "{host} 忙，试了 {count} 次都没有答复（{reason}）。没有写入任何图层；已下载的部分今天之内不会重复下载，请稍后再试。"
            )
            return FetchError(text.format(host=host, count=len(self.servers.patience) + 1, reason=_short(error)))
        text = _(
            "连不上 {host}：本机很可能没有互联网。没有写入任何图层。"
            "可以：在能上网的电脑上运行同一条命令，再把工作区拷来；用 --nominatim-url 和 --overpass-url 指定内网镜像；"
            "或者下载省级 OSM 文件，用 geoplan cut 切出本县后 geoplan import roads。（{reason}）"
        )
        return FetchError(text.format(host=host, reason=_short(error)))

    def check(self, response: requests.Response, *_args: object, **_kwargs: object) -> None:
        """See that an answer is one; called by requests for each."""
        self.reached.add(_host_of(response.url))
        if response.is_redirect:
            return
        if response.status_code in _BUSY:
            raise _BusyError(f"HTTP {response.status_code}", request=response.request, response=response)
        if response.status_code >= _BAD:
            raise requests.HTTPError(f"HTTP {response.status_code} {response.reason}", response=response)
        if response.content.lstrip()[:1] not in {
            b"{",
            b"[",
        }:  # a page to log in, say, which osmnx would take for nothing there
            raise requests.HTTPError(_("{host} 答复的不是数据").format(host=_host_of(response.url)), response=response)
        if _REMARK in response.content[-4096:]:
            raise _BusyError(str(response.json().get("remark", "")), request=response.request, response=response)


@contextmanager
def connected(servers: Servers, cache: Path) -> Iterator[Connection]:
    """Set osmnx up to ask these servers.

    Args:
        cache: a folder for what they answer.
    """
    connection = Connection(servers)
    wanted: dict[str, Any] = {
        "nominatim_url": servers.nominatim_url,
        "overpass_url": servers.overpass_url,
        "http_user_agent": servers.user_agent,
        "http_referer": servers.user_agent,
        "http_accept_language": "zh,en;q=0.5",
        "requests_timeout": servers.timeout,
        "requests_kwargs": {"hooks": {"response": connection.check}},
        "cache_folder": cache,
        "use_cache": True,
        "doh_url_template": None,  # no third party is told whom we ask
        "overpass_rate_limit": False,  # its own way waits a minute where nothing answers; a busy server says so by its status
        "log_console": False,
        "log_file": False,
        "useful_tags_way": ["highway", "name", "layer", "bridge", "tunnel", *ROAD_TAGS],
    }
    before = {name: getattr(osmnx.settings, name) for name in wanted}
    resolve = socket.getaddrinfo
    try:
        for name, value in wanted.items():
            setattr(osmnx.settings, name, value)
        yield connection
    finally:
        for name, value in before.items():
            setattr(osmnx.settings, name, value)
        socket.getaddrinfo = resolve


def _host(error: requests.RequestException) -> str:
    return _host_of(str(error.request.url)) if error.request is not None else "?"


def _host_of(url: str) -> str:
    return urlparse(url).netloc


def _asked_wait(error: requests.RequestException) -> float:
    """How long a server asks to wait."""
    said = error.response.headers.get("Retry-After", "") if error.response is not None else ""
    return min(float(said), _LONGEST_WAIT) if said.isdecimal() else 0.0


def _short(error: Exception) -> str:
    """The reason at the bottom of an error, in one line."""
    bottom = getattr(error.args[0], "reason", error) if error.args else error
    return " ".join(str(bottom).split())[:160]
