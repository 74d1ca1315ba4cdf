"""The sink's transaction against a real Postgres, fed with records directly."""

from datetime import timedelta
from decimal import Decimal

import msgspec
from tests.stream.sink_records import DAY, OPEN, RECEIVED, Feeder, bar, quote, trade

BAR = "SELECT open, high, low, close, volume, notional, vwap, trade_count FROM market.bar_1m ORDER BY bar_start"
LATER = RECEIVED + timedelta(seconds=1)


def decimals(*texts: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(text) for text in texts)


def minute(number: int, second: float = 0) -> object:
    return OPEN + timedelta(minutes=number, seconds=second)


def test_trades_become_a_bar_in_the_order_of_their_own_time(feeder: Feeder) -> None:
    receipt = feeder.land(
        trade(3, at=OPEN + timedelta(seconds=40), price="11.5", size="10"),
        trade(1, at=OPEN + timedelta(seconds=1), price="10", size="20"),
        trade(2, at=OPEN + timedelta(seconds=20), price="9.25", size="30"),
    )
    assert (receipt.accounts.total.landed, receipt.accounts.total.records) == (3, 3)
    assert feeder.rows(BAR) == [(*decimals("10", "11.5", "9.25", "11.5", "60", "592.5", "9.875"), 3)]
    assert feeder.rows("SELECT next_offset, epoch FROM ops.stream_ledger") == [(3, 1)]


def test_equal_times_go_by_sequence_then_trade_id_as_numbers(feeder: Feeder) -> None:
    feeder.land(
        trade(10, price="3", sequence="9"),
        trade(9, price="2", sequence="9"),
        trade(1, price="1", sequence="10"),
        trade(200, price="4"),
    )
    assert feeder.rows("SELECT open, close FROM market.bar_1m") == [decimals("4", "1")]


def test_a_duplicate_is_counted_and_changes_nothing(feeder: Feeder) -> None:
    first = feeder.land(trade(1), trade(1), trade(2))
    again = feeder.land(trade(2, received_at=LATER), trade(1))
    assert (first.accounts.total.landed, first.accounts.total.duplicate) == (2, 1)
    assert (again.accounts.total.landed, again.accounts.total.duplicate) == (0, 2)
    assert feeder.rows("SELECT version, trade_count FROM market.bar_1m") == [(1, 2)]


def test_a_correction_replaces_and_the_older_version_is_kept(feeder: Feeder) -> None:
    feeder.land(trade(1, price="10"), trade(2, price="12", at=OPEN + timedelta(seconds=5)))
    receipt = feeder.land(trade(2, price="11", action="correct", at=OPEN + timedelta(seconds=5), received_at=LATER))
    assert receipt.accounts.total.superseding == 1
    assert feeder.rows("SELECT high, close FROM market.bar_1m") == [decimals("11", "11")]
    kept = feeder.rows("SELECT price, action, superseded_by FROM market.event_superseded")
    current = feeder.rows("SELECT event_id FROM market.event WHERE action = 'correct'")
    assert kept == [(Decimal(12), "new", current[0][0])]


def test_an_older_version_that_comes_late_goes_to_the_superseded(feeder: Feeder) -> None:
    feeder.land(trade(1, price="11", action="correct", received_at=LATER))
    receipt = feeder.land(trade(1, price="10"))
    assert receipt.accounts.total.superseding == 1
    assert feeder.rows("SELECT close, version FROM market.bar_1m") == [(Decimal(11), 1)]
    assert feeder.rows("SELECT price FROM market.event_superseded") == decimal_rows("10")
    assert feeder.land(trade(1, price="10")).accounts.total.duplicate == 1


def decimal_rows(*texts: str) -> list[tuple[Decimal]]:
    return [(Decimal(text),) for text in texts]


def test_a_cancel_wins_before_and_after_its_trade(feeder: Feeder) -> None:
    cancel = trade(1, action="cancel", received_at=RECEIVED - timedelta(hours=1))
    feeder.land(cancel)
    feeder.land(trade(1))
    feeder.land(trade(2, at=OPEN + timedelta(minutes=1)))
    feeder.land(trade(2, at=OPEN + timedelta(minutes=1), action="cancel"))
    assert feeder.rows("SELECT * FROM market.bar_1m") == []
    assert feeder.rows("SELECT action FROM market.event") == [("cancel",), ("cancel",)]
    assert feeder.rows("SELECT price, trade_event_id FROM market.latest") == [(None, None)]


def test_a_cancel_of_the_newest_trade_gives_back_the_one_before_it_on_an_earlier_day(feeder: Feeder) -> None:
    yesterday = OPEN - timedelta(days=1)
    feeder.land(trade(1, at=yesterday, price="8", trading_date=DAY - timedelta(days=1)), trade(2, price="10"))
    feeder.land(trade(3, at=yesterday - timedelta(days=1), price="7", trading_date=DAY - timedelta(days=2)))
    assert feeder.rows("SELECT price FROM market.latest") == decimal_rows("10")
    feeder.land(trade(2, price="10", action="cancel"))
    assert feeder.rows("SELECT price, trade_date FROM market.latest") == [(Decimal(8), DAY - timedelta(days=1))]


