-- Restatements counted by provider and week. Grain and key: provider, week_start. Read by Power BI and SQL clients.

CREATE VIEW mart.fact_restatement_week AS
SELECT
    week.provider,
    week.week_start,
    week.restatements::integer AS restatements
FROM rollup.restatement_week AS week;

COMMENT ON VIEW mart.fact_restatement_week IS 'One row per provider and week of the trading day.';
COMMENT ON COLUMN mart.fact_restatement_week.provider IS 'Provider whose data changed; unknown where nobody can say.';
COMMENT ON COLUMN mart.fact_restatement_week.week_start IS 'Monday of the week; see dim_date.';
COMMENT ON COLUMN mart.fact_restatement_week.restatements IS 'Changes of closed one-minute bars of that week''s days.';
