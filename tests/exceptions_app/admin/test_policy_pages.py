import json

import pytest
from django.utils import timezone

from exceptions_app.models import AuditEntry, Bridge, Bulk, Rma
from exceptions_app.rules import touching
from exceptions_app.selectors import facts
from exceptions_app.services import bridges
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client):
    user = make_user("ada")
    client.force_login(user)
    return user


@pytest.fixture
def bridge():
    return factories.BridgeFactory()


def address(bridge):
    return f"/admin/bridges/{bridge.pk}/policy/"


def change(client, bridge, *, seen=None, **values):
    """Look at what the values would do and, when there is no mistake, put them in force."""
    values = {"reason": "Agreed with finance", "seen": json.dumps(seen or {}), **values}
    shown = client.post(address(bridge), {**values, "preview": "1"})
    if "preview" in values or shown.status_code != 200:
        return shown
    return client.post(address(bridge), values | hidden(shown))


def hidden(answer):
    """What the page says about itself when it is sent."""
    form = answer.context["form"]
    return {name: form[name].value() for name in ("seen", "shown")}


def errors_of(answer):
    form = answer.context["form"]
    return {name: [str(text) for text in texts] for name, texts in form.errors.items()}


def test_each_option_is_explained_with_what_the_preset_says(client, ada, bridge):
    page = client.get(address(bridge)).text

    assert "the ledger follows money that really moved" in page
    assert "As the preset says: When the platform confirms the refund" in page


def test_a_change_is_shown_before_it_is_saved(client, ada, bridge):
    answer = change(client, bridge, credit_trigger="goods_received", preview="1")

    (shown,) = answer.context["changes"]
    assert (shown.before, shown.after) == (
        "When the platform confirms the refund",
        "When the goods arrived",
    )
    assert Bridge.objects.get().policy == {}
    assert not AuditEntry.objects.exists()
    # The way to put it in force stands with what it does, and belongs to the form below.
    changes = answer.text[answer.text.index('id="changes"') : answer.text.index('id="policy"')]
    assert '<button class="btn btn--main" form="policy">Put in force</button>' in changes
    assert "Why: Agreed with finance" in changes


def test_a_change_is_one_act_and_plans_open_returns_again(client, ada, bridge):
    waiting = factories.RmaFactory(bridge=bridge)
    factories.CaseFactory(rma=waiting)
    coming = factories.RmaFactory(bridge=bridge, approval="authorised", logistics="expected")
    asked = factories.RmaFactory(bridge=bridge, approval="requested", logistics="expected")
    settled = factories.RmaFactory(
        bridge=bridge,
        approval="closed",
        logistics="received",
        inspection="inspected",
        money="confirmed",
    )

    change(
        client,
        bridge,
        credit_trigger="goods_received",
        note_to_platform="false",
        tolerance="GBP 0.05\nEUR: 0.10",
    )

    bridge.refresh_from_db()
    assert bridge.policy == {
        "credit_trigger": "goods_received",
        "note_to_platform": False,
        "tolerance": {"GBP": "0.05", "EUR": "0.10"},
    }
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.text) == (
        "bridge.policy",
        "Policy of Alder UK changed: Agreed with finance",
    )
    due = Rma.objects.filter(plan_due_at__isnull=False)
    assert {row.pk for row in due} == {waiting.pk, coming.pk}
    assert not due.filter(pk__in=[asked.pk, settled.pk]).exists()
    sign = touching.policy_print(facts.policy_of(bridge))
    assert f"Policy {sign}" in client.get(address(bridge)).text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("undo_seconds", "-1"),
        ("tolerance", "five"),
        ("tolerance", "GBP five"),
        ("tolerance", "XQZ 1.00"),
        ("tolerance", "GBP -1"),
        ("tolerance", "GBP 1e3"),
        ("tolerance", "GBP Infinity"),
        ("tolerance", f"GBP {'9' * 40}"),
        ("tolerance", "GBP 1\nGBP 2"),
        ("tolerance", "GBP 1\ngbp 2"),
        ("schedule", "credit_memo whenever"),
        ("schedule", "credit_memo"),
        ("schedule", "credit_memo run\ncredit_memo immediate"),
        ("second_approver_above", "NaN"),
        ("reason", ""),
    ],
)
def test_a_value_that_is_not_allowed_changes_nothing(client, ada, bridge, name, value):
    answer = change(client, bridge, **{name: value})

    assert answer.status_code == 422
    assert name in errors_of(answer)
    assert Bridge.objects.get().policy == {}
    assert not AuditEntry.objects.exists()


