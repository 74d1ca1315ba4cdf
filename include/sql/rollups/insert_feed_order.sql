-- The order in which feeds are preferred where their figures tie.

INSERT INTO market.feed_preference (feed, rank)
SELECT feed, rank
FROM unnest(%(feeds)s::text[]) WITH ORDINALITY AS listed (feed, rank)
