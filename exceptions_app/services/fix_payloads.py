"""What each kind of change may hold, and what it does to a posting when that is its subject."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.errors import ConnectorError
from exceptions_app import errors
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import AttemptOutcome, FixKind, HoldReason, Keyed, PostingStatus
from exceptions_app.models import Bridge, Case, Fix, Posting, Rma
from exceptions_app.rules import amounts, closing, confirming, money
from exceptions_app.selectors import decisions
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.services import (
    accept_terms,
    attempts,
    document_edits,
    keying,
    order_checks,
    posting_days,
    rmas,
)
from exceptions_app.services.claims import replan

ON_POSTINGS = (FixKind.RETRY, FixKind.LINK_DOCUMENT)
# Some ERPs put a space or a slash into their numbers; none has one without a digit.
_DOCUMENT_NUMBER = re.compile(r"(?=.*[0-9])[A-Za-z0-9][A-Za-z0-9 ._/#-]*")
# Nothing is left to link: it is leaving, booked, or no longer called for.
_SETTLED = (PostingStatus.SENDING, PostingStatus.CONFIRMED, PostingStatus.CANCELLED)
# As a link leaves it, before and after its read-back.
_LINKED = (PostingStatus.POSTED, PostingStatus.CONFIRMED)
# What a fix on a posting changes, kept in its effect until it can no longer be taken back.
_BEFORE = "posting_before"
_RESTORED = ("status", "number", "keyed", "open_type", "open_facts", "hold_reason")
_MOMENTS = ("confirmed_at", "unknown_since", "parked_at")

# Coded reasons of money decisions; a free text alone is never enough for finance.
MONEY_REASONS = (
    ("rounding", "Rounding between the two systems"),
    ("goodwill", "Goodwill agreed with the customer"),
    ("fee_waived", "A fee was waived"),
    ("fee_kept", "A fee was kept"),
    ("price_agreed", "Price agreed after the order"),
    ("as_quoted", "As it was quoted to the customer"),
    ("quote_overtaken", "The order changed after it was quoted"),
    ("platform_error", "The platform refunded a wrong amount"),
    ("claimed_back", "The excess is claimed back from the customer"),
    ("written_off", "Written off: not worth pursuing"),
)
_MOST_AMOUNT = Decimal(10) ** 12
_NEEDS_REASON = (FixKind.ACCEPT_DIFFERENCE, FixKind.CORRECT_CREDIT)


def clean(
    *, kind: str, bridge: Bridge, rma: Rma | None, payload: dict[str, Any], now: datetime
) -> dict[str, Any]:
    """The payload as stored.

    Raises:
        InvalidChoice: a value is missing or not usable; the text says what would be.
    """
    if kind == FixKind.CLOSE:
        return {}
    if rma is None:
        raise errors.InvalidChoice("This change belongs to one return; open it from there.")
    if kind == FixKind.SET_LOCATION:
        return {"location": _text(payload, "location", "the location", 120)}
    if kind == FixKind.LINK_ORDER:
        return order_checks.clean(bridge=bridge, payload=payload)
    if kind == FixKind.ACCEPT_DIFFERENCE:
        return _accepted(bridge, rma, payload, now)
    if kind == FixKind.CORRECT_CREDIT:
        return {"adjustment": _amount(payload, "adjustment", rma.currency)}
    if kind == FixKind.POSTING_DATE:
        return {"date": posting_days.clean(payload, bridge=bridge, rma=rma, now=now)}
    if kind == FixKind.EDIT_DOCUMENT:
        changes = payload.get("changes")
        if isinstance(changes, dict) and changes.get("date"):
            posting_days.clean(changes, bridge=bridge, rma=rma, now=now)
        return document_edits.clean(bridge=bridge, rma=rma, payload=payload, now=now)
    return _posting(kind, rma, payload)


def _accepted(bridge: Bridge, rma: Rma, payload: dict[str, Any], now: datetime) -> dict[str, Any]:
    has_cap = payload.get("cap") not in (None, "")
    return accept_terms.clean(
        payload=payload,
        difference=_amount(payload, "difference", rma.currency),
        cap=_amount(payload, "cap", rma.currency) if has_cap else "",
        currency=rma.currency,
        policy=facts_selector.policy_of(bridge),
        today=posting_days.company_day(bridge, now),
    )


def adjustment_for(case: Case) -> str:
    """The correction that settles the difference of `case`, an earlier one of its return included.

    A later correction stands in place of an earlier one. "" where the difference is not known.
    """
    try:
        difference = amounts.read(str(case.facts.get("difference", "")))
        if case.type == "OVER_RETURN":
            # Never up to the refund: it is for more than was sold. Down to what the order bears.
            is_of_money = bool(case.facts.get("line_max"))
            difference = -amounts.read(str(case.facts["excess"])) if is_of_money else Decimal(0)
    except amounts.NotAnAmount:
        return ""
    if not difference and case.type == "OVER_RETURN":
        return ""
    before = decisions.of(case.rma).credit_adjustment if case.rma else None
    return str(difference + (before or Decimal(0)))


def check_reason(*, kind: str, reason_code: str, case: Case | None) -> None:
    """Money is decided with a coded reason; closing with one of the type's own."""
    if kind in _NEEDS_REASON and reason_code not in dict(MONEY_REASONS):
        raise errors.InvalidChoice(
            "Choose a reason: " + ", ".join(label for _, label in MONEY_REASONS) + "."
        )
    if kind == FixKind.CLOSE and case is not None:
        known = dict(catalogue_entry(case.type).close_reasons)
        if reason_code not in known:
            raise errors.InvalidChoice(
                "Choose a reason: " + ", ".join(known.values()) + "."
                if known
                else "This exception closes by proof only."
            )


