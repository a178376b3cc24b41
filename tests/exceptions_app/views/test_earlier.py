"""A message that came too early leads to the exception that keeps the earlier one away."""

import pytest
from django.urls import reverse

from tests.cast import make_user
from tests.factories import CaseFactory, CauseGroupFactory, InboundEventFactory, RmaFactory

pytestmark = pytest.mark.django_db


def _case(rma, code, subject_id, **values):
    event = InboundEventFactory(connection=rma.bridge.source, subject_id=subject_id)
    group = CauseGroupFactory(type=code, bridge=rma.bridge)
    facts = {"platform": "ReturnGO", "needs": f"return {subject_id}"}
    return CaseFactory(
        rma=None, bridge=rma.bridge, group=group, event=event, team="operations", facts=facts
    )


@pytest.mark.parametrize(("about", "is_named"), [("777", True), ("778", False)])
def test_it_names_the_unreadable_message_of_the_same_return(client, about, is_named):
    rma = RmaFactory()
    other = _case(rma, "PAYLOAD_INVALID", about)
    case = _case(rma, "OUT_OF_ORDER", "777")
    client.force_login(make_user("ines"))

    page = client.get(reverse("case-detail", args=[case.pk]))

    step = page.context["steps"][1]
    named = f"It waits for EX-{other.pk}: {other.title}. Solve that first."
    assert (step["note"] == named, f"Open EX-{other.pk}</a>" in page.text) == (is_named, is_named)
    assert "press “Handle it again” on the message" in page.text.replace("</b>", "")


def test_goods_at_another_depot_lead_to_the_mappings_of_locations(client):
    rma = RmaFactory()
    group = CauseGroupFactory(type="WRONG_DEPOT", bridge=rma.bridge)
    case = CaseFactory(rma=rma, group=group, team="warehouse")
    client.force_login(make_user("wanda"))

    step = client.get(reverse("case-detail", args=[case.pk])).context["steps"][2]

    assert step["url"] == reverse("admin:mapping-kind", args=[rma.bridge_id, "location"])
