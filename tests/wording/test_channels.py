"""What a channel needs beside its class in `notifiers`."""

from __future__ import annotations

import pytest

from notifiers.message import MAIL, WAYS
from tracker.settings import Settings
from tracker.wording import LANGUAGES, Language, catalogue


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", WAYS)
def test_a_channel_has_a_name_and_stands_in_the_hint_of_a_policy(
    channel: str, language: Language
) -> None:
    words = catalogue(language)
    assert words[f"channel.{channel}"]
    assert channel in words["policy.note_channels"].split(", ")


@pytest.mark.parametrize("channel", [name for name in WAYS if name != MAIL])
def test_a_channel_has_a_setting_for_its_address(channel: str) -> None:
    assert f"{channel}_url" in Settings.model_fields
