"""What a partner says of a batch: noted once, contradicted never, late told."""

from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.exchange import stores
from connectors.exchange.shapes import AckLine, Inbound, InboundKind, LineResult, PartnerDocument
from exceptions_app.models import Case, ExchangeBatch, ExchangeFile, ExchangeLine, Posting
from exceptions_app.services import exchange
from tests.exceptions_app.exchange.partner import acknowledged, no, yes


def answers():
    rows = ExchangeLine.objects.order_by("line_no")
    return list(rows.values_list("result", "code", "number"))


def open_cases():
    rows = Case.objects.exclude(status="resolved").order_by("pk")
    return [(type_, f"{reason}.") for type_, reason in rows.values_list("type", "facts__reason")]


def answer(partner, *parts, name="ack-1.txt"):
    partner.leave(stores.ACK, name, *parts)
    partner.look()


def state():
    return ExchangeBatch.objects.get().state


def test_well_formed_is_not_booked(partner, documents):
    partner.send(*documents)

    answer(partner, acknowledged(1, is_syntax_only=True, is_accepted=True))

    assert state() == "acknowledged"
    assert answers() == [("", "", "")] * 3


def test_an_answer_without_a_file_number_finds_documents_by_their_keys(partner, documents):
    partner.send(*documents[:2])
    partner.send(documents[2])

    answer(
        partner,
        acknowledged(0, yes(documents[2], "C3"), yes(documents[0], "C1")),
        acknowledged(0, yes(documents[1], "C2")),
    )

    rows = ExchangeLine.objects.order_by("key").values_list("batch__number", "result", "number")
    assert list(rows) == [(1, "accepted", "C1"), (1, "accepted", "C2"), (2, "accepted", "C3")]


def test_an_answer_without_a_file_number_to_a_key_nobody_sent_changes_nothing(partner, documents):
    partner.send(documents[0])

    answer(partner, acknowledged(0, yes(documents[0], "C1"), yes(documents[1], "C2")))

    assert answers() == [("", "", "")]
    reason = "It answers CM-uk-2, which left in no file."
    assert open_cases() == [("FILE_UNREADABLE", reason)]


def test_each_document_has_its_own_answer_and_is_read_back_at_once(partner, documents):
    partner.send(*documents)
    later = partner.now + timedelta(hours=3)
    Posting.objects.update(status="posted", not_before=later)

    answer(
        partner,
        acknowledged(1, yes(documents[0], "C1"), no(documents[1], "unknown_item", field="sku")),
    )

    assert answers() == [
        ("accepted", "", "C1"),
        ("rejected", "unknown_item", ""),
        ("", "", ""),
    ]
    assert state() == "acknowledged"
    due = Posting.objects.order_by("key").values_list("not_before", flat=True)
    assert [at == later for at in due] == [False, False, True]

    answer(partner, acknowledged(1, yes(documents[2], "C3")), name="ack-2.txt")
    assert state() == "part_rejected"


def test_a_yes_to_the_whole_file_is_one_to_each(partner, documents):
    partner.send(*documents)

    answer(partner, acknowledged(1, is_accepted=True))

    assert (state(), answers()) == ("posted", [("accepted", "", "")] * 3)


def test_a_file_refused_as_a_whole_is_one_cause_for_all_that_fell_with_it(partner, documents):
    partner.connection.settings["acknowledgement"] = "all_or_nothing"
    partner.connection.save()
    partner.send(*documents)

    answer(partner, acknowledged(1, no(documents[1], "unknown_item", "No such SKU.")))

    assert state() == "rejected"
    assert [code for _, code, _ in answers()] == [
        "file 1 refused",
        "unknown_item",
        "file 1 refused",
    ]
    told = ExchangeLine.objects.get(line_no=1).text
    assert told == "Refused with the whole file 1. CM-uk-2: No such SKU."


def test_a_file_that_is_not_well_formed_is_refused(partner, documents):
    partner.send(*documents)

    answer(partner, acknowledged(1, is_syntax_only=True, is_accepted=False, text="AK5: R"))

    assert state() == "rejected"
    assert {code for _, code, _ in answers()} == {"file 1 refused"}


def test_the_same_answer_twice_changes_nothing(partner, documents):
    partner.send(*documents)
    said = acknowledged(1, *(yes(row, f"C{row.pk}") for row in documents))
    answer(partner, said)
    before = answers(), ExchangeBatch.objects.get().ended_at

    partner.leave(stores.ACK, "again.txt", said)
    partner.leave(stores.ACK, "copy.txt", content=b"ack/ack-1.txt")
    partner.look()

    assert (answers(), ExchangeBatch.objects.get().ended_at) == before
    states = ExchangeFile.objects.order_by("name").values_list("name", "state")
    assert list(states) == [
        ("ack-1.txt", "read"),
        ("again.txt", "read"),
        ("copy.txt", "duplicate"),
    ]
    assert open_cases() == []


@pytest.mark.parametrize(
    ("number", "line", "why"),
    [
        (9, None, "It answers file 9, which was never made here."),
        (1, AckLine("X", 0, LineResult.ACCEPTED), "It answers X, which is not in file 1."),
        (
            1,
            AckLine("CM-uk-1", 0, LineResult.REJECTED),
            "CM-uk-1 in file 1 is booked as C1 already; this says refused.",
        ),
    ],
)
def test_an_answer_that_does_not_fit_sets_its_file_aside_and_changes_nothing(
    partner, documents, number, line, why
):
    partner.send(*documents)
    answer(partner, acknowledged(1, yes(documents[0], "C1")))
    before = answers()

    # What fits in the same file is not taken in either.
    parts = [acknowledged(1, yes(documents[1], "C2")), acknowledged(number, *filter(None, [line]))]
    answer(partner, *parts, name="odd.txt")

    assert answers() == before
    assert open_cases() == [("FILE_UNREADABLE", why)]
    assert partner.names(stores.BAD) == ["odd.txt"]


def test_no_answer_in_time_is_an_exception_that_a_late_answer_closes(partner, documents):
    partner.send(*documents)

    assert exchange.mark_late(now=partner.now + timedelta(hours=4)) == 0
    assert exchange.mark_late(now=partner.now + timedelta(hours=5)) == 1
    assert exchange.mark_late(now=partner.now + timedelta(hours=6)) == 0

    assert state() == "overdue"
    (case,) = Case.objects.all()
    assert (case.type, case.title) == ("BATCH_OVERDUE", "Depot has not answered file 1")
    assert case.facts["waiting"] == "3 documents"
    assert (case.value, case.currency) == (Decimal("0.00"), "GBP")

    answer(partner, acknowledged(1, is_accepted=True))
    case.refresh_from_db()
    assert case.status == "resolved"
    assert case.proof.startswith("File 1 was answered by ack-1.txt")


def test_a_credit_the_partner_advises_is_the_answer_to_ours(partner, documents):
    partner.send(*documents)
    advice = PartnerDocument(key="CM-uk-1", kind=None, date=None, number="CN-7")
    answer(partner, Inbound(kind=InboundKind.CREDIT_ADVICE, documents=(advice,)))

    assert answers()[0] == ("accepted", "", "CN-7")


def test_a_credit_nobody_asked_for_is_not_taken_in(partner, documents):
    advice = PartnerDocument(key="", kind=None, date=None, number="CN-7")
    answer(partner, Inbound(kind=InboundKind.CREDIT_ADVICE, documents=(advice,)))

    assert open_cases() == [
        ("FILE_UNREADABLE", "It tells of CN-7, which answers no document of ours.")
    ]
