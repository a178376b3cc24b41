"""Several exceptions about one document: none of them is a way round what another one asks for."""

import pytest
from django.urls import reverse

from exceptions_app import errors
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


def _refused_for_its_month():
    posting = PostingFactory(number="", confirmed_at=None, status="failed", gross="20.00")
    case = _about(posting, "PERIOD_CLOSED")
    case.facts = {"key": posting.key, "period": "October 2025"}
    case.save(update_fields=["facts"])
    return posting, case


def _redate(case, day="2026-05-27"):
    return fixes.request(
        kind="posting_date",
        bridge=case.bridge,
        actor=make_user("fiona"),
        now=NOW,
        payload={"date": day},
        case=case,
        rma=case.rma,
    )


@pytest.mark.parametrize(
    ("first", "ended"), [("retry", "taken back"), ("posting_date", "decided or withdrawn")]
)
def test_a_change_that_waits_shuts_the_other_forms_of_its_document_and_says_why(
    client, first, ended
):
    posting, case = _refused_for_its_month()
    if first == "retry":
        fix, second, named = _send_again(case, posting), _redate, "Send again"
    else:
        fix, second, named = _redate(case), None, "Choose the posting date"
    assert fix.status == ("held" if first == "retry" else "requested")
    client.force_login(make_user("finn"))

    page = client.get(reverse("case-detail", args=[case.pk])).text

    assert f"“{named}” is under way for the same document, see above." in page
    assert f"It leaves or is {ended} first" in page
    kinds = [kind for kind in ("retry", "posting_date") if f'name="kind" value="{kind}"' in page]
    assert kinds == []
    with pytest.raises(errors.FixAlreadyDecided, match=f"already asked for “{named}”"):
        second(case) if second else _send_again(case, posting)
    assert list(Fix.objects.values_list("kind", flat=True)) == [first]


def test_a_change_of_one_document_leaves_another_of_the_return_free():
    posting, case = _refused_for_its_month()
    other = PostingFactory(rma=posting.rma, slot="other", status="failed", number="")
    _redate(case)

    fix = _send_again(_about(other, "CM_REJECTED"), other)

    assert fix.kind == "retry"
    assert Fix.objects.count() == 2