def test_a_late_trade_restates_a_closed_bar_and_says_why(feeder: Feeder) -> None:
    feeder.land(trade(1, price="10"), trade(2, at=OPEN + timedelta(minutes=2), price="12"))
    late = trade(3, at=OPEN + timedelta(seconds=30), price="13", received_at=LATER)
    feeder.land(late)
    [(old, new, causes, version)] = feeder.rows(
        "SELECT r.old, r.new, r.causes, b.version FROM ops.restatement AS r"
        " JOIN market.bar_1m AS b USING (symbol, feed, bar_start, session_part)"
    )
    assert (old["close"], new["close"], new["trade_count"], version) == (10, 13, 2, 2)
    assert [cause["event_id"].replace("-", "") for cause in causes] == [late.event_id]


def test_a_bar_closes_only_for_later_transactions(feeder: Feeder) -> None:
    feeder.land(trade(1), trade(2, at=OPEN + timedelta(minutes=5)), trade(3, at=OPEN + timedelta(seconds=9)))
    assert feeder.rows("SELECT * FROM ops.restatement") == []


def test_an_open_bar_is_not_restated(feeder: Feeder) -> None:
    feeder.land(trade(1), trade(2, at=OPEN + timedelta(minutes=1, seconds=59)))
    feeder.land(trade(3, at=OPEN + timedelta(seconds=10)))
    assert feeder.rows("SELECT * FROM ops.restatement") == []
    assert feeder.rows("SELECT trade_count FROM market.bar_1m ORDER BY bar_start") == [(2,), (1,)]


def test_the_end_of_the_session_closes_its_bars(feeder: Feeder) -> None:
    close = OPEN + timedelta(hours=6, minutes=30)
    feeder.execute("INSERT INTO market.session VALUES ('XNYS', %s, %s, %s, %s, %s)", DAY, OPEN, OPEN, close, close)
    feeder.execute("INSERT INTO market.subscription VALUES (%s, 'AAA', 'sip', 'XNYS', 'alpaca')", DAY)
    feeder.land(trade(1))
    feeder.clock.at = close
    feeder.land(trade(2, price="11"))
    feeder.land(trade(1, action="cancel"), trade(2, price="11", action="cancel"))
    changes = feeder.rows(
        "SELECT old ->> 'trade_count', new ->> 'trade_count', jsonb_array_length(causes) FROM ops.restatement"
        " ORDER BY restatement_id"
    )
    assert changes == [("1", "2", 1), ("2", None, 2)]
    assert feeder.rows("SELECT * FROM market.bar_1m") == []


def test_a_change_that_leaves_the_bar_alone_is_no_restatement(feeder: Feeder) -> None:
    feeder.land(trade(1), trade(2, at=OPEN + timedelta(minutes=9)))
    feeder.land(trade(3, conditions=("M",), price="99", at=OPEN + timedelta(seconds=1)))
    assert feeder.rows("SELECT * FROM ops.restatement") == []
    assert feeder.rows("SELECT auction, adds_volume FROM market.event WHERE price = 99") == [("close_report", False)]


def test_a_stamp_from_the_future_closes_no_bar(feeder: Feeder) -> None:
    feeder.clock.at = OPEN + timedelta(seconds=30)
    feeder.land(trade(1), trade(2, at=OPEN + timedelta(hours=2)))
    feeder.land(trade(3, at=OPEN + timedelta(seconds=5)))
    assert feeder.rows("SELECT * FROM ops.restatement") == []


def test_odd_lots_add_volume_and_set_no_price(feeder: Feeder) -> None:
    feeder.land(trade(1, price="50", size="7", conditions=("@", "I")))
    assert feeder.rows(BAR) == [(None, None, None, None, *decimals("7", "350", "50"), 1)]
    feeder.land(trade(2, price="10", size="100", at=OPEN + timedelta(seconds=1)))
    assert feeder.rows("SELECT open, high, volume FROM market.bar_1m") == [decimals("10", "10", "107")]


def test_the_closing_auction_belongs_to_the_regular_part(feeder: Feeder) -> None:
    close = OPEN + timedelta(hours=6, minutes=30, seconds=2)
    feeder.clock.at = close + timedelta(minutes=5)
    feeder.land(
        trade(1, at=close, conditions=("6",), session_part="post", price="20", size="5000"),
        trade(2, at=close + timedelta(seconds=1), conditions=("@", "T"), session_part="post", price="21"),
    )
    assert feeder.rows("SELECT session_part, close, volume FROM market.bar_1m ORDER BY session_part") == [
        ("post", Decimal(21), Decimal(100)),
        ("regular", Decimal(20), Decimal(5000)),
    ]
    assert feeder.rows("SELECT auction FROM market.event WHERE price = 20") == [("close",)]


def test_a_recorded_tape_counts_every_trade(feeder: Feeder) -> None:
    feeder.land(
        trade(1, feed="tape", conditions=("80000001",), quality=("conditions_unmapped",), size="1"),
        trade(2, feed="tape", conditions=("I",), quality=("conditions_unmapped",), price="12", size="2"),
    )
    assert feeder.rows("SELECT feed, high, volume FROM market.bar_1m") == [("tape", Decimal(12), Decimal(3))]


