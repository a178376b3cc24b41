"""Segments of a warehouse: title, conditions, elements, as `dictionary` reads them."""

from __future__ import annotations

# A qualifier and an id, given up to twice in one segment.
ITEM = ("X 235 ID 2/2 Product ID qualifier", "X 234 AN 1/48 Product ID")

SEGMENTS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "W03": (
        "Total shipment",
        "P0203",
        ("M 382 R 1/10 Units shipped", "X 81 R 1/10 Weight", "X 355 ID 2/2 Unit of weight"),
    ),
    "W04": (
        "Item detail total",
        "R0304 P0405 P0607",
        (
            "M 382 R 1/10 Units shipped",
            "M 355 ID 2/2 Unit",
            "X 438 AN 12/12 UPC case code",
            *ITEM,
            *ITEM,
        ),
    ),
    "W06": (
        "Warehouse shipment",
        "P0708",
        (
            "M 514 ID 1/1 Reporting code",
            "O 285 AN 1/22 Depositor order number",
            "O 373 DT 8/8 Date",
            "O 145 AN 1/30 Shipment identification",
            "O 531 AN 1/12 Agent shipment number",
            "O 324 AN 1/22 Purchase order number",
            "X 474 AN 1/22 Link number",
            "X 472 N0 6/6 Link sequence",
            "O 152 ID 2/3 Special handling",
            "O 891 ID 2/2 Date change reason",
            "O 640 ID 2/2 Transaction type",
            "O 306 ID 1/2 Action",
        ),
    ),
    "W07": (
        "Item detail for stock receipt",
        "R0304 P0405 P0607 P1011",
        (
            "M 413 R 1/7 Quantity received",
            "M 355 ID 2/2 Unit",
            "X 438 AN 12/12 UPC case code",
            *ITEM,
            *ITEM,
            "O 451 AN 1/12 Warehouse lot",
            "O 893 ID 1/1 Adjustment identifier",
            *ITEM,
        ),
    ),
    "W13": (
        "Item detail exception",
        "",
        (
            "M 380 R 1/15 Quantity",
            "M 355 ID 2/2 Unit",
            "M 412 ID 2/2 Receiving condition",
            "O 451 AN 1/12 Warehouse lot",
            "O 853 ID 2/2 Damage reason",
        ),
    ),
    "W14": (
        "Total receipt",
        "",
        ("M 413 R 1/7 Quantity received", *("O 382 R 1/10 Units" for _ in range(4))),
    ),
    "W15": (
        "Warehouse adjustment",
        "",
        (
            "M 373 DT 8/8 Date",
            "O 31 AN 1/22 Adjustment number",
            "O 31 AN 1/22 Depositor adjustment number",
            "O 353 ID 2/2 Purpose",
            "O 640 ID 2/2 Transaction type",
            "O 306 ID 1/2 Action",
        ),
    ),
    "W17": (
        "Warehouse receipt",
        "P0607 P0809",
        (
            "M 514 ID 1/1 Reporting code",
            "M 373 DT 8/8 Date",
            "M 394 AN 1/12 Warehouse receipt number",
            "O 285 AN 1/22 Depositor order number",
            "O 145 AN 1/30 Shipment identification",
            "X 176 ID 1/2 Time qualifier",
            "X 337 TM 4/8 Time",
            "X 474 AN 1/22 Link number",
            "X 472 N0 6/6 Link sequence",
        ),
    ),
    "W19": (
        "Warehouse adjustment item",
        "R0405 P0506 P0708 P1718",
        (
            "M 181 ID 2/2 Adjustment reason",
            "M 477 R 1/10 Quantity",
            "M 355 ID 2/2 Unit",
            "X 438 AN 12/12 UPC case code",
            *ITEM,
            *ITEM,
            "O 451 AN 1/12 Warehouse lot",
            "O 81 R 1/10 Weight",
            "X 187 ID 1/2 Weight qualifier",
            "X 188 ID 1/1 Weight unit",
            "O 81 R 1/10 Weight",
            "X 187 ID 1/2 Weight qualifier",
            "X 188 ID 1/1 Weight unit",
            "O 529 ID 1/2 Inventory transaction type",
            *ITEM,
        ),
    ),
    "W27": (
        "Carrier",
        "",
        (
            "M 91 ID 1/2 Transport method",
            "O 140 ID 2/4 Carrier code",
            "O 387 AN 1/35 Routing",
            "O 146 ID 2/2 Shipment payment",
        ),
    ),
}
