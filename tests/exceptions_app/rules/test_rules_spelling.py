import pytest

from exceptions_app.rules.spelling import spelled


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("RefundToPaymentMethod", "Refund to payment method"),
        ("RMA_CREATED", "RMA created"),
        ("LabelCreated", "Label created"),
        ("refund_asked", "Refund asked"),
        ("restockable", "restockable"),
        ("Keep it, iPhone", "Keep it, iPhone"),
        ("A", "A"),
        ("_", "_"),
        ("", ""),
    ],
)
def test_codes_are_spelled_as_words_and_words_stay(code, words):
    assert spelled(code) == words
