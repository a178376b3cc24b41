"""The generated orders: none breaks a promise, and a rule that loses a penny is noticed."""

from exceptions_app.rules import reversal
from tests.bench import reversals


def test_no_generated_order_is_credited_wrongly():
    run = reversals.play(1_500)

    assert run.wrong == ()
    assert run.credits > 3 * run.orders


def test_a_rule_that_rounds_each_return_alone_is_noticed(monkeypatch):
    exact = reversal.credit_units

    def alone(sold, taken, units, rounding):
        return exact(sold, taken, units, rounding, reversal.Method.INDEPENDENT)

    monkeypatch.setattr(reversals, "credit_units", alone)

    assert len(reversals.play(50).wrong) > 25
