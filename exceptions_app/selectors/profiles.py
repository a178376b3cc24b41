"""The versions of a connection's profile, as its page shows them."""

from __future__ import annotations

from exceptions_app.models import Connection, ProfileVersion

SHOWN = 30


def versions(connection: Connection) -> list[ProfileVersion]:
    """The latest SHOWN versions, newest first, without their texts."""
    return list(
        ProfileVersion.objects.filter(connection=connection)
        .select_related("activated_by", "restores")
        .defer("text", "restores__text")
        .order_by("-number")[:SHOWN]
    )


def version(connection: Connection, number: int) -> ProfileVersion | None:
    return ProfileVersion.objects.filter(connection=connection, number=number).first()
