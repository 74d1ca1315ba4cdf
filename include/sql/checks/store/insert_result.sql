-- Keep what one check found on one day.

INSERT INTO ops.check_result (check_name, trading_date, offending, sample)
VALUES (%(check_name)s, %(trading_date)s, %(offending)s, %(sample)s)
