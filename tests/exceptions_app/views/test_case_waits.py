"""Why no credit is planned for a refund or for goods that are back."""

import pytest
from django.urls import reverse

from exceptions_app.models import ConnectionHealth
from tests.cast import make_user
from tests.factories import (
    NOW,
    CaseFactory,
    CauseGroupFactory,
    HealthFactory,
    PostingFactory,
    RmaFactory,
    RmaLineFactory,
)

pytestmark = pytest.mark.django_db


def make_case(kind, *, trigger="goods_inspected", **values):
    rma = RmaFactory(bridge__policy={"credit_trigger": trigger}, bridge__name="Alder Counters")
    group = CauseGroupFactory(bridge=rma.bridge, type=kind)
    told = {"platform": "ReturnGO", "erp": "BlueCherry", "rma": str(rma), "refund": "40.00"}
    return CaseFactory(rma=rma, group=group, team="finance", facts=told | {"currency": "GBP"})


def see(client, case, name="finn"):
    client.force_login(make_user(name))
    return client.get(reverse("case-detail", args=[case.pk]))


def titles(response):
    return [row["title"] for row in response.context["steps"]]


def test_a_refund_without_a_planned_credit_says_why_and_names_what_else_is_open(client):
    case = make_case("REFUND_NO_CM")
    RmaLineFactory(rma=case.rma, disposition="")
    RmaLineFactory(rma=case.rma)
    other = CaseFactory(
        rma=case.rma,
        group=CauseGroupFactory(bridge=case.bridge, type="INSPECTION_OVERDUE"),
        team="warehouse",
        title="1 unit waits for its grade",
    )

    response = see(client, case)

    assert response.context["no_credit"]["why"] == (
        "Alder Counters credits when every item has its final disposition, and 1 unit has no grade."
    )
    named = f'<a href="{reverse("case-detail", args=[other.pk])}">EX-{other.pk}</a>'
    assert f"{named} 1 unit waits for its grade (Warehouse)" in response.text
    assert "no other exception" not in response.text
    ask = next(row for row in response.context["steps"] if row["url_label"] == "Ask Warehouse")
    assert ask["title"].startswith("If goods wait for their grade, ask for it.")
    form = client.get(ask["url"]).context["form"]
    assert form["team"].value() == "warehouse"
    assert form["text"].value().startswith(f"The refund of £40.00 for return {case.rma} is paid")
    assert not any("send it again" in title for title in titles(response))
    assert "If one was keyed by hand, cancel it in" in response.text


@pytest.mark.parametrize(
    ("trigger", "why"),
    [
        ("goods_inspected", "Alder Counters credits when every item has its final disposition."),
        (
            "goods_received",
            "Alder Counters credits when the goods arrived, and nobody recorded that they did.",
        ),
        ("refund_confirmed", "Alder Counters credits when the platform confirms the refund."),
    ],
)
def test_where_all_goods_are_graded_nobody_is_asked_to_grade(client, trigger, why):
    case = make_case("REFUND_NO_CM", trigger=trigger)
    case.rma.received_at, case.rma.logistics = None, "in_transit"
    case.rma.save()
    RmaLineFactory(rma=case.rma)

    response = see(client, case)

    assert response.context["no_credit"]["why"] == why
    assert not any(row["url_label"] == "Ask Warehouse" for row in response.context["steps"])


def test_a_refused_credit_can_be_sent_again_and_is_not_said_to_be_unplanned(client):
    case = make_case("REFUND_NO_CM")
    PostingFactory(rma=case.rma, kind="credit_memo", status="failed")

    response = see(client, case)

    assert response.context["no_credit"] is None
    again = next(row for row in response.context["steps"] if "send it again" in row["title"])
    assert again["url"] == "#fix-retry"


@pytest.mark.parametrize("kind", ["REFUND_NO_CM", "RECEIVED_NOT_CREDITED"])
def test_what_waits_for_a_credit_says_that_the_platform_is_not_heard(client, kind):
    case = make_case(kind)
    source = case.rma.bridge.source
    HealthFactory(connection=source)
    heard = see(client, case).context["held_up"]
    ConnectionHealth.objects.filter(connection=source).update(throttled_since=NOW)

    response = see(client, case)

    assert heard is None
    assert response.context["held_up"].case is None
    assert f"{source.name} turns our calls away since 27 May 2026, 09:12" in response.text
