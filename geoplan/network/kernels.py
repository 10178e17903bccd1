"""How kernels are compiled, and where what was compiled is kept.

numba tells by the file that a kernel stands in whether what it kept is still right. But a kernel holds the code of those
that it calls in other files too, and the names of their records: after an update a kernel from before would go on
with the old code, or not be readable at all. So they are kept in a folder that is named after all sources together.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

config: Any = numba.config

_SOURCES = Path(__file__).parent
_NAME = "geoplan-kernels-"


def _folder() -> Path:
    """The folder for the sources as they are; those of other states beside the package are taken away.

    In ``NUMBA_CACHE_DIR`` they stay: other installations may use them.
    """
    contents = hashlib.sha256(b"\0".join(path.read_bytes() for path in sorted(_SOURCES.glob("*.py"))))
    given, own = config.CACHE_DIR, _SOURCES / "__pycache__"
    folder = Path(given or own) / f"{_NAME}{contents.hexdigest()[:12]}"
    if not given and not folder.exists():
        for old in own.glob(f"{_NAME}*"):
            shutil.rmtree(old, ignore_errors=True)
    return folder


_FOLDER = _folder()


def kernel(function: Callable[..., Any], **options: Any) -> Any:
    """Compile a function when it is first called, without the interpreter's lock, and keep it on disk.

    Args:
        options: of ``numba.njit``.
    """
    before = config.CACHE_DIR
    config.CACHE_DIR = str(_FOLDER)  # numba looks at it here and now
    try:
        return numba.njit(nogil=True, cache=True, **options)(function)
    finally:
        config.CACHE_DIR = before


def inlined(function: Callable[..., Any]) -> Any:
    """The same for a function whose code is to stand in that of its callers."""
    return kernel(function, inline="always")
