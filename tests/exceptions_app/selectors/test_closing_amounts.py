"""What a closing by hand decides about: the money at risk with its exception."""

from decimal import Decimal

import pytest

from exceptions_app.selectors import approvals
from exceptions_app.selectors.sums import Amount
from tests.cast import make_user
from tests.factories import CaseFactory, FixFactory

pytestmark = pytest.mark.django_db


def test_a_closing_is_told_with_what_is_at_risk_and_without_where_nothing_is(
    django_assert_num_queries,
):
    fixes = [
        FixFactory(
            kind="close", case=case, bridge=case.bridge, payload={}, requested_by=make_user("finn")
        )
        for case in (CaseFactory(value=Decimal("3.20")), CaseFactory(value=Decimal(0)))
    ]

    with django_assert_num_queries(1):
        found = approvals.amounts_of(fixes)

    assert found == {fixes[0].pk: Amount(Decimal("3.20"), "GBP")}
