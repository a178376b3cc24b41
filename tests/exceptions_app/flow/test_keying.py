"""Documents keyed by hand: one person's at a time, their word until the ERP shows them."""

from datetime import timedelta
from importlib import resources

import pytest

from connectors import registry
from connectors.types import ConnectionConfig
from exceptions_app import errors
from exceptions_app.models import AuditEntry, Case, KeyingClaim, Posting, Rma
from exceptions_app.rules import drafts
from exceptions_app.rules.keying import KEPT_FOR
from exceptions_app.services import keying, planning
from tests import factories
from tests.cast import make_user
from tests.world import make_world

pytestmark = pytest.mark.django_db
NOW = factories.NOW


class IdlePacer:
    def before(self, *, operation, is_write):
        pass

    def after(self, *, operation, status, headers):
        pass


@pytest.fixture
def world():
    """All goes by itself but the credit, which the profile leaves to a person; it can be read."""
    shipped = resources.files("connectors.profiled.profiles") / "bluecherry-rest.toml"
    title = 'manual_title = "Enter the credit memo in BlueCherry"'
    text = shipped.read_text(encoding="utf-8").replace(title, f'support = "manual"\n{title}')
    world = make_world(profile_text=text)
    world.add_order()
    world.add_return()
    world.carry()
    return world


def take(world):
    """The credit, taken by Finn."""
    posting = Posting.objects.get(kind="credit_memo")
    with world.connected():
        keying.take(posting_id=posting.pk, actor=make_user("finn"), now=world.clock.now)
    return posting


def key_there(world, posting):
    """What the person does at the ERP's own screen; returns the number it gives."""
    config = ConnectionConfig(
        kind="bluecherry",
        base_url="http://127.0.0.1:1/bluecherry",
        settings={"vnd_id": "RB"},
        secrets={"subscription_key": next(iter(world.erp.credentials().values()))},
    )
    gateway = registry.build_gateway(config, IdlePacer(), world.transport)
    gateway.create(drafts.from_json(posting.draft))
    world.clock.advance(seconds=5)
    (row,) = world.documents("CM")
    return row["doc_num"]


def key(world, posting, number):
    with world.connected():
        keying.key(
            posting_id=posting.pk, number=number, actor=make_user("finn"), now=world.clock.now
        )


def test_a_keyed_credit_is_proved_once_the_erp_shows_it_under_our_key(world):
    posting = take(world)
    number = key_there(world, posting)

    key(world, posting, number)
    sent = Posting.objects.get(pk=posting.pk)
    world.settle()

    done = Posting.objects.get(pk=posting.pk)
    assert (sent.status, sent.state_label) == ("posted", "Keyed by hand, not read back yet")
    assert (done.status, done.keyed, done.number) == ("confirmed", "verified", number)
    assert (done.state_label, done.is_taken_on_word) == ("Confirmed", False)
    assert len(world.documents("CM")) == 1
    assert not KeyingClaim.objects.exists()
    assert world.open_types() == []


def test_another_number_than_the_erp_has_under_our_key_is_an_exception(world):
    posting = take(world)
    number = key_there(world, posting)

    key(world, posting, "CM-TYPO")
    world.settle()

    row = Posting.objects.get(pk=posting.pk)
    (case,) = Case.objects.exclude(status="resolved")
    assert (row.status, row.open_type) == ("posted", "SILENT_SUCCESS")
    assert row.parked_at is not None
    assert case.facts["found"] == f"Booked as {number}, number {number}, not CM-TYPO"


def test_one_that_is_not_found_counts_on_the_word_of_who_keyed_it_and_says_so(world):
    posting = take(world)

    key(world, posting, "CM-77")
    world.settle(seconds=120)

    row = Posting.objects.get(pk=posting.pk)
    assert (row.status, row.keyed, row.number) == ("confirmed", "word", "CM-77")
    assert row.state_label == "Keyed by hand, not verified"
    assert row.attempt_rows.first().outcome == "keyed"
    assert row.attempt_rows.last().text == (
        "Not found under our key: taken on the word of who keyed it"
    )
    assert world.documents("CM") == []
    assert world.open_types() == []


