"""The counts of what is open equal what is open, whatever is done and whenever they are folded."""

import random
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.db import connection as database
from django.db.models import Sum

from exceptions_app.choices import CASE_OPEN, POSTING_OPEN, SEVERITY_RANK, Severity
from exceptions_app.models import BehindCount, Case, CaseCount, Posting, PostingCount, Rma
from exceptions_app.models.cases import to_do
from exceptions_app.selectors import causes, documents
from exceptions_app.selectors.counts import Scope
from exceptions_app.services import counts
from tests.cast import make_user
from tests.factories import NOW, CaseFactory, CauseGroupFactory, PostingFactory, RmaFactory

KEY = (
    "group_id",
    "type",
    "team",
    "severity_rank",
    "bridge_id",
    "assignee_id",
    "currency",
    "is_unpaid",
)


SUMS = ("count", "returns", "units", "total", "refund_more", "credit_more")
AMOUNTS = {"1.5": Decimal("1.5"), "-2": Decimal(-2), "about 3": 0, "0": 0}


def _truth(**said):
    """What the exceptions themselves say, by key, in the order of SUMS."""
    found = {}
    for case in Case.objects.filter(status__in=CASE_OPEN, **said):
        key = tuple(getattr(case, name) for name in KEY)
        more = AMOUNTS[case.facts["difference"]] if case.type == "REFUND_CM_MISMATCH" else 0
        own = (
            1,
            case.rma_id is not None,
            {"4": 4}.get(case.facts["units"], 0),
            case.value,
            max(more, 0),
            min(more, 0),
        )
        known = found.get(key, (0,) * len(SUMS))
        found[key] = tuple(one + other for one, other in zip(known, own, strict=True))
    return found


def _waits():
    return _truth(behind__isnull=False)


def _kept(counted=CaseCount):
    rows = counted.objects.order_by().values(*KEY)
    sums = rows.annotate(**{f"all_{name}": Sum(name) for name in SUMS})
    told = {
        tuple(row[name] for name in KEY): tuple(row[f"all_{name}"] for name in SUMS) for row in sums
    }
    return {key: found for key, found in told.items() if any(found)}


