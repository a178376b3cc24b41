"""The pages around a request: edit it, approve many, act alone, name a delegate, the report."""

import pytest
from django.urls import reverse
from django.utils import timezone

from exceptions_app.models import BreakGlass, Bulk, Delegation, Fix, FixBatch
from exceptions_app.selectors import requests as requests_selector
from exceptions_app.services import bulk_running, fix_batches, fixes
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

    answers = {
        "payload_hash": seen,
        "adjustment": "650.00",
        "reason_code": "platform_error",
        "note": "Counted twice.",
    }
    unticked = finn.post(reverse("fix-edit", args=[fix.pk]), answers)
    assert unticked.status_code == 422
    assert "This would change nothing" in _text(unticked)
    assert "Tick the box below if you want it all the same." in _text(unticked)
    assert Fix.objects.get().payload == {"adjustment": "600.00"}
    finn.post(reverse("fix-edit", args=[fix.pk]), {**answers, "in_spite": "1"})
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
            "in_spite": "1",
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


def test_more_than_are_done_at_once_are_approved_in_the_background_as_one_act(enter, monkeypatch):
    monkeypatch.setattr(fix_batches, "MOST", 2)
    rows = _many(enter, 4)
    edited, own = rows[1], _own(rows[0].bridge)
    picks = [f"{fix.pk}:{fix.payload_hash}" for fix in (*rows, own)]
    fiona = enter("fiona")

    asked = fiona.post(reverse("fix-act"), {"fix": picks}, follow=True)
    bulk = Bulk.objects.get()
    Fix.objects.filter(pk=edited.pk).update(payload_hash="another")
    before = list(Fix.objects.values_list("status", flat=True))
    fiona.post(reverse("bulk-start", args=[bulk.pk]), {"note": "All read", "in_spite": "on"})
    while bulk_running.run_next(now=timezone.now()):
        pass
    page = fiona.get(reverse("bulk", args=[bulk.pk]))

    assert "Approve: 5 requests?" in _text(asked)
    assert "Whoever asked for a change cannot approve it." in _text(asked)
    assert (bulk.count, bulk.given["doubtful"], before) == (5, 0, ["requested"] * 5)
    told = dict(bulk.rows.values_list("fix", "text"))
    assert "changed since you opened it" in told.pop(edited.pk)
    assert told.pop(own.pk) == "Whoever asked for a change cannot approve it."
    assert set(told.values()) == {"In force, and can be taken back with its batch."}
    batch = FixBatch.objects.get()
    assert (batch.count, len(batch.refused), batch.fixes.count()) == (3, 2, 3)
    assert reverse("fix-batch", args=[batch.pk]) in _text(page)
    assert "All read" in Fix.objects.get(pk=rows[0].pk).decision_note

    fiona.post(reverse("fix-batch-undo", args=[batch.pk]))
    assert (
        sorted(Fix.objects.values_list("status", flat=True)) == ["requested"] * 2 + ["undone"] * 3
    )


def _own(bridge):
    return fixes.request(
        kind="vat",
        bridge=bridge,
        actor=make_user("fiona"),
        now=timezone.now(),
        payload={"treatment": "exempt"},
        source_value="her own",
    )


def test_all_that_wait_for_the_reader_are_approved_at_once_and_no_others(enter, monkeypatch):
    monkeypatch.setattr(requests_selector, "WAITING_CAP", 2)
    rows = _many(enter, 3)
    _own(rows[0].bridge)
    fiona = enter("fiona")
    assert "Approve all that wait for you" in _text(fiona.get(reverse("fix-list")))

    fiona.post(reverse("fix-act"), {"all": "1"})

    bulk = Bulk.objects.get()
    assert list(bulk.rows.values_list("fix", flat=True)) == [fix.pk for fix in rows]
    assert (bulk.state, bulk.forecast) == ("draft", [])


def test_what_something_speaks_against_is_left_unless_it_is_ticked(enter, monkeypatch):
    monkeypatch.setattr(fix_batches, "MOST", 1)
    fine, harmful = _many(enter, 2)
    harmful.effect = {**harmful.effect, "newly_broken": 3}
    harmful.save(update_fields=["effect"])
    picks = [f"{fix.pk}:{fix.payload_hash}" for fix in (fine, harmful)]
    fiona = enter("fiona")

    asked = fiona.post(reverse("fix-act"), {"fix": picks}, follow=True)
    bulk = Bulk.objects.get()
    fiona.post(reverse("bulk-start", args=[bulk.pk]), {"note": ""})
    while bulk_running.run_next(now=timezone.now()):
        pass

    assert "Approve also one of them, against which something speaks" in _text(asked)
    states = dict(Fix.objects.values_list("pk", "status"))
    assert states == {fine.pk: "held", harmful.pk: "requested"}
    assert "newly breaks 3 returns" in bulk.rows.get(fix=harmful).text


def test_whoever_approves_nothing_freezes_nothing(enter):
    _many(enter, 1)

    assert enter("cleo").post(reverse("fix-act"), {"all": "1"}).status_code == 403
    answer = enter("finn").post(reverse("fix-act"), {"all": "1"}, follow=True)

    assert "There is nothing to act on." in _text(answer)
    assert not Bulk.objects.exists()


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
