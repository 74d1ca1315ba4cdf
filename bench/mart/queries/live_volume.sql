-- Live page without a selection: today's volume by minute over all symbols.
SELECT bar_start_local, session_part, volume_scope, sum(volume)
FROM mart.fact_bar_live
GROUP BY bar_start_local, session_part, volume_scope;
