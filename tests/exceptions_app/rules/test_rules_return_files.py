"""Rows of a platform's export: columns guessed, cells read, rows judged, returns made."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors.types import Inspection, Money
from exceptions_app.rules import axes, return_columns, return_rows, return_values
from exceptions_app.rules.return_rows import FileRow
from exceptions_app.rules.return_values import CellWrong, Writing

WRITING = Writing(date_order="dmy", timezone="Europe/London", currency="GBP")
COMMA = Writing(date_order="dmy", decimal_sign=",")
NOW = datetime(2026, 5, 27, 9, 12, tzinfo=UTC)


def make_values(**changes):
    values = {
        "return_id": "R-1",
        "order_name": "SO-1",
        "status": "In progress",
        "created_at": "20/05/2026 10:30",
        "sku": "TEE-BLK-M",
        "quantity": "2",
        "unit_price": "36.00",
        **changes,
    }
    return {code: text for code, text in values.items() if text}


def make_row(line=2, error="", **changes):
    return FileRow(line, make_values(**changes), error)


# --- Columns ---------------------------------------------------------------------------------


def test_columns_are_guessed_by_their_heads():
    heads = ["Transaction ID", "Order", "Estado", "State", "Created at", "SKU", "E-mail", "Qty"]

    assert return_columns.guess(heads, {}) == {
        "return_id": "Transaction ID",
        "order_name": "Order",
        "status": "State",
        "created_at": "Created at",
        "sku": "SKU",
        "customer_email": "E-mail",
        "quantity": "Qty",
    }


def test_what_was_chosen_last_wins_over_the_guess_where_its_head_is_there():
    remembered = {"status": "Estado", "sku": "Gone", "nonsense": "State"}

    found = return_columns.guess(["Estado", "State", "SKU"], remembered)

    assert found == {"status": "Estado", "sku": "SKU"}


# --- Cells -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "text", "expected"),
    [
        ("dmy", "20/05/2026", datetime(2026, 5, 19, 23, tzinfo=UTC)),
        ("dmy", "20.5.2026 10:30", datetime(2026, 5, 20, 9, 30, tzinfo=UTC)),
        ("mdy", "05/20/2026, 10:30:15", datetime(2026, 5, 20, 9, 30, 15, tzinfo=UTC)),
        ("dmy", "2026-05-20T10:30:00Z", datetime(2026, 5, 20, 10, 30, tzinfo=UTC)),
        ("ymd", "2026-05-20 10:30+02:00", datetime(2026, 5, 20, 8, 30, tzinfo=UTC)),
        ("ymd", "2026/01/20", datetime(2026, 1, 20, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_as_it_is_written(order, text, expected):
    writing = Writing(date_order=order, timezone="Europe/London")

    assert return_values.moment(text, writing) == expected


@pytest.mark.parametrize(
    "text", ["31/02/2026", "05/20/2026", "yesterday", "20/05/26", "1/1/1999", "20/05/2026 25:00"]
)
def test_what_is_no_such_date_says_what_is_expected(text):
    with pytest.raises(CellWrong, match="day first, as in 31/12/2026"):
        return_values.moment(text, WRITING)


@pytest.mark.parametrize(
    ("writing", "text", "expected"),
    [
        (WRITING, "36", "36"),
        (WRITING, "£1,234.50", "1234.50"),
        (COMMA, "1.234,50 €", "1234.50"),
        (COMMA, "36,5", "36.5"),
    ],
)
def test_an_amount_is_read_as_it_is_written(writing, text, expected):
    assert return_values.amount(text, writing, "GBP") == Decimal(expected)


@pytest.mark.parametrize(
    ("writing", "text", "said"),
    [
        (WRITING, "36,50", "a point"),
        (COMMA, "1,234.50", "a comma"),
        (COMMA, "36.50", "a comma"),
        (WRITING, "-5.00", "0 or more"),
        (WRITING, "5.005", "at most 2 decimals in GBP"),
        (WRITING, "99999999999", "too large"),
        (WRITING, "=1+1", "a point"),
        (WRITING, "1e5", "a point"),
    ],
)
def test_what_is_no_such_amount_says_what_is_expected(writing, text, said):
    with pytest.raises(CellWrong, match=said):
        return_values.amount(text, writing, "GBP")


def test_the_writing_is_guessed_where_the_values_tell():
    assert return_values.guess_date_order(["", "3/4/2026", "20/5/2026"]) == "dmy"
    assert return_values.guess_date_order(["4/20/2026"]) == "mdy"
    assert return_values.guess_date_order(["2026-05-20"]) == "ymd"
    assert return_values.guess_date_order(["3/4/2026"]) == ""
    assert return_values.guess_decimal_sign(["12", "12,50"]) == ","
    assert return_values.guess_decimal_sign(["1.250"]) == ""


# --- Rows ------------------------------------------------------------------------------------


def test_right_rows_have_nothing_wrong():
    rows = [make_row(2), make_row(3, sku="SOCK-GRY", unit_price=""), make_row(4, return_id="R-2")]

    judged = return_rows.judge(rows, WRITING)

    assert judged.wrong == ()
    assert {key: [row.line for row in rows] for key, rows in judged.returns.items()} == {
        "R-1": [2, 3],
        "R-2": [4],
    }


@pytest.mark.parametrize(
    ("changes", "column", "expected"),
    [
        ({"sku": ""}, "SKU", "expected the product's SKU; the cell is empty"),
        ({"created_at": "soon"}, "Created", "expected a date with the day first"),
        ({"quantity": "0"}, "Units", "expected a whole number from 1"),
        ({"restock": "perhaps"}, "To be restocked", "expected yes or no"),
        ({"currency": "pounds"}, "Currency", "expected a code of three letters"),
        ({"order_name": "x" * 81}, "Order", "expected at most 80 characters"),
        ({"error": "too many cells"}, "The row", "too many cells"),
    ],
)
def test_a_wrong_cell_is_named_with_its_line_and_what_is_expected(changes, column, expected):
    judged = return_rows.judge([make_row(7, **changes), make_row(8, return_id="R-2")], WRITING)

    (wrong,) = judged.wrong
    assert (wrong.line, wrong.return_id, wrong.column) == (7, "R-1", column)
    assert expected in wrong.expected
    assert judged.wrong_ids == {"R-1"}


def test_rows_of_one_return_may_not_contradict_each_other():
    rows = [
        make_row(2, customer_email="a@example.com"),
        make_row(3, status="Accepted", customer_email="b@example.com"),
    ]

    judged = return_rows.judge(rows, WRITING)

    assert [(wrong.line, wrong.column, wrong.got, wrong.expected) for wrong in judged.wrong] == [
        (
            3,
            "State of the return",
            "Accepted",
            "line 2 of the same return says “In progress”; a return has one",
        ),
        # No address leaves through a mistake.
        (
            3,
            "Customer's e-mail",
            "",
            "line 2 of the same return says another value; a return has one",
        ),
    ]


def test_an_amount_needs_a_currency():
    judged = return_rows.judge([make_row()], Writing(date_order="dmy"))

    assert [wrong.column for wrong in judged.wrong] == ["Currency"]


# --- Returns ---------------------------------------------------------------------------------


def test_rows_become_a_return():
    rows = [
        make_values(
            line_status="Accepted",
            restock="Yes",
            decided_at="26/05/2026",
            refund_amount="80.00",
            refund_status="Completed",
            refund_at="26/05/2026",
        ),
        make_values(sku="SOCK-GRY", quantity="", unit_price="8", line_status="For review"),
    ]

    rma = return_rows.reading(rows, WRITING, NOW)

    tee, socks = rma.lines
    assert (rma.external_id, rma.status, rma.order_name) == ("R-1", "In progress", "SO-1")
    assert rma.created_at == datetime(2026, 5, 20, 9, 30, tzinfo=UTC)
    assert (rma.updated_at, rma.currency) == (NOW, "GBP")
    assert (tee.unit_ids, tee.quantity) == (("R-1/1-1", "R-1/1-2"), 2)
    assert (tee.unit_price, tee.is_restockable) == (Money(Decimal("36.00"), "GBP"), True)
    assert tee.disposition_at == datetime(2026, 5, 25, 23, tzinfo=UTC)
    assert (socks.unit_ids, socks.disposition, socks.disposition_at) == (("R-1/2",), "", None)
    (refund,) = rma.refunds
    assert (refund.external_id, refund.money) == ("R-1/refund", Money(Decimal("80.00"), "GBP"))
    assert axes.refund_status(refund.status) == "confirmed"


@pytest.mark.parametrize(
    ("status", "restock", "why", "inspection", "disposition"),
    [
        ("Accepted", "no", "", Inspection.PASSED, "accepted/no_restock"),
        ("Accepted", "", "", Inspection.PASSED, "accepted/not_stated"),
        ("accepted_automatically", "", "", Inspection.NOT_INSPECTED, "accepted/automatic"),
        ("Rejected", "", "Damaged", Inspection.FAILED, "rejected/damaged"),
        ("Rejected", "", "", Inspection.FAILED, "rejected/not_stated"),
        (
            "Rejected",
            "",
            "Customer changed their mind",
            Inspection.NOT_RETURNED,
            "not_returned/customer changed their mind",
        ),
        ("Pending validation", "yes", "", Inspection.NOT_INSPECTED, ""),
        ("Teleported", "", "", Inspection.NOT_INSPECTED, "Teleported"),
    ],
)
def test_a_decision_is_told_as_the_api_would_tell_it(status, restock, why, inspection, disposition):
    row = make_values(line_status=status, restock=restock, rejection_reason=why)

    assert return_rows.decision(row) == (inspection, disposition)


def test_a_refund_without_a_state_is_not_taken_for_money():
    (refund,) = return_rows.reading([make_values(refund_amount="80")], WRITING, NOW).refunds

    assert axes.refund_status(refund.status) == "unknown"


def test_the_message_of_a_return_gives_the_same_return_back():
    rows = [make_values(), make_values(sku="SOCK-GRY")]

    body = return_rows.to_body(rows, WRITING)

    assert return_rows.from_body(body, received_at=NOW) == return_rows.reading(rows, WRITING, NOW)
    assert return_rows.to_body(rows, WRITING) == body