def test_somebody_elses_change_meanwhile_is_not_overwritten_and_nothing_typed_is_lost(
    client, ada, bridge
):
    values = {"reason": "Agreed with finance", "credit_trigger": "goods_received"}
    mine = client.post(address(bridge), {**values, "seen": "{}", "preview": "1"})
    Bridge.objects.update(policy={"undo_seconds": "90"})

    answer = client.post(address(bridge), values | hidden(mine))

    assert answer.status_code == 422
    (said,) = errors_of(answer)["__all__"]
    assert "somebody else changed the policy" in said
    form = answer.context["form"]
    assert form["credit_trigger"].value() == "goods_received"
    assert form["reason"].value() == "Agreed with finance"
    shown = {change.label: (change.before, change.after) for change in answer.context["changes"]}
    assert shown["Time to take a decision back"] == ("90 s", "60 s (as the preset)")
    assert len(shown) == 2
    assert Bridge.objects.get().policy == {"undo_seconds": "90"}
    assert not AuditEntry.objects.exists()

    client.post(address(bridge), values | hidden(answer))

    assert Bridge.objects.get().policy == {"credit_trigger": "goods_received"}


@pytest.mark.parametrize("previewed", [{"undo_seconds": "90"}, None])
def test_values_whose_effect_nobody_saw_are_shown_first(client, ada, bridge, previewed):
    values = {"reason": "Agreed with finance", "seen": "{}"}
    stamp = {}
    if previewed:
        stamp = hidden(client.post(address(bridge), {**values, **previewed, "preview": "1"}))

    answer = client.post(address(bridge), values | stamp | {"undo_seconds": "3600"})

    assert answer.status_code == 422
    assert "It is shown now" in errors_of(answer)["__all__"][0]
    (shown,) = answer.context["changes"]
    assert shown.after == "3600 s"
    assert Bridge.objects.get().policy == {}
    assert not AuditEntry.objects.exists()


def test_a_kind_of_document_is_written_as_the_screens_call_it(client, ada, bridge):
    change(
        client,
        bridge,
        schedule="Credit memo: at once\nwrite-off run\nstock_receipt 02:00-04:00",
    )

    schedule = {"credit_memo": "immediate", "write_off": "run", "stock_receipt": "02:00-04:00"}
    assert Bridge.objects.get().policy == {"schedule": schedule}
    form = client.get(address(bridge)).context["form"]
    assert set(form["schedule"].value().splitlines()) == {
        "Credit memo: at once",
        "Write-off: run",
        "Stock receipt: 02:00-04:00",
    }


def test_a_refusal_says_what_the_field_takes_and_no_stored_code(client, ada, bridge):
    answer = change(client, bridge, schedule="Credit memo: whenever", undo_seconds="soon")

    said = errors_of(answer)
    assert said["undo_seconds"] == ["This is not possible. Write whole seconds from 0 to 3600."]
    assert (
        "Refund record, Note to the platform) and at once, run, or windows" in said["schedule"][0]
    )
    assert "credit_memo" not in answer.text
    assert "immediate" not in answer.text


def test_a_value_of_its_own_that_the_preset_has_too_is_told_as_such(client, ada, bridge):
    answer = change(client, bridge, undo_seconds="60", preview="1")

    (shown,) = answer.context["changes"]
    assert (shown.before, shown.after) == ("60 s", "60 s (set here)")


