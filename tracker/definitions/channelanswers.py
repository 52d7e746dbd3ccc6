"""What `tracker channel` and `tracker feed` print with `--json`."""

from __future__ import annotations

from pydantic import Field

from tracker.definitions.answers import Answer


class ChannelAnswer(Answer):
    name: str
    order: int = Field(description="Its place among those that are tried, from 1; 0: not in use.")
    public: bool = Field(description="Read by a whole group.")
    lacks: list[str] = Field(description="Settings that it would need.")


class ChannelsAnswer(Answer):
    channels: list[ChannelAnswer]


class ChannelTestAnswer(Answer):
    channel: str
    by: str = Field(description="What the channel is made of: smtp, folder, or its own name.")
    reply: str = Field(description="The words of acceptance.")


class FeedAnswer(Answer):
    id: int
    programme: str
    who: str = Field(description="The person's name, or the unit's.")
    unit: str = Field(description="Empty for a person's.")
    address: str = Field(description="Secret: whoever has it can read the feed.")


class FeedsAnswer(Answer):
    feeds: list[FeedAnswer]
