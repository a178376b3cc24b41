"""Which playbooks are used: what was asked for, by how many, and what really closed exceptions."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from exceptions_app.models import Case
from exceptions_app.selectors import playbook_use
from exceptions_app.services import triage
from tests.cast import make_user
from tests.factories import (
    BridgeFactory,
    CaseFactory,
    CauseGroupFactory,
    FixFactory,
    MappingFactory,
    RmaFactory,
)

pytestmark = pytest.mark.django_db

NOW = timezone.now()
DAY = timedelta(days=1)


def closed_case(group, days_ago=1, **values):
    given = {"status": "resolved", "closure": "proof", "resolved_at": NOW - days_ago * DAY}
    rma = RmaFactory(bridge=group.bridge)
    opened = NOW - (days_ago + 5) * DAY
    return CaseFactory(rma=rma, group=group, opened_at=opened, **{**given, **values})


def asked(about, who="mira", days_ago=2, **values):
    at = NOW - days_ago * DAY
    given = {"status": "applied", "requested_at": at, "decided_at": at, "case": about}
    given |= {"requested_by": make_user(who), "decided_by": make_user("mona")}
    return FixFactory(**{**given, "bridge": about.bridge, "kind": "sku_alias", **values})


def use_of(code, days=30):
    return {use.code: use for use in playbook_use.of_days(days=days, now=NOW)}.get(code)


def figures(use):
    return (use.closed, use.by_steps, use.by_proof, use.otherwise)


def step(use, kind):
    return next((s.asked, s.people, s.closed) for s in use.steps if s.kind == kind)


def test_one_alias_closes_all_of_its_cause_and_counts_as_one_taking():
    group = CauseGroupFactory()
    cases = [closed_case(group) for _ in range(3)]
    closed_case(CauseGroupFactory(bridge=group.bridge))
    mapping = MappingFactory(bridge=group.bridge, kind="sku_alias", source_value="tee")
    asked(cases[0], mapping=mapping)
    asked(cases[1], who="mona", status="rejected", decided_by=make_user("mira"))

    use = use_of("SKU_UNKNOWN")

    assert figures(use) == (4, 3, 1, 0)
    assert step(use, "sku_alias") == (2, 2, 3)


def test_a_mapping_made_elsewhere_closes_the_cause_of_its_value():
    group = CauseGroupFactory(cause="tee black")
    case = closed_case(group)
    mapping = MappingFactory(bridge=group.bridge, kind="sku_alias", source_value="TEE  Black")
    asked(case, case=None, mapping=mapping)

    use = use_of("SKU_UNKNOWN")

    assert figures(use) == (1, 1, 0, 0)
    assert step(use, "sku_alias") == (0, 0, 1)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"status": "undone"}, id="taken-back"),
        pytest.param({"kind": "vat"}, id="not-of-its-type"),
        pytest.param({"decided_at": NOW - timedelta(hours=1)}, id="decided-after-it-closed"),
        pytest.param({"decided_at": NOW - 20 * DAY}, id="decided-before-it-opened"),
    ],
)
def test_a_change_that_did_not_close_it_is_not_said_to_have(values):
    case = closed_case(CauseGroupFactory())
    asked(case, **values)

    assert figures(use_of("SKU_UNKNOWN")) == (1, 0, 1, 0)


def test_the_last_change_before_it_closed_is_the_one():
    group = CauseGroupFactory(type="REFUND_CM_MISMATCH")
    case = closed_case(group, closure="accepted")
    asked(case, days_ago=3, kind="correct_credit", rma=case.rma)
    asked(case, days_ago=2, kind="accept_difference", rma=case.rma)

    use = use_of("REFUND_CM_MISMATCH")

    assert step(use, "accept_difference")[2] == use.by_steps == 1


def test_closing_by_hand_is_a_step_where_the_playbook_names_it():
    group = CauseGroupFactory(type="OVER_RETURN")
    case = CaseFactory(rma=RmaFactory(bridge=group.bridge), group=group, opened_at=NOW - DAY)
    finn = make_user("finn")
    triage.close_by_hand(
        case_id=case.pk, reason="registered_twice", note="", actor=finn, now=NOW - DAY
    )

    use = use_of("OVER_RETURN")

    assert figures(use) == (1, 1, 0, 0)
    assert step(use, "close") == (1, 1, 1)


def test_only_the_days_asked_for_count():
    group = CauseGroupFactory()
    asked(closed_case(group, days_ago=40), days_ago=42)

    assert use_of("SKU_UNKNOWN") is None
    assert figures(use_of("SKU_UNKNOWN", days=90)) == (1, 1, 0, 0)


def test_leads_read_it_with_what_nobody_uses_and_nobody_else_does(client):
    group = CauseGroupFactory(bridge=BridgeFactory())
    asked(closed_case(group, value=Decimal(5)))
    closed_case(CauseGroupFactory(type="OVER_RETURN", bridge=group.bridge))
    client.force_login(make_user("mira"))
    assert client.get("/manual/use/").status_code == 403
    assert "Which steps are taken" not in client.get("/manual/").text

    client.force_login(make_user("lena", "lead", "merchandising"))
    page = client.get("/manual/use/")

    assert "Of 2 exceptions closed in 30 days, 1 closed by a step of their playbook" in page.text
    assert "Map the SKU: once by one person, 1 closed" in page.text
    assert [row["use"].code for row in page.context["unused"]] == ["OVER_RETURN"]
    assert client.get("/manual/use/", {"days": "90"}).context["days"] == 90
    assert client.get("/manual/use/", {"days": "x"}).context["days"] == 30
    assert "Which steps are taken" in client.get("/manual/").text


def test_what_it_costs_does_not_grow_with_the_kinds(client, django_assert_num_queries):
    for code in ("SKU_UNKNOWN", "OVER_RETURN", "REFUND_CM_MISMATCH"):
        asked(closed_case(CauseGroupFactory(type=code)), kind="retry")

    with django_assert_num_queries(2):
        assert len(playbook_use.of_days(days=90, now=NOW)) == 3
    assert Case.objects.count() == 3
