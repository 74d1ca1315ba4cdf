"""The page as a reader meets it: what it says, what it never does, and how large it gets."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from tests.report.sessions import (
    FEED,
    MADE_AT,
    OPEN,
    SCOPE,
    bar,
    day,
    facts,
    hours,
    minutes_of,
    restatement,
    rich,
    stretch,
)

from marketpulse.report import selection
from marketpulse.report.page import render
from marketpulse.report.rows import SessionFacts, VolumeRow

VOID = {"meta", "br", "hr", "img", "link", "input"}
NASTY = '<script>alert("x")</script>&"\'{{ 7*7 }}'


class Outline(HTMLParser):
    """Checks that elements close in order, and collects what the tests ask about."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.drawings: list[str] = []
        self.text: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.add(tag)
        self.ids += [values["id"] or ""] if "id" in values else []
        self.links += [values[name] or "" for name in ("href", "src", "xlink:href", "data") if name in values]
        assert not {name for name in values if name.startswith("on")}
        if values.get("role") == "img":
            self.drawings.append(values.get("aria-label") or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def page() -> str:
    return render(rich(), MADE_AT)


@pytest.fixture(scope="module")
def outline(page: str) -> Outline:
    return Outline(page)


def words(session: SessionFacts) -> str:
    return Outline(render(session, MADE_AT)).words


def test_the_page_needs_no_network_and_runs_nothing(page: str, outline: Outline) -> None:
    assert not outline.tags & {"script", "link", "img", "iframe", "object", "form", "base"}
    assert all(link.startswith("#") for link in outline.links)
    assert set(re.findall(r"url\(([^)]*)\)", page)) <= {f"#{name}" for name in outline.ids}
    # Name spaces of SVG are names, not addresses.
    assert set(re.findall(r"https?://[^\"' <]+", page)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "default-src 'none'; style-src 'unsafe-inline'" in page


def test_identifiers_are_unique_and_every_section_is_linked(outline: Outline) -> None:
    assert len(set(outline.ids)) == len(outline.ids)
    assert {link.removeprefix("#") for link in outline.links} <= set(outline.ids)


def test_the_head_says_state_source_and_that_the_market_is_simulated(outline: Outline) -> None:
    assert "Friday 20 November 2026" in outline.words
    assert "6 final, 3 restated, 2 provisional" in outline.words
    assert "synthetic data: a simulated market" in outline.words
    assert "09:30 to 16:00 exchange time (UTC−5)" in outline.words
    assert "sip (11)" in outline.words
    assert "consolidated (11)" in outline.words
    assert "real time (11)" in outline.words
    assert "2026-11-21 02:30:00 UTC" in outline.words


def test_completeness_has_each_reason_s_minutes(outline: Outline) -> None:
    assert "of 4,290 expected minutes are covered" in outline.words
    assert "our outage 165 11 yes" in outline.words
    assert "halted 60 1 no" in outline.words


def test_every_drawing_has_a_text_of_its_own(outline: Outline) -> None:
    # Movers, eleven symbols, the volume curve and the map.
    assert len(outline.drawings) == 14
    assert all(len(text) > 40 for text in outline.drawings)
    assert len(set(outline.drawings)) == 14


def test_restatements_show_old_new_and_why(outline: Outline) -> None:
    assert "high 101.00 → 103.50" in outline.words
    assert "late trade (2 causes)" in outline.words
    assert "bar gone" in outline.words
    assert "cancelled trade" in outline.words


def test_checks_and_the_pipeline_are_there(outline: Outline) -> None:
    assert "unexplained jumps ✗ findings warning 2" in outline.words
    assert "1 data check with findings" in outline.words
    assert "1 of 2 fields agree within their tolerance" in outline.words
    assert "balanced, 2026-11-21 02:30:00 UTC" in outline.words


def test_five_hundred_symbols_stay_below_two_megabytes() -> None:
    whole = rich(500)
    drawn = {row.symbol for row in selection.candle_symbols(whole.days)}
    ranked = selection.map_symbols(whole.reasons)
    mapped = [row for row in whole.stretches if row.symbol in set(ranked)]
    session = replace(
        whole,
        bars=tuple(row for row in whole.bars if row.symbol in drawn),
        stretches=selection.within_budget(mapped, ranked),
    )
    text = render(session, MADE_AT)
    assert len(text.encode()) < 2_000_000
    said = Outline(text).words
    assert "Drawn are 20 of 500 symbols: those that traded and moved most" in said
    assert "The 20 highest and lowest of 500" in said
    assert "Drawn are the 60 of 500 symbols that lost most; the table has all." in said


def test_a_day_without_data_says_so_in_every_section() -> None:
    said = words(facts())
    assert "no data" in said
    for sentence in (
        "No minutes were expected of any symbol on this day",
        "No coverage was recorded for this day.",
        "No symbol has a computed day: nothing was received, or the rollup has not run yet.",
        "No bar was built on this day",
        "Nothing was traded on this day, as far as it was received.",
        "No closed bar of this day was changed.",
        "No data check ran on this day yet.",
        "This day was not compared with official daily bars.",
        "The pipeline has not been checked yet.",
    ):
        assert sentence in said
    assert "%" not in said


def test_one_trade_is_a_whole_report() -> None:
    at, fifty = OPEN + timedelta(minutes=100), Decimal(50)
    stretches = (stretch("ONE", 0, 100, "no_trade"), stretch("ONE", 100, 1), stretch("ONE", 101, 289, "no_trade"))
    prices = {"open": fifty, "high": fifty, "low": fifty, "close": fifty, "volume": Decimal(100)}
    only = day(
        "ONE", trade_count=1, open_basis="trade", close_basis="trade", previous_close=None, return_1d=None, **prices
    )
    said = words(
        facts(
            days=(only,),
            bars=(bar("ONE", 100, trade_count=1, **prices),),
            volumes=(VolumeRow(FEED, SCOPE, at, "regular", Decimal(100), 1, 1),),
            stretches=stretches,
            reasons=minutes_of(stretches),
        )
    )
    assert "No symbol has both a close and a previous close" in said
    assert "50.00*" in said
    assert "1 bar as a table" in said
    assert "no trade 389 1 no" in said


def test_a_day_of_halts_only_is_covered_and_has_no_prices() -> None:
    stretches = tuple(stretch(symbol, 0, 390, "halted") for symbol in ("AAA", "BBB"))
    nothing = dict.fromkeys(("open", "high", "low", "close", "vwap", "return_1d", "total_return_1d", "gap_pct"))
    days = tuple(day(symbol, trade_count=0, volume=Decimal(0), **nothing) for symbol in ("AAA", "BBB"))
    said = words(facts(days=days, stretches=stretches, reasons=minutes_of(stretches)))
    assert "2, of which 0 traded in the regular part" in said
    assert "halted 780 2 no" in said
    assert "100.00 % of the regular part" in said


def test_bars_without_a_price_keep_their_volume() -> None:
    silent = bar("ODD", 5, open=None, high=None, low=None, close=None, volume=Decimal(7))
    said = words(facts(days=(day("ODD", open=None, high=None, low=None, close=None, return_1d=None),), bars=(silent,)))
    assert "09:35 – – – – 7 100.00 %" in said


def test_a_symbol_of_the_pre_market_only_has_a_table_and_no_candles() -> None:
    early = bar("PRE", -30, session_part="pre")
    said = words(facts(days=(day("PRE"),), bars=(early,)))
    assert "No bar in the regular part; the table has the others." in said
    assert "09:00 pre" in said


def test_an_early_close_and_hours_that_nobody_knows_are_said() -> None:
    assert "09:30 to 13:00 exchange time (UTC−5), early close" in words(facts(sessions=(hours(is_early_close=True),)))
    assert "its hours are not known; times are UTC" in words(
        facts(sessions=(), days=(day("AAA"),), bars=(bar("AAA", 0),))
    )


def test_feeds_and_scopes_are_never_added_up() -> None:
    rows = (
        VolumeRow("iex", "venue_iex", OPEN, "regular", Decimal(5), 1, 1),
        VolumeRow("sip", "consolidated", OPEN, "regular", Decimal(70), 1, 1),
    )
    said = words(facts(volumes=rows))
    assert "Feed iex, scope venue iex" in said
    assert "Feed sip, scope consolidated" in said
    assert "75" not in said


def test_whatever_a_provider_calls_things_is_text() -> None:
    stretches = (stretch(NASTY, 0, 390, NASTY, feed=NASTY),)
    session = facts(
        days=(day(NASTY, name=NASTY, currency=NASTY, feed=NASTY, volume_scope=NASTY, state=NASTY),),
        bars=(bar(NASTY, 0, feed=NASTY, is_restated=True),),
        stretches=stretches,
        reasons=minutes_of(stretches),
        restatements=(restatement(NASTY, feed=NASTY, cause=NASTY),),
        volumes=(VolumeRow(NASTY, NASTY, OPEN, "regular", Decimal(1), 1, 1),),
    )
    text = render(session, MADE_AT)
    assert "<script" not in text
    assert "49" not in Outline(text).words.replace("09:49", "")
    assert "script" not in Outline(text).tags
