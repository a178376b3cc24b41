"""The invented retailer Alder: what it sells, who buys it, where it stores things."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Article:
    """`price` is what a customer pays for one, 20 % VAT in."""

    sku: str
    name: str
    price: Decimal
    cost: Decimal


_STYLES = (
    ("TEE", "Organic cotton T-shirt", "20.00", "5.10"),
    ("LIN", "Linen overshirt", "68.00", "21.40"),
    ("JMP", "Lambswool jumper", "85.00", "29.90"),
    ("CRD", "Ribbed cardigan", "74.00", "24.60"),
    ("DRS", "Tiered midi dress", "96.00", "30.20"),
    ("TRS", "Pleated trousers", "72.00", "22.80"),
    ("COT", "Wool wrap coat", "189.00", "71.00"),
    ("PYJ", "Brushed cotton pyjamas", "48.00", "15.30"),
)
_COLOURS = (("BLK", "black"), ("OAT", "oat"))
_SIZES = ("S", "M")
_HOME = (
    ("THROW-MOSS", "Herringbone throw, moss", "59.00", "19.70"),
    ("CUSH-RUST", "Velvet cushion, rust", "32.00", "9.40"),
    ("MUG-CREAM", "Stoneware mug, cream", "14.00", "3.20"),
    ("BOWL-SLATE", "Serving bowl, slate", "38.00", "11.60"),
    ("CNDL-FIG", "Candle, fig and cedar", "26.00", "6.90"),
    ("TWL-SAGE", "Bath towel, sage", "24.00", "7.70"),
    ("LMP-OAK", "Oak table lamp", "95.00", "34.10"),
    ("DUV-WHT-D", "Double duvet set, white", "110.00", "38.50"),
)


def _clothing() -> list[Article]:
    return [
        Article(
            f"{style}-{code}-{size}", f"{name}, {colour}, {size}", Decimal(price), Decimal(cost)
        )
        for style, name, price, cost in _STYLES
        for code, colour in _COLOURS
        for size in _SIZES
    ]


ARTICLES: tuple[Article, ...] = (
    *_clothing(),
    *(Article(sku, name, Decimal(price), Decimal(cost)) for sku, name, price, cost in _HOME),
)
BY_SKU = {article.sku: article for article in ARTICLES}

FIRST_NAMES = (
    "Amara", "Beth", "Callum", "Dilys", "Ewan", "Farida", "Gwen", "Harriet", "Imran", "Joan",
    "Kit", "Lowri", "Marcus", "Nadia", "Owen", "Priya", "Rhona", "Sandeep", "Tess", "Yusuf",
)  # fmt: skip
LAST_NAMES = (
    "Abbott", "Barlow", "Chaudhry", "Drummond", "Ellery", "Fenwick", "Garrick", "Holloway",
    "Iqbal", "Jarrow", "Kerr", "Lovell", "Mistry", "Norcott", "Okafor", "Penrose", "Quigley",
    "Redfern", "Sowerby", "Tranter",
)  # fmt: skip

REASONS = (
    ("Does not fit", "FIT"),
    ("Changed my mind", "MIND"),
    ("Not as described", "DESC"),
    ("Arrived damaged", "DMG"),
    ("Arrived too late", "LATE"),
)
DISPOSITIONS = (("Damaged", "damaged"), ("Needs repair", "repair"), ("Soiled", "disposal"))
LOCATIONS = (("Leeds returns centre", "10", "LEE"), ("Hull overflow", "10", "HUL"))
CARRIERS = ("Royal Mail", "Evri", "DPD")

# What the platform calls a T-shirt after a typing slip in its catalogue.
MISSPELT_SKU = "TEE-BLAK-M"
# What a shop sells before anyone has set it up in the ERP.
STRANGE = Article(
    "TEE-NAVY-M", "Organic cotton T-shirt, navy, M", Decimal("20.00"), Decimal("5.10")
)
# Sold as one, sent as a candle and a towel.
BUNDLE = Article("SET-EVENING", "Quiet evening set", Decimal("50.00"), Decimal("14.60"))
BUNDLE_PARTS = (BY_SKU["CNDL-FIG"], BY_SKU["TWL-SAGE"])
DISCONTINUED = Article("HAT-FELT-OS", "Felt hat, discontinued", Decimal("42.00"), Decimal("12.00"))
# Given away before anyone has set it up in the ERP.
GIFT = Article("GIFT-TOTE", "Canvas tote, free gift", Decimal("0.00"), Decimal("1.80"))
# One barcode on two boxes: the ERP knows two items for what the label says.
SHARED_BARCODE = "5059900012345"
TWINS = (
    Article("GLV-BLK-A", "Leather gloves, black", Decimal("45.00"), Decimal("14.00")),
    Article("GLV-BLK-B", "Leather gloves, black (new lining)", Decimal("45.00"), Decimal("16.50")),
)
