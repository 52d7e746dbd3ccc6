"""A signed POST for each note to a system of the office's own: a gateway for short messages, an OA.

Signed as standardwebhooks.com describes, so that receivers can use a library that exists: the
header `webhook-signature` is `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`. The id
is the same at every attempt: a receiver that knows it already answers 200 and does nothing.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime

from notifiers.message import (
    WEBHOOK,
    Accepted,
    DeliveryError,
    PermanentFailure,
    TransientFailure,
    UnknownOutcome,
    one_line,
)
from notifiers.posting import Answer, Place, Poster, retry_after

_BUSY = frozenset({408, 425, 429, 500, 503, 507})
_BETWEEN_US = frozenset({502, 504})  # a gateway that lost the answer: the note may have arrived
_ABOUT_THE_NOTE = frozenset({400, 409, 413, 415, 422})
_MOST_WORDS = 200


class WebhookChannel:
    """`now` dates the signature: receivers refuse one that is older than a few minutes."""

    way = WEBHOOK
    name = way.name

    def __init__(self, place: Place, secret: str | bytes, now: Callable[[], datetime]) -> None:
        if not secret:
            raise ValueError(f"{place.setting} needs webhook_secret: nothing is sent unsigned")
        self._poster = Poster(place)
        self._secret = secret.encode() if isinstance(secret, str) else secret
        self._now = now

    async def send_raw(self, raw: bytes, *, sender: str, to: str, message_id: str) -> Accepted:
        stamp = str(int(self._now().timestamp()))
        answer = await self._poster.post(
            raw,
            headers={
                "webhook-id": message_id,
                "webhook-timestamp": stamp,
                "webhook-signature": signature(self._secret, message_id, stamp, raw),
            },
        )
        if 200 <= answer.status < 300:
            return Accepted(self.name, _words(answer))
        raise self._refusal(answer)

    async def close(self) -> None:
        await self._poster.close()

    def _refusal(self, answer: Answer) -> DeliveryError:
        place = self._poster.place
        text = f"{place.server}: {_words(answer)}"
        if answer.status in _BETWEEN_US:
            return UnknownOutcome(text)
        if answer.status in _BUSY:
            return TransientFailure(text, retry_after(answer, self._now()))
        if answer.status in _ABOUT_THE_NOTE:
            return PermanentFailure(text)
        # A moved address, a login or a signature concerns every note alike.
        return TransientFailure(f"{text}; see settings {place.setting} and webhook_secret")


def signature(secret: bytes, id_: str, stamp: str, body: bytes) -> str:
    signed = b".".join([id_.encode(), stamp.encode(), body])
    return f"v1,{b64encode(hmac.digest(secret, signed, 'sha256')).decode()}"


def _words(answer: Answer) -> str:
    said = one_line(answer.body.decode(errors="replace"))[:_MOST_WORDS]
    return f"{answer.status} {said}".strip()
