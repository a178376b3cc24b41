"""What a change would do, in words at the figures: nothing is named that does not stand there."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.template.loader import render_to_string
from django.urls import reverse

from exceptions_app.services.previews import DocumentPreview, Effect, EffectRow
from tests.cast import make_user

BLOCKED = EffectRow(
    1, "RMA5008", ("PERIOD_CLOSED",), ("PERIOD_CLOSED",), Decimal(5), "GBP", is_same=True
)
HEALED = EffectRow(2, "RMA5009", ("PERIOD_CLOSED",), (), Decimal(7), "EUR")


def shown(*rows, **figures):
    effect = Effect(
        **{
            "healed_cases": 0,
            "healed_returns": 0,
            "freed": Decimal(0),
            "currency": "GBP",
            "still_blocked": 0,
            "newly_broken": 0,
            "touched": len(rows),
            "rows": rows,
            **figures,
        }
    )
    return render_to_string("fixes/_effect.html", {"effect": effect}), effect


def test_a_change_that_changes_nothing_says_so_and_what_stays_in_the_way():
    text, effect = shown(BLOCKED, still_blocked=1)

    assert effect.is_idle
    assert "This would change nothing: RMA5008 stays blocked by posting date in a closed" in text
    assert "The same:" in text
    assert "By the same as now" in text


def test_money_of_another_currency_is_named_only_where_there_is_some():
    alike, _ = shown(BLOCKED, still_blocked=1)
    other, effect = shown(BLOCKED, HEALED, still_blocked=1, healed_returns=1)

    assert "other currencies" not in alike
    assert "in GBP; other currencies stand with their return in the list below" in other
    assert not effect.is_idle


def test_each_document_stands_before_what_becomes_of_it():
    documents = [
        DocumentPreview("Stock receipt", "K1", "Stock receipt for RMA1", "", "{}", ("Stock rises",))
    ]

    text = render_to_string("fixes/_documents.html", {"documents": documents})

    assert text.index("<b>Stock receipt for RMA1</b>") < text.index("Stock rises")
    assert text.index("Stock rises") < text.index("it would be sent for the first time")


@pytest.mark.django_db
def test_the_words_are_one_step_from_every_page_and_explain_those_of_a_preview(client):
    client.force_login(make_user("mira"))

    page = client.get(reverse("case-list"), {"view": "all"}).text
    words = client.get(reverse("manual-words")).text

    assert f'<a href="{reverse("manual-words")}">What our words mean</a>' in page
    for word in ("Heals", "Frees", "Newly breaks", "Still blocked", "Held"):
        assert f"<b>{word}</b>" in words


def test_a_return_that_would_only_rest_is_not_said_to_move_on():
    moving = shown(HEALED)[0]
    assert "Nothing, it moves on" in moving
    assert "Lets rest" not in moving

    resting, _ = shown(replace(HEALED, is_resting=True), healed_returns=1)

    assert "Nothing, and nothing is booked: it rests" in resting
    assert "moves on" not in resting
    assert "Lets rest" in resting
    assert "1 of them rests: nothing of it is booked until the status changes" in resting
