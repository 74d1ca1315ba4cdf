"""A real SMTP server for tests that expect mail."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from tests.database import free_port


@dataclass
class Mailbox:
    """What arrived, oldest first, and the Apprise address that sends there."""

    url: str
    mails: list[EmailMessage] = field(default_factory=list)

    def subjects(self) -> list[str]:
        return [mail["Subject"] for mail in self.mails]

    def texts(self) -> list[str]:
        texts = []
        for mail in self.mails:
            body = mail.get_body(("plain", "html"))
            assert body is not None
            texts.append(body.get_content())
        return texts


@contextmanager
def mailbox_server() -> Iterator[Mailbox]:
    """An SMTP server on a free port of the loopback address."""
    port = free_port()
    mailbox = Mailbox(f"mailto://127.0.0.1:{port}/?from=pulse@example.org&to=desk@example.org&mode=insecure")

    class Keeper:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            mail = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            mailbox.mails.append(mail)
            return "250 kept"

    controller = Controller(Keeper(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
