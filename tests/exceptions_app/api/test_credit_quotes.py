"""Credit quotes through the API: figures, what is kept, and every input that cannot be used."""

import copy
import json
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.urls import reverse

from exceptions_app.models import AuditEntry, CreditQuote, SalesOrder
from exceptions_app.rules import drafts
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db

CASE = {
    "kind": "reversal",
    "currency": "EUR",
    "tax_inclusive": True,
    "input": {
        "order": {
            "lines": [
                {
                    "ref": "L1",
                    "qty": "3",
                    "gross": "50.00",
                    "taxes": [{"code": "V", "amount": "8.33"}],
                }
            ]
        },
        "returns": [{"seq": 1, "lines": [{"ref": "L1", "qty": "1"}]}],
    },
}


@pytest.fixture
def order(client):
    """Two T-shirts for 40.00 and a mug for 6.00 on SO-1, shipped for 3.95."""
    cache.clear()
    bridge = factories.BridgeFactory(code="uk")
    order = factories.SalesOrderFactory(
        connection=bridge.erp, number="SO-1", shipping_net="3.95", invoice_number="INV-1"
    )
    factories.SalesOrderLineFactory(
        order=order, line_id="1", quantity=2, net="33.34", tax="6.66", tax_code="S"
    )
    factories.SalesOrderLineFactory(
        order=order, line_id="2", sku="MUG-RED", net="5.00", tax="1.00", tax_code="S"
    )
    client.force_login(make_user("finn"))
    return order


def body(**changes):
    asked = {
        "bridge": "uk",
        "order": "SO-1",
        "lines": [{"order_line_id": "1", "units": 1}],
    } | changes
    return {name: value for name, value in asked.items() if value is not None}


def ask(client, asked, key=""):
    headers = {"Idempotency-Key": key} if key else {}
    sent = asked if isinstance(asked, str | bytes) else json.dumps(asked)
    return client.post(
        reverse("api-quote-list"), sent, content_type="application/json", headers=headers
    )


def test_a_quote_tells_line_by_line_what_would_be_credited_now(client, order):
    answer = ask(client, body(shipping=True, fees=[{"kind": "restocking", "amount": "5.00"}]))

    assert answer.status_code == 201, answer.content
    told = answer.json()
    tee, fee, shipping = told["lines"]
    assert tee == {
        "component": "item",
        "order_line_id": "1",
        "invoice": "INV-1",
        "sku": "TEE-BLK-M",
        "description": "",
        "units": 1,
        "sold_units": 2,
        "credited_units": 0,
        "credited_net": "0.00",
        "credited_tax": "0.00",
        "net": "16.67",
        "tax": "3.33",
        "gross": "20.00",
        "taxes": [{"code": "S", "amount": "3.33"}],
    }
    assert (fee["component"], fee["gross"], fee["sold_units"]) == ("fee", "-5.00", None)
    assert (shipping["component"], shipping["gross"]) == ("shipping", "3.95")
    assert told["totals"] == {
        "net": "15.62",
        "tax": "3.33",
        "gross": "18.95",
        "taxes": [{"code": "S", "amount": "3.33"}],
    }
    assert (told["status"], told["kind"], told["return_id"]) == ("in_force", "order", None)
    assert (told["bridge"], told["order"], told["currency"]) == ("uk", "SO-1", "GBP")
    assert told["rounding"]["method"] == "cumulative"
    quote = CreditQuote.objects.get()
    assert (told["id"], told["number"]) == (quote.pk, f"Q-{quote.pk}")
    assert (quote.gross, drafts.from_json(quote.draft).gross) == (
        Decimal("18.95"),
        Decimal("18.95"),
    )
    assert (quote.expires_at - quote.created_at).total_seconds() == 1800
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.actor) == ("quote.create", "Finn")
    again = client.get(reverse("api-quote-detail", args=[quote.pk]))
    assert again.json() == told


def test_a_line_is_named_by_its_sku_where_that_is_enough(client, order):
    told = ask(client, body(lines=[{"sku": "MUG-RED", "units": 1}])).json()

    assert [(row["order_line_id"], row["gross"]) for row in told["lines"]] == [("2", "6.00")]


def test_a_case_from_outside_is_computed_as_by_the_command_and_kept(client, order):
    told = ask(client, CASE).json()

    (memo,) = told["memos"]
    assert memo["total"] == {
        "net": "13.89",
        "tax": "2.78",
        "gross": "16.67",
        "taxes": {"V": "2.78"},
    }
    assert told["totals"] == {
        "net": "13.89",
        "tax": "2.78",
        "gross": "16.67",
        "taxes": [{"code": "V", "amount": "2.78"}],
    }
    assert (told["kind"], told["order"], told["lines"]) == ("reversal", None, [])
    assert CreditQuote.objects.get().gross == Decimal("16.67")


