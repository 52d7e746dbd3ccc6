"""Names that others give to files (D5): stored under our own, and told as RFC 6266 says."""

from __future__ import annotations

import io
import re
import unicodedata
from email.message import Message
from pathlib import Path

from tests.files import JPEG
from tracker.web.evidence import disposition, keep, shown_name
from tracker.web.intake import Upload

ENDS = (".jpg", ".JPG", ".png.jpg")
BEGUN = (
    "../../etc/passwd", "..\\..\\windows\\system32\\a", "/etc/shadow", "C:\\boot", "a/../../b",
    "\0a", "CON", "nul", "LPT1", "a\r\nSet-Cookie: x=1", "a\nb", "a\tb", "\u202egpj",
    "\u2066a\u2069", "a\u200bb", "a\u2028b", "整" * 300, 'a"; filename="b', "a;b=c", "%2e%2e%2f",
)  # fmt: skip
NAMES = [begun + end for begun in BEGUN for end in ENDS]


def test_sixty_hostile_names_lead_nowhere(tmp_path: Path) -> None:
    assert len(set(NAMES)) == 60
    folder = tmp_path / "data" / "evidence"
    for n, name in enumerate(NAMES):
        content = JPEG + bytes([n])
        [kept] = keep(folder, [Upload(name, io.BytesIO(content))])
        assert not re.search(r'[\\/\r\n\t"\0]', kept.name.replace('"', "")), name
        assert {unicodedata.category(c)[0] for c in kept.name} & {"C"} == set(), name
        assert 0 < len(kept.name) <= 120, name
    files = [one.relative_to(tmp_path) for one in tmp_path.rglob("*") if one.is_file()]
    assert len(files) == 60
    assert all(re.fullmatch(r"data/evidence/[0-9a-f]{2}/[0-9a-f]{64}", str(one)) for one in files)
    print(f"\nFIGURE {len(NAMES)} hostile names: {len(files)} files in the store, 0 elsewhere")


def test_each_of_them_is_told_as_the_name_that_is_shown() -> None:
    for name in NAMES:
        shown = shown_name(name)
        told = disposition(shown)
        assert told.isascii()
        assert told.isprintable()
        plain, _, real = told.partition("; filename*=")
        assert re.fullmatch(r'attachment; filename="[^"\\%;]*"', plain), told
        message = Message()
        message["content-disposition"] = f"attachment; filename*={real}"
        assert message.get_content_disposition() == "attachment"
        assert message.get_filename() == shown
