"""Who must agree before a fix takes effect, and who may be that person (two-person rules).

Sending the same content again needs nobody, unless the ERP may have it already. A mapping changes
what an item or place is, so another person of the team agrees. Whatever changes money, tax or the
date needs finance; above the policy's threshold that approver must not be the first one already
(exception-type catalogue, shared rules).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Literal

from exceptions_app.choices import FixKind, Role
from exceptions_app.rules import document_edits, policy_values
from exceptions_app.rules.facts import Policy

Level = Literal["none", "peer", "finance"]

_LEVELS: tuple[Level, ...] = ("none", "peer", "finance")
_FREE = frozenset({FixKind.RETRY.value, FixKind.CLOSE.value, FixKind.SET_LOCATION.value})
# Exceptions whose document may stand in the ERP: sending it again could book it twice.
IN_DOUBT = frozenset({"OUTCOME_UNKNOWN", "SILENT_SUCCESS", "CM_DUPLICATE", "DUPLICATE_STOCK_MOVE"})
_FINANCE = frozenset(
    {
        FixKind.VAT.value,
        FixKind.FEE.value,
        FixKind.ACCEPT_DIFFERENCE.value,
        FixKind.CORRECT_CREDIT.value,
        FixKind.POSTING_DATE.value,
        FixKind.LINK_ORDER.value,
        FixKind.LINK_DOCUMENT.value,
    }
)
# Where the payload of a kind holds an amount of its own.
_AMOUNT_OF = {
    FixKind.ACCEPT_DIFFERENCE.value: "difference",
    FixKind.CORRECT_CREDIT.value: "adjustment",
    FixKind.EDIT_DOCUMENT.value: "amount",
}
_ROLES: dict[Level, frozenset[str]] = {
    "finance": frozenset({Role.FINANCE.value}),
    "peer": frozenset(
        {
            Role.CX.value,
            Role.WAREHOUSE.value,
            Role.FINANCE.value,
            Role.MERCHANDISING.value,
            Role.INTEGRATOR.value,
            Role.ADMIN.value,
        }
    ),
}


def needs_approval(
    fix_kind: str,
    value: Decimal,
    policy: Policy,
    *,
    case_type: str = "",
    changed: Collection[str] | None = None,
    beside: Collection[str] = (),
) -> Level:
    """The level a fix needs. A kind nobody listed needs the strictest: it may change money.

    Setting a location by hand for one return needs nobody: it brings a missing fact and changes
    none. A fee or VAT mapping of no value at all still needs finance. A document of which the ERP
    may have one already is sent again only with finance. What an edit of a document `changed`
    decides who agrees: money, tax, account and date are finance's, as is what nobody listed.
    `beside` are the types of the other open exceptions about the same document: the strictest of
    all of them counts, whichever of them the change is asked for from.
    """
    types = {case_type, *beside}
    own = max((_own_level(fix_kind, each, changed) for each in types), key=_LEVELS.index)
    asked = _by_policy(fix_kind, types, policy)
    if asked in ("finance", "two"):
        return "finance"
    return "peer" if asked == "peer" and own == "none" else own


def _own_level(fix_kind: str, case_type: str, changed: Collection[str] | None) -> Level:
    if fix_kind == FixKind.RETRY and case_type in IN_DOUBT:
        return "finance"
    if fix_kind in _FREE:
        return "none"
    if fix_kind == FixKind.EDIT_DOCUMENT:
        only_goods = changed is not None and set(changed) <= document_edits.PEER_FIELDS
        return "peer" if only_goods else "finance"
    if fix_kind in FixKind.values and fix_kind not in _FINANCE:
        return "peer"
    return "finance"


def _by_policy(fix_kind: str, types: Collection[str], policy: Policy) -> str:
    """The most that the bridge's policy asks for this change or these types; "" for nothing."""
    if fix_kind == FixKind.CLOSE:
        return ""
    wanted = {policy.approvals.get(key, "") for key in (fix_kind.upper(), *types)}
    return max(wanted, key=("", *policy_values.APPROVALS).index)


def approvers_needed(
    fix_kind: str,
    value: Decimal,
    policy: Policy,
    *,
    frees_other_money: bool = False,
    case_type: str = "",
    changed: Collection[str] | None = None,
    beside: Collection[str] = (),
) -> int:
    """How many different people must agree: two of finance above the threshold.

    The threshold is in the bridge's currency: money of another cannot be compared with it, and
    counts as above. `beside` is as in `needs_approval`.
    """
    level = needs_approval(
        fix_kind, value, policy, case_type=case_type, changed=changed, beside=beside
    )
    if level == "none":
        return 0
    if _by_policy(fix_kind, {case_type, *beside}, policy) == "two":
        return 2
    is_above = frees_other_money or abs(value) > policy.second_approver_above
    is_large = level == "finance" and is_above
    return 2 if is_large else 1


def value_decided(
    fix_kind: str,
    payload: Mapping[str, object],
    case_value: Decimal | None,
    freed: Decimal | None,
) -> Decimal:
    """The largest sum this change decides about: its own amount, the case's value, what it frees.

    A correction of 5,000 on an exception of 5 is a decision about 5,000.
    """
    field = _AMOUNT_OF.get(fix_kind)
    own = Decimal(str(payload[field])) if field else Decimal(0)
    if fix_kind == FixKind.ACCEPT_DIFFERENCE:
        # What may grow up to its cap is a decision about the cap.
        own = max(abs(own), Decimal(str(payload.get("cap", 0))))
    return max(abs(own), abs(case_value or Decimal(0)), abs(freed or Decimal(0)))


def may_approve(
    requester_id: int | str,
    approver_id: int | str,
    approver_roles: Collection[str],
    level: str,
    earlier_approver_ids: Collection[int | str] = (),
    editor_ids: Collection[int | str] = (),
    for_id: int | str | None = None,
) -> str:
    """Why this person may not approve, in one sentence; "" when they may.

    Nobody approves their own request or edit, and nobody gives both of two approvals (lesson 22),
    in their own name or in that of a person who is away (`for_id`): a delegate adds no pair of
    eyes that the request has had already.
    """
    if level == "none":
        return ""
    eyes = {str(approver_id)} | ({str(for_id)} if for_id is not None else set())
    if str(approver_id) == str(requester_id):
        return "Whoever asked for a change cannot approve it."
    if str(requester_id) in eyes:
        return "Nobody can approve for the person who asked for the change."
    if eyes & {str(known) for known in editor_ids}:
        return "Whoever edited a request cannot approve it, nor can anybody for them."
    if eyes & {str(known) for known in earlier_approver_ids}:
        return "The second approval must come from another person than the first."
    if level == "finance":
        allowed = _ROLES["finance"]
        reason = "This changes money, tax or a date: someone from finance must approve it."
    else:
        allowed = _ROLES["peer"]
        reason = "Approving needs a working role in a team."
    return "" if allowed & set(approver_roles) else reason
