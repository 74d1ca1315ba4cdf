"""One module a provider: what to ask, how to read the answer, and nothing about Kafka or Postgres."""
