"""Where a pair of systems starts: a policy, and what its platform's words mean.

A preset holds nothing a customer decides: places, reasons and charge codes stay unmapped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exceptions_app.choices import ApprovalAxis, Bucket, MappingKind
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


_RETURNGO_STATUSES = (
    ("Pending", ApprovalAxis.REQUESTED),
    ("Approved", ApprovalAxis.AUTHORISED),
    ("Received", ApprovalAxis.AUTHORISED),
    ("Validated", ApprovalAxis.AUTHORISED),
    ("Done", ApprovalAxis.CLOSED),
    ("Rejected", ApprovalAxis.REFUSED),
    ("Canceled", ApprovalAxis.CANCELLED),
)

_RETURNGO_DISPOSITIONS = (
    ("restockable", Bucket.SALEABLE),
    ("not_restockable", Bucket.QUARANTINE),
)

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "bluecherry+returngo": Preset(
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
            mappings=(
                *(
                    MappingRow(MappingKind.STATUS.value, word, axis.value)
                    for word, axis in _RETURNGO_STATUSES
                ),
                *(
                    MappingRow(MappingKind.DISPOSITION.value, word, bucket.value)
                    for word, bucket in _RETURNGO_DISPOSITIONS
                ),
            ),
        )
    }
)
