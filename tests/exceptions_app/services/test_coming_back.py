"""A cause that comes back says which change had settled it, and in which version (R111)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from exceptions_app.models import AuditEntry, Case, Mapping
from exceptions_app.rules.facts import Finding
from exceptions_app.services import cases, subjects
from tests.cast import make_user
from tests.factories import NOW, FixFactory, MappingFactory, RmaFactory

pytestmark = pytest.mark.django_db

DECIDED = NOW + timedelta(hours=1)
CLOSED = NOW + timedelta(hours=2)
BACK = NOW + timedelta(hours=3)


def _find(rma, *findings, now):
    cases.sync(subject=subjects.of_rma(rma), findings=findings, now=now)


@pytest.fixture
def rma():
    return RmaFactory()


@pytest.fixture
def finding():
    return Finding(
        type="SKU_UNKNOWN",
        subject="line:1",
        cause="tee",
        facts={"sku": "Tee-1"},
        value=Decimal(20),
        value_formula="paid for the units",
    )


@pytest.fixture
def alias(rma):
    """Changes the SKU of the exception, in version 3 of its mapping."""
    mapping = MappingFactory(bridge=rma.bridge, kind="sku_alias", source_value="TEE-1", version=3)
    return {
        "bridge": rma.bridge,
        "mapping": mapping,
        "source_value": "TEE-1",
        "status": "applied",
        "decided_at": DECIDED,
        "requested_by": make_user("mira"),
    }


def _comes_back(rma, finding):
    _find(rma, finding, now=NOW)
    _find(rma, now=CLOSED)
    _find(rma, finding, now=BACK)
    return AuditEntry.objects.get(act="case.reopen").text


def test_the_change_that_failed_is_named_with_its_version(client, rma, finding, alias):
    fix = FixFactory(**alias)

    text = _comes_back(rma, finding)

    named = "It had closed after “Map the SKU TEE-1 to TEE-BLK-M”, version 3"
    assert text.endswith(f". {named}, decided 27 May 2026, 10:12")
    client.force_login(make_user("mona"))
    page = client.get(reverse("case-detail", args=[Case.objects.get().pk])).content.decode()
    assert "It had closed after" in page
    assert reverse("fix-detail", args=[fix.pk]) in page
    assert "</a>, done by Mira, 27 May 2026, 10:12." in page


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"source_value": "TEE-2"}, id="of-another-value"),
        pytest.param({"status": "reverted"}, id="not-in-force"),
        pytest.param({"kind": "location"}, id="of-a-kind-that-cannot-settle-it"),
        pytest.param({"decided_at": NOW - timedelta(hours=1)}, id="before-it-opened"),
        pytest.param({"decided_at": CLOSED + timedelta(minutes=1)}, id="after-it-closed"),
    ],
)
def test_a_change_that_did_not_settle_it_is_not_named(rma, finding, alias, other):
    FixFactory(**alias | other)

    assert "It had closed after" not in _comes_back(rma, finding)


@pytest.mark.parametrize(
    ("other", "fate"),
    [
        pytest.param({}, "", id="in-force"),
        pytest.param(
            {"status": "withdrawn", "ended_at": CLOSED},
            "Version 3 was taken out of force, 27 May 2026, 11:12.",
            id="taken-out",
        ),
        pytest.param(
            {"status": "superseded", "ended_at": CLOSED},
            "Version 3 was replaced, 27 May 2026, 11:12.",
            id="replaced",
        ),
    ],
)
def test_a_new_exception_names_the_earlier_change_of_its_value(
    client, rma, finding, alias, other, fate
):
    fix = FixFactory(**alias, decided_by=make_user("mona"), level="peer")
    Mapping.objects.update(**other)
    _find(rma, finding, now=BACK)
    client.force_login(make_user("mona"))

    page = client.get(reverse("case-detail", args=[Case.objects.get().pk]))

    past = page.context["past"]
    people = "asked for by Mira and approved by Mona, 27 May 2026, 10:12"
    assert (past.fix, past.people, past.fate) == (fix, people, fate)
    assert "The same value was settled before" in page.text


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"status": "undone"}, id="not-in-force"),
        pytest.param({"decided_at": BACK + timedelta(minutes=1)}, id="decided-since"),
    ],
)
def test_a_new_exception_names_no_other_change(client, rma, finding, alias, other):
    FixFactory(**alias | other)
    _find(rma, finding, now=BACK)
    client.force_login(make_user("mona"))

    page = client.get(reverse("case-detail", args=[Case.objects.get().pk]))

    assert page.context["past"] is None


def test_what_closed_by_proof_names_the_change_and_no_longer_warns(client, rma, finding, alias):
    fix = FixFactory(**alias)
    _find(rma, finding, now=NOW)
    _find(rma, now=CLOSED)
    client.force_login(make_user("mona"))

    page = client.get(reverse("case-detail", args=[Case.objects.get().pk]))

    assert page.context["past"].fix == fix
    assert "It closed after" in page.text
    assert "Was at risk" in page.text
    assert page.context["consequence"] not in page.text
