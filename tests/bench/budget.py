"""What five returns of each kind cost in calls. Raising a figure is a decision, made here."""

from decimal import Decimal

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

# The most calls a return may cost at these systems, and from how many returns that come together
# on: fewer share lists and read-backs among too few to tell.
MOST_PER_RETURN = {
    "brightpearl": Decimal("0.9"),
    "netsuite": Decimal("4.1"),
    "returngo": Decimal("1.3"),
}
SHARED_FROM = 100

_THREE = {"create_return_authorisation": 3, "create_stock_receipt": 3, "create_credit_memo": 3}
_TO_BLUECHERRY = {"find_order": 3, **_THREE, "find_document": 3}
# Three polls, of which the last two list these returns again for their overlap. One return changed
# within two minutes before the first poll: it is read by all three, a read costing no more than
# the list that would spare it.
_FROM_RETURNGO = {"list_rmas": 4, "list_transactions": 3, "read_rma": 5}
# A fourth poll, after the ERP's staff checked the goods in; by then the last change is certain.
_LATE_FROM_RETURNGO = {"list_rmas": 5, "list_transactions": 4, "read_rma": 4}
_TO_BRIGHTPEARL = {
    "find_orders": 1,
    "read_orders": 1,
    "create_sales_credit": 1,
    # The authorisations, the credits as they stand before they are closed, and the invoices.
    "read_sales_credits": 3,
    "read_goods_in": 1,
    "close_sales_credit": 1,
    "create_payment": 1,
    "find_payments": 1,
}

# How many plain returns of which pair, and what they cost in all.
CALLS_OF_A_PAIR: dict[str, tuple[int, dict[str, int]]] = {
    "bluecherry+returngo": (3, {**_TO_BLUECHERRY, **_FROM_RETURNGO}),
    "bluecherry+reveni": (
        3,
        {**_TO_BLUECHERRY, "list_returns": 4, "list_refunds": 3, "read_return": 5},
    ),
    # Prima has no key against doubles: each document is asked for before it is sent.
    "prima+returngo": (3, {"find_order": 3, **_THREE, "find_document": 12, **_FROM_RETURNGO}),
    # Five lines that lie in quarantine, of whichever returns, are released in one call.
    "brightpearl+returngo": (
        3,
        {
            **_TO_BRIGHTPEARL,
            "read_order_notes": 2,
            "release_quarantine": 1,
            **_LATE_FROM_RETURNGO,
        },
    ),
    # Ten cost as many calls as three.
    "brightpearl+returngo straight": (
        10,
        {**_TO_BRIGHTPEARL, "list_rmas": 5, "list_transactions": 4, "read_rma": 12},
    ),
    "netsuite+shopify straight": (
        3,
        {
            "find_orders": 1,
            **_THREE,
            "create_refund_record": 3,
            "read_lines": 1,
            "find_documents": 4,
            "changed_orders": 3,
            "returns": 3,
        },
    ),
}
