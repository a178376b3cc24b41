"""Each kind of change has a form in the reader's words that stores the service's payload."""

from datetime import timedelta

import pytest
from django.utils import timezone

from exceptions_app.choices import FixKind
from exceptions_app.forms.kinds import FORMS
from tests.cast import make_user
from tests.factories import (
    CaseFactory,
    CauseGroupFactory,
    ErpLocationFactory,
    FixFactory,
    ItemFactory,
    MappingFactory,
    PostingFactory,
    RmaFactory,
    SalesOrderFactory,
)

pytestmark = pytest.mark.django_db


def _form(kind, answers, **facts):
    rma = RmaFactory()
    group = CauseGroupFactory(bridge=rma.bridge)
    case = CaseFactory(rma=rma, group=group, facts=facts)
    ItemFactory(connection=rma.bridge.erp, sku="TEE-BLK-M")
    ErpLocationFactory(connection=rma.bridge.erp, division="10", code="WH1")
    MappingFactory(
        bridge=rma.bridge,
        kind="location",
        source_value="Leeds DC",
        target={"division": "10", "warehouse": "WH1"},
    )
    SalesOrderFactory(connection=rma.bridge.erp, number="SO-9")
    posting = PostingFactory(rma=rma, status="failed")
    given = {name: posting.pk if value == "POSTING" else value for name, value in answers.items()}
    return FORMS[kind](given, kind=kind, case=case, now=timezone.now()), posting


@pytest.mark.parametrize(
    ("kind", "facts", "answers", "payload"),
    [
        ("sku_alias", {"sku": "X"}, {"choice": "other", "sku": "tee-blk-m"}, {"sku": "TEE-BLK-M"}),
        ("disposition", {"source_value": "x"}, {"bucket": "damaged"}, {"bucket": "damaged"}),
        ("disposition", {"source_value": "x"}, {"bucket": "none"}, {"bucket": "none"}),
        ("reason", {"source_value": "x"}, {"code": "FIT"}, {"code": "FIT"}),
        ("status", {"source_value": "x"}, {"axis": "closed"}, {"axis": "closed"}),
        ("vat", {"setting": "x"}, {"treatment": "included"}, {"treatment": "included"}),
        (
            "fee",
            {"component": "x"},
            {"component": "fee", "erp_code": "F1"},
            {"component": "fee", "erp_code": "F1"},
        ),
        (
            "location",
            {"location": "Leeds"},
            {"pair": "10|WH1"},
            {"division": "10", "warehouse": "WH1"},
        ),
        (
            "set_location",
            {},
            {"location": "Leeds DC", "note": "Seen there by Wes"},
            {"location": "Leeds DC"},
        ),
        (
            "link_order",
            {},
            {"choice": "other", "order_number": "SO-9", "note": "Told"},
            {"order_number": "SO-9"},
        ),
        (
            "accept_difference",
            {},
            {"difference": "−3.20", "reason_code": "rounding", "until": "2027-01-31"},
            {"difference": "-3.20", "cap": "3.20", "until": "2027-01-31"},
        ),
        (
            "correct_credit",
            {},
            {"adjustment": "3.20", "reason_code": "goodwill"},
            {"adjustment": "3.20"},
        ),
    ],
)
def test_answers_become_the_payload(kind, facts, answers, payload):
    form, _ = _form(kind, answers, **facts)

    assert form.is_valid(), form.errors
    assert form.payload == payload


def test_a_charge_needs_a_code_and_the_codes_in_use_are_offered_with_what_they_stand_for():
    empty, _ = _form("fee", {"component": "shipping"}, component="shipping")
    bridge = empty.case.bridge
    MappingFactory(
        bridge=bridge,
        kind="fee",
        source_value="Restocking fee",
        target={"component": "fee", "erp_code": "RST"},
    )
    form = FORMS["fee"]({"component": "shipping", "choice": "RST"}, **_again(empty))

    assert not empty.is_valid()
    assert empty.errors == {"erp_code": ["Say which code it is."]}
    assert form.is_valid()
    assert form.payload == {"component": "shipping", "erp_code": "RST"}
    assert form.described == [{"value": "RST", "text": "Stands for Restocking fee"}]
    assert FORMS["fee"](None, **_again(empty))["component"].value() == "shipping"
    unnamed, _ = _form("fee", {"erp_code": "RST"}, component="return")
    assert unnamed.errors == {"component": ["Say what the charge is."]}
    assert not FORMS["fee"](None, **_again(unnamed))["component"].value()