def test_a_plan_leaves_a_document_alone_while_somebody_keys_it(world):
    posting = take(world)
    Posting.objects.filter(pk=posting.pk).update(plan_hash="facts of yesterday")

    with world.connected():
        planning.plan(rma_id=posting.rma_id, now=world.clock.now)
        kept = list(Posting.objects.filter(kind="credit_memo").values_list("pk", "status"))
        keying.release(posting_id=posting.pk, actor=make_user("finn"), now=world.clock.now)
    due_at = Rma.objects.get().plan_due_at
    world.run()

    assert kept == [(posting.pk, "held")]
    assert due_at == world.clock.now
    assert list(
        Posting.objects.filter(kind="credit_memo").order_by("pk").values_list("status", flat=True)
    ) == ["cancelled", "held"]
    with pytest.raises(errors.InvalidChoice, match="cancel it there"):
        take_again(posting, "finn")


def take_again(posting, name, now=NOW):
    keying.take(posting_id=posting.pk, actor=make_user(name), now=now)


def test_what_the_erp_does_not_take_is_an_exception_of_its_own_type(world):
    posting = take(world)

    with world.connected():
        keying.could_not(
            posting_id=posting.pk,
            reason="item",
            sku="TEE-BLK-M",
            words="Style not on file",
            actor=make_user("finn"),
            now=world.clock.now,
        )
    world.settle()

    row = Posting.objects.get(pk=posting.pk)
    (case,) = Case.objects.exclude(status="resolved")
    assert (row.status, row.number) == ("failed", "")
    assert (case.type, case.facts["sku"]) == ("SKU_UNKNOWN", "TEE-BLK-M")
    assert case.facts["vendor_text"] == "Finn could not key it: Style not on file"
    assert world.documents("CM") == []


# --- one person at a time ----------------------------------------------------------------------


def make_held(**values):
    return factories.PostingFactory(status="held", hold_reason="manual", **values)


def test_a_document_is_one_persons_for_half_an_hour_and_then_anybodys():
    posting = make_held()
    take_again(posting, "finn")

    with pytest.raises(errors.InvalidChoice, match=r"^Finn took it .* 30 minutes"):
        take_again(posting, "fiona", NOW + KEPT_FOR - timedelta(seconds=1))
    assert KeyingClaim.objects.get().person.username == "finn"
    take_again(posting, "fiona", NOW + KEPT_FOR)

    assert KeyingClaim.objects.get().person.username == "fiona"
    assert AuditEntry.objects.filter(act="posting.take").count() == 2


@pytest.mark.parametrize("holder", [None, "fiona"])
def test_who_does_not_have_it_gives_no_number_no_reason_and_nothing_back(holder):
    posting = make_held()
    if holder:
        take_again(posting, holder)
    finn, audited = make_user("finn"), AuditEntry.objects.count()

    for act in (
        lambda: keying.key(posting_id=posting.pk, number="CM-7", actor=finn, now=NOW),
        lambda: keying.release(posting_id=posting.pk, actor=finn, now=NOW),
        lambda: keying.could_not(
            posting_id=posting.pk, reason="period", sku="", words="", actor=finn, now=NOW
        ),
    ):
        with pytest.raises(errors.InvalidChoice):
            act()

    row = Posting.objects.get()
    assert (row.status, row.hold_reason, row.number) == ("held", "manual", "")
    assert AuditEntry.objects.count() == audited
    assert not row.attempt_rows.exists()


def test_a_number_that_stands_with_another_document_is_refused():
    posting = make_held()
    factories.PostingFactory(rma=posting.rma, number="CM-9", key="CM-OLD", sequence=50)
    take_again(posting, "finn")

    with pytest.raises(errors.InvalidChoice, match=r"^CM-9 is the number of CM-OLD of return"):
        keying.key(posting_id=posting.pk, number=" CM-9 ", actor=make_user("finn"), now=NOW)

    assert Posting.objects.get(pk=posting.pk).status == "held"


def test_a_document_waits_for_those_before_it():
    posting = make_held()
    factories.PostingFactory(
        rma=posting.rma, kind="stock_receipt", key="RC-1", sequence=20, status="posted"
    )

    with pytest.raises(errors.InvalidChoice, match="Stock receipt RC-1 comes first and is sent"):
        take_again(posting, "finn")

    assert not KeyingClaim.objects.exists()


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"reason": "nonsense"}, "Choose one of the reasons"),
        ({"reason": "other", "words": "  "}, "Say what the ERP did"),
        ({"reason": "inactive", "sku": "NOT-OF-IT"}, "Choose the SKU"),
    ],
)
def test_a_reason_that_says_nothing_is_refused(answers, words):
    posting = make_held()
    take_again(posting, "finn")

    with pytest.raises(errors.InvalidChoice, match=words):
        keying.could_not(
            posting_id=posting.pk,
            actor=make_user("finn"),
            now=NOW,
            **{"sku": "", "words": "", **answers},
        )

    assert Posting.objects.get().status == "held"
