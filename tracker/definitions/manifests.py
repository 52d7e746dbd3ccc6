"""What a backup and an export say of themselves, so that what comes out can be compared."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Chain(BaseModel):
    """The end of a programme's trail; `sound` where it was what had been sealed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int
    head: str
    unsealed: int
    sound: bool = True


class Manifest(BaseModel):
    """`tables` are rows by table, `chains` the trails by programme, `sha256` that of the copy of
    the database where there is one; `made_at` is the instant whose state it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["backup", "export"]
    form: Literal[1] = 1
    version: str
    revision: str
    database: Literal["sqlite", "postgresql"]
    made_at: datetime
    tables: dict[str, int]
    chains: dict[str, Chain]
    sha256: str = ""
    files: int = 0

    @property
    def sound(self) -> bool:
        return all(one.sound for one in self.chains.values())
