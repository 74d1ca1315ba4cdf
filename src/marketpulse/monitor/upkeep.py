"""The daily chores of the warehouse, with what the settings and the two clocks say about them."""

import logging
from pathlib import Path

from marketpulse.clock import HostClock, market_clock
from marketpulse.settings import Settings, state_dir
from marketpulse.warehouse import backup, maintenance
from marketpulse.warehouse.dimensions import fill_dimensions

logger = logging.getLogger(__name__)


def prepare_partitions(settings: Settings) -> None:
    """Partitions for the coming days, of the host's time and of the market's: a simulated one may be elsewhere."""
    moments = (HostClock().now(), market_clock(settings.market_clock).now())
    names = maintenance.ensure_partitions(settings.operations_dsn.get_secret_value(), moments)
    logger.info("partitions ready: %s", ", ".join(names))


def renew_dimensions(settings: Settings) -> None:
    """The calendar's days and the listed symbols, as the mart shows them."""
    fill_dimensions(settings.operations_dsn.get_secret_value(), settings.calendar)


def drop_old_days(settings: Settings) -> None:
    """Drops and seals the days whose events landed longer ago than the settings keep them."""
    dsn = settings.operations_dsn.get_secret_value()
    sealed = maintenance.apply_retention(dsn, now=HostClock().now(), retention_days=settings.retention_days)
    logger.info("sealed: %s", ", ".join(map(str, sealed)) or "no day is old enough")


def back_up(settings: Settings) -> None:
    """Writes a backup and restores it elsewhere to prove it. The owner's address is used."""
    folder = Path(settings.backup_dir) if settings.backup_dir else state_dir() / "backups"
    done = backup.backup(settings.owner_dsn.get_secret_value(), folder, now=HostClock().now())
    proved = "restored and counted" if done.was_restored else "its list read (the owner may not create databases)"
    logger.info("%s: %d bytes, %d tables, %d rows, %s", done.path, done.size_bytes, done.tables, done.rows, proved)
