"""Today, the approvals and the rooms tell what is new, and nothing on them moves."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from exceptions_app.models import AuditEntry
from exceptions_app.services import audit
from tests import plans
from tests.cast import make_user
from tests.factories import NOW, CaseFactory, FixFactory

pytestmark = pytest.mark.django_db
DRAWN = NOW - timedelta(minutes=5)


@pytest.fixture(autouse=True)
def moment():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ask(client):
    def ask(who, *, team="", drawn=DRAWN):
        client.force_login(make_user(who))
        place = {"team": team, "drawn": f"{drawn.timestamp():.6f}"}
        return client.get(reverse("page-news"), place).text.strip()

    return ask


def _said(case, act, at=NOW):
    audit.record(actor=None, act=act, subject=case, text=act, now=at, case_id=case.pk)


def test_what_joined_and_left_the_team_since_is_told_and_what_came_before_is_not(ask):
    new, back, closed, older = (CaseFactory(team="finance") for _ in range(4))
    _said(new, "case.open")
    _said(back, "case.reopen")
    _said(closed, "case.resolve")
    _said(older, "case.open", at=DRAWN - timedelta(minutes=1))
    _said(CaseFactory(team="cx"), "case.open")

    told = ask("finn", team="finance")

    assert "<b>1 new, 1 came back, 1 closed.</b> What stands below stays as it is." in told
    assert 'href="/"' in told
    assert ask("finn", team="finance", drawn=NOW) == ""
    assert ask("finn", team="warehouse") == ""


def test_a_request_is_told_to_whoever_may_decide_it(ask):
    mira = make_user("mira")
    fix = FixFactory(requested_by=mira, requested_at=NOW - timedelta(minutes=1))
    audit.record(actor=mira, act="fix.reject", subject=fix, text="No", now=NOW)

    assert "<b>1 decided, 1 to approve.</b>" in ask("mona")
    assert "<b>1 decided.</b>" in ask("finn")
    assert "<b>1 to approve.</b>" in ask("mona", team="merchandising")


@pytest.mark.parametrize(
    "place", [{}, {"drawn": "soon"}, {"team": "nobody", "drawn": "1"}, {"drawn": "9" * 12}]
)
def test_what_no_page_sends_is_answered_with_nothing(client, place):
    client.force_login(make_user("finn"))
    FixFactory(requested_by=make_user("mira"), requested_at=NOW)

    answer = client.get(reverse("page-news"), place)

    assert (answer.status_code, answer.text.strip()) == (200, "")


def test_one_query_answers_however_much_happened(client, ask, django_assert_num_queries):
    for _ in range(12):
        _said(CaseFactory(team="finance"), "case.open")
    ask("finn", team="finance")

    # The session, the reader with their roles, and what is new.
    with django_assert_num_queries(3):
        told = client.get(
            reverse("page-news"), {"team": "finance", "drawn": f"{DRAWN.timestamp():.6f}"}
        ).text

    assert "<b>12 new.</b>" in told


def test_what_is_new_is_read_by_day_and_not_by_a_walk_over_the_trail(ask):
    case = CaseFactory(team="finance")
    AuditEntry.objects.bulk_create(
        AuditEntry(
            at=NOW - timedelta(minutes=number),
            act="case.open" if number % 2 else "fix.approve",
            subject_kind="case" if number % 2 else "fix",
            subject_id=case.pk,
            case_id=case.pk,
            text="x",
        )
        for number in range(30_000, 0, -1)
    )
    plans.analyse()

    for team in ("finance", ""):
        with CaptureQueriesContext(connection) as asked:
            ask("finn", team=team)

        (counted,) = [row["sql"] for row in asked.captured_queries if "auditentry" in row["sql"]]
        nodes = list(plans.nodes(plans.plan(counted)))
        assert "audit_by_day" in {node.get("Index Name") for node in nodes}
        trail = [node for node in nodes if node.get("Relation Name") == AuditEntry._meta.db_table]
        assert {node["Node Type"] for node in trail} == {"Bitmap Heap Scan"}


@pytest.mark.parametrize(
    ("path", "team"),
    [
        ("/", "finance"),
        ("/approvals/", ""),
        ("/finance/", "finance"),
        ("/warehouse/", "warehouse"),
        ("/merchandising/", "merchandising"),
        ("/operations/", "operations"),
    ],
)
def test_each_page_asks_with_the_moment_it_was_drawn_at(client, path, team):
    client.force_login(make_user("boss", "admin", "finance") if path != "/" else make_user("finn"))

    page = client.get(path).text

    drawn = f"{NOW.timestamp():.6f}"
    assert f'data-poll="30" hx-get="/news/?team={team}&amp;drawn={drawn}"' in page
