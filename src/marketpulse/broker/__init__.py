"""What Kafka knows about its topics: their partitions, the offsets they hold, and when a record was written."""
