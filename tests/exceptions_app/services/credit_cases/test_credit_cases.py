"""Cases from outside: computed by our own rules, or refused with the place and the reason."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exceptions_app.errors import InvalidCase
from exceptions_app.services.credit_cases import golden, kinds
from exceptions_app.services.credit_cases.reading import Node

CASE = {
    "id": "OURS-1",
    "kind": "reversal",
    "currency": "EUR",
    "tax_inclusive": True,
    "input": {
        "order": {
            "lines": [
                {
                    "ref": "L1",
                    "sku": "TEE",
                    "qty": "3",
                    "gross": "50.00",
                    "taxes": [{"code": "V", "rate": "20", "amount": "8.33"}],
                    "components": {"duty": "1.00"},
                }
            ],
            "shipping": [
                {"ref": "S1", "gross": "4.95", "taxes": [{"code": "V", "amount": "0.83"}]}
            ],
        },
        "returns": [
            {"seq": 1, "lines": [{"ref": "L1", "qty": "1"}]},
            {
                "seq": 2,
                "lines": [{"ref": "L1", "qty": "2"}],
                "shipping": [{"ref": "S1", "amount": "2.00", "basis": "gross"}],
            },
        ],
    },
}


def case_with(path, value):
    changed = copy.deepcopy(CASE)
    *above, last = path
    place = changed
    for step in above:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return changed


def test_every_return_is_credited_from_the_stored_amounts():
    first, second = kinds.solve(Node(CASE))["memos"]

    assert first["lines"] == [
        {
            "ref": "L1",
            "net": "13.89",
            "tax": "2.78",
            "gross": "16.67",
            "taxes": {"V": "2.78"},
            "components": {"duty": "0.33"},
        }
    ]
    assert second["total"] == {
        "net": "29.44",
        "tax": "5.89",
        "gross": "35.33",
        "taxes": {"V": "5.89"},
    }


LINE = ("input", "order", "lines", 0)
TAX = (*LINE, "taxes", 0)
FIRST = ("input", "returns", 0, "lines", 0)


@pytest.mark.parametrize(
    ("path", "value", "place", "reason"),
    [
        ((*FIRST, "qty"), "-1", "input.returns[0].lines[0].qty", "above zero"),
        ((*FIRST, "qty"), "4", "input.returns[0].lines[0].qty", "only 3 of L1 is left"),
        ((*FIRST, "qty"), None, "input.returns[0].lines[0].qty", "missing"),
        ((*FIRST, "ref"), "L9", "input.returns[0].lines[0].ref", "not in the order"),
        ((*LINE, "qty"), "0", "input.order.lines[0].qty", "above zero"),
        ((*LINE, "gross"), "NaN", "input.order.lines[0].gross", "not a number"),
        ((*LINE, "gross"), "Infinity", "input.order.lines[0].gross", "not a number"),
        ((*LINE, "gross"), "1" * 40, "input.order.lines[0].gross", "too large"),
        ((*LINE, "gross"), "50.001", "input.order.lines[0].gross", "more than 2 decimal places"),
        ((*LINE, "gross"), "1e-40", "input.order.lines[0].gross", "plain digits"),
        ((*LINE, "gross"), "1e999999999999", "input.order.lines[0].gross", "plain digits"),
        ((*LINE, "gross"), "1_000.00", "input.order.lines[0].gross", "plain digits"),
        ((*LINE, "gross"), "٥٠.٠٠", "input.order.lines[0].gross", "plain digits"),
        ((*LINE, "gross"), "sNaN", "input.order.lines[0].gross", "not a number"),
        ((*LINE, "gross"), "", "input.order.lines[0].gross", "plain digits"),
        ((*LINE, "gross"), 10**40, "input.order.lines[0].gross", "too large"),
        ((*LINE, "qty"), "-1", "input.order.lines[0].qty", "above zero"),
        ((*TAX, "amount"), "60.00", "input.order.lines[0].taxes", "below zero"),
        ((*LINE, "gross"), 50.1, "input.order.lines[0].gross", "written as a text"),
        ((*LINE, "gross"), True, "input.order.lines[0].gross", "written as a text"),
        ((*LINE, "gross"), "-50.00", "input.order.lines[0].gross", "below zero"),
        ((*LINE, "gross"), "8.00", "input.order.lines[0].taxes", "below zero"),
        ((*LINE, "net"), "41.66", "input.order.lines[0].net", "disagree"),
        ((*LINE, "gross"), None, "input.order.lines[0].gross", "missing"),
        ((*LINE, "ref"), "S1", "input.order.shipping[0].ref", "twice"),
        ((*LINE, "ref"), "a\x00b", "input.order.lines[0].ref", "cannot be stored"),
        ((*LINE, "ref"), "a\ud800", "input.order.lines[0].ref", "cannot be stored"),
        ((*LINE, "components"), {"a\x00": "1"}, "input.order.lines[0].components", "be stored"),
        ((*TAX, "code"), "", "input.order.lines[0].taxes[0].code", "text"),
        ((*LINE, "components"), ["duty"], "input.order.lines[0].components", "an object"),
        (("input", "order", "lines"), None, "input.order.lines", "missing"),
        (("input", "order", "lines"), "none", "input.order.lines", "a list"),
        (("input", "order", "lines"), [{}] * 10_001, "input.order.lines", "10,000 entries"),
        (("input", "order"), {"lines": []}, "input.order.lines", "is empty"),
        (("input", "returns"), [], "input.returns", "is empty"),
        (("input", "returns", 0, "lines"), [], "input.returns[0].lines", "is missing"),
        (("input", "order", "lines", 0), "L1", "input.order.lines[0]", "an object"),
        (("input", "returns", 0, "seq"), "first", "input.returns[0].seq", "not a number"),
        (("currency",), "EURO", "currency", "three letters"),
        (("currency",), "XQZ", "currency", "known code"),
        (("currency",), None, "currency", "missing"),
        (("exponent",), 9, "exponent", "0 to 4"),
        (("tax_inclusive",), "yes", "tax_inclusive", "true or false"),
        (("kind",), "guess", "kind", "must be one of"),
        (
            ("input", "returns", 1, "shipping", 0, "basis"),
            "tax",
            "input.returns[1].shipping[0].basis",
            "net or gross",
        ),
        (
            ("input", "returns", 1, "shipping", 0, "amount"),
            "4.96",
            "input.returns[1].shipping[0].amount",
            "only 4.95 of S1 is left",
        ),
        (
            ("input", "returns", 1, "shipping", 0, "amount"),
            "0.00",
            "input.returns[1].shipping[0].amount",
            "above zero",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place_and_the_reason(path, value, place, reason):
    with pytest.raises(InvalidCase) as refused:
        kinds.solve(Node(case_with(path, value)))

    assert refused.value.field == place
    assert reason in refused.value.reason


@pytest.mark.parametrize(
    ("kind", "facts", "place"),
    [
        ("allocation", {"amount": "1.00", "weights": ["0", "0"]}, "input.weights"),
        ("allocation", {"amount": "1.00", "weights": ["-1"]}, "input.weights"),
        ("allocation", {"amount": "1.001", "weights": ["1"]}, "input.amount"),
        (
            "tender_split",
            {"refund": "2", "tenders": [{"name": "card", "paid": "1"}]},
            "input.refund",
        ),
        ("amount_refund", {"refund": "2", "lines": [{"ref": "a", "gross": "1"}]}, "input.refund"),
        (
            "invoice_tax",
            {"lines": [{"amount": "1", "taxes": [{"code": "a", "rate": "-1"}]}]},
            "input.lines[0].taxes[0].rate",
        ),
        ("line_net", {"price": "1", "qty": "1", "base_qty": "0"}, "input.base_qty"),
        ("settlement", {"entries": ["1"]}, "input.entries[0]"),
        ("memo_rounding", {"parts": [None]}, "input.parts[0]"),
    ],
)
def test_every_kind_refuses_what_it_cannot_compute(kind, facts, place):
    with pytest.raises(InvalidCase) as refused:
        kinds.solve(Node({"kind": kind, "currency": "EUR", "tax_inclusive": True, "input": facts}))

    assert refused.value.field == place


@pytest.mark.parametrize(
    ("facts", "decision", "credit"),
    [
        (
            {"line_gross": "10.00", "already_credited": "4.00", "requested_amount": "6.00"},
            "accept",
            "6.00",
        ),
        (
            {"line_gross": "10.00", "already_credited": "4.01", "requested_amount": "6.00"},
            "reject",
            "0.00",
        ),
        ({"line_gross": "9.00", "sold_qty": "3", "received_qty": "2"}, "accept", "6.00"),
        ({"line_gross": "9.00", "sold_qty": "3", "received_qty": "4"}, "reject", "0.00"),
    ],
)
def test_no_line_gives_more_than_it_has_left(facts, decision, credit):
    found = kinds.solve(Node({"kind": "guard", "currency": "EUR", "input": facts}))

    assert (found["decision"], found["credit"]) == (decision, credit)


def test_a_golden_case_passes_only_with_every_figure_it_names():
    ours = kinds.solve(Node(CASE))
    wrong = copy.deepcopy(ours)
    wrong["memos"][1]["lines"][0]["taxes"]["V"] = "5.56"
    document = {
        "cases": [
            CASE | {"id": "right", "outcome": "match", "expected": ours},
            CASE | {"id": "wrong", "outcome": "match", "expected": wrong},
            CASE
            | {
                "id": "theirs",
                "outcome": "same_total",
                "source_policy": "unit_last_takes_rest",
                "expected": {"memos": [{"seq": 2, "lines": [{"ref": "L1", "tax": "5.55"}]}]},
                "cumulative_remainder_result": ours["memos"],
            },
            CASE | {"id": "unusable", "currency": "?", "outcome": "match", "expected": ours},
        ]
    }

    found = {row["id"]: row for row in golden.results(document)}

    assert {name: row["pass"] for name, row in found.items()} == {
        "right": True,
        "wrong": False,
        "theirs": True,
        "unusable": False,
    }
    assert found["unusable"]["got"] == {
        "error": "cases[3].currency: must be a known code of three letters, such as EUR"
    }


# One small case of every kind, to be spoilt.
OF_EVERY_KIND = (
    CASE,
    {"kind": "allocation", "input": {"amount": "10.00", "weights": ["1", "2"]}},
    {"kind": "compare", "input": {"expected_credit": "1", "platform_refund": "2"}},
    {"kind": "guard", "input": {"line_gross": "9.00", "sold_qty": "3", "received_qty": "2"}},
    {
        "kind": "invoice_tax",
        "source_policy": "per_line_half_up",
        "input": {
            "lines": [{"amount": "9", "qty": "2", "taxes": [{"code": "a", "rate": "10"}]}],
        },
    },
    {"kind": "line_net", "input": {"price": "3", "qty": "2", "charges": ["1"], "base_qty": "2"}},
    {
        "kind": "memo_rounding",
        "source_policy": "sum_then_down",
        "input": {"parts": ["1.005", "2"]},
    },
    {
        "kind": "provider_amount",
        "source_policy": "provider_rounds_up",
        "input": {"amount": "5.124", "provider_step": "10"},
    },
    {"kind": "settlement", "input": {"entries": [{"amount": "5"}, {"amount": "-2"}]}},
    {
        "kind": "tender_split",
        "input": {"refund": "5", "tenders": [{"name": "card", "paid": "9"}]},
    },
    {
        "kind": "amount_refund",
        "source_policy": "proportional",
        "input": {"refund": "2", "lines": [{"ref": "a", "gross": "9", "net": "9"}]},
    },
)
SPOILT = st.one_of(
    st.sampled_from(
        ["NaN", "-1", "0", "1e9", "9" * 40, "", "a\x00", "\ud800", None, True, 0.1, [], {}, [{}]]
    ),
    st.integers(),
    st.text(max_size=8),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
        ),
        max_leaves=6,
    ),
)


def places_of(value, path=()):
    yield path
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for name, inner in list(pairs):
            yield from places_of(inner, (*path, name))


@settings(deadline=None, max_examples=400)
@given(data=st.data(), base=st.sampled_from(OF_EVERY_KIND), spoilt=SPOILT)
def test_whatever_is_written_anywhere_is_computed_or_refused_with_its_place(data, base, spoilt):
    document = {"currency": "EUR", "tax_inclusive": True, "expected": {"shares": ["1"]}} | base
    path = data.draw(st.sampled_from([place for place in places_of(document) if place]))
    changed = copy.deepcopy(document)
    *above, last = path
    inner = changed
    for step in above:
        inner = inner[step]
    inner[last] = spoilt

    (found,) = golden.results({"cases": [changed]})

    assert set(found) == {"id", "pass", "got"}
    if "error" in found["got"]:
        assert found["got"]["error"].startswith("cases[0]")
    json.dumps(found)


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param({"order_matters": False, "shares": 5}, id="no list"),
        pytest.param({"order_matters": False, "shares": [None, "1", {}]}, id="mixed"),
        pytest.param({"order_matters": False}, id="nothing named but the order"),
        pytest.param([{"seq": [1]}], id="a document named by a list"),
        pytest.param(None, id="nothing"),
        pytest.param("memos", id="a text"),
    ],
)
def test_an_expectation_of_another_shape_only_fails_its_case(wanted):
    case = {"kind": "allocation", "currency": "EUR", "outcome": "differs"}
    case |= {"input": {"amount": "1.00", "weights": ["1"]}}
    case |= {"expected": wanted, "cumulative_remainder_result": wanted}
    is_empty = wanted == {"order_matters": False}

    (found,) = golden.results({"cases": [case]})

    assert found["pass"] is is_empty


def test_the_gathered_golden_cases_all_pass_where_they_are_at_hand():
    path = Path(__file__).parents[5] / "shared" / "reference" / "golden-credit-cases.json"
    document = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"cases": []}

    assert [row["id"] for row in golden.results(document) if not row["pass"]] == []
