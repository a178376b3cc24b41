"""Finance clears four kinds of differences from its workbench: keyboard, two people, same files."""

import csv
import io
from decimal import Decimal

import pytest
import tablib
import time_machine
from django.test import Client

from exceptions_app.models import Fix, Posting
from tests.browser.hands import act
from tests.cast import make_user
from tests.world import add_mapping, make_order_line, make_unit, make_world

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = [
    ("RMA5003", "Fee +£3.50", "£20.00", "£16.50", "+£3.50"),
    ("RMA5001", "Discount +£2.00", "£20.00", "£18.00", "+£2.00"),
    ("RMA5002", "Tax +£1.00", "£21.00", "£20.00", "+£1.00"),
    ("RMA5004", "Rounding +£0.01", "£50.01", "£50.00", "+£0.01"),
]


@pytest.fixture
def differing():
    """A discount the platform left out, another tax, a waived fee, and a rounded unit price."""
    world = make_world()
    for name, component in (("return", "fee"), ("adjustment", "adjustment")):
        add_mapping(world, "fee", name, {"component": component, "erp_code": name[:3].upper()})
    rounded = [make_unit(f"5004-{number}", paid_price="16.67") for number in (1, 2, 3)]
    for number, line, units, refunded in (
        (1, {"discount": "2.00", "net": "15.00", "tax": "3.00"}, [make_unit("5001-1")], "20.00"),
        (
            2,
            {"net": "16.67", "tax": "3.33"},
            [make_unit("5002-1", paid_price="16.67", paid_tax="4.33", tax_included=False)],
            "21.00",
        ),
        (
            3,
            {"net": "16.67", "tax": "3.33"},
            [make_unit("5003-1", return_fee="3.50")],
            "20.00",
        ),
        (
            4,
            {"quantity": 3, "unit_price": "16.67", "net": "41.67", "tax": "8.33"},
            rounded,
            "50.01",
        ),
    ):
        world.add_order(f"SO-{number}", lines=[make_order_line(**{"quantity": 1, **line})])
        world.add_return(
            f"500{number}", order_name=f"SO-{number}", items=units, refunded=Decimal(refunded)
        )
    world.carry()
    return world


def say_why(page, reason, button):
    page.get_by_label("Reason").select_option(reason)
    with page.expect_navigation():
        page.get_by_role("button", name=button).press("Enter")


def listed(page):
    """The rows of the screen: return, why, refund, credit, difference; then its totals."""
    rows = page.locator("tbody tr").all()
    cells = [[cell.inner_text() for cell in row.locator("th a, td").all()] for row in rows]
    found = [tuple(cell for cell in row if cell.strip()) for row in cells]
    totals = page.locator("tfoot tr.sum td.num").all_inner_texts()
    return [(*row[1:3], *row[4:7]) for row in found], totals


def written(amount):
    return f"£{amount}"


def test_finance_clears_a_discount_a_tax_a_fee_and_a_rounding_difference(
    page, sign_in, assert_accessible, differing
):
    with time_machine.travel(differing.clock.now, tick=True) as traveller:
        finn = make_user("finn")
        sign_in(finn)
        page.goto("/finance/")
        page.get_by_role("link", name="Refund and credit", exact=True).click()
        rows, totals = listed(page)
        assert rows == ROWS
        assert totals == ["£111.01", "£104.50", "+£6.51"]
        assert_accessible()
        files_hold(finn, rows, totals)

        act(page, "j", "e")
        assert page.locator("text=Both sides, by component").count() == 1
        assert_accessible()
        act(page, "c")
        assert "Clears the return" in page.inner_text("main")
        assert_accessible()
        say_why(page, "fee_waived", "Ask to correct the draft of 1 return")
        page.wait_for_selector("text=1 asked for.")
        page.goto("/finance/differences/")
        for key in ("j", "j", "x", "j", "x", "j", "x"):
            page.keyboard.press(key)
        act(page, "a")
        say_why(page, "platform_error", "Ask to accept the difference of 3 returns")
        page.wait_for_selector("text=3 asked for.")
        assert Posting.objects.filter(kind="credit_memo", status="blocked").count() == 4

        sign_in(make_user("fiona", "finance"))
        for fix in Fix.objects.order_by("pk"):
            page.goto(f"/approvals/{fix.pk}/")
            act(page, "p")
        differing.settle()
        differing.clock.advance(minutes=2)
        traveller.move_to(differing.clock.now)
        differing.settle()
        page.goto("/finance/differences/")
        assert page.locator("text=No difference here").count() == 1

    booked = Posting.objects.filter(kind="credit_memo", status="confirmed").order_by("rma")
    assert sorted(row.gross for row in booked) == [18, 20, 20, 50]
    assert len(differing.documents("CM")) == 4
    assert differing.open_types() == []


def files_hold(person, rows, totals):
    """CSV and XLSX hold the rows and the totals of the screen, figures as numbers."""
    client = Client()
    client.force_login(person)
    text = b"".join(client.get("/finance/differences/export.csv").streaming_content).decode()
    lines = list(csv.DictReader(io.StringIO(text)))
    book = client.get("/finance/differences/export.xlsx").content
    sheet = tablib.Dataset().load(book, format="xlsx").dict

    for found in (lines, sheet):
        *each, total = found
        assert [(row["Return"], row["Main cause"]) for row in each] == [
            (name, why.split()[0]) for name, why, *_ in rows
        ]
        for row, shown in zip([*each, total], [*(row[2:] for row in rows), totals], strict=True):
            figures = [
                Decimal(str(row[name])).quantize(Decimal("0.01"))
                for name in ("Refund", "Credit", "Refund less credit")
            ]
            assert [written(figures[0]), written(figures[1]), f"+{written(figures[2])}"] == list(
                shown
            )
        assert (total["Exception"], total["Currency"]) == ("Total", "GBP")
