"""What a file is by its content, held against the ending of its name.

Taken are the kinds that offices prove things with, each looked into as far as that goes: what is
taken for a document has to be one, has no macros, and a .zip has no programs in it. Packed files
whose list of contents cannot be seen (.rar, .7z) and everything else are refused. Nothing is ever
unpacked or opened here, and a file is only ever given back as an attachment.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePosixPath
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile

import puremagic

HEAD = 16 * 1024
TEXT_HEAD = 256 * 1024
MOST_MEMBERS = 10_000


class Fault(StrEnum):
    """Why a file is not taken; each has its sentence."""

    UNKNOWN = "kind_unknown"
    PACKED = "kind_packed"
    MISMATCH = "kind_mismatch"
    LOCKED = "kind_locked"
    MACRO = "kind_macro"
    PROGRAM = "kind_program"


SEEN: dict[str, frozenset[str]] = {
    **dict.fromkeys(("jpg", "jpeg", "jfif"), frozenset({"jpg"})),
    **dict.fromkeys(("heic", "heif"), frozenset({"heic", "heif"})),
    **dict.fromkeys(("tif", "tiff"), frozenset({"tif", "tiff"})),
    **dict.fromkeys(("mp4", "m4v", "mov", "3gp"),
                    frozenset({"mp4", "m4v", "mov", "3gp", "3g2", "3ga"})),
    **{one: frozenset({one}) for one in ("png", "gif", "bmp", "webp", "pdf", "wav", "amr")},
    "mp3": frozenset({"mp3", "mpga"}), "m4a": frozenset({"m4a", "mp4"}),
}  # fmt: skip
"""What the library may call a file with that ending: of the rest the name alone would speak."""
OLE = ("doc", "xls", "ppt", "wps", "et", "dps")
ZIPPED = {"docx": "word/", "xlsx": "xl/", "pptx": "ppt/", "ofd": "OFD.xml", "odt": "mimetype",
          "ods": "mimetype", "odp": "mimetype", "zip": ""}  # fmt: skip
"""What has to be inside."""
TEXTS = ("txt", "csv")
MACROS = ("docm", "dotm", "xlsm", "xltm", "xlam", "xlsb", "pptm", "potm", "ppam", "ppsm")
PACKED = ("rar", "7z", "gz", "tar", "tgz", "bz2", "xz", "iso")
PROGRAMS = frozenset(
    {"exe", "com", "scr", "bat", "cmd", "ps1", "vbs", "vbe", "js", "jse", "wsf", "hta", "msi",
     "dll", "jar", "lnk", "reg", "cpl", "pif", "apk", "sh"}
)  # fmt: skip
TAKEN = (*SEEN, *OLE, *ZIPPED, *TEXTS)

_OLE_MARK = bytes.fromhex("d0cf11e0a1b11ae1")
_OLE_MACROS = "_VBA_PROJECT".encode("utf-16-le")
_OLE_LOCKED = "EncryptedPackage".encode("utf-16-le")
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")


def fault(name: str, file: BinaryIO) -> Fault | None:
    """Why a file of that name is not what it says, or is nothing that is taken."""
    ending = PurePosixPath(name.strip()).suffix.lower().removeprefix(".")
    if ending in MACROS:
        return Fault.MACRO
    if ending in PACKED:
        return Fault.PACKED
    if ending not in TAKEN:
        return Fault.UNKNOWN
    file.seek(0)
    try:
        if ending in ZIPPED:
            return _zipped(file, ending)
        if ending in OLE:
            return _ole(file.read())
        if ending in TEXTS:
            return None if _is_text(file.read(TEXT_HEAD)) else Fault.MISMATCH
        return None if SEEN[ending] & _called(file.read(HEAD)) else Fault.MISMATCH
    finally:
        file.seek(0)


def _called(head: bytes) -> set[str]:
    """By what endings the library knows such a content."""
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF:  # telephones write more of them than it knows
        return {"heif"}
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return set()
    return {one.extension.removeprefix(".") for one in found if one.confidence >= _LEAST}


_LEAST = 0.2
"""Two bytes that agree, as of a .bmp; a longer mark counts for more."""


def _zipped(file: BinaryIO, ending: str) -> Fault | None:
    if file.read(len(_OLE_MARK)) == _OLE_MARK:
        rest = file.read()
        return Fault.LOCKED if _OLE_LOCKED in rest else Fault.MISMATCH
    try:
        with ZipFile(file) as packed:
            names = packed.namelist()
    except (BadZipFile, ValueError, NotImplementedError, OSError):
        return Fault.MISMATCH
    if len(names) > MOST_MEMBERS or not any(one.startswith(ZIPPED[ending]) for one in names):
        return Fault.MISMATCH
    if ending != "zip" and any(one.lower().endswith("vbaproject.bin") for one in names):
        return Fault.MACRO
    inside = {PurePosixPath(one).suffix.lower().removeprefix(".") for one in names}
    return Fault.PROGRAM if ending == "zip" and inside & PROGRAMS else None


def _ole(content: bytes) -> Fault | None:
    if not content.startswith(_OLE_MARK):
        return Fault.MISMATCH
    if _OLE_LOCKED in content:
        return Fault.LOCKED
    return Fault.MACRO if _OLE_MACROS in content else None


def _is_text(head: bytes) -> bool:
    """UTF-8, GB 18030, or UTF-16 that says so; without control characters."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        written = head[: len(head) - len(head) % 2].decode("utf-16", "replace")
        return "\0" not in written
    if any(byte < 32 and byte not in b"\t\n\r\f" for byte in head) or 127 in head:
        return False
    return any(_reads(head, coding) for coding in ("utf-8", "gb18030"))


def _reads(head: bytes, coding: str) -> bool:
    """A character that the cut at the end took apart does not count."""
    try:
        head.decode(coding)
    except UnicodeDecodeError as mistake:
        return len(head) == TEXT_HEAD and mistake.start > len(head) - 4
    return True
