"""Words of the manual that neither the catalogue nor the policy holds, ready for translation."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Text = str | Promise

# How a place of a template is written where no exception fills it.
PLACES: dict[str, Text] = {"erp": _("the ERP"), "platform": _("the returns platform")}

FAMILIES: dict[str, Text] = {
    "item": _("Items"),
    "location": _("Locations"),
    "stock": _("Stock"),
    "money": _("Money"),
    "exchange": _("Exchanges"),
    "integration": _("Systems"),
}

APPROVALS: dict[str, Text] = {
    "none": _("Nobody else has to agree"),
    "peer": _("Another person who could have made the change must agree"),
    "finance": _("Someone else from finance must agree"),
    "two": _("Two others from finance must agree"),
    "peer_above": _("Above the company’s threshold another person of the team must agree"),
    "finance_above": _("Above the company’s threshold someone else from finance must agree"),
}

# Page of a playbook's step: address name, capability, the words of its link.
PAGES: dict[str, tuple[str, str, Text]] = {
    "return": ("return-list", "view_desk", _("Open the returns")),
    "order": ("return-list", "view_desk", _("Open the returns")),
    "group": ("case-list", "view_desk", _("Open the exceptions of this kind")),
    "causes": ("case-list", "view_desk", _("Open the exceptions of this kind")),
    "month": ("case-list", "view_desk", _("Open the exceptions of this kind")),
    "approvals": ("fix-list", "view_desk", _("Open the approvals")),
    "roll_back": ("admin:mappings", "view_mappings", _("Open the mappings")),
    "mappings": ("admin:mappings", "view_mappings", _("Open the mappings")),
    "items": ("merchandising", "view_merchandising", _("Open merchandising")),
    "item": ("merchandising", "view_merchandising", _("Open merchandising")),
    "feeds": ("stock-confidence", "view_merchandising", _("Open the item masters")),
    "posting": ("posting-list", "view_operations", _("Open the postings")),
    "postings": ("posting-list", "view_operations", _("Open the postings")),
    "credit": ("posting-list", "view_operations", _("Open the postings")),
    "ungraded": ("return-list", "view_desk", _("Open the returns")),
    "items_anew": ("operations", "view_operations", _("Open operations")),
    "inbox": ("inbox", "view_operations", _("Open the inbox")),
    "entries": ("inbox", "view_operations", _("Open the inbox")),
    "support": ("inbox", "view_operations", _("Open the inbox")),
    "files": ("exchange-batches", "view_operations", _("Open the exchanged files")),
    "connection": ("operations", "view_operations", _("Open operations")),
    "own_connection": ("operations", "view_operations", _("Open operations")),
    "earlier": ("inbox", "view_operations", _("Open the inbox")),
    "keys": ("operations", "view_operations", _("Open operations")),
    "messages": ("message-list", "view_desk", _("Open the messages")),
    "parcel": ("return-list", "view_desk", _("Open the returns")),
    "depots": ("warehouse", "view_warehouse", _("Open the warehouse's room")),
    "place": ("return-list", "view_desk", _("Open the returns")),
    "locations": ("admin:mappings", "view_mappings", _("Open the mappings")),
}

# What each capability lets a person do, as a person would say it.
CAPABILITIES: dict[str, Text] = {
    "view_desk": _("See Today, exceptions, returns, approvals and this manual"),
    "view_personal_data": _("See customers' names and e-mail addresses"),
    "view_parcel_numbers": _("See the numbers of parcels, and find them by a part"),
    "view_warehouse": _("See the warehouse's room"),
    "view_merchandising": _("See the room for items and gaps"),
    "view_finance": _("See finance's room and its credit runs"),
    "view_mappings": _("See mappings, their history and files of them"),
    "view_operations": _("See connections, messages and documents sent"),
    "view_raw_messages": _("Read messages and replies as they came"),
    "view_audit": _("See who did what, and when"),
    "assign_case": _("Take an exception, or hand it to someone"),
    "write_note": _("Write a note about an exception or a return"),
    "close_case": _("Close an exception by hand, with a reason"),
    "view_load": _("See who of a team has what"),
    "lead_team": _("Set who is given what, in one’s own teams"),
    "read_item": _("Have the ERP asked for an exception’s item at once"),
    "fix_item": _("Ask for an item mapping"),
    "fix_stock": _("Ask for a disposition, reason or location mapping"),
    "fix_status": _("Ask for a status mapping"),
    "fix_money": _("Ask for a change that touches money, tax, dates or the order"),
    "assign_acceptance": _("Give an accepted difference to another owner"),
    "quote_credit": _("Ask what would be credited for some units of an order, and promise it"),
    "retry_posting": _("Have a document sent again, or link one that is already there"),
    "resend_note": _("Have a note of what is booked sent to the platform again"),
    "approve_fix": _("Approve a colleague's change"),
    "break_glass": _("Put a change in force alone, to be reviewed after"),
    "review_glass": _("Review what one person put in force alone"),
    "view_conflicts": _("See the conflict report of approvals"),
    "approve_money": _("Approve a change that touches money"),
    "open_month": _("Say that a month noted as closed is open again; leads: of finance alone"),
    "start_run": _("Start a credit run"),
    "key_by_hand": _("See what is to be keyed into the ERP by hand"),
    "key_stock": _("Key a stock document or an authorisation by hand and note its number"),
    "key_money": _("Key a credit memo or a refund by hand and note its number"),
    "read_locations": _("Have an ERP's warehouses read again, now"),
    "replay_event": _("Have a message handled again"),
    "import_returns": _("Take in a file of returns, with its customers' names"),
    "manage_connections": _(
        "Set up connections with their credentials, webhook addresses and confirmed writes, and"
        " bridges with their policies; check a connection and let it work again"
    ),
    "manage_mappings": _("Edit mappings directly"),
    "group_causes": _("Say which exceptions share a cause"),
    "use_evidence": _("Add files beside an exception, and take them as files"),
    "manage_calendars": _("Set which hours of a team count"),
    "manage_users": _("Make accounts and give roles"),
    "use_admin": _("Open Set-up"),
    "use_account": _("See and change one's own account"),
}

GLOSSARY: tuple[tuple[Text, Text], ...] = (
    (
        _("Connection"),
        _("One account on one outside system: a returns platform or an ERP."),
    ),
    (
        _("Bridge"),
        _(
            "A returns platform and an ERP that work together, with the rules and mappings a"
            " company chose for them."
        ),
    ),
    (
        _("Return"),
        _(
            "What a customer sends back, copied from the platform. Approval, parcel, inspection,"
            " money and exchange are told apart, because each moves by itself."
        ),
    ),
    (
        _("Sales order"),
        _("The order as the ERP billed it. Every credit takes back a part of exactly this."),
    ),
    (_("Item"), _("An article of the ERP's item master, with its SKU and barcode.")),
    (
        _("Mapping"),
        _("“What they call X is Y in our ERP.” One mapping serves every return that needs it."),
    ),
    (
        _("Disposition"),
        _("What the inspection decided about a unit: for sale again, damaged, to be checked…"),
    ),
    (
        _("Bucket"),
        _("Where the ERP counts the unit: saleable, quarantine, damaged, repair or disposal."),
    ),
    (
        _("Quarantine"),
        _("The bucket of goods that are neither on sale nor written off until somebody decides."),
    ),
    (
        _("Place"),
        _("Where goods are put away, as the ERP knows it: a division and a warehouse, as 10/WH1."),
    ),
    (
        _("Division"),
        _("The part of the company the ERP books for. A warehouse belongs to one."),
    ),
    (
        _("Posting"),
        _("One document a return needs in the ERP: an authorisation, a receipt, a credit…"),
    ),
    (
        _("Attempt"),
        _("One try at sending a posting, with what was sent and what came back. Kept for good."),
    ),
    (
        _("Read back"),
        _(
            "We ask the ERP for the document by its key and compare it with what we meant. Only"
            " then a posting is confirmed."
        ),
    ),
    (
        _("Unknown outcome"),
        _("The reply was lost. Nothing is sent again before it is clear whether it landed."),
    ),
    (_("Exception"), _("Something that does not fit and that a person must decide.")),
    (
        _("Cause"),
        _("What several exceptions have in common. Clear it once, and all of them close."),
    ),
    (
        _("Fix"),
        _("A change of one fact: a mapping, a date, a decision. The documents follow from it."),
    ),
    (
        pgettext_lazy("glossary", "Approval"),
        _("The second person's yes to a fix. Nobody approves a request of their own."),
    ),
    (
        _("Hold"),
        _("The time after an approval in which it can be taken back and nothing leaves."),
    ),
    (
        _("Held"),
        _(
            "Decided, and not sent yet. A change waits so that it can still be taken back; a"
            " credit may wait for a credit run."
        ),
    ),
    (
        _("Leaves"),
        _("Is sent to the ERP. What has left is not taken back; it is corrected by a new change."),
    ),
    (
        _("Not sent before"),
        _("The document would go to the ERP for the first time, so there is nothing to compare."),
    ),
    (
        _("Heals"),
        _("Returns that would have nothing in their way any more, so that they move on."),
    ),
    (
        _("Frees"),
        _(
            "The refund money that customers claim with the healed returns. It says what the"
            " change is worth, not what is booked at once."
        ),
    ),
    (
        _("Newly breaks"),
        _("Returns that would get an exception which they do not have now. Look before you ask."),
    ),
    (
        _("Still blocked"),
        _("Returns that would keep something in their way: “After” in the preview says what."),
    ),
    (
        _("At risk"),
        _("The money an exception is about, as its page explains. It is not lost."),
    ),
    (
        _("Waits behind another"),
        _("An exception that an earlier one of the same return has to be solved for first."),
    ),
    (
        _("Batch"),
        _("Changes that one person approved in one act. They can be taken back together."),
    ),
    (
        _("Without the second person"),
        _(
            "In an emergency one person may put a change in force alone. It stays listed until"
            " somebody else has reviewed it."
        ),
    ),
    (
        _("Credit run"),
        _("Credits that were collected, looked at together, and sent when finance says so."),
    ),
    (
        _("Closed by proof"),
        _("The exception's cause is gone, and the document or mapping that shows it is named."),
    ),
)
