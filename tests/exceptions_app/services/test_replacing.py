"""An exception that gave way to a more exact one is replaced, which is no proof of anything."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from exceptions_app.models import AuditEntry, Case
from exceptions_app.rules.facts import Finding
from exceptions_app.services import cases, subjects
from tests.cast import make_user
from tests.factories import NOW, RmaFactory

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)
TOLD = "Told more exactly now: unmapped location of arrival."


@pytest.fixture
def rma():
    return RmaFactory()


@pytest.fixture
def finding():
    return Finding(
        type="DIVISION_MISMATCH",
        subject="line:1",
        cause="leeds",
        facts={"location": "Leeds"},
        value=Decimal(20),
        value_formula="paid for the units",
    )


def _sync(rma, *findings, now, proof=""):
    cases.sync(subject=subjects.of_rma(rma), findings=findings, now=now, proof=proof)


def test_it_names_and_links_the_exception_that_replaced_it(client, rma, finding):
    _sync(rma, finding, now=NOW)
    _sync(rma, replace(finding, type="WAREHOUSE_UNMAPPED"), now=LATER, proof=f"{TOLD} RC7")

    old, new = Case.objects.order_by("pk")
    told = f"Replaced by EX-{new.pk}: unmapped location of arrival. RC7"
    assert (old.status, old.closure, old.proof) == ("resolved", "proof", told)
    assert new.status == "open"
    assert AuditEntry.objects.get(act="case.resolve").text == told

    client.force_login(make_user("wanda"))
    page = client.get(reverse("case-detail", args=[old.pk])).text

    assert f"<b>Replaced by EX-{new.pk}, " in page
    assert f'<a href="{reverse("case-detail", args=[new.pk])}">go on with EX-{new.pk}</a>' in page
    assert "Closed by proof" not in page


def test_without_an_exception_of_that_type_it_is_closed_as_before(rma, finding):
    _sync(rma, finding, now=NOW)
    _sync(rma, now=LATER, proof=TOLD)

    assert Case.objects.get().proof == TOLD
    assert AuditEntry.objects.get(act="case.resolve").text == f"Closed by proof: {TOLD}"
