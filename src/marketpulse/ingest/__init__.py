"""The poll loop: ask a provider, publish to Kafka, and remember in Postgres what was covered."""
