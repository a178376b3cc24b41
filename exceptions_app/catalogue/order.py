"""The order in which a return's exceptions are solved: what each is about (decision 0024)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from exceptions_app.catalogue.entry import RANK_LOCATION, RANK_MONEY, RANK_STOCK
from exceptions_app.choices import PostingKind

STOCK = frozenset(
    {PostingKind.STOCK_RECEIPT.value, PostingKind.STOCK_MOVE.value, PostingKind.WRITE_OFF.value}
)
CREDIT = frozenset({PostingKind.CREDIT_MEMO.value})

# Types that close once a document is booked, whatever held it back: the document.
CLOSED_BY: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "RECEIPT_NOT_POSTED": frozenset({PostingKind.STOCK_RECEIPT.value}),
        "RESTOCK_LATE": frozenset({PostingKind.STOCK_RECEIPT.value}),
        "RECEIVED_NOT_CREDITED": CREDIT,
        "REFUND_NO_CM": CREDIT,
    }
)
# What leaves only after a document of this kind is booked: the ERP's documents keep their order
# (R022).
AFTER: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        PostingKind.RETURN_AUTHORISATION.value: STOCK | CREDIT,
        PostingKind.STOCK_RECEIPT.value: STOCK | CREDIT,
        PostingKind.CREDIT_MEMO.value: frozenset({PostingKind.REFUND_RECORD.value}),
    }
)


def step(rank: int, kinds: frozenset[str]) -> int:
    """Whose turn a type of this rank is: 0 what a thing is, 1 goods, 2 money, 3 what follows.

    `kinds` are of the document in trouble, where it is about one: that decides, for any type may
    befall any document.
    """
    if kinds:
        return 2 if kinds & CREDIT else (1 if kinds & STOCK else 0)
    if rank <= RANK_LOCATION:
        return 0
    if rank <= RANK_STOCK:
        return 1
    return 2 if rank <= RANK_MONEY else 3
