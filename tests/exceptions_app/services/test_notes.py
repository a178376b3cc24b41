"""A note without an act: kept in the history of what it is about, and nothing else changes."""

import pytest

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Case, Mention
from exceptions_app.services import mentions, notes, triage
from tests.cast import make_user
from tests.factories import NOW, CaseFactory, RmaFactory

pytestmark = pytest.mark.django_db


def test_a_note_stands_in_the_history_of_the_exception_and_of_its_return():
    case, cleo = CaseFactory(), make_user("cleo")
    seen = case.version

    entry = notes.about_case(case_id=case.pk, text=" Called,\n she waits ", actor=cleo, now=NOW)

    case.refresh_from_db()
    assert (entry.act, entry.actor, entry.at) == ("note", "Cleo", NOW)
    assert (entry.case_id, entry.rma_id, entry.text) == (
        case.pk,
        case.rma_id,
        "Note: Called, she waits",
    )
    assert case.version == seen


def test_a_note_about_a_return_belongs_to_no_exception():
    rma = RmaFactory()

    entry = notes.about_return(rma_id=rma.pk, text="Parcel seen", actor=make_user("cleo"), now=NOW)

    assert (entry.rma_id, entry.case_id, entry.subject_label) == (rma.pk, None, str(rma))


@pytest.mark.parametrize(
    ("text", "why"),
    [(" \n\0", "Write the note first"), ("x" * 401, "at most 400 characters")],
)
def test_an_empty_or_endless_note_is_refused_and_nothing_is_kept(text, why):
    case, cleo = CaseFactory(), make_user("cleo")

    with pytest.raises(errors.InvalidChoice, match=why):
        notes.about_case(case_id=case.pk, text=text, actor=cleo, now=NOW)
    with pytest.raises(errors.InvalidChoice, match=why):
        notes.about_return(rma_id=case.rma_id, text=text, actor=cleo, now=NOW)

    assert not AuditEntry.objects.exists()


def test_who_comes_second_is_told_the_act_and_not_a_note_after_it():
    case, mira = CaseFactory(), make_user("mira")
    seen = case.version
    triage.assign(case_id=case.pk, assignee=mira, actor=mira, now=NOW)
    notes.about_case(case_id=case.pk, text="On it", actor=mira, now=NOW)

    with pytest.raises(errors.CaseChanged, match="Assigned to Mira"):
        triage.assign(case_id=case.pk, assignee=None, actor=make_user("cleo"), now=NOW, seen=seen)

    assert Case.objects.get(pk=case.pk).assignee == mira


def test_whoever_a_note_names_is_told_once_and_its_writer_never():
    case, cleo, finn = CaseFactory(), make_user("cleo"), make_user("finn")
    make_user("wanda")

    entry = notes.about_case(
        case_id=case.pk, text="@finn and @Cleo, look", to="Wanda", actor=cleo, now=NOW
    )

    assert entry.text == "Note to Finn, Cleo, Wanda: @finn and @Cleo, look"
    told = Mention.objects.order_by("pk").values_list("person__username", "entry", "read_at")
    assert list(told) == [("finn", entry.pk, None), ("wanda", entry.pk, None)]
    assert mentions.read(person=cleo, now=NOW) == 0
    assert mentions.read(person=finn, now=NOW) == 1
    assert mentions.read(person=finn, now=NOW) == 0


@pytest.mark.parametrize(
    ("text", "to", "why"),
    [
        pytest.param("@otto, look", "", "called @otto", id="without a role"),
        pytest.param("@gone, look", "", "called @gone", id="switched off"),
        pytest.param("Look", "Nobody Else", "called Nobody Else", id="not there"),
        pytest.param("Look", "Max", "Several people are called max", id="two of a name"),
    ],
)
def test_only_one_who_may_see_the_exception_can_be_named(text, to, why):
    case, cleo = CaseFactory(), make_user("cleo")
    make_user("otto")
    gone = make_user("gone", "cx")
    gone.is_active = False
    gone.save()
    for name in ("max1", "max2"):
        person = make_user(name, "cx")
        person.first_name = "Max"
        person.save()

    with pytest.raises(errors.InvalidChoice, match=why):
        notes.about_case(case_id=case.pk, text=text, to=to, actor=cleo, now=NOW)

    assert (AuditEntry.objects.count(), Mention.objects.count()) == (0, 0)


def test_one_note_about_many_tells_with_its_first_row_only():
    first, second, cleo = CaseFactory(), CaseFactory(), make_user("cleo")
    make_user("finn")

    for case in (first, second):
        notes.about_case(
            case_id=case.pk, text="@finn, look", actor=cleo, now=NOW, has_told=case is second
        )

    assert list(Mention.objects.values_list("entry__case_id", flat=True)) == [first.pk]
