"""A month noted as closed is taken off by who may, on the exception that waits for it (R059)."""

import pytest
from django.urls import reverse

from exceptions_app import errors
from exceptions_app.choices import Role
from exceptions_app.models import AuditEntry, Bridge, Case, Posting, Rma
from exceptions_app.services import periods
from tests.cast import make_user
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def held_back():
    """A return whose credit memo waits: May is noted with the bridge as closed."""
    world = make_world()
    Bridge.objects.update(closed_periods=["2026-04", "2026-05"])
    world.bridge.refresh_from_db()
    world.add_order()
    world.add_return()
    world.carry()
    return world


def _case():
    return Case.objects.get(type="PERIOD_CLOSED")


def test_the_page_leads_an_admin_to_it_and_what_waited_leaves(client, held_back):
    client.force_login(make_user("ada"))
    case = _case()

    page = client.get(reverse("case-detail", args=[case.pk])).text
    unsaid = client.post(reverse("case-month", args=[case.pk]), {"reason": " "})
    done = client.post(
        reverse("case-month", args=[case.pk]),
        {"reason": "Reopened by Mia in BlueCherry"},
        follow=True,
    )
    # The page acts at the time of day; the clock of this world stands earlier.
    assert Rma.objects.get().plan_due_at > held_back.clock.now
    Rma.objects.update(plan_due_at=held_back.clock.now)
    held_back.run()
    held_back.settle()

    freed = "1 document (£20.00) that waits for nothing else goes on."
    assert 'href="#month"' in page
    assert "The document is held back and was not sent" in page
    assert "Send again" not in page
    assert f"{freed} It ends this exception." in page
    assert (unsaid.status_code, "Say who reopened the month" in unsaid.text) == (422, True)
    assert f"May 2026 is open again. {freed} That ends 1 exception" in done.text
    assert Bridge.objects.get(pk=held_back.bridge.pk).closed_periods == ["2026-04"]
    told = AuditEntry.objects.get(act="bridge.month")
    assert told.text.startswith("May 2026 is open again on ")
    assert told.text.endswith(": Reopened by Mia in BlueCherry")
    assert told.before == {"closed_periods": ["2026-04", "2026-05"]}
    assert told.after == {"closed_periods": ["2026-04"]}
    assert "PERIOD_CLOSED" not in held_back.open_types()
    assert Posting.objects.get(kind="credit_memo").blocked_by == ""


@pytest.mark.parametrize("who", ["finn", "ines"])
def test_nobody_else_may(client, held_back, who):
    user = make_user(who)
    make_user("ada")
    make_user("lena", Role.LEAD, Role.FINANCE)
    make_user("mia", Role.LEAD)
    client.force_login(user)
    case = _case()

    page = client.get(reverse("case-detail", args=[case.pk])).text
    answer = client.post(reverse("case-month", args=[case.pk]), {"reason": "Open"})
    with pytest.raises(errors.FixNotAllowed, match="An admin or a lead of finance"):
        periods.open_again(case_id=case.pk, reason="Open", actor=user, now=held_back.clock.now)

    assert "this is for an admin, or a lead of finance." in page
    assert "Lena, Ada can say so here" in page
    assert f'action="{reverse("case-month", args=[case.pk])}' not in page
    assert answer.status_code == 403
    assert Bridge.objects.get(pk=held_back.bridge.pk).closed_periods == ["2026-04", "2026-05"]
    assert not AuditEntry.objects.filter(act="bridge.month").exists()
