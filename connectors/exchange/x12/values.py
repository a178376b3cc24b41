"""Values on their way out: what X12 cannot hold is refused, or made fit by a stated rule.

Identifiers (keys, SKUs, numbers, codes) are never changed: one that does not fit is refused. Words
for people are made fit: accents fall away, what then is not ASCII becomes "?", delimiters and line
ends become spaces, and what is too long is cut.
"""

from __future__ import annotations

import unicodedata
from datetime import date
from decimal import Decimal

from connectors.errors import Rejected, RejectionCode
from connectors.exchange.x12.tokens import Delimiters, Segment, segment
from connectors.types import DocumentDraft, DraftLine

# W07-01, in which the receipt of what we announce comes back, holds no more digits.
MAX_QUANTITY = 9_999_999
REFERENCE_CHARS, DESCRIPTION_CHARS, NOTE_CHARS = 30, 45, 80
# A key longer than a reference goes on in the description beside it.
MAX_KEY_CHARS = REFERENCE_CHARS + DESCRIPTION_CHARS
OLDEST_YEAR = 1900
# Of N9 and REF. RZ, CO, IV and LI are the standard's; ZZ is what two partners agree upon.
KEY, RETURN_NUMBER, ORDER, INVOICE, DIVISION, LINE = "ZZ", "RZ", "CO", "IV", "19", "LI"
RECEIPT = "RV"
SKU, UNIT, ASSIGNED = "SK", "EA", "92"


class Writer:
    """Makes one document's values fit; `key` names the document in what it refuses."""

    def __init__(self, key: str, delimiters: Delimiters) -> None:
        self._key = key
        self._delimiters = delimiters

    def refused(self, text: str, field: str, code: str = RejectionCode.UNCLASSIFIED) -> Rejected:
        return Rejected(text, code=code, field=field, value=self._key)

    def identifier(self, value: str, field: str, most: int, *, is_needed: bool = False) -> str:
        """`value` unchanged. Raises Rejected when it is too long, or X12 would change it."""
        if is_needed and not value:
            raise self.refused(f"There is no {_said(field)}, and X12 needs one.", field)
        if len(value) > most:
            raise self.refused(
                f"The {_said(field)} {value!r} is longer than the {most} characters X12 has.",
                field,
            )
        wrong = [c for c in value if not " " <= c <= "~" or c in self._delimiters.all]
        if wrong:
            raise self.refused(
                f"The {_said(field)} {value!r} holds {wrong[0]!r}, which X12 cannot carry.", field
            )
        if value != value.strip():
            raise self.refused(f"The {_said(field)} {value!r} begins or ends with a space.", field)
        return value

    def words(self, value: str, most: int) -> str:
        return self._fit(value)[:most].rstrip()

    def notes(self, value: str, most: int) -> tuple[str, ...]:
        """Words in pieces of `NOTE_CHARS`, broken between words; at most `most` of them."""
        return pieces(self._fit(value), NOTE_CHARS)[:most]

    def _fit(self, value: str) -> str:
        plain = "".join(
            c for c in unicodedata.normalize("NFKD", value) if not unicodedata.combining(c)
        )
        kept = (" " if c in self._delimiters.all or c.isspace() else c for c in plain)
        return " ".join("".join(c if " " <= c <= "~" else "?" for c in kept).split())

    def day(self, value: date) -> str:
        if value.year < OLDEST_YEAR:
            raise self.refused(f"{value} is not a date X12 can carry.", "date")
        return value.strftime("%Y%m%d")

    def quantity(self, value: int) -> str:
        if not 0 < value <= MAX_QUANTITY:
            raise self.refused(
                f"A quantity of {value} does not fit: X12 holds 1 to {MAX_QUANTITY}.",
                "quantity",
                RejectionCode.QUANTITY,
            )
        return str(value)

    def cents(self, value: Decimal) -> str:
        """An amount without its sign, with two implied decimals (type N2)."""
        scaled = abs(value) * 100
        if scaled != scaled.to_integral_value():
            raise self.refused(
                f"{value} has more than the two decimals an X12 amount has.",
                "amount",
                RejectionCode.AMOUNT,
            )
        return str(int(scaled))

    # --- Segments that several sets share ------------------------------------------------------

    def key_reference(self, key: str) -> Segment:
        self.identifier(key, "key", MAX_KEY_CHARS, is_needed=True)
        return segment("N9", KEY, key[:REFERENCE_CHARS], key[REFERENCE_CHARS:])

    def references(self, draft: DocumentDraft) -> list[Segment]:
        """Our key first, then the numbers people know the return by; empty ones left out."""
        named = (
            (RETURN_NUMBER, draft.authorisation_number or draft.rma_number, "rma_number"),
            (ORDER, draft.order_number, "order_number"),
            (INVOICE, draft.invoice_number, "invoice_number"),
            (DIVISION, draft.division, "division"),
        )
        return [
            self.key_reference(draft.key),
            *(
                segment("N9", qualifier, self.identifier(value, field, REFERENCE_CHARS))
                for qualifier, value, field in named
                if value
            ),
        ]

    def line_references(self, line: DraftLine) -> list[Segment]:
        """The line's number, which a receipt repeats; reason and bucket where it has them."""
        found = [segment("N9", LINE, str(line.line_no))]
        if line.reason_code or line.bucket:
            reason = self.identifier(line.reason_code, "reason_code", REFERENCE_CHARS)
            bucket = self.identifier(line.bucket, "bucket", DESCRIPTION_CHARS)
            found.append(segment("N9", KEY, reason, bucket))
        return found

    def party(self, entity: str, code: str, field: str) -> Segment:
        """A party by its code; one character is too short for a code and goes as the name."""
        value = self.identifier(code, field, 60, is_needed=True)
        if len(value) == 1:
            return segment("N1", entity, value)
        return segment("N1", entity, "", ASSIGNED, value)


def pieces(text: str, most: int) -> tuple[str, ...]:
    """`text` in pieces of up to `most` characters, broken between words; joined by a space they
    are the text again, unless a single word is longer."""
    found: list[str] = []
    for word in text.split():
        if found and len(found[-1]) + 1 + len(word) <= most:
            found[-1] += " " + word
        else:
            found.extend(word[at : at + most] for at in range(0, len(word), most))
    return tuple(found)


def _said(field: str) -> str:
    return field.replace("_", " ").replace("rma", "return").replace("sku", "SKU")
