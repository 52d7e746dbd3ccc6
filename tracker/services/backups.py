"""Backups: one file with the database, the evidence and the secret, verified once it is written.

A restore does all or nothing, into an empty place, and sends nothing twice: it looks at the clock
itself, and whatever the lost service may have sent until then is held for a person.
"""

from __future__ import annotations

import hashlib
import io
import os
import sqlite3
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, NoReturn

from pydantic import ValidationError
from sqlmodel import Session

from tracker import __version__
from tracker.definitions.manifests import Chain, Manifest
from tracker.domain.errors import DefinitionError, Problem, Refused
from tracker.services import (
    delivery,
    heartbeats,
    held,
    planning,
    programmes,
    trail,
    watch,
    weekpost,
)
from tracker.settings import Settings, variable
from tracker.store import copies
from tracker.store.copies import Progress
from tracker.store.database import (
    Database,
    file_of,
    head_revision,
    migrate,
    parsed,
    require_head,
    restored,
)

if TYPE_CHECKING:
    from tracker.services.delivery import Runtime

MANIFEST, COPY, SECRET, EVIDENCE = "manifest.json", "database", "secret", "evidence"
BLOCK = 1024 * 1024
FOLDER = "backups"
"""Below the data folder: where they go unless another place is named."""
NAME = "tracker-{at:%Y%m%d-%H%M%S}.tar.gz"
NAMED = "tracker-????????-??????.tar.gz"


@dataclass(frozen=True)
class Written:
    path: Path
    size: int
    manifest: Manifest


@dataclass(frozen=True)
class Restored:
    """`held` mails may have been sent since the backup was made, and wait for a person. With
    another secret in the data folder than in the backup, links in mails that were sent are dead."""

    manifest: Manifest
    held: int
    other_secret: bool


# -- making one ------------------------------------------------------------------------------------


def backup(
    database: Database, data: Path, target: Path, now: datetime, *, progress: Progress
) -> Written:
    """Write one to `target`, a file that is not there or a folder; it appears when it is whole and
    verified, and only we may read it.

    Refused where a file of that name is there. A trail that is broken is backed up as it is: the
    manifest says so.
    """
    require_head(database.url.render_as_string(hide_password=False))
    path = target / NAME.format(at=now.astimezone(UTC)) if target.is_dir() else target
    if path.exists():
        raise Refused(f"{path} 已存在 / is there already: name another file")
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=path.parent, prefix=".backup-") as folder:
        copy, packed = Path(folder) / COPY, Path(folder) / "packed"
        manifest = _copied(database, copy, now, progress)
        evidence = evidence_of(data)
        manifest = manifest.model_copy(update={"sha256": _sha256(copy), "files": len(evidence)})
        _pack(packed, manifest, {COPY: copy, SECRET: data / SECRET, **evidence})
        _verify(packed)
        packed.replace(path)
    secure(path.parent)
    return Written(path, path.stat().st_size, manifest)


def forget_older(folder: Path, keep: int) -> list[Path]:
    """Of the backups in a folder all but the newest `keep`; those that were removed."""
    old = sorted(folder.glob(NAMED))[:-keep]
    for path in old:
        path.unlink()
    return old


@dataclass(frozen=True)
class Kept:
    """A backup in the folder of the house; `made_at` is what its name says."""

    path: Path
    size: int
    made_at: datetime


def kept(data: Path) -> list[Kept]:
    """Those in the folder below the data folder, the newest first."""
    found = sorted((data / FOLDER).glob(NAMED), reverse=True)
    return [
        Kept(path, path.stat().st_size,
             datetime.strptime(path.name[8:23], "%Y%m%d-%H%M%S").replace(tzinfo=UTC))
        for path in found
    ]  # fmt: skip


def described(session: Session, now: datetime, revision: str, kind: str = "backup") -> Manifest:
    """What the session sees, in figures that a copy can be compared with."""
    connection = session.connection()
    return Manifest(
        kind="export" if kind == "export" else "backup",
        version=__version__,
        revision=revision,
        database="sqlite" if connection.dialect.name == "sqlite" else "postgresql",
        made_at=now,
        tables=copies.counts(connection),
        chains={name: _chain(session, name) for name in trail.chains(session)},
    )


def _chain(session: Session, programme: str) -> Chain:
    found = trail.verify(session, programme)
    return Chain(count=found.count, head=found.head, unsealed=found.unsealed, sound=found.ok)


