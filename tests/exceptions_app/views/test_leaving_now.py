"""A change whose time to be taken back is over is not said to be one that can be."""

from exceptions_app.views.case_offers import Offer


def test_what_is_held_does_not_promise_that_it_can_be_taken_back():
    held = Offer("retry", "Send it again", None, "", (), is_under_way=True, is_held=True)

    assert held.why_not == "This was done and has not left yet, see above."
