"""佐证材料 on disk: each file once, named by the hash of its content and by nothing else."""

from __future__ import annotations

import hashlib
import os
import tempfile
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from tracker.domain import facts as f
from tracker.domain.errors import DefinitionError, NotFound, Problem
from tracker.store.database import Full
from tracker.web.filekinds import Fault, fault
from tracker.web.intake import FILE_LIMIT, TooLarge, Upload
from tracker.wording import LANGUAGES
from tracker.wording.catalogue import text

CHUNK = 64 * 1024
NAME_LIMIT = 120


class Strange(DefinitionError):
    """A file that is not what its name says, or of a kind that is not taken."""

    def __init__(self, name: str, fault: Fault) -> None:
        self.name, self.fault = shown_name(name), fault
        key = f"acts.wrong_{fault}"
        told = " / ".join(text(key, {"name": self.name}, language=one) for one in LANGUAGES)
        super().__init__([Problem(self.name, told)])


def folder_of(data_folder: Path) -> Path:
    return data_folder / "evidence"


def keep(folder: Path, uploads: Iterable[Upload]) -> tuple[f.Evidence, ...]:
    """Store the files and say what they are, or none of them: Strange where one is not what its
    name says. Full where they cannot be kept."""
    uploads = list(uploads)
    for one in uploads:
        wrong = fault(one.name, one.file)
        if wrong is not None:
            raise Strange(one.name, wrong)
    try:
        return tuple(_keep(folder, upload) for upload in uploads)
    except OSError as failure:
        raise Full(
            f"佐证材料存不下 / evidence cannot be kept in {folder}: {failure.strerror or failure}"
        ) from failure


def _keep(folder: Path, upload: Upload) -> f.Evidence:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".incoming-")
    incoming = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            sha256, size = _copy(upload.file, file)
            file.flush()
            os.fsync(file.fileno())
        place = place_of(folder, sha256)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        incoming.replace(place)
    finally:
        incoming.unlink(missing_ok=True)
    return f.Evidence(name=shown_name(upload.name), sha256=sha256, size=size)


def _copy(source: BinaryIO, target: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    source.seek(0)
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > FILE_LIMIT:
            raise TooLarge
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest(), size


def place_of(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256


def shown_name(given: str) -> str:
    """The last part of a name, without control or direction characters, of bounded length."""
    last = given.replace("\\", "/").rpartition("/")[2]
    seen = (c for c in last if unicodedata.category(c) not in ("Zl", "Zp"))
    kept = "".join(c for c in seen if unicodedata.category(c)[0] != "C").strip(" .")
    if len(kept) > NAME_LIMIT:
        kept = f"{kept[: NAME_LIMIT - 20]}…{kept[-19:]}"
    return kept or "file"


def find(folder: Path, facts: Iterable[f.AnyFact], sha256: str) -> tuple[Path, str]:
    """The file that some report names, and what it is called there; NotFound for any other."""
    names = [
        one.name
        for fact in facts
        if isinstance(fact, f.Report)
        for one in fact.evidence
        if one.sha256 == sha256
    ]
    place = place_of(folder, sha256)
    if not names or not place.is_file():
        raise NotFound(f"没有这份佐证材料 / no evidence {sha256[:12]}")
    return place, names[-1]


def disposition(name: str) -> str:
    """RFC 6266: a plain name for old readers, the real one in UTF-8."""
    plain = "".join(
        c if c.isascii() and c.isprintable() and c not in '"\\%;' else "_" for c in name
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
