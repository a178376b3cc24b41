"""A document refused for its closed month gets the day a person chose, and leaves again (R059)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Case, Fix, Posting, Rma, Watermark
from exceptions_app.services import closed_months, fixes, previews
from tests.cast import make_user
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def refused():
    """A return whose stock receipt the ERP refused: May was closed after its authorisation."""
    world = make_world()
    world.add_order()
    world.add_return()
    world.erp.load({"closed_periods": ["2026-05"]})
    world.carry()
    return world


def _ask(world, day, kind="posting_date", **payload):
    case = Case.objects.get(type="PERIOD_CLOSED")
    return fixes.request(
        kind=kind,
        bridge=world.bridge,
        actor=make_user("finn"),
        now=world.clock.now,
        payload=payload or {"date": day},
        case=case,
        rma=case.rma,
        note="May stays closed",
    )


def _approve(world, fix):
    fixes.approve(
        fix_id=fix.pk, seen_hash=fix.payload_hash, actor=make_user("fiona"), now=world.clock.now
    )
    world.run()


def _leave(world):
    world.clock.advance(seconds=61)
    fixes.release_due(now=world.clock.now)
    world.settle()


def _days():
    rows = Posting.objects.exclude(status="cancelled").order_by("sequence")
    return [(row.kind, row.status, row.draft["date"]) for row in rows]


def test_the_chosen_day_reaches_every_document_and_the_refused_one_leaves_under_its_key(refused):
    failed = Posting.objects.get(status="failed")

    _approve(refused, _ask(refused, "2026-06-01"))
    held = Posting.objects.get(pk=failed.pk)
    _leave(refused)

    assert (held.status, held.hold_reason, held.draft["date"]) == ("held", "undo", "2026-06-01")
    sent = Posting.objects.get(pk=failed.pk)
    assert (sent.key, sent.status, sent.open_type) == (failed.key, "confirmed", "")
    assert _days()[:3] == [
        ("return_authorisation", "confirmed", "2026-05-20"),
        ("stock_receipt", "confirmed", "2026-06-01"),
        ("credit_memo", "confirmed", "2026-06-01"),
    ]
    assert refused.open_types() == []
    told = AuditEntry.objects.filter(act="posting.date", subject_id=failed.pk).get()
    assert told.text == f"{failed.key} is dated 2026-06-01 instead of {failed.draft['date']}"


def test_a_chosen_day_taken_back_leaves_the_refused_document_as_it_was(refused):
    failed = Posting.objects.get(status="failed")
    fix = _ask(refused, "2026-06-01")
    _approve(refused, fix)

    fixes.undo(fix_id=fix.pk, actor=make_user("fiona"), now=refused.clock.now)
    refused.run()
    _leave(refused)

    again = Posting.objects.get(pk=failed.pk)
    assert (again.status, again.draft) == ("failed", failed.draft)
    assert "PERIOD_CLOSED" in refused.open_types()


def test_a_day_of_the_month_that_was_refused_is_refused_on_the_form(refused):
    failed = Posting.objects.get(status="failed")

    with pytest.raises(errors.InvalidChoice, match=f"refused {failed.key} for May 2026"):
        _ask(refused, "2026-05-21")

    assert Posting.objects.get(pk=failed.pk).draft == failed.draft


@pytest.mark.parametrize(
    ("day", "asked_at", "words"),
    [
        (
            "2026-04-15",
            datetime(2026, 3, 1, tzinfo=UTC),
            "April 2026 is before May 2026, which is closed in .*Choose a date after May 2026",
        ),
        (
            "2026-06-01",
            datetime(2026, 6, 2, 9, tzinfo=UTC),
            "was asked for on 2 June 2026; .*Choose that day or a later one",
        ),
    ],
)
def test_a_day_before_a_closed_month_or_before_the_return_is_refused(refused, day, asked_at, words):
    Rma.objects.update(requested_at=asked_at)
    failed = Posting.objects.get(status="failed")

    with pytest.raises(errors.InvalidChoice, match=words):
        _ask(refused, day)

    assert Posting.objects.get(pk=failed.pk).draft == failed.draft
    assert not Fix.objects.exists()


def test_an_erp_that_tells_its_months_is_believed_of_an_earlier_one(refused):
    Rma.objects.update(requested_at=datetime(2026, 3, 1, tzinfo=UTC))
    Watermark.objects.update_or_create(
        connection=refused.bridge.erp, feed="periods", defaults={"read_at": refused.clock.now}
    )

    assert _ask(refused, "2026-04-15").payload == {"date": "2026-04-15"}


def test_the_effect_of_an_open_day_is_told_before_it_is_asked_for(refused):
    def after(day):
        return previews.effect(
            bridge=refused.bridge,
            kind="posting_date",
            source_value="",
            payload={"date": day},
            rma=Posting.objects.get(status="failed").rma,
            now=refused.clock.now,
        )

    assert (after("2026-06-01").healed_returns, after("2026-06-01").still_blocked) == (1, 0)
    # Days later, too: a credit that waited behind the refused receipt leaves with it.
    refused.clock.advance(days=4)
    assert (after("2026-06-01").healed_returns, after("2026-06-01").newly_broken) == (1, 0)
    assert (after("2026-05-21").healed_returns, after("2026-05-21").still_blocked) == (0, 1)


def test_once_the_month_is_open_again_the_refused_document_is_sent_as_it_was(refused):
    failed = Posting.objects.get(status="failed")
    refused.erp.load({"closed_periods": []})

    spoke_against_it = closed_months.of_sending_again(failed.pk)
    Watermark.objects.update_or_create(
        connection=failed.connection,
        feed="periods",
        defaults={"read_at": refused.clock.now + timedelta(minutes=1)},
    )
    fix = _ask(refused, "", kind="retry", posting_id=failed.pk)
    speaks_against_it = closed_months.of_sending_again(failed.pk)
    if fix.status == "requested":
        _approve(refused, fix)
    refused.run()
    _leave(refused)

    assert spoke_against_it.endswith("that May 2026 is open again, else it is refused once more.")
    assert speaks_against_it == ""
    assert Posting.objects.get(pk=failed.pk).status == "confirmed"
    assert date.fromisoformat(failed.draft["date"]).month == 5
    assert {day[:7] for _, _, day in _days()} == {"2026-05"}


def test_a_month_still_closed_warns_before_it_is_sent_again_and_a_second_refusal_is_no_tick(
    refused, client
):
    failed = Posting.objects.get(status="failed")
    case = Case.objects.get(type="PERIOD_CLOSED")
    client.force_login(make_user("finn"))
    answers = {"kind": "retry", "posting_id": failed.pk}
    shown = client.post(reverse("fix-preview", args=[case.pk]), answers)
    answers["previewed"] = shown.context["offer"].preview.digest
    unticked = client.post(reverse("fix-request", args=[case.pk]), answers)
    assert not Fix.objects.exists()
    _ask(refused, "", kind="retry", posting_id=failed.pk)

    def step():
        page = client.get(reverse("case-detail", args=[case.pk]))
        return page.context["steps"][3]

    _leave(refused)
    again = step()

    told = "It is sent with the same date, 20 May 2026, that BlueCherry refused as closed."
    assert unticked.status_code == 422
    assert told in shown.text
    assert told in unticked.text
    assert "Nothing was asked for. Tick the box below" in unticked.text
    assert (again["state"], failed.attempt_rows.filter(outcome="rejected").count()) == (
        "blocked",
        2,
    )
    assert ", refused again: " in again["note"]


def test_a_chosen_day_taken_back_holds_back_again_what_its_month_held_back():
    world = make_world()
    world.add_order()
    world.add_return()
    world.bridge.closed_periods = ["2026-05"]
    world.bridge.save()
    world.carry()
    before = _days()
    world.clock.advance(days=14)
    fix = _ask(world, "2026-06-10")
    _approve(world, fix)
    assert ("credit_memo", "held", "2026-06-10") in _days()

    fixes.undo(fix_id=fix.pk, actor=make_user("fiona"), now=world.clock.now)
    world.run()
    _leave(world)

    assert ("credit_memo", "blocked", "2026-05-20") in before
    assert (_days(), world.open_types()) == (before, ["PERIOD_CLOSED"])
    assert world.documents("CM") == []
    told = AuditEntry.objects.get(act="posting.date").text
    assert told.endswith(" is dated 2026-05-20 instead of 2026-06-10")
