"""What the tests of the layouts share: settings, drafts and moments."""

from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import strategies as st

from connectors.exchange.layouts import LayoutSettings
from connectors.exchange.shapes import Batch
from connectors.types import DocumentDraft, DocumentKind, DraftLine

SETTINGS = LayoutSettings(our_id="RETURNSBRIDGE", partner_id="DEPOT3PL")
AT = datetime(2026, 3, 5, 12, 30, tzinfo=UTC)
DAY = date(2026, 3, 5)
AUTHORISATION = DocumentKind.RETURN_AUTHORISATION
CREDIT = DocumentKind.CREDIT_MEMO


def make_line(number: int = 1, **known: object) -> DraftLine:
    plain = {
        "line_no": number,
        "component": "item",
        "sku": "DRESS-RED-M",
        "item_erp_id": "",
        "quantity": 2,
        "description": "Midi dress",
        "reason_code": "PF",
        "bucket": "SALE",
    }
    return DraftLine(**(plain | known))


def make_draft(kind: DocumentKind = AUTHORISATION, **known: object) -> DocumentDraft:
    plain = {
        "kind": kind,
        "key": "RA-depot-5001-1",
        "date": DAY,
        "division": "WOMEN",
        "warehouse": "MAIN",
        "customer_code": "WEB",
        "currency": "GBP",
        "rma_number": "RMA5001",
        "order_number": "#1001",
        "order_erp_id": "",
        "invoice_number": "INV9",
        "authorisation_number": "",
        "note": "",
        "lines": (make_line(),),
    }
    return DocumentDraft(**(plain | known))


def make_credit(**known: object) -> DocumentDraft:
    item = make_line(net=Decimal("55.00"), tax=Decimal("11.00"), tax_code="STD")
    fee = make_line(
        2,
        component="fee",
        sku="",
        quantity=1,
        charge_code="FEE",
        reason_code="",
        bucket="",
        net=Decimal("-5.00"),
        tax=Decimal("-1.00"),
        tax_code="STD",
    )
    return make_draft(CREDIT, **({"lines": (item, fee)} | known))


def make_batch(*drafts: DocumentDraft, number: int = 17) -> Batch:
    drafts = drafts or (make_draft(),)
    return Batch(number, drafts[0].kind, drafts, AT)


# --- Any drafts ------------------------------------------------------------------------------

_PLAIN = st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="*>~")
_INSIDE = st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="*>~")


def identifiers(most: int, least: int = 1) -> st.SearchStrategy[str]:
    """Texts that X12 carries unchanged: without its delimiters, and no space at either end."""
    found = st.text(_INSIDE, min_size=least, max_size=most).map(str.strip)
    return found.filter(lambda text: len(text) >= least)


def keys() -> st.SearchStrategy[str]:
    return st.text(_PLAIN, min_size=1, max_size=75)


AMOUNTS = st.integers(-99_999, 99_999).map(lambda cents: Decimal(cents) / 100)


@st.composite
def item_lines(draw: st.DrawFn, number: int, *, has_money: bool) -> DraftLine:
    return make_line(
        number,
        sku=draw(identifiers(48)),
        quantity=draw(st.integers(1, 9_999_999 // 5)),
        description=draw(st.text(max_size=60)),
        reason_code=draw(identifiers(30, 0)),
        bucket=draw(identifiers(45, 0)),
        net=draw(AMOUNTS) if has_money else Decimal(0),
        tax=draw(AMOUNTS) if has_money else Decimal(0),
        tax_code=draw(identifiers(40, 0)) if has_money else "",
    )


@st.composite
def drafts(draw: st.DrawFn, kind: DocumentKind = AUTHORISATION) -> DocumentDraft:
    has_money = kind is CREDIT
    count = draw(st.integers(1, 4))
    return make_draft(
        kind,
        key=draw(keys()),
        date=draw(st.dates(date(1900, 1, 1))),
        division=draw(identifiers(30, 0)),
        warehouse=draw(identifiers(60)),
        rma_number=draw(identifiers(22)),
        order_number=draw(identifiers(22, 0)),
        invoice_number=draw(identifiers(22)),
        note=draw(st.text(max_size=200)),
        lines=tuple(
            draw(item_lines(number, has_money=has_money)) for number in range(1, count + 1)
        ),
    )


PIECES = st.sampled_from(
    ["*", "~", ",", '"', "-", "9", "1e5", "\n", "\0", "²", "٣", "W07*1*EA~", "H"]
)


@st.composite
def changed(draw: st.DrawFn, text: str) -> bytes:
    """A file with up to three places changed, as a bad line or a bad program might."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        stop = min(len(text), start + draw(st.integers(0, 3)))
        text = text[:start] + draw(PIECES | st.just("")) + text[stop:]
    return text.encode()
