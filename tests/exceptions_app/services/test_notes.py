"""A note without an act: kept in the history of what it is about, and nothing else changes."""

import pytest

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Case
from exceptions_app.services import notes, triage
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
