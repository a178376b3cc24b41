"""What the registry and the connection form must know of Shopify before there is a connection.

Versions are quarterly; our documents are checked against the vendor's schema of each of these.
Older ones lack `@idempotent` and reasons by handle.
"""

from __future__ import annotations

from typing import Final

KIND: Final = "shopify"
LABEL: Final = "Shopify"
VERSIONS: Final[tuple[str, ...]] = ("2026-04", "2026-07", "2026-10")
DEFAULT_VERSION: Final = "2026-10"
# What a returns source must be allowed to read, and what notes on orders need beside it.
SCOPES: Final[tuple[str, ...]] = ("read_orders", "read_returns")
NOTE_SCOPE: Final = "write_orders"
RETURNS_PER_READ: Final = 10
FINAL_SALE_METAFIELD: Final = "custom.final_sale"
