"""A closed exception about money shows what is booked, and what it opened with apart from that."""

from decimal import Decimal

import pytest

from tests.cast import make_user
from tests.factories import NOW, CaseFactory, CauseGroupFactory, PostingFactory

pytestmark = pytest.mark.django_db


def _page(client, *, status, gross):
    posting = PostingFactory(
        kind="credit_memo",
        status="confirmed",
        number="CM000186",
        gross=Decimal(gross),
        currency="GBP",
        confirmed_at=NOW,
    )
    group = CauseGroupFactory(bridge=posting.bridge, type="REFUND_CM_MISMATCH")
    is_closed = status == "resolved"
    case = CaseFactory(
        rma=posting.rma,
        group=group,
        team="finance",
        status=status,
        resolved_at=NOW if is_closed else None,
        closure="proof" if is_closed else "",
        facts={"refund": "80.00", "credit": "85.00", "difference": "-5.00", "currency": "GBP"},
    )
    client.force_login(make_user("finn"))
    return client.get(f"/exceptions/{case.pk}/")


def _figures(page):
    shown = page.context["difference"]
    return shown["right"]["amount"], shown["difference"]["amount"], shown["difference"]["tone"]


def test_the_booked_credit_stands_and_the_figures_it_opened_with_are_told_apart(client):
    page = _page(client, status="resolved", gross="80.00")

    assert _figures(page) == (Decimal("80.00"), Decimal("0.00"), "")
    assert "When it opened: credit £85.00, difference −£5.00." in page.content.decode()


def test_a_difference_that_is_left_is_shown_without_a_tick(client):
    page = _page(client, status="resolved", gross="85.00")

    assert _figures(page) == (Decimal("85.00"), Decimal("-5.00"), "warn")
    assert page.context["difference"]["right"]["proved"] is False


def test_an_open_exception_shows_the_figures_of_its_facts(client):
    page = _page(client, status="open", gross="80.00")

    assert _figures(page) == (Decimal("85.00"), Decimal("-5.00"), "warn")
    assert "When it opened" not in page.content.decode()
