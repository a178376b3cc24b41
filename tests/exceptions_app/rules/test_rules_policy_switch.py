"""A policy that changes in the middle of a return: whatever happens in which order, nothing is lost
and nothing doubled. Units and money in are what was posted and what is still open."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from exceptions_app.rules import planning
from exceptions_app.rules.erp_facts import ErpReceiptFact, ErpReceiptLineFact
from exceptions_app.rules.facts import FeeTarget, RmaFacts
from exceptions_app.rules.policy import PRESETS, parse
from tests.exceptions_app.rules import make

UNITS = 3
PRICE = Decimal("60.00")
POLICIES = {
    code: replace(parse(preset.policy), note_to_platform=False) for code, preset in PRESETS.items()
}
MAPPINGS = make.make_mappings()
MAPPINGS = replace(
    MAPPINGS,
    disposition={**MAPPINGS.disposition, "place:qa": "quarantine"},
    fee={**MAPPINGS.fee, "tender:card": FeeTarget("refund", "CARD")},
)


@dataclass
class Story:
    """One return on its way; `facts` are what is known, postings that left included."""

    facts: RmaFacts
    left: list = field(default_factory=list)

    def switch(self, code: str) -> None:
        self._set(policy=POLICIES[code])

    def arrive(self) -> None:
        self._set(logistics="received", received_at=make.NOW - timedelta(hours=3))

    def grade(self, word: str) -> None:
        line = self.facts.lines[0]
        if not line.disposition:
            at = make.NOW - timedelta(hours=2)
            self._set(lines=(replace(line, disposition=word, disposition_at=at),))

    def refund(self) -> None:
        self._set(refunds=(make.make_refund(str(PRICE * UNITS), processor="Card"),))

    def check_in(self, units: int) -> None:
        """The ERP's staff receive what is not in stock yet, where the policy leaves it to them."""
        units = min(units, UNITS - self.booked())
        if units > 0 and self.facts.policy.stock_trigger == "erp_receipt":
            receipts = self.facts.erp_receipts
            name = f"GRN-{len(receipts) + 1}"
            lines = (ErpReceiptLineFact("JEANS-32", units, "QA"),)
            added = ErpReceiptFact(name, "WH1", make.NOW - timedelta(hours=1), lines, name)
            self._set(erp_receipts=(*receipts, added))

    def send(self) -> bool:
        """Let the first document leave that may, and be confirmed; False when none may."""
        plan = planning.plan(self.facts)
        blocked = {kind for finding in plan.findings for kind in finding.blocks}
        sent = {row.slot for row in self.left}
        for row in plan.postings:
            if row.slot in sent:
                continue
            if row.kind in blocked:
                return False
            posting = make.make_posting(
                row.slot,
                row.draft,
                id=len(self.left) + 1,
                key=f"K-{len(self.left) + 1}",
                first_bucket=self.facts.policy.first_bucket,
            )
            self.left.append(posting)
            self._set(postings=tuple(self.left))
            return True
        return False

    def finish(self) -> None:
        """All that can happen to it happens."""
        self.arrive()
        self.grade("restockable")
        self.refund()
        self.check_in(UNITS)
        while self.send():
            pass

    def booked(self) -> int:
        ours = sum(row.units for row in self.left if row.kind == "stock_receipt")
        theirs = sum(line.quantity for receipt in self.facts.erp_receipts for line in receipt.lines)
        return ours + theirs

    def moved(self) -> int:
        return sum(row.units for row in self.left if row.kind in {"stock_move", "write_off"})

    def in_first_bucket(self) -> int:
        """Units that came into quarantine for the time being."""
        rows = [row for row in self.left if row.kind == "stock_receipt"]
        lines = [line for row in rows if row.draft for line in row.draft.lines]
        first = sum(line.quantity for line in lines if line.bucket == "quarantine")
        return first + self.booked() - sum(row.units for row in rows)

    def money(self, kind: str) -> Decimal:
        return sum((row.gross for row in self.left if row.kind == kind), Decimal(0))

    def _set(self, **changes) -> None:
        self.facts = replace(self.facts, **changes)


def new_story(code: str) -> Story:
    line = make.make_line(quantity=UNITS, disposition="", disposition_at=None)
    sold = make.make_order_line(quantity=UNITS, net="150.00", tax="30.00")
    return Story(
        make.make_facts(
            line,
            refunds=(),
            order=make.make_order(sold),
            mappings=MAPPINGS,
            policy=POLICIES[code],
            logistics="expected",
            received_at=None,
        )
    )


codes = st.sampled_from(sorted(POLICIES))
# Sending as often as all that is new together, so that much has left when a policy changes.
events = st.lists(
    st.sampled_from(
        [
            *(("switch", code) for code in sorted(POLICIES)),
            *(("check_in", units) for units in range(1, UNITS + 1)),
            ("grade", "restockable"),
            ("grade", "restockable"),
            ("grade", "not_restockable/torn"),
            ("arrive",),
            ("refund",),
            *[("send",)] * 13,
        ]
    ),
    min_size=2,
    max_size=16,
)


@settings(max_examples=250, deadline=None)
@given(first=codes, last=codes, events=events)
def test_nothing_is_lost_or_doubled_when_the_policy_changes_in_the_middle(first, last, events):
    story = new_story(first)
    for name, *values in events:
        getattr(story, name)(*values)
        assert story.booked() <= UNITS
        assert story.moved() <= UNITS
        assert story.money("credit_memo") <= PRICE * UNITS
    story.switch(last)
    story.finish()

    plan = planning.plan(story.facts)

    assert plan.findings == ()
    assert story.booked() == UNITS
    assert story.money("credit_memo") == PRICE * UNITS
    # What lies in quarantine for the time being goes on; what is damaged is written off.
    is_torn = story.facts.lines[0].disposition != "restockable"
    assert story.moved() == (UNITS if is_torn else story.in_first_bucket())
    assert story.money("refund_record") in {Decimal(0), PRICE * UNITS}
    assert bool(story.money("refund_record")) >= story.facts.policy.record_refund
