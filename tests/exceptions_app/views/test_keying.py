"""To key by hand: each team its own documents, oldest first, with clock, taker and number."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from exceptions_app.models import AuditEntry, KeyingClaim, Posting
from exceptions_app.selectors import keying as selector
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db


def make_held(kind="credit_memo", **values):
    hours = values.pop("hours", 1)
    created_at = timezone.now() - timedelta(hours=hours)
    return factories.PostingFactory(
        kind=kind, status="held", hold_reason="manual", created_at=created_at, **values
    )


def shown(client, query=""):
    page = client.get(f"/keying/{query}")
    assert page.status_code == 200
    return [getattr(row, "posting", row).pk for row in page.context["rows"]]


@pytest.fixture
def finn(client):
    person = make_user("finn")
    client.force_login(person)
    return person


def test_each_team_sees_its_kinds_oldest_first_and_integrators_both(client):
    credit, receipt = make_held(), make_held("stock_receipt")
    refund = make_held("refund_record")
    factories.PostingFactory(status="held", hold_reason="run")

    seen = {}
    for name in ("finn", "wanda", "ines"):
        client.force_login(make_user(name))
        seen[name] = shown(client)

    assert seen == {
        "finn": [credit.pk, refund.pk],
        "wanda": [receipt.pk],
        "ines": [credit.pk, receipt.pk, refund.pk],
    }
    assert shown(client, "?team=finance&kind=refund_record") == [refund.pk]
    assert shown(client, f"?bridge={receipt.bridge.code}") == [receipt.pk]


def test_a_document_is_listed_once_those_before_it_are_finished(client, finn):
    credit = make_held()
    receipt = factories.PostingFactory(
        rma=credit.rma, kind="stock_receipt", sequence=20, status="posted"
    )

    before = shown(client)
    at = timezone.now() - timedelta(minutes=5)
    Posting.objects.filter(pk=receipt.pk).update(status="confirmed", confirmed_at=at)

    assert before == []
    (row,) = client.get("/keying/").context["rows"]
    assert row.since == at


def test_what_waits_longer_than_the_bridge_allows_is_late_and_marked(client, finn):
    fresh, late = make_held(hours=2), make_held(hours=25)

    page = client.get("/keying/")

    clocks = {row.posting.pk: row.is_late for row in page.context["rows"]}
    assert clocks == {fresh.pk: False, late.pk: True}
    assert page.text.count("age--late") == 1
    assert page.context["count"] == "2"


def test_the_list_says_who_has_a_document(client, finn):
    posting = make_held()
    taken_at = timezone.now() - timedelta(minutes=3)
    claim = KeyingClaim.objects.create(
        posting=posting, person=make_user("fiona"), taken_at=taken_at
    )

    assert "Fiona, for 3 min" in client.get("/keying/").text
    claim.taken_at -= timedelta(minutes=30)
    claim.save()
    assert "Fiona" not in client.get("/keying/").text


def test_the_list_asks_the_same_however_long_it_is(client, finn):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as found:
            client.get("/keying/")
        return len(found)

    make_held()
    few = queries()
    for _ in range(12):
        make_held()

    assert queries() == few
    assert few <= 7


def test_the_navigation_counts_what_the_reader_can_key(client):
    for kind in ("credit_memo", "stock_receipt", "stock_receipt"):
        make_held(kind)

    counts = {}
    for name in ("finn", "wanda", "cleo"):
        client.force_login(make_user(name))
        nav = client.get("/").context["nav"]
        counts[name] = [item["count"] for item in nav if item["url"] == "/keying/"]

    assert counts == {"finn": ["1"], "wanda": ["2"], "cleo": []}


def test_a_file_holds_what_the_list_shows(client, finn):
    posting = make_held(gross=Decimal("12.50"))
    factories.PostingFactory(keyed="word", number="CM-5")

    def rows(query=""):
        answer = client.get(f"/keying/export.csv{query}")
        text = b"".join(answer.streaming_content).decode()
        return list(csv.DictReader(io.StringIO(text)))

    (row,) = rows()
    (word,) = rows("?view=unproved")

    assert (row["Key"], row["Amount"], row["Number"]) == (posting.key, "12.50", "None yet")
    assert (row["Due"], row["Taken by"]) != ("", "Finn")
    assert (word["Number"], word["State"]) == ("CM-5", "Keyed by hand, not verified")


# --- one document ------------------------------------------------------------------------------


def test_taken_the_values_stand_beside_the_box_and_the_number_confirms(client, finn):
    posting = make_held()
    untaken = client.get(f"/postings/{posting.pk}/key/")
    client.post(f"/postings/{posting.pk}/take/")
    page = client.get(f"/postings/{posting.pk}/key/")

    answer = client.post(f"/postings/{posting.pk}/key/", {"number": " CM-77 "})

    posting.refresh_from_db()
    assert 'name="number"' not in untaken.text
    assert page.context["task"].fields
    assert 'name="number"' in page.text
    assert answer.url == f"/returns/{posting.rma_id}/"
    assert (posting.status, posting.number, posting.keyed) == ("confirmed", "CM-77", "word")
    assert AuditEntry.objects.filter(act="posting.key_by_hand", actor="Finn").count() == 1


@pytest.mark.parametrize("number", ["", "   ", "x" * 81])
def test_a_number_that_cannot_be_one_is_refused_and_nothing_changes(client, finn, number):
    posting = make_held()
    client.post(f"/postings/{posting.pk}/take/")
    audited = AuditEntry.objects.count()

    assert client.post(f"/postings/{posting.pk}/key/", {"number": number}).status_code == 422
    assert Posting.objects.get().status == "held"
    assert AuditEntry.objects.count() == audited


def test_a_document_that_does_not_wait_is_not_keyed(client, finn):
    posting = factories.PostingFactory(status="confirmed", number="CM-1")

    answer = client.post(f"/postings/{posting.pk}/key/", {"number": "CM-2"})

    assert answer.status_code == 422
    assert Posting.objects.get().number == "CM-1"
    assert not AuditEntry.objects.exists()


def test_a_document_of_the_other_team_is_not_ones_own(client):
    posting = make_held("credit_memo")
    client.force_login(make_user("wanda"))

    answers = [
        client.get(f"/postings/{posting.pk}/key/"),
        *(
            client.post(f"/postings/{posting.pk}/{act}/")
            for act in ("take", "release", "could-not")
        ),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert not KeyingClaim.objects.exists()


def test_given_back_it_is_free_again(client, finn):
    posting = make_held()
    client.post(f"/postings/{posting.pk}/take/")

    answer = client.post(f"/postings/{posting.pk}/release/")

    assert answer.url == "/keying/"
    assert not KeyingClaim.objects.exists()


def test_what_could_not_be_keyed_needs_a_reason_and_then_counts_as_refused(client, finn):
    posting = make_held()
    client.post(f"/postings/{posting.pk}/take/")
    address = f"/postings/{posting.pk}/could-not/"

    wrong = client.post(address, {"reason": "item", "sku": ""})
    right = client.post(address, {"reason": "period", "words": "Ledger says May only"})

    posting.refresh_from_db()
    assert (wrong.status_code, "Choose the SKU it is about." in wrong.text) == (422, True)
    assert right.url == f"/returns/{posting.rma_id}/"
    assert (posting.status, posting.open_type) == ("failed", "PERIOD_CLOSED")
    assert posting.attempt_rows.get().text == "Finn could not key it: Ledger says May only"


# --- a word is no proof ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keyed", "words"),
    [("word", "Keyed by hand, not verified"), ("linked", "Linked by hand")],
)
def test_what_rests_on_a_word_is_marked_so_on_every_screen(client, keyed, words):
    run = factories.CreditRunFactory()
    posting = factories.PostingFactory(
        keyed=keyed, run=run, confirmed_at=timezone.now(), number="CM-5"
    )
    client.force_login(make_user("boss", "finance", "integrator", "cx"))

    for address in (
        f"/returns/{posting.rma_id}/",
        "/operations/postings/",
        f"/operations/postings/{posting.pk}/",
        f"/finance/runs/{run.pk}/",
    ):
        page = client.get(address).text
        assert words in page, address
        assert "Read back 2" not in page, address
    assert (shown(client, "?view=unproved") == [posting.pk]) is (keyed == "word")


def test_a_word_is_not_counted_as_read_back_today(client, finn):
    factories.PostingFactory(keyed="word", confirmed_at=timezone.now())
    factories.PostingFactory(confirmed_at=timezone.now())

    checks = {check.text: check.figure for check in client.get("/").context["checks"]}

    assert checks["Credit memos confirmed in the last 24 hours"] == "1"


def test_kinds_are_each_one_teams():
    stock, money = set(selector.STOCK_KINDS), set(selector.MONEY_KINDS)

    assert not stock & money
    assert "platform_update" not in stock | money
