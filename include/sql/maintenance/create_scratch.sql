-- The empty database that a backup is restored into.

CREATE DATABASE marketpulse_restore_check TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'
