-- One listing of include/symbols.csv.

INSERT INTO market.symbol (
    symbol, valid_from, valid_to, name, mic, calendar, currency, sector, is_fictitious, renamed_to
)
VALUES (
    %(symbol)s, %(valid_from)s, %(valid_to)s, %(name)s, %(mic)s, %(calendar)s, %(currency)s, %(sector)s,
    %(is_fictitious)s, %(renamed_to)s
)
ON CONFLICT (symbol, valid_from) DO UPDATE
SET
    valid_to = excluded.valid_to,
    name = excluded.name,
    mic = excluded.mic,
    calendar = excluded.calendar,
    currency = excluded.currency,
    sector = excluded.sector,
    is_fictitious = excluded.is_fictitious,
    renamed_to = excluded.renamed_to;
