"""Small files that are what they say, and some that are not."""

from __future__ import annotations

import io
import zipfile

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01" + bytes(64) + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(32)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(1024)


def ftyp(brand: bytes) -> bytes:
    """The head of a telephone's photo or film."""
    return b"\x00\x00\x00\x18ftyp" + brand + bytes(64)


def packed(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        for name in names:
            file.writestr(zipfile.ZipInfo(name), "x")
    return held.getvalue()


DOCX = packed("[Content_Types].xml", "word/document.xml")
