"""Every measure once more, in Python and Decimal, from the sample's stored rows: not from the views, not from SQL.

A fact table is a list of rows of text; `MEASURES` says for each measure of the model what a list of them amounts to.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from tests.powerbi.sample import Row, sample

Fact = dict[str, Any]
Rows = Sequence[Fact]
Value = Decimal | str | bool | datetime | date | None
Measure = Callable[[Rows], Value]


@dataclass(frozen=True, slots=True)
class Context:
    """The filter that a visual and its slicers leave."""

    symbols: tuple[str, ...]
    first: str
    last: str

    def leaves(self, rows: Rows, day: str | None) -> Rows:
        """The rows of the context's symbols and, where the table has a `day`, of its dates."""
        return [
            row
            for row in rows
            if row.get("symbol", self.symbols[0]) in self.symbols
            and (day is None or self.first <= row[day] <= self.last)
        ]


@cache
def facts() -> dict[str, tuple[list[Fact], str | None]]:
    """The rows of each table of the model, and the column that its date filter works on."""
    stored = sample()
    return {
        "Daily": (_daily(stored), "trading_date"),
        "Period": (_plain(stored["rollup.period"]), "period_start"),
        "Bars": (_bars(stored), "trading_date"),
        "Live Bars": (
            [row for row in _plain(stored["market.bar_1m"]) if row["trading_date"] == "2026-07-02"],
            "trading_date",
        ),
        "Latest": (_latest(stored), None),
        "Coverage": (_coverage(stored), "trading_date"),
        "Coverage Day": (_coverage(stored), "trading_date"),
        "Restatement": (_restatements(stored), "trading_date"),
        "Restatement Week": ([{"week_start": "2026-06-29"}] * len(stored["ops.restatement"]), "week_start"),
        "Quality": (_newest_checks(stored), "trading_date"),
        "Reconciliation": (_plain(stored["rollup.reconciliation"]), "trading_date"),
        "Pipeline": ([{}], None),
    }


def expected(table: str, measure: str, context: Context) -> Value:
    rows, day = facts()[table]
    return MEASURES[measure](context.leaves(rows, day))


# What the views join, joined here.


def _plain(rows: list[Row]) -> list[Fact]:
    return [dict(row) for row in rows]


def _daily(stored: dict[str, list[Row]]) -> list[Fact]:
    def key(row: Row) -> tuple[str | None, ...]:
        return row["symbol"], row["trading_date"], row["feed"]

    days = {key(row): row for row in stored["rollup.daily"]}
    rows = []
    for series in stored["rollup.daily_series"]:
        unexplained = [
            minutes(row)
            for row in stored["rollup.coverage"]
            if key(row) == key(series) and row["reason"] == "unexplained" and row["session_part"] == "regular"
        ]
        owed = days[key(series)]["minutes_expected"]
        changed = [row for row in stored["ops.restatement"] if key(row) == key(series)]
        rows.append(
            {
                **days[key(series)],
                **{name: value for name, value in series.items() if name != "computed_at"},
                "restatements": str(len(changed)),
                "minutes_unexplained": None if owed is None else str(sum(unexplained)),
            }
        )
    return rows


def _bars(stored: dict[str, list[Row]]) -> list[Fact]:
    """Each bar with its prices and its volume in the shares of the newest day."""
    factors = {(row["symbol"], row["trading_date"]): row["split_factor"] for row in stored["rollup.daily_series"]}
    rows = []
    for bar in stored["rollup.bar"]:
        factor = Decimal(str(factors[bar["symbol"], bar["trading_date"]]))
        prices = {
            f"adj_{name}": None if (price := bar[name]) is None else Decimal(price) * factor
            for name in ("open", "high", "low", "close")
        }
        rows.append({**bar, **prices, "adj_volume": Decimal(str(bar["volume"])) / factor})
    return rows


