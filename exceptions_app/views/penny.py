"""Why refund and credit differ, as the pages show it: cause, sentence, amount and proposal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from exceptions_app.catalogue import causes
from exceptions_app.models import Case
from exceptions_app.rules import penny as rules
from exceptions_app.rules.penny_parts import Cause
from exceptions_app.rules.sides import COMPONENTS
from exceptions_app.selectors import returns
from exceptions_app.templatetags.amounts import signed_money

_OTHER = "Not split by component"


def of_case(case: Case) -> dict[str, Any] | None:
    """As it stood when the facts of the exception were last looked at; None where none is kept."""
    found = rules.unpacked(str(case.facts.get("explanation", "")))
    return shown(found, case.facts) if found is not None and found.causes else None


def in_words(cases: Iterable[Case]) -> str:
    """The causes of the first exception about a difference: "Discount +£6.00; Fee −£2.00".

    "" where none of `cases` is about one.
    """
    for case in cases:
        found = rules.unpacked(str(case.facts.get("explanation", "")))
        if found is not None and found.causes:
            return "; ".join(
                f"{causes.label(row.name)} {signed_money(row.amount, found.currency)}"
                for row in found.causes
            )
    return ""


def of_return(detail: returns.Detail) -> dict[str, Any] | None:
    """As the return stands now; None while nothing is to compare, or both sides agree."""
    found = rules.of_return(detail.facts)
    if found is None or not found.causes:
        return None
    bridge = detail.rma.bridge
    return shown(found, {"platform": bridge.source.name, "erp": bridge.erp.name})


def shown(found: rules.Explanation, names: Mapping[str, object]) -> dict[str, Any]:
    """For `partials/_penny.html`; `names` holds `platform` and `erp`."""
    return {
        "currency": found.currency,
        "refund": found.refund,
        "credit": found.credit,
        "difference": found.difference,
        "is_explained": found.is_explained,
        "platform": names.get("platform", ""),
        "erp": names.get("erp", ""),
        "rows": [_row(cause, found.currency, names) for cause in found.causes],
        "parts": [
            {"label": COMPONENTS.get(part.component, _OTHER), "part": part} for part in found.parts
        ],
    }


def _row(cause: Cause, currency: str, names: Mapping[str, object]) -> dict[str, Any]:
    facts = {"platform": names.get("platform"), "erp": names.get("erp"), "currency": currency}
    return {
        "label": causes.label(cause.name),
        "text": causes.sentence(cause.name, {**facts, **cause.facts}),
        "amount": cause.amount,
        "proposal": causes.PROPOSALS[cause.action],
    }
