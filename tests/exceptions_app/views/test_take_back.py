"""Who takes back what others let go, what is asked first, and how two changes are told apart."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Fix, FixBatch
from exceptions_app.services import fix_batches, fixes
from tests.cast import make_user
from tests.factories import CaseFactory, CauseGroupFactory, PostingFactory, RmaFactory

pytestmark = pytest.mark.django_db


def _asked(count=1):
    """Requests of finn's to book documents on another day: finance's, with money."""
    group = CauseGroupFactory(type="PERIOD_CLOSED")
    rows = []
    for number in range(count):
        rma = RmaFactory(bridge=group.bridge, external_id=f"500{number}")
        posting = PostingFactory(
            rma=rma,
            kind="credit_memo",
            status="blocked",
            blocked_by="PERIOD_CLOSED",
            gross=Decimal("20.00"),
            currency="GBP",
        )
        case = CaseFactory(
            group=group, rma=rma, type="PERIOD_CLOSED", team="finance", posting=posting
        )
        rows.append(
            Fix.objects.create(
                kind="posting_date",
                status="requested",
                bridge=group.bridge,
                case=case,
                rma=rma,
                payload={"date": "2026-05-27"},
                payload_hash=str(number),
                level="finance",
                requested_by=make_user("finn"),
                requested_at=timezone.now(),
            )
        )
    return rows


@pytest.fixture
def batch():
    now = timezone.now()
    rows = _asked(2)
    done = fix_batches.approve(
        asked=[(fix.pk, fix.payload_hash) for fix in rows], actor=make_user("fiona"), now=now
    )
    assert done.batch is not None, done.outcomes
    return done.batch


def _button(text):
    return "/undo/" in text


def test_only_whoever_may_is_offered_to_take_a_batch_back(client, batch):
    offered = {}
    for who in ("fiona", "finn", "ada", "wanda", "cleo", "mira"):
        client.force_login(make_user(who))
        pages = [reverse("fix-list"), reverse("fix-batch", args=[batch.pk])]
        offered[who] = [_button(client.get(page).text) for page in pages]

    # On the list at once only for whoever set it going; others are asked on its page.
    assert offered == {
        "fiona": [True, True],
        "finn": [False, True],
        "ada": [False, True],
        "wanda": [False, False],
        "cleo": [False, False],
        "mira": [False, False],
    }


def test_another_team_takes_back_nothing_whatever_it_sends(client, batch):
    client.force_login(make_user("wanda"))

    answer = client.post(reverse("fix-batch-undo", args=[batch.pk]), {"sure": "1"})

    assert answer.status_code == 422
    assert "Only who asked, approved or could have, or an admin, takes this back." in answer.text
    assert set(Fix.objects.values_list("status", flat=True)) == {"held"}
    assert not AuditEntry.objects.filter(act="batch.undo").exists()
    for fix in Fix.objects.all():
        with pytest.raises(errors.FixNotAllowed, match="takes this back"):
            fixes.undo(fix_id=fix.pk, actor=make_user("wanda"), now=timezone.now())


def test_what_somebody_else_set_going_is_asked_for_with_a_tick(client, batch):
    client.force_login(make_user("ada"))
    address = reverse("fix-batch-undo", args=[batch.pk])

    asked = client.post(address)

    assert asked.status_code == 422
    assert "Fiona set this going. Tick that you take it back all the same." in asked.text
    assert set(Fix.objects.values_list("status", flat=True)) == {"held"}
    assert client.post(address, {"sure": "1"}).status_code == 302
    assert set(Fix.objects.values_list("status", flat=True)) == {"undone"}
    assert FixBatch.objects.get().taken_back_by == make_user("ada")


def test_two_requests_of_one_sentence_name_their_return_and_document(client):
    first, _ = _asked(2)
    client.force_login(make_user("fiona"))
    wanted = [
        f"Choose the posting date 27 May 2026 for RMA500{number}, credit memo £20.00"
        for number in range(2)
    ]

    page = client.get(reverse("fix-list")).text

    assert [words in page for words in wanted] == [True, True]
    assert f"<h1>{wanted[0]}</h1>" in client.get(reverse("fix-detail", args=[first.pk])).text
    assert "Choose the posting date 27 May 2026 for RMA5000<" in client.get(reverse("home")).text
