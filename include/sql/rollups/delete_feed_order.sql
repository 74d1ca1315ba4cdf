-- Forget the stored order; another one follows in the same transaction.

DELETE FROM market.feed_preference
