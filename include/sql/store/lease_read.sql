-- Who holds a lease, and by which token. Read by `store.lease.acquire`.
SELECT
    holder,
    token
FROM ops.lease
WHERE name = %(name)s;
