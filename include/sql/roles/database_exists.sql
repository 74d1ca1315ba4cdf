-- Whether the market's database exists.

SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'marketpulse');
