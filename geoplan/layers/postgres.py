"""A PostgreSQL database by its address: who it is and how to sign in, found where libpq's own programs look for it.

The driver (pg8000) knows none of libpq's places, so they are read here: the address, a service file, the ``PG...`` variables of the
environment, a password file. See https://www.postgresql.org/docs/current/libpq-envars.html and the pages beside it. A password never
stands in an address: addresses are written into manifests, shown and printed.
"""

from __future__ import annotations

import configparser
import getpass
import os
import re
import socket
import ssl
import stat
import struct
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, NoReturn
from urllib.parse import parse_qsl, unquote, urlsplit

from geoplan.errors import DatabaseError
from geoplan.i18n import _, mark

_SCHEMES = ("postgresql", "postgres")
_LIKE_AN_ADDRESS = re.compile(r"postgres\w*(\+\w+)?:", re.IGNORECASE)
_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "host": "PGHOST",
        "port": "PGPORT",
        "dbname": "PGDATABASE",
        "user": "PGUSER",
        "password": "PGPASSWORD",
        "passfile": "PGPASSFILE",
        "service": "PGSERVICE",
        "sslmode": "PGSSLMODE",
        "sslrootcert": "PGSSLROOTCERT",
        "connect_timeout": "PGCONNECT_TIMEOUT",
    }
)
_IN_ADDRESS = tuple(name for name in _VARIABLES if name != "password")
_SOCKETS = (Path("/var/run/postgresql"), Path("/tmp"))  # noqa: S108 - where servers put them
_CONNECT_SECONDS, _SILENCE = 10, 6
_CANCEL = 80877102  # the number of the protocol's request to cancel
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_SERVICES = (Path("~/.pg_service.conf"), Path("/etc/postgresql-common/pg_service.conf"))
# What the server says by number (https://www.postgresql.org/docs/current/errcodes-appendix.html): what is wrong, what to do.
_FAULTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "28P01": (mark("密码不对"), mark("请把密码放进 ~/.pgpass（权限 0600）或环境变量 PGPASSWORD")),
        "28000": (mark("服务器不允许该用户从本机登录"), mark("请核对用户名，或请数据库管理员在 pg_hba.conf 中放行")),
        "3D000": (mark("服务器上没有这个数据库"), mark("请核对地址末尾的数据库名")),
        "42501": (mark("没有权限"), mark("请数据库管理员授权（GRANT）")),
        "53300": (mark("服务器的连接数已满"), mark("请稍后再试")),
        "53100": (mark("服务器的磁盘已满"), mark("请数据库管理员腾出空间")),
        "55P03": (mark("表正被别人锁住"), mark("请稍后再试")),
        "57014": (mark("服务器中止了查询"), mark("请稍后再试，或请数据库管理员放宽 statement_timeout")),
        "57P03": (mark("服务器正在启动或停止"), mark("请稍后再试")),
        "2BP01": (mark("有视图等对象依赖要替换的表"), mark("请先删去它们，或换一个 schema")),
    }
)


@dataclass(frozen=True, slots=True)
class Server:
    """All that signing in takes.

    Attributes:
        host: a name or address; a folder for a socket on this machine.
        silence: seconds without a word from the server after which it is given up.
    """

    host: str
    port: int
    database: str
    user: str
    password: str | None
    sslmode: str
    sslrootcert: str
    connect: float
    silence: float

    @property
    def shown(self) -> str:
        """The place without user and password."""
        return f"{self.host}:{self.port}/{self.database}"


def is_address(text: str) -> bool:
    """Whether a text is the address of a database rather than a file; one that is written wrong is, too: it may hold a password."""
    return _LIKE_AN_ADDRESS.match(text) is not None


def shown(address: str) -> str:
    """An address without user and options, for results and exports.

    Raises:
        DatabaseError: it cannot be understood.
    """
    parts = _parts(address)
    service = f"?service={parts['service']}" if "service" in parts else ""
    port = f":{parts['port']}" if "port" in parts else ""
    return f"postgresql://{parts.get('host', '')}{port}/{parts.get('dbname', '')}{service}"


def check_address(address: str) -> None:
    """Refuse an address that cannot be understood, or that holds a password.

    Raises:
        DatabaseError: and why; the password is not repeated.
    """
    _parts(address)


