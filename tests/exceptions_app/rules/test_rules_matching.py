"""Suggestions for people, and the assignment of returned units to sold lines."""

import pytest

from exceptions_app.rules import traits
from exceptions_app.rules.matching import (
    Share,
    Wanted,
    match_order_lines,
    rank_orders,
    rank_skus,
    same_style,
)
from tests.exceptions_app.rules.make import (
    make_item,
    make_line,
    make_mappings,
    make_order,
    make_order_line,
)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("ab-0032/blk", "AB 32 BLK", True),
        ("AB32", "ab-032", True),
        ("AB-32", "AB-33", False),
        ("", "", False),
        ("00", "0", True),
    ],
)
def test_codes_may_differ_in_separators_case_and_leading_zeros(left, right, expected):
    assert same_style(left, right) is expected


def test_barcode_then_spelling_then_likeness_and_the_order_lifts_all_of_them():
    candidates = [
        make_item("JEANS-33", description="Blue jeans 33"),
        make_item("jeans 032", description="Other words"),
        make_item("XK-9", barcode="5012", description="Cap"),
        make_item("QQQ", description="Sun hat"),
        make_item("JEANS-034", description="Blue jeans 34"),
        make_item("GONE-32", barcode="5012", is_active=False),
    ]
    wanted = Wanted("JEANS-32", barcode="5012", description="Blue jeans 32")

    ranked = rank_skus(wanted, candidates, ["jeans-034"])

    assert [row.sku for row in ranked] == ["JEANS-034", "XK-9", "jeans 032", "JEANS-33"]
    assert ranked[0].reasons[0] == "on the same order"
    assert ranked[1].reasons == ("same barcode",)
    assert ranked[2].reasons == ("same code written differently",)
    assert ranked[3].reasons == ("code 88% alike", "description 92% alike")
    assert all(0 < row.score <= 100 for row in ranked)


def test_an_sku_never_stands_for_itself():
    ranked = rank_skus(Wanted("GIFT-TOTE"), [make_item("gift-tote")], ["GIFT-TOTE"])

    assert ranked == ()


@pytest.mark.parametrize(
    ("name", "found", "score", "reasons", "is_strong"),
    [
        pytest.param("", "", 90, ("on the same order",), False, id="the-order-alone"),
        pytest.param(
            "Tee, black", "Tee, black", 98, ("on the same order", "description 100% alike"), True,
            id="same-name",
        ),
        pytest.param(
            "Tee, navy", "Ladder, black", 60,
            ("on the same order", "the return says navy, this is black"), False, id="other-colour",
        ),
    ],
)  # fmt: skip
def test_the_order_alone_is_no_strong_match_and_a_name_may_speak_against_it(
    name, found, score, reasons, is_strong
):
    (row,) = rank_skus(
        Wanted("QQ", description=name), [make_item("A-1", description=found)], ["A-1"]
    )

    assert (row.score, row.reasons, row.is_strong) == (score, reasons, is_strong)


def test_what_another_line_claims_is_lifted_no_more():
    items = [make_item("A-1"), make_item("A-2", description="Hat")]
    wanted = Wanted("A-3", description="Hat")

    ranked = rank_skus(wanted, items, ["A-1", "A-2"], claimed=["A-2"])

    assert [(row.sku, row.score) for row in ranked] == [("A-1", 95), ("A-2", 80)]
    assert ranked[0].reasons[0] == "on the order, and no other line of the return claims it"
    assert ranked[1].reasons[0] == "on the order, but another line of the return claims it"


@pytest.mark.parametrize(
    ("said", "found", "words"),
    [
        ("T-shirt, navy, M", "TEE-BLK-M", "the return says navy, this is black"),
        ("T-shirt, M", "TEE-BLK-L", "the return says M, this is L"),
        ("T-shirt, navy/white", "TEE-NVY", ""),
        ("Men's T-shirt", "TEE-XL", ""),
        ("T-shirt", "TEE-BLK-M", ""),
        ("Tee 2XL", "TEE-XXL", ""),
    ],
)
def test_colours_and_sizes_that_share_none_contradict_each_other(said, found, words):
    assert traits.contradiction(said, found) == words


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([("Tee, oat, M", 1), ("Tee, black, M", 4), ("TEE BLK", 5)], "black (9) and as oat (1)"),
        ([("Tee black M", 2), ("Tee black L", 1)], "M (2) and as L (1)"),
        ([("Tee black and white", 2), ("Tee black", 1), ("Tee", 3)], ""),
        ([], ""),
    ],
)
def test_goods_of_one_code_that_came_back_as_several_things_are_told_apart(names, words):
    assert traits.apart(names) == words


