-- Nobody else gathers the statistics of temporary tables.

ANALYZE proof_producer, proof_batch