def _copied(database: Database, copy: Path, now: datetime, progress: Progress) -> Manifest:
    """The manifest is of the same state as the copy."""
    copy.touch(mode=0o600)
    file, revision = file_of(database.url), head_revision()
    if file is not None:
        copies.copy_sqlite(file, copy, progress)
        with _opened(f"sqlite:///{copy}") as there, there.read() as session:
            return described(session, now, revision)
    url = database.url.render_as_string(hide_password=False)
    with database.read() as session:
        copies.dump_postgres(url, copy, copies.exported_snapshot(session))
        return described(session, now, revision)


@contextmanager
def _opened(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


def evidence_of(data: Path) -> dict[str, Path]:
    """Named in the backup as they lie in the data folder."""
    found = sorted(path for path in (data / EVIDENCE).glob("??/*") if path.is_file())
    return {str(path.relative_to(data)): path for path in found}


def _pack(packed: Path, manifest: Manifest, parts: Mapping[str, Path]) -> None:
    told = manifest.model_dump_json(indent=1).encode()
    with (
        os.fdopen(os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
        tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as tar,
    ):
        head = tarfile.TarInfo(MANIFEST)
        head.size, head.mode, head.mtime = len(told), 0o600, int(manifest.made_at.timestamp())
        tar.addfile(head, io.BytesIO(told))
        for name, path in parts.items():
            if path.exists():
                tar.add(path, name, recursive=False)
    secure(packed)


def secure(path: Path) -> None:
    """What was written, or renamed, survives a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# -- reading one -----------------------------------------------------------------------------------


def _verify(path: Path) -> Manifest:
    """Every part is what the manifest and the names say; DefinitionError with what is not."""
    manifest: Manifest | None = None
    files = 0
    for name, content in _parts(path):
        with _readable(path):
            if name == MANIFEST:
                manifest = _manifest(path, content.read())
                continue
            # typeshed asks for readinto, which what tarfile opens has and typing.IO does not tell.
            found = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]
        if name == COPY and (manifest is None or found != manifest.sha256):
            raise _damaged(path, name)
        if name.startswith(f"{EVIDENCE}/"):
            files += 1
            # The name is where it will lie: one that led elsewhere is none of ours.
            if name != f"{EVIDENCE}/{found[:2]}/{found}":
                raise _damaged(path, name)
    if manifest is None or files != manifest.files:
        raise _damaged(path, MANIFEST if manifest is None else EVIDENCE)
    return manifest


def _parts(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    with _readable(path), tarfile.open(path, mode="r:gz") as tar:
        for member in tar:
            content = tar.extractfile(member)
            if content is not None:
                yield member.name, content
        # The sum over the whole stands behind the last part.
        while tar.fileobj.read(1 << 16):
            pass


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """DefinitionError where the file cannot be unpacked. Whoever reads a part is within it too: a
    damage may show only there."""
    try:
        yield
    except (tarfile.TarError, zlib.error, EOFError, OSError) as failure:
        if isinstance(failure, FileNotFoundError):
            raise
        raise DefinitionError(
            [Problem(str(path), f"读不了，或不是备份 / unreadable or no backup: {failure}")]
        ) from failure


def _manifest(path: Path, told: bytes) -> Manifest:
    try:
        return Manifest.model_validate_json(told)
    except ValidationError as mistake:
        advice = "made by a newer version of tracker? restore it with that one"
        raise DefinitionError(
            [Problem(f"{path} {MANIFEST}", "认不得 / not understood", advice)]
        ) from mistake


def _damaged(path: Path, name: str) -> DefinitionError:
    text = "内容与清单不符 / is not what was backed up"
    return DefinitionError([Problem(f"{path} {name}", text, "use another backup")])


# -- restoring one ---------------------------------------------------------------------------------


def restore(
    path: Path, settings: Settings, build: Callable[[], Runtime], now: datetime
) -> Restored:
    """Into the database and the data folder of the settings. Refused where the database is not
    empty, or of the other kind; nothing is changed then.

    Whatever was due by `now`, planned or not, is held. `build` makes the runtime, once the secret
    of the backup is in its place.
    """
    manifest = _verify(path)
    _fits(manifest, settings.database)
    file = file_of(parsed(settings.database))
    room = settings.data if file is None else file.parent
    room.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=room, prefix=".restore-") as folder:
        copy = Path(folder) / COPY
        for name, content in _parts(path):
            if name == COPY:
                _write(copy, content)
            elif name == SECRET or name.startswith(f"{EVIDENCE}/"):
                _put(settings.data / name, content)
        held_now = _completed(copy, manifest, build(), now)
    return Restored(manifest, held_now, _has_other_secret(path, settings.data / SECRET))


def _has_other_secret(path: Path, mine: Path) -> bool:
    kept = [content.read() for name, content in _parts(path) if name == SECRET]
    return bool(kept) and mine.read_bytes() != kept[0]


def _fits(manifest: Manifest, url: str) -> None:
    kind = "sqlite" if file_of(parsed(url)) is not None else "postgresql"
    if manifest.database != kind:
        raise Refused(
            f"备份是 {manifest.database} 的，设置指向 {kind} / it is a backup of "
            f"{manifest.database} and {variable('database_url')} names {kind}: restore it where it "
            "came from, then `tracker export` and `tracker import`"
        )
    if not copies.is_empty(url):
        refuse_what_is_there()
    if manifest.revision > head_revision():
        raise Refused(
            f"备份来自更新的版本 {manifest.version} / it was made by a newer tracker, "
            f"{manifest.version}: restore it with that one"
        )


def refuse_what_is_there() -> NoReturn:
    raise Refused(
        "数据库不是空的，什么都没有改变 / the database is not empty, nothing was changed: move "
        f"it away, or let {variable('database_url')} name an empty one"
    )


def _write(path: Path, content: IO[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        while block := content.read(BLOCK):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())


def _put(path: Path, content: IO[bytes]) -> None:
    """What is there stays: evidence is named by its content, and a secret in use goes on."""
    if path.exists():
        return
    new = path.with_name(f".{path.name}.new")
    _write(new, content)
    new.replace(path)


def _completed(copy: Path, manifest: Manifest, parts: Runtime, now: datetime) -> int:
    found: list[int] = []

    def check(session: Session) -> None:
        same(session, manifest)

    def settle(session: Session) -> None:
        found.append(_settled(session, manifest, parts, now))

    url, file = parts.settings.database, file_of(parsed(parts.settings.database))
    if file is None:
        copies.load_postgres(url, copy)
        restored(url, manifest.revision, check, settle)
        return found[0]
    copies.check_sqlite(copy)
    restored(f"sqlite:///{copy}", manifest.revision, check, settle)
    _at_rest(copy)
    file.parent.mkdir(parents=True, exist_ok=True)
    copy.replace(file)
    secure(file.parent)
    migrate(url)
    return found[0]


def _at_rest(copy: Path) -> None:
    """All of it in one file, so that it can be moved."""
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    secure(copy)


def _settled(session: Session, manifest: Manifest, parts: Runtime, now: datetime) -> int:
    heartbeats.forget_processes(session)
    _catch_up(session, parts, now)
    count = held.hold(session, now)
    body = {"backup_at": manifest.made_at.isoformat(), "held": count}
    trail.append(session, trail.HOUSE, "service.restored", "", body, now=now)
    return count


def same(session: Session, manifest: Manifest) -> None:
    """Refused unless it is what was copied: the rows of every table, the end of every chain."""
    found = described(session, manifest.made_at, manifest.revision)
    names = {*found.tables, *manifest.tables}
    wrong = sorted(n for n in names if found.tables.get(n, 0) != manifest.tables.get(n, 0))
    if wrong:
        raise Refused(f"行数不符 / not as many rows as there were: {', '.join(wrong)}")
    if found.chains != manifest.chains:
        raise Refused("留痕链与原来的不符 / the trail is not the one that was copied")


def _catch_up(session: Session, parts: Runtime, now: datetime) -> None:
    """Whatever the lost service has planned since, so that it is held and not made later."""
    mailroom = delivery.parts_of(parts)
    while planning.tick(session, now, ways=parts.settings.ways).more:
        pass
    for slug in programmes.slugs(session):
        weekpost.issue_and_post(
            session, slug, now=now, stationery=mailroom.stationery, templates=parts.templates,
            health=watch.weekly(session, slug, now, parts.settings),
        )  # fmt: skip
    watch.watch(
        session, now, stationery=mailroom.stationery, templates=parts.templates,
        ways=parts.settings.ways,
    )  # fmt: skip
