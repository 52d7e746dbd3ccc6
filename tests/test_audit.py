"""The audit of dependencies says what it found, and that it found nothing where nobody answered."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

AUDIT = Path(__file__).parents[1] / ".ci" / "audit"
CLEAN = {"name": "sound", "version": "1.0", "vulns": []}
FLAWED = {"name": "flawed", "version": "0.9",
          "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.0"], "aliases": []}]}  # fmt: skip
SKIPPED = {"name": "unheard", "skip_reason": "Dependency not found on PyPI"}


def audited(printed: str, ends: int = 0) -> tuple[int, str]:
    asked = [sys.executable, "-c", f"import sys; print({printed!r}); sys.exit({ends})"]
    done = subprocess.run([sys.executable, AUDIT, *asked], capture_output=True, text=True)
    return done.returncode, done.stdout


def of(*packages: Any) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def test_a_known_advisory_fails_the_build_and_is_named() -> None:
    code, told = audited(of(CLEAN, SKIPPED, FLAWED), ends=1)
    assert code == 1
    assert "flawed 0.9: PYSEC-2026-1, mended in 1.0" in told


def test_all_sound_is_said() -> None:
    assert audited(of(CLEAN)) == (0, "audit: no known advisory for 1 locked packages\n")


@pytest.mark.parametrize("printed", [of(CLEAN, SKIPPED), of(), "", "no JSON", "{}"])
def test_where_nobody_answers_it_is_not_called_sound(printed: str) -> None:
    code, told = audited(printed, ends=1)
    assert code == 0
    assert told.startswith("WARNING: dependencies NOT audited")
