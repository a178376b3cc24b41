"""Messages to people for the screens: one of each state, to a place with a long name."""

from __future__ import annotations

from exceptions_app.models import CauseGroup, Message
from exceptions_app.services import telling_places
from tests.cast import make_user
from tests.factories import NOW

LONG_TITLE = (
    "Critical: SKU AW25-ORGANIC-CREWNECK-AUBERGINE-MIDNIGHT-14-16P-REPLACEMENT is not in BlueCherry"
)
STATES = ("waiting", "sent", "perhaps", "failed", "dropped")


def messages() -> dict[str, int]:
    place = telling_places.add(
        team="merchandising",
        name="Merchandising and data, north and south together, one room",
        kind="slack",
        address="https://hooks.slack.com/services/T00000000/B00000000/NotARealTokenOfAnybody00",
        wishes=telling_places.Wishes(digest_hour=8, quiet_from=19, quiet_until=7),
        desk_url="http://localhost",
        actor=make_user("ada"),
        now=NOW,
    )
    for number, state in enumerate(STATES):
        message = Message.objects.create(
            key=f"alert-{place.pk}-{number}-1",
            place=place,
            place_name=place.name,
            place_masked=place.masked,
            kind=place.kind,
            team=place.team,
            purpose="alert",
            title=LONG_TITLE,
            body=f"14 exceptions of 12 returns.\n{'https://desk.example.com/' + 'x' * 90}",
            state=state,
            outcome="It was sent, and no answer came. It is not sent again by itself.",
            tries=1,
            not_before=NOW,
            created_at=NOW,
            settled_at=None if state == "waiting" else NOW,
        )
    message.groups.set(CauseGroup.objects.order_by("pk")[:1])
    return {"message": message.pk, "message_place": place.pk}
