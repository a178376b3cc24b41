"""Refused documents of many returns sent again in one act, and taken back in one."""

import pytest

from exceptions_app.models import Case, Fix, Posting
from exceptions_app.services import fix_batches
from tests.cast import make_user
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def refused():
    """Three credits that the ERP refused."""
    world = make_world()
    for number in range(3):
        world.add_order(f"SO-{number}")
        world.add_return(f"500{number}", order_name=f"SO-{number}")
    rule = {
        "kind": "status",
        "status": 422,
        "method": "POST",
        "path": "/api/.*",
        "content": "CM-",
        "body": '{"errors": [{"message": "Order is locked"}]}',
        "times": 3,
    }
    world.erp.faults.parse([rule])
    world.carry()
    world.erp.faults.parse([])
    return world, list(Case.objects.filter(type="CM_REJECTED").order_by("pk"))


def _resend(world, cases):
    return fix_batches.resend(
        rows=[(case.pk, case.version) for case in cases],
        actor=make_user("finn"),
        now=world.clock.now,
    )


def test_a_batch_of_resends_taken_back_reaches_no_books_and_each_is_refused_as_before(refused):
    world, cases = refused
    done = _resend(world, cases)
    world.run()
    held = set(Posting.objects.filter(kind="credit_memo").values_list("status", flat=True))

    count = fix_batches.take_back(
        batch_id=done.batch.pk, actor=make_user("finn"), now=world.clock.now
    )
    world.clock.advance(seconds=90)
    world.settle()

    assert (held, done.batch.count, count) == ({"held"}, 3, 3)
    assert world.documents("CM") == []
    assert set(Posting.objects.filter(kind="credit_memo").values_list("status", flat=True)) == {
        "failed"
    }
    assert world.open_types() == ["CM_REJECTED"] * 3


def test_left_alone_they_leave_together_and_a_changed_one_stays(refused):
    world, cases = refused
    rows = [(cases[0].pk, "0-0"), *((case.pk, case.version) for case in cases[1:])]

    done = fix_batches.resend(rows=rows, actor=make_user("finn"), now=world.clock.now)
    world.clock.advance(seconds=90)
    world.settle()

    assert [(row.state, row.why[:10]) for row in done.outcomes] == [
        ("refused", "It changed"),
        ("released", ""),
        ("released", ""),
    ]
    assert len(world.documents("CM")) == 2
    assert Fix.objects.filter(batch=done.batch, status="applied").count() == 2
