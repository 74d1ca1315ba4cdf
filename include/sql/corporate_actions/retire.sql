-- The current version of an action stops being it when it says something else.

UPDATE market.corporate_action
SET is_current = false
WHERE symbol = %(symbol)s
  AND ex_date = %(ex_date)s
  AND action_type = %(action_type)s
  AND is_current
  AND (split_from, split_to, cash_amount, currency)
      IS DISTINCT FROM (%(split_from)s::numeric, %(split_to)s::numeric, %(cash_amount)s::numeric, %(currency)s::text)
