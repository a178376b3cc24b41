"""A change from its preview to its approval: what is shown, who decides, what stays as it was."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from exceptions_app.models import Case, Fix, Mapping, Refund, Rma
from tests.cast import make_user
from tests.world import make_unit, make_world

pytestmark = pytest.mark.django_db

WRONG = "TEE-BLAK-M"


@pytest.fixture
def waiting():
    """Two returns of two orders with the same unknown SKU; the pages see the world's time."""
    world = make_world()
    for number in (1, 2):
        world.add_order(f"SO-{number}")
        world.add_return(
            f"500{number}",
            order_name=f"SO-{number}",
            items=[make_unit(f"500{number}-1", sku=WRONG)],
        )
    world.carry()
    with time_machine.travel(world.clock.now, tick=False):
        yield world


@pytest.fixture
def enter(client):
    def enter(name):
        user = make_user(name)
        client.force_login(user)
        return user

    return enter


def _case():
    return Case.objects.filter(type="SKU_UNKNOWN").order_by("pk").first()


def _answers(sku="TEE-BLK-M", **values):
    return {"kind": "sku_alias", "choice": "other", "sku": sku, "note": "Renamed", **values}


def _preview(client, case, **values):
    return client.post(reverse("fix-preview", args=[case.pk]), _answers(**values))


def _ask(client, case, **values):
    shown = _preview(client, case, **values)
    offers = [each for each in shown.context["offers"] if each.preview]
    return client.post(
        reverse("fix-request", args=[case.pk]),
        _answers(previewed=offers[0].preview.digest, **values),
    )


def _requested(client, enter):
    enter("mira")
    _ask(client, _case())
    return Fix.objects.get()


def test_the_preview_shows_every_return_it_heals_and_saves_nothing(client, enter, waiting):
    enter("mira")

    page = _preview(client, _case())

    effect = next(each.preview.effect for each in page.context["offers"] if each.preview)
    assert (effect.healed_cases, effect.healed_returns, effect.newly_broken) == (2, 2, 0)
    text = page.content.decode()
    assert "£40.00" in text
    assert "RMA5001" in text
    assert "RMA5002" in text
    assert not Fix.objects.exists()
    assert not Mapping.objects.filter(kind="sku_alias").exists()


def test_the_preview_shows_the_exact_messages(client, enter, waiting):
    enter("mira")

    page = _preview(client, _case())

    shown = next(each.preview for each in page.context["offers"] if each.preview)
    assert shown.documents_refusal == ""
    assert any("TEE" in document.would_send for document in shown.documents)


def test_with_scripts_the_preview_is_only_the_panel(client, enter, waiting):
    enter("mira")
    case = _case()

    text = client.post(
        reverse("fix-preview", args=[case.pk]), _answers(), headers={"HX-Request": "true"}
    ).content.decode()

    assert "<html" not in text
    assert "Ask for approval of" in text


def test_a_refusal_comes_back_on_the_form_with_nothing_lost(client, enter, waiting):
    enter("mira")

    page = _preview(client, _case(), sku="NO-SUCH")

    text = page.content.decode()
    assert page.status_code == 422
    assert "No item in use of BlueCherry has “NO-SUCH” as its code or barcode" in text
    assert "Renamed" in text
    assert not Fix.objects.exists()


def test_the_request_keeps_the_effect_that_was_shown(client, enter, waiting):
    fix = _requested(client, enter)

    assert (fix.status, fix.level, fix.payload) == ("requested", "peer", {"sku": "TEE-BLK-M"})
    assert fix.effect["healed_returns"] == 2
    assert fix.mapping.status == "proposed"


def test_answers_changed_after_the_preview_are_shown_again_first(client, enter, waiting):
    enter("mira")
    case = _case()
    shown = next(each.preview for each in _preview(client, case).context["offers"] if each.preview)

    answer = client.post(
        reverse("fix-request", args=[case.pk]),
        _answers(sku="TEE-BLK-L", previewed=shown.digest),
    )

    assert answer.status_code == 422
    assert "nothing was asked for yet" in answer.content.decode()
    assert not Fix.objects.exists()


