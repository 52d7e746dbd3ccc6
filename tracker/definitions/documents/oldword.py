"""Old Word files (.doc), turned into .docx by LibreOffice where it is installed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

PATIENCE_SECONDS = 90
_FILTER = "docx:Office Open XML Text"


class NoConverter(Exception):
    """LibreOffice is not installed."""


class NotConverted(Exception):
    """It did not make a .docx of the file; the text says why."""


def converted(content: bytes) -> bytes:
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        raise NoConverter
    with tempfile.TemporaryDirectory(prefix="tracker-doc-") as folder:
        place = Path(folder)
        given = place / "given.doc"
        given.write_bytes(content)
        # A profile of its own: no macro trusted elsewhere, no window, nobody else's lock.
        profile = f"-env:UserInstallation={(place / 'profile').as_uri()}"
        options = ["--headless", "--norestore", "--convert-to", _FILTER, "--outdir", folder]
        command = [office, profile, *options, str(given)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotConverted(str(error)) from error
        made = place / "given.docx"
        if not made.exists():
            raise NotConverted((done.stderr or done.stdout).strip()[-200:] or str(done.returncode))
        return made.read_bytes()
