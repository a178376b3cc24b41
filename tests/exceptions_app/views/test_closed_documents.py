"""A closed exception says which documents are read back, and what is still to come and by whom."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.cast import make_user
from tests.factories import CaseFactory, CauseGroupFactory, PostingFactory, RmaFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def closed():
    """An exception closed by proof; its return has a receipt that was read back."""
    rma = RmaFactory()
    group = CauseGroupFactory(bridge=rma.bridge, type="REFUND_CM_MISMATCH")
    PostingFactory(rma=rma, kind="stock_receipt", status="confirmed", number="RCV1", gross=0)
    return CaseFactory(
        rma=rma,
        group=group,
        type="REFUND_CM_MISMATCH",
        status="resolved",
        closure="proof",
        proof="Refund 80.00 agrees with the credit.",
        resolved_at=timezone.now(),
    )


def _credit(case, **values):
    values = {"status": "held", "gross": 80, "currency": "GBP", "number": "", **values}
    return PostingFactory(rma=case.rma, kind="credit_memo", sequence=50, **values)


def _page(client, case):
    client.force_login(make_user("finn"))
    return client.get(reverse("case-detail", args=[case.pk])).text


def test_it_names_the_documents_that_were_read_back_and_nothing_to_come(client, closed):
    _credit(closed, status="confirmed", number="CM7")

    page = _page(client, closed)

    assert "Booked and read back: stock receipt RCV1; credit memo CM7, £80.00." in page
    assert "Still to come" not in page


def test_a_document_that_was_linked_stands_among_the_others_with_when_and_nothing_is_asked_for(
    client, closed
):
    closed.proof = "Linked by hand as CM7. Read back since: it equals what was sent."
    closed.facts = {"vendor_text": "gross 97", "found": "Booked as CM7, £97.00", "erp": "Prima"}
    closed.save()
    _credit(closed, status="confirmed", number="CM7", confirmed_at=timezone.now())

    page = _page(client, closed)

    assert "credit memo CM7, £80.00 (" in page
    assert page.count("Closed by a link") == 2
    assert "When it was open: Booked as CM7, £97.00" in page
    assert "Link it if it is right" not in page


def test_a_credit_that_waits_for_a_run_says_who_starts_it(client, closed):
    _credit(closed, hold_reason="run")

    page = _page(client, closed)

    assert "Still to come for this return" in page
    told = "Credit memo of £80.00 waits for a credit run, which Finance starts by hand"
    assert told in page
    assert f'href="{reverse("run-list")}"' in page


def test_a_document_whose_time_to_be_taken_back_is_over_is_leaving(client, closed):
    over = timezone.now() - timedelta(seconds=2)
    _credit(closed, hold_reason="undo", hold_until=over)

    page = _page(client, closed)

    assert "Credit memo of £80.00: the time to take it back is over; it leaves now." in page
    assert "Can still be taken back" not in page


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"status": "ready"}, "leaves by itself, after the documents before it."),
        ({"status": "posted"}, "was sent, and is not read back yet."),
        ({"status": "failed", "open_type": "CM_REJECTED"}, "was refused by"),
        ({"hold_reason": "manual"}, "by hand."),
        (
            {"status": "blocked", "blocked_by": "SKU_UNKNOWN, PERIOD_CLOSED"},
            "is still held back: unknown SKU, posting date in a closed period.",
        ),
    ],
)
def test_every_other_state_has_its_sentence(client, closed, values, words):
    _credit(closed, **values)

    page = _page(client, closed)
    assert "Still to come for this return" in page
    assert words in page


def test_another_exception_of_the_return_is_named_and_a_held_document_leads_to_it(client, closed):
    group = CauseGroupFactory(bridge=closed.bridge, type="OVER_RETURN")
    later = CaseFactory(
        rma=closed.rma, group=group, type="OVER_RETURN", title="More came back", team="finance"
    )
    _credit(closed, status="blocked", blocked_by="OVER_RETURN")

    page = _page(client, closed)

    link = f'<a href="{reverse("case-detail", args=[later.pk])}">'
    assert "Another exception of this return is open" in page
    assert f"{link}EX-{later.pk}</a> More came back (Finance)" in page
    assert f"above what was sold. {link}Open EX-{later.pk}</a>" in page


def test_what_was_closed_by_hand_and_stands_is_said_to_hold_its_document(client, closed):
    closed.closure = "by_hand"
    closed.save()
    _credit(closed, status="blocked", blocked_by="REFUND_CM_MISMATCH")

    page = _page(client, closed)

    assert "That is what was closed here by hand, and it still stands." in page
    assert "of this return is open" not in page
