"""Old Word files (.doc), turned into .docx by LibreOffice where it is installed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

PATIENCE_SECONDS = 90
_FILTER = "docx:Office Open XML Text"


_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop>
<prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop>
<prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop>
</item>
</oor:items>
"""
"""A document may name pictures of other machines, of ours too, and other files: none is fetched."""

_NOWHERE = "http://127.0.0.1:9"


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
        own = place / "profile" / "user" / "registrymodifications.xcu"
        own.parent.mkdir(parents=True)
        own.write_text(_PROFILE, encoding="utf-8")
        profile = f"-env:UserInstallation={(place / 'profile').as_uri()}"
        options = ["--headless", "--norestore", "--convert-to", _FILTER, "--outdir", folder]
        command = [office, profile, *options, str(given)]
        said = _run(command, place)
        made = place / "given.docx"
        if not made.exists():
            raise NotConverted(said)
        return made.read_bytes()


def _run(command: Sequence[str], place: Path) -> str:
    """What it said at its end. It sees none of our settings, its way to other machines leads
    nowhere, and it ends with all that it started: `soffice` is a script that leaves the work to
    another program."""
    seen = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(place), "LANG": "C.UTF-8",
            "http_proxy": _NOWHERE, "https_proxy": _NOWHERE}  # fmt: skip
    try:
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", env=seen, cwd=place, start_new_session=True,
        ) as office:  # fmt: skip
            try:
                said, _ = office.communicate(timeout=PATIENCE_SECONDS)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(office.pid, signal.SIGKILL)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotConverted(str(error)) from error
    return said.strip()[-200:] or str(office.returncode)