def _latest(stored: dict[str, list[Row]]) -> list[Fact]:
    """Change on the close of the session before, halved for ABC, which was split two for one since."""
    before = {"ABC": Decimal(110) / 2}
    rows = []
    for row in stored["market.latest"]:
        close = before.get(str(row["symbol"]))
        price = Decimal(str(row["price"]))
        bars = [
            bar
            for bar in stored["market.bar_1m"]
            if (bar["symbol"], bar["feed"], bar["trading_date"]) == (row["symbol"], row["feed"], row["trade_date"])
        ]
        states = {"ABC": "final", "DEF": "final", "XYZ": "provisional"}
        rows.append(
            {
                **row,
                "change": None if close is None else price - close,
                "change_pct": None if close is None else round(100 * (price / close - 1), 4),
                "day_volume": sum(Decimal(str(bar["volume"])) for bar in bars),
                "volume_scope": bars[0]["volume_scope"],
                "state": states[str(row["symbol"])],
                "age_seconds": (at("2026-07-02 13:32:00+00") - at(str(row["trade_at"]))).seconds,
            }
        )
    return rows


def _coverage(stored: dict[str, list[Row]]) -> list[Fact]:
    chosen = {(row["symbol"], row["trading_date"], row["feed"]) for row in stored["rollup.daily_series"]}
    return [
        {
            **row,
            "minutes": minutes(row),
            "shown": row["reason"] if row["status"] == "missing" else "received",
            "is_chosen": (row["symbol"], row["trading_date"], row["feed"]) in chosen,
        }
        for row in stored["rollup.coverage"]
    ]


def _restatements(stored: dict[str, list[Row]]) -> list[Fact]:
    return [
        {
            **row,
            "old": json.loads(row["old"] or "{}"),
            "new": json.loads(row["new"] or "{}"),
            "causes": json.loads(str(row["causes"])),
        }
        for row in stored["ops.restatement"]
    ]


def _newest_checks(stored: dict[str, list[Row]]) -> list[Fact]:
    newest = {
        (row["check_name"], row["trading_date"]): row
        for row in sorted(stored["ops.check_result"], key=lambda row: str(row["checked_at"]))
    }
    return _plain(list(newest.values()))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


