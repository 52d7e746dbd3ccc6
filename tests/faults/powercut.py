"""What a disk holds after a power cut: everything that was synced, and any part of the rest.

SQLite's own way to the system is listened to (its VFS, by ctypes): each write, each cut of a file
and each sync is noted in order. From the notes the files can be made as they were at any moment.
"""

from __future__ import annotations

import ctypes
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECTOR = 512
_INT, _PTR, _I64 = ctypes.c_int, ctypes.c_void_p, ctypes.c_int64

_WRITE = ctypes.CFUNCTYPE(_INT, _PTR, _PTR, _INT, _I64)
_TRUNCATE = ctypes.CFUNCTYPE(_INT, _PTR, _I64)
_SYNC = ctypes.CFUNCTYPE(_INT, _PTR, _INT)
_CLOSE = ctypes.CFUNCTYPE(_INT, _PTR)
_OPEN = ctypes.CFUNCTYPE(_INT, _PTR, _PTR, _PTR, _INT, _PTR)
_DELETE = ctypes.CFUNCTYPE(_INT, _PTR, ctypes.c_char_p, _INT)


class _Methods(ctypes.Structure):
    """sqlite3_io_methods: the members that are listened to, and the rest as it is."""

    _fields_ = [
        ("version", _INT),
        ("close", _PTR),
        ("read", _PTR),
        ("write", _PTR),
        ("truncate", _PTR),
        ("sync", _PTR),
        ("others", _PTR * 13),
    ]


class _Vfs(ctypes.Structure):
    """sqlite3_vfs up to what is listened to."""

    _fields_ = [
        ("version", _INT),
        ("file_size", _INT),
        ("longest_path", _INT),
        ("next", _PTR),
        ("name", ctypes.c_char_p),
        ("data", _PTR),
        ("open", _PTR),
        ("delete", _PTR),
        ("others", _PTR * 16),
    ]


@dataclass(frozen=True)
class Write:
    path: str
    offset: int
    content: bytes


@dataclass(frozen=True)
class Truncate:
    path: str
    size: int


@dataclass(frozen=True)
class Sync:
    path: str


@dataclass(frozen=True)
class Delete:
    path: str


Act = Write | Truncate | Sync | Delete


@dataclass
class Notes:
    """All that SQLite asked the system to do, in order."""

    acts: list[Act] = field(default_factory=list)
    _kept: list[Any] = field(default_factory=list)
    """What C holds on to may not be collected."""


def listen() -> Notes:
    """From now on, for this whole process. OSError where SQLite is no library of its own."""
    library = ctypes.CDLL("libsqlite3.so.0")
    library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    library.sqlite3_vfs_find.argtypes = [ctypes.c_char_p]
    plain = library.sqlite3_vfs_find(b"unix").contents
    notes = Notes()
    ours = _Vfs.from_buffer_copy(plain)
    ours.name = b"listening"
    opens, deletes = _OPEN(plain.open), _DELETE(plain.delete)
    methods: dict[int, _Methods] = {}
    names: dict[int, str] = {}

    @_OPEN
    def opened(vfs: int, name: int, file: int, flags: int, out: int) -> int:
        done = opens(vfs, name, file, flags, out)
        slot = ctypes.cast(file, ctypes.POINTER(_PTR))
        if done == 0 and name and slot[0]:
            names[file] = ctypes.string_at(name).decode()
            theirs = slot[0]
            if theirs not in methods:
                methods[theirs] = _listening(theirs, notes, names)
            slot[0] = ctypes.addressof(methods[theirs])
        return done

    @_DELETE
    def deleted(vfs: int, name: bytes, sync: int) -> int:
        notes.acts.append(Delete(name.decode()))
        return deletes(vfs, name, sync)

    ours.open = ctypes.cast(opened, _PTR)
    ours.delete = ctypes.cast(deleted, _PTR)
    notes._kept += [ours, opened, deleted, methods, library]
    assert library.sqlite3_vfs_register(ctypes.byref(ours), 1) == 0
    return notes


def _listening(theirs: int, notes: Notes, names: dict[int, str]) -> _Methods:
    """Their methods, of which four are noted first."""
    ours = _Methods.from_buffer_copy(_Methods.from_address(theirs))
    writes, truncates, syncs = _WRITE(ours.write), _TRUNCATE(ours.truncate), _SYNC(ours.sync)

    @_WRITE
    def write(file: int, content: int, length: int, offset: int) -> int:
        notes.acts.append(Write(names[file], offset, ctypes.string_at(content, length)))
        return writes(file, content, length, offset)

    @_TRUNCATE
    def truncate(file: int, size: int) -> int:
        notes.acts.append(Truncate(names[file], size))
        return truncates(file, size)

    @_SYNC
    def sync(file: int, flags: int) -> int:
        done = syncs(file, flags)
        notes.acts.append(Sync(names[file]))
        return done

    ours.write = ctypes.cast(write, _PTR)
    ours.truncate = ctypes.cast(truncate, _PTR)
    ours.sync = ctypes.cast(sync, _PTR)
    notes._kept += [write, truncate, sync]
    return ours


# -- after the cut -------------------------------------------------------------------------------

Files = dict[str, bytearray]


def cuts(
    before: Files, acts: Sequence[Act], moments: Iterable[int], rng: random.Random
) -> Iterator[tuple[int, Files]]:
    """For each moment (so many acts were begun) the files as a cut leaves them: of what was not
    synced, any part may be there, torn at sectors and in any order."""
    synced = {path: bytearray(content) for path, content in before.items()}
    waiting: dict[str, list[Act]] = {}
    done = 0
    for moment in sorted(moments):
        for act in acts[done:moment]:
            _take(act, synced, waiting)
        done = moment
        yield moment, _left_by_chance(synced, waiting, rng)


def _take(act: Act, synced: Files, waiting: dict[str, list[Act]]) -> None:
    match act:
        case Sync(path):
            for one in waiting.pop(path, []):
                _apply(one, synced)
        case Delete(path):
            waiting.pop(path, None)
            synced.pop(path, None)
        case _:
            waiting.setdefault(act.path, []).append(act)


def _left_by_chance(synced: Files, waiting: dict[str, list[Act]], rng: random.Random) -> Files:
    files = {path: bytearray(content) for path, content in synced.items()}
    luck = rng.random()
    for pending in waiting.values():
        for act in pending:
            for piece in _pieces(act):
                if rng.random() < luck:
                    _apply(piece, files)
    return files


def _pieces(act: Act) -> Iterator[Act]:
    if not isinstance(act, Write):
        yield act
        return
    for start in range(0, len(act.content), SECTOR):
        yield Write(act.path, act.offset + start, act.content[start : start + SECTOR])


def _apply(act: Act, files: Files) -> None:
    match act:
        case Write(path, offset, content):
            file = files.setdefault(path, bytearray())
            if len(file) < offset:
                file.extend(bytes(offset - len(file)))
            file[offset : offset + len(content)] = content
        case Truncate(path, size):
            del files.setdefault(path, bytearray())[size:]


def laid_out(files: Files, home: Path, folder: Path) -> None:
    """The files of `home` in another folder."""
    for path, content in files.items():
        if Path(path).parent == home:
            (folder / Path(path).name).write_bytes(content)
