"""Counting many records at once says what counting them one by one says."""

from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from marketpulse.stream.facts import Cohort, Facts, Row, table_of
from marketpulse.stream.numbers import Numbers
from marketpulse.stream.record import Origin
from marketpulse.stream.tally import VERDICTS, Tally, account

DAYS = (date(2025, 3, 13), date(2025, 3, 14))
COHORTS = tuple(
    Cohort("alpaca", producer, "sip", "trade", day, advances_progress=True)
    for producer in ("p-1", "p-2")
    for day in DAYS
)


@given(st.lists(st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=6), max_size=4))
def test_numbers_in_runs(parts: list[list[tuple[int, bool]]]) -> None:
    together, apart = Numbers(), Numbers()
    for part in parts:
        together.extend(np.array([n for n, _ in part], np.int64), np.array([copied for _, copied in part], np.bool_))
        for number, copied in part:
            apart.add(number, is_duplicate=copied)
    assert together == apart


def fact(offset: int, cohort: int, seq: int) -> Row:
    return (offset, cohort, seq, "AAA", f"{offset:032x}", f"{offset:032x}", 0, 0, None, "")


@given(st.data(), st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9), st.integers(0, 2)), max_size=12))
def test_accounts_do_not_depend_on_the_order_of_facts(data: st.DataObject, records: list[tuple[int, int, int]]) -> None:
    order = data.draw(st.permutations(range(len(records))))
    rows = [fact(offset, records[offset][0], records[offset][1]) for offset in order]
    facts = Facts(COHORTS, table_of(rows))
    letter = Origin("alpaca", "p-2", 7)
    found = account(facts, np.array([records[offset][2] for offset in order], np.int8), [(letter, "dead_lettered")])

    expected: dict[tuple[str, str], Tally] = {}
    days: dict[date, int] = {}
    for cohort, seq, verdict in records:
        name = COHORTS[cohort].provider, COHORTS[cohort].producer_id
        expected.setdefault(name, Tally()).add(VERDICTS[verdict], seq)
        if VERDICTS[verdict] != "duplicate":
            days[COHORTS[cohort].trading_date] = days.get(COHORTS[cohort].trading_date, 0) + 1
    expected.setdefault(("alpaca", "p-2"), Tally()).add("dead_lettered", 7)
    assert found.sources == expected
    assert dict(found.days) == days
    assert found.total.records == len(records) + 1
