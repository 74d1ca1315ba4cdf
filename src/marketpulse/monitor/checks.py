"""The checks of the pipeline's health: pure judgements of what was measured, with the limits beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from marketpulse.monitor.freshness import SymbolFreshness
from marketpulse.monitor.lag import PartitionLag
from marketpulse.warehouse.sweeps import UnsweptSession

State = Literal["ok", "warning", "critical"]
RANK: dict[str, int] = {"ok": 0, "warning": 1, "critical": 2}

# Seconds without a sign of life. A lease lives 10 s, so this is several misses. A stream shows itself every 5 s, and a
# new one takes half a minute to start: what that costs is for the lag to say.
PRODUCER_SILENT_S = 30.0
STREAM_WARNING_S, STREAM_CRITICAL_S = 45.0, 120.0
# A session's first minutes belong to the start of its producer, and a producer's to what it has to catch up with.
START_GRACE_S = 180.0
LAG_WARNING_S, LAG_CRITICAL_S = 60.0, 300.0
RETENTION_WARNING_H, RETENTION_CRITICAL_H = 24.0, 4.0
UNCOVERED_WARNING_S, UNCOVERED_CRITICAL_S = 60.0, 300.0
PROVIDER_WARNING_S, PROVIDER_CRITICAL_S = 60.0, 300.0
# A sweep reads a whole session: that takes its time.
SWEEP_GRACE_S = 1800.0
DEAD_LETTER_WARNING, DEAD_LETTER_CRITICAL, DEAD_LETTER_LEAST = 0.01, 0.2, 10
DISK_WARNING, DISK_CRITICAL = 0.10, 0.05


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found. `action` is empty while there is nothing to do."""

    name: str
    state: State
    summary: str
    action: str = ""


@dataclass(frozen=True, slots=True)
class ProducerSeen:
    """The newest producer run and the lease. Ages in host seconds; `holder` is None when nobody holds the lease."""

    producer_id: str
    calendar: str
    trading_date: date
    started_age_s: float
    ended_age_s: float | None
    holder: str | None
    lease_is_live: bool
    renewed_age_s: float | None

    @property
    def is_producing(self) -> bool:
        return self.holder is not None and self.lease_is_live

    @property
    def producing_for_s(self) -> float | None:
        """Since the run began; None while nobody produces."""
        return self.started_age_s if self.is_producing else None


@dataclass(frozen=True, slots=True)
class StreamSeen:
    """The stream's current run."""

    epoch: int
    where: str
    seen_age_s: float


def judge_producer(seen: ProducerSeen | None, *, schedule: str, open_for_s: float | None) -> Check:
    """`open_for_s`: market seconds since the scheduled calendar's session began, None while it is closed."""
    if seen is not None and seen.is_producing:
        return Check("producer", "ok", f"{seen.holder} produces the session {seen.trading_date}")
    if seen is not None and seen.holder is not None and seen.ended_age_s is None:
        gone_s = seen.renewed_age_s or 0.0
        state: State = "critical" if gone_s > PRODUCER_SILENT_S else "warning"
        return Check(
            "producer",
            state,
            f"the producer {seen.holder} of {seen.trading_date} vanished {gone_s:.0f} s ago",
            "Open DAG market_producer: it restarts by itself; if its run failed, read the log and clear it.",
        )
    if schedule == "session" and open_for_s is not None and open_for_s > START_GRACE_S and not _ended_lately(seen):
        return Check(
            "producer",
            "critical",
            f"the market opened {open_for_s / 60:.0f} min ago and no producer runs",
            "Open DAG market_producer: unpause it, or trigger it for today's session.",
        )
    if schedule == "continuous" and not _ended_lately(seen):
        return Check(
            "producer",
            "critical",
            "no producer runs",
            "Open DAG market_producer: unpause it and read its last run's log.",
        )
    return Check("producer", "ok", "no producer is due" if schedule != "manual" else "started by hand; none runs now")


def _ended_lately(seen: ProducerSeen | None) -> bool:
    return seen is not None and seen.ended_age_s is not None and seen.ended_age_s < START_GRACE_S


def judge_stream(seen: StreamSeen | None) -> Check:
    action = "Open DAG market_stream: unpause it; if its task failed, the log names the cause."
    if seen is None:
        return Check("stream", "warning", "the stream has never run", action)
    if seen.seen_age_s <= STREAM_WARNING_S:
        return Check("stream", "ok", f"epoch {seen.epoch} runs on {seen.where}")
    state: State = "critical" if seen.seen_age_s > STREAM_CRITICAL_S else "warning"
    return Check("stream", state, f"epoch {seen.epoch} was last seen {seen.seen_age_s:.0f} s ago", action)


