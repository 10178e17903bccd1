"""Layers in a PostGIS database: read like files, written whole or not at all, passwords nowhere. On a real server."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from intake_files import HEAD, LAT, LON, ROWS
from postgres import need_postgis, running_server
from workspaces import CRS, small_workspace

from geoplan.assess import assess
from geoplan.errors import DatabaseError, LayerError, ManifestError, OutputError
from geoplan.intake import bringing
from geoplan.intake.beginning import begin
from geoplan.intake.records import Request
from geoplan.layers import LayerEntry, load_layers, postgis, postgres, read_manifest
from geoplan.layers.postgres import session
from geoplan.layers.reading import read_raw
from geoplan.model import Severity
from geoplan.report import figures_table
from geoplan.report.database import layer_tables, push
from geoplan.report.tables import verdict_record
from geoplan.standards import load_pack

SECRET = "s3cret:with colon"  # noqa: S105 - of the tests' own server
NEVER = "rX9-never-to-be-seen"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A database with PostGIS, a user with a password, and one without rights."""
    need_postgis()
    with running_server() as url:
        run(url, "CREATE EXTENSION postgis", "CREATE DATABASE plain", "CREATE ROLE stranger LOGIN")
        run(url, f"CREATE ROLE planner LOGIN PASSWORD '{SECRET}'")
        lines = ("host all planner 127.0.0.1/32 scram-sha-256", "host all all 127.0.0.1/32 trust")
        with session(url) as asked:
            file = asked.rows("SHOW hba_file")[0][0]
            asked.rows(f"COPY (SELECT unnest(ARRAY['{lines[0]}', '{lines[1]}'])) TO '{file}'")
            asked.rows("SELECT pg_reload_conf()")
        yield url


