"""What a form brings: read as it comes, within limits, and only from a page of ours."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, BinaryIO
from urllib.parse import parse_qsl

from pydantic import Field
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from tracker.domain.errors import TrackerError
from tracker.web.access import Forbidden, Gate

FILE_LIMIT = 10 * 1024 * 1024
FILES = 10
FIELDS = 32
"""Of a form with files; the longest of ours has fewer than ten."""
FIELDS_LIMIT = 256 * 1024
WHOLE_LIMIT = FILES * FILE_LIMIT + FIELDS_LIMIT
UNSEEN = ("Cc", "Cs")
MOST_NUMBER = 2**31 - 1
Number = Annotated[int, Field(ge=1, le=MOST_NUMBER)]
"""Of a row: what is larger no database takes."""


class TooLarge(TrackerError):
    """A file or the whole form is above its limit."""


class Unclear(TrackerError):
    """The request does not say what it has to; the text names what is missing."""


@dataclass(frozen=True)
class Upload:
    """`name` is what the sender calls the file: shown, never used as a path."""

    name: str
    file: BinaryIO


@dataclass(frozen=True)
class Form:
    fields: dict[str, str]
    uploads: tuple[Upload, ...] = ()
    wrong: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, *, most: int = 2000) -> str:
        """A field without control characters, which no database has to hold."""
        given = self.fields.get(name, "").replace("\r\n", "\n")
        kept = "".join(c for c in given if c == "\n" or unicodedata.category(c) not in UNSEEN)
        return kept.strip()[:most]


def number_in(form: Form, name: str) -> int:
    """A field that a page of ours filled with a number; Unclear for anything else."""
    given = form.text(name, most=12)
    if not given.isascii() or not given.isdigit() or int(given) > MOST_NUMBER:
        raise Unclear("form")
    return int(given)


async def received(request: Request) -> AsyncIterator[Form]:
    """The form of this request, its files open until it is answered. TooLarge, Unclear, or
    Forbidden for one that is not ours."""
    async with reading(request) as form:
        yield form


async def typed(request: Request) -> AsyncIterator[Form]:
    """The same without files: of somebody who has not said who they are nothing lies on a disk."""
    async with reading(request, most=FIELDS_LIMIT) as form:
        yield form


@asynccontextmanager
async def reading(request: Request, *, most: int = WHOLE_LIMIT) -> AsyncIterator[Form]:
    """The same for a form of at most so many bytes, read when this is entered."""
    form = await _read(request, most)
    try:
        yield form
    finally:
        for upload in form.uploads:
            upload.file.close()


async def _read(request: Request, most: int) -> Form:
    gate: Gate = request.app.state.web.gate
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > most:
        raise TooLarge
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    form = await (_multipart(request, most) if kind == "multipart/form-data" else _plain(request))
    try:
        gate.check_form(request, form.fields.get("token", ""))
    except Forbidden:
        for upload in form.uploads:
            upload.file.close()
        raise
    return form


async def _plain(request: Request) -> Form:
    body = bytearray()  # bytes would be copied whole for each piece of a body in small ones
    async for chunk in request.stream():
        body += chunk
        if len(body) > FIELDS_LIMIT:
            raise TooLarge
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=200)
    except ValueError as mistake:
        raise Unclear("form") from mistake
    return Form(dict(pairs))


async def _multipart(request: Request, most: int) -> Form:
    parser = _Parser(request.headers, _within(request.stream(), most))
    try:
        parsed = await parser.parse()
    except (MultiPartException, UnicodeError) as mistake:
        raise Unclear("form") from mistake
    if not parser.whole:  # a form that was cut off is none, though all its first parts are there
        parser.let_go()
        raise Unclear("form")
    fields: dict[str, str] = {}
    uploads: list[Upload] = []
    for name, value in parsed.multi_items():
        if isinstance(value, UploadFile):
            if value.filename:
                uploads.append(Upload(value.filename, value.file))
            else:
                value.file.close()
        else:
            fields[name] = value
    return Form(fields, tuple(uploads))


async def _within(stream: AsyncGenerator[bytes, None], most: int) -> AsyncGenerator[bytes, None]:
    seen = 0
    async for chunk in stream:
        seen += len(chunk)
        if seen > most:
            raise TooLarge
        yield chunk


class _Parser(MultiPartParser):
    """Starlette's, with a limit for each file: it counts as it reads, not afterwards."""

    spool_max_size = 256 * 1024

    def __init__(self, headers: Headers, stream: AsyncGenerator[bytes, None]) -> None:
        super().__init__(headers, stream, max_files=FILES, max_fields=FIELDS,
                         max_part_size=FIELDS_LIMIT)  # fmt: skip
        self._size = 0
        self.whole = False

    def on_end(self) -> None:
        super().on_end()
        self.whole = True

    def let_go(self) -> None:
        """Close what was begun; Starlette does so where reading fails."""
        for file in self._files_to_close_on_error:
            file.close()

    def on_part_begin(self) -> None:
        super().on_part_begin()
        self._size = 0

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        if self._current_part.file is not None and self._size > FILE_LIMIT:
            raise TooLarge
        super().on_part_data(data, start, end)
