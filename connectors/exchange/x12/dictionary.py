"""The segments we write and read, as data: elements with type, lengths, duty and code list.

A row reads "duty, element number, type, least/most, name". Duty is M (mandatory), O (optional) or X
(by a condition of the segment). Types are those of the standard: AN text, ID code, DT date, TM
time, N0 and N2 whole numbers with implied decimals, R decimal number; C marks a composite, which is
never looked into. Conditions use the standard's notation: P0405 (both or none), R0304 (at least
one), E0203 (at most one), C0706 (the first requires the others).

Source: public references of release 4010 and its neighbours (Stedi, zenbridge, kasoftware,
chinlinktech; read in November 2026): W04, W06, W07, W13, W15, W17, W19, RDR, BLI, BCD, CDD, OTI,
TED, AK3 and AK4 element by element. N1, N9, G62, REF, DTM, CUR, W03, W14, W27, PRF, LIN and NTE
from general knowledge of the release, so a partner's guide wins. Codes are in `codes`; a list that
is not public in full is not checked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Element:
    """A place in a segment. `number` is the one of the standard's data element dictionary."""

    number: int
    name: str
    type: str
    least: int
    most: int
    is_mandatory: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """Which elements of a segment need each other; places count from 1."""

    kind: str
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """A segment's elements in order. `is_open`: allowed by the standard, never read by us, so only
    its characters are checked."""

    name: str
    title: str
    elements: tuple[Element, ...] = ()
    conditions: tuple[Condition, ...] = ()
    is_open: bool = False


_ROW = re.compile(r"([MOX]) (\d+) (AN|ID|DT|TM|N0|N2|R|C) (\d+)/(\d+) (.+)")

_ITEM = ("X 235 ID 2/2 Product ID qualifier", "X 234 AN 1/48 Product ID")

