"""`manage.py replay_lines` over real HTTP, with its exit codes and its two reports."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from connectors.sandbox import server
from connectors.sandbox.twins import new_twins
from exceptions_app.models import AuditEntry, Bridge, Connection, Posting, Rma
from tests.exceptions_app.replay.lines_cast import row, text_of

pytestmark = pytest.mark.django_db

ROWS = [
    row("500", "20001", 10, "2.95"),
    row("500", "POST", 1, "18.00"),
    row("C1", "20001", -4, "2.95"),
    row("C1", "POST", -1, "18.00"),
]


@pytest.fixture
def replay_file(tmp_path):
    def write(*rows):
        path = tmp_path / "lines.csv"
        path.write_text(text_of(*rows), encoding="utf-8")
        return path

    return write


def run(*arguments, **options):
    out, err = io.StringIO(), io.StringIO()
    call_command("replay_lines", *map(str, arguments), stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def test_a_file_goes_through_a_sandbox_of_its_own_and_is_reported_as_json(replay_file):
    path = replay_file(*ROWS)

    out, err = run(path, "--json")

    report = json.loads(out)
    assert report.pop("seconds") > 0
    assert set(report["calls"]) == {"bluecherry", "returngo"}
    assert report.pop("calls")["bluecherry"] > 0
    assert report == {
        "credit_lines": 2,
        "credit_units": -5,
        "money": {"in": "-29.80", "posted": "-11.80", "open": "-18.00", "accepted": "0.00"},
        "postings": {"credit_memo": 1, "return_authorisation": 1, "stock_receipt": 1},
        "cases": {"COMPONENT_MISSING": 1},
    }
    assert "2 of 2 returns in, 3 documents confirmed, 0 under way" in err
    # Its sandbox is gone, so nothing may be polled there.
    assert not Bridge.objects.get().is_active


def test_a_running_sandbox_is_used_and_the_report_reads_as_a_table(replay_file):
    path = replay_file(*ROWS)

    with server.running(twins=new_twins()) as base_url:
        out, _ = run(path, sandbox=base_url)
        first = (Posting.objects.count(), AuditEntry.objects.count())
        again, _ = run(path, sandbox=base_url)

    lines = [line.split() for line in out.splitlines()[:4]]
    assert lines == [
        ["outcome", "lines", "units", "GBP"],
        ["open:", "COMPONENT_MISSING", "1", "-1", "-18.00"],
        ["posted", "1", "-4", "-11.80"],
        ["in", "2", "-5", "-29.80"],
    ]
    assert "Confirmed documents: credit_memo 1, return_authorisation 1" in out
    assert (Posting.objects.count(), AuditEntry.objects.count()) == first
    assert again.splitlines()[:4] == out.splitlines()[:4]
    assert Bridge.objects.get().is_active


def test_a_broken_file_is_refused_before_anything_is_changed(replay_file):
    path = replay_file(*ROWS, row("C2", "20001", "two", "2.95"))

    with pytest.raises(CommandError, match="Row 6: quantity 'two'") as refused:
        run(path)

    assert refused.value.returncode == 1
    assert not Connection.objects.exists()
    assert not AuditEntry.objects.exists()
    assert not Rma.objects.exists()


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CommandError, match="The file cannot be read") as refused:
        run(tmp_path / "none.csv")

    assert refused.value.returncode == 1


def test_an_address_without_a_sandbox_fails_and_leaves_no_connection(replay_file):
    with pytest.raises(CommandError, match="does not answer as a sandbox") as failed:
        run(replay_file(*ROWS), sandbox="http://127.0.0.1:1")

    assert failed.value.returncode == 2
    assert not Connection.objects.exists()


def test_an_empty_file_is_replayed_as_nothing(tmp_path):
    path = tmp_path / "empty.csv"
    path.write_bytes(b"")

    out, _ = run(path, "--json")

    assert json.loads(out)["money"] == dict.fromkeys(["in", "posted", "open", "accepted"], "0.00")
