-- Schemas by purpose: facts, bookkeeping, computed days, the read-only face for BI.
-- Roles exist before the first migration (`marketpulse migrate roles`); passwords never pass through a migration.

CREATE SCHEMA market;
CREATE SCHEMA ops;
CREATE SCHEMA rollup;
CREATE SCHEMA mart;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA market, ops TO marketpulse_writer;
GRANT USAGE ON SCHEMA market, ops, rollup, mart TO marketpulse_operations;
GRANT USAGE ON SCHEMA mart TO marketpulse_reader;