_TABLES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "ST": (
        "Transaction set header",
        "",
        ("M 143 ID 3/3 Transaction set", "M 329 AN 4/9 Transaction set control number"),
    ),
    "SE": (
        "Transaction set trailer",
        "",
        ("M 96 N0 1/10 Number of segments", "M 329 AN 4/9 Transaction set control number"),
    ),
    "AK1": (
        "Functional group response header",
        "",
        ("M 479 ID 2/2 Functional group", "M 28 N0 1/9 Group control number"),
    ),
    "AK2": (
        "Transaction set response header",
        "",
        ("M 143 ID 3/3 Transaction set", "M 329 AN 4/9 Transaction set control number"),
    ),
    "AK3": (
        "Data segment note",
        "",
        (
            "M 721 ID 2/3 Segment",
            "M 719 N0 1/6 Position in the set",
            "O 447 AN 1/4 Loop",
            *("O 720 ID 1/3 Segment error" for _ in range(5)),
        ),
    ),
    "AK4": (
        "Data element note",
        "",
        (
            "M 722 C 1/5 Position in the segment",
            "O 725 N0 1/4 Data element number",
            "M 723 ID 1/3 Element error",
            "O 724 AN 1/99 Copy of the bad element",
        ),
    ),
    "AK5": (
        "Transaction set response trailer",
        "",
        (
            "M 717 ID 1/1 Transaction set acknowledgment",
            *("O 718 ID 1/3 Transaction set error" for _ in range(5)),
        ),
    ),
    "AK9": (
        "Functional group response trailer",
        "",
        (
            "M 715 ID 1/1 Functional group acknowledgment",
            "M 97 N0 1/6 Sets included",
            "M 123 N0 1/6 Sets received",
            "M 2 N0 1/6 Sets accepted",
            *("O 716 ID 1/3 Functional group error" for _ in range(5)),
        ),
    ),
    "BCD": (
        "Beginning of a credit or debit adjustment",
        "R071014 P1314",
        (
            "M 373 DT 8/8 Date",
            "M 475 AN 1/22 Adjustment number",
            "M 305 ID 1/2 Transaction handling",
            "M 610 N2 1/15 Amount",
            "M 478 ID 1/1 Credit or debit",
            "O 373 DT 8/8 Invoice date",
            "X 76 AN 1/22 Invoice number",
            "O 424 AN 1/22 Vendor order number",
            "O 373 DT 8/8 Purchase order date",
            "X 324 AN 1/22 Purchase order number",
            "O 353 ID 2/2 Purpose",
            "O 640 ID 2/2 Transaction type",
            "X 128 ID 2/3 Reference qualifier",
            "X 127 AN 1/30 Reference",
            "O 306 ID 1/2 Action",
        ),
    ),
    "BGN": (
        "Beginning",
        "C0504",
        (
            "M 353 ID 2/2 Purpose",
            "M 127 AN 1/30 Reference",
            "M 373 DT 8/8 Date",
            "X 337 TM 4/8 Time",
            "O 623 ID 2/2 Time code",
            "O 127 AN 1/30 Reference",
            "O 640 ID 2/2 Transaction type",
            "O 306 ID 1/2 Action",
            "O 786 ID 1/2 Security level",
        ),
    ),
    "BLI": (
        "Baseline item data",
        "P0506 P0809 P1011 P1213",
        (
            "M 235 ID 2/2 Product ID qualifier",
            "M 234 AN 1/48 Product ID",
            "O 380 R 1/15 Quantity",
            "O 355 ID 2/2 Unit",
            "X 236 ID 3/3 Price identifier",
            "X 212 R 1/17 Unit price",
            "O 355 ID 2/2 Unit of the price",
            *_ITEM,
            *_ITEM,
            *_ITEM,
        ),
    ),
    "CDD": (
        "Credit or debit adjustment detail",
        "P0708",
        (
            "M 426 ID 2/2 Adjustment reason",
            "M 478 ID 1/1 Credit or debit",
            "O 350 AN 1/20 Assigned identification",
            "O 610 N2 1/15 Amount",
            "O 1073 ID 1/1 Yes or no",
            "O 417 AN 1/3 Price bracket",
            "X 477 R 1/10 Quantity",
            "X 355 ID 2/2 Unit",
            "O 427 R 1/15 Unit price difference",
            "X 236 ID 3/3 Price identifier",
            "X 212 R 1/17 Unit price",
            "X 236 ID 3/3 Price identifier",
            "X 212 R 1/17 Unit price",
            "O 369 AN 1/45 Description",
        ),
    ),
    "CUR": (
        "Currency",
        "",
        ("M 98 ID 2/3 Entity", "M 100 ID 3/3 Currency", "O 280 R 4/10 Exchange rate"),
    ),
    "DTM": (
        "Date and time",
        "R0203",
        (
            "M 374 ID 3/3 Date qualifier",
            "X 373 DT 8/8 Date",
            "X 337 TM 4/8 Time",
            "O 623 ID 2/2 Time code",
        ),
    ),
    "G62": (
        "Date and time",
        "R0103 P0102 P0304",
        (
            "X 432 ID 2/2 Date qualifier",
            "X 373 DT 8/8 Date",
            "X 176 ID 1/2 Time qualifier",
            "X 337 TM 4/8 Time",
            "O 623 ID 2/2 Time code",
        ),
    ),
    "G69": ("Line item description", "", ("M 369 AN 1/45 Description",)),
    "LIN": (
        "Item identification",
        "",
        (
            "O 350 AN 1/20 Assigned identification",
            "M 235 ID 2/2 Product ID qualifier",
            "M 234 AN 1/48 Product ID",
            *_ITEM,
            *_ITEM,
            *_ITEM,
        ),
    ),
    "N1": (
        "Name",
        "R0203 P0304",
        (
            "M 98 ID 2/3 Entity",
            "X 93 AN 1/60 Name",
            "X 66 ID 1/2 Code qualifier",
            "X 67 AN 2/80 Code",
            "O 706 ID 2/2 Relationship",
            "O 98 ID 2/3 Entity",
        ),
    ),
    "N9": (
        "Reference",
        "R0203",
        (
            "M 128 ID 2/3 Reference qualifier",
            "X 127 AN 1/30 Reference",
            "X 369 AN 1/45 Description",
            "O 373 DT 8/8 Date",
            "X 337 TM 4/8 Time",
            "O 623 ID 2/2 Time code",
            "O 0 C 1/99 Reference identifier",
        ),
    ),
    "NTE": ("Note", "", ("O 363 ID 3/3 Note reference", "M 352 AN 1/80 Description")),
    "OTI": (
        "Original transaction",
        "",
        (
            "M 110 ID 1/2 Application acknowledgment",
            "M 128 ID 2/3 Reference qualifier",
            "M 127 AN 1/30 Reference",
            "O 142 AN 2/15 Application sender",
            "O 124 AN 2/15 Application receiver",
            "O 373 DT 8/8 Date",
            "O 337 TM 4/8 Time",
            "O 28 N0 1/9 Group control number",
            "O 329 AN 4/9 Transaction set control number",
            "O 143 ID 3/3 Transaction set",
            "O 480 AN 1/12 Version",
            "O 353 ID 2/2 Purpose",
            "O 640 ID 2/2 Transaction type",
            "O 346 ID 2/2 Application type",
            "O 306 ID 1/2 Action",
            "O 305 ID 1/2 Transaction handling",
            "O 641 ID 3/3 Status reason",
        ),
    ),
    "PRF": (
        "Purchase order reference",
        "",
        (
            "M 324 AN 1/22 Purchase order number",
            "O 328 AN 1/30 Release number",
            "O 327 AN 1/8 Change order number",
            "O 373 DT 8/8 Date",
            "O 350 AN 1/20 Assigned identification",
            "O 367 AN 1/30 Contract number",
            "O 92 ID 2/2 Purchase order type",
        ),
    ),
    "QTY": (
        "Quantity",
        "",
        ("M 673 ID 2/2 Quantity qualifier", "O 380 R 1/15 Quantity", "O 0 C 1/99 Unit"),
    ),
    "RDR": (
        "Return disposition and reason",
        "E0203",
        (
            "O 1292 ID 2/2 Disposition",
            "X 1293 ID 2/2 Request reason",
            "X 1294 ID 2/2 Response reason",
            "O 352 AN 1/80 Description",
            "O 1073 ID 1/1 Was it used",
        ),
    ),
    "REF": (
        "Reference",
        "R0203",
        (
            "M 128 ID 2/3 Reference qualifier",
            "X 127 AN 1/30 Reference",
            "X 352 AN 1/80 Description",
            "O 0 C 1/99 Reference identifier",
        ),
    ),
    "TED": (
        "Technical error",
        "",
        (
            "M 647 ID 1/3 Application error",
            "O 3 AN 1/60 Message",
            "O 721 ID 2/3 Segment",
            "O 719 N0 1/6 Position in the set",
            "O 722 N0 1/2 Position in the segment",
            "O 725 N0 1/4 Data element number",
            "O 724 AN 1/99 Copy of the bad element",
            "O 961 AN 1/99 New content",
        ),
    ),
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
            *_ITEM,
            *_ITEM,
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
            *_ITEM,
            *_ITEM,
            "O 451 AN 1/12 Warehouse lot",
            "O 893 ID 1/1 Adjustment identifier",
            *_ITEM,
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
            *_ITEM,
            *_ITEM,
            "O 451 AN 1/12 Warehouse lot",
            "O 81 R 1/10 Weight",
            "X 187 ID 1/2 Weight qualifier",
            "X 188 ID 1/1 Weight unit",
            "O 81 R 1/10 Weight",
            "X 187 ID 1/2 Weight qualifier",
            "X 188 ID 1/1 Weight unit",
            "O 529 ID 1/2 Inventory transaction type",
            *_ITEM,
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

