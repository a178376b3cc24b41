"""One world with something in every room: the rows the screen suite looks at.

What can be driven is driven by the real flow; what would take a week of virtual time is a row.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from exceptions_app.models import (
    Bridge,
    Case,
    Fix,
    FixBatch,
    InboundEvent,
    LastLook,
    MappingImport,
    Posting,
    ReturnFile,
    Rma,
)
from exceptions_app.services import (
    break_glass,
    bulk,
    bulk_freezing,
    bulk_running,
    delegations,
    events,
    fix_batches,
    fix_edits,
    fixes,
    mapping_imports,
    return_files,
    setup,
)
from tests import factories
from tests.browser import screens_messages, screens_teamwork
from tests.cast import make_user
from tests.world import START, Clock, World, make_unit, make_validation, make_world

LONG_NAME = (
    "Organic cotton crew-neck T-shirt with contrast stitching, Aubergine/Midnight, size"
    " 14–16 Petite (replaces AW24-ORGANIC-CREWNECK-AUBERGINE-MIDNIGHT-14-16P)"
)
LONG_SKU = "AW25-ORGANIC-CREWNECK-AUBERGINE-MIDNIGHT-14-16P-REPLACEMENT"
LONG_PERSON = "Anneliese Wolkenstein-Hohenlohe-Schillingsfürst of the Isle of Man and the Wirral"


def build() -> tuple[World, dict[str, int]]:
    """The world, and the ids the addresses need."""
    # A little later than the rows that are not driven.
    world = make_world(clock=Clock(factories.NOW + timedelta(minutes=5)))
    _unknown_skus(world)
    _troubles(world)
    world.carry()
    rows = _changes_under_way(world) | _two_person_control(world)
    _strange_messages(world)
    rows |= _rows_of_other_currencies(world)
    rows |= {
        "bridge": world.bridge.pk,
        "person": make_user("cleo").pk,
        "import": _wrong_file(world),
        "applied_import": _applied_file(world),
        **_return_files(world),
        **_exchanged_files(),
        **screens_messages.messages(),
        "connection": world.bridge.source_id,
        "erp": _confirmed(world),
        "rma": Rma.objects.get(external_id="5010").pk,
        "stuck_rma": Rma.objects.get(external_id="5001").pk,
        "posting": Posting.objects.filter(status="confirmed", kind="credit_memo").first().pk,
        "difference": Case.objects.get(rma__external_id="5011", type="REFUND_CM_MISMATCH").pk,
        "acceptance": _acceptances(world),
        "event": InboundEvent.objects.filter(state="processed").first().pk,
        "parked_event": InboundEvent.objects.exclude(state__in=("processed", "quiet")).first().pk,
    }
    return world, rows | _acts_on_many(world, rows["fix"]) | screens_teamwork.teamwork()


def _unknown_skus(world: World) -> None:
    for number in range(1, 7):
        world.add_order(f"SO-{number}")
        sku = LONG_SKU if number > 4 else "TEE-BLAK-M"
        world.add_return(
            f"500{number}",
            order_name=f"SO-{number}",
            items=[make_unit(f"500{number}-1", sku=sku, name=LONG_NAME)],
            customer={"name": LONG_PERSON, "email": f"customer{number}@example.com"},
        )


def _troubles(world: World) -> None:
    world.add_order("SO-10")
    world.add_return("5010", order_name="SO-10")
    world.add_order("SO-11")
    world.add_return("5011", order_name="SO-11", refunded=Decimal("23.20"))
    world.add_order("SO-12")
    nowhere = make_validation(store_location_id="Pop-up shop, third floor, Princes Street")
    world.add_return("5012", order_name="SO-12", items=[make_unit("5012-1", validation=nowhere)])
    world.add_order("SO-13")
    world.add_return(
        "5013", order_name="SO-13", items=[make_unit("5013-1", reason="Changed my mind")]
    )
    world.add_return("5014", order_name="NO-SUCH-ORDER")
    world.add_order("SO-15")
    world.add_return("5015", order_name="SO-15", status="Somewhere")


def _changes_under_way(world: World) -> dict[str, int]:
    """One change that waits for a second person, and one that is held and can be taken back."""
    mira, mona = make_user("mira"), make_user("mona")
    LastLook.objects.create(
        user=mira, page="case-list", team="merchandising", entry=0, seen_at=START
    )
    asked = Case.objects.filter(type="SKU_UNKNOWN", group__title__contains=LONG_SKU).first()
    held = Case.objects.filter(type="SKU_UNKNOWN", group__title__contains="TEE-BLAK-M").first()
    common: dict[str, Any] = {"kind": "sku_alias", "bridge": world.bridge, "actor": mira}
    waiting = fixes.request(
        **common,
        now=world.clock.now,
        payload={"sku": "TEE-BLK-L"},
        case=asked,
        source_value=LONG_SKU,
        note="The feed carries the name of last year's article.",
    )
    other = fixes.request(
        **common,
        now=world.clock.now,
        payload={"sku": "TEE-BLK-M"},
        case=held,
        source_value="TEE-BLAK-M",
    )
    fixes.approve(fix_id=other.pk, seen_hash=other.payload_hash, actor=mona, now=world.clock.now)
    Fix.objects.filter(pk=other.pk).update(hold_until=world.clock.now + timedelta(days=1))
    return {"case": asked.pk, "group": asked.group_id, "fix": waiting.pk, "held_fix": other.pk}


def _two_person_control(world: World) -> dict[str, int]:
    """An edit that voided an approval, a batch, an act of one alone, and a delegate."""
    finn, fiona, now = make_user("finn"), make_user("fiona"), world.clock.now
    frank, ada = make_user("frank", "finance"), make_user("ada")
    delegations.name(
        actor=frank, delegate=fiona, starts_at=now, ends_at=now + timedelta(days=9), now=now
    )
    case = Case.objects.get(rma__external_id="5011", type="REFUND_CM_MISMATCH")
    edited = fixes.request(
        kind="correct_credit",
        bridge=world.bridge,
        actor=finn,
        now=now,
        payload={"adjustment": "603.20"},
        case=case,
        rma=case.rma,
        reason_code="platform_error",
    )
    fixes.approve(fix_id=edited.pk, seen_hash=edited.payload_hash, actor=frank, now=now)
    fix_edits.edit(
        fix_id=edited.pk,
        seen_hash=edited.payload_hash,
        payload={"adjustment": "3.20"},
        actor=finn,
        now=now,
        why="A digit too many.",
    )
    words = [
        fixes.request(
            kind="vat",
            bridge=world.bridge,
            actor=finn,
            now=now,
            payload={"treatment": "exempt"},
            source_value=f"Reverse charge {name}",
        )
        for name in ("A", "B", "C")
    ]
    alone = words.pop()
    break_glass.use(
        fix_id=alone.pk,
        seen_hash=alone.payload_hash,
        actor=ada,
        now=now,
        reason="Nobody of finance could be reached before the window shut.",
    )
    asked = [(fix.pk, fix.payload_hash) for fix in words]
    done = fix_batches.approve(asked=asked, actor=fiona, now=now)
    later = now + timedelta(days=1)
    Fix.objects.filter(batch=done.batch).update(hold_until=later)
    FixBatch.objects.update(hold_until=later)
    return {"edited_fix": edited.pk, "alone_fix": alone.pk, "fix_batch": done.batch.pk}


def _acts_on_many(world: World, fix_id: int) -> dict[str, int]:
    """One that asks, one of which all was refused, one tried on history, and a window."""
    finn, mira, now = make_user("finn"), make_user("mira"), world.clock.now
    cases = Case.objects.exclude(status="resolved")
    draft = bulk_freezing.freeze(
        kind="close", cases=cases, actor=finn, now=now, back="/exceptions/?view=list"
    )
    unlike = cases.filter(type="SKU_UNKNOWN")
    refused = bulk_freezing.freeze(kind="accept", cases=unlike, actor=finn, now=now)
    given = {"reason_code": "platform_error", "note": "", "until": ""}
    bulk.start(bulk_id=refused.pk, given=given, actor=finn, now=now)
    fix = Fix.objects.select_related("bridge").get(pk=fix_id)
    tried = bulk_freezing.freeze_history(fix=fix, days=90, actor=mira, now=now)
    bulk.start(bulk_id=tried.pk, given={}, actor=mira, now=now)
    while bulk_running.run_next(now=now):
        pass
    window = bulk_freezing.freeze_window(
        bridge=world.bridge,
        kind="",
        since=now - timedelta(days=30),
        until=now + timedelta(days=1),
        per_minute=60,
        actor=finn,
        now=now,
        words="Alder UK, all documents",
    )
    return {
        "draft_bulk": draft.pk,
        "done_bulk": refused.pk,
        "tried_bulk": tried.pk,
        "window_bulk": window.pk,
    }


def _acceptances(world: World) -> int:
    """One in force, one whose owner left, and one that grew."""
    rma = Rma.objects.get(external_id="5014")
    finn, gone = make_user("finn"), make_user("otto")
    given = {"fix__rma": rma, "fix__requested_by": finn}
    ended = "Accepted £4.10 by Finn until 16 Jun 2026, cap £5.00; now £7.20"
    factories.AcceptanceFactory(**given, state="grown", ended_text=ended, ended_at=factories.NOW)
    factories.AcceptanceFactory(**given, owner=gone, difference=Decimal("-3.20"), cap=None)
    return factories.AcceptanceFactory(**given).pk


def _confirmed(world: World) -> int:
    """The ERP's connection, one write of which somebody has confirmed."""
    erp = world.bridge.erp
    setup.confirm_operation(
        connection_id=erp.pk,
        operation="create_credit_memo",
        evidence="Test of 3 May with the ERP team, page 12 of their specification",
        actor=make_user("ines"),
        now=world.clock.now,
    )
    return erp.pk


