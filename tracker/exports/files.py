"""Files appear whole or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def replace(path: Path, content: bytes) -> None:
    """Put `content` at `path`; what was there stays until the new file is complete.

    An OSError names `path`, also where it comes from writing, as on a full disk.
    """
    with replacing(path) as beside:
        beside.write_bytes(content)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file to write beside `path`, which takes its place when it is complete, and goes away when
    it never is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}")
    try:
        yield beside
        beside.replace(path)
    except BaseException as failure:
        beside.unlink(missing_ok=True)
        if isinstance(failure, OSError):
            raise OSError(failure.errno, failure.strerror, str(path)) from failure
        raise