def test_suggestions_are_few_and_do_not_depend_on_the_order_of_candidates():
    candidates = [make_item(f"JEANS-{size}") for size in range(20, 40)]

    ranked = rank_skus(Wanted("JEANS-41"), candidates, [], limit=3)

    assert len(ranked) == 3
    assert ranked == rank_skus(Wanted("JEANS-41"), reversed(candidates), [], limit=3)


def test_orders_are_ranked_by_number_then_by_what_they_sold():
    orders = [
        make_order(make_order_line("HAT"), number="9999"),
        make_order(make_order_line("JEANS-32"), number="2002"),
        make_order(make_order_line("JEANS-32"), number="UK 01001"),
    ]

    ranked = rank_orders(order_name="UK-1001", skus=["jeans-32"], currency="GBP", candidates=orders)

    assert [(row.number, row.score) for row in ranked] == [("UK 01001", 100), ("2002", 50)]
    assert ranked[0].reasons == (
        "same number written differently",
        "1 of 1 SKUs were sold on it",
        "same currency",
    )


ORDER = make_order(
    make_order_line("A", line_id="1", quantity=2, net="80.00", tax="16.00"),
    make_order_line("A", line_id="2", quantity=2, net="100.00", tax="20.00"),
    make_order_line("E-B", line_id="3", quantity=1),
)


@pytest.mark.parametrize(
    ("line", "shares", "unmatched"),
    [
        pytest.param(make_line("A"), [("2", 1)], {}, id="same-price"),
        pytest.param(make_line("A", unit_price="48.00"), [("1", 1)], {}, id="the-other-price"),
        pytest.param(make_line("A", unit_price=None), [("1", 1)], {}, id="no-price"),
        pytest.param(
            make_line("A", unit_price=None, order_line_id="2"), [("2", 1)], {}, id="told-line"
        ),
        pytest.param(make_line("A", quantity=3), [("1", 1), ("2", 2)], {}, id="spans"),
        pytest.param(make_line("a ", quantity=5), [("1", 2), ("2", 2)], {1: 1}, id="too-many"),
        pytest.param(make_line("B"), [("3", 1)], {}, id="by-item-key"),
        pytest.param(make_line("C"), [], {1: 1}, id="never-sold"),
    ],
)
def test_units_go_to_the_line_with_their_price_then_to_any_with_units_left(line, shares, unmatched):
    result = match_order_lines([line], ORDER, make_mappings())

    assert result.shares == tuple(Share(1, line_id, units) for line_id, units in shares)
    assert result.unmatched == unmatched


def test_units_credited_before_are_gone():
    order = make_order(make_order_line("A", quantity=2, credited_units=1))

    result = match_order_lines([make_line("A", quantity=2)], order, make_mappings())

    assert result.shares == (Share(1, "1", 1),)
    assert result.unmatched == {1: 1}


def test_an_aliased_sku_finds_the_line_of_its_target():
    mappings = make_mappings(sku_alias={"old": "A"})

    result = match_order_lines([make_line("OLD", items=())], ORDER, mappings)

    assert result.shares == (Share(1, "2", 1),)


def test_the_better_priced_claim_comes_first_whatever_the_order_of_lines():
    order = make_order(
        make_order_line("A", line_id="1", net="40.00", tax="8.00"),
        make_order_line("A", line_id="2"),
    )
    lines = [make_line("A", unit_price="10.00"), make_line("A", line_no=2)]

    one, other = (match_order_lines(rows, order, make_mappings()) for rows in (lines, lines[::-1]))

    assert set(one.shares) == {Share(1, "1", 1), Share(2, "2", 1)}
    assert one == other
