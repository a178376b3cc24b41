"""Two people and one request: what one has approved no longer counts once the other edits it."""

import pytest
import time_machine
from django.test import Client

from exceptions_app.models import Approval, Fix
from exceptions_app.services import fixes
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fix():
    """A correction so large that two people of finance must agree; Fiona has."""
    group = factories.CauseGroupFactory(type="REFUND_CM_MISMATCH")
    rma = factories.RmaFactory(bridge=group.bridge)
    case = factories.CaseFactory(group=group, rma=rma, team="finance", value=5)
    for connection in (rma.bridge.source, rma.bridge.erp):
        factories.HealthFactory(connection=connection)
        factories.BudgetFactory(connection=connection)
    fix = fixes.request(
        kind="correct_credit",
        bridge=group.bridge,
        actor=make_user("finn"),
        now=factories.NOW,
        payload={"adjustment": "600.00"},
        case=case,
        rma=rma,
        reason_code="platform_error",
    )
    fiona = make_user("fiona")
    return fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=fiona, now=factories.NOW)


def test_an_approval_voided_by_an_edit_is_told_to_both_and_asked_for_anew(
    page, sign_in, assert_accessible, fix
):
    with time_machine.travel(factories.NOW, tick=True):
        frank = make_user("frank", "finance")
        sign_in(frank)
        page.goto(f"/approvals/{fix.pk}/")
        _edited_by_finn(fix)

        with page.expect_navigation():
            page.keyboard.press("p")
        told = page.inner_text("[role=alert]")
        assert "Nothing was changed" in told
        assert "Finn edited the request" in told
        assert "The fee was counted twice." in told
        assert_accessible()

        sign_in(make_user("fiona"))
        page.goto(f"/approvals/{fix.pk}/")
        assert "An edit voided the approval of Fiona" in page.inner_text("main")
        page.check("[name=in_spite]")
        with page.expect_navigation():
            page.keyboard.press("p")
        assert "Another person must approve too" in page.inner_text("body")

    fix.refresh_from_db()
    assert (fix.status, fix.payload) == ("requested", {"adjustment": "590.00"})
    assert list(Approval.objects.values_list("approver__username", flat=True)) == ["fiona"] * 2
    assert Fix.objects.get().approvals_given == 1


def _edited_by_finn(fix):
    """In another browser, by the same plain form."""
    client = Client()
    client.force_login(make_user("finn"))
    client.post(
        f"/approvals/{fix.pk}/edit/",
        {
            "payload_hash": fix.payload_hash,
            "adjustment": "590.00",
            "reason_code": "platform_error",
            "note": "The fee was counted twice.",
            "in_spite": "1",
        },
    )
