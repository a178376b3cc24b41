"""Between the approval of a change and the plan made with it, the page says that it is applied."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from exceptions_app.choices import FixKind
from exceptions_app.models import AuditEntry, Fix
from tests.cast import make_user
from tests.factories import CaseFactory, CauseGroupFactory, FixFactory, ItemFactory, RmaFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    """Its change was approved; nothing was planned since, so it still says that it waits."""
    rma = RmaFactory()
    ItemFactory(connection=rma.bridge.erp, sku="TEE-BLK-M")
    case = CaseFactory(
        rma=rma,
        group=CauseGroupFactory(bridge=rma.bridge, type="SKU_UNKNOWN"),
        status="awaiting_approval",
        waiting_for="A second person’s approval of: SKU",
        facts={"sku": "TEE-BLACK-M"},
    )
    FixFactory(bridge=rma.bridge, case=case, rma=rma, requested_by=make_user("mona"))
    return case


def approved(case, at):
    Fix.objects.update(status="applied")
    text = f"In force, can be taken back for 30 s: {FixKind.SKU_ALIAS.label} TEE-BLACK-M"
    AuditEntry.objects.create(
        actor="Mira",
        act="fix.approve",
        text=text,
        at=at,
        case_id=case.pk,
        rma_id=case.rma_id,
        subject_kind="case",
        subject_id=case.pk,
    )


def see(client, case):
    client.force_login(make_user("mira"))
    return client.get(reverse("case-detail", args=[case.pk]))


def refusals(response):
    return {each.kind: each.why_not for each in response.context["offers"]}


def test_a_change_in_force_is_said_to_be_applied_and_not_asked_for_again(client, case):
    approved(case, timezone.now())

    response = see(client, case)

    assert "In force, being applied" in response.text
    assert "A second person’s approval of" not in response.text
    assert refusals(response)["sku_alias"].startswith("This was agreed to and is being applied")


def test_what_is_not_applied_for_long_may_be_asked_for_again(client, case):
    approved(case, timezone.now() - timedelta(minutes=11))

    assert refusals(see(client, case))["sku_alias"] == ""


def test_a_request_that_nobody_agreed_to_still_waits_for_its_approval(client, case):
    response = see(client, case)

    assert "In force, being applied" not in response.text
    assert "A second person’s approval of" in response.text
