"""The pages around a request: edit it, approve many, act alone, name a delegate, the report."""

import pytest
from django.urls import reverse
from django.utils import timezone

from exceptions_app.models import BreakGlass, Delegation, Fix, FixBatch
from exceptions_app.services import fix_batches, fixes
from tests.cast import make_user
from tests.factories import BridgeFactory, CaseFactory, CauseGroupFactory, RmaFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def enter(client):
    def enter(name, *roles):
        client.force_login(make_user(name, *roles))
        return client

    return enter


def _asked(adjustment="600.00"):
    group = CauseGroupFactory(type="REFUND_CM_MISMATCH")
    rma = RmaFactory(bridge=group.bridge)
    case = CaseFactory(group=group, rma=rma, team="finance", value=5)
    return fixes.request(
        kind="correct_credit",
        bridge=group.bridge,
        actor=make_user("finn"),
        now=timezone.now(),
        payload={"adjustment": adjustment},
        case=case,
        rma=rma,
        reason_code="platform_error",
    )


def _text(answer):
    return " ".join(answer.content.decode().split())


def test_the_page_of_an_edited_request_says_whose_approval_it_voided_and_why(enter):
    fix = _asked()
    seen = fix.payload_hash
    enter("fiona").post(
        reverse("fix-approve", args=[fix.pk]), {"payload_hash": seen, "in_spite": "1"}
    )
    finn = enter("finn")
    form = finn.get(reverse("fix-edit", args=[fix.pk]))
    assert "Fiona approved this; that will no longer count." in _text(form)

    finn.post(
        reverse("fix-edit", args=[fix.pk]),
        {
            "payload_hash": seen,
            "adjustment": "650.00",
            "reason_code": "platform_error",
            "note": "Counted twice.",
        },
    )
    shown = _text(enter("fiona").get(reverse("fix-detail", args=[fix.pk])))
    late = enter("frank", "finance").post(
        reverse("fix-approve", args=[fix.pk]), {"payload_hash": seen, "in_spite": "1"}
    )

    fix.refresh_from_db()
    assert fix.payload == {"adjustment": "650.00"}
    assert "An edit voided the approval of Fiona" in shown
    assert "adjustment: 600.00" in shown
    assert "Approve this change" in shown
    assert late.status_code == 422
    assert "Finn edited the request" in _text(late)
    assert fix.approvals.count() == 1


def test_who_edited_is_not_named_as_an_approver_and_is_told_so(enter):
    fix = _asked("10.00")
    fiona = enter("fiona")
    fiona.post(
        reverse("fix-edit", args=[fix.pk]),
        {
            "payload_hash": fix.payload_hash,
            "adjustment": "12.00",
            "reason_code": "platform_error",
            "note": "Two more.",
        },
    )
    make_user("frank", "finance")

    shown = _text(fiona.get(reverse("fix-detail", args=[fix.pk])))

    assert "You edited this request and cannot approve it. Frank can." in shown
    assert "Approve this change" not in shown


def test_an_edit_that_is_not_valid_keeps_what_was_typed(enter):
    fix = _asked()

    answer = enter("finn").post(
        reverse("fix-edit", args=[fix.pk]),
        {"payload_hash": fix.payload_hash, "adjustment": "12,5,0", "reason_code": "goodwill"},
    )

    assert answer.status_code == 422
    assert 'value="12,5,0"' in _text(answer)
    assert Fix.objects.get().payload == {"adjustment": "600.00"}


def _many(enter, count=2):
    bridge = BridgeFactory()
    return [
        fixes.request(
            kind="vat",
            bridge=bridge,
            actor=make_user("finn"),
            now=timezone.now(),
            payload={"treatment": "exempt"},
            source_value=f"word {number}",
        )
        for number in range(count)
    ]


def test_ticked_requests_are_shown_with_their_count_then_approved_and_taken_back(enter):
    rows = _many(enter)
    picks = [f"{fix.pk}:{fix.payload_hash}" for fix in rows]
    fiona = enter("fiona")

    asked = fiona.post(reverse("fix-act"), {"fix": picks}, follow=True)
    assert "Approve 2 requests?" in _text(asked)
    assert not FixBatch.objects.exists()
    done = fiona.post(
        reverse("fix-act"), {"fix": picks, "confirmed": "1", "in_spite": "1"}, follow=True
    )
    result = fiona.get(f"{done.redirect_chain[-1][0]}")
    batch = FixBatch.objects.get()
    page = fiona.get(reverse("fix-batch", args=[batch.pk]))
    listed = fiona.get(reverse("fix-list"))
    fiona.post(reverse("fix-batch-undo", args=[batch.pk]))
    again = fiona.post(reverse("fix-batch-undo", args=[batch.pk]))

    assert "2 approved, 0 refused" in _text(done)
    assert "2 approved, 0 refused" in _text(result)
    assert "Take back 2" in _text(page)
    assert "Take back 2" in _text(listed)
    assert set(Fix.objects.values_list("status", flat=True)) == {"undone"}
    assert (again.status_code, "Fiona was faster" in _text(again)) == (422, True)


