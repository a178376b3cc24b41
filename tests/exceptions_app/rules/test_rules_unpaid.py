"""When a refund is due and nobody made it: not before the goods are graded, never once paid."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.types import Inspection
from exceptions_app.rules.stages import stages
from exceptions_app.rules.unpaid import Unpaid, unpaid
from tests.exceptions_app.rules.make import NOW, make_facts, make_line, make_refund


def found(facts):
    return unpaid(facts, stages(facts))


def test_a_graded_return_nobody_refunded_is_due_since_its_grade():
    assert found(make_facts(refunds=())) == Unpaid(
        "not_made", NOW - timedelta(hours=2), "Inspected"
    )


@pytest.mark.parametrize(("status", "state"), [("pending", "asked_for"), ("failed", "failed")])
def test_a_refund_that_was_tried_says_how_far_it_came(status, state):
    assert found(make_facts(refunds=(make_refund("60.00", status=status),))) == Unpaid(state)


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(make_facts(refunds=(make_refund("60.00"),)), id="paid"),
        pytest.param(
            make_facts(
                make_line(inspection=Inspection.NOT_INSPECTED, disposition="", disposition_at=None),
                refunds=(),
            ),
            id="not graded",
        ),
        pytest.param(make_facts(refunds=(), status_raw="Rejected"), id="refused"),
        pytest.param(make_facts(refunds=(), status_raw="Nobody knows"), id="status not known"),
        pytest.param(
            replace(make_facts(make_line(resolution="Exchange")), refunds=()), id="exchange"
        ),
    ],
)
def test_nothing_is_due_before_the_goods_are_graded_or_where_no_money_is_owed(facts):
    assert found(facts) is None
