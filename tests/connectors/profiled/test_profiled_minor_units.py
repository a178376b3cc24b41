"""Amounts as whole numbers of the currency's smallest unit: pence, yen and fils, there and back."""

from decimal import Decimal
from importlib import resources

import pytest

from connectors import currencies, errors, types, wire_json
from connectors.profiled import load, source_load, source_reading
from connectors.types import DocumentKind, TaxPart

COUNTED = 'unit = "minor"\ncurrency = "GBP"'


@pytest.fixture(scope="module")
def counting_text(profile_text):
    return profile_text.replace("scale = 2", COUNTED)


@pytest.fixture
def sent_lines(canned, make_draft, make_line):
    """`sent_lines(text, currency, **line)`: the lines of a credit as they leave, as JSON."""

    def send(text, currency, **line):
        gateway, transport = canned((201, wire_json.encode({"pkey": "9"})), profile_text=text)
        draft = make_draft(currency=currency, lines=(make_line(**line),))
        gateway.create(draft)
        (request,) = transport.requests
        (document,) = wire_json.decode(request.body.decode())
        return document["detail"]

    return send


def amounts(line):
    return line["price"], line["net_amt"], line["tax_amt"]


@pytest.mark.parametrize(
    ("currency", "price", "net", "tax", "expected"),
    [
        ("GBP", "36.00", "27.50", "5.50", (3600, 2750, 550)),
        ("JPY", "3600", "2750", "275", (3600, 2750, 275)),
        ("KWD", "11.250", "8.125", "0.005", (11250, 8125, 5)),
    ],
)
def test_an_amount_leaves_and_comes_back_as_it_was(
    canned, counting_text, sent_lines, currency, price, net, tax, expected
):
    money = {"unit_price": Decimal(price), "net": Decimal(net), "tax": Decimal(tax)}

    (line,) = sent_lines(counting_text, currency, **money)

    assert amounts(line) == expected
    assert [type(each) for each in amounts(line)] == [int, int, int]
    order = {
        "pkey": "1",
        "ord_num": "#1",
        "customer": "WEB",
        "curr_code": currency,
        "sim_ord_date": "2026-02-01 09:30:00",
        "frgt_amt": expected[0],
        "pickdetail": {
            "rows": [
                {
                    "sim_line_id": "1",
                    "sim_sku": "A",
                    "bk_qty": 1,
                    "price": line["price"],
                    "sim_net_amt": str(line["net_amt"]),
                    "sim_tax_amt": line["tax_amt"],
                    "sim_taxes": {"rows": [{"tax_code": "S", "tax_amt": line["tax_amt"]}]},
                }
            ]
        },
    }
    answer = wire_json.encode({"version": "1", "data": {"header": [order]}})
    gateway, _ = canned((200, answer), profile_text=counting_text)
    (found,) = gateway.find_orders(["#1"])
    (sold,) = found.lines
    assert (sold.unit_price, sold.net, sold.tax) == tuple(money.values())
    assert sold.taxes == (TaxPart("S", Decimal(tax)),)
    assert str(found.shipping_net) == price


def test_quantities_are_never_counted_in_pence(counting_text, sent_lines):
    text = counting_text.replace(
        'size_qty = { from = "line.quantity", as = "integer"',
        'size_qty = { from = "line.quantity", as = "decimal"',
    )

    (line,) = sent_lines(text, "GBP", quantity=3)

    assert line["size_qty"] == 3


def test_one_value_may_count_otherwise_than_its_profile(profile_text, counting_text, sent_lines):
    net = 'net_amt = { from = "line.net", as = "decimal"'
    assert net in profile_text

    (some,) = sent_lines(profile_text.replace(net, f'{net}, unit = "minor"'), "GBP")
    (most,) = sent_lines(
        counting_text.replace(net, f'{net}, unit = "major", sign = "negative"'), "GBP"
    )
    (texts,) = sent_lines(counting_text.replace(net, f'{net}, number_as = "text"'), "GBP")

    assert amounts(some) == (Decimal("36.00"), 2750, Decimal("5.50"))
    assert amounts(most) == (3600, Decimal("-27.50"), 550)
    assert texts["net_amt"] == "2750"


@pytest.mark.parametrize(
    ("currency", "net", "words"),
    [
        ("GBP", "27.505", "has more than the decimals of its currency"),
        ("JPY", "27.50", "has more than the decimals of its currency"),
        ("£", "27.50", "'£' is no currency, so its minor unit is not known"),
        ("", "27.50", "is no currency"),
    ],
)
def test_an_amount_that_cannot_be_counted_is_refused_before_any_call(
    canned, counting_text, make_draft, make_line, currency, net, words
):
    gateway, transport = canned(profile_text=counting_text)

    line = make_line(net=Decimal(net), unit_price=Decimal(1), tax=Decimal(1))

    with pytest.raises(errors.Rejected) as refused:
        gateway.create(make_draft(currency=currency, lines=(line,)))

    assert refused.value.code == errors.RejectionCode.AMOUNT
    assert words in refused.value.text
    assert transport.requests == []


