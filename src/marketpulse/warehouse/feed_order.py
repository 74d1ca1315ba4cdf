"""Which feed is shown where several have the same figure: one order for bars, days, weeks and months."""

from collections.abc import Sequence

import psycopg

from marketpulse.errors import OperatorError
from marketpulse.resources import read_sql


def replace_feed_order(connection: psycopg.Connection, feeds: Sequence[str]) -> bool:
    """Store the order, best first; whether it was another one. Then bars choose again at once, and every symbol's
    series is marked. Runs in the caller's transaction, under the rollups' lock.

    Raises OperatorError when a feed is named twice.
    """
    if len(set(feeds)) < len(feeds):
        raise OperatorError(f"MARKETPULSE_FEED_ORDER names a feed twice: {', '.join(feeds)}")
    if [feed for (feed,) in connection.execute(read_sql("rollups/select_feed_order"))] == list(feeds):
        return False
    connection.execute(read_sql("rollups/delete_feed_order"))
    connection.execute(read_sql("rollups/insert_feed_order"), {"feeds": list(feeds)})
    connection.execute(read_sql("rollups/prefer_bars"))
    connection.execute(read_sql("rollups/mark_all_series"))
    return True