# A letter or a word says neither who saw the goods nor when.
LEAST_WORDS = 2


def check_note(*, kind: str, note: str) -> None:
    """Where goods are is a claim that no system proves: somebody's word stands beside it."""
    if kind != FixKind.SET_LOCATION:
        return
    if not note.strip():
        raise errors.InvalidChoice("Say how you know that the goods are there: who saw them, when.")
    if len(note.split()) < LEAST_WORDS:
        raise errors.InvalidChoice("Say in a few words how you know: who saw the goods, and when.")


def check_closing_note(*, kind: str, reason_code: str, note: str, case: Case | None) -> None:
    """What a closing by hand claims is said beside it, whichever door asks for it."""
    if kind != FixKind.CLOSE or case is None:
        return
    if lacking := closing.missing(reason_code, note, severity=case.severity):
        raise errors.InvalidChoice(lacking)


def apply_to_posting(*, fix: Fix, now: datetime) -> None:
    """Do what a fix on a posting asks for: send again (after a look when in doubt), or link.

    How the posting stood is kept with the fix, so that it can be taken back.

    Raises:
        FixAlreadyDecided: the posting moved on since this was asked for; its proof stays.
    """
    posting = Posting.objects.select_for_update().get(pk=fix.payload["posting_id"])
    _check_still(posting, fix.kind)
    fix.effect = {
        _BEFORE: {name: _json(getattr(posting, name)) for name in (*_MOMENTS, *_RESTORED)}
    }
    fix.save(update_fields=["effect"])
    if fix.kind == FixKind.LINK_DOCUMENT:
        _link(posting, fix, now)
    elif posting.status == PostingStatus.FAILED:
        posting.status = PostingStatus.HELD
        posting.hold_reason = HoldReason.UNDO
        posting.hold_until = fix.hold_until
        posting.attempts = 0
        posting.crashes = 0
        posting.not_before = now
        posting.save(
            update_fields=[
                "status",
                "hold_reason",
                "hold_until",
                "attempts",
                "crashes",
                "not_before",
            ]
        )
    else:
        # Accepted or unknown: never sent again before a look-up has proven it absent.
        posting.status = PostingStatus.UNCONFIRMED
        # How long it has been in doubt is not begun anew by asking, and nothing is looked up
        # before the change can no longer be taken back.
        posting.unknown_since = posting.unknown_since or now
        posting.parked_at = None
        posting.lookups = 0
        posting.not_before = fix.hold_until or now
        posting.fence += 1
        posting.save(
            update_fields=[
                "status",
                "unknown_since",
                "parked_at",
                "lookups",
                "not_before",
                "fence",
            ]
        )
    replan(posting, now)


def give_back_posting(*, fix: Fix, now: datetime) -> None:
    """Put a linked or doubtful posting back as it stood; one that moved on by itself stays."""
    posting = Posting.objects.select_for_update().get(pk=fix.payload["posting_id"])
    before = fix.effect.get(_BEFORE)
    left = _LINKED if fix.kind == FixKind.LINK_DOCUMENT else (PostingStatus.UNCONFIRMED,)
    if before is None or posting.status not in left:
        return
    if fix.kind == FixKind.LINK_DOCUMENT and posting.number != fix.payload["number"]:
        return
    for name in _RESTORED:
        # Changes made before documents told whose word they are kept nothing of it.
        setattr(posting, name, before.get(name, ""))
    for name in _MOMENTS:
        moment = before[name]
        setattr(posting, name, datetime.fromisoformat(moment) if moment else None)
    if posting.status not in (PostingStatus.FAILED, PostingStatus.UNCONFIRMED):
        # Whether it may leave is for the next plan to say.
        posting.status, posting.hold_reason = PostingStatus.BLOCKED, HoldReason.NONE
        posting.hold_until, posting.blocked_by = None, "taken back"
    posting.fence += 1
    posting.save(update_fields=[*_RESTORED, *_MOMENTS, "hold_until", "blocked_by", "fence"])
    if fix.kind == FixKind.LINK_DOCUMENT:
        rmas.refresh_search(posting.rma)
    replan(posting, now)


