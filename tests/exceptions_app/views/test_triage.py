"""Acts on many exceptions from the list, each as the plain form a page without scripts posts."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.urls import reverse

from exceptions_app.models import AuditEntry, Bulk, Case
from exceptions_app.selectors import selection
from exceptions_app.services import triage
from tests.cast import make_user
from tests.factories import NOW, CaseFactory, CauseGroupFactory, RmaFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def moment():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def mira(client):
    user = make_user("mira")
    client.force_login(user)
    return user


# A row's box; the filters have boxes of their own.
_TICKED = re.compile(r'name="(?:case|group)"[^>]* checked')


def _ticked(page):
    return len(_TICKED.findall(page.content.decode()))


def _ticks(*cases):
    return [f"{case.pk}.{case.version}" for case in cases]


def _post(client, query="", **values):
    """The answer to the form, or the page of the question it leads to."""
    answer = client.post(f"{reverse('case-act')}{query}", values)
    is_question = answer.status_code == 302 and answer.url.startswith(reverse("case-act"))
    return client.get(answer.url) if is_question else answer


def _assigned():
    return dict(Case.objects.values_list("pk", "assignee__username"))


@pytest.mark.lesson(3)
def test_ticked_rows_are_taken_at_once_and_stay_ticked(client, mira):
    first, second = CaseFactory(), CaseFactory()

    answer = _post(
        client, "?view=list&team=merchandising", act="mine", case=_ticks(first), at="row-1"
    )

    assert _assigned() == {first.pk: "mira", second.pk: None}
    address = urlsplit(answer.url)
    assert (address.path, address.fragment) == ("/exceptions/", "row-1")
    assert parse_qs(address.query)["team"] == ["merchandising"]
    page = client.get(answer.url)
    assert page.context["picked"] == {first.pk}
    assert _ticked(page) == 1
    assert "1 assigned to you." in page.content.decode()


def test_a_row_acted_on_by_key_does_not_stay_ticked(client, mira):
    case = CaseFactory()

    answer = _post(client, act="mine", case=_ticks(case), solo="1")

    assert "picked" not in answer.url
    assert _assigned() == {case.pk: "mira"}


@pytest.mark.parametrize(
    ("assignee", "held_by", "told"),
    [
        ("mona", "mona", "2 assigned to Mona."),
        ("nobody", None, "2 given back to the team."),
    ],
)
def test_what_is_handed_over_says_to_whom(client, mira, assignee, held_by, told):
    first, second, mona = CaseFactory(), CaseFactory(), make_user("mona")
    for case in (first, second):
        triage.assign(case_id=case.pk, assignee=mira, actor=mira, now=NOW)
    asked = _post(client, act="assign", case=_ticks(*Case.objects.all()))
    to_whom = str(mona.pk) if assignee == "mona" else assignee

    answer = _post(client, act="assign", frozen=asked.context["frozen"], assignee=to_whom)

    assert _assigned() == {first.pk: held_by, second.pk: held_by}
    assert told in client.get(answer.url).text


@pytest.mark.lesson(2)
def test_nothing_ticked_changes_nothing_and_says_so(client, mira):
    CaseFactory()

    answer = client.get(_post(client, act="mine").url)

    assert "Tick the rows to act on. Nothing was changed." in answer.content.decode()
    assert not AuditEntry.objects.exists()


def test_a_row_that_changed_meanwhile_is_named_and_left(client, mira):
    first, second = CaseFactory(), CaseFactory()
    ticks, mona = _ticks(first, second), make_user("mona")
    triage.assign(case_id=second.pk, assignee=mona, actor=mona, now=NOW)

    page = client.get(_post(client, act="mine", case=ticks).url)

    assert _assigned() == {first.pk: "mira", second.pk: "mona"}
    rows = page.context["result"]["rows"]
    assert [(row["id"], row["is_done"]) for row in rows] == [(first.pk, True), (second.pk, False)]
    assert "Mona, 27 May 2026, 09:12: Assigned to Mona" in page.content.decode()


def test_a_whole_cause_is_shown_before_it_is_taken(client, mira):
    group = CauseGroupFactory()
    cases = [CaseFactory(group=group, rma=RmaFactory(bridge=group.bridge)) for _ in range(3)]

    page = _post(client, act="mine", group=str(group.pk), newest=str(cases[-1].pk))

    assert (page.context["count"], page.context["sums"][0].amount) == (3, Decimal("60.0000"))
    assert "Assign 3 exceptions to me?" in page.content.decode()
    assert not AuditEntry.objects.exists()
    _post(client, act="mine", frozen=page.context["frozen"])
    assert set(_assigned().values()) == {"mira"}


@pytest.mark.lesson(1)
def test_all_that_match_are_frozen_as_ids_and_what_arrives_later_stays_out(client, mira):
    old = CaseFactory()
    other = CaseFactory(team="finance")
    page = _post(client, "?team=merchandising", act="snooze", all="1", newest=str(other.pk))
    late = CaseFactory()

    _post(client, act="snooze", frozen=page.context["frozen"], choice="tomorrow", note="wait")

    off = dict(Case.objects.values_list("pk", "snoozed_until"))
    assert off == {old.pk: datetime(2026, 5, 28, 9, tzinfo=UTC), other.pk: None, late.pk: None}


def test_what_arrived_after_the_list_was_drawn_does_not_join(client, mira):
    first = CaseFactory()
    CaseFactory()

    page = _post(client, act="snooze", all="1", newest=str(first.pk))

    assert page.context["count"] == 1


def test_a_changed_selection_is_refused(client, mira):
    case = CaseFactory()
    page = _post(client, act="snooze", case=_ticks(case))

    answer = _post(client, act="snooze", frozen=page.context["frozen"][:-1], choice="tomorrow")

    assert answer.status_code == 400
    assert not AuditEntry.objects.exists()


def test_a_day_that_is_missing_comes_back_with_the_note(client, mira):
    page = _post(client, act="snooze", case=_ticks(CaseFactory()))

    answer = _post(
        client, act="snooze", frozen=page.context["frozen"], choice="date", note="kept note"
    )

    assert answer.status_code == 422
    assert "Say which day." in answer.content.decode()
    assert "kept note" in answer.content.decode()
    assert not AuditEntry.objects.exists()


def test_a_person_of_one_team_is_given_only_that_teams_rows(client, mira):
    own, foreign = CaseFactory(), CaseFactory(team="finance")
    page = _post(client, act="assign", case=_ticks(own, foreign))
    mona = make_user("mona")

    shown = client.get(
        _post(client, act="assign", frozen=page.context["frozen"], assignee=mona.pk).url
    )

    assert _assigned() == {own.pk: "mona", foreign.pk: None}
    assert "Mona does not work for Finance." in shown.content.decode()


def test_rows_of_one_kind_are_closed_with_one_of_its_reasons(client):
    client.force_login(make_user("finn"))
    group = CauseGroupFactory(type="CM_NO_REFUND")
    case = CaseFactory(group=group, rma=RmaFactory(bridge=group.bridge), team="finance")
    page = _post(client, act="close", case=_ticks(case))

    refused = _post(client, act="close", frozen=page.context["frozen"], reason="because")
    _post(
        client, act="close", frozen=page.context["frozen"], reason="on_account", note="Seen on it"
    )

    case.refresh_from_db()
    assert refused.status_code == 422
    assert (case.status, case.close_reason) == ("resolved", "on_account")


def test_what_only_proof_closes_is_not_offered_a_reason(client, mira):
    page = _post(client, act="close", case=_ticks(CaseFactory()))

    assert 'href="/manual/SKU_UNKNOWN/">Unknown SKU</a> closes by proof only' in page.text
    assert 'name="frozen"' not in page.text


def test_rows_of_several_kinds_are_offered_the_reasons_of_each_with_how_many_fit(client):
    client.force_login(make_user("finn"))
    group = CauseGroupFactory(type="CM_NO_REFUND")
    fits = CaseFactory(group=group, rma=RmaFactory(bridge=group.bridge), team="finance")

    answer = _post(client, act="close", case=_ticks(fits, CaseFactory()))

    (frozen,) = Bulk.objects.all()
    assert answer.url == reverse("bulk", args=[frozen.pk])
    page = client.get(answer.url).text
    assert "(fits 1)" in page
    assert "Close by hand: 1</button>" in page


def test_an_auditor_does_nothing(client):
    client.force_login(make_user("aud"))
    case = CaseFactory()

    assert _post(client, act="mine", case=_ticks(case)).status_code == 403
    assert _assigned() == {case.pk: None}
    assert " data-pick" not in client.get(reverse("case-list")).content.decode()


@pytest.mark.lesson(7)
def test_more_than_a_page_can_hold_is_frozen_whole_for_the_background(client, mira, monkeypatch):
    monkeypatch.setattr(selection, "MOST", 2)
    cases = [CaseFactory() for _ in range(3)]
    CaseFactory()

    answer = _post(client, "?team=merchandising", act="snooze", all="1", newest=str(cases[-1].pk))

    (frozen,) = Bulk.objects.all()
    assert answer.url == reverse("bulk", args=[frozen.pk])
    assert (frozen.kind, frozen.count) == ("snooze", 3)
    assert frozen.back == "/exceptions/?team=merchandising"
    assert not AuditEntry.objects.exists()


def test_a_selection_nobody_made_is_refused(client, mira):
    assert client.get(reverse("case-list"), {"picked": "1:2:3"}).status_code == 400


@pytest.mark.parametrize("row", ["row-1\n", "//evil", "row-<b>", "row-" + "1" * 16])
def test_only_a_row_of_ours_is_come_back_to(client, mira, row):
    answer = _post(client, act="mine", case=_ticks(CaseFactory()), at=row)

    assert urlsplit(answer.url).fragment == ""


def test_rows_ticked_in_an_unfolded_cause_are_still_there_after_the_act(client, mira):
    """A script unfolds a cause without changing the address; the act brings it back unfolded."""
    first, other = CaseFactory(), CaseFactory()
    group = str(first.group_id)

    answer = _post(client, act="mine", case=_ticks(first), at=f"row-{first.pk}")

    assert parse_qs(urlsplit(answer.url).query)["open"] == [group]
    page = client.get(answer.url)
    assert [case.pk for case in page.context["opened"]["cases"]] == [first.pk]
    text = page.content.decode()
    assert f'value="{first.pk}.' in text
    assert f'value="{other.pk}.' not in text
    assert len(_TICKED.findall(text)) == 1


def test_going_back_from_the_question_keeps_what_was_ticked(client, mira):
    first, _ = CaseFactory(), CaseFactory()

    page = _post(client, act="snooze", case=_ticks(first), at=f"row-{first.pk}")

    back = client.get(f"{reverse('case-list')}{page.context['back']}")
    assert back.context["picked"] == {first.pk}
    assert back.context["opened"]["group_id"] == first.group_id
    assert _ticked(back) == 1


@pytest.mark.lesson(3)
def test_a_whole_cause_stays_ticked_after_the_act(client, mira):
    group = CauseGroupFactory()
    cases = [CaseFactory(group=group, rma=RmaFactory(bridge=group.bridge)) for _ in range(3)]
    CaseFactory()
    asked = _post(client, act="mine", group=str(group.pk), newest=str(cases[-1].pk))

    page = client.get(_post(client, act="mine", frozen=asked.context["frozen"]).url)

    assert page.context["whole"] == {group.pk}
    assert _ticked(page) == 1


@pytest.mark.lesson(2)
@pytest.mark.parametrize("tick", ["999999", "abc", "\0", "999999999999999"])
@pytest.mark.parametrize("act", ["mine", "snooze"])
def test_a_row_that_is_not_there_changes_nothing_and_says_so(client, mira, act, tick):
    CaseFactory()

    page = client.get(_post(client, act=act, case=tick).url)

    assert "Tick the rows to act on. Nothing was changed." in page.content.decode()
    assert not AuditEntry.objects.exists()


def test_a_row_deleted_before_the_act_is_named(client, mira):
    case = CaseFactory()

    outcomes = triage.each(
        rows=[(case.pk + 1, ""), (case.pk, "")],
        act=lambda *, case_id, seen: triage.wake(case_id=case_id, seen=seen, actor=mira, now=NOW),
    )

    assert [(each.is_done, each.text) for each in outcomes] == [
        (False, "There is no such exception."),
        (True, ""),
    ]


def test_a_day_that_cannot_be_is_said_at_the_form_with_the_words_kept(client, mira):
    case = CaseFactory()
    frozen = _post(client, act="snooze", case=_ticks(case)).context["frozen"]

    for day in ("2026-05-26", "2026-09-01"):
        page = _post(
            client, act="snooze", frozen=frozen, choice="date", date=day, note="Waits for Tom"
        )

        assert page.status_code == 422
        assert page.context["form"].errors["date"] == ["Choose a day from now on, at most 60 days."]
        assert "Waits for Tom" in page.content.decode()
    case.refresh_from_db()
    assert case.snoozed_until is None


def test_an_act_on_a_later_page_comes_back_to_that_page(client, mira):
    group = CauseGroupFactory()
    rma = RmaFactory(bridge=group.bridge)
    for _ in range(52):
        CaseFactory(group=group, rma=rma)
    older = client.get(f"{reverse('case-list')}?view=list").context["page"].older
    page = client.get(f"{reverse('case-list')}?view=list&cursor={older}")

    assert f"/exceptions/act/?view=list&amp;cursor={older.replace(':', '%3A')}" in (
        page.content.decode()
    )


def test_late_work_of_others_is_counted_before_many_are_put_off(client, mira):
    late = NOW - timedelta(days=1)
    theirs = CaseFactory(team="finance", due_at=late)
    own = CaseFactory(due_at=late)

    page = _post(client, act="snooze", case=[*_ticks(theirs), *_ticks(own)])
    refused = _post(client, act="snooze", frozen=page.context["frozen"], choice="tomorrow")

    assert "1 of them is late and the work of Finance" in page.text
    assert refused.status_code == 422
    assert "Say why it can wait." in refused.text
    assert not Case.objects.filter(snoozed_until__isnull=False).exists()
    assert not AuditEntry.objects.exists()


def _take_next(client, query=""):
    return client.post(f"{reverse('case-next')}{query}")


def test_the_next_one_is_of_ones_own_team_and_opens_with_the_filters_of_the_list(client, mira):
    CaseFactory(team="finance", severity="critical")
    group = CauseGroupFactory(type="SKU_UNKNOWN")
    own = CaseFactory(team="merchandising", group=group, severity="low")

    answer = _take_next(client, "?type=SKU_UNKNOWN&assignee=me")

    assert answer.url == f"/exceptions/{own.pk}/?type=SKU_UNKNOWN"
    own.refresh_from_db()
    assert own.assignee == mira
    assert f"EX-{own.pk} is with you." in client.get(answer.url).content.decode()


def test_the_next_one_of_another_team_is_taken_only_where_the_list_names_it(client, mira):
    theirs = CaseFactory(team="finance")

    answer = _take_next(client)
    page = client.get(answer.url).content.decode()

    assert answer.url == reverse("case-list")
    assert "Nothing here is free: somebody has it, or it waits." in page
    assert "Take the next one" in page
    assert _assigned() == {theirs.pk: None}
    _take_next(client, "?team=finance")
    assert _assigned() == {theirs.pk: "mira"}


def test_an_unknown_filter_takes_nothing(client, mira):
    case = CaseFactory(team="merchandising")

    _take_next(client, "?severity=awful")

    assert _assigned() == {case.pk: None}


def test_who_may_only_look_takes_nothing(client):
    client.force_login(make_user("aud"))
    case = CaseFactory()

    answer = _take_next(client)

    assert answer.status_code == 403
    assert "Take the next one" not in client.get(reverse("case-list")).content.decode()
    assert _assigned() == {case.pk: None}
