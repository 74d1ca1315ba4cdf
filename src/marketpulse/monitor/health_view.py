"""The health of the pipeline as a person reads it."""

import io

from rich.console import Console
from rich.table import Table

from marketpulse.monitor.health import Health

COLOURS = {"ok": "green", "closed": "green", "warning": "yellow", "critical": "bold red"}


def as_text(health: Health, *, width: int = 140) -> str:
    """The state, then every check with what to do about it, then the lag of every partition."""
    text = io.StringIO()
    console = Console(file=text, width=width)
    console.print(f"{health.state}  (market time {health.market_at:%Y-%m-%d %H:%M:%S}Z)")
    checks = Table("check", "state", "found", "what to do")
    for check in health.checks:
        checks.add_row(check.name, f"[{COLOURS[check.state]}]{check.state}[/]", check.summary, check.action)
    console.print(checks)
    lags = Table("topic", "partition", "next offset", "end offset", "lag records", "lag seconds")
    for lag in health.lags:
        numbers = (lag.partition, lag.next_offset, lag.end_offset, lag.lag_records, round(lag.lag_seconds, 1))
        lags.add_row(lag.topic, *(f"{number:,}" for number in numbers))
    console.print(lags)
    return text.getvalue().rstrip()
