"""Batches: one number, one file, one place for each document, whatever ends a worker."""

from datetime import timedelta

import pytest

from connectors.errors import Rejected, RejectionCode
from connectors.exchange import stores
from connectors.types import DocumentKind
from exceptions_app.models import ExchangeBatch, Posting
from exceptions_app.rules import drafts
from tests.exceptions_app.exchange.partner import acknowledged, no, yes

CREDIT = DocumentKind.CREDIT_MEMO


def keys(rows):
    return [row.key for row in rows]


def test_a_batch_is_kept_before_it_leaves_and_waits_for_its_answer(partner, documents):
    batch = partner.send(*documents)

    kept = ExchangeBatch.objects.get()
    assert (kept.number, kept.state, kept.documents) == (1, "delivered", 3)
    assert bytes(kept.content) == b"file 1 of 3"
    assert kept.due_by - kept.delivered_at == timedelta(hours=4)
    assert batch.keys == ("CM-uk-1", "CM-uk-2", "CM-uk-3")
    assert partner.names(stores.OUT) == ["credits-1.txt"]
    found = partner.book.lines(CREDIT, keys(documents))
    assert {(line.batch_state, line.result) for line in found.values()} == {("delivered", None)}


def test_a_worker_that_died_before_the_file_lay_there_leaves_the_same_file_to_the_next(
    partner, documents
):
    first = partner.send(*documents, is_put=False)

    again = partner.send(*documents)

    assert (again.number, again.name, again.content) == (1, first.name, first.content)
    assert ExchangeBatch.objects.count() == 1
    assert partner.names(stores.OUT) == ["credits-1.txt"]


def test_a_file_put_twice_lies_there_once(partner, documents):
    first = partner.send(*documents, is_put=False)
    partner.store.put(stores.OUT, first.name, first.content)

    partner.send(*documents)
    partner.book.delivered(1)

    assert partner.names(stores.OUT) == ["credits-1.txt"]
    assert ExchangeBatch.objects.get().state == "delivered"


def test_a_document_waiting_to_be_sent_again_leaves_with_its_batch_and_is_looked_up(
    partner, documents
):
    partner.send(*documents, is_put=False)
    Posting.objects.filter(pk=documents[1].pk).update(status="ready")

    again = partner.send(documents[0])

    assert again.keys == ("CM-uk-1", "CM-uk-2", "CM-uk-3")
    documents[1].refresh_from_db()
    assert (documents[1].status, documents[1].fence) == ("unconfirmed", 1)


@pytest.mark.parametrize("status", ["cancelled", "held", "blocked"])
def test_a_file_that_never_left_is_withdrawn_when_one_in_it_must_not_leave(
    partner, documents, status
):
    partner.send(*documents, is_put=False)
    Posting.objects.filter(pk=documents[1].pk).update(status=status)

    again = partner.send(documents[0], documents[2])

    assert (again.number, again.keys) == (2, ("CM-uk-1", "CM-uk-3"))
    assert partner.names(stores.OUT) == ["credits-2.txt"]
    rows = ExchangeBatch.objects.order_by("number").values_list("number", "state")
    assert list(rows) == [(1, "withdrawn"), (2, "delivered")]
    assert set(partner.book.lines(CREDIT, keys(documents))) == {"CM-uk-1", "CM-uk-3"}


def test_a_delivered_file_stands_whatever_became_of_one_in_it(partner, documents):
    partner.send(*documents)
    Posting.objects.filter(pk=documents[1].pk).update(status="cancelled")

    (standing,) = partner.book.standing(CREDIT, [documents[0].key])

    assert (standing.number, standing.state) == (1, "delivered")


def test_a_draft_the_layout_cannot_express_leaves_nothing_behind(partner, documents):
    def build(number):
        raise Rejected("The text is too long.", code=RejectionCode.UNCLASSIFIED)

    with pytest.raises(Rejected):
        partner.book.begin(
            kind=CREDIT,
            drafts=[drafts.from_json(documents[0].draft)],
            made_at=partner.now,
            build=build,
            name=str,
        )

    assert not ExchangeBatch.objects.exists()
    assert partner.send(documents[0]).number == 1


def test_a_refused_document_goes_out_in_a_new_file_under_the_same_key(partner, documents):
    partner.send(*documents)
    refusal = acknowledged(
        1, yes(documents[0], "C1"), no(documents[1], "period_closed"), yes(documents[2], "C3")
    )
    partner.leave(stores.ACK, "ack-1.txt", refusal)
    partner.look()
    assert partner.book.lines(CREDIT, ["CM-uk-2"])["CM-uk-2"].code == "period_closed"

    # Whoever sends it on claims it anew; the old refusal says nothing of the new try.
    Posting.objects.filter(pk=documents[1].pk).update(sent_at=partner.now + timedelta(minutes=5))
    assert partner.book.lines(CREDIT, ["CM-uk-2"]) == {}
    again = partner.send(documents[1])

    assert (again.number, again.keys) == (2, ("CM-uk-2",))
    line = partner.book.lines(CREDIT, ["CM-uk-2"])["CM-uk-2"]
    assert (line.batch_number, line.result) == (2, None)