def _wrong_file(world: World) -> int:
    """A file of two mappings, one of them wrong: it can only be looked at."""
    rows = [("TEE-BLK-MM", "TEE-BLK-M", "typo"), ("X", "NO-SUCH", "")]
    return _checked(world, rows).pk


def _applied_file(world: World) -> int:
    """A file that is in force and can be taken back."""
    found = _checked(world, [("TEE-BLK-OF-LAST-YEAR", "TEE-BLK-M", "typo")])
    mapping_imports.apply(import_id=found.pk, actor=make_user("ada"), now=world.clock.now)
    return found.pk


def _checked(world: World, rows: list[tuple[str, ...]]) -> MappingImport:
    heads = ("value", "sku", "reason")
    return mapping_imports.check(
        bridge=world.bridge,
        kind="sku_alias",
        file_name="skus.csv",
        content="\n".join(",".join(row) for row in [heads, *rows]).encode(),
        reason="From the feed",
        actor=make_user("ada"),
        now=world.clock.now,
    )


def _exchanged_files() -> dict[str, int]:
    """One file that left and was answered in part, and one that came and was set aside."""
    depot = factories.ErpFactory(name="Depot", code="depot", kind="file_exchange")
    posting = Posting.objects.filter(status="confirmed", kind="credit_memo").first()
    answered = factories.ExchangeBatchFactory(
        connection=depot,
        number=17,
        state="overdue",
        documents=3,
        units=3,
        sums=[{"currency": "GBP", "amount": "60.00"}],
        text="2 of 3 checked so far.",
    )
    refusal = f"SKU {LONG_SKU} is not known to the depot; send its description first."
    lines: tuple[dict[str, Any], ...] = (
        {"posting": posting, "result": "accepted", "number": "CN-100441"},
        {"result": "rejected", "code": "unknown_item", "field": "sku", "text": refusal},
        {"result": ""},
    )
    for number, values in enumerate(lines, start=1):
        answered.lines.create(
            connection=depot,
            line_no=number,
            key=f"CM-depot-{number}",
            units=1,
            gross=Decimal("20.00"),
            currency="GBP",
            answered_at=factories.NOW if values["result"] else None,
            **values,
        )
    factories.ExchangeBatchFactory(connection=depot, number=18, state="posted", sums=[])
    factories.ExchangeFileFactory(connection=depot, state="read", why="", told={"arrivals": 2})
    aside = factories.ExchangeFileFactory(connection=depot, kinds=["arrivals"])
    return {"batch": answered.pk, "came_file": aside.pk}


