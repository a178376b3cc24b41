"""Each kind of change has a form in the reader's words that stores the service's payload."""

import pytest
from django.utils import timezone

from exceptions_app.choices import FixKind
from exceptions_app.forms.fixes import FORMS
from tests.factories import (
    CaseFactory,
    CauseGroupFactory,
    ErpLocationFactory,
    ItemFactory,
    PostingFactory,
    RmaFactory,
)

pytestmark = pytest.mark.django_db


def _form(kind, answers, **facts):
    rma = RmaFactory()
    group = CauseGroupFactory(bridge=rma.bridge)
    case = CaseFactory(rma=rma, group=group, facts=facts)
    ItemFactory(connection=rma.bridge.erp, sku="TEE-BLK-M")
    ErpLocationFactory(connection=rma.bridge.erp, division="10", code="WH1")
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
        ("set_location", {}, {"location": "Leeds DC"}, {"location": "Leeds DC"}),
        (
            "link_order",
            {},
            {"choice": "other", "order_number": "SO-9"},
            {"order_number": "SO-9"},
        ),
        (
            "accept_difference",
            {},
            {"difference": "−3.20", "reason_code": "rounding"},
            {"difference": "-3.20"},
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
    ],
)
def test_unusable_answers_are_refused_on_the_form(kind, facts, answers):
    form, _ = _form(kind, answers, **facts)

    assert not form.is_valid()
    assert form.payload == {}


def test_every_kind_but_closing_has_a_form():
    assert set(FORMS) == set(FixKind.values) - {FixKind.CLOSE}