def test_of_more_than_one_act_decides_on_the_rest_is_asked_next_and_none_is_left_unsaid(
    enter, monkeypatch
):
    monkeypatch.setattr(fix_batches, "MOST", 2)
    rows = _many(enter, 5)
    fiona = enter("fiona")

    asked = fiona.post(
        reverse("fix-act"), {"fix": [f"{fix.pk}:{fix.payload_hash}" for fix in rows]}, follow=True
    )
    assert "Approve 2 requests?" in _text(asked)
    assert "the other 3 you chose are asked next" in _text(asked)
    first = _confirmed(fiona, asked)
    assert "2 approved, 0 refused" in _text(first)
    assert "3 more that you chose still wait" in _text(first)
    # Decided by another meanwhile: it is not asked again.
    fixes.reject(
        fix_id=rows[2].pk, actor=make_user("finn_two", "finance"), now=timezone.now(), note="No"
    )
    asked = fiona.post(reverse("fix-act"), {"fix": first.context["rest"]}, follow=True)
    assert "asked next" not in _text(asked)
    last = _confirmed(fiona, asked)

    assert "2 approved, 0 refused" in _text(last)
    assert last.context["rest"] == []
    assert [fix.status for fix in Fix.objects.order_by("pk")] == [
        "held",
        "held",
        "rejected",
        "held",
        "held",
    ]


def _confirmed(client, asked):
    """The answer to the question as its own form sends it."""
    picks = [f"{each['fix'].pk}:{each['seen']}" for each in asked.context["rows"]]
    address = f"{reverse('fix-act')}?asked={asked.context['question']}"
    return client.post(address, {"fix": picks, "confirmed": "1", "in_spite": "1"}, follow=True)


def test_nothing_ticked_changes_nothing(enter):
    _many(enter, 1)

    answer = enter("fiona").post(reverse("fix-act"), {}, follow=True)

    assert "Tick the requests to approve" in _text(answer)
    assert Fix.objects.get().status == "requested"


def test_an_admin_acts_alone_and_finance_reviews_it_from_the_list(enter):
    (fix,) = _many(enter, 1)
    enter("ada").post(
        reverse("fix-alone", args=[fix.pk]),
        {"payload_hash": fix.payload_hash, "reason": "Nobody of finance can be reached today."},
    )
    row = BreakGlass.objects.get()
    fiona = enter("fiona")
    assert "to be reviewed" in _text(fiona.get(reverse("fix-list")))
    fiona.post(reverse("glass-review", args=[row.pk]), {"review": "It was right."})
    row.refresh_from_db()
    assert row.reviewed_by.username == "fiona"


def test_a_delegate_is_named_and_ended_on_the_page(enter):
    fiona = make_user("fiona")
    today = timezone.localdate().isoformat()
    finn = enter("finn")
    finn.post(reverse("away-name"), {"delegate": fiona.pk, "first": today, "last": today})
    row = Delegation.objects.get()
    told = _text(enter("fiona").get(reverse("fix-list")))
    refused = enter("mira").post(reverse("away-end", args=[row.pk]), follow=True)
    enter("finn").post(reverse("away-end", args=[row.pk]))
    wrong = finn.post(
        reverse("away-name"), {"delegate": fiona.pk, "first": today, "last": "2020-01-01"}
    )

    row.refresh_from_db()
    assert "You decide for Finn until" in told
    assert "Only who is away, or an admin, can end that." in _text(refused)
    assert row.ended_at is not None
    assert (wrong.status_code, "before the first" in _text(wrong)) == (422, True)


def test_the_conflict_report_is_exported_as_shown(enter):
    rows = _many(enter, 1)
    fixes.approve(
        fix_id=rows[0].pk,
        seen_hash=rows[0].payload_hash,
        actor=make_user("fiona"),
        now=timezone.now(),
    )
    Fix.objects.update(is_break_glass=True)
    fiona = enter("fiona")

    page = _text(fiona.get(reverse("conflicts") + "?kind=alone"))
    lines = b"".join(fiona.get(reverse("conflicts-export"))).decode().splitlines()

    assert "One person alone" in page
    assert lines[0].startswith("Request,Change,Bridge,Return,Asked for by")
    assert lines[1].endswith("One person alone")
    assert len(lines) == 2


def test_the_requester_reads_on_the_exception_why_it_was_not_approved(enter):
    fix = _asked("10.00")
    seen = {"payload_hash": fix.payload_hash, "note": "The fee was waived on the phone."}
    enter("fiona").post(reverse("fix-reject", args=[fix.pk]), seen)

    shown = _text(enter("finn").get(reverse("case-detail", args=[fix.case_id])))

    assert "Fiona did not approve the change" in shown
    assert "The fee was waived on the phone." in shown
