"""The templates as the runtime compiles them, and letters with something nasty in every field."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import Environment

from tracker.runtime import environment as compiled
from tracker.settings import Settings


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return compiled(Settings(data=tmp_path))
