"""Files of others are opened where they can do no harm: within memory and time, seeing nothing else, leaving nothing behind."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pytest
from corrupted_files import ENTITIES, FORMATS, LEADING_OUT, corrupt, good_files
from intake_files import HEAD, ROWS, facilities_csv, workbook

from geoplan.errors import LayerError
from geoplan.intake import bringing, landlock
from geoplan.intake.beginning import begin
from geoplan.intake.confinement import Confinement, Limits
from geoplan.intake.records import READING, Request
from geoplan.layers import first_reading, reading
from geoplan.layers.reading import located, read_raw
from geoplan.layers.workspace import content_digest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the limits are Linux's")
ROLE_OF = {"pbf": "roads"}
EACH = 6  # corrupted files of each format; benchmarks/fuzz_import.py tries thousands


@pytest.fixture(scope="module")
def opener() -> Iterator[Confinement]:
    """One process for all tests."""
    with Confinement() as made:
        yield made


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> dict[str, Path]:
    """One good file of each format."""
    return good_files(tmp_path_factory.mktemp("good"))


def test_a_confined_look_sees_what_an_open_one_sees(tmp_path, opener):
    """Confinement changes nothing about the answer."""
    from geoplan.intake.trusted import Trusted  # noqa: PLC0415 - here, so that nobody else is tempted

    path = facilities_csv(tmp_path / "f.csv", "gbk")
    request = Request(role="facilities", datum="bd09")
    assert opener.look(path, request) == Trusted().look(path, request)


@pytest.mark.parametrize("name", FORMATS)
def test_corrupted_files_end_in_a_clear_word(name, good, tmp_path, opener):
    """Truncated, with wrong lengths, hostile sizes, bombs: an error for the planner or a readable rest, soon, and no file left."""
    root = tmp_path / "县"
    begin(root, "", "cn-national")
    source, before = tmp_path / "bad", set(root.rglob("*"))
    source.mkdir()
    said: list[str] = []
    for number in range(EACH):
        bad = corrupt(good[name], number, source)
        started = time.monotonic()
        with bringing.staging(root) as folder:
            try:
                staged = bringing.stage(bad, ROLE_OF.get(name, "facilities"), folder, opener)
                opener.look(staged.path, Request(role=ROLE_OF.get(name, "facilities"), datum="wgs84"))
            except LayerError as error:
                said.append(str(error))
        assert time.monotonic() - started < 60  # the clock of the process itself is 9 s; the rest is for a busy machine
    assert all(said)
    assert set(root.rglob("*")) == before
    assert {path.name for path in tmp_path.iterdir()} == {"县", "bad"}


def test_good_files_of_every_format_are_read(good, tmp_path, opener):
    """The same files before they are corrupted."""
    for name in FORMATS:
        folder = tmp_path / name
        folder.mkdir()
        staged = bringing.stage(good[name], ROLE_OF.get(name, "facilities"), folder, opener)
        assert opener.look(staged.path, Request(role=ROLE_OF.get(name, "facilities"), datum="wgs84")).rows >= 40, name


@pytest.mark.parametrize("declaration", ENTITIES)
def test_xml_with_a_document_type_is_refused(declaration, good, tmp_path, opener):
    """No entity is ever expanded, in KML as in the parts of a workbook."""
    path = tmp_path / "f.kml"
    path.write_text(good["kml"].read_text(encoding="utf-8").replace("<kml", declaration + "<kml", 1), encoding="utf-8")
    with pytest.raises(LayerError, match="DOCTYPE"):
        opener.look(path, Request(role="facilities"))


@pytest.mark.parametrize("name", LEADING_OUT)
def test_a_name_that_leads_out_of_the_archive_is_refused(name, tmp_path, opener):
    """Whatever way it is written."""
    import zipfile  # noqa: PLC0415

    path, folder = tmp_path / "f.zip", tmp_path / "inside"
    folder.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("facilities.csv", "x\n1\n")
        archive.writestr(name, "x\n1\n")
    with pytest.raises(LayerError, match="outside"):
        opener.unpack(path, folder)
    assert not list(folder.iterdir())


@pytest.mark.parametrize("suffix", [".zip", ".xlsx"])
def test_a_member_without_a_name_is_refused(suffix, tmp_path, opener):
    """A directory that was cut to no name (Python's own reader stumbles over it) is a clear word, not a dead process."""
    import zipfile  # noqa: PLC0415

    path = tmp_path / f"f{suffix}"
    nameless = zipfile.ZipInfo("x")
    nameless.filename = ""
    with zipfile.ZipFile(path, "w") as archive, archive.open(nameless, "w") as member:
        member.write(b"x")
    with pytest.raises(LayerError, match="之外"):
        opener.unpack(path, tmp_path) if suffix == ".zip" else opener.look(path, Request(role="facilities"))


def test_a_format_that_reads_other_files_is_not_opened(good, tmp_path, opener):
    """A GeoPackage that is in truth a list of references (GDAL's VRT) is no data."""
    path, other = tmp_path / "f.gpkg", tmp_path / "good.geojson"  # beside it, where even a confined process may read
    other.write_bytes(good["geojson"].read_bytes())
    layer = f'<OGRVRTLayer name="good"><SrcDataSource>{other}</SrcDataSource></OGRVRTLayer>'
    path.write_text(f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>", encoding="utf-8")
    looked = opener.look(path, Request(role="facilities"))
    assert [problem.message for problem in looked.problems if "无法读取" in problem.message]
    assert not looked.headers


def test_memory_and_time_are_limited(tmp_path, opener, monkeypatch):
    """A job that wants more than it may have ends, and the next one is done."""
    path = workbook(tmp_path / "f.xlsx", [HEAD, *ROWS * 1_000])
    request = Request(role="facilities", datum="wgs84")
    with monkeypatch.context() as patch:
        patch.setattr(opener, "_limits", Limits(memory=1 << 20, seconds=60))
        with pytest.raises(LayerError, match=r"内存|意外中止"):
            opener.look(path, request)
        patch.setattr(opener, "_limits", Limits(memory=1 << 30, seconds=0.05))
        with pytest.raises(LayerError, match="时限"):
            opener.look(path, request)
    assert opener.look(facilities_csv(tmp_path / "f.csv"), request).rows == 2


def test_a_process_that_died_is_started_again(tmp_path, opener):
    """The next file is read by a new one."""
    path = facilities_csv(tmp_path / "f.csv")
    assert opener.look(path, Request(role="facilities", datum="wgs84")).rows == 2
    opener._process.kill()
    opener._process.wait()
    assert opener.look(path, Request(role="facilities", datum="wgs84")).rows == 2


PROBE = """
import json, socket, sys
from pathlib import Path
from geoplan.intake import worker
mine, theirs, outside = map(Path, sys.argv[1:])
worker.harden()
worker.give_up({"limits": {"memory": 1 << 30, "seconds": 30, "writes": 0}, "readable": [str(mine)], "writable": []})
def can(act):
    try:
        act()
    except OSError as error:
        return False
    return True
print(json.dumps({
    "read own": can(lambda: mine.read_bytes()),
    "read other": can(lambda: theirs.read_bytes()),
    "write": can(lambda: outside.write_bytes(b"x")),
    "connect": can(lambda: socket.create_connection(("127.0.0.1", 9), 1)),
}))
"""


def test_a_job_reaches_its_own_file_and_nothing_else(tmp_path):
    """Other files cannot be read, none written, no address reached."""
    import json  # noqa: PLC0415
    import subprocess  # noqa: PLC0415

    if not landlock.version():
        pytest.skip("this kernel has no Landlock")
    mine, theirs = tmp_path / "mine.csv", tmp_path / "theirs.csv"
    for path in (mine, theirs):
        path.write_text("x", encoding="ascii")
    command = [sys.executable, "-c", PROBE, str(mine), str(theirs), str(tmp_path / "made")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"read own": True, "read other": False, "write": False, "connect": False}


def opened_file(path, _entry):
    """What stands for every reader where none may be called."""
    pytest.fail(f"{path} itself was opened")


def test_what_was_read_within_limits_is_what_an_open_reading_gives(good, tmp_path, opener):
    """Of each format the kept reading is the file's own, to the last vertex."""
    for name in FORMATS:
        folder, kept = tmp_path / name, tmp_path / f"{name}-kept"
        folder.mkdir()
        kept.mkdir()
        staged = bringing.stage(good[name], ROLE_OF.get(name, "facilities"), folder, opener)
        entry = opener.look(staged.path, Request(role=ROLE_OF.get(name, "facilities"), datum="wgs84")).entry
        opener.keep(staged.path, entry, kept)
        frame = gpd.read_parquet(kept / READING)
        assert content_digest(located(frame, entry)) == content_digest(read_raw(staged.path, entry))


def test_an_imported_file_is_never_opened_outside_again(tmp_path, opener, monkeypatch):
    """Readers of the workspace take the kept reading; another way to read the file, or another file, is read anew."""
    root = tmp_path / "县"
    begin(root, "", "cn-national")
    request = Request(role="facilities", datum="bd09")
    with bringing.staging(root) as folder:
        staged = bringing.stage(facilities_csv(tmp_path / "f.csv", "gbk"), "facilities", folder, opener)
        entry = bringing.bring_in(root, bringing.prepare(root, staged, request, opener), request, opener=opener)
    path = root / "layers" / entry.file
    assert first_reading.kept(path, replace(entry, header_row=2)) is None
    with monkeypatch.context() as patch:
        patch.setattr(reading, "_reader", lambda *_asked: opened_file)
        assert len(read_raw(path, entry)) == len(ROWS)
    with path.open("ab") as file:
        file.write(b"\n")
    assert first_reading.kept(path, entry) is None
