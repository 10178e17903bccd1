"""Files that appear under their names only when all of them are whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyogrio

from geoplan.causes import cause
from geoplan.errors import OutputError
from geoplan.i18n import _


@contextmanager
def whole_files(folder: Path) -> Iterator[Path]:
    """A hidden folder beside the place of the files: what is written there moves to ``folder`` when all is done.

    A failure on the way leaves what was in ``folder`` as it was.

    Raises:
        OutputError: the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".geoplan-", dir=folder))
    except OSError as error:
        raise OutputError(
            _("无法写入结果文件夹 {folder}：{error}").format(folder=folder, error=cause(error))
        ) from error
    try:
        yield scratch
        for file in sorted(scratch.iterdir()):
            os.replace(file, folder / file.name)  # noqa: PTH105 - replaces on Windows too
    except (OSError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise OutputError(_("结果没有写完，原有文件未改动：{error}").format(error=cause(error))) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
