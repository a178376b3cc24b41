"""How the NetSuite-like twin makes one record from another, and what it checks then.

Lines are copied from the source; with `?replace=item` the document holds exactly those that were
sent, without it lines that were sent come on top, or change the copied line they name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.sandbox import netsuite_checks as checks
from connectors.sandbox.netsuite_lines import LineMaker
from connectors.sandbox.netsuite_records import KINDS, ZERO, Line, Transaction
from connectors.sandbox.netsuite_store import Store

Body = Mapping[str, Any]

TRANSFORMS = {
    ("salesorder", "invoice"),
    ("salesorder", "cashsale"),
    ("salesorder", "returnauthorization"),
    ("invoice", "returnauthorization"),
    ("cashsale", "returnauthorization"),
    ("returnauthorization", "itemreceipt"),
    ("returnauthorization", "creditmemo"),
    ("returnauthorization", "cashrefund"),
    ("invoice", "creditmemo"),
    ("cashsale", "cashrefund"),
    ("creditmemo", "customerrefund"),
}
_UNPOSTED = frozenset({"salesorder", "returnauthorization"})


class Documents:
    """Every record made here, by anyone."""

    def __init__(self, store: Store, switches: Mapping[str, Any]) -> None:
        self._store = store
        self._switches = switches
        self._checks = checks.Checks(store)
        self._lines = LineMaker(store, switches, self._checks)
        self.made: list[int] = []

    def transform(
        self,
        source: Transaction,
        kind: str,
        content: Body,
        *,
        replaced: Collection[str],
        at: datetime,
    ) -> Transaction:
        """Raises checks.Refused."""
        if (source.kind, kind) not in TRANSFORMS:
            raise checks.business(f"A {source.kind} cannot be transformed into a {kind}.")
        made = self._new(kind, content, source, at=at)
        match kind:
            case "returnauthorization":
                self._authorise(made, source, content, replaced)
            case "itemreceipt":
                self._receive(made, source, content, replaced)
            case "customerrefund":
                self._refund(made, source, content)
            case "invoice" | "cashsale":
                self._bill(made, source, content, replaced)
            case _:
                self._credit(made, source, content, replaced)
        return self._keep(made, source)

    def insert(self, kind: str, content: Body, *, at: datetime) -> Transaction:
        """A record made from no other; raises checks.Refused."""
        made = self._new(kind, content, None, at=at)
        match kind:
            case "inventoryadjustment":
                self._adjust(made, content)
            case "inventorytransfer":
                self._transfer(made, content)
            case "salesorder":
                self._sell(made, content)
            case _:
                raise checks.business(f"A {kind} is made by a transform here.")
        return self._keep(made, None)

    def change(self, found: Transaction, content: Body) -> None:
        """What a PATCH may change: memo, otherRefNum, and an authorisation's status."""
        found.memo = str(content.get("memo", found.memo))
        found.other_ref = str(content.get("otherrefnum", found.other_ref))
        status = self._store.reference("status", content.get("orderstatus"))
        if status and found.kind == "returnauthorization" and found.status in ("A", "B"):
            found.status = status
        self._store.reflection.transaction(found)

    # --- the parts of a record ----------------------------------------------------------------

    def _new(
        self, kind: str, content: Body, source: Transaction | None, *, at: datetime
    ) -> Transaction:
        external_id = str(content.get("externalid") or "")
        if external_id and self._store.find(kind, f"eid:{external_id}") is not None:
            raise checks.business(f"This record already exists: {external_id}.")
        day = self._checks.day(content, at.date(), is_posting=kind not in _UNPOSTED)
        subsidiary = source.subsidiary if source else ""
        if not subsidiary:
            subsidiary = self._store.reference("subsidiary", content.get("subsidiary"))
        location = self._checks.location(content.get("location"), subsidiary, "location")
        return Transaction(
            id=self._store.next_id(),
            kind=kind,
            number="",
            created_at=at,
            day=day,
            entity=source.entity if source else "",
            subsidiary=subsidiary,
            currency=source.currency if source else "GBP",
            lines=[],
            external_id=external_id,
            other_ref=str(content.get("otherrefnum") or ""),
            memo=str(content.get("memo") or ""),
            location=location or (source.location if source else ""),
            source=source.id if source else 0,
            sent=dict(content),
        )

    def _keep(self, made: Transaction, source: Transaction | None) -> Transaction:
        prefix = KINDS[made.kind][2]
        made.number = f"{prefix}{made.id}"
        self._store.keep(made)
        self.made.append(made.id)
        if source is not None:
            self._store.reflection.transaction(source)
        if self._switches["edit_after_post"] == "amount" and made.lines:
            made.lines[0].amount += 1
            self._store.reflection.transaction(made)
        return made

    def _authorise(
        self, made: Transaction, source: Transaction, content: Body, replaced: Collection[str]
    ) -> None:
        made.status = self._store.reference("status", content.get("orderstatus")) or "A"
        returned = self._returned(source)
        for origin, row, path in self._lines.pairs(source, content, replaced, returned):
            left = ZERO if origin is None else origin.quantity - returned.get(origin.number, ZERO)
            line = self._lines.line(made, origin, row, path, left)
            made.lines.append(line)
            if origin is not None:
                made.lines.extend(self._members(source, origin, line))
        _number_lines(made)
        self._lines.add_details(made, content)

    def _returned(self, source: Transaction) -> dict[int, Decimal]:
        """Units of the source's lines that authorisations not cancelled hold already."""
        found: dict[int, Decimal] = {}
        for each in self._store.made_from(source.id, "returnauthorization"):
            for line in each.lines if each.status != "C" else ():
                held = found.get(line.source_line, ZERO)
                found[line.source_line] = held + line.quantity
        return found

    def _line_of(self, source: Transaction, made: Line) -> Line:
        return next(line for line in source.lines if line.number == made.source_line)

    def _members(self, source: Transaction, origin: Line, line: Line) -> list[Line]:
        """A kit brings its members along, in their proportion and without amounts."""
        return [
            Line(
                number=0,
                item=member.item,
                item_type=member.item_type,
                quantity=member.quantity * line.quantity / origin.quantity,
                source_line=member.number,
                location=line.location,
                # The kit's own number is known once the lines are numbered.
                kit=-1,
            )
            for member in source.lines
            if member.kit == origin.number
        ]

    def _receive(
        self, made: Transaction, source: Transaction, content: Body, replaced: Collection[str]
    ) -> None:
        if not self._switches["advanced_receiving"]:
            raise checks.business("Advanced Receiving is off: this transform is not available.")
        if source.status not in ("B", "D", "E"):
            raise checks.business(f"The return authorization has the status {source.status}.")
        received = {line.number: line.received for line in source.lines}
        for origin, row, path in self._lines.pairs(source, content, replaced, received):
            if origin is None:
                raise checks.invalid("A receipt's line needs its order line.", path)
            if row.get("itemreceive") is False:
                continue
            line = self._lines.line(made, origin, row, path, origin.quantity - origin.received)
            line.rate, line.amount, line.taxes = ZERO, ZERO, []
            line.statuses = self._lines.statuses(row, line.quantity, path)
            made.lines.append(line)
            origin.received += line.quantity
            for member in self._members(source, origin, line):
                made.lines.append(member)
                self._line_of(source, member).received += member.quantity
        _number_lines(made)
        _settle(source)

    def _credit(
        self, made: Transaction, source: Transaction, content: Body, replaced: Collection[str]
    ) -> None:
        if source.kind == "returnauthorization":
            allowed = "BDEF" if self._switches["refund_in_advance"] else "DEF"
            if source.status not in tuple(allowed):
                raise checks.business(f"The return authorization has the status {source.status}.")
        billed = {line.number: line.billed for line in source.lines}
        for origin, row, path in self._lines.pairs(source, content, replaced, billed):
            left = ZERO if origin is None else origin.quantity - origin.billed
            line = self._lines.line(made, origin, row, path, left)
            made.lines.append(line)
            if origin is not None:
                origin.billed += line.quantity
        _number_lines(made)
        made.shipping = checks.number(content, "shippingcost")
        self._lines.add_details(made, content)
        if made.total <= 0:
            raise checks.business("The amount of a credit must be greater than zero.")
        if source.kind == "returnauthorization":
            _settle(source)

    def _bill(
        self, made: Transaction, source: Transaction, content: Body, replaced: Collection[str]
    ) -> None:
        billed = {line.number: line.billed for line in source.lines}
        for origin, row, path in self._lines.pairs(source, content, replaced, billed):
            left = ZERO if origin is None else origin.quantity - origin.billed
            line = self._lines.line(made, origin, row, path, left)
            made.lines.append(line)
            if origin is not None:
                origin.billed += line.quantity
                made.lines.extend(self._members(source, origin, line))
        _number_lines(made)

    def _sell(self, made: Transaction, content: Body) -> None:
        """An order of its own, such as one for an exchange."""
        made.entity = self._store.reference("customer", content.get("entity"))
        if not made.entity:
            raise checks.business("Please enter a value for entity.")
        made.status = "B"
        for position, row in enumerate(checks.rows(content, "item")):
            made.lines.append(self._lines.line(made, None, row, f"item.items[{position}]", ZERO))
        if not made.lines:
            raise checks.business("You must enter at least one line item for this transaction.")
        _number_lines(made)

    def _refund(self, made: Transaction, source: Transaction, content: Body) -> None:
        applied = [row for row in checks.rows(content, "apply") if row.get("apply")]
        for row in applied:
            if self._store.reference("transaction", row.get("doc")) != str(source.id):
                raise checks.invalid("Only the credit itself can be applied.", "apply.items[0].doc")
        left = source.total - source.applied
        made.applied = sum((checks.number(row, "amount") for row in applied), ZERO) or left
        if not ZERO < made.applied <= left:
            raise checks.business(f"The amount {made.applied} is more than is open: {left}.")
        source.applied += made.applied
        source.status = "B" if source.applied == source.total else "A"

    def _adjust(self, made: Transaction, content: Body) -> None:
        if not self._store.reference("account", content.get("account")):
            raise checks.business("Please enter a value for account.")
        for position, row in enumerate(checks.rows(content, "inventory")):
            path = f"inventory.items[{position}]"
            item = self._checks.stocked(row.get("item"), f"{path}.item")
            location = row.get("location", content.get("adjlocation"))
            place = self._checks.location(location, made.subsidiary, f"{path}.location")
            units = checks.number(row, "adjustqtyby")
            line = Line(0, item.id, item.type, units, location=place)
            line.statuses = self._lines.statuses(row, units, path)
            made.lines.append(line)
        _number_lines(made)

    def _transfer(self, made: Transaction, content: Body) -> None:
        target = content.get("transferlocation")
        place = self._checks.location(target, made.subsidiary, "transferLocation")
        if not place or not made.location or place == made.location:
            raise checks.business("Please enter two different locations.")
        for position, row in enumerate(checks.rows(content, "inventory")):
            item = self._checks.stocked(row.get("item"), f"inventory.items[{position}].item")
            units = checks.number(row, "adjustqtyby")
            made.lines.append(Line(0, item.id, item.type, -units, location=made.location))
            made.lines.append(Line(0, item.id, item.type, units, location=place))
        _number_lines(made)


def _number_lines(made: Transaction) -> None:
    kit = 0
    for number, line in enumerate(made.lines, start=1):
        line.number = number
        if line.kit == -1:
            line.kit = kit
        else:
            kit = number


def _settle(authorisation: Transaction) -> None:
    """The status letter that follows from what was received and what was billed."""
    lines = [line for line in authorisation.lines if not line.kit]
    is_billed = all(line.billed >= line.quantity for line in lines)
    received = [_is_received(line, authorisation) for line in lines]
    if is_billed and all(received):
        authorisation.status = "G"
    elif all(received):
        authorisation.status = "F"
    elif any(line.received for line in authorisation.lines):
        authorisation.status = "E" if any(line.billed for line in lines) else "D"


def _is_received(line: Line, authorisation: Transaction) -> bool:
    """A kit has come when it was received itself, or all its members were."""
    members = [each for each in authorisation.lines if each.kit == line.number]
    is_whole = line.received >= line.quantity
    return is_whole or (bool(members) and all(each.received >= each.quantity for each in members))