@pytest.mark.parametrize("name", ["cleo", "wanda", "finn", "aud"])
def test_a_role_without_the_right_is_refused(client, enter, waiting, name):
    enter(name)
    case = _case()

    answer = client.post(reverse("fix-request", args=[case.pk]), _answers())

    assert answer.status_code == 403
    assert not Fix.objects.exists()


def test_the_page_of_the_exception_says_the_request_waits(client, enter, waiting):
    _requested(client, enter)

    text = client.get(reverse("case-detail", args=[_case().pk])).content.decode()

    assert "Awaiting approval" in text
    assert "Asked for by you" in text


def test_the_requester_cannot_approve_and_nothing_changes(client, enter, waiting):
    fix = _requested(client, enter)
    url = reverse("fix-detail", args=[fix.pk])

    shown = client.get(url).content.decode()
    answer = client.post(reverse("fix-approve", args=[fix.pk]), {"payload_hash": fix.payload_hash})

    fix.refresh_from_db()
    assert "You cannot approve your own request" in shown
    assert "Approve this change" not in shown
    assert (answer.status_code, fix.status, fix.mapping.status) == (422, "requested", "proposed")


def test_another_approves_and_the_change_can_be_taken_back(client, enter, waiting):
    fix = _requested(client, enter)
    enter("mona")

    client.post(reverse("fix-approve", args=[fix.pk]), {"payload_hash": fix.payload_hash})
    fix.refresh_from_db()
    held = client.get(reverse("fix-detail", args=[fix.pk])).content.decode()

    assert (fix.status, fix.decided_by.username) == ("held", "mona")
    assert reverse("fix-undo", args=[fix.pk]) in held

    client.post(reverse("fix-undo", args=[fix.pk]))
    fix.refresh_from_db()
    assert (fix.status, fix.mapping.status) == ("undone", "withdrawn")


def test_an_approval_of_what_has_changed_since_is_refused(client, enter, waiting):
    fix = _requested(client, enter)
    enter("mona")

    answer = client.post(reverse("fix-approve", args=[fix.pk]), {"payload_hash": "0" * 64})

    fix.refresh_from_db()
    assert answer.status_code == 422
    assert "Look again" in answer.content.decode()
    assert fix.status == "requested"


def test_taking_back_after_the_hold_is_refused(client, enter, waiting):
    fix = _requested(client, enter)
    enter("mona")
    client.post(reverse("fix-approve", args=[fix.pk]), {"payload_hash": fix.payload_hash})
    Fix.objects.update(hold_until=timezone.now() - timedelta(seconds=1))

    answer = client.post(reverse("fix-undo", args=[fix.pk]))

    fix.refresh_from_db()
    assert (answer.status_code, fix.status) == (422, "held")


@pytest.mark.parametrize(("name", "status"), [("mona", "rejected"), ("mira", "withdrawn")])
def test_a_request_is_refused_or_withdrawn_with_a_reason(client, enter, waiting, name, status):
    fix = _requested(client, enter)
    enter(name)
    url = reverse("fix-reject", args=[fix.pk])

    without = client.post(url, {"note": " "})
    fix.refresh_from_db()
    assert (without.status_code, fix.status) == (422, "requested")

    client.post(url, {"note": "Wrong size"})
    fix.refresh_from_db()
    assert (fix.status, fix.decision_note) == (status, "Wrong size")


