"""Nothing is lost, and what is lost is named."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from exceptions_app.rules.ledger import Entry, conserve

AMOUNTS = st.integers(-1000, 1000).map(lambda minor: Decimal(minor) / 100)


def entry(rma_id, *amounts):
    return Entry(rma_id, *(Decimal(amount) for amount in amounts))


def test_what_came_in_is_posted_open_or_accepted():
    result = conserve([entry(1, "60", "60", "0", "0"), entry(2, "63.20", "0", "60", "3.20")])

    assert result.is_kept
    assert (result.came_in, result.posted, result.still_open, result.accepted) == (
        Decimal("123.20"),
        Decimal("60"),
        Decimal("60"),
        Decimal("3.20"),
    )
    assert result.gap == 0


def test_two_breaks_that_cancel_out_are_both_named_the_greatest_first():
    lost = entry(1, "60", "50", "0", "0")
    doubled = entry(2, "60", "70", "0", "0")
    small = entry(3, "5", "4", "0", "0")

    result = conserve([small, lost, doubled, entry(4, "1", "1", "0", "0")])

    assert not result.is_kept
    assert [(row.rma_id, row.gap) for row in result.broken] == [(1, 10), (2, -10), (3, 1)]
    assert result.gap == 1


@settings(deadline=None)
@given(rows=st.lists(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS), max_size=20))
def test_the_total_gap_is_the_sum_of_the_gaps(rows):
    entries = [Entry(number, *row) for number, row in enumerate(rows)]

    result = conserve(entries)

    assert result.gap == sum(row.gap for row in entries)
    assert result.is_kept == all(row.gap == 0 for row in entries)
