"""Where each thing lives: a bridge's systems and policy, said in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from exceptions_app.catalogue import Entry
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import FixKind, PostingKind
from exceptions_app.rules import approval, closing
from exceptions_app.rules.facts import Policy
from exceptions_app.rules.policy import OPTIONS, Option
from exceptions_app.selectors.manual import BridgeFacts
from exceptions_app.selectors.policy_words import leaves, value_of
from exceptions_app.services import connections

_OPTIONS = {option.name: option for option in OPTIONS}


def approval_level(action: str, case_type: str = "", policy: Policy | None = None) -> str:
    """Who must agree to this change, by the very rules that ask for the approval: a code of
    `manual_words.APPROVALS`. Without a policy, what the change asks for anywhere."""
    policy = policy or Policy()
    if action == FixKind.CLOSE:
        return _closing_level(catalogue_entry(case_type), policy)
    level = approval.needs_approval(action, Decimal(0), policy, case_type=case_type)
    needed = approval.approvers_needed(action, Decimal(0), policy, case_type=case_type)
    return "two" if needed > 1 else level


def _closing_level(found: Entry, policy: Policy) -> str:
    """As for a change; "peer_above" or "finance_above" where only the threshold asks for one."""
    level, needed = closing.agreement(found, value=Decimal(0), policy=policy)
    if needed:
        return "two" if needed > 1 else level
    large = policy.second_approver_above + 1
    level, needed = closing.agreement(found, value=large, policy=policy)
    return f"{level}_above" if needed else "none"


def approval_levels(
    action: str, case_type: str, bridges: Iterable[BridgeFacts]
) -> list[tuple[str, str]]:
    """Each answer of `approval_level` with the names of its bridges, the commonest last.

    One row without a name where all bridges ask for the same; "Elsewhere" for the commonest
    where they differ.
    """
    found: dict[str, list[str]] = {}
    for facts in bridges:
        level = approval_level(action, case_type, facts.policy)
        found.setdefault(level, []).append(facts.bridge.name)
    if len(found) < 2:
        return [(level, "") for level in found or (approval_level(action, case_type),)]
    rows = sorted(found.items(), key=lambda row: (len(row[1]), row[0]))
    named = [(level, ", ".join(names)) for level, names in rows[:-1]]
    return [*named, (rows[-1][0], _("Elsewhere"))]


def policies_of(entry: Entry, bridges: Iterable[BridgeFacts]) -> list[dict[str, Any]]:
    """What each bridge decided about the options this type hangs on; empty where none does."""
    levels = [
        level
        for action in entry.actions
        for level, _names in approval_levels(action, entry.code, bridges)
    ]
    is_money = not {"finance", "two", "peer_above", "finance_above"}.isdisjoint(levels)
    names = (*entry.policy, *(("second_approver_above",) if is_money else ()))
    chosen = [_OPTIONS[name] for name in names]
    return [
        {
            "label": option.label,
            "explanation": option.explanation,
            "values": list(_bridges_by_value(option, bridges).items()),
        }
        for option in chosen
    ]


def _bridges_by_value(option: Option, bridges: Iterable[BridgeFacts]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for facts in bridges:
        found.setdefault(_value(option, facts), []).append(facts.bridge.name)
    return found


def described(facts: BridgeFacts) -> dict[str, Any]:
    """A bridge as the page shows it: its systems, where things live, and its policy in words."""
    return {
        "bridge": facts.bridge,
        "systems": [
            {"connection": connection, "kind": kind.label, "known_by": kind.documentation}
            for connection in (facts.bridge.source, facts.bridge.erp)
            for kind in (connections.kind_of(connection.kind),)
        ],
        "homes": list(_homes(facts)),
        "policy": [{"label": option.label, "value": _value(option, facts)} for option in OPTIONS],
    }


def _homes(facts: BridgeFacts) -> Iterable[dict[str, Any]]:
    platform, erp = facts.bridge.source.name, facts.bridge.erp.name
    policy, ours = facts.policy, "Returnsbridge"
    grade = {"platform": platform, "erp": erp}[policy.disposition_authority]

    def home(
        thing: str, where: str, note: str, feed: str = "", read: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        at: datetime | None = (read or {}).get(feed)
        shown = {"thing": thing, "where": where, "note": note, "read_at": at}
        return shown | {"freshness": "" if feed else _("When needed")}

    yield home(
        _("Return: request, reason, parcel"),
        platform,
        _("We keep a copy of each return and every message that changed it."),
        "rmas",
        facts.source_read,
    )
    yield home(
        _("Customer: name and e-mail"),
        platform,
        _("Shown only to roles that need them."),
        "rmas",
        facts.source_read,
    )
    yield home(
        _("Customer account and tax setting"),
        erp,
        _("Taken from the sales order of the return."),
    )
    yield home(
        _("Sales order: prices, discounts, tax, invoice"),
        erp,
        _("Read when a return needs it. Every credit takes back a part of it."),
    )
    yield home(
        _("Item: SKU, barcode, active or not"),
        erp,
        _("We keep a copy of the item master."),
        "items",
        facts.erp_read,
    )
    yield home(
        _("Warehouse and division"),
        erp,
        _("A mapping leads from the platform's place to it."),
        "locations",
        facts.erp_read,
    )
    yield home(
        _("Disposition of a unit"),
        grade,
        _("If the other side says something else, an exception opens. Nothing is overwritten."),
        "rmas" if policy.disposition_authority == "platform" else "",
        facts.source_read,
    )
    yield home(
        _("Stock"),
        erp,
        _("Booked: {moment}.").format(moment=_in_words("stock_trigger", facts)),
    ) | {"freshness": _("After each posting")}
    yield home(
        _("Refund"),
        platform,
        _("The platform pays and tells us. We never pay."),
        "refunds",
        facts.source_read,
    )
    yield home(
        _("Credit memo"),
        erp,
        _("Created: {moment}. It leaves: {schedule}.").format(
            moment=_in_words("credit_trigger", facts),
            schedule=leaves(policy.schedule.get(PostingKind.CREDIT_MEMO, "immediate")),
        ),
    ) | {"freshness": _("After each posting")}
    yield home(
        _("Mappings, decisions, exceptions, history"),
        ours,
        _("They exist nowhere else. Neither system is asked about them."),
    ) | {"freshness": _("Always")}


def _in_words(name: str, facts: BridgeFacts) -> str:
    text = _value(_OPTIONS[name], facts)
    return text[0].lower() + text[1:]


def _value(option: Option, facts: BridgeFacts) -> str:
    """What the bridge runs on for `option`, in words."""
    return value_of(option, getattr(facts.policy, option.name))
