"""Every published schema by name: what `--schema` prints and `tracker/programmes/schemas` keeps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tracker.definitions import schema
from tracker.programmes import SCHEMAS


def of(name: str) -> dict[str, Any]:
    if name in _COMPUTED:
        from tracker.exports import jsonform

        return schema.titled(name, jsonform.schema(_computed(name)))
    return schema.schema(name)


_COMPUTED = ("audit", "bulletin", "digest")


def _computed(name: str) -> type[Any]:
    """Values of the services whose JSON form follows from their classes."""
    if name == "audit":
        from tracker.services.audit import Audit

        return Audit
    if name == "bulletin":
        from tracker.services.bulletin import Bulletin

        return Bulletin
    from tracker.services.digest import Digest

    return Digest


def names() -> list[str]:
    return sorted([*schema.names(), *_COMPUTED])


def printed(name: str) -> str:
    return json.dumps(of(name), ensure_ascii=False, indent=2)


def publish(folder: Path = SCHEMAS) -> list[Path]:
    """Write every schema as a file; what is kept in the repository is made by this."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in names():
        path = folder / f"{name}.json"
        path.write_text(printed(name) + "\n", encoding="utf-8")
        written.append(path)
    return written
