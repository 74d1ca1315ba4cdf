"""Budget, breaker and memory: the bounded parts."""

from marketpulse.ingest.budget import Budget
from marketpulse.ingest.memory import EventMemory
from marketpulse.ingest.retry import Breaker, BreakerPolicy, RetryPolicy
from marketpulse.providers.provider import Window


class Ticker:
    """A clock that a test turns by hand."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_budget_grants_until_a_window_is_full_and_then_names_the_wait() -> None:
    ticker = Ticker()
    budget = Budget((Window(3, 60), Window(2, 1)), monotonic=ticker)
    for _ in range(2):
        assert budget.wait_s() == 0
        budget.take()
    assert budget.wait_s() == 1
    ticker.now_s += 1
    budget.take()
    ticker.now_s += 5
    assert budget.wait_s() == 54
    ticker.now_s += 54
    assert budget.wait_s() == 0


def test_budget_adopts_the_stated_limit_with_a_margin_and_forgets_nothing() -> None:
    ticker = Ticker()
    budget = Budget((Window(2, 60),), monotonic=ticker)
    budget.take()
    budget.take()
    assert budget.wait_s() == 60
    budget.learn(Window(10, 60))
    assert budget.wait_s() == 0
    for _ in range(7):
        budget.take()
    assert budget.wait_s() == 60


def test_budget_without_limits_always_grants() -> None:
    budget = Budget(())
    budget.take()
    assert budget.wait_s() == 0


def test_breaker_opens_after_failures_in_a_row_doubles_and_closes() -> None:
    breaker = Breaker(BreakerPolicy(failures=2, open_s=2, longest_s=5))
    breaker.failed(100)
    assert breaker.wait_s(100) == 0
    for wait_s in (2, 4, 5, 5):
        breaker.failed(100)
        assert breaker.wait_s(100) == wait_s
    assert breaker.wait_s(105) == 0
    breaker.succeeded()
    breaker.failed(100)
    assert breaker.wait_s(100) == 0


def test_breaker_grants_the_wait_that_the_provider_names() -> None:
    breaker = Breaker(BreakerPolicy())
    breaker.failed(100, retry_after_s=900)
    assert breaker.wait_s(100) == 900


def test_pause_between_attempts_grows_to_its_cap() -> None:
    policy = RetryPolicy(base_s=0.5, cap_s=8)
    assert [policy.ceiling_s(attempt) for attempt in range(6)] == [0.5, 1, 2, 4, 8, 8]


def test_memory_knows_the_newest_half_and_stays_bounded() -> None:
    memory = EventMemory(limit=100)
    ids = [f"{number:032x}" for number in range(1000)]
    for event_id in ids:
        assert not memory.knows(event_id)
        memory.add(event_id)
        assert memory.knows(event_id)
        assert len(memory) <= 100
    assert all(memory.knows(event_id) for event_id in ids[-50:])
    assert not memory.knows(ids[0])
