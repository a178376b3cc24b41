"""What five returns of each kind cost in calls. Raising a figure is a decision, made here."""

_DOCUMENTS = {
    "create_return_authorisation": 5,
    "create_stock_receipt": 5,
    "create_credit_memo": 5,
}
# One page of each feed, each return and each order read once, one read-back per set of documents.
_READS = {"list_rmas": 1, "list_transactions": 1, "read_rma": 5, "find_order": 5}
_CLEAN = {**_READS, **_DOCUMENTS, "find_document": 3}

CALLS_FOR_FIVE: dict[str, dict[str, int]] = {
    "one line": _CLEAN,
    "several lines": _CLEAN,
    "exchange": _CLEAN,
    "partial": _CLEAN,
    "not restocked": _CLEAN,
    # An unknown SKU is asked for once, whoever brings it, and nothing is written.
    "erroneous": {**_READS, "find_item": 1},
}
