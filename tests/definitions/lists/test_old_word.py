"""The converter of old Word files is somebody else's program: what it sees, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

RUN = """
from tracker.definitions.documents import oldword
oldword.PATIENCE_SECONDS = 1
try:
    print(oldword.converted(b"x"))
except oldword.NotConverted as told:
    print(told)
"""


def converting(folder: Path, office: str) -> str:
    """What comes of it in a process in which `soffice` is this script."""
    script = folder / "soffice"
    script.write_text(f"#!/bin/sh\n{dedent(office)}")
    script.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    seen = {**os.environ, "PATH": path, "TRACKER_ACCESS_CODE": "sesame"}
    done = subprocess.run(
        [sys.executable, "-c", RUN], env=seen, capture_output=True, text=True, check=True,
        timeout=60,
    )  # fmt: skip
    return done.stdout


def test_the_converter_does_not_see_our_secrets(tmp_path: Path) -> None:
    told = converting(tmp_path, 'echo "code: $TRACKER_ACCESS_CODE."')
    assert "code: ." in told


def test_a_converter_that_hangs_ends_with_all_that_it_started(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    converting(tmp_path, f"(sleep 3; touch {alive}) & wait")
    waited = subprocess.run(["sleep", "4"], check=True)
    assert waited.returncode == 0
    assert not alive.exists()
