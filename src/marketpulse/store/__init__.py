"""The Postgres side of the pipeline's bookkeeping: connections, leases, cursors."""
