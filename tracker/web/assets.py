"""Our own style sheet, script and mark, served under names that change with their content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files

FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    name: str
    body: bytes
    media_type: str


@dataclass(frozen=True)
class Assets:
    """`css`, `js` and `mark` are the names to ask for; an old name is not found, so nothing is
    stale."""

    css: str
    js: str
    mark: str
    by_name: dict[str, Asset]


def load() -> Assets:
    """The sheets of `static/` as one file, in the order of their names."""
    folder = files("tracker.web") / "static"
    sheets = sorted(file.name for file in folder.iterdir() if file.name.endswith(".css"))
    css = "\n".join((folder / name).read_text(encoding="utf-8") for name in sheets)
    made = [
        _named("tracker", css.encode(), "css", "text/css; charset=utf-8"),
        _named("tracker", (folder / "tracker.js").read_bytes(), "js", "text/javascript"),
        _named("mark", (folder / "mark.svg").read_bytes(), "svg", "image/svg+xml"),
    ]
    return Assets(made[0].name, made[1].name, made[2].name, {one.name: one for one in made})


def _named(stem: str, body: bytes, suffix: str, media_type: str) -> Asset:
    return Asset(f"{stem}-{hashlib.sha256(body).hexdigest()[:12]}.{suffix}", body, media_type)
