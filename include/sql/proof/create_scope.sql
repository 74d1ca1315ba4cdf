-- Which producers and batches a proof is about; they last as long as its connection.

CREATE TEMP TABLE IF NOT EXISTS proof_producer (
    producer_id text PRIMARY KEY
);

CREATE TEMP TABLE IF NOT EXISTS proof_batch (
    batch_id bigint PRIMARY KEY
)
