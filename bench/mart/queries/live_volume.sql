-- Live page: today's volume by minute over all symbols.
SELECT minute_of_session, volume_scope, sum(volume), sum(notional)
FROM mart.fact_bar_live
GROUP BY minute_of_session, volume_scope;
