"""The Spark stream: records of the topics become facts, bars and bookkeeping in Postgres, exactly once."""