class _Desk:
    """Random acts on a few returns and causes, each as one statement or a row at a time."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.people = [make_user("mira"), make_user("mona"), None]
        types = ("REFUND_CM_MISMATCH", "SKU_UNKNOWN") * 2
        self.groups = [CauseGroupFactory(type=kind) for kind in types]
        bridge = self.groups[0].bridge
        self.rmas = [RmaFactory(bridge=bridge, money=money) for money in ("none", "confirmed") * 3]

    def act(self):
        acts = (
            self.open,
            self.open,
            self.change_one,
            self.change_many,
            self.pay,
            self.delete,
            counts.fold,
        )
        self.random.choice(acts)()

    def open(self):
        pick = self.random.choice
        group = pick(self.groups)
        values = {"rma": pick(self.rmas)} if self.random.random() < 0.8 else {"rma": None}
        built = [
            CaseFactory.build(
                **values,
                group=group,
                bridge=group.bridge,
                severity=pick(Severity.values),
                team=pick(["cx", "finance"]),
                currency=pick(["GBP", "EUR"]),
                value=Decimal(self.random.randrange(9)),
                opened_at=NOW - timedelta(minutes=self.random.randrange(99)),
                due_at=NOW - timedelta(minutes=self.random.randrange(3)),
                snoozed_until=pick([None, None, NOW, NOW + timedelta(hours=1)]),
                assignee=pick(self.people),
                status=pick(["open", "open", "resolved"]),
                behind=pick([None, self._some(1).first()]),
                facts=self._facts(),
            )
            for _ in range(self.random.randrange(1, 4))
        ]
        Case.objects.bulk_create(built)

    def change_one(self):
        case = self._some(1).first()
        if case is not None:
            for name, value in self._change().items():
                setattr(case, name, value)
            case.save()

    def change_many(self):
        self._some(9).update(**self._change())

    def pay(self):
        rmas = Rma.objects.filter(pk=self.random.choice(self.rmas).pk)
        rmas.update(money=self.random.choice(["none", "confirmed"]))

    def delete(self):
        self._some(1).delete()

    def _some(self, number):
        pks = list(Case.objects.values_list("pk", flat=True))
        chosen = self.random.sample(pks, min(number, len(pks)))
        return Case.objects.filter(pk__in=chosen)

    def _facts(self):
        pick = self.random.choice
        return {"difference": pick(list(AMOUNTS)), "units": pick(["4", "some"]), "sku": "MUG"}

    def _change(self):
        pick = self.random.choice
        severity = pick(Severity.values)
        return pick(
            [
                {"status": pick(["open", "resolved", "waiting"])},
                {"assignee": pick(self.people)},
                {"team": pick(["cx", "finance"])},
                {"severity": severity, "severity_rank": SEVERITY_RANK[severity]},
                {"value": Decimal(self.random.randrange(9)), "seen_at": NOW},
                {"group": pick(self.groups)},
                {"rma": pick(self.rmas)},
                {"snoozed_until": pick([None, NOW + timedelta(hours=1)])},
                {"facts": self._facts()},
                {"behind": self._some(1).first()},
                {"behind": None},
            ]
        )


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [1, 2])
def test_the_counts_equal_what_is_open_whatever_is_done_and_whenever_they_are_folded(seed):
    desk = _Desk(seed)
    for step in range(120):
        desk.act()
        if step % 6 == 0:
            assert (_kept(), _kept(BehindCount)) == (_truth(), _waits())
    counts.fold()
    assert (_kept(), _kept(BehindCount)) == (_truth(), _waits())
    assert len(_waits()) > 3
    assert CaseCount.objects.count() == len(_truth())
    assert BehindCount.objects.count() == len(_waits())
    assert counts.fold() == 0
    counts.recount()
    assert (_kept(), _kept(BehindCount)) == (_truth(), _waits())


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [3, 4])
def test_causes_read_from_the_counts_are_those_of_the_exceptions_themselves(seed):
    desk = _Desk(seed)
    mira = desk.people[0].pk
    for _ in range(60):
        desk.act()

    for asked, said in (
        ({}, {}),
        ({"team": "cx"}, {"team": "cx"}),
        ({"severities": ("high",)}, {"severity": "high"}),
        ({"severities": ("high", "low")}, {"severity__in": ["high", "low"]}),
        ({"assignee": mira}, {"assignee": mira}),
        ({"assignee": 0}, {"assignee": None}),
        (
            {"group": desk.groups[1].pk, "types": (desk.groups[1].type,)},
            {"group": desk.groups[1], "type": desk.groups[1].type},
        ),
        ({"bridge": desk.groups[2].bridge.code}, {"bridge": desk.groups[2].bridge}),
        ({"types": ("NO_SUCH",)}, {"type": "NO_SUCH"}),
    ):
        rows = Case.objects.filter(to_do(NOW), status__in=CASE_OPEN, **said)
        told, summed = _pages(Scope(NOW, **asked), rows)

        assert told == summed, asked
        oldest = {row.pk: rows.filter(group=row.pk).earliest("opened_at", "pk").pk for row in told}
        first = causes.counted(Scope(NOW, **asked)).rows
        assert {row.pk: row.first for row in first} == oldest


def _pages(scope, rows):
    """Every cause read both ways, two to a page there and back; which is the oldest aside."""
    found = []
    for wanted in (scope, None):
        pages, cursor = [], ""
        while True:
            page = causes.page(rows, cursor=cursor, size=2, scope=wanted)
            pages.append(page)
            cursor = page.older
            if not cursor:
                break
        back = causes.page(rows, cursor=pages[-1].newer, size=2, scope=wanted)
        whole = [row for page in (*pages, back) for row in page.rows]
        found.append([replace(row, first=0) for row in whole])
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [5, 6])
def test_open_documents_in_sums_are_those_of_the_documents_themselves(seed):
    pick = random.Random(seed).choice
    rma = RmaFactory()
    first = PostingFactory(rma=rma)
    for step in range(90):
        row = PostingFactory.build(
            rma=rma,
            bridge=rma.bridge,
            connection=first.connection,
            kind=pick(["credit_memo", "stock_receipt"]),
            gross=Decimal(step),
            units=step,
            created_at=NOW - timedelta(minutes=pick(range(9))),
        )
        row.status, row.hold_reason = "cancelled", ""
        row.save()
        _change_documents(pick)
        if step % 9 == 0:
            counts.fold()

    told = {
        (row.kind, row.status, row.hold_reason, row.currency, row.is_in_trouble): (
            row.count,
            row.total,
            row.oldest,
            row.until,
        )
        for row in documents.in_sums()
    }

    truth = {}
    for row in Posting.objects.filter(status__in=POSTING_OPEN):
        key = (row.kind, row.status, row.hold_reason, row.currency, row.open_type != "")
        truth.setdefault(key, []).append(row)
    assert len(truth) > 10
    assert told == {
        key: (
            len(rows),
            sum(row.gross for row in rows),
            min(row.created_at for row in rows),
            min((row.hold_until for row in rows if row.hold_until), default=None),
        )
        for key, rows in truth.items()
    }
    units = PostingCount.objects.aggregate(whole=Sum("units"))["whole"]
    assert units == sum(row.units for rows in truth.values() for row in rows)


def _change_documents(pick):
    pks = list(Posting.objects.values_list("pk", flat=True))
    some = Posting.objects.filter(pk__in=[pick(pks) for _ in range(3)])
    status = pick(["planned", "held", "ready", "posted", "failed", "confirmed"])
    change = pick(
        [
            {"status": status},
            {"hold_reason": pick(["run", "window"]), "hold_until": NOW},
            {"open_type": pick(["", "SKU_UNKNOWN"])},
            {"currency": pick(["GBP", "EUR"])},
            {"gross": Decimal(pick(range(9))), "attempts": 2},
        ]
    )
    # A slot of a return is taken once.
    for row in some:
        Posting.objects.filter(pk=row.pk).update(**change, slot=f"slot:{row.pk}")
    if pick(range(9)) == 0:
        Posting.objects.filter(pk=pick(pks)).delete()


@pytest.mark.django_db
def test_a_change_that_the_counts_do_not_tell_apart_writes_nothing():
    case = CaseFactory()
    before = CaseCount.objects.count()

    case.seen_at, case.status, case.title = NOW + timedelta(days=1), "waiting", "Other words"
    case.save()

    assert CaseCount.objects.count() == before


@pytest.mark.django_db
def test_counts_that_were_lost_are_written_anew():
    first, second = CaseFactory.create_batch(2, facts={"units": "4"})
    Case.objects.filter(pk=second.pk).update(behind=first)
    truth, waits = _truth(), _waits()
    for counted in (CaseCount, BehindCount):
        counted.objects.all().delete()
        counted.objects.create(
            group_id=1, type="x", team="cx", severity_rank=1, count=9, returns=9, total=9,
            currency="", is_unpaid=False,
        )  # fmt: skip

    call_command("recount", verbosity=0)

    assert (_kept(), _kept(BehindCount)) == (truth, waits)
    assert (len(truth), len(waits)) == (2, 1)


# --- Several connections -----------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_a_fold_and_one_that_is_killed_loses_nothing():
    facts = {"units": "4"}
    case, other = CaseFactory(facts=facts), CaseFactory(facts=facts, status="resolved")
    Case.objects.filter(pk=case.pk).update(team="cx")
    Case.objects.filter(pk=case.pk).update(team="finance")
    rows = CaseCount.objects.count()
    with closing(database.copy()) as second:
        second.set_autocommit(False)
        with second.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
            # A change on its way, of a row that the fold does not see.
            cursor.execute(
                "UPDATE exceptions_app_case SET status = 'open' WHERE id = %s", [other.pk]
            )
            # Another fold on its way holds the lock, so ours goes home without waiting.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('exceptions_app_casecount'))")
            assert counts.fold() == 0
            cursor.execute("DELETE FROM exceptions_app_casecount")
            assert CaseCount.objects.count() == rows
            # A change is counted at once, although all rows are locked.
            Case.objects.filter(pk=case.pk).update(value=Decimal(3))
            assert _kept() == _truth()
            with database.cursor() as killer:
                killer.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            with pytest.raises(OperationalError):
                cursor.execute("SELECT 1")

    assert _kept() == _truth()
    assert counts.fold() == rows + 2
    assert _kept() == _truth()
    assert [row.count for row in CaseCount.objects.all()] == [1]
