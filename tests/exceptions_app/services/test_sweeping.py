"""The slow re-read of open returns: everybody's turn comes, once a day."""

from datetime import timedelta

import pytest

from exceptions_app.models import Case, InboundEvent
from exceptions_app.services import sweeping
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def test_every_stale_return_is_asked_for_once_a_day_and_never_counts_as_a_repeat():
    bridge = factories.BridgeFactory()
    for number in range(sweeping.REREAD_BATCH + 2):
        factories.RmaFactory(
            bridge=bridge,
            external_id=f"70{number}",
            approval="authorised",
            planned_at=NOW - timedelta(days=2, minutes=number),
            source_updated_at=NOW - timedelta(days=3),
        )

    asked = [sweeping.reread_open(now=NOW + timedelta(minutes=at)) for at in range(3)]

    assert asked == [sweeping.REREAD_BATCH, 2, 0]
    assert set(InboundEvent.objects.values_list("topic", "copies")) == {("REREAD", 0)}
    assert not Case.objects.exists()
    assert sweeping.reread_open(now=NOW + timedelta(days=1)) == sweeping.REREAD_BATCH


@pytest.mark.parametrize(
    "changes",
    [
        {"planned_at": NOW - timedelta(hours=23)},
        {"approval": "closed"},
        {"source_updated_at": NOW - timedelta(days=121)},
    ],
)
def test_fresh_ended_and_very_old_returns_are_left_alone(changes):
    stale = {
        "approval": "authorised",
        "planned_at": NOW - timedelta(days=2),
        "source_updated_at": NOW - timedelta(days=3),
    }
    factories.RmaFactory(**stale | changes)

    assert sweeping.reread_open(now=NOW) == 0
    assert not InboundEvent.objects.exists()
