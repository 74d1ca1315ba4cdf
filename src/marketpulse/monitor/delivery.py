"""Telling people: one message to every configured Apprise address (mail, Slack, Teams, webhook and a hundred more)."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import SecretStr

logger = logging.getLogger(__name__)

_KINDS = {"info": "info", "warning": "warning", "critical": "failure", "resolved": "success"}


@dataclass(frozen=True, slots=True)
class Message:
    """What is told. `kind` is a severity, or `resolved`."""

    title: str
    body: str
    kind: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one channel took it. `channel` is the address without its secrets."""

    channel: str
    delivered: bool
    error: str | None = None


def deliver(message: Message, urls: Sequence[SecretStr]) -> tuple[Delivery, ...]:
    """Tries every address once, and goes on after a refusal. Blocks for seconds a channel at most; never raises."""
    return tuple(_deliver(message, url.get_secret_value()) for url in urls)


def _deliver(message: Message, url: str) -> Delivery:
    # Imported late: it takes half a second, and the health check, every minute, mostly has nothing to tell.
    import apprise

    # One object a channel: Apprise's own fan-out says only whether all of them took it.
    channel = url.partition(":")[0] + "://"
    try:
        target = apprise.Apprise.instantiate(url)
        if target is None:
            return Delivery(channel, delivered=False, error="not an address that Apprise understands")
        # Masked by Apprise, but for what a person put into the query.
        channel = target.url(privacy=True).partition("?")[0]
        with apprise.LogCapture(level=logging.WARNING) as log:
            taken = target.notify(title=message.title, body=message.body, notify_type=_KINDS[message.kind])
            reason = log.getvalue().strip()
    except Exception as error:
        logger.exception("%s failed while taking an alert", channel)
        return Delivery(channel, delivered=False, error=type(error).__name__)
    if taken:
        return Delivery(channel, delivered=True)
    return Delivery(channel, delivered=False, error=_one_line(reason) or "the channel refused the message")


def _one_line(text: str) -> str:
    return " ".join(text.split())[:500]
