-- The moment of the snapshot.

SELECT now()
