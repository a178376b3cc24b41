"""What speaks against a change that the checks let through: told before it is asked for.

A doubt refuses nothing. Whoever asks ticks that they want it all the same, and whoever approves
reads the same words.
"""

from __future__ import annotations

from typing import Any

from exceptions_app import errors
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.catalogue.wording import written
from exceptions_app.choices import CASE_OPEN, ApprovalAxis, FixKind, MappingKind
from exceptions_app.models import Bridge, Case, Fix, Item, Rma
from exceptions_app.rules import amounts, traits
from exceptions_app.rules.mapping import NO_ITEM, is_withdrawal, normalise
from exceptions_app.rules.sayings import spoken
from exceptions_app.selectors import came_as, uncredited
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.selectors import mappings as mappings_selector
from exceptions_app.services import closed_months, fix_payloads, order_checks, previews

# With these a return is booked; with any other meaning of a status nothing leaves.
_BOOKING = (ApprovalAxis.AUTHORISED, ApprovalAxis.CLOSED)


def of_change(
    *, kind: str, bridge: Bridge, rma: Rma | None, payload: dict[str, Any], source_value: str = ""
) -> str:
    """A sentence or two on a clean `payload`, "" where nothing speaks against it.

    `rma` is the return on whose exception it is asked for, `source_value` what is mapped. Reason
    and charge codes are no part of what the ERP lets us read, so a new one cannot be told from a
    slip of the keyboard (R030, R048).
    """
    if is_withdrawal(payload):
        return ""
    if kind == MappingKind.REASON:
        return _of_code(bridge, kind, str(payload["code"]))
    if kind == MappingKind.FEE:
        return _of_code(bridge, kind, str(payload.get("erp_code", "")))
    if kind == MappingKind.SKU_ALIAS and payload["sku"] != NO_ITEM:
        mixed = came_as.mixed(bridge=bridge, skus=[source_value]).values()
        told = _of_item(bridge, rma, source_value, str(payload["sku"]))
        return " ".join(each for each in (*mixed, told) if each)
    if kind == MappingKind.STATUS and payload["axis"] not in _BOOKING:
        return _of_refunded(bridge, source_value, str(payload["axis"]))
    if kind == FixKind.LINK_ORDER:
        return str(payload.get(order_checks.UNCHECKED, ""))
    if kind == FixKind.CORRECT_CREDIT:
        return _of_correction(bridge, rma, payload)
    if kind == FixKind.RETRY:
        return closed_months.of_sending_again(payload["posting_id"])
    return ""


def of_request(fix: Fix) -> str:
    """The same of a request, for whoever approves it."""
    rma = fix.rma or (fix.case.rma if fix.case else None)
    return of_change(
        kind=fix.kind,
        bridge=fix.bridge,
        rma=rma,
        payload=fix.payload,
        source_value=fix.source_value,
    )


def all_of_request(fix: Fix) -> tuple[str, ...]:
    """What whoever asked had to tick, in sentences, by what it was shown to do; empty for none."""
    told = []
    if fix.effect.get("is_idle"):
        told.append("This would change nothing: what it touches stays blocked as it is.")
    told.append(breaks(fix.effect.get("healed_returns", 0), fix.effect.get("newly_broken", 0)))
    told.append(of_request(fix))
    return tuple(sentence for sentence in told if sentence)


def breaks(healed: int, broken: int) -> str:
    """What it newly breaks, with what it heals; "" where it breaks nothing."""
    if not broken:
        return ""
    harm = f"newly breaks {broken} return{'' if broken == 1 else 's'}"
    if not healed:
        return f"This heals nothing and {harm}."
    return f"This {harm}, though it heals {healed}: one change does not fit all of them."


def refuse_approval(fix: Fix) -> None:
    """The same for a program that approves without a word on it.

    Raises:
        InvalidChoice: something speaks against it; the text says what, and how to approve it.
    """
    if told := all_of_request(fix):
        raise errors.InvalidChoice(f"{' '.join(told)} Say in_spite to approve it all the same.")


