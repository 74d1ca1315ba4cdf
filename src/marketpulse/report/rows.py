"""What the report is made of: one frozen row a line of a mart view, as `include/sql/report` selects it.

Times whose name ends in `_local` are the exchange's own, plain; the others are plain UTC. None means unknown.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class SessionHours:
    """When one calendar's market was open."""

    calendar: str
    trading_date: date
    pre_open_at: datetime
    open_at: datetime
    close_at: datetime
    post_close_at: datetime
    open_local: datetime
    close_local: datetime
    regular_minutes: int
    is_early_close: bool

    @property
    def utc_offset(self) -> timedelta:
        """How far the exchange's clock was ahead of UTC at the open."""
        return self.open_local - self.open_at


@dataclass(frozen=True, slots=True)
class DayRow:
    """One symbol's day by its chosen feed. Returns are fractions; volumes are the regular part, auctions included."""

    symbol: str
    name: str
    currency: str
    is_fictitious: bool
    feed: str
    volume_scope: str | None
    delay_seconds: int | None
    state: str
    version: int
    is_synthetic: bool | None
    open: Decimal | None
    open_basis: str | None
    high: Decimal | None
    low: Decimal | None
    close: Decimal | None
    close_basis: str | None
    previous_close: Decimal | None
    return_1d: Decimal | None
    total_return_1d: Decimal | None
    gap_pct: Decimal | None
    realised_volatility_annual: Decimal | None
    volume: Decimal
    volume_pre: Decimal
    volume_post: Decimal
    notional: Decimal
    vwap: Decimal | None
    trade_count: int
    minutes_expected: int | None
    minutes_covered: int | None
    minutes_unexplained: int | None
    coverage_pct: Decimal | None
    restatements: int | None


@dataclass(frozen=True, slots=True)
class BarRow:
    """One bar of one symbol. A bar whose trades may set no price has a volume and no prices."""

    symbol: str
    bar_start_local: datetime
    session_part: str
    feed: str
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    close: Decimal | None
    volume: Decimal
    vwap: Decimal | None
    trade_count: int
    coverage_pct: Decimal | None
    is_restated: bool | None


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """What the symbols of one feed and scope together traded in one stretch of time."""

    feed: str
    volume_scope: str
    bar_start_local: datetime
    session_part: str
    volume: Decimal
    trade_count: int
    symbols: int


@dataclass(frozen=True, slots=True)
class ReasonMinutes:
    """How many minutes of a session part have one reason."""

    symbol: str
    feed: str
    session_part: str
    reason: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive minutes of one status."""

    symbol: str
    feed: str
    range_start_local: datetime
    session_part: str
    minutes: int
    status: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class RestatementRow:
    """One closed bar that changed; old values are None when the bar did not exist, new ones when it no longer does."""

    restatement_id: int
    symbol: str
    feed: str
    bar_start_local: datetime
    session_part: str
    old_open: Decimal | None
    new_open: Decimal | None
    old_high: Decimal | None
    new_high: Decimal | None
    old_low: Decimal | None
    new_low: Decimal | None
    old_close: Decimal | None
    new_close: Decimal | None
    old_volume: Decimal | None
    new_volume: Decimal | None
    old_vwap: Decimal | None
    new_vwap: Decimal | None
    old_trade_count: int | None
    new_trade_count: int | None
    cause_count: int
    cause: str
    market_at: datetime
    restated_at: datetime
    in_all: int


@dataclass(frozen=True, slots=True)
class CheckRow:
    """The newest result of one data-quality check."""

    check_name: str
    severity: str | None
    offending: int
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class ReconciliationRow:
    """One field of our daily bar against the provider's official one."""

    symbol: str
    feed: str
    field: str
    ours: Decimal | None
    official: Decimal | None
    difference: Decimal | None
    tolerance: Decimal | None
    is_within: bool | None
    explanation: str
    provider: str


@dataclass(frozen=True, slots=True)
class PipelineRow:
    """The pipeline at the moment the report was made."""

    health_state: str | None
    checked_at: datetime | None
    market_at: datetime | None
    lag_records: int | None
    lag_seconds: Decimal | float | None
    newest_event_at: datetime | None
    newest_landed_at: datetime | None
    open_dead_letters: int | None
    last_proof_at: datetime | None
    last_proof_balanced: bool | None


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """Everything the page shows of one date, read in one transaction."""

    trading_date: date
    sessions: tuple[SessionHours, ...]
    interval_min: int
    days: tuple[DayRow, ...]
    bars: tuple[BarRow, ...]
    volumes: tuple[VolumeRow, ...]
    reasons: tuple[ReasonMinutes, ...]
    stretches: tuple[Stretch, ...]
    restatements: tuple[RestatementRow, ...]
    checks: tuple[CheckRow, ...]
    reconciliation: tuple[ReconciliationRow, ...]
    pipeline: PipelineRow | None
