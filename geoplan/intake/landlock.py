"""Takes from this process every file and every network address that it does not need: Linux's Landlock.

The three system calls have the same numbers on every architecture that has them (since Linux 5.13). See
https://docs.kernel.org/userspace-api/landlock.html.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION, _PATH_BENEATH, _NO_NEW_PRIVILEGES = 1, 1, 38
_EXECUTE, _WRITE, _READ_FILE, _READ_FOLDER = 1, 1 << 1, 1 << 2, 1 << 3
_READ = _EXECUTE | _READ_FILE | _READ_FOLDER
_FILE_ONLY = _EXECUTE | _WRITE | _READ_FILE
_CHANGE = _WRITE | 1 << 8  # and make regular files
# How many of the rights each version of the interface knows; the ones it does not know may not be named.
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_NEWEST_RIGHTS = 16
_NETWORK_SINCE, _NETWORK = 4, 0b11


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("folder", ctypes.c_int32))


def version() -> int:
    """The version of Landlock that this kernel has; 0 where it has none."""
    if os.name != "posix" or not Path("/proc/self").exists():
        return 0
    return max(0, ctypes.CDLL(None, use_errno=True).syscall(_CREATE, None, 0, _VERSION))


def restrict(readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    """From here on only these folders and files can be opened, and no address be reached; False where that is not possible."""
    known = version()
    if not known:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    rights = (1 << _RIGHTS.get(known, _NEWEST_RIGHTS)) - 1
    network = _NETWORK if known >= _NETWORK_SINCE else 0
    asked = _Ruleset(rights, network)
    size = ctypes.sizeof(asked) if network else ctypes.sizeof(ctypes.c_uint64)
    ruleset = libc.syscall(_CREATE, ctypes.byref(asked), size, 0)
    if ruleset < 0:
        return False
    for path in readable:
        _allow(libc, ruleset, path, _READ)
    for path in writable:
        _allow(libc, ruleset, path, _READ | _CHANGE)
    done = libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0 and libc.syscall(_RESTRICT, ruleset, 0) == 0
    os.close(ruleset)
    return done


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there need not be reached
    rule = _Beneath(rights if path.is_dir() else rights & _FILE_ONLY, handle)
    libc.syscall(_ADD, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    os.close(handle)