def _return_files(world: World) -> dict[str, int]:
    """One export as it came, one with wrong rows, and one that was taken in."""
    heads = "Transaction ID,Order,State,Created at,SKU,Quantity,Price,Customer email,Status"
    right = f"R-1,SO-9001,Shipped,20/05/2026,{LONG_SKU},2,36.00,a@example.com,"
    wrong = "R-2,SO-9002,Shipped,31/02/2026,=1+1,none,36.00,b@example.com,Accepted"
    ines, now = make_user("ines"), world.clock.now

    def kept(*lines: str) -> ReturnFile:
        return return_files.keep(
            connection=world.bridge.source,
            file_name="transactions-of-the-last-quarter-as-exported-from-the-dashboard.csv",
            content="\n".join([heads, *lines]).encode(),
            actor=ines,
            now=now,
        )

    def chosen(*lines: str) -> ReturnFile:
        found = kept(*lines)
        writing = {"date_order": "dmy", "decimal_sign": ".", "currency": "GBP"}
        return return_files.choose(file_id=found.pk, columns=found.columns, writing=writing)

    taken = chosen(right)
    return_files.take(
        file_id=taken.pk,
        seen=return_files.stamp(taken),
        leaves_out_wrong=False,
        actor=ines,
        now=now,
    )
    return_files.take_next(now=now)
    return {
        "fresh_return_file": kept(right).pk,
        "wrong_return_file": chosen(right, wrong).pk,
        "taken_return_file": taken.pk,
    }