@pytest.mark.parametrize("name", ["fix-approve", "fix-reject", "fix-undo"])
@pytest.mark.parametrize("who", ["cleo", "aud"])
def test_others_decide_nothing(client, enter, waiting, name, who):
    fix = _requested(client, enter)
    enter(who)

    answer = client.post(
        reverse(name, args=[fix.pk]), {"payload_hash": fix.payload_hash, "note": "No"}
    )

    fix.refresh_from_db()
    # Whoever works here may withdraw what they asked for themselves, so the door is theirs.
    refused = 422 if (name, who) == ("fix-reject", "cleo") else 403
    assert (answer.status_code, fix.status) == (refused, "requested")


def test_the_list_puts_what_i_may_decide_first_and_marks_my_own(client, enter, waiting):
    fix = _requested(client, enter)

    mine = client.get(reverse("fix-list"))
    enter("mona")
    hers = client.get(reverse("fix-list"))

    assert (mine.context["for_me"], mine.context["mine"]) == ([], [fix])
    assert "You cannot approve your own request" in mine.content.decode()
    assert [each["fix"] for each in hers.context["for_me"]] == [fix]
    assert hers.context["mine"] == []


def test_a_second_request_for_the_same_is_refused_on_the_form(client, enter, waiting):
    _requested(client, enter)
    enter("mona")

    answer = _ask(client, _case())

    assert answer.status_code == 422
    assert "Mira has already asked for this" in answer.content.decode()
    assert Fix.objects.count() == 1


def test_an_unknown_kind_of_change_is_not_found(client, enter, waiting):
    enter("mira")

    answer = client.post(reverse("fix-preview", args=[_case().pk]), {"kind": "drop_table"})

    assert answer.status_code == 404


def test_who_may_not_approve_a_request_may_not_refuse_it_either(client, enter, waiting):
    fix = _requested(client, enter)
    enter("wanda")

    page = client.get(reverse("fix-detail", args=[fix.pk])).content.decode()
    answer = client.post(
        reverse("fix-reject", args=[fix.pk]), {"note": "No", "payload_hash": fix.payload_hash}
    )

    assert "Refuse with this reason" not in page
    assert answer.status_code == 422
    assert "Your role may not decide on this request." in answer.content.decode()
    fix.refresh_from_db()
    assert (fix.status, fix.decided_by) == ("requested", None)


def test_a_note_with_a_zero_byte_is_kept_without_it(client, enter, waiting):
    fix = _requested(client, enter)
    enter("mona")

    client.post(
        reverse("fix-approve", args=[fix.pk]),
        {"payload_hash": fix.payload_hash, "note": "Agreed\0"},
    )

    fix.refresh_from_db()
    assert (fix.status, fix.decision_note) == ("held", "Agreed")


def test_a_case_that_closed_while_the_change_is_held_still_lets_it_be_taken_back(
    client, enter, waiting
):
    fix = _requested(client, enter)
    enter("mona")
    client.post(reverse("fix-approve", args=[fix.pk]), {"payload_hash": fix.payload_hash})
    waiting.carry()
    case = _case()
    assert (case.status, case.closure) == ("resolved", "proof")

    text = client.get(reverse("case-detail", args=[case.pk])).content.decode()

    assert f'action="{reverse("fix-undo", args=[fix.pk])}"' in text
    assert "data-until=" in text
    with time_machine.travel(waiting.clock.now + timedelta(minutes=2), tick=False):
        later = client.get(reverse("case-detail", args=[case.pk])).content.decode()
    assert "data-until=" not in later


def test_a_return_in_another_currency_is_no_part_of_the_sum(client, enter, waiting):
    enter("mira")
    rma = Rma.objects.get(external_id="5002")
    Refund.objects.filter(rma=rma).update(currency="EUR")
    for row in (rma, rma.sales_order):
        row.currency = "EUR"
        row.save(update_fields=["currency"])

    page = _preview(client, _case())

    effect = next(each.preview.effect for each in page.context["offers"] if each.preview)
    assert (effect.healed_returns, effect.freed, effect.currency) == (2, Decimal(20), "GBP")
    text = page.content.decode()
    assert "€20.00" in text
    assert "£40.00" not in text
