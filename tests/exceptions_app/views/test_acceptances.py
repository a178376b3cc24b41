"""The page of accepted differences: its lists and sums, another owner, renewing, files and API."""

import csv
import io
import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from exceptions_app.models import Acceptance, AuditEntry, Fix
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db

PAGE = "/finance/acceptances/"


def make_acceptance(owner="fiona", difference="4.10", cap="5.00", days=40, **values):
    rma = values.pop("rma", None) or factories.RmaFactory()
    asked_by = make_user("finn")
    fix = factories.FixFactory(
        kind="accept_difference",
        status="applied",
        level="finance",
        rma=rma,
        bridge=rma.bridge,
        payload={"difference": difference, "cap": cap, "cause": "tax"},
        reason_code="goodwill",
        requested_by=asked_by,
        decided_by=make_user("fiona"),
        decided_at=timezone.now(),
    )
    return Acceptance.objects.create(
        fix=fix,
        rma=rma,
        bridge=rma.bridge,
        owner=make_user(owner),
        asked_by=asked_by,
        currency=values.pop("currency", "GBP"),
        difference=Decimal(difference),
        cap=Decimal(cap) if cap else None,
        since=timezone.now(),
        **{
            "until": timezone.localdate() + timedelta(days=days) if days is not None else None,
            **values,
        },
    )


@pytest.fixture
def finn(client):
    user = make_user("finn")
    client.force_login(user)
    return user


def shown(answer):
    return [each["row"].pk for each in answer.context["rows"]]


def state():
    rows = Acceptance.objects.order_by("pk").values_list("pk", "owner", "state")
    return list(rows), Fix.objects.count(), AuditEntry.objects.count()


def test_each_list_holds_what_its_name_says(client, finn):
    held = make_acceptance()
    soon = make_acceptance(days=10, cap=None)
    left = make_acceptance(owner="frank")
    grown = make_acceptance(state="grown", ended_text="Accepted £4.10 by Finn; now £7.20")
    replaced = make_acceptance(state="replaced")

    lists = {view: shown(client.get(f"{PAGE}?view={view}")) for view in ("", "soon", "orphaned")}
    lists["ended"] = shown(client.get(f"{PAGE}?view=ended"))
    lists["all"] = shown(client.get(f"{PAGE}?view=all"))

    assert lists == {
        "": [left.pk, soon.pk, held.pk],
        "soon": [soon.pk],
        "orphaned": [left.pk],
        "ended": [grown.pk],
        "all": [replaced.pk, grown.pk, left.pk, soon.pk, held.pk],
    }
    assert shown(client.get(f"{PAGE}?owner=fiona&view=soon")) == [soon.pk]
    assert shown(client.get(f"{PAGE}?bridge=gone")) == []
    page = client.get(PAGE)
    assert [tab["note"] for tab in page.context["tabs"]] == ["3", "1", "1", "1", "5"]
    assert "1 without an owner" in page.text
    assert "now £7.20" in client.get(f"{PAGE}?view=ended").text


def test_sums_are_by_month_and_person_and_never_set_off(client, finn):
    make_acceptance()
    make_acceptance(difference="-3.00", cap="3.00", state="grown")
    make_acceptance(difference="9.00", cap="9.00", state="taken_back")
    old = make_acceptance(difference="1.00", cap="1.00")
    Acceptance.objects.filter(pk=old.pk).update(since=timezone.now() - timedelta(days=400))

    (row,) = client.get(f"{PAGE}?view=all").context["months"]

    assert row.month == timezone.localdate().replace(day=1)
    assert (row.person, row.currency, row.count, row.held) == ("Finn", "GBP", 2, 1)
    assert (row.above, row.below) == (Decimal("4.10"), Decimal("-3.00"))


def test_the_file_holds_the_rows_of_the_list_and_their_totals(client, finn):
    row = make_acceptance()
    make_acceptance(difference="-3.00", cap=None, days=None)
    make_acceptance(state="grown")

    text = b"".join(client.get(f"{PAGE}export.csv").streaming_content).decode()

    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(each["Return"], each["Difference"], each["Cap"]) for each in rows[1:]] == [
        (str(row.rma), "4.10", "5.00"),
        ("Total GBP, refunds more", "4.10", ""),
        ("Total GBP, credits more", "-3.00", ""),
    ]
    assert (rows[0]["Cap"], rows[0]["Holds until"], rows[0]["Owner"]) == (
        "Exactly this",
        "No end",
        "Fiona",
    )


def test_who_left_is_named_and_another_owns_it_from_then_on(client, finn):
    row = make_acceptance(owner="frank")
    page = client.get(f"{PAGE}{row.pk}/")
    assert page.context["is_orphaned"]
    make_user("fiona")

    answer = client.post(
        f"{PAGE}{row.pk}/owner/",
        {"owner": "fiona", "why": "Frank left", "seen": row.owner_id},
        follow=True,
    )

    row.refresh_from_db()
    assert row.owner == make_user("fiona")
    assert "Fiona owns it from now on." in answer.text
    entry = AuditEntry.objects.get(act="acceptance.assign")
    assert (entry.actor, entry.text) == ("Finn", "Owned by Fiona from now on: Frank left")
    assert (entry.before, entry.after) == ({"owner": "frank"}, {"owner": "fiona"})


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"why": ""}, "Say why somebody else owns it from now on."),
        ({"owner": "wanda"}, "Select a valid choice"),
        ({"owner": "fiona"}, "Fiona owns it already."),
        ({"owner": "finn", "seen": 999_999}, "Fiona owns it since you opened the page."),
    ],
)
def test_an_owner_that_cannot_be_is_refused_and_nothing_changes(client, finn, answers, words):
    make_user("wanda")
    row = make_acceptance()
    before = state()
    given = {"owner": "finn", "why": "Holiday", "seen": row.owner_id}

    answer = client.post(f"{PAGE}{row.pk}/owner/", {**given, **answers})

    assert answer.status_code == 422
    assert words in answer.text
    assert state() == before


