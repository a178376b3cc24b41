"""Where in an ERP it is said that an item is in use, as far as its interface tells us."""

from __future__ import annotations

_OTHER = "the item’s own record, and there the mark that says that it is in use"
# By kind of connection. The two without public screens are told by what their interface reads.
_PLACES = {
    "bluecherry": "the item in the style master (style, colour, size), and there the mark Active",
    "prima": "the product with its matrix codes, and there the mark Active",
    "netsuite": "the item record, and there the box Inactive, which must be empty",
    "brightpearl": "the product, and there its status, which must not be Archived",
    "file_exchange": "the item’s row in the next item file of the partner",
}


def of_item(kind: str) -> str:
    """The record and its mark, as the end of "It is …": sources are decisions of the connectors."""
    return _PLACES.get(kind, _OTHER)
