"""The words of a type for one exception, where its facts make the usual ones untrue (R089).

A document the read-back has seen is neither refused, absent nor unknown; a refusal that passes is
not for ever; and what nobody told is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from exceptions_app.catalogue.entry import Entry, Step
from exceptions_app.catalogue.wording import MINUS, written
from exceptions_app.choices import FixKind, Team

_MAY_BE_FOUND = frozenset({"OUTCOME_UNKNOWN", "SILENT_SUCCESS"})
# The connectors' word for a refusal that carries no code.
_NO_CODE = ("", "unclassified")
# Words of a refusal that goes away by itself: somebody holds the record just now.
_PASSING = re.compile(r"\b(in use|locked|busy|try again|temporar\w+)\b", re.IGNORECASE)
_SAME_ANSWER = " Sending the same document again gives the same answer until its cause is gone."
_LEFT_OUT = {
    "vendor_code": (" with the code {vendor_code}", " with {vendor_code}", ", {vendor_code}"),
    "since": (" since {since}", "; it has been so since {since}"),
}


def is_passing(text: str) -> bool:
    """Whether a refusal says of itself that it passes ("in use by another user")."""
    return _PASSING.search(text) is not None


def told(entry: Entry, facts: Mapping[str, object]) -> Entry:
    """`entry` in the words that are true of an exception with these facts."""
    if entry.code in _MAY_BE_FOUND and facts.get("found"):
        return _found(entry)
    if entry.code == "VAT_SETTING" and facts.get("charged"):
        return _vat_was_charged(entry)
    if entry.code == "SO_LINK_MISSING" and facts.get("problem"):
        return _order_is_unreadable(entry)
    if entry.code == "OVER_RETURN":
        return _too_much(entry, facts)
    if entry.code == "WAREHOUSE_UNMAPPED" and facts.get("order_division") == "":
        return _places_without_division(entry)
    if entry.code == "PAYLOAD_INVALID" and facts.get("unit"):
        return _item_is_told_twice(entry)
    if entry.code == "PAYLOAD_INVALID" and facts.get("field") == "not known":
        return _message_is_garbled(entry)
    if (of_books := _of_books(entry, facts)) is not None:
        return of_books
    unknown = [name for name in _LEFT_OUT if str(facts.get(name) or "") in _NO_CODE]
    parts = [part for name in unknown for part in _LEFT_OUT[name]]
    if is_passing(str(facts.get("vendor_text", ""))):
        parts.append(_SAME_ANSWER)
        entry = _refusal_passes(entry)
    return replace(
        entry,
        title=_without(entry.title, parts),
        group_title=_without(entry.group_title, parts),
        sentence=_without(entry.sentence, parts),
        consequence=_without(entry.consequence, parts),
    )


def _too_much(entry: Entry, facts: Mapping[str, object]) -> Entry:
    """By whether it is money above what is left of the order, or units above what it sold."""
    if facts.get("line_max"):
        return _order_is_used_up(entry)
    return _credit_is_for_what_was_sold(entry) if facts.get("credit") else entry


def _refusal_passes(entry: Entry) -> Entry:
    """Nothing is wrong with the document, so no field is to be mended: it is for later."""
    if entry.code != "CM_REJECTED":
        return entry
    wait = Step(
        "Wait until it is free in {erp}: by its words the refusal passes, and nothing is wrong with"
        " the document.",
        link="posting",
    )
    again = Step("Then send it again.", FixKind.RETRY)
    kept = tuple(step for step in entry.playbook if step.action and step.action != again.action)
    return replace(entry, playbook=(wait, again, *kept))


def _of_books(entry: Entry, facts: Mapping[str, object]) -> Entry | None:
    """By what is known of a closed month, or by which side of a difference is the larger."""
    difference = str(facts.get("difference") or "")
    if entry.code == "REFUND_CM_MISMATCH" and difference.startswith(("-", MINUS)):
        return _refund_is_short(entry, {**facts, "difference": difference[1:]})
    if entry.code == "PERIOD_CLOSED":
        return _month_was_refused(entry) if facts.get("key") else _month_is_known(entry)
    return None


def _refund_is_short(entry: Entry, facts: Mapping[str, object]) -> Entry:
    """The refund is less than the credit: there is nothing to claim back, some is still due.

    `facts` give the difference without its sign.
    """
    missing = written("difference", facts)
    return replace(
        entry,
        playbook=tuple(
            replace(
                step,
                text=f"If the credit was right, have the missing {missing} paid in {{platform}}: "
                "it closes by itself then. Or accept the difference with a reason.",
            )
            if step.action == FixKind.ACCEPT_DIFFERENCE
            else step
            for step in entry.playbook
        ),
    )


def _month_was_refused(entry: Entry) -> Entry:
    """The ERP turned the document down: it is sent again by hand."""
    last = Step(
        "Or have {period} reopened in {erp}, then send the document again as it is.",
        FixKind.RETRY,
    )
    return replace(entry, playbook=(*entry.playbook[:-1], last))


def _month_is_known(entry: Entry) -> Entry:
    """The document never left: nothing was refused, and there is nothing to send again."""
    last = Step(
        "Or have {period} reopened in {erp}. The document leaves by itself once {erp} tells us so; "
        "where {period} is noted as closed here, an admin or a lead of finance then says "
        "Month is open again.",
        link="month",
    )
    redate = replace(
        entry.playbook[-2],
        text="Choose the posting date, in an open month. It counts for every document of the "
        "return that is dated in {period} and has not left.",
    )
    return replace(
        entry,
        sentence="A document of return {rma} is dated {posting_date}. As far as we know {period} "
        "is closed in {erp}.",
        consequence="The document is held back and was not sent, so {value} is in no ledger yet.",
        playbook=(*entry.playbook[:-2], redate, last),
        actions=tuple(kind for kind in entry.actions if kind != FixKind.RETRY),
    )


def _without(text: str, parts: list[str]) -> str:
    for part in parts:
        text = text.replace(part, "")
    return text


def _vat_was_charged(entry: Entry) -> Entry:
    """A rule that says no VAT, and an order that was charged some."""
    title = "VAT setting “{setting}” is read as no VAT, but VAT was charged"
    return replace(
        entry,
        title=title,
        group_title=title,
        sentence=(
            "The rule for “{setting}” says that no VAT is charged. Order {order} has VAT of"
            " {charged} on what came back."
        ),
        closes_by="The rule for “{setting}” fits the order, or the order has no VAT.",
    )


def _order_is_unreadable(entry: Entry) -> Entry:
    """The order is there, and says something of itself that cannot be."""
    return replace(
        entry,
        title="Order {order} of {erp} cannot be taken in",
        group_title="Orders of {erp} cannot be taken in",
        short="order that cannot be read",
        sentence="{erp} has order {order}, and it cannot be read: {problem}",
    )


def _message_is_garbled(entry: Entry) -> Entry:
    """No part of the message is wrong: all of it is."""
    first, *_, last = entry.playbook
    return replace(
        entry,
        group_title="{platform} sends messages that cannot be read",
        sentence=(
            "The message {event} of {platform} cannot be read as {expected}. It is kept as it came."
            " What was found: {got}"
        ),
        playbook=(
            first,
            Step("Ask whoever looks after {platform} whether it answers as it should again."),
            Step("Then handle the message again on its page.", link="inbox"),
            last,
        ),
    )


def _item_is_told_twice(entry: Entry) -> Entry:
    """One unit of a return, and two entries of it that cannot both be true."""
    first, _, support, again, last = entry.playbook
    return replace(
        entry,
        title="{platform} lists an item of return {rma} twice, and not alike",
        group_title="{platform} lists an item twice, and not alike",
        sentence=(
            "{platform} lists one item of return {rma} twice: item {unit}, with {apart}. One"
            " item cannot be both, so nothing of it was applied. The message is kept as it came."
        ),
        playbook=(
            Step("See what differs between the two entries.", link="entries"),
            replace(
                first,
                text="Open the message if you need its number. It may only name the return: the"
                " entries are what {platform} told when the return was read.",
            ),
            Step(
                "Compare both entries with the order and with what was refunded. Two items that"
                " truly came back under one number are both right: then only {platform} can give"
                " each a number of its own.",
                link="order",
            ),
            Step(
                "If one entry is wrong, open return {rma} in {platform} and remove it. {platform}"
                " then sends the return anew, and that closes this by itself."
            ),
            support,
            replace(again, text="Once it is corrected, handle the message again on its page."),
            last,
        ),
    )


def _order_is_used_up(entry: Entry) -> Entry:
    """An amount above what is left of the order, not units: no SKU is too many."""
    _, listed, *others = entry.playbook
    return replace(
        entry,
        title="More is credited on order {order} than is left of it",
        group_title="Credits are above what is left of the order",
        short="credit above what is left of the order",
        sentence=(
            "Of order {order}, {line_max} is left after other returns, goodwill and refunds made"
            " outside. This credit of {credit} is {excess} more."
        ),
        consequence="The credit stops, because {erp} would book more than was sold.",
        playbook=(replace(listed, text=listed.text.replace("Else list", "List")), *others),
    )


def _credit_is_for_what_was_sold(entry: Entry) -> Entry:
    """Units too many: the credit never holds them, so there is nothing to take off it."""
    return replace(
        entry,
        sentence=f"{entry.sentence} Refunded was {{refund}}; the units that were sold come to"
        " {credit}.",
        playbook=tuple(step for step in entry.playbook if step.action != FixKind.CORRECT_CREDIT),
    )


def _places_without_division(entry: Entry) -> Entry:
    """The order names no division: its ERP keeps warehouses alone, or the order is not known."""
    find, create, choose, check = entry.playbook
    own = ", in the order's own division ({order_division})"
    pair = "its division and warehouse"
    return replace(
        entry,
        sentence=entry.sentence.replace("a division and a warehouse", "a warehouse"),
        closes_by=entry.closes_by.replace("a division and warehouse", "a warehouse"),
        playbook=(
            find,
            replace(create, text=create.text.replace(own, "")),
            replace(choose, text=choose.text.replace(pair, "its warehouse")),
            check,
        ),
    )


def _found(entry: Entry) -> Entry:
    """The entry in the words of a document that is there; linking it comes first."""
    return replace(
        entry,
        title="{erp} has the {kind} of return {rma}, but not as it was sent",
        group_title="{erp} has a {kind} that is not as it was sent",
        sentence=(
            "{found}. It carries our key {key} in {erp}. It was not taken over by itself, and"
            " nothing was sent again."
        ),
        consequence=(
            "Until it is linked or corrected, the {kind} of return {rma} counts as not booked here,"
            " and its later documents wait."
        ),
        playbook=(
            Step("Compare what was sent with what was read back.", link="posting"),
            Step(
                "Find out which of them is right. The order and the refund say it; only finance"
                " can say that {number} was changed in {erp} on purpose.",
                ask=Team.FINANCE,
                question=(
                    "{found}. Was it changed in {erp} on purpose, and by whom? Else it is corrected"
                    " there."
                ),
            ),
            Step(
                "Either link {number} as it stands in {erp}, if that is right. Finance approves"
                " it.",
                FixKind.LINK_DOCUMENT,
            ),
            Step(
                "Or have it corrected in {erp} and then link it, if ours is right. The preview"
                " reads it anew; say in the note who corrected it.",
                FixKind.LINK_DOCUMENT,
            ),
            Step(
                "Or ask finance to approve another look, only if it was voided in {erp}. It is sent"
                " under the same key only if it is not there any more.",
                FixKind.RETRY,
            ),
        ),
        actions=(FixKind.LINK_DOCUMENT, FixKind.RETRY),
        approval="finance",
        closes_by="Read-back finds the document equal to ours, or a person links it.",
    )
