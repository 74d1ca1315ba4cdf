-- A daily rollup looks for the few auction prints and official reports among all trades of the day.

CREATE INDEX event_auction_idx ON market.event (symbol, feed) WHERE auction IS NOT NULL;
