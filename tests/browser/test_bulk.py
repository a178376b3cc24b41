"""An act on all that match, of which some are refused: shown before, followed, told, undone."""

import pytest
from django.utils import timezone

from exceptions_app.models import Bulk, Fix
from exceptions_app.services import flow
from tests.browser.hands import click_on
from tests.cast import make_user
from tests.factories import CaseFactory, CauseGroupFactory, PostingFactory, RmaFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def refused_credit():
    """A credit that the ERP refused, beside an exception that has no document to send."""
    group = CauseGroupFactory(type="CM_REJECTED", title="BlueCherry refused the credit memo")
    rma = RmaFactory(bridge=group.bridge)
    posting = PostingFactory(rma=rma, status="failed")
    CaseFactory(group=group, rma=rma, posting=posting, team="finance")
    return CaseFactory(team="finance")


def test_a_bulk_act_with_refusals_is_followed_and_taken_back(
    page, sign_in, assert_accessible, refused_credit
):
    sign_in(make_user("finn"))
    page.goto("/exceptions/?team=finance&view=list")
    page.check("[name=all]")
    click_on(page, "[name=act][value=retry]")
    assert "1 will be left as it is" in page.inner_text("main")
    assert f"EX-{refused_credit.pk}" in page.inner_text("main")
    assert_accessible()

    click_on(page, "button >> text=Ask to send again: 1")
    assert "Rows gone through: 0 of 2" in page.inner_text("#going")
    assert_accessible()
    flow.bulk(clock=timezone.now)
    page.wait_for_selector("text=Rows gone through: 2 of 2. 1 left as they were.")
    click_on(page, "#going >> text=Result per row")
    assert "Refused" in page.inner_text("main")
    assert "Act again on the 1 left as it was" in page.inner_text("main")
    assert Fix.objects.get().status == "held"

    click_on(page, "#take-back")
    flow.bulk(clock=timezone.now)
    page.reload()
    assert "Finished" in page.inner_text("#going")
    assert_accessible()
    assert Fix.objects.get().status == "undone"
    assert Bulk.objects.filter(state="done").count() == 2
