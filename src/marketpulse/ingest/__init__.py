"""From a provider to Kafka: the producer that polls and the task that keeps it running, the replay of a recorded file,
the topics themselves and how a person reads them. What was covered is remembered in Postgres.
"""
