"""The stocks of the simulated market. Start prices are constants of the simulator, not market data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stock:
    """One listed stock: `price` is its long-run level in dollars, `volatility` annual, `trades` a usual day's count."""

    symbol: str
    venue: str
    tape: str
    price: float
    volatility: float
    trades: int
    typical_size: float
    spread_ticks: int = 1
    halts: bool = False


# ZTHN trades rarely, ZHLT halts every day, ZSUB costs less than a dollar; they do not exist outside the simulator.
STOCKS = (
    Stock("AAPL", "Q", "C", 229.0, 0.27, 7200, 90),
    Stock("AMZN", "Q", "C", 203.0, 0.32, 4700, 80),
    Stock("BRK.B", "N", "A", 468.0, 0.18, 1700, 40, spread_ticks=6),
    Stock("GOOGL", "Q", "C", 176.0, 0.30, 3900, 80, spread_ticks=2),
    Stock("MSFT", "Q", "C", 417.0, 0.24, 4300, 50, spread_ticks=3),
    Stock("NVDA", "Q", "C", 142.0, 0.48, 9200, 110),
    Stock("SPY", "P", "B", 588.0, 0.15, 8600, 90),
    Stock("TSLA", "Q", "C", 342.0, 0.55, 8200, 70, spread_ticks=3),
    Stock("ZHLT", "Q", "C", 24.5, 0.80, 1200, 130, spread_ticks=2, halts=True),
    Stock("ZSUB", "Q", "C", 0.62, 0.80, 1400, 400, spread_ticks=4),
    Stock("ZTHN", "N", "A", 11.8, 0.55, 110, 120, spread_ticks=6),
)
STOCK_OF = {stock.symbol: stock for stock in STOCKS}
