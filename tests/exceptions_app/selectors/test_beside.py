"""Rows that come with their return are what the table holds, in the asked order."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from exceptions_app.models import Posting, Refund, Rma, RmaLine
from exceptions_app.selectors.beside import Beside
from tests import factories

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 4, 5, 6, 7, 120, tzinfo=UTC)


def read(beside, rma):
    (found,) = Rma.objects.filter(pk=rma.pk).annotate(**beside.told())
    return beside.of(found)


def test_every_value_is_the_models_own_whatever_the_order_of_the_columns(
    django_assert_num_queries,
):
    line = factories.RmaLineFactory(
        name='Tee "M" \\ é',
        unit_price=Decimal("0.1000"),
        unit_tax=None,
        disposition_at=AT,
        fees=[{"kind": "box", "amount": "1.50"}],
    )
    line.refresh_from_db()
    rma = line.rma
    columns = ("fees", "unit_tax", "disposition_at", "unit_price", "quantity", "name", "rma")
    names = [RmaLine._meta.get_field(column).attname for column in columns]

    with django_assert_num_queries(1):
        (found,) = read(Beside("told", RmaLine.objects.all(), columns), rma)
        values = [getattr(found, name) for name in names]

    assert repr(values) == repr([getattr(line, name) for name in names])


def test_the_largest_amount_and_the_smallest_part_of_it_stay_exact():
    amount = Decimal("99999999999999.9999")
    refund = factories.RefundFactory(amount=amount)

    (found,) = read(Beside("told", Refund.objects.all(), ("amount",)), refund.rma)

    assert found.amount == amount


def test_rows_keep_their_order_and_are_those_of_their_return_only():
    rma = factories.RmaFactory()
    for place in (2, 1, 3):
        factories.PostingFactory(
            rma=rma, slot=f"s{place}", sequence=place, created_at=AT + timedelta(days=place)
        )
    factories.PostingFactory(rma=rma, slot="gone", status="cancelled")
    factories.PostingFactory()
    live = Posting.objects.exclude(status="cancelled").order_by("-sequence")

    found = read(Beside("told", live, ("slot", "created_at")), rma)

    assert [(row.slot, row.created_at) for row in found] == [
        (f"s{place}", AT + timedelta(days=place)) for place in (3, 2, 1)
    ]


def test_a_return_with_nothing_beside_it_has_none():
    assert read(Beside("told", Refund.objects.all(), ("amount",)), factories.RmaFactory()) == []
