"""Leases: one holder per name, timed by the database's clock, recognised by a token.

A lease that has expired cannot be renewed, not even when nobody else has taken it: its holder may have been frozen,
and must find out. `fence` inside a transaction makes that transaction fail unless the lease is still held when it
commits, because it keeps the lease's row locked until then.
"""

import os
import socket
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg

from marketpulse.errors import FencedError, LeaseHeldError
from marketpulse.resources import read_sql


@dataclass(frozen=True, slots=True)
class Lease:
    """A held lease. `holder` is text for people, `host:pid:producer_id`; only the token decides."""

    name: str
    holder: str
    token: UUID
    ttl_s: float


def holder_text(instance: str) -> str:
    """The holder text of this process: `host:pid:instance`."""
    return f"{socket.gethostname()}:{os.getpid()}:{instance}"


def acquire(connection: psycopg.Connection, name: str, holder: str, ttl_s: float) -> Lease:
    """Takes the lease and commits. Raises LeaseHeldError that names the holder while another one has it.

    The lease of a process of this machine that no longer exists is taken at once, without waiting for its expiry.
    """
    token = uuid4()
    with connection.transaction():
        known = connection.execute(read_sql("store/lease_read"), {"name": name}).fetchone()
        orphan = known[1] if known is not None and _is_dead(str(known[0])) else None
        values = {"name": name, "holder": holder, "token": token, "ttl_s": ttl_s, "orphan": orphan}
        taken = connection.execute(read_sql("store/lease_acquire"), values).fetchone()
        if taken is None:
            known = connection.execute(read_sql("store/lease_read"), {"name": name}).fetchone()
            other = str(known[0]) if known is not None else "another process"
            raise LeaseHeldError(f"the lease {name!r} is held by {other}: stop that one first")
    return Lease(name, holder, token, ttl_s)


def renew(connection: psycopg.Connection, lease: Lease) -> None:
    """Extends the lease by its ttl from now and commits. Raises FencedError when it is no longer held.

    One statement on an autocommitting connection: a holder that is frozen between two would keep the row locked, and
    nobody could take over.
    """
    values = {"name": lease.name, "token": lease.token, "ttl_s": lease.ttl_s}
    renewed = connection.execute(read_sql("store/lease_renew"), values).fetchone()
    connection.commit()
    if renewed is None:
        raise _lost(lease)


def fence(connection: psycopg.Connection, lease: Lease) -> None:
    """Inside the caller's transaction: raises FencedError unless the lease is held, and keeps it held to the commit."""
    values = {"name": lease.name, "token": lease.token}
    if connection.execute(read_sql("store/lease_fence"), values).fetchone() is None:
        raise _lost(lease)


def release(connection: psycopg.Connection, lease: Lease) -> None:
    """Gives the lease back and commits; does nothing when it is no longer ours."""
    with connection.transaction():
        connection.execute(read_sql("store/lease_release"), {"name": lease.name, "token": lease.token})


def _lost(lease: Lease) -> FencedError:
    return FencedError(
        f"{lease.holder} no longer holds the lease {lease.name!r}: it expired or another process took it"
    )


def _is_dead(holder: str) -> bool:
    """Whether a holder text names a process of this machine that has ended. Wrong guesses are safe: tokens fence."""
    host, _, rest = holder.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        # A restarted container reuses both its name and its process ids.
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
