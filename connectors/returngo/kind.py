"""What the registry and the connection form must know of ReturnGO before there is a connection.

The daily limit is the vendor's default (help centre, API overview). One key serves all shops of an
owner; the `x-shop-name` header picks the shop.
"""

from __future__ import annotations

from typing import Final

KIND: Final = "returngo"
LABEL: Final = "ReturnGO"
DEFAULT_BASE_URL: Final = "https://api.returngo.ai"
CREDENTIAL_FIELDS: Final[tuple[str, ...]] = ("api_key",)
SETTINGS_FIELDS: Final[tuple[str, ...]] = ("shop_name",)
# A whole number; a bulk key for the first load may be given a higher one by the vendor.
OPTIONAL_SETTINGS_FIELDS: Final[tuple[str, ...]] = ("daily_call_limit",)
DAILY_CALL_LIMIT: Final = 2_000
