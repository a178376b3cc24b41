"""Several exceptions about one document: none of them is a way round what another one asks for."""

import pytest

from exceptions_app.models import Case, Fix, Posting
from exceptions_app.services import bulk, bulk_freezing, bulk_running, fixes
from tests.cast import make_user
from tests.factories import NOW, CaseFactory, CauseGroupFactory, PostingFactory

pytestmark = pytest.mark.django_db


def _two_about_one(**state):
    doubt = {"status": "unconfirmed", "unknown_since": NOW, "parked_at": NOW}
    posting = PostingFactory(number="", confirmed_at=None, **{**doubt, **state})
    return posting, *(_about(posting, code) for code in ("JOB_STUCK", "OUTCOME_UNKNOWN"))


def _about(posting, code):
    group = CauseGroupFactory(bridge=posting.bridge, type=code)
    return CaseFactory(
        rma=posting.rma, group=group, posting=posting, team="operations", title=f"About {code}"
    )


def _send_again(case, posting):
    return fixes.request(
        kind="retry",
        bridge=posting.bridge,
        actor=make_user("finn"),
        now=NOW,
        payload={"posting_id": posting.pk},
        case=case,
        rma=posting.rma,
    )


def test_sending_again_needs_what_the_strictest_open_exception_of_the_document_asks_for():
    posting, stuck, _ = _two_about_one()
    before = Posting.objects.values().get()

    fix = _send_again(stuck, posting)

    assert (fix.status, fix.level, fix.approvals_needed) == ("requested", "finance", 1)
    assert Posting.objects.values().get() == before


def test_an_exception_about_another_document_of_the_return_is_no_way_round_either():
    posting, _, _ = _two_about_one()
    other = PostingFactory(rma=posting.rma, slot="other", status="failed", number="")

    fix = _send_again(_about(other, "CM_REJECTED"), posting)

    assert (fix.status, fix.level) == ("requested", "finance")


def test_what_is_closed_asks_for_nothing_any_more():
    posting, stuck, doubt = _two_about_one()
    Case.objects.filter(pk=doubt.pk).update(status="resolved", closure="proof")

    fix = _send_again(stuck, posting)

    assert (fix.status, fix.level, fix.approvals_needed) == ("held", "none", 0)


def test_many_at_once_need_the_same_approval_as_one():
    _, stuck, _ = _two_about_one()
    before = Posting.objects.values().get()
    found = bulk_freezing.freeze(
        kind="retry", cases=Case.objects.filter(pk=stuck.pk), actor=make_user("finn"), now=NOW
    )
    bulk.start(bulk_id=found.pk, given={}, actor=make_user("finn"), now=NOW)

    while bulk_running.run_next(now=NOW):
        pass

    assert list(Fix.objects.values_list("status", "level")) == [("requested", "finance")]
    assert Posting.objects.values().get() == before


def test_each_page_names_the_other_exception_and_says_who_must_agree(client):
    posting, stuck, doubt = _two_about_one()
    client.force_login(make_user("finn"))

    for case, other in ((stuck, doubt), (doubt, stuck)):
        page = client.get(f"/exceptions/{case.pk}/")
        retry = next(each for each in page.context["offers"] if each.kind == "retry")
        shown = page.content.decode()
        assert retry.level == "finance"
        assert f'<a href="/exceptions/{other.pk}/">EX-{other.pk}</a> {other.title}' in shown
        assert "about the same document" in shown
        assert client.get(f"/api/v1/cases/{case.pk}/").json()["same_document"] == [other.pk]

    preview = client.post(
        f"/exceptions/{stuck.pk}/preview/", {"kind": "retry", "posting_id": posting.pk}
    ).content.decode()
    assert "Ask for approval of this change" in preview
    assert "Do it now" not in preview
    assert not Fix.objects.exists()