def refuse(
    *,
    kind: str,
    bridge: Bridge,
    rma: Rma | None,
    payload: dict[str, Any],
    found: previews.Effect | None,
    source_value: str = "",
) -> None:
    """What the page asks a tick for, said to whoever asks without one.

    Raises:
        InDoubt: it would change nothing, breaks something, or is in doubt; the text says which,
            and how to ask for it all the same.
    """
    told = []
    if found is not None and found.is_idle:
        told.append(f"This would change nothing: {stays(found)}.")
    elif found is not None and found.newly_broken:
        told.append(breaks(found.healed_returns, found.newly_broken))
    doubt = of_change(kind=kind, bridge=bridge, rma=rma, payload=payload, source_value=source_value)
    if doubt:
        told.append(doubt)
    if told:
        raise errors.InDoubt(" ".join(told))


def stays(found: previews.Effect) -> str:
    """Which returns stay blocked, and by what, of a change that would change nothing."""
    if len(found.rows) > 1:
        return f"all {len(found.rows)} returns stay blocked by what blocks them now"
    shorts = dict.fromkeys(catalogue_entry(code).short for code in found.rows[0].after)
    return f"{found.rows[0].label} stays blocked by {' and '.join(shorts)}"


def _of_refunded(bridge: Bridge, status: str, axis: str) -> str:
    """Money that left already would stand in no credit while the status rests (R027, R063)."""
    sums = uncredited.of_status(bridge=bridge, status=status)
    if not sums:
        return ""
    paid = " and ".join(spoken(each.amount, each.currency) for each in sums)
    was = "was" if len(sums) == 1 else "were"
    it = "it is" if len(sums) == 1 else "they are"
    return (
        f"{paid} {was} already refunded. With {ApprovalAxis(axis).label} {it} not credited until"
        f" {bridge.source.name} changes the status."
    )


def _of_correction(bridge: Bridge, rma: Rma | None, payload: dict[str, Any]) -> str:
    """What a correction leaves between refund and credit; "" within the tolerance."""
    about = Case.objects.filter(rma=rma, type="REFUND_CM_MISMATCH", status__in=CASE_OPEN)
    case = about.order_by("pk").first() if rma is not None else None
    settles = fix_payloads.adjustment_for(case) if case is not None else ""
    if case is None or not settles:
        return ""
    left = amounts.read(settles) - amounts.read(str(payload["adjustment"]))
    policy = facts_selector.policy_of(bridge)
    if abs(left) <= (policy.tolerance.get(case.currency) or 0):
        return ""
    told = [_signed(each, case.currency) for each in (left, case.facts["difference"], settles)]
    return (
        f"This leaves {told[0]} between refund and credit; now it is {told[1]}."
        f" Only {told[2]} makes them agree."
    )


def _signed(amount: object, currency: str) -> str:
    return written("difference", {"difference": str(amount), "currency": currency})


def _of_code(bridge: Bridge, kind: str, code: str) -> str:
    known = [row.code for row in mappings_selector.codes_in_use(bridge=bridge, kind=kind)]
    if code in known:
        return ""
    alike = next((each for each in known if each.casefold() == code.casefold()), "")
    meant = f" {alike} is in use; did you mean that?" if alike else ""
    return f"No mapping uses {code}; we cannot check it in {bridge.erp.name}.{meant}"


def _of_item(bridge: Bridge, rma: Rma | None, source_value: str, sku: str) -> str:
    """Only what was sold can come back, and in its colour and size.

    The order may name an item by its code or its key.
    """
    if rma is None:
        return ""
    items = list(Item.objects.filter(connection=bridge.erp_id, sku_key=normalise(sku)))
    against = _other_looks(rma, source_value, sku, items)
    order = rma.sales_order
    if order is None:
        return against
    sold = {normalise(each) for each in order.lines.values_list("sku", flat=True)}
    names = {normalise(sku), *(normalise(item.erp_id) for item in items)}
    if not names & sold:
        return f"{against} {sku} is not on order {order.number}.".strip()
    return f"{against} On order {order.number}. Match: possible." if against else ""


def _other_looks(rma: Rma, source_value: str, sku: str, items: list[Item]) -> str:
    """That the item is of another colour or size than the return says; "" where it may be one."""
    line = rma.lines.filter(sku_key=normalise(source_value)).order_by("line_no").first()
    if line is None:
        return ""
    name = next((item.description for item in items if item.description.strip()), "")
    against = traits.contradiction(line.name, f"{sku} {name}")
    return f"Attention: {against.replace(', this is ', ', this item is ')}." if against else ""