def _check_still(posting: Posting, kind: str) -> None:
    """Between asking and approving a look-up may have found it, or a worker may have sent it."""
    is_open = posting.status not in _SETTLED
    if kind == FixKind.RETRY:
        is_open = is_open and can_be_sent(posting)
    if is_open:
        return
    number = f" as {posting.number}" if posting.number else ""
    raise errors.FixAlreadyDecided(
        f"{posting.key} moved on meanwhile: {posting.get_status_display().lower()}{number}. "
        "Nothing was changed."
    )


def _json(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _link(posting: Posting, fix: Fix, now: datetime) -> None:
    has_proof_to_come = _is_read_back(posting)
    posting.status = PostingStatus.POSTED if has_proof_to_come else PostingStatus.CONFIRMED
    posting.confirmed_at = None if has_proof_to_come else now
    # Read back as soon as the link cannot be taken back any more: what stands there then counts.
    posting.not_before = fix.hold_until or now
    posting.lookups = 0
    posting.number = fix.payload["number"]
    posting.keyed = Keyed.LINKED
    posting.open_type = ""
    posting.open_facts = {}
    posting.unknown_since = None
    posting.parked_at = None
    posting.hold_reason = ""
    posting.fence += 1
    posting.save(
        update_fields=[
            "status",
            "confirmed_at",
            "not_before",
            "lookups",
            "number",
            "keyed",
            "open_type",
            "open_facts",
            "unknown_since",
            "parked_at",
            "hold_reason",
            "fence",
        ]
    )
    attempts.note(
        posting=posting,
        purpose="confirm",
        outcome=AttemptOutcome.KEYED,
        text=f"Linked by hand to {posting.number}",
        evidence=None,
        now=now,
    )
    rmas.refresh_search(posting.rma)


def _is_read_back(posting: Posting) -> bool:
    """Whether the ERP will tell what it holds; a connection that cannot be opened cannot.

    Of two under one key a person says which one counts: reading them again would tell both.
    """
    if posting.open_type in confirming.TWICE_TYPES.values():
        return False
    try:
        return keying.is_read_back(posting=posting)
    except (ConnectorError, errors.DeskError):
        return False


def _posting(kind: str, rma: Rma, payload: dict[str, Any]) -> dict[str, Any]:
    given = str(payload.get("posting_id") or "")
    pk = int(given) if given.isascii() and given.isdigit() and len(given) < 16 else 0
    posting = Posting.objects.filter(pk=pk, rma=rma).first()
    if posting is None:
        raise errors.InvalidChoice("That posting is not one of this return's.")
    if not can_be_sent(posting) and kind == FixKind.RETRY:
        raise errors.InvalidChoice(
            f"{posting.key} is {posting.get_status_display().lower()}: only a refused or doubtful "
            "posting can be sent again."
        )
    clean_payload: dict[str, Any] = {"posting_id": posting.pk, "key": posting.key}
    if kind == FixKind.LINK_DOCUMENT:
        if posting.status in _SETTLED:
            raise errors.InvalidChoice(
                f"{posting.key} is {posting.get_status_display().lower()}; nothing to link."
            )
        clean_payload["number"] = _number(payload)
    return clean_payload


def can_be_sent(posting: Posting) -> bool:
    """Whether a person may send it again: it was refused, or is in doubt."""
    return (
        posting.status in (PostingStatus.FAILED, PostingStatus.UNCONFIRMED)
        or posting.parked_at is not None
    )


def _text(payload: dict[str, Any], name: str, what: str, limit: int) -> str:
    value = " ".join(str(payload.get(name, "")).split())
    if not value or len(value) > limit:
        raise errors.InvalidChoice(f"Give {what}, at most {limit} characters.")
    return value


def _number(payload: dict[str, Any]) -> str:
    number = _text(payload, "number", "the ERP's document number", 40)
    if not _DOCUMENT_NUMBER.fullmatch(number):
        raise errors.InvalidChoice(
            "Give the ERP's document number as it stands there: letters, digits and . _ / # - with"
            " at least one digit."
        )
    return number


def _amount(payload: dict[str, Any], name: str, currency: str) -> str:
    text = str(payload.get(name, "")).replace("−", "-")
    try:
        amount = amounts.read(text)
    except amounts.NotAnAmount as error:
        raise errors.InvalidChoice(
            f"Give an amount in plain digits, for example −3.20. What was given {error}."
        ) from error
    if abs(amount) > _MOST_AMOUNT:
        raise errors.InvalidChoice("Give an amount of at most 12 digits before the point.")
    if money.quantise(amount, currency) != amount:
        raise errors.InvalidChoice(f"{currency} has fewer decimal places than {amount}.")
    return str(amount)
