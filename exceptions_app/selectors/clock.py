"""The database's clock: leases and due times of all workers are read on one watch."""

from datetime import UTC, datetime

from django.db import connection


def database_now() -> datetime:
    """The database's wall clock at this moment, aware UTC (not the transaction's start)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    return moment.astimezone(UTC)  # type: ignore[no-any-return]
