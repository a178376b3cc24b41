"""What each reading of a customer's VAT setting makes of the credit of one return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from exceptions_app.choices import MappingKind
from exceptions_app.models import Rma
from exceptions_app.rules import mapping, planning
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.services import previews


@dataclass(frozen=True, slots=True)
class VatAnswer:
    """Amounts of the credit in `currency`; `is_denied` where VAT was charged and the reading says
    that there is none, so that the credit stays blocked."""

    net: Decimal
    tax: Decimal
    gross: Decimal
    currency: str
    is_denied: bool


def answers(*, rma: Rma, setting: str, now: datetime) -> Mapping[str, VatAnswer]:
    """By code of the treatment; without those that call for no credit now."""
    facts = facts_selector.for_plan(rma, now=now)
    found = {}
    for code, _label in mapping.TARGET_CHOICES["treatment"]:
        mapped = previews.changed(facts, rma, MappingKind.VAT, setting, {"treatment": code})
        plan = planning.plan(mapped)
        draft = next((row.draft for row in plan.postings if row.slot == planning.CREDIT_SLOT), None)
        if draft is not None:
            found[code] = VatAnswer(
                net=draft.net,
                tax=draft.tax,
                gross=draft.gross,
                currency=draft.currency,
                is_denied=any(row.type == "VAT_SETTING" for row in plan.findings),
            )
    return found
