"""Passwords: argon2id, a few at a time, and as slow for a name that nobody has."""

from __future__ import annotations

import secrets
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from argon2.profiles import RFC_9106_LOW_MEMORY

from tracker.domain.errors import Refused

SHORTEST, LONGEST = 12, 256
FEWEST_CHARACTERS = 5

_HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
_AT_ONCE = BoundedSemaphore(2)
"""Each takes 64 MB and a few cores for a tenth of a second: a crowd waits, the pages do not."""


def check(password: str, *told: str) -> None:
    """Refused for one that is easily guessed; `told` is what others know of the person."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Refused(
            f"密码至少 {SHORTEST} 个字符，一句话最好记 / a password has at least {SHORTEST} "
            "characters; a sentence is easy to remember"
        )
    plain = password.casefold()
    known = any(len(one) > 2 and one.casefold() in plain for one in told)
    if known or len(set(plain)) < FEWEST_CHARACTERS:
        raise Refused(
            "密码太容易猜：不要含姓名或登录名，不要只用几个字符 / too easily guessed: leave out "
            "your name and login, and use more than a few characters"
        )


def hashed(password: str) -> str:
    with _AT_ONCE:
        return _HASHER.hash(password)


def matches(stored: str, password: str) -> bool:
    """Takes as long where nothing is stored, so that nobody learns which names exist."""
    with _AT_ONCE:
        try:
            _HASHER.verify(stored or nobody(), password)
        except (VerifyMismatchError, InvalidHashError):
            return False
    return bool(stored)


def outdated(stored: str) -> bool:
    return _HASHER.check_needs_rehash(stored)


@cache
def nobody() -> str:
    """The hash of a password that nobody knows."""
    return _HASHER.hash(secrets.token_urlsafe(32))


def invented() -> str:
    """One to hand to somebody, who changes it when they first sign in."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))
