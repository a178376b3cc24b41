"""What went wrong at the border, named by what to do next (DESIGN section 6).

No caller reads a message text to decide anything: the class, `code` and `field` carry the decision,
`text` is for people.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connectors.types import Evidence, SourceRma


class ConnectorError(Exception):
    """Anything that stopped a call; `evidence` is the redacted exchange when there was one."""

    def __init__(self, text: str, *, evidence: Evidence | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.evidence = evidence


class RetryLater(ConnectorError):
    """Nothing was done at the other side: the same call may be made again after a while.

    `after_seconds` is what the other side asked for (Retry-After, quota reset), or None.
    `more_seconds` come on top for who made several calls and has to make them all again; the
    connection itself need not rest so long. `is_throttled` tells a quota answer (429 class) from
    an unreachable system.
    """

    def __init__(
        self,
        text: str,
        *,
        after_seconds: int | None = None,
        is_throttled: bool = False,
        evidence: Evidence | None = None,
    ) -> None:
        super().__init__(text, evidence=evidence)
        self.after_seconds = after_seconds
        self.more_seconds = 0
        self.is_throttled = is_throttled


class ReadInPart(RetryLater):
    """A read of several brought some of them whole before a further call had to wait.

    `found` are those, to be kept; whatever else was asked for may be asked for again after a
    while, and `why` says why not now.
    """

    def __init__(self, why: RetryLater, *, found: tuple[SourceRma, ...]) -> None:
        super().__init__(
            why.text,
            after_seconds=why.after_seconds,
            is_throttled=why.is_throttled,
            evidence=why.evidence,
        )
        self.more_seconds = why.more_seconds
        self.why = why
        self.found = found


class OutcomeUnknown(ConnectorError):
    """A write may or may not have landed: look it up by key before trying again."""


class Rejected(ConnectorError):
    """The other side understood and refused: the same call would be refused again.

    `code` is one of `RejectionCode` (or the vendor's own code, kept raw, when we know no better),
    `field` the offending field in our words where the reply names one.
    """

    def __init__(
        self,
        text: str,
        *,
        code: str,
        field: str = "",
        value: str = "",
        evidence: Evidence | None = None,
    ) -> None:
        super().__init__(text, evidence=evidence)
        self.code = code
        self.field = field
        self.value = value


class Misconfigured(ConnectorError):
    """The connection itself cannot work as set up: credentials refused, host not allowed,
    unconfirmed write.

    `is_credentials` is true when the other side refused who we are (401/403 class).
    """

    def __init__(
        self, text: str, *, is_credentials: bool = False, evidence: Evidence | None = None
    ) -> None:
        super().__init__(text, evidence=evidence)
        self.is_credentials = is_credentials


class NotFound(ConnectorError):
    """A read named one thing by its id, and the other side does not have it."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing told twice, and not alike: its id, and each differing fact as (name, one, other).

    The values are texts fit for the screen; what a customer wrote is not among them. `order` is
    the number of the order it belongs to, "" where that is not told.
    """

    subject: str
    facts: tuple[tuple[str, str, str], ...]
    order: str = ""


# Written by customers, so it may name them.
_FREE_TEXTS = frozenset({"reason_detail"})


def conflict(subject: str, one: Any, other: Any, *, order: str = "") -> Conflict:
    """What differs between two records of one dataclass."""
    apart = []
    for each in fields(one):
        first, second = getattr(one, each.name), getattr(other, each.name)
        if first == second:
            continue
        hides = each.name in _FREE_TEXTS
        told = ("one text", "another text") if hides else (_shown(first), _shown(second))
        apart.append((each.name, *told))
    return Conflict(subject, tuple(apart), order)


def _shown(value: Any) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if hasattr(value, "amount") and hasattr(value, "currency"):
        return f"{value.amount} {value.currency}"
    if isinstance(value, tuple):
        return ", ".join(_shown(each) for each in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value in (None, "") else str(value)


class UnreadableReply(ConnectorError):
    """A read answered something we cannot interpret; `field` says where, when known.

    `conflict` is set where one thing is told twice, and not alike.
    """

    def __init__(
        self,
        text: str,
        *,
        field: str = "",
        conflict: Conflict | None = None,
        evidence: Evidence | None = None,
    ) -> None:
        super().__init__(text, evidence=evidence)
        self.field = field
        self.conflict = conflict


class RejectionCode:
    """Vendor-neutral refusal codes; each becomes one case type (services decide which)."""

    PERIOD_CLOSED = "period_closed"
    UNKNOWN_ITEM = "unknown_item"
    INACTIVE_ITEM = "inactive_item"
    UNKNOWN_WAREHOUSE = "unknown_warehouse"
    UNKNOWN_DIVISION = "unknown_division"
    DIVISION_WAREHOUSE_PAIR = "division_warehouse_pair"
    UNKNOWN_CUSTOMER = "unknown_customer"
    UNKNOWN_ORDER = "unknown_order"
    DUPLICATE_KEY = "duplicate_key"
    VAT_SETTING = "vat_setting"
    QUANTITY = "quantity"
    AMOUNT = "amount"
    TRANSITION = "transition"
    UNCLASSIFIED = "unclassified"
