"""Robots of chat groups: 企业微信, 钉钉, 飞书.

They answer a refusal with HTTP 200, so the code in the answer decides. Each vendor limits how many
messages its robot may send; what would go beyond waits and is merged into the next message, and
nothing is dropped.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from notifiers import message
from notifiers.message import (
    Accepted,
    PermanentFailure,
    TransientFailure,
    UnknownOutcome,
    Way,
    one_line,
)
from notifiers.notes import Note, thawed
from notifiers.posting import Answer, Place, Poster, retry_after

_GATHER_SECONDS = 0.1
"""Notes of one batch come at the same moment; this long the first waits for the others."""

_BETWEEN = "\n\n"
_MOST_WORDS = 200
_GATEWAY_LOST_IT = frozenset({502, 504})
_TOO_MANY = 429
_MANY = "too many"

Body = dict[str, Any]


@dataclass(frozen=True)
class Limit:
    """At most `count` messages in any `seconds`."""

    count: int
    seconds: float


@dataclass(frozen=True)
class Dialect:
    """How one vendor's robot is spoken to. `longest` is in octets of text.

    `limited` codes say too many messages, and the robot is silent for `pause` or as long as it
    says; `busy` ones pass by themselves; `ours` are about address, secret or allow list, and so
    about every message alike. Any other code but 0 is about what the message says. A `mixed` code
    says either that there were too many or that one is wrong: there alone its words decide. A
    `crowded` code says that everybody sends at this minute, full and half hours: what it puts off
    comes again between them.
    """

    way: Way
    longest: int
    code: tuple[str, ...]
    words: tuple[str, ...]
    limited: frozenset[int]
    busy: frozenset[int]
    ours: frozenset[int]
    pause: timedelta
    body: Callable[[str, Sequence[str]], Body]
    signed: Callable[[Body, str, datetime], tuple[Body, dict[str, str]]]
    limits: tuple[Limit, ...] = (Limit(20, 60),)
    mixed: frozenset[int] = frozenset()
    crowded: frozenset[int] = frozenset()


def _wecom_body(text: str, mobiles: Sequence[str]) -> Body:
    content: Body = {"content": text}
    if mobiles:
        content["mentioned_mobile_list"] = list(mobiles)
    return {"msgtype": "text", "text": content}


def _dingtalk_body(text: str, mobiles: Sequence[str]) -> Body:
    at = {"atMobiles": list(mobiles), "isAtAll": False}
    return {"msgtype": "text", "text": {"content": text}, "at": at}


def _feishu_body(text: str, _: Sequence[str]) -> Body:
    # It reads tags in a text: a title must not be able to call everybody.
    return {"msg_type": "text", "content": {"text": text.replace("<", "＜")}}


def _unsigned(body: Body, _: str, __: datetime) -> tuple[Body, dict[str, str]]:
    return body, {}


def _dingtalk_signed(body: Body, secret: str, now: datetime) -> tuple[Body, dict[str, str]]:
    if not secret:  # a robot may be guarded by a keyword or an allow list instead
        return body, {}
    stamp = str(int(now.timestamp() * 1000))
    sign = hmac.digest(secret.encode(), f"{stamp}\n{secret}".encode(), "sha256")
    return body, {"timestamp": stamp, "sign": b64encode(sign).decode()}


def _feishu_signed(body: Body, secret: str, now: datetime) -> tuple[Body, dict[str, str]]:
    if not secret:
        return body, {}
    stamp = str(int(now.timestamp()))
    sign = hmac.digest(f"{stamp}\n{secret}".encode(), b"", "sha256")
    return {"timestamp": stamp, "sign": b64encode(sign).decode(), **body}, {}


# Source: 企业微信开发者中心, 群机器人配置说明 (20 a minute, 2048 octets) and 全局错误码 (the code
# decides, for words may change).
WECOM = Dialect(
    way=message.WECOM,
    longest=2048,
    code=("errcode",),
    words=("errmsg",),
    limited=frozenset({45009, 45033}),
    busy=frozenset({-1}),
    ours=frozenset({40001, 40014, 41001, 93000, 93004, 93008}),
    pause=timedelta(minutes=1),
    body=_wecom_body,
    signed=_unsigned,
)
# Source: 钉钉开放平台, 自定义机器人发送群消息 (20 a minute, else ten minutes of silence) and its
# 错误码; an address whose token is unknown is answered with 300005.
DINGTALK = Dialect(
    way=message.DINGTALK,
    longest=15_000,
    code=("errcode",),
    words=("errmsg",),
    limited=frozenset({130101, 410100, 90030}),
    busy=frozenset({-1}),
    ours=frozenset({300001, 300005, 310000, 400013, 400101, 400102, 400106}),
    pause=timedelta(minutes=10),
    body=_dingtalk_body,
    signed=_dingtalk_signed,
)
# Source: 飞书开放平台, 自定义机器人使用指南 (100 a minute and 5 a second, 20 KB; 11232 also at full
# and half hours, when all of them send; 9499 is a request in the wrong form, and in older answers
# one too many), 服务端错误码说明 and 频控策略 (429, in older interfaces 400, with 99991400).
FEISHU = Dialect(
    way=message.FEISHU,
    longest=15_000,
    code=("code", "StatusCode"),
    words=("msg", "StatusMessage"),
    limited=frozenset({11232, 11233, 99991400}),
    busy=frozenset({1500, 10000, 55001}),
    ours=frozenset({19001, 19021, 19022, 19024}),
    pause=timedelta(minutes=1),
    body=_feishu_body,
    signed=_feishu_signed,
    limits=(Limit(5, 1), Limit(100, 60)),
    mixed=frozenset({9499}),
    crowded=frozenset({11232}),
)
DIALECTS = {one.way.name: one for one in (WECOM, DINGTALK, FEISHU)}


@dataclass
class _Waiting:
    note: Note
    answer: asyncio.Future[Accepted]
    alone: bool = False

    def settle(self, outcome: Accepted | BaseException) -> None:
        if self.answer.done():  # whoever asked is gone
            return
        if isinstance(outcome, Accepted):
            self.answer.set_result(outcome)
        else:
            self.answer.set_exception(outcome)


class RobotChannel:
    """One robot of one group. Belongs to one event loop; `limits` in place of the vendor's own."""

    def __init__(
        self,
        dialect: Dialect,
        place: Place,
        now: Callable[[], datetime],
        *,
        secret: str = "",
        limits: tuple[Limit, ...] = (),
    ) -> None:
        self.name, self.way = dialect.way.name, dialect.way
        self._dialect, self._secret, self._now = dialect, secret, now
        self._poster = Poster(place)
        self._turns = _Turns(limits or dialect.limits)
        self._waiting: deque[_Waiting] = deque()
        self._work: asyncio.Task[None] | None = None
        self._silent_until = 0.0

    async def send_raw(self, raw: bytes, *, sender: str, to: str, message_id: str) -> Accepted:
        one = _Waiting(thawed(raw), asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._serve())
        return await one.answer

    async def close(self) -> None:
        if self._work is not None:
            await self._work
        self._work = None
        await self._poster.close()

    # -- one message after the other -----------------------------------------------------------

    async def _serve(self) -> None:
        try:
            await asyncio.sleep(_GATHER_SECONDS)
            while self._waiting:
                await self._turns.wait()
                batch = self._together()
                outcome = await self._outcome(batch)
                self._turns.note()
                self._settle(batch, outcome)
        finally:  # nobody waits for an answer that will not come
            while self._waiting:
                self._waiting.popleft().settle(TransientFailure(f"{self.name}: stopped"))

    async def _outcome(self, batch: Sequence[_Waiting]) -> Accepted | Exception:
        try:
            return await self._sent(batch)
        except asyncio.CancelledError:
            self._settle(batch, UnknownOutcome(f"{self.name}: stopped while sending"))
            raise
        except Exception as failure:  # noqa: BLE001  whoever asked is told, the others go on
            return failure

    def _together(self) -> list[_Waiting]:
        """The first that waits, and those after it that fit into the same message."""
        batch = [self._waiting.popleft()]
        room = self._dialect.longest - len(self._text(batch).encode())
        while self._waiting and not batch[0].alone and not self._waiting[0].alone:
            room -= len((_BETWEEN + self._one(self._waiting[0].note)).encode())
            if room < 0:
                break
            batch.append(self._waiting.popleft())
        return batch

    def _settle(self, batch: Sequence[_Waiting], outcome: Accepted | Exception) -> None:
        """What a merged message is refused for may be in one of its notes: each goes alone then."""
        if isinstance(outcome, PermanentFailure) and len(batch) > 1:
            for one in reversed(batch):
                one.alone = True
                self._waiting.appendleft(one)
            return
        for one in batch:
            one.settle(outcome)

    async def _sent(self, batch: Sequence[_Waiting]) -> Accepted:
        rest = self._silent_until - asyncio.get_running_loop().time()
        if rest > 0:
            text = f"{self.name}: told to send less, silent for {rest:.0f} s more"
            raise TransientFailure(text, timedelta(seconds=rest))
        mobiles = [one.note.mobile for one in batch if one.note.mobile]
        body = self._dialect.body(self._text(batch), list(dict.fromkeys(mobiles)))
        body, query = self._dialect.signed(body, self._secret, self._now())
        content = json.dumps(body, ensure_ascii=False).encode()
        answer = await self._poster.post(content, query=query)
        return Accepted(self.name, self._verdict(answer, len(batch)))

    def _text(self, batch: Sequence[_Waiting]) -> str:
        return _BETWEEN.join([self._one(one.note) for one in batch])

    def _one(self, note: Note) -> str:
        return fitted(f"{note.subject}\n{note.text.strip()}", note.rest, self._dialect.longest)

    # -- what the answer means -----------------------------------------------------------------

    def _verdict(self, answer: Answer, count: int) -> str:
        """The vendor's words as proof; raises what they mean where they are no acceptance."""
        dialect, place = self._dialect, self._poster.place
        told = _object(answer.body)
        code = next((told[name] for name in dialect.code if isinstance(told.get(name), int)), None)
        words = next((str(told[name]) for name in dialect.words if told.get(name)), "")
        said = one_line(f"{answer.status} {'' if code is None else code} {words}")[:_MOST_WORDS]
        text = f"{place.server}: {said}"
        many = code in dialect.mixed and _MANY in words.lower()
        if answer.status == _TOO_MANY or code in dialect.limited or many:
            asked = retry_after(answer, self._now())
            pause = asked or dialect.pause
            self._silent_until = asyncio.get_running_loop().time() + pause.total_seconds()
            if asked is None and code in dialect.crowded:
                pause = _between_half_hours(self._now())
            raise TransientFailure(f"{text} (too many messages)", pause)
        if answer.status in _GATEWAY_LOST_IT or (answer.status == 200 and code is None):
            raise UnknownOutcome(f"{text} is no answer of the robot")
        if answer.status >= 500 or code in dialect.busy:
            raise TransientFailure(text)
        if code is None or code in dialect.ours:
            raise TransientFailure(f"{text}; see setting {place.setting} and its secret")
        if code:
            raise PermanentFailure(text)
        return f"{said} ({count} in one)" if count > 1 else said