_OPEN = {
    "AMT": "Amount",
    "CTT": "Totals",
    "FOB": "Terms of delivery",
    "G08": "Pallets",
    "G61": "Contact",
    "ITD": "Terms of sale",
    "LM": "Code source",
    "LQ": "Industry code",
    "N2": "Further name",
    "N3": "Address",
    "N4": "Place",
    "NM1": "Person",
    "PER": "Contact",
    "PID": "Item description",
    "PO4": "Packing",
    "SAC": "Allowance or charge",
    "SHD": "Shipment detail",
    "TD1": "Carrier quantity",
    "TD5": "Carrier route",
    "W08": "Receipt carrier",
    "W10": "Warehouse carrier",
    "W20": "Line item packing",
}


def _element(row: str) -> Element:
    found = _ROW.fullmatch(row)
    if found is None:
        raise ValueError(f"not a row of the dictionary: {row}")
    duty, number, kind, least, most, name = found.groups()
    return Element(int(number), name, kind, int(least), int(most), duty == "M")


def _conditions(text: str) -> tuple[Condition, ...]:
    return tuple(
        Condition(word[0], tuple(int(word[at : at + 2]) for at in range(1, len(word), 2)))
        for word in text.split()
    )


SEGMENTS: dict[str, SegmentRule] = {
    name: SegmentRule(name, title, tuple(map(_element, rows)), _conditions(conditions))
    for name, (title, conditions, rows) in _TABLES.items()
} | {name: SegmentRule(name, title, is_open=True) for name, title in _OPEN.items()}
