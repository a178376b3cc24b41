"""Where a pair of systems starts: a policy, and what its platform's words mean.

A preset holds nothing a customer decides: places, reasons and charge codes stay unmapped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exceptions_app.choices import ApprovalAxis, Bucket, MappingKind
from exceptions_app.rules.mapping import NO_STOCK, PLACE_KEY
from exceptions_app.rules.policy_values import Value


@dataclass(frozen=True, slots=True)
class MappingRow:
    """A mapping a preset brings: the platform's word, and our code for it."""

    kind: str  # MappingKind code
    source_value: str
    target: str


@dataclass(frozen=True, slots=True)
class Preset:
    """Where a pair of systems starts. `policy` is raw, as `parse` takes it."""

    code: str
    label: str
    explanation: str
    policy: Mapping[str, Value]
    mappings: tuple[MappingRow, ...]


_Words = tuple[tuple[str, ApprovalAxis], ...]
_Grades = tuple[tuple[str, str], ...]

_RETURNGO_STATUSES: _Words = (
    ("Pending", ApprovalAxis.REQUESTED),
    ("Approved", ApprovalAxis.AUTHORISED),
    ("Received", ApprovalAxis.AUTHORISED),
    ("Validated", ApprovalAxis.AUTHORISED),
    ("Done", ApprovalAxis.CLOSED),
    ("Rejected", ApprovalAxis.REFUSED),
    ("Canceled", ApprovalAxis.CANCELLED),
)
_RETURNGO_DISPOSITIONS: _Grades = (
    ("restockable", Bucket.SALEABLE.value),
    ("not_restockable", Bucket.QUARANTINE.value),
)

# The words of Reveni's dashboard. What was accepted because 30 days were over was seen by nobody.
_REVENI_STATUSES: _Words = (
    ("In progress", ApprovalAxis.AUTHORISED),
    ("Shipped", ApprovalAxis.AUTHORISED),
    ("Received", ApprovalAxis.AUTHORISED),
    ("For review", ApprovalAxis.AUTHORISED),
    ("Accepted", ApprovalAxis.CLOSED),
    ("Partly Accepted", ApprovalAxis.CLOSED),
    ("Rejected", ApprovalAxis.REFUSED),
    ("Cancelled", ApprovalAxis.CANCELLED),
)
_REVENI_DISPOSITIONS: _Grades = (
    ("accepted/restock", Bucket.SALEABLE.value),
    ("accepted/no_restock", Bucket.QUARANTINE.value),
    ("accepted/automatic", NO_STOCK),
)

# Enums of Shopify's Admin API: ReturnStatus, and the kinds of disposition that are final.
_SHOPIFY_STATUSES: _Words = (
    ("REQUESTED", ApprovalAxis.REQUESTED),
    ("OPEN", ApprovalAxis.AUTHORISED),
    ("CLOSED", ApprovalAxis.CLOSED),
    ("DECLINED", ApprovalAxis.REFUSED),
    ("CANCELED", ApprovalAxis.CANCELLED),
)
_SHOPIFY_DISPOSITIONS: _Grades = (
    ("RESTOCKED", Bucket.SALEABLE.value),
    ("NOT_RESTOCKED", Bucket.QUARANTINE.value),
    ("MISSING", NO_STOCK),
)


# What the connector calls the two locations Brightpearl's API names for every warehouse.
_BRIGHTPEARL_PLACES: _Grades = (
    (f"{PLACE_KEY}quarantine", Bucket.QUARANTINE.value),
    (f"{PLACE_KEY}default", Bucket.SALEABLE.value),
)

# Goods in order have no condition in a partner's receipts; other words are the partner's own.
_DEPOT_PLACES: _Grades = (
    (PLACE_KEY, Bucket.QUARANTINE.value),
    (f"{PLACE_KEY}damaged", Bucket.DAMAGED.value),
)


def _rows(statuses: _Words, dispositions: _Grades) -> tuple[MappingRow, ...]:
    return (
        *(MappingRow(MappingKind.STATUS.value, word, axis.value) for word, axis in statuses),
        *(MappingRow(MappingKind.DISPOSITION.value, word, target) for word, target in dispositions),
    )


_RETURNGO = _rows(_RETURNGO_STATUSES, _RETURNGO_DISPOSITIONS)

