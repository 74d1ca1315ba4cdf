-- How far one day of one feed has landed: trades in force, and bars. Read by the demo's progress bar.
SELECT
    (SELECT count(*) FROM market.event
      WHERE trading_date = %(trading_date)s AND feed = %(feed)s AND event_type = 'trade' AND action <> 'cancel') AS trades,
    (SELECT count(*) FROM market.bar_1m
      WHERE trading_date = %(trading_date)s AND feed = %(feed)s) AS bars
