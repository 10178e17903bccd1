"""The database below the store: SQLite or PostgreSQL, opened, locked for writing, its faults told in plain words.

One writer at a time, on both: SQLite by ``BEGIN IMMEDIATE``, PostgreSQL by a lock that the transaction holds. A write is
one transaction, and is on the disk when it returns: SQLite with a rollback journal and ``synchronous=EXTRA`` (which,
unlike WAL, also works on a shared folder and can be read where nothing may be written), PostgreSQL with
``synchronous_commit``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool, StaticPool

from geoplan.errors import StoreError
from geoplan.i18n import _, mark

SCHEMA = "1"
MEMORY = "sqlite://"
PATIENCE_SECONDS = 60.0
"""How long a write waits for another's."""
_LOCK = 0x67656F706C616E  # "geoplan": the advisory lock that writers on PostgreSQL hold

_tables = sa.MetaData()
meta = sa.Table(
    "geoplan_meta",
    _tables,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
entries = sa.Table(
    "geoplan_entries",
    _tables,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("scenario", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.UniqueConstraint("scenario", "revision"),
)

_LOCKED = mark("另一个程序正占用方案库，请稍后再试")
_GONE = mark(
    "里面没有方案库的表：文件被移走、删除或换成了别的文件。请放回原来的文件，或从备份恢复；要从头开始，请重新启动 geoplan"
)
_POSTGRES_LOCKED = "55P03"
_SQLITE_FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "SQLITE_FULL": mark("磁盘已满，请腾出空间"),
        "SQLITE_READONLY": mark("文件或文件夹是只读的，请检查权限"),
        "SQLITE_CANTOPEN": mark("文件无法打开，请检查文件夹是否存在、是否可写"),
        "SQLITE_BUSY": _LOCKED,
        "SQLITE_NOTADB": mark("文件不是方案库，请检查路径，或从备份恢复"),
        "SQLITE_CORRUPT": mark("文件已损坏，请从备份恢复"),
        "SQLITE_IOERR": mark("磁盘读写出错，请检查磁盘"),
    }
)


class Database:
    """A store's tables behind a URL that SQLAlchemy understands.

    Args:
        patience: seconds that a transaction waits for others'.

    Raises:
        StoreError: the URL cannot be understood, or its driver is not installed.
    """

    def __init__(self, url: str, patience: float = PATIENCE_SECONDS) -> None:
        try:
            self._engine = _engine(url, patience)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError) as error:
            text = _("方案库地址无法使用：{reason}。PostgreSQL 须安装 geoplan[postgres]。")
            raise StoreError(text.format(reason=_first_line(error))) from error
        address = self._engine.url
        file = address.database if address.get_backend_name() == "sqlite" else None
        self.where = file or address.render_as_string(hide_password=True)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the store.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._plain_words(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that nobody else writes beside; when it is left it is on the disk, or nothing has changed.

        Raises:
            StoreError: the store cannot be written.
        """
        with self._plain_words(), self._engine.connect() as connection:
            connection.execution_options(writing=True)
            with connection.begin():
                yield connection

    def create(self, connection: sa.Connection) -> None:
        """Make the tables."""
        _tables.create_all(connection)
        connection.execute(meta.insert().values(key="schema", value=SCHEMA))

    def exists(self, connection: sa.Connection) -> bool:
        """Whether the tables are there.

        Raises:
            StoreError: another version of geoplan made them.
        """
        if not sa.inspect(connection).has_table(meta.name):
            return False
        found = connection.execute(sa.select(meta.c.value).where(meta.c.key == "schema")).scalar()
        if found != SCHEMA:
            text = _("方案库 {where} 的版本是 {found}，本程序只认识 {known}。请升级 geoplan；没有做任何改动。")
            raise StoreError(text.format(where=self.where, found=found, known=SCHEMA))
        return True

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    @contextmanager
    def _plain_words(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            text = _("方案库 {where} 不能使用：{reason}。没有做任何改动。")
            reason = _reason(error)
            raise StoreError(
                text.format(where=self.where, reason=reason), _("{reason}。").format(reason=reason)
            ) from error


def _engine(address: str, patience: float) -> sa.Engine:
    url = sa.make_url(address)
    if url.drivername in {"postgres", "postgresql"}:
        url = url.set(drivername="postgresql+pg8000")
    if url.get_backend_name() == "sqlite":
        pool = StaticPool if address == MEMORY else NullPool
        engine = sa.create_engine(url, poolclass=pool, connect_args={"timeout": patience})
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = sa.create_engine(url, pool_pre_ping=True)
        sa.event.listen(engine, "begin", partial(_begin_postgres, round(patience * 1000)))
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where `_begin_sqlite` says, not where the driver thinks
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = EXTRA")


def _begin_sqlite(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writing") else "BEGIN")


def _begin_postgres(patience_ms: int, connection: sa.Connection) -> None:
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {patience_ms}")
    if connection.get_execution_options().get("writing"):
        connection.exec_driver_sql("SET LOCAL synchronous_commit = on")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def _reason(error: SQLAlchemyError) -> str:
    original = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(original, sqlite3.Error):
        name = getattr(original, "sqlite_errorname", "")
        told = next((text for start, text in _SQLITE_FAULTS.items() if name.startswith(start)), None)
        if told or "no such table" in str(original):
            return _(told or _GONE)
    elif original is not None and _POSTGRES_LOCKED in str(original):
        return _(_LOCKED)
    return _first_line(original or error)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
