from decimal import Decimal

from tests.report.sessions import day, hours, minutes_of, stretch

from marketpulse.report import selection
from marketpulse.report.reasons import REASONS, reason


def test_candles_go_to_the_largest_moves_either_way_in_the_order_of_symbols() -> None:
    days = [day(f"S{number:03d}", return_1d=Decimal(number - 50) / 1000) for number in range(100)]
    drawn = selection.candle_symbols(days)
    assert len(drawn) == selection.MOST_CANDLES
    assert [row.symbol for row in drawn] == sorted(row.symbol for row in drawn)
    assert {"S000", "S001", "S099", "S098"} <= {row.symbol for row in drawn}
    assert "S050" not in {row.symbol for row in drawn}


def test_a_symbol_that_did_not_trade_gets_no_candles() -> None:
    assert selection.candle_symbols([day("AAA", trade_count=0)]) == ()


def test_movers_rank_from_the_highest_and_leave_out_unknown_returns() -> None:
    days = [day("AAA", return_1d=None), day("BBB", return_1d=Decimal("-0.5")), day("CCC", return_1d=Decimal(2))]
    assert [row.symbol for row in selection.movers(days)] == ["CCC", "BBB"]


def test_many_movers_are_cut_in_the_middle() -> None:
    days = [day(f"S{number:03d}", return_1d=Decimal(number)) for number in range(200)]
    ranked = [row.symbol for row in selection.movers(days)]
    assert (len(ranked), ranked[0], ranked[19], ranked[20], ranked[-1]) == (40, "S199", "S180", "S019", "S000")


def test_coverage_follows_the_day_s_feed_else_the_one_that_received_most() -> None:
    rows = minutes_of((stretch("AAA", 0, 5, feed="iex"), stretch("AAA", 0, 4, feed="sip"), stretch("BBB", 0, 9)))
    feeds = selection.feed_of([day("BBB", feed="iex")], rows)
    assert feeds == {"AAA": "iex", "BBB": "iex"}
    assert [(row.symbol, row.feed) for row in selection.of_feeds(rows, feeds)] == [("AAA", "iex")]


def test_the_map_begins_with_what_lost_most_and_keeps_symbols_whole() -> None:
    stretches = (
        stretch("AAA", 0, 300, "no_trade"),
        stretch("BBB", 0, 10, "our_outage"),
        stretch("BBB", 10, 5),
        stretch("CCC", 0, 11, "unexplained"),
    )
    ranked = selection.map_symbols(minutes_of(stretches))
    assert ranked == ("CCC", "BBB", "AAA")
    assert [row.symbol for row in selection.within_budget(stretches, ranked)] == ["CCC", "BBB", "BBB", "AAA"]


def test_a_symbol_of_countless_stretches_is_drawn_alone() -> None:
    many = [stretch("AAA", minute, 1, "unexplained") for minute in range(selection.MOST_MAP_STRETCHES + 1)]
    taken = selection.within_budget([*many, stretch("BBB", 0, 1)], ("AAA", "BBB"))
    assert {row.symbol for row in taken} == {"AAA"}


def test_the_session_is_the_one_that_the_days_were_computed_in() -> None:
    usual, early = hours(), hours(is_early_close=True)
    assert selection.sessions_of([usual, early], [day("AAA", minutes_expected=210)]) == (early,)
    assert selection.sessions_of([usual, early], []) == (usual, early)
    assert selection.sessions_of([usual, early], [day("AAA", minutes_expected=None)]) == (usual, early)


def test_every_reason_has_a_letter_of_its_own_and_what_came_has_none() -> None:
    letters = [known.letter for known in REASONS]
    assert len(set(letters)) == len(letters)
    assert reason(None).letter == ""
    assert reason("our_outage", "late").code == "late"
    assert reason("something_new", "missing").is_lost
