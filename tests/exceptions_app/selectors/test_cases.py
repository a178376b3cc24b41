"""Counts, sums and causes of the queue."""

from datetime import timedelta
from decimal import Decimal

import pytest

from exceptions_app.filters import CaseFilter
from exceptions_app.models import Case
from exceptions_app.selectors import cases as selector
from exceptions_app.selectors import causes
from tests.cast import make_user
from tests.factories import (
    NOW,
    CaseFactory,
    CauseGroupFactory,
    FixFactory,
    MappingFactory,
    RmaFactory,
)

pytestmark = pytest.mark.django_db


def test_tabs_count_open_rows_per_team_in_one_query(django_assert_num_queries):
    mira = make_user("mira")
    CaseFactory(assignee=mira)
    CaseFactory(team="finance", value=Decimal("7.50"))
    CaseFactory(team="finance", status="resolved")
    CaseFactory(team="finance", value=Decimal(3), snoozed_until=NOW + timedelta(days=1))

    with django_assert_num_queries(1):
        tabs = {tab.key: tab for tab in selector.tabs(user_id=mira.pk, now=NOW)}

    assert {key: tab.count for key, tab in tabs.items() if tab.count} == {
        "": 2,
        "merchandising": 1,
        "finance": 1,
        "me": 1,
        "snoozed": 1,
    }
    assert tabs["snoozed"].values[0].amount == Decimal(3)
    assert tabs["finance"].values[0].amount == Decimal("7.50")
    assert tabs["cx"].values == ()


def test_customers_who_wait_are_counted_once_per_return():
    group = CauseGroupFactory()
    waits = RmaFactory(bridge=group.bridge, money="none")
    paid = RmaFactory(bridge=group.bridge, money="confirmed")
    for rma in (waits, waits, paid):
        CaseFactory(rma=rma, group=group)

    cause = causes.page(Case.objects.all()).rows[0]

    assert (cause.count, cause.waiting) == (3, 1)


def test_causes_are_paged_by_keyset_over_equal_values():
    rma = RmaFactory()
    groups = [CauseGroupFactory(bridge=rma.bridge) for _ in range(5)]
    for group in groups:
        CaseFactory(rma=rma, group=group)
        CaseFactory(rma=rma, group=group, severity="low")

    first = causes.page(Case.objects.all(), size=2)
    second = causes.page(Case.objects.all(), size=2, cursor=first.older)
    third = causes.page(Case.objects.all(), size=2, cursor=second.older)

    met = [(cause.pk, cause.count) for page in (first, second, third) for cause in page.rows]
    assert met == [(group.pk, 2) for group in groups]
    assert third.older == ""


def test_a_request_for_the_shared_cause_concerns_every_case_of_it():
    mira = make_user("mira")
    case = CaseFactory(facts={"sku": "Tee-Black-M"})
    other = CaseFactory(rma=RmaFactory(bridge=case.bridge), facts={"sku": "MUG"})
    fix = FixFactory(bridge=case.bridge, requested_by=mira, source_value="TEE-BLACK-M")
    fix.mapping = _mapping(case.bridge)
    fix.save()

    assert selector.fixes_under_way(case) == [fix]
    assert selector.fixes_under_way(other) == []


def _mapping(bridge):
    return MappingFactory(bridge=bridge, kind="sku_alias", source_value="TEE-BLACK-M")


def test_approvers_are_others_with_the_right_of_that_level():
    finn, _fiona, _mona = make_user("finn"), make_user("fiona"), make_user("mona")
    make_user("cleo")

    def names(kind, level):
        return selector.approvers(kind=kind, level=level, requester_id=finn.pk)

    assert names("accept_difference", "finance") == ("Fiona",)
    assert names("sku_alias", "peer") == ("Mona",)
    assert names("retry", "none") == ()


def test_a_prefix_alone_finds_no_return():
    case = CaseFactory(rma=RmaFactory(external_id="7001"))

    def found(words):
        asked = CaseFilter({"q": words, "status": "any"}, queryset=Case.objects.all())
        return list(asked.qs)

    assert [found(words) for words in ("RMA", "EX-", "RMA7", f"EX-{case.pk}")] == [
        [],
        [],
        [case],
        [case],
    ]