@pytest.fixture
def database(server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The same, empty, for a user whose machine has no settings of its own."""
    for variable in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("HOME", str(tmp_path))
    run(server, "DROP SCHEMA public CASCADE", "DROP SCHEMA IF EXISTS geoplan CASCADE", "CREATE SCHEMA public")
    run(server, "GRANT USAGE ON SCHEMA public TO PUBLIC", "CREATE EXTENSION IF NOT EXISTS postgis")
    return server


def run(url: str, *statements: str) -> None:
    """Run statements one by one; some may not stand in a transaction."""
    with session(url, write=True) as work:
        work.rows("COMMIT")
        for statement in statements:
            work.rows(statement)
        work.rows("BEGIN")


def ask(url: str, statement: str) -> list[list[object]]:
    """The rows of a statement."""
    with session(url) as asked:
        return asked.rows(statement)


def facilities_table(
    url: str, place: str = "geom geometry(Point, 4326)", value: str = "ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326)"
) -> None:
    """A table of facilities with the heads and words of Chinese tables."""
    names = ", ".join(f'"{name}" text' for name in HEAD[:5])
    run(url, f"CREATE TABLE public.养老设施 ({names}, 床位数 numeric(8,2){', ' + place if place else ''})")
    for row in ROWS:
        cells = ", ".join(f"'{cell}'" for cell in row[:5])
        shape = ", " + value.format(lon=row[5], lat=row[6]) if place else ""
        run(url, f"INSERT INTO public.养老设施 VALUES ({cells}, 20{shape})")  # noqa: S608 - our own words


def from_database(root: Path, url: str, schema: str = "geoplan") -> Path:
    """The small workspace with every layer a table of the database."""
    small = small_workspace()
    small.frames.clear()
    for role in small.entries:
        small.entries[role] = {"file": url, "layer": f"{schema}.{role}"}
    return small.write(root)


def fault(url: str, layer: str, role: str = "facilities", **more: str) -> str:
    """What is said of a table that cannot be read, in one line."""
    with pytest.raises(LayerError) as caught:
        read_raw(Path(), LayerEntry(role=role, file=url, layer=layer, **more))
    (problem,) = caught.value.problems
    assert problem.remedy
    assert "\n" not in problem.message + problem.remedy
    return f"{problem.message} {problem.remedy}"


def test_layers_come_back_from_the_database_as_they_were_written(database, tmp_path):
    """Digests, verdicts and coverage of a workspace are the same whether its layers are files or the tables written from them."""
    files = load_layers(small_workspace().write(tmp_path / "files"))
    push(database, "geoplan", layer_tables(files.manifest, ()))
    tables = load_layers(from_database(tmp_path / "tables", database))
    assert tables.digests == files.digests
    one, other = (assess(layers, load_pack("heshan"), year=2025) for layers in (files, tables))
    assert [verdict_record(verdict) for verdict in one.verdicts] == [
        verdict_record(verdict) for verdict in other.verdicts
    ]
    assert one.coverages[0].units.equals(other.coverages[0].units)
    assert other.provenance["layers"]["demand"]["file"].endswith("/postgres geoplan.demand")
    assert "geoplan@" not in str(other.provenance)


def test_what_travels_and_what_is_unknown_survive_the_way(database, tmp_path):
    """Vertices that decide where roads meet, heights, blank cells, flags and dates come back to the digest."""
    small = small_workspace()
    roads = small.frames["roads"].iloc[:3].assign(walkable="是")
    roads["nodes"] = [np.array([n, n + 1], dtype=np.int64) for n in range(3)]
    small.frames["roads"] = roads.set_geometry(shapely.force_3d(roads.geometry.to_numpy(), 7.5), crs=CRS)
    small.frames["demand"].loc[0, "pop60"] = ""
    files = load_layers(small.write(tmp_path / "files"))
    push(database, "geoplan", layer_tables(files.manifest, ("roads", "demand", "estates", "facilities", "units")))
    assert load_layers(from_database(tmp_path / "tables", database)).digests == files.digests


def test_a_written_table_says_what_it_is(database, tmp_path):
    """A table has a primary key, a spatial index, words for its columns, and its source, licence, date and nature as comment."""
    small = small_workspace()
    small.entries["demand"] |= {"source": "民政局", "licence": "内部资料", "synthetic": True}
    push(database, "geoplan", layer_tables(read_manifest(small.write(tmp_path)), ("demand", "roads")))
    (told,), (roads,) = (
        ask(database, f"SELECT obj_description('geoplan.{name}'::regclass)")[0] for name in ("demand", "roads")
    )
    assert told.startswith("[synthetic] 居民点\n")
    assert all(words in told for words in ("来源：民政局", "许可：内部资料", "数据性质：合成数据"))
    assert "数据性质：真实数据" in roads
    words = dict(
        ask(
            database,
            "SELECT attname, col_description(attrelid, attnum) FROM pg_attribute WHERE attrelid = 'geoplan.demand'::regclass AND attnum > 0",
        )
    )
    assert words["pop60"] == "60岁以上（人）"
    assert "resident 常住" in words["basis"]
    defined = str(ask(database, "SELECT indexdef FROM pg_indexes WHERE schemaname = 'geoplan'"))
    assert "USING gist (geom)" in defined
    assert "UNIQUE INDEX demand_pkey ON geoplan.demand USING btree (demand_id)" in defined


def test_a_table_is_replaced_only_when_asked(database, tmp_path):
    """A name that is taken stops everything and changes nothing; with ``replace`` the tables are new; a view is never dropped."""
    manifest = read_manifest(small_workspace().write(tmp_path))
    run(database, "CREATE SCHEMA geoplan", "CREATE TABLE geoplan.units (mine int)")
    with pytest.raises(DatabaseError, match=r"geoplan\.units.*--replace"):
        push(database, "geoplan", layer_tables(manifest, ()))
    assert ask(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'geoplan'") == [["units"]]
    push(database, "geoplan", layer_tables(manifest, ()), replace=True)
    assert ask(database, "SELECT count(*) FROM geoplan.units") == [[4]]
    run(database, "CREATE VIEW geoplan.looking AS SELECT * FROM geoplan.units")
    with pytest.raises(DatabaseError, match="视图"):
        push(database, "geoplan", layer_tables(manifest, ("units",)), replace=True)


def test_a_push_that_is_killed_leaves_nothing(database, tmp_path):
    """Killed in the middle of the work, with tables already filled, it leaves neither a table nor the schema."""
    root = small_workspace().write(tmp_path)
    run(
        database,
        "CREATE FUNCTION public.hold() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_catalog.pg_sleep(600); END $$",
        "CREATE EVENT TRIGGER hold ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION public.hold()",
    )
    try:
        command = [sys.executable, "-m", "geoplan", "push", database, "--dir", str(root)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        working = (
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'geoplan' AND query LIKE 'CREATE INDEX%'"
        )
        while ask(database, working) == [[0]]:
            assert process.poll() is None, "it ended by itself"
            time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
        process.wait()
        run(
            database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%' AND pid <> pg_backend_pid()",
        )
    finally:
        run(database, "DROP EVENT TRIGGER hold")
    assert ask(database, "SELECT nspname FROM pg_namespace WHERE nspname = 'geoplan'") == []


def test_results_are_written_beside_the_layers(database, tmp_path, geoplan):
    """``push --results`` writes coverage, facilities, verdicts and provenance as tables that GIS programs find."""
    root = small_workspace().write(tmp_path)
    assert geoplan("push", database, "--dir", root)[0] == 0
    status, told, _err = geoplan("push", database, "--dir", root, "--results")
    assert status == 0
    assert "geoplan.result_demand（7 行）" in told
    places = dict(ask(database, "SELECT f_table_name, srid FROM geometry_columns WHERE f_table_schema = 'geoplan'"))
    assert {"demand", "result_demand", "result_facilities", "result_service_areas", "result_townships"} <= places.keys()
    assert set(places.values()) == {4547}
    covered = ask(
        database, "SELECT demand_id, reach, why FROM geoplan.result_demand WHERE demand_id IN ('D2', 'D6') ORDER BY 1"
    )
    assert [row[:2] for row in covered] == [["D2", "covered"], ["D6", "unlocatable"]]
    assert ask(database, "SELECT count(*) > 3 FROM geoplan.result_verdicts WHERE verdict IS NOT NULL") == [[True]]


def test_a_table_of_the_county_is_registered_and_read_like_a_file(database, tmp_path, geoplan):
    """Chinese columns are understood, the entry holds the address and the table, and the layer passes the same door."""
    facilities_table(database)
    status, told, err = geoplan("import", "facilities", database, "--dir", tmp_path / "county", "--source", "民政局")
    assert (status, err) == (0, "")
    assert "床位数 → beds" in told
    entry = read_manifest(tmp_path / "county").entry("facilities")
    assert (entry.file, entry.layer, entry.source) == (database, "public.养老设施", "民政局")
    frame = load_layers(tmp_path / "county", complete=False).frames["facilities"]
    assert frame[["facility_id", "kind", "beds"]].to_numpy().tolist() == [
        ["F1", "care_home", 20.0],
        ["F2", "village_station", 20.0],
    ]


def test_a_table_without_geometry_is_read_by_its_coordinates(database, tmp_path):
    """Degrees in columns are places, as in a CSV file; a table that has neither says so."""
    facilities_table(database, "经度 float8, 纬度 float8", "{lon}, {lat}")
    begin(tmp_path / "county", "", "cn-national")
    draft = bringing.prepare_table(tmp_path / "county", database, Request(role="facilities", datum="wgs84"))
    assert draft.look.usable, draft.look.problems
    raw = read_raw(Path(), draft.look.entry)
    assert raw.geometry.iloc[0].equals(shapely.Point(LON, LAT))
    run(database, "ALTER TABLE public.养老设施 DROP COLUMN 经度")
    assert "坐标列" in fault(database, "养老设施")


def test_rows_come_in_the_order_of_the_key_or_of_their_cells(database):
    """However the rows lie in the table: with a primary key by it, without one by all cells."""
    run(database, "CREATE TABLE public.t (k int, v text, geom geometry(Point, 4326))")
    run(
        database,
        "INSERT INTO public.t SELECT k, k % 3, ST_SetSRID(ST_MakePoint(k, 0), 4326) FROM generate_series(12, 1, -1) k",
    )
    assert postgis.read(database, "t").cells["k"].tolist() == sorted(map(str, range(1, 13)))
    run(database, "ALTER TABLE public.t ADD PRIMARY KEY (k)")
    assert postgis.read(database, "t").cells["k"].tolist() == list(map(str, range(1, 13)))


def test_cells_say_what_a_csv_would_say(database):
    """A whole number has no decimals, a day no midnight, a list its parts, NULL is blank, a truth a word that flags know."""
    run(
        database,
        "CREATE TABLE public.t (n numeric(8,2), f float8, d timestamp, b boolean, l text[], c char(5), s smallint)",
    )
    run(database, "INSERT INTO public.t VALUES (1200.00, 12.5, '2024-12-31', true, '{day_care,meals}', 'ab', NULL)")
    (row,) = postgis.read(database, "t").cells.to_dict("records")
    assert row == {"n": "1200", "f": "12.5", "d": "2024-12-31", "b": "true", "l": "day_care|meals", "c": "ab", "s": ""}


def test_curves_become_lines_and_geography_is_degrees(database):
    """An arc is read as the lines that stand for it; a geography column as degrees of WGS84."""
    run(database, "CREATE TABLE public.t (k int, geom geometry, spot geography(Point))")
    run(database, "INSERT INTO public.t VALUES (1, 'SRID=4547;CIRCULARSTRING(0 0, 1 1, 2 0)', 'POINT(112.9 22.7)')")
    rows = postgis.read(database, "t", "geom")
    assert (rows.shapes[0].geom_type, rows.crs.to_epsg()) == ("LineString", 4547)
    assert rows.shapes[0].length == pytest.approx(np.pi, rel=1e-3)
    rows = postgis.read(database, "t", "spot")
    assert (rows.shapes[0].x, rows.crs.to_epsg()) == (112.9, 4326)


def test_what_is_wrong_with_a_table_is_one_clear_line(database):
    """A missing table, several geometry columns, mixed or unknown coordinate systems, none at all, a wrong kind of shape."""
    assert "没有表“nix”" in fault(database, "nix")
    run(database, "CREATE TABLE public.t (k int, geom geometry, other geometry)", "CREATE TABLE public.u (k int)")
    assert "public.t、public.u" in fault(database, "")
    assert "多个几何列：geom、other" in fault(database, "t")
    assert "没有几何列“x”" in fault(database, "t", geometry="x")
    run(database, "INSERT INTO public.t VALUES (1, 'SRID=0;POINT(1 2)')")
    assert "没有坐标系" in fault(database, "t", geometry="geom")
    run(database, "UPDATE public.t SET geom = ST_SetSRID(geom, 990001)")
    assert "SRID 990001 不认识" in fault(database, "t", geometry="geom")
    run(database, "INSERT INTO public.t VALUES (2, 'SRID=4326;LINESTRING(1 2, 3 4)')")
    assert "SRID 4326、990001" in fault(database, "t", geometry="geom")


def test_shapes_of_a_kind_that_the_role_does_not_have_are_named(database, tmp_path):
    """In a column that mixes kinds of geometry the rows of a wrong kind are named, as for files."""
    facilities_table(database, "geom geometry(Geometry, 4326)", "ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326)")
    run(database, "UPDATE public.养老设施 SET geom = 'SRID=4326;LINESTRING(112 22, 113 23)' WHERE 编号 = 'F2'")
    begin(tmp_path / "county", "", "cn-national")
    draft = bringing.prepare_table(tmp_path / "county", database, Request(role="facilities"))
    (problem,) = [each for each in draft.look.problems if each.severity is Severity.ERROR]
    assert ("LineString" in problem.message, problem.rows) == (True, ("F2",))


def test_what_the_server_refuses_is_one_clear_line(database):
    """A server that is down, a database that is not there, no right to a table, a database without PostGIS."""
    place, name = database.rsplit("/", 1)
    port = place.rsplit(":", 1)[1]
    assert "无法连接" in fault(f"postgresql://geoplan@127.0.0.1:{_unused_port()}/{name}", "t")
    assert "没有这个数据库" in fault(f"{place}/nowhere", "t")
    facilities_table(database)
    assert "没有读取表 public.养老设施 的权限" in fault(f"postgresql://stranger@127.0.0.1:{port}/{name}", "养老设施")
    with pytest.raises(DatabaseError, match="没有安装 PostGIS"):
        push(f"{place}/plain", "geoplan", [])
    with pytest.raises(DatabaseError, match="没有权限"):
        push(f"postgresql://stranger@127.0.0.1:{port}/{name}", "geoplan", [])


def _unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_server_that_says_nothing_is_given_up(database, monkeypatch):
    """Neither a port that takes the call and is silent nor a query that never ends holds the reader longer than the limits."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"postgresql://geoplan@127.0.0.1:{mute.getsockname()[1]}/x?connect_timeout=1&sslmode=disable"
        assert "没有回应" in fault(address, "t")
    run(database, "CREATE VIEW public.slow AS SELECT 1 AS k FROM pg_sleep(60)")
    monkeypatch.setattr(postgres, "_SILENCE", 1)
    assert "没有回应" in fault(f"{database}?connect_timeout=1", "slow")


def test_a_connection_that_breaks_is_told(database):
    """A server process that ends in the middle of a reading is an error, and no shorter layer."""
    run(database, "CREATE VIEW public.slow AS SELECT k FROM generate_series(1, 3) k, pg_sleep(60)")
    ender = threading.Timer(
        1,
        lambda: run(
            database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%slow%' AND pid <> pg_backend_pid()",
        ),
    )
    ender.start()
    told = fault(database, "slow")
    ender.join()
    assert "terminating connection" in told or "连接中断" in told


@pytest.mark.parametrize("way", ["variable", "file", "service"])
def test_a_password_is_found_where_libpq_looks_for_it(database, monkeypatch, tmp_path, way):
    """In PGPASSWORD, in ~/.pgpass with its escapes, in a service file; without any it is asked for in one line."""
    port = database.rsplit("/", 1)[0].rsplit(":", 1)[1]
    address = f"postgresql://planner@127.0.0.1:{port}/postgres"
    with pytest.raises(DatabaseError, match="要求密码"):
        postgis.tables(address)
    if way == "variable":
        monkeypatch.setenv("PGPASSWORD", SECRET)
    elif way == "file":
        file = tmp_path / ".pgpass"
        file.write_text(f"# mine\nother:*:*:*:no\n127.0.0.1:{port}:*:planner:{SECRET.replace(':', chr(92) + ':')}\n")
        file.chmod(0o644)
        with pytest.raises(DatabaseError, match="0600"):
            postgis.tables(address)  # others could read it: libpq takes it for none
        file.chmod(0o600)
    else:
        (tmp_path / ".pg_service.conf").write_text(
            f"[gis]\nhost=127.0.0.1\nport={port}\ndbname=postgres\nuser=planner\npassword={SECRET}\n"
        )
        address = "postgresql:///?service=gis"
    assert postgis.tables(address) == ()
    monkeypatch.setenv("PGPASSWORD", NEVER)
    if way == "variable":
        with pytest.raises(DatabaseError, match="密码不对") as caught:
            postgis.tables(address)
        assert NEVER not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://planner:{NEVER}@127.0.0.1/gis",
        f"postgresql://127.0.0.1/gis?user=planner&password={NEVER}",
        f"postgres:/planner:{NEVER}@127.0.0.1/gis",
        f"postgresql+psycopg://planner:{NEVER}@127.0.0.1/gis",
        f"postgresql://planner:{NEVER}#x@127.0.0.1/gis",
        f"postgresql://planner:{NEVER}/x@127.0.0.1/gis",
    ],
)
def test_a_password_in_an_address_is_refused_and_never_repeated(address, tmp_path, geoplan):
    """On the command line and in a manifest, also in an address that is written wrong; no file of the workspace has it."""
    for command in (["import", "demand", address, "--dir", tmp_path / "county"], ["push", address, "--dir", tmp_path]):
        status, out, err = geoplan(*command)
        assert status == 2
        assert NEVER not in out + err
        assert "Traceback" not in err
    assert not any(NEVER.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    small = small_workspace().replace_layer("demand", address, layer="t")
    with pytest.raises(ManifestError) as caught:
        read_manifest(small.write(tmp_path / "other"))
    assert NEVER not in str(caught.value)


def test_typed_figures_in_a_database_are_not_written_to(database, tmp_path):
    """Where the table of figures is in a database, completing it is refused with the place."""
    small = small_workspace()
    small.entries["figures"] = {"file": database, "layer": "public.figures"}
    manifest = read_manifest(small.write(tmp_path))
    with pytest.raises(OutputError, match=r"public\.figures"):
        figures_table.write_figures_table(manifest, load_pack("heshan"))


def test_a_table_that_says_it_is_synthetic_stays_so(database, tmp_path):
    """What was written as made up is registered as made up by whoever reads it next."""
    small = small_workspace()
    small.entries["demand"]["synthetic"] = True
    push(database, "geoplan", layer_tables(read_manifest(small.write(tmp_path / "one")), ("demand",)))
    begin(tmp_path / "two", "", "cn-national")
    request = Request(role="demand", layer="geoplan.demand")
    entry = bringing.bring_in(tmp_path / "two", bringing.prepare_table(tmp_path / "two", database, request), request)
    assert entry.synthetic
    assert replace(entry, notes=()) == replace(read_manifest(tmp_path / "two").entry("demand"), notes=())
