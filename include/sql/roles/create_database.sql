-- The market's database. Collation C: the same order on every machine.

CREATE DATABASE marketpulse
    OWNER marketpulse_owner
    TEMPLATE template0
    ENCODING 'UTF8'
    LC_COLLATE 'C'
    LC_CTYPE 'C';