def test_overnight_trades_land_and_build_no_bar(feeder: Feeder) -> None:
    feeder.land(trade(1, session_part="overnight"))
    assert feeder.rows("SELECT bar_start FROM market.event") == [(None,)]
    assert feeder.rows("SELECT * FROM market.bar_1m") == []


def test_the_provider_s_bar_keeps_its_current_revision(feeder: Feeder) -> None:
    feeder.land(bar(close="10.5"))
    feeder.land(bar(close="10.7", received_at=LATER))
    feeder.land(bar(close="10.6", received_at=RECEIVED - timedelta(seconds=1)))
    assert feeder.rows("SELECT close, revisions, bar_start, trade_count FROM market.provider_bar") == [
        (Decimal("10.7"), 3, OPEN, 7)
    ]


def test_latest_shows_the_newest_price_and_quote_in_event_time(feeder: Feeder) -> None:
    feeder.land(quote(at=OPEN + timedelta(seconds=3), bid="1.5"), trade(2, at=OPEN + timedelta(seconds=4), price="5"))
    feeder.land(trade(1, price="4"), quote(bid="1.1"), trade(3, at=OPEN + timedelta(seconds=9), conditions=("@", "I")))
    assert feeder.rows("SELECT price, bid, ask, trade_date, quote_date FROM market.latest") == [
        (*decimals("5", "1.5", "10.01"), DAY, DAY)
    ]


def test_latest_says_how_late_its_feed_is(feeder: Feeder) -> None:
    feeder.land(msgspec.structs.replace(trade(1), delay_s=900))
    assert feeder.rows("SELECT delay_s FROM market.latest") == [(900,)]


def test_books_balance_by_producer(feeder: Feeder) -> None:
    feeder.land(
        trade(1, producer_seq=1),
        trade(1, producer_seq=2),
        trade(2, producer_id="p-2", producer_seq=7),
        b'{"provider": "alpaca", "producer_id": "p-2", "producer_seq": 8}',
        None,
    )
    assert feeder.rows("SELECT records, landed, duplicate, superseding, dead_lettered FROM ops.stream_batch") == [
        (5, 2, 1, 0, 2)
    ]
    assert feeder.rows(
        "SELECT provider, producer_id, records, landed, duplicate, dead_lettered, lowest_seq, highest_seq"
        " FROM ops.stream_batch_source ORDER BY 2"
    ) == [
        ("unknown", "", 1, 0, 0, 1, None, None),
        ("alpaca", "p-1", 2, 1, 1, 0, 1, 2),
        ("alpaca", "p-2", 2, 1, 0, 1, 7, 8),
    ]


def test_touched_days_are_dirty_again_with_a_new_revision(feeder: Feeder) -> None:
    feeder.land(trade(1))
    [(first,)] = feeder.rows("SELECT revision FROM ops.dirty_day")
    feeder.land(trade(1))
    assert feeder.rows("SELECT revision FROM ops.dirty_day") == [(first,)]
    feeder.land(trade(2))
    assert feeder.rows("SELECT symbol, trading_date, revision > %s FROM ops.dirty_day", first) == [("AAA", DAY, True)]


def test_a_known_fact_among_new_ones_lands_no_other_one_twice(feeder: Feeder) -> None:
    trades = [trade(number, at=OPEN + timedelta(seconds=number), producer_seq=number + 1) for number in range(90)]
    feeder.land(*trades[:50])
    again = feeder.land(*trades[40:70])
    assert (again.accounts.total.landed, again.accounts.total.duplicate, again.contested) == (20, 10, True)
    # Also the batch after it, which is written the other way.
    last = feeder.land(*trades[70:])
    assert (last.accounts.total.landed, last.contested) == (20, False)
    assert feeder.rows("SELECT count(*), count(DISTINCT entity_id), max(batch_id) FROM market.event") == [(90, 90, 3)]
    assert feeder.rows("SELECT sum(trade_count), sum(volume) FROM market.bar_1m") == [(90, Decimal(9000))]
    assert feeder.rows("SELECT seqs::text, duplicate_seqs::text FROM ops.stream_batch_source ORDER BY batch_id") == [
        ("{[1,51)}", "{}"),
        ("{[41,71)}", "{}"),
        ("{[71,91)}", "{}"),
    ]


def test_each_late_trade_of_a_batch_is_a_cause_of_its_own_bar_alone(feeder: Feeder) -> None:
    feeder.land(*(trade(number, at=OPEN + timedelta(minutes=number)) for number in range(9)))
    late = [trade(20 + number, at=OPEN + timedelta(minutes=number // 2, seconds=number)) for number in range(4)]
    feeder.land(*late, trade(40, at=OPEN + timedelta(minutes=30)), trade(41, symbol="BBB"))
    found = feeder.rows("SELECT bar_start, causes FROM ops.restatement ORDER BY bar_start")
    causes = [sorted(cause["event_id"].replace("-", "") for cause in causes) for _, causes in found]
    assert causes == [sorted(one.event_id for one in pair) for pair in (late[:2], late[2:])]