def document(**changes):
    row = {
        "ref_num": "CM-1",
        "pkey": "9",
        "status": "POSTED",
        "total_qty": 1,
        "total_amt": 3300,
        "sim_tax_amt": 550,
        "curr_code": "GBP",
    }
    return wire_json.encode({"version": "1", "data": {"header": [{**row, **changes}]}})


@pytest.mark.parametrize(
    ("changes", "gross", "tax"),
    [
        ({}, "33.00", "5.50"),
        ({"curr_code": ""}, "33.00", "5.50"),
        ({"curr_code": "JPY"}, "3300", "550"),
        ({"sim_tax_amt": 0, "sim_taxes": {"rows": []}}, "33.00", "0"),
    ],
)
def test_a_document_is_read_back_in_its_own_unit(canned, counting_text, changes, gross, tax):
    gateway, _ = canned((200, document(**changes)), profile_text=counting_text)

    (state,) = gateway.find_documents(DocumentKind.CREDIT_MEMO, ["CM-1"])

    assert (str(state.gross), str(state.tax)) == (gross, tax)


@pytest.mark.parametrize("written", [Decimal("33.00"), "33.5"])
def test_a_count_with_decimals_is_no_count(canned, counting_text, written):
    gateway, _ = canned((200, document(total_amt=written)), profile_text=counting_text)

    with pytest.raises(errors.UnreadableReply) as unreadable:
        gateway.find_documents(DocumentKind.CREDIT_MEMO, ["CM-1"])

    assert unreadable.value.field == "gross"
    assert "has decimals, and minor units are whole" in unreadable.value.text


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("scale = 2", 'scale = 2\nunit = "minor"', "'scale' does nothing with unit = 'minor'"),
        ("scale = 2", 'unit = "pence"', "money.unit"),
        ("scale = 2", 'unit = "minor"', "unit_cost: minor units of no currency"),
        ('sku = "line.sim_sku"', 'sku = { path = "a", unit = "minor" }', "'unit' is for amounts"),
        (
            'from = "line.quantity", as = "integer"',
            'from = "line.quantity", as = "decimal", unit = "minor"',
            "'unit' is for amounts of money",
        ),
        (
            'from = "line.net", as = "decimal"',
            'from = "line.net", as = "decimal", unit = "minor", scale = 1',
            "'scale' does nothing",
        ),
        (
            'from = "line.net", as = "decimal"',
            'from = "line.net", as = "text", unit = "minor"',
            "'unit' does nothing here",
        ),
    ],
)
def test_a_unit_that_can_mean_nothing_is_a_problem_of_the_profile(profile_text, old, new, words):
    assert old in profile_text

    with pytest.raises(load.ProfileError) as refused:
        load.loads(profile_text.replace(old, new, 1))

    assert any(words in problem for problem in refused.value.problems), refused.value.problems


def test_a_platform_may_count_in_minor_units_too():
    shipped = resources.files("connectors.profiled.profiles.sources") / "reveni-rest.toml"
    text = shipped.read_text(encoding="utf-8") + '\n[money]\nunit = "minor"\n'
    profile = source_load.loads(text).profile
    at = "2026-03-05T10:00:00+00:00"
    refund = {"id": "F1", "status": "PAID", "amount": 2500, "created_at": at}
    raw = {
        "id": "R1",
        "state": "RECEIVED",
        "currency": "KWD",
        "created_at": at,
        "updated_at": at,
        "products": [{"id": "U1", "sku": "A", "quantity": 1, "price": 12500, "tax": 5}],
        "refunds": [refund, {**refund, "id": "F2", "currency": "JPY"}],
        "breakdown": {"fees": []},
    }

    rma = source_reading.rma(profile, {"transaction": raw})

    (line,) = rma.lines
    assert line.unit_price == types.Money(Decimal("12.500"), "KWD")
    assert line.unit_tax == types.Money(Decimal("0.005"), "KWD")
    assert [refund.money for refund in rma.refunds] == [
        types.Money(Decimal("2.500"), "KWD"),
        types.Money(Decimal(2500), "JPY"),
    ]
    with pytest.raises(errors.UnreadableReply, match="is no currency"):
        source_reading.refund(profile, {**refund, "transaction_id": "R1"})


def test_one_table_says_how_many_places_a_currency_has():
    assert [currencies.places(code) for code in ("GBP", "jpy", " KWD ", "XTS")] == [2, 0, 3, 2]
    assert str(currencies.minor_unit("TND")) == "0.001"
