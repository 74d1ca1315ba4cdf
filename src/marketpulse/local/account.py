"""Which account the servers run under. Postgres refuses to run as root, so a root user lends it another account."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from marketpulse.errors import OperatorError

CANDIDATES = ("nobody", "daemon")


@dataclass(frozen=True, slots=True)
class Account:
    """An account without privileges that a root process may switch to."""

    name: str
    uid: int
    gid: int


def service_account(*, effective_uid: int | None = None) -> Account | None:
    """The account for a server that refuses root: None when we are not root, so that it runs as ourselves."""
    uid = os.geteuid() if effective_uid is None else effective_uid
    if uid != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise OperatorError(
        f"PostgreSQL does not run as root and there is no account named {' or '.join(CANDIDATES)}: "
        "start MarketPulse as an ordinary user"
    )


def can_reach(path: Path, account: Account | None) -> bool:
    """Whether the account may enter every folder above `path` (and `path` itself when it is a folder)."""
    if account is None:
        return True
    existing = path.resolve()
    while not existing.exists():
        existing = existing.parent
    folders = [*existing.parents, *([existing] if existing.is_dir() else [])]
    return all(_may_enter(folder, account) for folder in folders)


def _may_enter(folder: Path, account: Account) -> bool:
    status = folder.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
