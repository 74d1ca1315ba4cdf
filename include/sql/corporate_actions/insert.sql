-- The next version of an action that has no current one; no row comes back when it is known as it is.

INSERT INTO market.corporate_action (
    symbol, ex_date, action_type, version, split_from, split_to, cash_amount, currency, source
)
SELECT
    %(symbol)s,
    %(ex_date)s,
    %(action_type)s,
    coalesce(max(version), 0) + 1,
    %(split_from)s,
    %(split_to)s,
    %(cash_amount)s,
    %(currency)s,
    %(source)s
FROM market.corporate_action
WHERE symbol = %(symbol)s
  AND ex_date = %(ex_date)s
  AND action_type = %(action_type)s
HAVING coalesce(bool_or(is_current), false) = false
RETURNING version
