-- Who may enter the market's database. Idempotent.

ALTER DATABASE marketpulse OWNER TO marketpulse_owner;
ALTER DATABASE marketpulse SET timezone TO 'UTC';
REVOKE ALL ON DATABASE marketpulse FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE marketpulse TO marketpulse_writer, marketpulse_operations;
GRANT CONNECT ON DATABASE marketpulse TO marketpulse_reader;