def minutes(row: Row) -> int:
    return int((at(str(row["range_end"])) - at(str(row["range_start"]))).total_seconds() // 60)


# What measures are made of.


def known(rows: Rows, name: str) -> list[Decimal]:
    return [Decimal(row[name]) for row in rows if row[name] is not None]


def total(rows: Rows, name: str) -> Decimal | None:
    values = known(rows, name)
    return sum(values, Decimal()) if values else None


def ratio(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    return None if part is None or not whole else part / whole


def count(rows: Rows) -> Decimal | None:
    return Decimal(len(rows)) if rows else None


def distinct(rows: Rows, name: str) -> set[Any]:
    return {row[name] for row in rows}


def is_one(rows: Rows, name: str) -> bool:
    return len(distinct(rows, name)) == 1


def comparable(rows: Rows) -> bool:
    """A day without a trade has no scope and fits to any."""
    return is_one(rows, "feed") and len(distinct(rows, "volume_scope") - {None}) <= 1


def one_currency(rows: Rows) -> bool:
    currencies = {row["symbol"]: row["currency"] for row in sample()["market.symbol"]}
    return len({currencies.get(row["symbol"], "UNKNOWN") for row in rows}) == 1


def summed(name: str) -> Measure:
    return lambda rows: total(rows, name) if comparable(rows) else None


def plain_sum(name: str) -> Measure:
    return lambda rows: total(rows, name)


def highest(name: str) -> Measure:
    return lambda rows: max(known(rows, name), default=None)


def lowest(name: str) -> Measure:
    return lambda rows: min(known(rows, name), default=None)


def alone(measure: Measure, name: str = "symbol") -> Measure:
    return lambda rows: measure(rows) if is_one(rows, name) else None


def edge(name: str, order: str, *, last: bool) -> Measure:
    def measure(rows: Rows) -> Decimal | None:
        ordered = sorted((row for row in rows if row[name] is not None), key=lambda row: str(row[order]))
        return Decimal(ordered[-1 if last else 0][name]) if ordered else None

    return alone(measure)


def latest_day(name: str) -> Measure:
    return edge(name, "trading_date", last=True)


def vwap(rows: Rows, volume: str) -> Decimal | None:
    return ratio(total(rows, "notional"), total(rows, volume)) if of_one_symbol(rows) else None


def of_one_symbol(rows: Rows) -> bool:
    return comparable(rows) and is_one(rows, "symbol")


def unsplit(rows: Rows) -> bool:
    return of_one_symbol(rows) and is_one(rows, "split_factor")


def notional(rows: Rows) -> Decimal | None:
    return total(rows, "notional") if comparable(rows) and one_currency(rows) else None


def extended(rows: Rows) -> Decimal | None:
    return sum(known(rows, "volume_pre") + known(rows, "volume_post"), Decimal()) if of_one_symbol(rows) else None


def extended_share(rows: Rows) -> Decimal | None:
    outside = extended(rows)
    return None if outside is None or not unsplit(rows) else ratio(outside, outside + sum(known(rows, "volume")))


def chained(name: str, scale: int = 1) -> Measure:
    def measure(rows: Rows) -> Decimal | None:
        if not rows or len(known(rows, name)) < len(rows):
            return None
        product = Decimal(1)
        for value in known(rows, name):
            product *= 1 + value / scale
        return product - 1

    return alone(measure)


def day_return(rows: Rows) -> Decimal | None:
    """From the close before the first day, or from the first day's where there is none before it."""
    days = sorted((row for row in rows if row["adj_close"] is not None), key=lambda row: str(row["trading_date"]))
    if not days or not is_one(rows, "symbol") or (days[0]["return_1d"] is None and len(days) == 1):
        return None
    before = Decimal(days[0]["adj_close"]) / (1 + Decimal(days[0]["return_1d"] or 0))
    return Decimal(days[-1]["adj_close"]) / before - 1


def last_day(rows: Rows) -> Rows:
    newest = max(distinct(rows, "trading_date"), default="")
    return [row for row in rows if row["trading_date"] == newest and row["return_1d"] is not None]


def words(name: str) -> Measure:
    return lambda rows: ", ".join(sorted(distinct(rows, name) - {None})) or None


def one_word(name: str) -> Measure:
    return lambda rows: (rows[0][name] if is_one(rows, name) else "several") if rows else None


def days_in(state: str) -> Measure:
    return lambda rows: count([row for row in rows if row["state"] == state])


def worst_state(rows: Rows) -> str | None:
    states = distinct(rows, "state")
    return next((state for state in ("provisional", "restated", "final") if state in states), None)


def origin(rows: Rows) -> str | None:
    words = {frozenset({"true"}): "simulated market", frozenset({"false"}): "real market", frozenset(): None}
    return words.get(frozenset(distinct(rows, "is_synthetic")), "partly simulated")


def finest(rows: Rows) -> Rows:
    shortest = min((int(row["interval_min"]) for row in rows), default=0)
    return [row for row in rows if int(row["interval_min"]) == shortest]


def intraday(measure: Measure) -> Measure:
    return lambda rows: measure(finest(rows))


LOWERING = {"unexplained", "our_outage", "provider_gap", "dead_lettered", "not_landed", "lost"}


def intraday_coverage(rows: Rows) -> Decimal | None:
    """Of the parts that have bars, which in the sample is the regular one of every symbol."""
    shown = [row for row in rows if row["is_chosen"] and row["session_part"] == "regular"]
    lost = [row for row in shown if row["shown"] in LOWERING]
    return ratio(sum(known(shown, "minutes")) - sum(known(lost, "minutes"), Decimal()), total(shown, "minutes"))


def intraday_return(rows: Rows) -> Decimal | None:
    first, last = (
        intraday(edge(name, "bar_start", last=last))(rows) for name, last in (("adj_open", False), ("adj_close", True))
    )
    return last / first - 1 if isinstance(first, Decimal) and isinstance(last, Decimal) else None


def spread(rows: Rows) -> Decimal | None:
    ask, bid = known(rows, "ask"), known(rows, "bid")
    return max(ask) - max(bid) if ask and bid else None


def one_grain(measure: Measure) -> Measure:
    return alone(measure, "period")


def period_volume(rows: Rows) -> Decimal | None:
    """Null where one period's volumes do not add up by themselves."""
    return total(rows, "volume") if of_one_symbol(rows) and len(known(rows, "volume")) == len(rows) else None


def missing(measure: Measure) -> Measure:
    return lambda rows: measure([row for row in rows if row["status"] == "missing"])


def because(wanted: Callable[[str], bool]) -> Measure:
    def measure(rows: Rows) -> Decimal | None:
        chosen = [row for row in rows if wanted(row["shown"])]
        return total(chosen, "minutes") if is_one(chosen, "feed") else None

    return measure


def close_change(rows: Rows) -> Decimal | None:
    both = [(Decimal(row["old"]["close"]), Decimal(row["new"]["close"])) for row in rows if row["old"] and row["new"]]
    return max((abs((new - old) / old) for old, new in both), default=None)


def restated_volume(rows: Rows) -> Decimal | None:
    new, old = ([Decimal(row[age]["volume"]) for row in rows if row[age]] for age in ("new", "old"))
    return sum(new, Decimal()) - sum(old, Decimal()) if new or old else None


def compared(rows: Rows) -> Rows:
    return [row for row in rows if row["within"] is not None]


def apart(rows: Rows) -> Rows:
    return [row for row in rows if row["within"] == "false"]


def agreement(rows: Rows) -> Decimal | None:
    return ratio(Decimal(len(compared(rows)) - len(apart(rows))), count(compared(rows)))


MEASURES: dict[str, Measure] = {
    "Is Comparable": comparable,
    "Volume": alone(summed("adj_volume")),
    "Notional": notional,
    "Trades": summed("trade_count"),
    "VWAP": lambda rows: vwap(rows, "adj_volume"),
    "Average Trade Size": lambda rows: (
        ratio(total(rows, "adj_volume"), total(rows, "trade_count")) if of_one_symbol(rows) else None
    ),
    "Extended Volume": extended,
    "Extended Share": extended_share,
    "Open": edge("adj_open", "trading_date", last=False),
    "High": alone(highest("adj_high")),
    "Low": alone(lowest("adj_low")),
    "Close": latest_day("adj_close"),
    "Return": day_return,
    "Total Return": chained("total_return_1d"),
    "Gap": latest_day("gap_pct"),
    "Average True Range": latest_day("atr_14"),
    "SMA 20": latest_day("sma_20"),
    "SMA 50": latest_day("sma_50"),
    "SMA 200": latest_day("sma_200"),
    "Drawdown": latest_day("drawdown_pct"),
    "High 52 Weeks": latest_day("high_52w"),
    "Low 52 Weeks": latest_day("low_52w"),
    "Realised Volatility": lambda rows: (
        round(daily * Decimal(252).sqrt(), 10)
        if isinstance(daily := latest_day("realised_volatility")(rows), Decimal)
        else None
    ),
    "Volume as Traded": lambda rows: total(rows, "volume") if unsplit(rows) else None,
    "VWAP as Traded": lambda rows: vwap(rows, "volume") if unsplit(rows) else None,
    "Close as Traded": latest_day("close"),
    "Symbols": lambda rows: Decimal(len(distinct(rows, "symbol"))),
    "Advancers": lambda rows: count([row for row in last_day(rows) if Decimal(row["return_1d"]) > 0]),
    "Decliners": lambda rows: count([row for row in last_day(rows) if Decimal(row["return_1d"]) < 0]),
    "Minutes Expected": plain_sum("minutes_expected"),
    "Minutes Covered": plain_sum("minutes_covered"),
    "Minutes Unexplained": plain_sum("minutes_unexplained"),
    "Restated in Days": plain_sum("restatements"),
    "Coverage": lambda rows: ratio(total(rows, "minutes_covered"), total(rows, "minutes_expected")),
    "Feed Shown": words("feed"),
    "Scope Shown": words("volume_scope"),
    "Delay Shown": highest("delay_s"),
    "State Shown": worst_state,
    "Days Final": days_in("final"),
    "Days Provisional": days_in("provisional"),
    "Days Restated": days_in("restated"),
    "Origin Shown": origin,
    "Newest Day": lambda rows: max((date.fromisoformat(row["trading_date"]) for row in rows), default=None),
    "Computed Last": lambda rows: max((at(row["computed_at"]) for row in rows), default=None),
    "Finest Interval": lowest("interval_min"),
    "Is Intraday Comparable": intraday(comparable),
    "Intraday Volume": intraday(alone(summed("adj_volume"))),
    "Intraday Notional": intraday(notional),
    "Intraday Trades": intraday(summed("trade_count")),
    "Intraday VWAP": intraday(lambda rows: vwap(rows, "adj_volume")),
    "Intraday Open": intraday(edge("adj_open", "bar_start", last=False)),
    "Intraday High": alone(highest("adj_high")),
    "Intraday Low": alone(lowest("adj_low")),
    "Intraday Close": intraday(edge("adj_close", "bar_start", last=True)),
    "Intraday Return": intraday_return,
    "Restated Bars": intraday(lambda rows: count([row for row in rows if row["is_restated"] == "true"])),
    "Is Live Comparable": comparable,
    "Live Volume": alone(summed("volume")),
    "Live Notional": notional,
    "Live Trades": summed("trade_count"),
    "Live VWAP": lambda rows: vwap(rows, "volume"),
    "Live High": alone(highest("high")),
    "Live Low": alone(lowest("low")),
    "Live Close": edge("close", "bar_start", last=True),
    "Latest Price": alone(highest("price")),
    "Latest Change": alone(highest("change")),
    "Latest Change Percent": alone(highest("change_pct")),
    "Latest Day Volume": alone(highest("day_volume")),
    "Latest Spread": alone(spread),
    "Oldest Price Age": highest("age_seconds"),
    "Live Feed": one_word("feed"),
    "Live Scope": one_word("volume_scope"),
    "Live State": one_word("state"),
    "Live Delay": highest("delay_s"),
    "Period Volume": one_grain(period_volume),
    "Period VWAP": one_grain(lambda rows: None if period_volume(rows) is None else vwap(rows, "volume")),
    "Period Return": one_grain(chained("return_pct", 100)),
    "Period Coverage": lowest("coverage_pct"),
    "Period Sessions": one_grain(plain_sum("sessions")),
    "Missing Ranges": missing(count),
    "Longest Missing Range": missing(highest("minutes")),
    "Session Minutes": because(lambda reason: True),
    "Received Minutes": because(lambda reason: reason == "received"),
    "Missing Minutes": because(lambda reason: reason != "received"),
    "Outage Minutes": because(lambda reason: reason == "our_outage"),
    "Unexplained Minutes": because(lambda reason: reason == "unexplained"),
    "Intraday Coverage": intraday_coverage,
    "Restatements": count,
    "Restatement Causes": lambda rows: Decimal(sum(len(row["causes"]) for row in rows)) if rows else None,
    "Restated Volume": restated_volume,
    "Largest Close Change": close_change,
    "Restated Last": lambda rows: max((at(row["restated_at"]) for row in rows), default=None),
    "Restatements in Weeks": count,
    "Checks Run": count,
    "Checks Failed": lambda rows: count([row for row in rows if int(row["offending"])]),
    "Offending Rows": plain_sum("offending"),
    "Fields Compared": lambda rows: count(compared(rows)),
    "Fields Apart": lambda rows: count(apart(rows)),
    "Agreement": agreement,
    # One row whatever the filter: two partitions 5 and 7 records behind, two dead letters open, one proof.
    "Pipeline State": lambda rows: "ok",
    "Lag Records": lambda rows: Decimal(12),
    "Lag Seconds": lambda rows: Decimal("1.5"),
    "Freshness Seconds": lambda rows: Decimal(10),
    "Open Dead Letters": lambda rows: Decimal(2),
    "Proof": lambda rows: "balanced",
}