def judge_lag(lags: Sequence[PartitionLag]) -> Check:
    records, seconds = sum(lag.lag_records for lag in lags), max((lag.lag_seconds for lag in lags), default=0.0)
    lost = sum(lag.lost_records for lag in lags)
    left = min((lag.retention_hours_left for lag in lags if lag.retention_hours_left is not None), default=None)
    if lost:
        return Check(
            "lag",
            "critical",
            f"Kafka deleted {lost} records before they landed",
            "Replay the missing time from the provider; raise MARKETPULSE_KAFKA_RETENTION_HOURS.",
        )
    state: State = "critical" if seconds > LAG_CRITICAL_S else "warning" if seconds > LAG_WARNING_S else "ok"
    summary = f"{records} records wait, the oldest for {seconds:.0f} s"
    drain = max((lag.drain_seconds or 0.0 for lag in lags), default=0.0)
    if drain:
        summary += f"; drained in {drain:.0f} s at this rate"
    if left is not None and left < RETENTION_WARNING_H:
        state = "critical" if left < RETENTION_CRITICAL_H else _worse(state, "warning")
        summary += f"; Kafka deletes the oldest in {left:.1f} h"
    action = "Look at the stream's log (DAG market_stream) and at Spark's UI: is it running, is Postgres slow?"
    return Check("lag", state, summary, action if state != "ok" else "")


def judge_coverage(symbols: Sequence[SymbolFreshness], *, producing_for_s: float | None, speed: float) -> Check:
    """Whether all symbols were asked for up to now. The limits stretch with a market clock that runs faster.

    `producing_for_s` is None while nobody produces. A producer that has just begun may catch up with the day.
    """
    if producing_for_s is None:
        return Check("coverage", "ok", "nobody produces, so nothing is due")
    scale = max(speed, 1.0)
    behind = [known for known in symbols if known.uncovered_open_seconds is not None]
    worst = max(behind, key=lambda known: known.uncovered_open_seconds or 0.0, default=None)
    if worst is None:
        return Check("coverage", "ok", "the first poll is under way")
    seconds = worst.uncovered_open_seconds or 0.0
    state: State = (
        "critical"
        if seconds > UNCOVERED_CRITICAL_S * scale
        else "warning"
        if seconds > UNCOVERED_WARNING_S * scale
        else "ok"
    )
    summary = f"{worst.symbol} is known up to {seconds:.0f} market seconds ago, the oldest of {len(behind)} symbols"
    if state != "ok" and producing_for_s < START_GRACE_S:
        return Check("coverage", "ok", f"{summary}; the producer began {producing_for_s:.0f} s ago and catches up")
    action = "Look at the producer's log (DAG market_producer): is the provider slow, is the quota used up?"
    return Check("coverage", state, summary, action if state != "ok" else "")


def judge_provider(outcome: str | None, good_age_s: float | None, *, producing: bool) -> Check:
    """`outcome` of the newest poll and the age of the last good one (host seconds)."""
    if not producing or outcome is None or outcome in ("ok", "empty"):
        return Check("provider", "ok", "the provider answers" if producing else "nobody asks")
    age = good_age_s if good_age_s is not None else PROVIDER_WARNING_S + 1
    state: State = "critical" if age > PROVIDER_CRITICAL_S else "warning" if age > PROVIDER_WARNING_S else "ok"
    return Check(
        "provider",
        state,
        f"the provider answers with {outcome}; the last good answer is {age:.0f} s old",
        "Check the provider's status page, the key and the quota; the producer goes on trying."
        if state != "ok"
        else "",
    )


def judge_sweeps(unswept: Sequence[UnsweptSession]) -> Check:
    """`unswept`: the sessions whose sweep should be over and is not, oldest first. Their days are never final."""
    if not unswept:
        return Check("sweeps", "ok", "every session that is over was read again after it")
    first, others = unswept[0], len(unswept) - 1
    summary = first.summary + (f"; {others} more like it" if others else "")
    remedy = first.remedy
    return Check("sweeps", "warning", summary, f"{remedy[0].upper()}{remedy[1:]}.")


def judge_dead_letters(records: int, dead_lettered: int) -> Check:
    share = dead_lettered / records if records else 0.0
    state: State = "ok"
    if dead_lettered >= DEAD_LETTER_LEAST:
        state = "critical" if share > DEAD_LETTER_CRITICAL else "warning" if share > DEAD_LETTER_WARNING else "ok"
    return Check(
        "dead_letters",
        state,
        f"{dead_lettered} of {records} records in 15 min were unusable",
        "'marketpulse dlq list' shows them: has the provider changed its format?" if state != "ok" else "",
    )


def judge_disk(free_share: float, where: str) -> Check:
    state: State = "critical" if free_share < DISK_CRITICAL else "warning" if free_share < DISK_WARNING else "ok"
    return Check(
        "disk",
        state,
        f"{free_share:.0%} free at {where}",
        "Free some space, or lower the retention." if state != "ok" else "",
    )


def _worse(first: State, second: State) -> State:
    return first if RANK[first] >= RANK[second] else second
