"""MarketPulse: a real-time market-data pipeline that proves what it did with every event."""
