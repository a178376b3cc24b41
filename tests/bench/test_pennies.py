"""The generated returns: credits give the order back, causes sum, and a lost penny is noticed."""

from dataclasses import replace

from exceptions_app.rules import money, penny
from tests.bench import pennies


def test_no_generated_return_is_credited_or_explained_wrongly():
    run = pennies.play(300)

    assert run.wrong == ()
    assert run.returns > 2 * run.orders
    # Refunds that are off by a random sum have no name to be found by; the others have one.
    assert 0 < run.unexplained < run.returns


def test_a_cause_that_loses_a_penny_is_noticed(monkeypatch):
    whole = penny.explain

    def short(resolved, draft):
        found = whole(resolved, draft)
        return replace(
            found,
            causes=tuple(
                replace(cause, amount=cause.amount - money.minor_unit(found.currency))
                for cause in found.causes[:1]
            )
            + found.causes[1:],
        )

    monkeypatch.setattr(penny, "explain", short)

    assert len(pennies.play(30).wrong) > 15
