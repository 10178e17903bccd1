"""LibreOffice without a window, for what it makes of our files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")


def converted(kind: str, folder: Path, *files: Path) -> list[Path]:
    """The files as LibreOffice writes them in another format; it has a profile of its own in ``folder``."""
    if SOFFICE is None:
        pytest.skip("needs LibreOffice (Debian: apt-get install libreoffice-calc libreoffice-writer)")
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = [SOFFICE, profile, "--headless", "--convert-to", kind, "--outdir", str(folder), *map(str, files)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    suffix = kind.split(":", maxsplit=1)[0]
    return [folder / f"{file.stem}.{suffix}" for file in files]


def text_of_pdf(file: Path) -> str:
    """The text of a PDF, without white space, which a line break may put anywhere."""
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("needs pdftotext (Debian: apt-get install poppler-utils)")
    told = subprocess.run([tool, "-layout", str(file), "-"], check=True, capture_output=True, text=True).stdout
    return "".join(told.split())


def pages_of(file: Path) -> int:
    """How many pages a PDF has."""
    tool = shutil.which("pdfinfo")
    if tool is None:
        pytest.skip("needs pdfinfo (Debian: apt-get install poppler-utils)")
    told = subprocess.run([tool, str(file)], check=True, capture_output=True, text=True).stdout
    return int(next(line.split()[1] for line in told.splitlines() if line.startswith("Pages:")))