def test_the_same_key_and_body_give_the_same_quote_and_another_body_is_refused(client, order):
    first = ask(client, body(), key="checkout-1")
    again = ask(client, dict(reversed(list(body().items()))), key="checkout-1")
    other = ask(client, body(lines=[{"order_line_id": "2", "units": 1}]), key="checkout-1")

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert again.json() == first.json()
    assert other.json()["error"]["code"] == "quote_key_taken"
    client.force_login(make_user("cleo"))
    mine = ask(client, body(lines=[{"order_line_id": "2", "units": 1}]), key="checkout-1")
    assert mine.status_code == 201
    assert CreditQuote.objects.count() == 2
    assert AuditEntry.objects.count() == 2


def test_units_promised_by_a_standing_quote_are_promised_to_nobody_else(client, order):
    first = ask(client, body()).json()

    second = ask(client, body(lines=[{"order_line_id": "1", "units": 1}]))
    assert second.status_code == 409
    error = second.json()["error"]
    assert error["code"] == "quote_held"
    assert error["text"].startswith(f"Line 1 of order SO-1 is promised by quote {first['number']}")
    assert CreditQuote.objects.count() == 1
    assert ask(client, body(lines=[{"order_line_id": "2", "units": 1}])).status_code == 201

    instead = ask(client, body(replaces=first["id"], lines=[{"order_line_id": "1", "units": 2}]))
    assert instead.status_code == 201, instead.content
    assert instead.json()["totals"]["gross"] == "40.00"
    old = client.get(reverse("api-quote-detail", args=[first["id"]])).json()
    assert old["status"] == "replaced"


def test_a_quote_whose_time_is_over_promises_nothing(client, order):
    first = ask(client, body()).json()
    CreditQuote.objects.update(expires_at=factories.NOW)

    assert client.get(reverse("api-quote-detail", args=[first["id"]])).json()["status"] == "expired"
    assert ask(client, body()).status_code == 201
    gone = ask(client, body(lines=[{"sku": "MUG-RED", "units": 1}], replaces=first["id"]))
    assert (gone.status_code, gone.json()["error"]["code"]) == (409, "quote_not_replaceable")


def test_the_policy_says_how_long_a_quote_holds(client, order):
    bridge = order.connection.erp_bridges.get()
    bridge.policy = {"quote_minutes": 20160}
    bridge.save()

    ask(client, body())

    quote = CreditQuote.objects.get()
    assert (quote.expires_at - quote.created_at).days == 14


def _line(**changes):
    return body(lines=[{"order_line_id": "1", "units": 1} | changes])


def _fee(**changes):
    return body(fees=[{"kind": "restocking", "amount": "5.00"} | changes])


def _case(path, value):
    changed = copy.deepcopy(CASE)
    *above, last = path
    inner = changed
    for step in above:
        inner = inner[step]
    inner[last] = value
    return changed


IN_CASE = ("input", "order", "lines", 0)


