"""What is told of a document that the ERP said yes to and does not have."""

from exceptions_app.models import Posting
from exceptions_app.rules.confirming import Comparison, Verdict
from exceptions_app.services import confirming
from tests.factories import NOW


def test_it_says_since_when_and_that_it_is_not_there():
    posting = Posting(kind="credit_memo", key="K-1", posted_at=NOW, lookups=99)

    _, told, values = confirming._absent_sent(posting, Comparison(Verdict.ABSENT, None), NOW)

    assert told == "The ERP accepted it, but it is not there"
    assert values["open_type"] == "SILENT_SUCCESS"
    assert values["open_facts"] == {
        "kind": "Credit memo",
        "key": "K-1",
        "since": "2026-05-27 09:12 UTC",
        "field": "the document",
        "expected": "there",
        "got": "not there",
        "cause": "credit_memo",
    }
