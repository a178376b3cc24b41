"""What stands beside an exception that is about a credit: its causes, and its bundles added up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from exceptions_app.models import Case
from exceptions_app.rules import bundle_proof
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.views import penny

_ABOUT_BUNDLES = frozenset({"BUNDLE_PARTIAL", "BUNDLE_CREDIT_LEVEL"})


def beside_case(case: Case, now: datetime) -> dict[str, Any]:
    """`penny` of `partials/_penny.html`, and `bundles` of `returns/_bundles.html` as they stand
    now: read for the exceptions about bundles alone."""
    found: tuple[bundle_proof.Proof, ...] = ()
    if case.type in _ABOUT_BUNDLES and case.rma is not None:
        found = bundle_proof.of_return(facts_selector.for_plan(case.rma, now=now))
    return {"penny": penny.of_case(case), "bundles": found}
