"""`marketpulse produce`: polls one session from its pre-market open to its sweep, or session after session.

What a kill at any moment leaves behind: the broker may hold events that no poll row counts yet (they are read and
published again, and the stream recognises them), but no cursor ever stands behind an event that was not acknowledged.
"""

import gc
import logging
import sys
from datetime import UTC, date, datetime
from typing import TextIO

from marketpulse.broker.topic_reader import event_partitions
from marketpulse.clock import Clock, market_clock
from marketpulse.errors import MarketPulseError, OperatorError
from marketpulse.events.session import SessionCalendar, calendar
from marketpulse.ingest.dead_letters import DeadLetterOffice
from marketpulse.ingest.fetch import Fetcher
from marketpulse.ingest.http import HttpTransport
from marketpulse.ingest.journal import Journal
from marketpulse.ingest.lease_keeper import LeaseKeeper
from marketpulse.ingest.memory import EventMemory
from marketpulse.ingest.plan import ProducerPlan, plan_of
from marketpulse.ingest.poll import Poller
from marketpulse.ingest.poll_loop import PollLoop
from marketpulse.ingest.progress import ProgressReporter
from marketpulse.ingest.publisher import Publisher, new_producer_id, producer_configuration, value_bytes
from marketpulse.ingest.redaction import Redactor, redact_logs
from marketpulse.ingest.shutdown import Pulse, Shutdown, StopRequestedError
from marketpulse.ingest.symbol_check import SymbolCheck
from marketpulse.providers.provider import Provider
from marketpulse.providers.registry import provider as provider_named
from marketpulse.settings import PRODUCER_LEASE, Settings
from marketpulse.store.lease import holder_text

logger = logging.getLogger(__name__)

# A page is ten thousand short-lived objects without cycles; collecting after every 700 of them costs a seventh.
_COLLECT_AFTER = 50_000


def run_producer(
    settings: Settings,
    *,
    trading_date: date | None = None,
    until: datetime | None = None,
    continuous: bool = False,
    output: TextIO | None = None,
    clock: Clock | None = None,
    shutdown: Shutdown | None = None,
) -> int:
    """Runs to the end of the plan and returns the process's exit status, 0.

    Writes progress lines to `output` (stdout). A stop by signal leaves as SystemExit with 128 + the signal, so that no
    caller takes it for a completed run. Raises OperatorError before anything is started when the plan cannot
    work, LeaseHeldError when another producer runs, FencedError when this one may no longer commit, RetriableError
    when Kafka or Postgres are not there at the start or stay away too long.
    """
    plan = plan_of(settings, trading_date=trading_date, until=until, is_continuous=continuous)
    adapter = provider_named(plan.provider)
    sessions = calendar(plan.calendar)
    key, secret = settings.api_key.get_secret_value(), settings.api_secret.get_secret_value()
    if not key:
        raise OperatorError(f"no API key for {plan.provider}: set API_KEY and API_SECRET in .env")
    if trading_date is not None and sessions.session(trading_date) is None:
        raise OperatorError(f"{trading_date} is no trading day of {plan.calendar}: choose another --session")
    gc.set_threshold(_COLLECT_AFTER)
    redact = Redactor((key, secret))
    redact_logs(redact)
    if shutdown is None:
        shutdown = Shutdown()
        shutdown.install()
    producer_id = new_producer_id()
    progress = ProgressReporter(producer_id, output or sys.stdout, on_closed=shutdown.request)
    progress.start()
    outcome = "failed"
    try:
        market = clock or market_clock(settings.market_clock)
        with _Run(
            settings=settings,
            plan=plan,
            adapter=adapter,
            sessions=sessions,
            market=market,
            redact=redact,
            producer_id=producer_id,
            shutdown=shutdown,
            progress=progress,
        ) as run:
            outcome = run.run()
    except StopRequestedError:
        outcome = "stopped"
    except MarketPulseError as error:
        outcome = redact(f"{type(error).__name__}: {error}")
        raise
    finally:
        progress.stop(outcome)
    if outcome == "stopped":
        raise SystemExit(shutdown.exit_status)
    return 0


class _Run:
    """Everything one process opens, closed in the right order whatever happens."""

    def __init__(
        self,
        *,
        settings: Settings,
        plan: ProducerPlan,
        adapter: Provider,
        sessions: SessionCalendar,
        market: Clock,
        redact: Redactor,
        producer_id: str,
        shutdown: Shutdown,
        progress: ProgressReporter,
    ) -> None:
        dsn = settings.operations_dsn.get_secret_value()
        partitions = event_partitions(settings.kafka_bootstrap)
        self._keeper = LeaseKeeper(
            dsn, name=PRODUCER_LEASE, holder=holder_text(producer_id), ttl_s=settings.lease_ttl_s
        )
        self._pulse = Pulse(shutdown, progress, guard=self._keeper.check)
        configuration = producer_configuration(settings.kafka_bootstrap, settings.kafka_max_message_bytes)
        self._publisher = Publisher(producer_id, partitions, configuration, wait=self._wait_for_kafka)
        self._progress = progress
        self._transport = HttpTransport(
            settings.provider_url or adapter.base_url,
            adapter.headers(settings.api_key.get_secret_value(), settings.api_secret.get_secret_value()),
            deadline_s=settings.request_deadline_s,
            redact=redact,
            beat=self._pulse.beat,
        )
        fetcher = Fetcher(
            adapter, self._transport, sessions, synthetic=plan.synthetic, redact=redact, pause=self._pause_for_provider
        )
        self._journal = Journal(dsn, producer_id, plan, self._keeper.held)
        poller = Poller(
            fetcher,
            self._publisher,
            DeadLetterOffice(
                plan.provider, plan.feed, redact, letter_bytes=value_bytes(settings.kafka_max_message_bytes)
            ),
            EventMemory(),
            on_page=lambda counted: progress.count(
                events=counted.events, repeated=counted.repeated, rejected=counted.rejected
            ),
            between_pages=self._pulse.beat,
        )
        self._loop = PollLoop(
            plan=plan,
            calendar=sessions,
            market=market,
            poller=poller,
            publisher=self._publisher,
            journal=self._journal,
            keeper=self._keeper,
            pulse=self._pulse,
            progress=progress,
            symbol_check=SymbolCheck(plan, fetcher),
        )

    def __enter__(self) -> "_Run":
        self._keeper.take()
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.close()
        self._publisher.close()
        self._journal.close()
        self._keeper.release()

    def run(self) -> str:
        return self._loop.run(datetime.now(UTC))

    def _wait_for_kafka(self) -> None:
        # The loop takes it back once everything is acknowledged.
        self._progress.update(waiting="kafka")
        self._pulse.alive()

    def _pause_for_provider(self, seconds: float) -> None:
        self._pulse.pause(seconds, "provider")
