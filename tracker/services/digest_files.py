"""The weekly page as files: mail text, HTML that stands alone, PDF, JSON."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment

from tracker.exports.jsonform import json_bytes
from tracker.exports.pdf import pdf_bytes
from tracker.services import digest_picture, digest_words
from tracker.services.digest import Digest
from tracker.wording import Language

KINDS = ("txt", "html", "pdf", "json")

ON_THE_SHEET = 10
"""How many units the first sheet has room for, below five lines and the picture."""


def content(environment: Environment, language: Language, digest: Digest, kind: str) -> bytes:
    """As a file of one of `KINDS`."""
    match kind:
        case "json":
            return json_bytes(Digest, digest)
        case "pdf":
            return pdf(environment, language, digest)
        case "txt":
            letter = digest_words.render_digest(environment, language, digest)
            return f"{letter.subject}\n\n{letter.text}".encode()
        case "html":
            picture = digest_picture.data_uri(environment, digest, language)
            alt = digest_picture.alt(digest, language)
            return digest_words.render_digest(
                environment, language, digest, picture=picture, alt=alt
            ).html.encode()
        case other:
            raise ValueError(f"no such kind of file: {other}")


def pdf(environment: Environment, language: Language, digest: Digest) -> bytes:
    """On A4, with the picture as lines and not as pixels. Verdict, lines, picture and units are
    the first sheet."""
    values = digest_words.values_of(digest, language, units=ON_THE_SHEET)
    values |= {
        "svg": digest_picture.svg(environment, digest, language) if digest.picture else "",
        "alt": digest_picture.alt(digest, language),
        "zone": digest.zone,
    }
    return pdf_bytes("digest", plain(values), made_at=digest.as_of)


def plain(value: Any) -> Any:
    """Rows with names become objects, so that a template asks for a cell by its name."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: plain(one) for name, one in value._asdict().items()}
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value
