"""What changed since a person last looked: by page and team, and read only when they say so."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from exceptions_app.models import AuditEntry, Case, LastLook
from exceptions_app.rules.facts import Finding
from exceptions_app.selectors import looks
from exceptions_app.services import audit, cases, subjects
from tests.cast import make_user
from tests.factories import NOW, RmaFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def moment():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def mira(client):
    user = make_user("mira")
    client.force_login(user)
    return user


def _sync(rma, *types):
    findings = [
        Finding(
            type=type_,
            subject="line:1",
            cause="tee",
            facts={"sku": "TEE"},
            value=Decimal("12.50"),
            value_formula="Paid for the units",
        )
        for type_ in types
    ]
    return cases.sync(subject=subjects.of_rma(rma), findings=findings, now=NOW)


def _drawn(client, page="home", team="merchandising"):
    """The mark that the page offers."""
    if page == "home":
        shown = client.get("/", {"team": team}).context["looked"]
    else:
        shown = client.get("/exceptions/changed/", {"page": page, "team": team}).context["looked"]
    look = shown["look"]
    return {"page": page, "team": team, "entry": look.newest, "drawn": shown["drawn"]}


def _figures(client, team="merchandising"):
    look = client.get("/", {"team": team}).context["looked"]["look"]
    return {figure.label: figure.count for figure in look.figures}


def test_who_never_looked_is_told_no_figure(client, mira):
    _sync(RmaFactory(), "SKU_UNKNOWN")

    page = client.get("/", {"team": "merchandising"})

    assert page.context["looked"]["look"].figures == ()
    assert "You have marked nothing as read here yet." in page.text


def test_new_come_back_healed_and_overdue_are_told_until_marked_as_read(client, mira, moment):
    first, second, third = RmaFactory(), RmaFactory(), RmaFactory()
    _sync(first, "SKU_UNKNOWN")
    _sync(second, "SKU_UNKNOWN")
    (late,) = _sync(third, "SKU_UNKNOWN")
    _sync(second)
    client.post("/exceptions/changed/read/", _drawn(client))
    assert set(_figures(client).values()) == {0}

    _sync(first)
    _sync(second, "SKU_UNKNOWN")
    _sync(RmaFactory(), "SKU_UNKNOWN")
    Case.objects.filter(pk=late.pk).update(due_at=NOW + timedelta(minutes=5))
    moment.shift(timedelta(minutes=10))

    page = client.get("/", {"team": "merchandising"})
    assert _figures(client) == {
        "New": 1,
        "Came back": 1,
        "Healed": 1,
        "Closed by hand": 0,
        "Graver": 0,
        "Woke": 0,
        "Overdue": 1,
    }
    assert "closed by hand" not in page.text
    assert "<b>1</b> came back (£12.50)" in page.text
    told = client.get("/exceptions/changed/?page=home&team=merchandising")
    assert [row.label for row in told.context["rows"]] == ["New", "Came back", "Healed"]
    assert list(told.context["late"]) == [late]
    client.post("/exceptions/changed/read/", _drawn(client))
    assert set(_figures(client).values()) == {0}
    assert not AuditEntry.objects.filter(act__startswith="look").exists()


def test_what_was_closed_by_hand_got_graver_or_woke_is_told_once_each(client, mira):
    cases_ = [_sync(RmaFactory(), "SKU_UNKNOWN")[0] for _ in range(3)]
    client.post("/exceptions/changed/read/", _drawn(client))
    for case, act in zip([*cases_, cases_[1]], ["close", "raise", "wake", "raise"], strict=True):
        audit.record(
            actor=None, act=f"case.{act}", subject=case, text="So", now=NOW, case_id=case.pk
        )

    told = _figures(client)
    assert (told["Closed by hand"], told["Graver"], told["Woke"], told["New"]) == (1, 1, 1, 0)
    page = client.get("/exceptions/changed/?page=home&team=merchandising")
    assert [row.label for row in page.context["rows"]] == [
        "Graver",
        "Woke",
        "Graver",
        "Closed by hand",
    ]


def test_what_comes_between_the_page_and_the_word_is_still_to_read(client, mira):
    seen = _drawn(client)
    _sync(RmaFactory(), "SKU_UNKNOWN")

    client.post("/exceptions/changed/read/", seen)

    assert _figures(client)["New"] == 1


def test_a_mark_is_one_persons_of_one_page_and_one_team_and_never_goes_back(client, mira):
    early = _drawn(client)
    _sync(RmaFactory(), "SKU_UNKNOWN")
    late = _drawn(client)
    client.post("/exceptions/changed/read/", late)

    client.post("/exceptions/changed/read/", early)

    (mark,) = LastLook.objects.all()
    assert (mark.user, mark.page, mark.team) == (mira, "home", "merchandising")
    assert mark.entry == late["entry"]
    assert _figures(client, team="finance") == {}
    other = client.get("/exceptions/changed/", {"team": "merchandising"}).context["look"]
    assert other.seen_at is None
    client.force_login(make_user("mona"))
    assert _figures(client) == {}


def test_reading_the_list_of_exceptions_marks_nothing(client, mira):
    client.post("/exceptions/changed/read/", _drawn(client, page="case-list", team=""))
    _sync(RmaFactory(), "SKU_UNKNOWN")

    page = client.get("/exceptions/")
    line = client.get("/exceptions/changed/?page=case-list")

    assert "What changed since you last looked" in page.text
    assert "<b>1</b> new (£12.50)" in line.text
    assert _drawn(client, page="case-list", team="")["entry"] > LastLook.objects.get().entry


@pytest.mark.parametrize(
    "wrong", [{"entry": "x"}, {"entry": "-1"}, {"drawn": "nan"}, {"drawn": ""}]
)
def test_what_is_no_mark_of_a_page_marks_nothing(client, mira, wrong):
    answer = client.post("/exceptions/changed/read/", {**_drawn(client), **wrong})

    assert answer.status_code == 404
    assert not LastLook.objects.exists()


def test_a_mark_beyond_what_there_is_ends_with_it(client, mira):
    _sync(RmaFactory(), "SKU_UNKNOWN")

    client.post("/exceptions/changed/read/", {**_drawn(client), "entry": "9" * 17})

    assert LastLook.objects.get().entry == looks.newest_entry()


def test_the_line_costs_one_query_and_the_list_three_more(client, mira, django_assert_num_queries):
    client.post("/exceptions/changed/read/", _drawn(client))
    for _ in range(4):
        _sync(RmaFactory(), "SKU_UNKNOWN")
    about = {"user_id": mira.pk, "page": "home", "team": "merchandising"}

    with django_assert_num_queries(1):
        assert looks.of_reader(**about, now=NOW).count == 4
    with django_assert_num_queries(2):
        assert len(looks.acts(**about, cursor="").rows) == 4
    with django_assert_num_queries(1):
        assert looks.overdue(**about, now=NOW) == ()
