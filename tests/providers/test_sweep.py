"""When a session is swept, for whoever asks."""

from datetime import timedelta

import pytest

from marketpulse.providers.sweep import sweep_wait
from marketpulse.settings import Settings


@pytest.mark.parametrize(
    ("provider_name", "feed", "minutes"),
    [
        (None, None, 35),
        ("alpaca", "iex", 20),
        ("alpaca", "delayed_sip", 35),
        ("alpaca", "unheard_of", 20),
        # A stored day of a provider that is gone.
        ("replay", "replay", 20),
    ],
)
def test_the_feed_s_delay_comes_on_top(provider_name: str | None, feed: str | None, minutes: int) -> None:
    settings = Settings(feed="delayed_sip", sweep_delay_min=20)
    assert sweep_wait(settings, provider_name=provider_name, feed=feed) == timedelta(minutes=minutes)


def test_half_minutes_count() -> None:
    assert sweep_wait(Settings(feed="iex", sweep_delay_min=0.5)) == timedelta(seconds=30)
