"""Remove all data of a stopped stack: its state folder, and what a root user's Postgres keeps outside it."""

import shutil

from marketpulse.local.layout import Layout
from marketpulse.local.postgres import discard_outside


def discard() -> None:
    """The next start begins with an empty database and new passwords."""
    state = Layout.current().state
    discard_outside(state, keep=None)
    if state.exists():
        shutil.rmtree(state)


if __name__ == "__main__":
    discard()
