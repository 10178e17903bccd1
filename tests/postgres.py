"""A PostgreSQL server of the tests' own: Debian's binaries, a temporary folder, a free port, no root."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

_USER = "postgres"  # the system's user that Debian's package makes


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("Debian's postgresql is not installed")
    return found[-1].parent


def _run(folder: Path, *command: str | Path) -> None:
    """Run as a user other than root, which PostgreSQL refuses to run as."""
    prefix = ["runuser", "-u", _USER, "--"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, *map(str, command)], check=True, stdout=subprocess.DEVNULL, cwd=folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_server() -> Iterator[str]:
    """The URL of a database of a server that runs inside the ``with``."""
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="geoplan-postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _USER, _USER)
        data, port = folder / "data", _free_port()
        _run(folder, binaries / "initdb", "-D", data, "-U", "geoplan", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
        _run(folder, binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield f"postgresql://geoplan@127.0.0.1:{port}/postgres"
        finally:
            _run(folder, binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def need_postgis() -> None:
    """Skip where the server has no PostGIS."""
    if not list(Path("/usr/share/postgresql").glob("*/extension/postgis.control")):
        pytest.skip("Debian's postgresql-postgis is not installed")


def emptied(url: str) -> str:
    """The same database without a store."""
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+pg8000:"))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS geoplan_entries, geoplan_meta")
    engine.dispose()
    return url
