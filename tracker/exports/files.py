"""Files appear whole or not at all."""

from __future__ import annotations

import secrets
from pathlib import Path


def replace(path: Path, content: bytes) -> None:
    """Put `content` at `path`; what was there stays until the new file is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