def _parts(address: str) -> dict[str, str]:
    """What an address says, by libpq's names."""
    try:
        url = urlsplit(address)
        found = {
            "host": unquote(url.hostname or ""),
            "port": "" if url.port is None else str(url.port),
            "dbname": unquote(url.path.removeprefix("/")),
            "user": unquote(url.username or ""),
        }
        options = dict(parse_qsl(url.query, keep_blank_values=True, strict_parsing=bool(url.query)))
    except ValueError:
        raise DatabaseError(*_unclear()) from None  # its words would repeat the address
    if url.scheme not in _SCHEMES or not address[len(url.scheme) :].startswith("://") or url.fragment:
        raise DatabaseError(*_unclear())
    if url.password is not None or "password" in options:
        raise DatabaseError(
            _("数据库地址里不能写密码"), _("请从地址中删去，放进 ~/.pgpass（权限 0600）或环境变量 PGPASSWORD")
        )
    unknown = sorted(options.keys() - set(_IN_ADDRESS))
    if unknown:
        text = _("数据库地址有不认识的参数：{names}").format(names=_("、").join(unknown))
        raise DatabaseError(text, _("可用：{known}").format(known=" ".join(_IN_ADDRESS)))
    return {name: value for name, value in {**found, **options}.items() if value}


def _unclear() -> tuple[str, str]:
    return _("数据库地址不能识别"), _("应写成 postgresql://用户@主机:5432/数据库")


def server_of(address: str) -> Server:
    """Who an address means: what it leaves open comes from a service file, the environment, a password file, in this order.

    Raises:
        DatabaseError: it cannot be understood, or names a service that there is not.
    """
    said = _parts(address)
    environment = {name: os.environ[variable] for name, variable in _VARIABLES.items() if os.environ.get(variable)}
    service = said.get("service") or environment.get("service", "")
    found = {**environment, **(_service(service) if service else {}), **said}
    host = found.get("host") or _own_socket()
    user = found.get("user") or getpass.getuser()
    database = found.get("dbname") or user
    port, connect = _whole(found, "port", 5432), _whole(found, "connect_timeout", _CONNECT_SECONDS)
    mode = found.get("sslmode", "prefer")
    if mode not in _SSL_MODES:
        raise DatabaseError(
            _("sslmode“{mode}”未知").format(mode=mode), _("可用：{known}").format(known=" ".join(_SSL_MODES))
        )
    password = found.get("password") or _from_file(found.get("passfile", ""), (host, str(port), database, user))
    root = found.get("sslrootcert", "")
    return Server(host, port, database, user, password, mode, root, float(connect), float(_SILENCE * connect))


def _whole(found: Mapping[str, str], name: str, default: int) -> int:
    text = found.get(name, str(default))
    if not text.isdecimal() or int(text) == 0:
        raise DatabaseError(_("{name} 应为正整数，不是“{text}”").format(name=name, text=text), _("请改正"))
    return int(text)


def _own_socket() -> str:
    return next((str(folder) for folder in _SOCKETS if any(folder.glob(".s.PGSQL.*"))), "localhost")


def _service(name: str) -> dict[str, str]:
    """A section of the service file; what it says and we do not know is left to libpq's programs."""
    told = os.environ.get("PGSERVICEFILE")
    for path in [Path(told)] if told else [place.expanduser() for place in _SERVICES]:
        file = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=("#",), strict=False)
        try:
            file.read_string(path.read_text(encoding="utf-8"))
        except OSError:
            continue
        except (configparser.Error, UnicodeDecodeError) as error:
            raise DatabaseError(_("服务文件 {file} 不能识别").format(file=path), _("请改正")) from error
        if file.has_section(name):
            return {key: value for key, value in file.items(name) if key in _VARIABLES and value}
    raise DatabaseError(
        _("服务文件中没有服务“{name}”").format(name=name), _("请核对 ~/.pg_service.conf 或 PGSERVICEFILE")
    )


def _from_file(told: str, wanted: tuple[str, str, str, str]) -> str | None:
    """The password of the first line that fits; as for libpq, a file that others can read does not count."""
    path = Path(told) if told else _password_file()
    host, *others = wanted
    sought = ("localhost" if host.startswith("/") else host, *others)
    try:
        if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            return None
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    for line in lines:
        if line.startswith("#"):
            continue
        *keys, password = [re.sub(r"\\(.)", r"\1", cell) for cell in re.findall(r"(?:^|:)((?:\\.|[^:\\])*)", line)] or [
            ""
        ]
        if len(keys) == len(sought) and all(key in {"*", mine} for key, mine in zip(keys, sought, strict=True)):
            return password
    return None


def _password_file() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", "")) / "postgresql" / "pgpass.conf"
    return Path("~/.pgpass").expanduser()