def test_a_renewal_is_asked_for_and_until_then_it_holds_as_it_did(client, finn):
    row = make_acceptance(rma=_difference().rma)
    last = timezone.localdate() + timedelta(days=90)

    answer = client.post(
        f"{PAGE}{row.pk}/renew/",
        {"reason_code": "goodwill", "until": last.isoformat(), "cap": "7.00"},
        follow=True,
    )

    fix = Fix.objects.get(status="requested")
    assert fix.payload == {
        "difference": "4.10",
        "cap": "7.00",
        "until": last.isoformat(),
        "owner": "fiona",
        "cause": "tax",
    }
    assert "Until another person agrees, it holds as it did." in answer.text
    row.refresh_from_db()
    assert row.state == "holds"


@pytest.mark.parametrize(
    ("changes", "answers", "words"),
    [
        ({}, {"cap": "4.00"}, "The cap cannot be below the difference itself, £4.10."),
        ({}, {"cap": "a lot"}, "Give an amount in plain digits"),
        ({}, {"until": "2020-01-01"}, "Choose a day from today on, at most 366 days ahead."),
        ({}, {"reason_code": ""}, "Choose a reason"),
        ({"state": "grown"}, {}, "It does not hold any more: grew beyond its cap."),
    ],
)
def test_a_renewal_that_cannot_be_is_refused_and_keeps_what_was_typed(
    client, finn, changes, answers, words
):
    row = make_acceptance(rma=_difference().rma, **changes)
    before = state()

    answer = client.post(
        f"{PAGE}{row.pk}/renew/", {"reason_code": "goodwill", "note": "As agreed", **answers}
    )

    assert answer.status_code == 422
    assert words in str(answer.context["renew_form"].errors)
    assert answer.context["renew_form"]["note"].value() == "As agreed"
    assert state() == before


@pytest.mark.parametrize(("name", "act"), [("aud", "owner"), ("aud", "renew"), ("ada", "renew")])
def test_who_may_only_look_changes_nothing(client, name, act):
    client.force_login(make_user(name))
    row = make_acceptance()
    before = state()

    answer = client.post(f"{PAGE}{row.pk}/{act}/", {"reason_code": "goodwill"})

    assert (client.get(f"{PAGE}{row.pk}/").status_code, answer.status_code) == (200, 403)
    assert state() == before


def test_the_exception_that_is_back_says_what_was_accepted(client, finn):
    case = _difference(accepted_before="Accepted £4.10 by Finn, cap £5.00; now £7.20")

    assert (
        "Accepted £4.10 by Finn, cap £5.00; now £7.20."
        in client.get(f"/exceptions/{case.pk}/").text
    )


def test_the_api_lists_reads_gives_on_and_asks_to_renew(client, finn):
    row = make_acceptance(rma=_difference().rma, owner="frank")
    make_user("fiona")

    (listed,) = client.get("/api/v1/acceptances/?view=orphaned").json()["results"]
    assert (listed["id"], listed["owner"], listed["state"]) == (row.pk, "frank", "holds")
    assert listed["difference"] == {"amount": "4.10", "currency": "GBP"}
    assert client.get("/api/v1/acceptances/?view=lost").status_code == 400
    given = {"owner": "fiona", "seen_owner": "frank", "why": "Frank left"}
    assert send(client, row, "owner", given).json()["owner"] == "fiona"
    again = send(client, row, "owner", {**given, "owner": "finn"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "case_changed")
    refused = send(client, row, "renew", {"reason_code": "goodwill", "cap": "1.00"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "invalid_choice")
    asked = send(client, row, "renew", {"reason_code": "goodwill", "cap": "9.00"})
    assert (asked.status_code, asked.json()["status"]) == (201, "requested")
    client.force_login(make_user("aud"))
    assert send(client, row, "renew", {"reason_code": "goodwill"}).status_code == 403


def test_an_account_switched_off_leaves_what_it_owned_without_an_owner(client, finn):
    row = make_acceptance()
    User.objects.filter(username="fiona").update(is_active=False)

    assert shown(client.get(f"{PAGE}?view=orphaned")) == [row.pk]


def test_a_list_costs_the_same_however_long_it_is(client, finn, django_assert_max_num_queries):
    for _ in range(12):
        make_acceptance(until=date(2030, 1, 1), days=None)

    with django_assert_max_num_queries(14):
        client.get(PAGE)


def send(client, row, act, body):
    url = f"/api/v1/acceptances/{row.pk}/{act}/"
    return client.post(url, json.dumps(body), content_type="application/json")


def _difference(**facts):
    group = factories.CauseGroupFactory(type="REFUND_CM_MISMATCH")
    rma = factories.RmaFactory(bridge=group.bridge)
    return factories.CaseFactory(
        group=group,
        rma=rma,
        team="finance",
        value=Decimal("4.10"),
        facts={"difference": "4.10", "main_cause": "tax", "currency": "GBP", **facts},
    )
