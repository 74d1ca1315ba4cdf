from marketpulse.events.listing import listings


def test_symbols_are_sorted_unique_and_canonical() -> None:
    symbols = [listing.symbol for listing in listings()]
    assert symbols == sorted(set(symbols))
    assert all(symbol == symbol.strip().upper() for symbol in symbols)
    assert {"AAPL", "MSFT", "GOOGL", "TSLA", "BRK.B", "ZTHN", "ZHLT", "ZSUB"} <= set(symbols)


def test_only_fictitious_companies_have_a_z_in_front() -> None:
    assert all(listing.fictitious == listing.symbol.startswith("Z") for listing in listings())
