"""Which source values of each mapping kind occur in a return, and which versions decided it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from exceptions_app.choices import MappingKind
from exceptions_app.rules import mapping, refund_records
from exceptions_app.rules.facts import Policy, RmaFacts

# Parts of a credit that are looked up by their own name, whatever the return says.
_COMPONENTS = ("shipping", "duty", "adjustment", "goodwill", "rounding", "variance")
_PRINT_DIGITS = 12


def values(facts: RmaFacts, kind: str) -> frozenset[str]:
    """The normalised source values of one mapping kind that occur in a return."""
    return frozenset(mapping.normalise(value) for value in _values(facts, kind))


def _values(facts: RmaFacts, kind: str) -> Iterable[str]:
    if kind == MappingKind.STATUS:
        return [facts.status_raw]
    if kind == MappingKind.VAT:
        return [facts.order.vat_setting] if facts.order else []
    if kind == MappingKind.DISPOSITION:
        places = [row.place for receipt in facts.erp_receipts for row in receipt.lines]
        return [*(line.disposition for line in facts.lines), *map(mapping.place_key, places)]
    if kind == MappingKind.REASON:
        return [line.reason for line in facts.lines]
    if kind == MappingKind.LOCATION:
        reasons = [mapping.depot_key(line.reason.strip()) for line in facts.lines if line.reason]
        return [*(line.location for line in facts.lines), facts.decisions.location, *reasons]
    skus = [line.sku for line in facts.lines]
    fees = [fee.kind for line in facts.lines for fee in line.fees]
    return [*skus, *fees, *_tenders(facts)]


def _tenders(facts: RmaFacts) -> list[str]:
    return [
        mapping.tender_key(tender.kind)
        for refund in facts.refunds
        for tender in refund_records.tenders_of(refund)
    ]


def made_by(facts: RmaFacts) -> dict[str, Any]:
    """What decided a posting planned from `facts`: the policy's print, versions, the profile.

    `mappings` holds the version of every mapping in force that the return touches, by kind and
    source value: each is one row that is never edited.
    """
    return {
        "policy": policy_print(facts.policy),
        "mappings": {
            kind: found for kind in MappingKind.values if (found := _versions(facts, kind))
        },
        "profile": facts.erp.profile,
        "first_bucket": facts.policy.first_bucket,
    }


def _versions(facts: RmaFacts, kind: str) -> dict[str, int]:
    keys = values(facts, kind)
    if kind == MappingKind.FEE:
        keys |= set(_COMPONENTS)
    named = {key: facts.mappings.versions.get(f"{kind}:{key}", 0) for key in sorted(keys)}
    return {key: version for key, version in named.items() if version}


def policy_print(policy: Policy) -> str:
    """A short sign that two policies share only where they say the same."""
    text = "\n".join(f"{name}={_plain(value)}" for name, value in sorted(_fields(policy)))
    return hashlib.sha256(text.encode()).hexdigest()[:_PRINT_DIGITS]


def _fields(policy: Policy) -> Iterable[tuple[str, Any]]:
    """What differs from the default: an option that a later release adds changes no print."""
    default = Policy()
    return [
        (name, getattr(policy, name))
        for name in Policy.__dataclass_fields__
        if getattr(policy, name) != getattr(default, name)
    ]


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ";".join(f"{key}:{value[key]}" for key in sorted(value))
    return str(value)
