"""What must hold after every round, asked of the ERP's own ledger over HTTP (reliability C.2)."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from exceptions_app.choices import CASE_OPEN
from exceptions_app.models import Case, Posting, PostingAttempt
from tests.faults.processes.site import Site

_ORDER = ["RA", "RCV", "CM"]
_KIND_AT = {
    "SimReturnAuthorization": "return_authorisation",
    "SimReturnReceipt": "stock_receipt",
    "SimCreditMemo": "credit_memo",
}


def violations(site: Site) -> list[str]:
    """Everything lost, doubled, out of order, wrong or unexplained, in all rounds so far."""
    ledger = site.control("bluecherry", "documents")
    postings = list(Posting.objects.exclude(status="cancelled").select_related("rma"))
    return [
        *_lost(postings, ledger),
        *_doubled(postings, ledger),
        *_out_of_order(postings, ledger),
        *_unexplained(site, ledger),
    ]


def _lost(postings: list[Posting], ledger: list[dict[str, Any]]) -> list[str]:
    held = {(row["ref_num"], str(row["pkey"])): row for row in ledger}
    asked = set(Case.objects.filter(status__in=CASE_OPEN).values_list("rma_id", flat=True))
    found = []
    for posting in postings:
        document = held.get((posting.key, posting.external_id))
        if posting.status == "confirmed" and document is None:
            found.append(f"lost: {posting.key} is confirmed by a document that is not there")
        elif posting.status != "confirmed" and posting.rma_id not in asked:
            found.append(f"lost: {posting.key} is {posting.status} and nobody is asked")
        elif document is not None and _amount(document) not in (None, posting.gross):
            found.append(f"wrong: {posting.key} is {_amount(document)} in the ledger")
    return found


def _amount(document: dict[str, Any]) -> Decimal | None:
    return Decimal(str(document["total_amt"])) if document["doc_type"] == "CM" else None


def _doubled(postings: list[Posting], ledger: list[dict[str, Any]]) -> list[str]:
    """By key, and by what no key of ours decides: one document of a kind per order."""
    by_key = Counter(row["ref_num"] for row in ledger)
    by_order = Counter((row["ord_num"], row["doc_type"]) for row in ledger)
    planned = {posting.key for posting in postings}
    counted = [*by_key.items(), *by_order.items()]
    return [
        *(f"doubled: {what} is {count} times there" for what, count in counted if count > 1),
        *(f"unexplained: {key} was never planned" for key in by_key if key not in planned),
    ]


def _out_of_order(postings: list[Posting], ledger: list[dict[str, Any]]) -> list[str]:
    by_order: dict[str, list[int]] = {}
    for row in ledger:
        by_order.setdefault(row["ord_num"], []).append(_ORDER.index(row["doc_type"]))
    return [
        f"out of order: {number} has {places}"
        for number, places in by_order.items()
        if places != sorted(places)
    ]


def _unexplained(site: Site, ledger: list[dict[str, Any]]) -> list[str]:
    """Every document, and every call that could have made one, has an attempt noted before it."""
    tries = PostingAttempt.objects.filter(purpose="post")
    tried = Counter(tries.values_list("posting__key", flat=True))
    noted = Counter(tries.values_list("posting__kind", flat=True))
    written = {row["ref_num"] for row in ledger}
    found = [f"unexplained: nobody tried {key}" for key in written if not tried[key]]
    calls = site.control("bluecherry", "calls")
    for path, kind in _KIND_AT.items():
        made = calls.get(f"POST /api/{path}", 0)
        if made > noted[kind]:
            found.append(f"unexplained: {made} calls to {path}, {noted[kind]} tries noted")
    return found
