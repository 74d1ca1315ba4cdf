"""The report of one session: a page that needs no network, made from what the mart shows."""
