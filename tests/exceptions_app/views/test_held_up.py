"""What waits for the platform's word says so while the platform is not heard."""

from datetime import timedelta

import pytest
from django.urls import reverse

from exceptions_app.models import ConnectionHealth
from tests.cast import make_user
from tests.factories import NOW, CaseFactory, CauseGroupFactory, RmaFactory

pytestmark = pytest.mark.django_db
SINCE = NOW - timedelta(hours=3)


def _case(code="INSPECTION_OVERDUE"):
    group = CauseGroupFactory(type=code)
    rma = RmaFactory(bridge=group.bridge)
    return CaseFactory(group=group, rma=rma, team="warehouse", facts={"units": "1"})


def _shown(client, case, **health):
    source = case.bridge.source
    ConnectionHealth.objects.update_or_create(connection=source, defaults=health)
    client.force_login(make_user("wanda"))
    return client.get(reverse("case-detail", args=[case.pk]))


@pytest.mark.parametrize(
    ("health", "code", "why"),
    [
        ({"throttled_since": SINCE}, "RATE_LIMITED", "turns our calls away"),
        ({"state": "open", "opened_at": SINCE}, "CONNECTION_DOWN", "cannot be reached"),
        (
            {"state": "open", "opened_at": SINCE, "refused_at": SINCE},
            "AUTH_EXPIRED",
            "refuses our credentials",
        ),
    ],
)
def test_it_names_the_platform_since_when_and_the_exception_to_solve(client, health, code, why):
    case = _case()
    source = case.bridge.source
    other = CaseFactory(group=CauseGroupFactory(type=code), connection=source, team="operations")

    page = _shown(client, case, **health)

    found = page.context["held_up"]
    assert (found.why, found.since, found.case) == (why, SINCE, other)
    assert f"{source.name} {why} since 27 May 2026, 06:12" in page.text
    assert f'Solve <a href="/exceptions/{other.pk}/">EX-{other.pk}</a> first (Operations)' in (
        page.text
    )


def test_while_the_platform_answers_nothing_is_said(client):
    assert _shown(client, _case(), last_ok_at=NOW).context["held_up"] is None


def test_what_does_not_wait_for_the_platform_does_not_ask(client):
    case = _case("SKU_UNKNOWN")

    assert _shown(client, case, throttled_since=SINCE).context["held_up"] is None
