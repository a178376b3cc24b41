"""A document no call can make: found in the list, taken, keyed, numbered, and marked as a word."""

import dataclasses
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from connectors.types import DraftLine
from exceptions_app.models import Posting
from exceptions_app.rules import drafts
from tests import factories
from tests.cast import make_user

LINE = DraftLine(
    line_no=1,
    component="item",
    sku="TEE-BLK-M",
    item_erp_id="1",
    quantity=1,
    order_line_id="10",
    description="T-shirt",
    net=Decimal("16.67"),
    tax=Decimal("3.33"),
    tax_code="S",
    key_parts={"style": "TEE", "color_code": "BLK", "size_desc": "M"},
)
pytestmark = pytest.mark.django_db(transaction=True)


def test_finance_keys_a_credit_and_every_screen_says_whose_word_it_is(
    page, sign_in, assert_accessible
):
    posting = factories.PostingFactory(
        status="held", hold_reason="manual", created_at=timezone.now() - timedelta(hours=30)
    )
    whole = dataclasses.replace(factories.make_draft(posting), lines=(LINE,))
    Posting.objects.update(draft=drafts.to_json(whole))
    sign_in(make_user("finn"))

    page.goto("/")
    page.get_by_role("navigation").get_by_role("link", name="To key by hand").click()
    assert page.locator(".age--late").inner_text() == "6 h late"
    page.get_by_role("link", name="Credit memo").click()
    page.get_by_role("button", name="Take it").click()
    assert_accessible()
    page.get_by_label("Document number").fill("CM-77")
    page.get_by_role("button", name="Keep the number").click()

    page.wait_for_url(f"**/returns/{posting.rma_id}/")
    assert page.get_by_text("Keyed by hand, not verified").first.is_visible()
    row = Posting.objects.get()
    assert (row.status, row.number, row.keyed) == ("confirmed", "CM-77", "word")
