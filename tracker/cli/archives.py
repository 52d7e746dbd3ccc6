"""Backups, restores and moves as commands tell them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from email.parser import BytesHeaderParser
from pathlib import Path

import typer

from tracker import runtime
from tracker.cli import show
from tracker.cli.house import House
from tracker.cli.words import heading, say
from tracker.definitions.answers import instant as iso
from tracker.definitions.manifests import Manifest
from tracker.definitions.runninganswers import (
    BackupAnswer,
    ChainAnswer,
    HeldAnswer,
    HeldDoneAnswer,
    HeldMailAnswer,
    MovedAnswer,
    RestoreAnswer,
)
from tracker.domain.errors import Refused
from tracker.services import backups, held, moving
from tracker.store import jobs
from tracker.wording.forms import instant as told_instant

MIB = 2**20
EML = "*.eml"


def backup(place: House, out: Path | None, *, keep: int, as_json: bool) -> None:
    target = out or place.settings.data / backups.FOLDER
    if out is None:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
    done = backups.backup(
        place.database, place.settings.data, target, place.now, progress=_progress
    )
    removed = backups.forget_older(done.path.parent, keep) if keep else []
    manifest, zone = done.manifest, place.settings.tz
    if as_json:
        show.answer(
            BackupAnswer(
                file=str(done.path), bytes=done.size, at=iso(manifest.made_at, zone),
                rows=_rows(manifest), files=manifest.files, ok=manifest.sound,
                removed=len(removed),
            )
        )  # fmt: skip
    else:
        size = f"{done.size / MIB:.1f}"
        show.echo(say("backup.done", place.lang, file=done.path, size=size, **_counts(manifest)))
        if removed:
            show.echo(say("backup.removed", place.lang, n=len(removed)))
    if not manifest.sound:
        broken = [name or say("trail.house", place.lang)
                  for name, one in manifest.chains.items() if not one.sound]  # fmt: skip
        typer.echo(say("backup.broken", place.lang, names="、".join(broken)), err=True)
        raise typer.Exit(1)


def _progress(done: int, all_: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == all_ else ""
        typer.echo(f"\r{100 * done // max(1, all_)} %{end}", err=True, nl=False)


def restore(place: House, file: Path, *, as_json: bool) -> None:
    settings = place.settings
    done = backups.restore(file, settings, lambda: runtime.build(settings), place.now)
    _with_its_queue(place)
    manifest = done.manifest
    if as_json:
        show.answer(
            RestoreAnswer(
                at=iso(manifest.made_at, settings.tz), rows=_rows(manifest), files=manifest.files,
                held=done.held, other_secret=done.other_secret,
            )
        )  # fmt: skip
        return
    at = told_instant(manifest.made_at, place.lang, settings.tz, year=True)
    show.echo(say("restore.done", place.lang, at=at, rows=_rows(manifest)))
    if done.held:
        show.echo(say("restore.held", place.lang, n=done.held))
    if done.other_secret:
        show.echo(say("restore.secret", place.lang))


def export(place: House, out: Path, *, as_json: bool) -> None:
    manifest = moving.export(place.database, place.settings.data, out, place.now)
    if as_json:
        show.answer(_moved(manifest))
    else:
        show.echo(say("export.done", place.lang, file=out, **_counts(manifest)))


def take(place: House, file: Path, *, as_json: bool) -> None:
    manifest = moving.take(file, place.settings.database, place.settings.data)
    _with_its_queue(place)
    if as_json:
        show.answer(_moved(manifest))
    else:
        where = place.database.place
        show.echo(say("import.done", place.lang, database=where, **_counts(manifest)))


def _with_its_queue(place: House) -> None:
    """A cluster's queue is in no copy: it is made anew."""
    if place.settings.engine == "cluster":
        jobs.prepare(place.settings.database)


def _moved(manifest: Manifest) -> MovedAnswer:
    chains = [
        ChainAnswer(
            programme=name, ok=one.sound, count=one.count, first_bad=None, head=one.head,
            unsealed=one.unsealed,
        )
        for name, one in manifest.chains.items()
    ]  # fmt: skip
    return MovedAnswer(rows=_rows(manifest), files=manifest.files, chains=chains)


def _rows(manifest: Manifest) -> int:
    return sum(manifest.tables.values())


def _counts(manifest: Manifest) -> dict[str, int]:
    return {"rows": _rows(manifest), "files": manifest.files, "chains": len(manifest.chains)}


# -- what a restore holds --------------------------------------------------------------------------


def held_listed(place: House, *, as_json: bool) -> None:
    with place.reading() as session:
        found = held.listed(session)
    zone = place.settings.tz
    if as_json:
        mails = [
            HeldMailAnswer(
                number=one.number, programme=one.programme, recipient=one.recipient,
                window=one.window, channel=one.channel, subject=one.subject,
                due_at=iso(one.due_at, zone),
            )
            for one in found
        ]  # fmt: skip
        show.answer(HeldAnswer(mails=mails))
        return
    if not found:
        show.echo(say("held.none", place.lang))
        return
    keys = ("number", "programme", "who", "due", "subject")
    rows = [
        (str(one.number), one.programme, one.recipient,
         told_instant(one.due_at, place.lang, zone), one.subject or one.window)
        for one in found
    ]  # fmt: skip
    show.echo(*show.table([heading(key, place.lang) for key in keys], rows, right=[0]))
    show.echo(say("held.count", place.lang, n=len(found)))


def released(
    place: House, numbers: Sequence[int] | None, *, everything: bool, by: str, as_json: bool
) -> None:
    wanted = _wanted(place, numbers, everything)
    with place.writing() as session:
        n = held.release(session, wanted, place.now, by)
    _done(place, released=n, sent=0, as_json=as_json)


def were_sent(
    place: House,
    numbers: Sequence[int] | None,
    *,
    everything: bool,
    found_in: Sequence[Path],
    by: str,
    as_json: bool,
) -> None:
    with place.writing() as session:
        proof = ", ".join(path.name for path in found_in)
        if found_in:
            domain = place.settings.mail_domain
            wanted: Sequence[int] | None = held.found_in(session, _texts(found_in), domain)
        else:
            wanted = _wanted(place, numbers, everything)
        n = held.were_sent(session, wanted, place.now, by, proof=proof)
    _done(place, released=0, sent=n, as_json=as_json)


def _wanted(place: House, numbers: Sequence[int] | None, everything: bool) -> list[int] | None:
    """None stands for all of them."""
    if bool(numbers) == everything:
        raise Refused(say("held.which", place.lang))
    return None if everything else list(numbers or ())


def _texts(paths: Sequence[Path]) -> Iterator[str]:
    """Of a mail only what it calls itself: it names others that it answers."""
    for path in paths:
        if path.is_dir():
            for file in path.rglob(EML):
                with file.open("rb") as mail:
                    yield str(BytesHeaderParser().parse(mail)["Message-ID"] or "")
            continue
        with path.open(encoding="utf-8", errors="replace") as lines:
            yield from lines


def _done(place: House, *, released: int, sent: int, as_json: bool) -> None:
    if as_json:
        show.answer(HeldDoneAnswer(released=released, sent=sent))
        return
    key, n = ("held.released", released) if released else ("held.sent", sent)
    show.echo(say(key, place.lang, n=n))
