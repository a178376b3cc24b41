"""What the playbooks about items say when a SKU may be another item's name, and after closing."""

import pytest
from django.urls import reverse

from tests.cast import make_user
from tests.factories import (
    NOW,
    CaseFactory,
    CauseGroupFactory,
    HealthFactory,
    RmaFactory,
    WatermarkFactory,
)

pytestmark = pytest.mark.django_db


def make_case(kind, team, **facts):
    rma = RmaFactory()
    told = {"platform": "ReturnGO", "erp": "BlueCherry", "rma": str(rma), **facts}
    group = CauseGroupFactory(bridge=rma.bridge, type=kind)
    return CaseFactory(rma=rma, group=group, type=kind, team=team, facts=told)


def steps(client, case, name):
    client.force_login(make_user(name))
    return client.get(reverse("case-detail", args=[case.pk])).context["steps"]


@pytest.fixture
def excess():
    facts = {"sku": "TEE-NAVY-M", "order": "SO-5006", "sold": "0", "returned": "1", "excess": "1"}
    return make_case("OVER_RETURN", "finance", **facts)


def test_finance_is_led_to_ask_whether_the_sku_is_another_item_s_name(client, excess):
    first = steps(client, excess, "fiona")[0]

    assert first["title"] == (
        "Is SKU TEE-NAVY-M the shop’s name for another item of order SO-5006? Then ask"
        " Merchandising to map it: once mapped, it counts as that item."
    )
    assert first["url_label"] == "Ask Merchandising"
    question = client.get(first["url"]).context["form"]
    assert question["team"].value() == "merchandising"
    assert question["text"].value().startswith("Order SO-5006 sold 0 of SKU TEE-NAVY-M")


def test_whoever_maps_items_is_led_to_the_form_with_the_sku_in_it(client, excess):
    first = steps(client, excess, "mira")[0]

    assert first["url_label"] == "Map TEE-NAVY-M"
    assert 'value="TEE-NAVY-M"' in client.get(first["url"]).text


def test_an_amount_above_what_is_left_asks_for_no_item(client):
    case = make_case("OVER_RETURN", "finance", order="SO-1", line_max="5.00", credit="6.00")

    shown = steps(client, case, "fiona")

    assert len(shown) == 5
    assert shown[0]["title"].startswith("List all returns and refunds of the order")


def test_a_closed_exception_lists_no_question_that_nobody_can_ask_any_more(client):
    case = make_case("SKU_UNKNOWN", "merchandising", sku="TEE-NAVY-M", order="SO-5006")

    assert steps(client, case, "mira")[-1]["title"].startswith("Ask Operations to tell")
    case.status, case.closure, case.resolved_at = "resolved", "proof", NOW
    case.save()
    last = steps(client, case, "mira")[-1]
    assert last["title"].startswith("Only if order SO-5006 sold this very item, under this SKU")


# --- An item master out of date ------------------------------------------------------------------


@pytest.fixture
def stale():
    erp = RmaFactory().bridge.erp
    facts = {"connection": erp.name, "why": "1 item differs", "reason": "asked for live, CAP"}
    group = CauseGroupFactory(type="ELIGIBILITY_STALE")
    return CaseFactory(
        rma=None, bridge=None, connection=erp, group=group, team="merchandising", facts=facts
    )


def test_merchandising_reads_whether_the_erp_answers_and_when_items_are_compared_next(
    client, stale
):
    HealthFactory(connection=stale.connection, last_ok_at=NOW)
    WatermarkFactory(connection=stale.connection, feed="items", read_at=NOW)
    WatermarkFactory(connection=stale.connection, feed="item-checks", next_at=NOW)

    reached, compared, anew, _ = steps(client, stale, "mira")

    assert reached["note"] == "It answers, last 27 May 2026, 09:12."
    assert compared["note"] == (
        "All changes were read 27 May 2026, 09:12. Items are compared again with the first reading"
        " after 27 May 2026, 09:12, or as soon as all of them are read anew."
    )
    assert client.get(reached["url"]).status_code == 200
    assert anew["url_label"] == "Ask Operations"
    form = client.get(anew["url"]).context["form"]
    assert form["team"].value() == "operations"
    assert "Please have all its items read anew" in form["text"].value()


def test_whoever_may_read_all_items_anew_is_led_to_the_button(client, stale):
    anew = steps(client, stale, "ines")[2]

    assert anew["url_label"] == f"Open {stale.connection.name}"
    client.force_login(make_user("ada"))
    assert "Read all items anew" in client.get(anew["url"]).text


def test_an_erp_that_does_not_answer_is_said_to_hold_it_up(client, stale):
    HealthFactory(connection=stale.connection, state="open", opened_at=NOW)

    reached = steps(client, stale, "mira")[0]

    assert reached["note"] == "It cannot be reached since 27 May 2026, 09:12."