_HALF_HOUR = 1800


def _between_half_hours(now: datetime) -> timedelta:
    """At least half an hour on, which is how long mails wait, and five to twenty-five minutes past
    a full or half hour; which, chance decides, so that not all who were refused come together."""
    nearest = now.timestamp() + _HALF_HOUR - 300
    following = -(-nearest // _HALF_HOUR) * _HALF_HOUR
    return timedelta(seconds=following + 300 + secrets.randbelow(1200) - now.timestamp())


@dataclass
class _Turns:
    """When the next message may go, by limits on how many do."""

    limits: tuple[Limit, ...]
    _gone: deque[float] = field(default_factory=deque)

    async def wait(self) -> None:
        await asyncio.sleep(max(0.0, self._pause(asyncio.get_running_loop().time())))

    def note(self) -> None:
        """A message has gone: counted from its answer, for the vendor counts from its arrival."""
        self._gone.append(asyncio.get_running_loop().time())
        while len(self._gone) > max(limit.count for limit in self.limits):
            self._gone.popleft()

    def _pause(self, now: float) -> float:
        full = [
            self._gone[-limit.count] + limit.seconds - now
            for limit in self.limits
            if len(self._gone) >= limit.count
        ]
        return max(full, default=0.0)


def fitted(text: str, rest: str, longest: int) -> str:
    """As many whole lines as have room, `rest` in place of the others; a first line that alone is
    too long is cut."""
    if len(text.encode()) <= longest:
        return text
    room = longest - len(f"\n{rest}".encode())
    kept = text.encode()[:room].decode(errors="ignore")
    whole = kept.rpartition("\n")[0] or kept
    return f"{whole}\n{rest}"


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