@pytest.mark.parametrize(
    ("asked", "field", "reason"),
    [
        pytest.param([], "", "must be an object", id="a list"),
        pytest.param("null", "", "must be an object", id="null"),
        pytest.param(body(bridge=None), "bridge", "is missing", id="no bridge"),
        pytest.param(body(bridge=7), "bridge", "must be a text", id="bridge is a number"),
        pytest.param(body(bridge="de"), "bridge", "no bridge in use", id="unknown bridge"),
        pytest.param(body(bridge="u\x00"), "bridge", "cannot be stored", id="NUL"),
        pytest.param(body(bridge="\ud800"), "bridge", "cannot be stored", id="half a pair"),
        pytest.param(body(order=None), "order", "is missing", id="no order"),
        pytest.param(body(order=["SO-1"]), "order", "must be a text", id="order is a list"),
        pytest.param(body(order="x" * 201), "order", "1 to 200", id="long order"),
        pytest.param(body(lines=None), "lines", "is missing", id="no lines"),
        pytest.param(body(lines=[]), "lines", "is missing", id="no line in them"),
        pytest.param(body(lines={"1": 1}), "lines", "must be a list", id="lines no list"),
        pytest.param(body(lines=["1"]), "lines[0]", "must be an object", id="line no object"),
        pytest.param(body(lines=[{}] * 1001), "lines", "more than 1,000", id="huge list"),
        pytest.param(body(lines=[{"units": 1}]), "lines[0].order_line_id", "one of", id="no id"),
        pytest.param(_line(sku="TEE-BLK-M"), "lines[0].order_line_id", "one of", id="two names"),
        pytest.param(_line(order_line_id="9"), "lines[0].order_line_id", "no line", id="unknown"),
        pytest.param(_line(units=None), "lines[0].units", "is missing", id="no units"),
        pytest.param(_line(units=0), "lines[0].units", "above zero", id="zero"),
        pytest.param(_line(units=-1), "lines[0].units", "above zero", id="negative"),
        pytest.param(_line(units="1.5"), "lines[0].units", "a whole number", id="half a unit"),
        pytest.param(_line(units=1.0), "lines[0].units", "written as a text", id="a float"),
        pytest.param(_line(units=True), "lines[0].units", "written as a text", id="true"),
        pytest.param(_line(units="1e3"), "lines[0].units", "plain digits", id="exponent"),
        pytest.param(_line(units="NaN"), "lines[0].units", "plain digits", id="NaN"),
        pytest.param(_line(units=10**40), "lines[0].units", "too large", id="40 digits"),
        pytest.param(_line(units=10**9), "lines[0].units", "1,000,000 at most", id="too many"),
        pytest.param(_line(units=3), "lines[0].units", "only 2 of 2 are left", id="more than sold"),
        pytest.param(
            body(lines=[{"order_line_id": "1", "units": 1}] * 2), "lines[1]", "second", id="twice"
        ),
        pytest.param(
            body(lines=[{"order_line_id": "2", "units": 1}, {"sku": "MUG-RED", "units": 1}]),
            "lines[1].sku",
            "second time",
            id="twice by another name",
        ),
        pytest.param(body(shipping="yes"), "shipping", "true or false", id="shipping a word"),
        pytest.param(body(tax_included=1), "tax_included", "true or false", id="flag a number"),
        pytest.param(_fee(amount="-5.00"), "fees[0].amount", "below zero", id="negative fee"),
        pytest.param(_fee(amount="0"), "fees[0].amount", "above zero", id="no fee"),
        pytest.param(_fee(amount="1" * 40), "fees[0].amount", "too large", id="fee of 40 digits"),
        pytest.param(_fee(amount="Infinity"), "fees[0].amount", "plain digits", id="Infinity"),
        pytest.param(_fee(amount=5.5), "fees[0].amount", "written as a text", id="fee a float"),
        pytest.param(_fee(amount="0.001"), "fees[0].amount", "2 places of GBP", id="places"),
        pytest.param(_fee(amount="20.01"), "fees", "more than is credited", id="fee above all"),
        pytest.param(_fee(kind=""), "fees[0].kind", "must be a text", id="fee without kind"),
        pytest.param(
            body(fees=[{"kind": "a", "amount": "1"}] * 2), "fees[1]", "second", id="fee twice"
        ),
        pytest.param(
            body(lines=[], shipping=True, fees=[{"kind": "a", "amount": "1"}]),
            "fees",
            "name the lines",
            id="fee of no line",
        ),
        pytest.param(body(replaces="Q-1"), "replaces", "plain digits", id="replaces a text"),
        pytest.param(body(replaces=2**70), "replaces", "too large", id="replaces too large"),
        pytest.param(body(kind="refund"), "kind", "must be", id="unknown kind"),
        pytest.param(body(unit=1), "unit", "is not known", id="unknown name"),
        pytest.param(
            _case(("currency",), "XQZ"), "currency", "known code", id="case: unknown currency"
        ),
        pytest.param(
            _case((*IN_CASE, "qty"), "-3"),
            "input.order.lines[0].qty",
            "above zero",
            id="case: negative",
        ),
        pytest.param(
            _case((*IN_CASE, "net"), "41.66"),
            "input.order.lines[0].net",
            "disagree",
            id="case: tax does not sum",
        ),
        pytest.param(
            _case((*IN_CASE, "gross"), "9" * 40),
            "input.order.lines[0].gross",
            "too large",
            id="case: 40 digits",
        ),
        pytest.param(
            _case((*IN_CASE, "gross"), "999999999999999.00"),
            "input",
            "more than can be kept",
            id="case: too large in sum",
        ),
        pytest.param(
            _case(("input", "order", "lines"), [{}] * 10_001),
            "input.order.lines",
            "more than 10,000",
            id="case: huge list",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_with_field_and_reason(client, order, asked, field, reason):
    answer = ask(client, asked)

    assert answer.status_code == 422, answer.content
    error = answer.json()["error"]
    assert (error["code"], error["field"]) == ("invalid", field)
    assert reason in error["text"]
    assert not CreditQuote.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param("{", 400, id="no JSON"),
        pytest.param('{"units": NaN}', 400, id="NaN"),
        pytest.param('{"units": ' + "1" * 5000 + "}", 400, id="5000 digits"),
        pytest.param(b"\xff\xfe", 400, id="no UTF-8"),
        pytest.param("[" * 100_000, 400, id="deep"),
        pytest.param('"' + "x" * 1_000_000 + '"', 413, id="a megabyte"),
    ],
)
def test_a_body_that_is_no_json_is_refused_before_anything_is_read(client, order, sent, status):
    answer = ask(client, sent)

    assert answer.status_code == status, answer.content[:300]
    assert set(answer.json()) == {"error"}
    assert not CreditQuote.objects.exists()


@pytest.mark.parametrize("key", ["x" * 81, "\x7f", "schlüssel"])
def test_a_key_that_cannot_be_kept_is_refused(client, order, key):
    answer = ask(client, body(), key=key)

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "Idempotency-Key")
    assert not CreditQuote.objects.exists()


