"""When a session is read once more as a whole: one answer for the producer, the rollups and the monitor."""

from datetime import timedelta

from marketpulse.providers.registry import provider, provider_names
from marketpulse.settings import Settings


def sweep_wait(settings: Settings, *, provider_name: str | None = None, feed: str | None = None) -> timedelta:
    """Market time from a session's end to its sweep: the setting, and on top of it what the feed holds back.

    Of the settings' provider and feed unless others are named. A provider that is not known (any more) holds back
    nothing: who asks about stored days has to get an answer.
    """
    name = provider_name or settings.provider
    delay_s = provider(name).delay_s(feed or settings.feed) if name in provider_names() else 0
    return timedelta(minutes=settings.sweep_delay_min, seconds=delay_s)
