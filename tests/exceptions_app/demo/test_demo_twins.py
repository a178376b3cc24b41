"""A simulated system comes back as it was."""

from datetime import UTC, datetime

import pytest
import requests

from connectors.sandbox.wsgi_transport import WsgiTransport
from exceptions_app.management.demo import names, records, twins

AT = datetime(2026, 5, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def begin(tmp_path):
    """Starts the ERP of one journal, as a new process would."""
    started = []

    def start():
        twin = twins.KeptBlueCherry(now=lambda: AT)
        twin.open_journal(tmp_path / "erp.jsonl")
        started.append(twin)
        return twin

    yield start
    for twin in started:
        twin.close_journal()


def _post_authorisation(twin):
    session = requests.Session()
    session.mount("http://", WsgiTransport({"/erp": twin}))
    record = {
        "isa_num": "000000001",
        "ref_num": "RA-1",
        "ord_num": "SO-1",
        "customer": "WEB",
        "division": "10",
        "location": "LEE",
        "doc_date": "05/20/2026",
        "curr_code": "GBP",
        "detail": [{"sim_sku": "TEE-BLK-M", "size_qty": 1, "order_line": "1"}],
    }
    answer = session.post(
        "http://127.0.0.1/erp/api/SimReturnAuthorization",
        json=[record],
        headers=twin.credentials(),
    )
    assert answer.status_code == 200, answer.text


def test_records_and_documents_are_there_again_after_a_restart(begin):
    first = begin()
    first.load(records.reference())
    first.load({"orders": [records.order("SO-1", [(names.BY_SKU["TEE-BLK-M"], 1)], AT)]})
    _post_authorisation(first)
    before = first.documents()

    # The process is gone without a goodbye.
    second = begin()

    assert [row["ref_num"] for row in before] == ["RA-1"]
    assert second.documents() == before


def test_half_a_line_of_a_killed_process_is_passed_over(begin, tmp_path):
    begin().load(records.reference())
    with (tmp_path / "erp.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"at": "2026-05-20T09')

    sold = records.order("SO-1", [(names.BY_SKU["TEE-BLK-M"], 1)], AT)
    begin().load({"orders": [sold]})
    third = begin()
    _post_authorisation(third)

    assert [row["ref_num"] for row in third.documents()] == ["RA-1"]
