"""The pages of exchanged files: who sees what, what is said, and what an empty list says."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from connectors.exchange import stores
from exceptions_app.models import AuditEntry, Case, ErpReceipt, ExchangeBatch, ExchangeFile
from exceptions_app.services import exchange
from tests import factories
from tests.cast import make_user
from tests.exceptions_app.exchange.partner import acknowledged, no, yes
from tests.exceptions_app.exchange.test_files import arrivals

pytestmark = pytest.mark.django_db


@pytest.fixture
def ines(client):
    client.force_login(make_user("ines"))
    return client


def show(client, name, *args, **query):
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_file_shows_its_documents_with_the_answer_to_each(ines, partner, documents):
    partner.send(*documents)
    refusal = no(documents[1], "unknown_item", "No such SKU.", field="sku")
    partner.leave(stores.ACK, "ack.csv", acknowledged(1, yes(documents[0], "C1"), refusal))
    partner.look()

    batch = ExchangeBatch.objects.get()
    page = show(ines, "exchange-batch", batch.pk)

    for told in ("CM-uk-1", "C1", "No such SKU. (unknown_item, sku)", "No answer yet", "£0.00"):
        assert told in page
    lines = list(csv.reader(io.StringIO(_export(ines, "exchange-batch-export", batch.pk))))
    assert [line[3] for line in lines[1:]] == ["Booked", "Refused", "No answer yet"]


def _export(client, name, *args):
    answer = client.get(reverse(name, args=args))
    return b"".join(answer.streaming_content).decode()


def test_the_lists_are_narrowed_and_cost_the_same_for_many(ines):
    depot = factories.ErpFactory(name="Depot", kind="file_exchange", code="depot")
    factories.ExchangeBatchFactory(connection=depot, number=1, state="overdue")
    factories.ExchangeFileFactory(connection=depot, name="odd.csv")
    cost = {}
    for many in (1, 8):
        for number in range(many):
            factories.ExchangeBatchFactory(state="posted", number=100 * many + number)
            factories.ExchangeFileFactory(state="read", why="")
        for name in ("exchange-batches", "exchange-files"):
            with CaptureQueriesContext(database) as captured:
                show(ines, name)
            cost.setdefault(name, set()).add(len(captured))

    assert [len(costs) for costs in cost.values()] == [1, 1]
    overview = show(ines, "operations")
    for told in ("Files set aside", "?state=quarantined", "Files without an answer"):
        assert told in overview
    late = show(ines, "exchange-batches", state="needs", connection="depot")
    assert ("File 1<" in late, "File 100<" in late) == (True, False)
    odd = show(ines, "exchange-files", state="needs")
    assert ("odd.csv" in odd, odd.count("Set aside")) == (True, 2)
    assert "No file that left fits" in show(ines, "exchange-batches", state="built")
    assert "\nFile,Connection" in "\n" + _export(ines, "exchange-batches-export")
    assert "odd.csv,Depot,Set aside" in _export(ines, "exchange-files-export")


def test_what_a_file_held_is_for_those_who_may_read_messages(client, partner):
    batch = factories.ExchangeBatchFactory(connection=partner.connection)
    file = factories.ExchangeFileFactory(connection=partner.connection)
    pages = [("exchange-batch", batch, "batch;line"), ("exchange-file", file, "what;is;this")]

    client.force_login(make_user("aud"))
    for name, row, content in pages:
        page = show(client, name, row.pk)
        assert (content in page, "Read it again" in page) == (False, False)
        assert "Files may hold personal data" in page

    client.force_login(make_user("ines"))
    for name, row, content in pages:
        assert content in show(client, name, row.pk)
    answer = client.get(reverse("exchange-file-content", args=[file.pk]))
    assert answer["Content-Disposition"] == f'attachment; filename="{file.name}.txt"'
    assert answer.content == b"what;is;this\n"
    batch.content = b""
    batch.save()
    gone = client.get(reverse("exchange-batch-content", args=[batch.pk]))
    assert gone.status_code == 404


def test_a_file_set_aside_is_read_again_from_its_page(ines, partner):
    partner.leave(stores.IN, "odd.csv")
    partner.look()
    file = ExchangeFile.objects.get()
    again = reverse("exchange-file-read-again", args=[file.pk])
    page = show(ines, "exchange-file", file.pk)
    assert ("Read it again" in page, "Line 3 has 4 columns" in page) == (True, True)

    refused = ines.post(again, follow=True).content.decode()
    assert "Nothing was taken in. Line 3 has 4 columns instead of 7." in refused
    assert not ErpReceipt.objects.exists()

    partner.layout.meaning[b"in/odd.csv"] = (arrivals(),)
    done = ines.post(again, follow=True).content.decode()
    assert "odd.csv is read. It told: 1 receipt, 1 of no return we know." in done
    assert AuditEntry.objects.filter(act="exchange_file.read_again").count() == 1
    assert "is not set aside any more" in ines.post(again, follow=True).content.decode()


def test_an_exception_leads_to_its_file_and_back(ines, partner, documents):
    partner.send(*documents)
    exchange.mark_late(now=partner.now + timedelta(days=1))
    (case,) = Case.objects.all()
    batch = partner.connection.exchange_batches.get()

    page = show(ines, "case-detail", case.pk)
    assert reverse("exchange-batch", args=[batch.pk]) in page
    assert f"EX-{case.pk}" in show(ines, "exchange-batch", batch.pk)


def test_a_document_says_in_which_file_it_is_and_until_when_its_answer_is_due(
    ines, partner, documents
):
    partner.send(*documents)

    for page in (
        show(ines, "return-detail", documents[0].rma_id),
        show(ines, "posting-detail", documents[0].pk),
    ):
        assert "delivered 27 May 2026, 09:12, not yet acknowledged" in page
        assert "late after 27 May 2026, 13:12" in page