def _again(form):
    return {"kind": form.kind, "case": form.case, "now": form.now}


def test_documents_are_named_by_row_and_key():
    form, posting = _form("link_document", {"posting_id": "POSTING", "number": "CM-7"})

    assert form.is_valid(), form.errors
    assert form.payload == {"posting_id": posting.pk, "key": posting.key, "number": "CM-7"}


@pytest.mark.parametrize(
    ("kind", "facts", "answers"),
    [
        ("accept_difference", {}, {"difference": "3.20", "reason_code": ""}),
        ("accept_difference", {}, {"difference": "3.201", "reason_code": "rounding"}),
        ("posting_date", {}, {"date": "soon"}),
        ("location", {"location": "x"}, {"pair": "99|WH1"}),
        ("disposition", {"source_value": "x"}, {"bucket": "attic"}),
        ("sku_alias", {"sku": "X"}, {"choice": "other", "sku": ""}),
        ("set_location", {}, {"location": "Shed behind Leeds", "note": "Seen there"}),
        ("set_location", {}, {"location": "Leeds DC", "note": " "}),
        ("location", {"location": "x"}, {"pair": "none"}),
    ],
)
def test_unusable_answers_are_refused_on_the_form(kind, facts, answers):
    form, _ = _form(kind, answers, **facts)

    assert not form.is_valid()
    assert form.payload == {}


def test_every_kind_but_closing_has_a_form():
    assert set(FORMS) == set(FixKind.values) - {FixKind.CLOSE}


def test_the_places_offered_are_those_the_bridge_has_mapped():
    form, _ = _form("set_location", {})

    assert form.fields["location"].choices == [
        ("", "Choose a place"),
        ("Leeds DC", "Leeds DC, 10/WH1"),
    ]


def test_approvals_name_who_can_and_what_needed_none(client):
    wanda, _ = make_user("wanda"), make_user("mira")
    client.force_login(wanda)
    now = timezone.now()
    FixFactory(requested_by=wanda)
    FixFactory(
        kind="retry",
        level="none",
        status="applied",
        requested_by=wanda,
        decided_by=wanda,
        decided_at=now,
        ended_at=now,
    )

    page = client.get("/approvals/").text

    assert "Mira" in page.partition('data-l="Approval">')[2].partition("</td>")[0]
    decided = page.partition('data-l="Decided by">')[2].partition("</td>")[0]
    assert "Needed no approval" in decided
    assert "Wanda" not in decided


def test_what_was_done_and_not_left_is_called_neither_waiting_nor_closed(client):
    wanda = make_user("wanda")
    client.force_login(wanda)
    now = timezone.now()
    case = CaseFactory(group__type="LOCATION_MISSING", team="warehouse")
    fix = FixFactory(
        kind="set_location",
        level="none",
        status="held",
        bridge=case.bridge,
        case=case,
        rma=case.rma,
        payload={"location": "Leeds DC"},
        requested_by=wanda,
        decided_by=wanda,
        decided_at=now,
        hold_until=now + timedelta(minutes=1),
    )

    page = client.get(f"/exceptions/{case.pk}/").text
    assert "This was done and has not left yet" in page
    assert "must be decided or withdrawn" not in page

    case.status, case.closure, case.resolved_at = "resolved", "proof", now
    case.save()
    page = client.get(f"/exceptions/{case.pk}/").text
    assert f"{fix}: leaves" in page
    assert "Settled, but nothing has left yet" in page


def test_a_mapping_that_can_be_taken_back_comes_into_force_and_does_not_leave(client):
    mira = make_user("mira")
    client.force_login(mira)
    case = CaseFactory(group__type="SKU_UNKNOWN", type="SKU_UNKNOWN", facts={"sku": "TEE-X"})
    fix = FixFactory(
        kind="sku_alias",
        status="held",
        bridge=case.bridge,
        case=case,
        payload={"sku": "TEE-BLK-M"},
        requested_by=mira,
        hold_until=timezone.now() + timedelta(minutes=1),
    )

    page = client.get(f"/exceptions/{case.pk}/").text

    assert f"{fix}: in force for good" in page