def _strange_messages(world: World) -> None:
    events.receive(
        connection=world.bridge.source,
        external_id="early-4999",
        topic="REFUND_CREATED",
        body=b'{"eventName": "REFUND_CREATED", "data": {"rmaId": "4999"}}',
        subject_id="4999",
        origin="webhook",
        now=world.clock.now,
    )
    factories.InboundEventFactory(
        connection=world.bridge.source, state="parked", body=b"{broken", topic=""
    )


def _rows_of_other_currencies(world: World) -> dict[str, int]:
    """Documents that failed, wait and are unknown, in four currencies, at a bridge of long name."""
    erp = factories.ErpFactory(name="BlueCherry, Continental Europe and Gulf Cooperation Council")
    factories.HealthFactory(connection=erp, state="open", reason="The API key was refused (401).")
    factories.BudgetFactory(connection=erp, daily_limit=100, calls_today=99)
    bridge = factories.BridgeFactory(
        name="Alder International Wholesale & Concessions",
        source=factories.ConnectionFactory(name="ReturnGO, wholesale"),
        erp=erp,
        currency="EUR",
    )
    states = (
        ("EUR", "failed", {}),
        ("JPY", "unconfirmed", {}),
        ("KWD", "held", {"hold_reason": "manual"}),
        ("USD", "held", {"hold_reason": "run"}),
        ("GBP", "blocked", {}),
    )
    found = {}
    for number, (currency, status, values) in enumerate(states):
        rma = factories.RmaFactory(
            bridge=bridge, currency=currency, customer_name=LONG_PERSON, external_id=f"8{number:04}"
        )
        factories.RmaLineFactory(rma=rma, sku=LONG_SKU, name=LONG_NAME, quantity=number + 1)
        posting = factories.PostingFactory(
            rma=rma, status=status, currency=currency, gross=Decimal(1234 + number), **values
        )
        if status == "failed":
            factories.PostingAttemptFactory(
                posting=posting, outcome="rejected", text="Credit run is in use by another user"
            )
        group = factories.CauseGroupFactory(bridge=bridge, type="CM_REJECTED", title=LONG_NAME)
        case = factories.CaseFactory(
            rma=rma, group=group, team="finance", currency=currency, value=Decimal(1234 + number)
        )
        found |= {f"{status}_posting": posting.pk, f"{currency.lower()}_case": case.pk}
    found["usd_bridge"] = bridge.pk
    found["run"] = factories.CreditRunFactory(bridge=bridge).pk
    found["manual_posting"] = Posting.objects.get(hold_reason="manual").pk
    Bridge.objects.filter(pk=bridge.pk).update(closed_periods=["2026-04"])
    return found
