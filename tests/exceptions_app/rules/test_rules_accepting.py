"""How far an acceptance reaches, and what an exception says that it reaches no further."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exceptions_app.rules import accepting
from exceptions_app.rules.decisions import Decisions, Terms
from exceptions_app.rules.facts import Finding

TERMS = Terms(
    Decimal("4.10"), cap=Decimal("5.00"), cause="tax", by="Finn Ashworth", until="2026-11-30"
)
AMOUNTS = st.decimals("-9", "9", places=2)


def finding(difference, cause="tax", type_="REFUND_CM_MISMATCH"):
    facts = {"difference": difference, "main_cause": cause, "currency": "GBP"}
    return Finding(type_, "refund", cause, facts, Decimal(1), "refund − credit")


@pytest.mark.parametrize(
    ("terms", "difference", "cause", "why"),
    [
        pytest.param(TERMS, "4.10", "tax", "", id="the-same"),
        pytest.param(TERMS, "5.00", "tax", "", id="at-the-cap"),
        pytest.param(TERMS, "0.01", "tax", "", id="less"),
        pytest.param(TERMS, "4.10", "", "", id="nobody-says-by-what-cause"),
        pytest.param(TERMS, "5.01", "tax", "grown", id="above-the-cap"),
        pytest.param(TERMS, "-4.10", "tax", "changed", id="the-other-side-is-more"),
        pytest.param(TERMS, "0", "tax", "changed", id="nothing-differs"),
        pytest.param(TERMS, "4.10", "fee", "changed", id="another-cause"),
        pytest.param(Terms(Decimal("4.10")), "4.10", "tax", "", id="without-a-cap-the-same"),
        pytest.param(Terms(Decimal("4.10")), "4.00", "tax", "changed", id="without-a-cap-less"),
        pytest.param(Terms(Decimal("4.10")), "4.11", "tax", "grown", id="without-a-cap-more"),
        pytest.param(
            Terms(Decimal("4.10"), cap=Decimal(5), is_over=True), "4.10", "", "expired", id="over"
        ),
    ],
)
def test_an_acceptance_ends_when_it_grew_changed_or_its_day_is_over(terms, difference, cause, why):
    assert terms.ended(Decimal(difference), cause) == why


@given(accepted=AMOUNTS, more=st.decimals("0", "9", places=2), now=AMOUNTS)
def test_nothing_beyond_the_cap_or_on_the_other_side_is_covered(accepted, more, now):
    terms = Terms(accepted, cap=abs(accepted) + more)
    decided = Decisions(accepted_difference=accepted, accepted=terms)

    is_within = abs(now) <= terms.cap and now * accepted > 0
    assert decided.covers(now) == (now == accepted or is_within)


def test_what_grew_says_what_was_accepted_by_whom_until_when_and_what_is_now():
    (told,) = accepting.told([finding("7.20")], TERMS)

    assert told.facts["accepted_ended"] == "grown"
    assert told.facts["accepted_before"] == (
        "Accepted £4.10 by Finn Ashworth until 30 Nov 2026, cap £5.00; now £7.20"
    )


@pytest.mark.parametrize(
    ("terms", "found", "words"),
    [
        pytest.param(
            Terms(Decimal("4.10"), by="Finn", until="2026-11-30", is_over=True),
            finding("4.10"),
            "Accepted £4.10 by Finn until 30 Nov 2026; that day is over; now £4.10",
            id="expired",
        ),
        pytest.param(
            TERMS,
            finding("-4.10"),
            "Accepted £4.10 by Finn Ashworth until 30 Nov 2026, cap £5.00; now −£4.10",
            id="turned",
        ),
        pytest.param(
            TERMS,
            finding("4.10", "rounding"),
            "Accepted £4.10 by Finn Ashworth until 30 Nov 2026, cap £5.00; now £4.10, and the two"
            " systems round differently",
            id="another-cause",
        ),
    ],
)
def test_each_end_has_its_words(terms, found, words):
    (told,) = accepting.told([found], terms)

    assert told.facts["accepted_before"] == words


@pytest.mark.parametrize(
    ("found", "terms"),
    [
        pytest.param(finding("4.50"), TERMS, id="covered"),
        pytest.param(finding("7.20"), None, id="nothing-accepted"),
        pytest.param(finding("7.20", type_="SKU_UNKNOWN"), TERMS, id="no-difference-of-money"),
        pytest.param(finding(""), TERMS, id="not-compared"),
    ],
)
def test_a_finding_that_no_acceptance_was_about_is_as_it_was(found, terms):
    assert accepting.told([found], terms) == [found]
