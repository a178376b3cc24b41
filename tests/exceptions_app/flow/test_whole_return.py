"""A return goes from ReturnGO into BlueCherry through the real flow."""

from decimal import Decimal

import pytest

from exceptions_app.models import Case, Posting, Rma
from tests.world import make_world

pytestmark = pytest.mark.django_db


def test_a_clean_return_ends_with_three_confirmed_documents():
    world = make_world()
    world.add_order()
    world.add_return()

    world.carry()

    kinds = [(row["doc_type"], row["status"]) for row in world.documents()]
    assert kinds == [("RA", "POSTED"), ("RCV", "POSTED"), ("CM", "POSTED")]
    assert [row.status for row in Posting.objects.order_by("sequence")] == ["confirmed"] * 3
    assert Posting.objects.get(kind="credit_memo").gross == Decimal("20.00")
    assert Posting.objects.get(kind="credit_memo").number
    assert list(Case.objects.values_list("type", "proof", "status", "facts")) == []
    assert Rma.objects.get().money == "confirmed"
