-- Remove the restored copy, also one that a killed check left.

DROP DATABASE IF EXISTS marketpulse_restore_check WITH (FORCE)
