"""A simulated system comes back as it was."""

from datetime import UTC, datetime

import pytest
import requests

from connectors import registry, types
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


@pytest.mark.parametrize("login", ["private_key", "token_secret"])
def test_what_signed_calls_made_is_there_again_after_a_restart(tmp_path, login):
    first = twins.KeptNetSuite(now=lambda: AT)
    first.open_journal(tmp_path / "netsuite.jsonl")
    first.load({"locations": [{"code": "11", "name": "Leeds", "division": "2"}]})
    first.load({"items": [{"sku": "TEE-BLK-M", "id": "70"}]})
    keys = first.credentials()
    gateway = registry.build_gateway(
        types.ConnectionConfig(
            kind="netsuite",
            base_url="http://127.0.0.1/erp",
            settings={"account": keys["account"], "adjustment_account": "9"},
            secrets={
                name: keys[name] for name in keys if login == "private_key" or name[:5] != "priva"
            },
        ),
        _Pacer(),
        WsgiTransport({"/erp": first}),
    )
    line = types.DraftLine(1, "item", "TEE-BLK-M", "70", 2, bucket="damaged")
    write_off = types.DocumentKind.WRITE_OFF
    fields = ("customer_code", "currency", "rma_number", "order_number", "order_erp_id")
    rest = dict.fromkeys((*fields, "invoice_number", "authorisation_number"), "")
    gateway.create(
        types.DocumentDraft(
            write_off, "wo-1", AT.date(), "2", "11", note="Damaged", lines=(line,), **rest
        )
    )
    first.close_journal()

    second = twins.KeptNetSuite(now=lambda: AT)
    second.open_journal(tmp_path / "netsuite.jsonl")
    second.close_journal()

    assert [made["key"] for made in first.documents()] == ["wo-1"]
    assert second.documents() == first.documents()


class _Pacer:
    def before(self, *, operation, is_write):
        """Nothing is counted here."""

    def after(self, *, operation, status, headers):
        """Nothing is counted here."""
