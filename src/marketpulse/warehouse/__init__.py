"""The database's shape and what is computed in it: migrations, roles, rollups, checks, proof, maintenance."""
