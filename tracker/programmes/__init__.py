"""The programmes that are shipped, and the schemas that are published beside them."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
SCHEMAS = FOLDER / "schemas"

SHIPPED = ("zhongfang-2021", "xx-2020")


def path_of(name: str) -> Path:
    """The YAML of a shipped programme; KeyError for any other name."""
    if name not in SHIPPED:
        raise KeyError(name)
    return FOLDER / f"{name}.yaml"
