"""What the registry and the connection form must know of Brightpearl before there is a connection.

One account is one company: no subsidiaries, so no divisions. The instance id is that of the
installed integration; together with our key it makes a document unique.
"""

from __future__ import annotations

from typing import Final

KIND: Final = "brightpearl"
LABEL: Final = "Brightpearl"
DEFAULT_BASE_URL: Final = "https://euw1.brightpearlconnect.com"
# Documented: ids in the path of a read, messages in a multi-message, calls per rolling minute.
MAX_IDS: Final = 200
MAX_MESSAGES: Final = 10
CALLS_PER_MINUTE: Final = 200
PAGE_SIZE: Final = 500

# Code, label, what the form says of it, and whether there must be one.
CREDENTIALS: Final = (
    ("app_ref", "App reference", "Of the private app, or of the OAuth instance app.", True),
    (
        "account_token",
        "Account token",
        "Of a private app; an OAuth app has a refresh token instead.",
        False,
    ),
    ("dev_ref", "Developer reference", "OAuth only.", False),
    ("client_secret", "Client secret", "OAuth only, where the app has one.", False),
    (
        "refresh_token",
        "Refresh token",
        "OAuth only; with it we sign in by OAuth, without it as a private app.",
        False,
    ),
)
SETTINGS: Final = (
    ("account", "Account code", "As in the address of the account's own pages.", True),
    (
        "instance_id",
        "Integration instance id",
        "Of the installed integration; with our key it makes a document unique.",
        True,
    ),
    ("timezone", "Time zone", "The account's, as in Europe/London. Empty: UTC.", False),
    ("untaxed_code", "Tax code of untaxed amounts", "For fees and corrections.", False),
    ("sales_nominal", "Nominal code of goods", "Empty: the account's own default.", False),
    ("shipping_nominal", "Nominal code of shipping", "Empty: as the account says.", False),
    ("discount_nominal", "Nominal code of discounts", "Empty: as the account says.", False),
    ("channel_id", "Channel of credits", "Empty: none is set on the sales credit.", False),
    ("credit_status_id", "Status of new credits", "Empty: the account's own default.", False),
)
