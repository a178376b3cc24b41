"""The honest sentence: proven stages, what is not so yet, and never a promise."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.types import Inspection
from exceptions_app.rules.planning import plan
from exceptions_app.rules.sayings import Around, say, spoken
from exceptions_app.rules.stages import stages
from tests.exceptions_app.rules import make
from tests.exceptions_app.rules.make import make_facts, make_fee, make_line, make_refund

UNGRADED = {"disposition": "", "disposition_at": None, "inspection": Inspection.NOT_INSPECTED}
HERE = "Your item reached us by 19 November 2026 and has been inspected."
ARRIVED = {"logistics": "received", "received_at": make.NOW.replace(day=19)}


def postings(*kinds, **changes):
    """The documents of a plain return, of these kinds, confirmed unless said otherwise."""
    planned = [row for row in plan(make_facts()).postings if not kinds or row.kind in kinds]
    return tuple(
        make.make_posting(row.slot, row.draft, id=number, number=f"N{number}", **changes)
        for number, row in enumerate(planned, start=1)
    )


def said(*lines, around=None, **changes):
    facts = make_facts(*lines, **{**ARRIVED, **changes})
    return say(facts, stages(facts), around or Around())


@pytest.mark.parametrize(
    ("line", "changes", "text"),
    [
        pytest.param(
            make_line(),
            {"postings": postings()},
            f"{HERE} Your refund of £60.00 has been made; it was confirmed on 20 November 2026.",
            id="all-done",
        ),
        pytest.param(
            make_line(name="T-shirt", quantity=2),
            {"refunds": ()},
            "All 2 items reached us by 19 November 2026 and have been inspected."
            " Your refund of £120.00 has not been made yet: we still have to book 2 × T-shirt"
            " into our stock.",
            id="not-booked",
        ),
        pytest.param(
            make_line(),
            {"refunds": (), "postings": postings("stock_receipt")},
            f"{HERE} Your refund of £60.00 has not been made yet.",
            id="booked-not-refunded",
        ),
        pytest.param(
            make_line(**UNGRADED),
            {"refunds": ()},
            "Your return reached us by 19 November 2026."
            " Your refund of £60.00 has not been made yet: we still have to inspect your return.",
            id="not-inspected",
        ),
        pytest.param(
            make_line(**UNGRADED),
            {},
            "Your return reached us by 19 November 2026. It has not been inspected yet."
            " Your refund of £60.00 has been made; it was confirmed on 20 November 2026.",
            id="refunded-before-inspection",
        ),
        pytest.param(
            make_line(**UNGRADED),
            {"logistics": "in_transit", "received_at": None, "refunds": ()},
            "Your parcel is recorded as sent; it has not reached us yet."
            " Your refund of £60.00 has not been made yet.",
            id="on-its-way",
        ),
        pytest.param(
            make_line(**UNGRADED),
            {"logistics": "expected", "received_at": None, "refunds": ()},
            "Your return has not reached us yet. Your refund of £60.00 has not been made yet.",
            id="expected",
        ),
        pytest.param(
            make_line(**UNGRADED),
            {"logistics": "expected", "received_at": None, "refunds": (), "status_raw": "Pending"},
            "You asked for this return; it is not authorised yet."
            " Your return has not reached us yet. No refund has been made.",
            id="not-authorised",
        ),
        pytest.param(
            make_line(**UNGRADED),
            {"logistics": "expected", "received_at": None, "refunds": (), "status_raw": "Odd"},
            "We cannot say yet whether your return is authorised."
            " Your return has not reached us yet. No refund has been made.",
            id="status-not-known",
        ),
        pytest.param(
            make_line(**UNGRADED),
            {"logistics": "expected", "received_at": None, "refunds": (), "status_raw": "Rejected"},
            "Your return was not accepted. No refund is recorded for it.",
            id="refused",
        ),
        pytest.param(
            make_line(),
            {"refunds": (make_refund(status="pending"),)},
            f"{HERE} Your refund of £60.00 has been asked for and is not confirmed yet.",
            id="refund-pending",
        ),
        pytest.param(
            make_line(),
            {"refunds": (make_refund(status="failed"),)},
            f"{HERE} Your refund of £60.00 was tried, did not go through and is not made.",
            id="refund-failed",
        ),
        pytest.param(
            make_line(),
            {"refunds": (make_refund(status="unknown"),)},
            f"{HERE} We cannot say yet whether a refund of £60.00 has been made.",
            id="refund-not-known",
        ),
        pytest.param(
            make_line(),
            {
                "refunds": (
                    make_refund("20.00"),
                    make_refund("40.00", external_id="R-2", status="pending"),
                )
            },
            f"{HERE} £20.00 of your refund has been made."
            " A further £40.00 has been asked for and is not confirmed yet.",
            id="refund-in-parts",
        ),
        pytest.param(
            make_line(),
            {"refunds": (make_refund("20.00"), make_refund("40.00", external_id="R-2"))},
            f"{HERE} Your refunds have been made, £60.00 in total;"
            " the last was confirmed on 20 November 2026.",
            id="two-refunds",
        ),
        pytest.param(
            make_line(fees=(make_fee(),)),
            {"refunds": (), "postings": postings("stock_receipt")},
            f"{HERE} Your refund has not been made yet.",
            id="a-fee-leaves-the-amount-open",
        ),
        pytest.param(
            make_line(),
            {"refunds": (), "postings": postings()},
            f"{HERE} Your refund of £60.00 has not been made yet."
            " A credit of £60.00 stands in our books.",
            id="credit-confirmed-first",
        ),
        pytest.param(
            make_line(),
            {
                "refunds": (),
                "postings": postings("stock_receipt") + postings("credit_memo", status="posted"),
            },
            f"{HERE} Your refund of £60.00 has not been made yet."
            " The credit was sent to our books, which have not confirmed it yet.",
            id="credit-sent",
        ),
    ],
)
def test_it_says_how_things_stand(line, changes, text):
    assert said(line, **changes).text == text


@pytest.mark.parametrize(
    ("hold", "words"),
    [
        ("window", "The credit in our books waits for the next window of our books."),
        ("run", "The credit in our books waits for our next credit run."),
        ("approval", "The credit in our books waits for an approval."),
    ],
)
def test_a_held_credit_says_what_it_waits_for_and_no_day(hold, words):
    rows = postings("stock_receipt") + postings("credit_memo", status="held")

    saying = said(refunds=(), postings=rows, around=Around(credit_hold=hold))

    assert saying.text.endswith(words)


def test_teams_with_an_open_exception_are_named_until_the_refund_is_made():
    around = Around(teams=("finance", "merchandising"))

    waiting = said(refunds=(), around=around)
    refunded = said(around=around)

    assert waiting.text.endswith(
        "Our finance and merchandising teams have a question about it to settle."
    )
    assert "question" not in refunded.text


@pytest.mark.parametrize(
    ("exchange", "numbers", "text"),
    [
        ("released", ("EO-1",), "Your exchange order has been released."),
        ("released", (), "We cannot say yet where your exchange order stands."),
        ("pending", (), "Your exchange order has not been released yet."),
    ],
)
def test_an_exchange_is_released_only_with_its_order(exchange, numbers, text):
    line = make_line(resolution="VariantExchange")
    around = Around(exchange=exchange, exchange_numbers=numbers)

    saying = said(line, refunds=(), around=around)

    assert text in saying.text
    assert "refund" not in saying.text


def test_what_did_not_come_is_counted():
    lost = make_line(line_no=2, disposition="not_returned/lost", inspection=Inspection.NOT_RETURNED)

    saying = said(make_line(), lost)

    assert saying.claims[0].text == (
        "1 of your 2 items reached us by 19 November 2026 and has been inspected;"
        " 1 is recorded as not returned."
    )


@pytest.mark.parametrize(
    ("refunds", "text"),
    [
        pytest.param(
            [("70.00", "EUR", "confirmed")],
            "Your refund of €70.00 has been made; it was confirmed on 20 November 2026.",
            id="one-abroad",
        ),
        pytest.param(
            [("20.00", "GBP", "confirmed"), ("45.00", "EUR", "confirmed")],
            "Your refunds have been made, £20.00 and €45.00 in total;"
            " the last was confirmed on 20 November 2026.",
            id="two-currencies",
        ),
        pytest.param(
            [("45.00", "EUR", "confirmed"), ("20.00", "", "pending")],
            "€45.00 of your refund has been made."
            " A further £20.00 has been asked for and is not confirmed yet.",
            id="part-abroad",
        ),
        pytest.param(
            [("45.00", "EUR", "failed")],
            "Your refund of €45.00 was tried, did not go through and is not made.",
            id="failed-abroad",
        ),
    ],
)
def test_a_refund_is_said_in_its_own_currency(refunds, text):
    rows = tuple(
        make_refund(amount, currency=currency, status=status, external_id=f"R-{place}")
        for place, (amount, currency, status) in enumerate(refunds)
    )

    assert said(refunds=rows).short == text


def test_a_credit_is_said_in_its_own_currency():
    booked = tuple(replace(row, currency="EUR") for row in postings("credit_memo"))

    assert "A credit of €60.00 stands in our books." in said(refunds=(), postings=booked).text


def test_days_are_those_of_the_company():
    late = make.NOW.replace(day=19, hour=23)

    saying = said(received_at=late, around=Around(zone="Europe/Berlin"))

    assert "by 20 November 2026" in saying.text


def test_the_short_form_is_what_is_said_of_money():
    saying = said(make_line(**UNGRADED), refunds=())

    assert saying.short == (
        "Your refund of £60.00 has not been made yet: we still have to inspect your return."
    )


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1056", "GBP", "£1,056.00"),
        ("12400", "JPY", "¥12,400"),
        ("5.124", "KWD", "5.124 KWD"),
        ("5", "CHF", "5.00 CHF"),
    ],
)
def test_money_is_written_in_its_currency(amount, currency, text):
    assert spoken(Decimal(amount), currency) == text


# What claims that a stage is reached, in any wording of the rule.
CLAIMS = {
    "received": r"reached us by|reached us\.",
    "inspected": r"ha(s|ve) been inspected|We have inspected",
    "refunded": r"Your refunds? (of [^ ]+ )?ha(s|ve) been made[;.,]",
    "credited": r"stands in our books",
}


@pytest.mark.lesson(27)
@settings(deadline=None, max_examples=300)
@given(
    status=st.sampled_from(["Pending", "Approved", "Done", "Rejected", "Odd"]),
    logistics=st.sampled_from(["expected", "in_transit", "received", "not_required"]),
    dispositions=st.lists(
        st.sampled_from(["", "restockable", "not_returned", "keep it", "odd"]),
        min_size=1,
        max_size=3,
    ),
    refunds=st.lists(
        st.tuples(
            st.sampled_from(["confirmed", "pending", "failed", "unknown"]),
            st.sampled_from(["GBP", "EUR", ""]),
            st.sampled_from(["30.00", "0.00"]),
            st.sampled_from(["", "R"]),
        ),
        max_size=3,
    ),
    posting=st.sampled_from(["held", "ready", "unconfirmed", "posted", "confirmed", "failed"]),
    number=st.sampled_from(["", "N1"]),
    kinds=st.sets(st.sampled_from(["return_authorisation", "stock_receipt", "credit_memo"])),
    hold=st.sampled_from(["", "window", "run", "approval"]),
    exchange=st.sampled_from(["none", "pending", "released"]),
    teams=st.sets(st.sampled_from(["finance", "warehouse"])),
)
def test_no_claim_without_proof(
    status,
    logistics,
    dispositions,
    refunds,
    posting,
    number,
    kinds,
    hold,
    exchange,
    teams,
):
    facts = make_facts(
        *(
            make_line(line_no=place, disposition=word, inspection=Inspection.NOT_INSPECTED)
            for place, word in enumerate(dispositions, start=1)
        ),
        status_raw=status,
        logistics=logistics,
        refunds=tuple(
            make_refund(
                amount,
                status=word,
                currency=currency,
                external_id=proof and f"{proof}{place}",
            )
            for place, (word, currency, amount, proof) in enumerate(refunds)
        ),
        postings=tuple(
            replace(row, status=posting, number=number) for row in postings() if row.kind in kinds
        ),
    )
    seen = {stage.code: stage for stage in stages(facts)}
    around = Around(exchange=exchange, teams=tuple(sorted(teams)), credit_hold=hold)

    saying = say(facts, seen.values(), around)

    assert saying.text
    for claim in saying.claims:
        assert bool(claim.stage) == bool(claim.proof)
        if claim.stage in seen:
            assert seen[claim.stage].state == "done"
            assert claim.proof == seen[claim.stage].proof
    for code, words in CLAIMS.items():
        if re.search(words, saying.text):
            assert seen[code].state == "done", saying.text
    assert "exchange order has been released" not in saying.text
    assert not re.search(r"[£€]0\.00", saying.text)
    if seen["refunded"].state == "done":
        made = [
            code or "GBP"
            for word, code, amount, proof in refunds
            if word == "confirmed" and amount == "30.00" and proof
        ]
        for code in set(made):
            assert spoken(30 * Decimal(made.count(code)), code) in saying.text
    # No day but those of proven moments, and no span of days to come.
    assert not re.search(r"\bwill\b|\bshould\b|\bsoon\b|\d days?\b|tomorrow", saying.text)
    days = re.findall(r"\d+ \w+ 20\d\d", saying.text)
    assert set(days) <= {"20 November 2026", "19 November 2026", "18 November 2026"}