_ALL = (
    Preset(
        code="bluecherry+returngo",
        label="BlueCherry + ReturnGO",
        explanation=(
            "ReturnGO's disposition leads. The authorisation goes first, stock is booked as"
            " soon as a disposition is final, and credits follow the confirmed refund."
        ),
        policy=MappingProxyType(
            {
                "credit_trigger": "refund_confirmed",
                "stock_trigger": "final_disposition",
                "disposition_authority": "platform",
                "authorise_first": True,
                "note_to_platform": True,
            }
        ),
        mappings=_RETURNGO,
    ),
    Preset(
        code="bluecherry+reveni",
        label="BlueCherry + Reveni",
        explanation=(
            "Reveni may pay before the goods come. The authorisation goes first, stock needs a"
            " receipt and a grade, and the credit follows the inspection. Goods that stay away for"
            " 30 days are an exception. The ERP's windows are for you to enter."
        ),
        policy=MappingProxyType(
            {
                "credit_trigger": "goods_inspected",
                "stock_trigger": "receipt_and_grade",
                "disposition_authority": "platform",
                "authorise_first": True,
                "refund_timing": "instant",
                "arrival_days": 30,
            }
        ),
        mappings=_rows(_REVENI_STATUSES, _REVENI_DISPOSITIONS),
    ),
    Preset(
        code="prima+returngo",
        label="Prima + ReturnGO",
        explanation=(
            "What was inspected and accepted is booked. The reason decides the depot where it is"
            " mapped, else the location does. Bundles are booked and credited by their parts, and"
            " a refund that differs from the order's own value waits for finance."
        ),
        policy=MappingProxyType(
            {
                "credit_trigger": "refund_confirmed",
                "stock_trigger": "final_disposition",
                "disposition_authority": "platform",
                "authorise_first": True,
                "note_to_platform": True,
                "depot_by": "reason",
                "bundle_stock": "components",
                "bundle_credit": "components",
            }
        ),
        mappings=_RETURNGO,
    ),
    Preset(
        code="brightpearl+returngo",
        label="Brightpearl + ReturnGO",
        explanation=(
            "Brightpearl's own check-in is the receipt and brings the credit, for the units that"
            " came and no others. Goods lie in quarantine until they are graded. Bundles are"
            " credited as they were sold, and refunds are recorded as customer payments."
        ),
        policy=MappingProxyType(
            {
                "credit_trigger": "goods_received",
                "stock_trigger": "erp_receipt",
                "disposition_authority": "platform",
                "authorise_first": True,
                "note_to_platform": True,
                "first_bucket": "quarantine",
                "bundle_stock": "components",
                "bundle_credit": "parent",
                "record_refund": True,
            }
        ),
        mappings=_rows(_RETURNGO_STATUSES, (*_RETURNGO_DISPOSITIONS, *_BRIGHTPEARL_PLACES)),
    ),
    Preset(
        code="file_exchange+returngo",
        label="Files + ReturnGO",
        explanation=(
            "A depot checks goods in and tells it by file: that is the receipt, and goods lie in"
            " quarantine until they are graded. What we book leaves as files too, and counts once"
            " the answer says so. Credits follow the confirmed refund."
        ),
        policy=MappingProxyType(
            {
                "credit_trigger": "refund_confirmed",
                "stock_trigger": "erp_receipt",
                "disposition_authority": "platform",
                "authorise_first": True,
                "note_to_platform": True,
                "first_bucket": "quarantine",
                "bundle_stock": "components",
                "bundle_credit": "components",
            }
        ),
        mappings=_rows(_RETURNGO_STATUSES, (*_RETURNGO_DISPOSITIONS, *_DEPOT_PLACES)),
    ),
    Preset(
        code="netsuite+shopify",
        label="NetSuite + Shopify",
        explanation=(
            "NetSuite quotes what is refunded, and the credit reverses the original transaction to"
            " the penny. Authorisation, receipt, inspection and credit keep their order; goods lie"
            " in quarantine first, and refunds are recorded. What a company buys on account stays"
            " on account."
        ),
        policy=MappingProxyType(
            {
                "credit_trigger": "goods_inspected",
                "stock_trigger": "final_disposition",
                "disposition_authority": "platform",
                "authorise_first": True,
                "first_bucket": "quarantine",
                # A kit holds no stock of its own there; its members do.
                "bundle_stock": "components",
                "refund_authority": "erp_quote",
                "record_refund": True,
            }
        ),
        mappings=_rows(_SHOPIFY_STATUSES, _SHOPIFY_DISPOSITIONS),
    ),
)

PRESETS: Mapping[str, Preset] = MappingProxyType({preset.code: preset for preset in _ALL})