class Session:
    """A connection in one transaction."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def rows(self, statement: str, **values: object) -> list[list[Any]]:
        """The rows of a statement; values stand in it as ``:name``."""
        return self._connection.run(statement, **values) or []

    def copy(self, statement: str, stream: IO[bytes]) -> None:
        """Run a ``COPY`` from or to a stream."""
        self._connection.run(statement, stream=stream)


@contextmanager
def session(address: str, *, write: bool = False) -> Iterator[Session]:
    """A transaction in the database: when it is left without an error it is done as a whole, else not at all.

    Raises:
        DatabaseError: what is wrong with the database, in plain words.
    """
    server = server_of(address)
    try:
        from pg8000 import native  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise DatabaseError(_("读写数据库的程序没有安装"), "pip install 'geoplan[postgres]'") from error
    connection, whole = None, False
    try:
        connection = _connect(native, server)
        connection.run("BEGIN" if write else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield Session(connection)
        connection.run("COMMIT")
        whole = True
    except (native.Error, OSError) as error:
        if isinstance(error, DatabaseError):
            raise
        _tell(error, server)
    finally:
        if connection is not None:
            with suppress(native.Error, OSError):
                if not whole:
                    _cancel(connection, server)
                connection.close()  # the server undoes what was not committed


def _connect(native: Any, server: Server) -> Any:
    local = server.host.startswith("/")
    place = (
        {"unix_sock": f"{server.host}/.s.PGSQL.{server.port}"} if local else {"host": server.host, "port": server.port}
    )
    connection = native.Connection(
        server.user,
        **place,
        database=server.database,
        password=server.password or "",  # without any the driver fails at itself where the server asks
        ssl_context=False if local else _ssl(server),
        timeout=server.connect,
        application_name="geoplan",
        startup_params={"client_encoding": "UTF8", "DateStyle": "ISO", "lock_timeout": f"{server.connect:.0f}s"},
    )
    connection._usock.settimeout(server.silence)  # noqa: SLF001 - the driver has one limit for both
    return connection


def _cancel(connection: Any, server: Server) -> None:
    """Ask the server to give up what it is still at, which otherwise would go on, and hold its locks, with nobody listening."""
    with socket.socket(connection._usock.family) as line:  # noqa: SLF001
        line.settimeout(server.connect)
        line.connect(connection._usock.getpeername())  # noqa: SLF001
        line.sendall(struct.pack("!ii", 16, _CANCEL) + connection._backend_key_data)  # noqa: SLF001 - the driver does not cancel


def _ssl(server: Server) -> ssl.SSLContext | bool | None:
    """What the driver takes: False never, None where the server can, True always, or what checks the server too."""
    if server.sslmode == "disable":
        return False
    if server.sslmode in {"allow", "prefer"}:
        return None
    if server.sslmode == "require" and not server.sslrootcert:
        return True
    file = server.sslrootcert or "~/.postgresql/root.crt"
    try:
        context = ssl.create_default_context(cafile=None if file == "system" else str(Path(file).expanduser()))
    except OSError as error:
        text = _("根证书 {file} 不能使用").format(file=file)
        raise DatabaseError(text, _("请用 sslrootcert 指明，或改用 sslmode=require")) from error
    context.check_hostname = server.sslmode == "verify-full"
    return context


def _tell(error: BaseException, server: Server) -> NoReturn:
    """The fault in plain words: what is wrong, where, what to do."""
    what, remedy = _words(error)
    if server.password is None and "28P01" in str(error):
        what = _("要求密码，而没有找到")
    raise DatabaseError(_("数据库 {place}：{what}").format(place=server.shown, what=what), remedy) from error


def _words(error: BaseException) -> tuple[str, str]:
    said = error.args[0] if error.args else ""
    if isinstance(said, dict):
        return _server_words(said)
    causes = [error, error.__cause__, error.__context__]
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return _("没有回应"), _("请检查网络和防火墙；慢的网络可在地址后加 ?connect_timeout=60")
    if "SSL" in str(said) or any(isinstance(cause, ssl.SSLError) for cause in causes):
        return _("不能建立加密连接"), _("请核对 sslmode 和 sslrootcert，或请服务器管理员启用")
    return _("无法连接或连接中断"), _("请核对主机和端口，并确认服务器已启动")


def _server_words(said: Mapping[str, str]) -> tuple[str, str]:
    """What the server itself said, by its number; its own words where the number is none of ours."""
    own = said.get("M", "").split("\n", maxsplit=1)[0][:200]
    if said.get("C") not in _FAULTS:
        return own, _("请核对，或请教数据库管理员")
    what, remedy = _FAULTS[said["C"]]
    return _("{what}（{own}）").format(what=_(what), own=own), _(remedy)