def test_shipping_is_quoted_only_while_some_is_left(client, order):
    SalesOrder.objects.update(shipping_net=0)

    answer = ask(client, body(shipping=True))

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "shipping")


def test_what_a_plan_would_stop_is_not_promised(client, order):
    SalesOrder.objects.update(vat_setting="prices_include_vat")
    unruled = ask(client, body())
    SalesOrder.objects.update(vat_setting="")
    other = factories.RmaFactory(sales_order=order, bridge=order.connection.erp_bridges.get())
    factories.RefundFactory(rma=other, amount=Decimal("40.00"), origin="outside")
    used_up = ask(client, body())

    assert (unruled.status_code, unruled.json()["error"]["field"]) == (422, "order")
    assert "no rule fits its VAT setting" in unruled.json()["error"]["text"]
    assert (used_up.status_code, used_up.json()["error"]["field"]) == (422, "lines")
    assert used_up.json()["error"]["text"].startswith("only 9.95 GBP of the order is left")
    assert not CreditQuote.objects.exists()


def test_several_taxes_of_a_line_are_quoted_by_code(client, order):
    order.lines.filter(line_id="2").update(
        taxes=[{"code": "S", "amount": "0.70"}, {"code": "CITY", "amount": "0.30"}]
    )

    told = ask(client, body(lines=[{"order_line_id": "2", "units": 1}])).json()

    expected = [{"code": "S", "amount": "0.70"}, {"code": "CITY", "amount": "0.30"}]
    assert told["lines"][0]["taxes"] == expected
    assert told["totals"]["taxes"] == expected


def test_of_a_bundle_s_part_the_line_that_bears_the_price_is_promised(client, order):
    bridge = order.connection.erp_bridges.get()
    bridge.policy = {"bundle_credit": "parent"}
    bridge.save()
    for line_id, sku, net in (("9", "SET", "30.00"), ("91", "CUP", "0"), ("92", "DISH", "0")):
        factories.SalesOrderLineFactory(
            order=order,
            line_id=line_id,
            sku=sku,
            net=net,
            tax="0",
            unit_price=net,
            parent_line_id="9" if line_id != "9" else "",
        )

    told = ask(client, body(lines=[{"order_line_id": "9", "units": 1}])).json()

    assert [(row["order_line_id"], row["gross"]) for row in told["lines"]] == [("9", "30.00")]
    held = ask(client, body(lines=[{"order_line_id": "9", "units": 1}]))
    assert (held.status_code, held.json()["error"]["code"]) == (409, "quote_held")


def test_a_line_without_a_sku_cannot_be_quoted(client, order):
    order.lines.filter(line_id="2").update(sku="")

    answer = ask(client, body(lines=[{"order_line_id": "2", "units": 1}]))

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "lines")
    assert not CreditQuote.objects.exists()


def test_too_many_in_a_minute_are_put_off(client, order, monkeypatch):
    monkeypatch.setattr("exceptions_app.api.v1.quotes.QuotesAMinute.rate", "2/min")
    for number in range(2):
        assert ask(client, body(order=f"SO-{number}", bridge="no")).status_code == 422

    answer = ask(client, body())

    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too_many_requests")
    assert 0 < int(answer["Retry-After"]) <= 60
    assert not CreditQuote.objects.exists()
    cache.clear()