def test_posting_windows_outlive_every_later_change(client, ada, bridge):
    change(client, bridge, schedule="credit_memo: 02:00-04:00, 13:00-14:00\nstock_receipt run")
    windows = {"credit_memo": "02:00-04:00, 13:00-14:00", "stock_receipt": "run"}
    assert Bridge.objects.get().policy == {"schedule": windows}

    form = client.get(address(bridge)).context["form"]
    kept = {"schedule": form["schedule"].value(), "seen": form["seen"].value()}
    change(client, bridge, **kept, undo_seconds="90")

    assert Bridge.objects.get().policy == {"schedule": windows, "undo_seconds": "90"}
    in_force = client.get(address(bridge)).text
    assert "Credit memo: in the windows 02:00-04:00, 13:00-14:00" in in_force
    assert "90 s" in in_force


def test_an_earlier_policy_is_brought_back_as_a_change(client, ada, bridge):
    change(client, bridge, undo_seconds="90")
    change(client, bridge, seen={"undo_seconds": "90"}, undo_seconds="120")
    first = AuditEntry.objects.earliest("pk")

    answer = client.get(f"{address(bridge)}?back={first.pk}")
    form = answer.context["form"]
    (shown,) = answer.context["changes"]
    assert (form["undo_seconds"].value(), shown.before, shown.after) == ("90", "120 s", "90 s")
    change(client, bridge, seen={"undo_seconds": "120"}, undo_seconds="90")

    assert Bridge.objects.get().policy == {"undo_seconds": "90"}
    assert AuditEntry.objects.count() == 3


def test_what_going_back_shows_is_put_in_force_by_the_first_press(client, ada, bridge):
    bridges.change_policy(
        bridge_id=bridge.pk,
        policy={"undo_seconds": 75, "tolerance": {"GBP": "1"}, "authorise_first": True},
        actor=ada,
        now=factories.NOW,
        reason="As numbers",
        seen={},
    )
    change(client, bridge, seen=Bridge.objects.get().policy, undo_seconds="120")
    page = client.get(f"{address(bridge)}?back={AuditEntry.objects.earliest('pk').pk}")
    form = page.context["form"]
    sent = {field.html_name: field.value() or "" for field in form}

    answer = client.post(address(bridge), {**sent, "reason": "As it was"})

    assert answer.status_code == 302
    assert Bridge.objects.get().policy == {
        "undo_seconds": "75",
        "tolerance": {"GBP": "1"},
        "authorise_first": True,
    }


@pytest.mark.parametrize("name", ["aud", "finn", "mira"])
def test_others_read_the_policy_and_its_history(client, bridge, name):
    client.force_login(make_user("ada"))
    change(client, bridge, undo_seconds="90")
    client.force_login(make_user(name))

    page = client.get(address(bridge))

    assert page.status_code == 200
    assert "Agreed with finance" in page.text
    assert "<textarea" not in page.text
    assert change(client, bridge, seen={"undo_seconds": "90"}).status_code == 403
    assert Bridge.objects.get().policy == {"undo_seconds": "90"}


def test_values_are_tried_on_the_past_from_where_they_are_shown(client, ada, bridge):
    factories.RmaFactory(bridge=bridge, requested_at=timezone.now())
    values = {"reason": "Agreed with finance", "seen": "{}", "credit_trigger": "goods_received"}
    shown = client.post(address(bridge), {**values, "preview": "1"})
    assert 'name="history" value="90"' in shown.text

    refused = client.post(address(bridge), values | hidden(shown) | {"history": "91"})
    answer = client.post(address(bridge), values | hidden(shown) | {"history": "90"})

    found = Bulk.objects.get()
    assert refused.status_code == 422
    assert (answer.status_code, answer.url) == (302, f"/exceptions/bulk/{found.pk}/")
    assert (found.state, found.count) == ("running", 1)
    assert found.given["policy"] == {"credit_trigger": "goods_received"}
    page = client.get(answer.url).text
    assert f'{address(bridge)}?tried={found.pk}"' in page
    (change,) = client.get(f"{address(bridge)}?tried={found.pk}").context["changes"]
    assert change.after == "When the goods arrived"
    other = factories.BridgeFactory()
    assert client.get(f"{address(other)}?tried={found.pk}").status_code == 404
    assert Bridge.objects.get(pk=bridge.pk).policy == {}
