"""Evidence is kept as it came, given back as an attachment, and forgotten in time."""

import hashlib
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Case, EvidenceFile
from exceptions_app.rules import evidence_files as rules
from exceptions_app.services import evidence_files
from tests.cast import make_user
from tests.factories import NOW, CaseFactory, RmaFactory

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7 delivery note"
DIGEST = hashlib.sha256(PDF).hexdigest()


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.RETURNSBRIDGE_DATA_DIR = tmp_path
    return tmp_path / "evidence"


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def add(case, content=PDF, name="note.exe", actor="wanda"):
    return evidence_files.add(
        case_id=case.pk,
        name=name,
        content=content,
        note="",
        actor=make_user(actor),
        now=NOW,
    )


def test_a_file_is_added_by_its_content_and_comes_back_as_it_was(client, folder):
    case = CaseFactory()
    client.force_login(make_user("wanda"))
    address = f"/exceptions/{case.pk}/evidence/"
    upload = SimpleUploadedFile("Cara's note.html", PDF, content_type="text/html")

    client.post(address, {"file": upload, "note": "The label"})

    row = EvidenceFile.objects.get()
    assert (row.name, row.kind, row.size) == ("Cara_s note.pdf", "pdf", len(PDF))
    assert (row.sha256, row.note) == (DIGEST, "The label")
    (kept,) = files(folder)
    assert (kept.read_bytes(), kept.name, kept.stat().st_mode & 0o777) == (PDF, row.key, 0o600)
    assert Case.objects.get().evidence_count == 1
    answer = client.get(f"{address}{row.pk}/")
    assert answer.content == PDF
    assert answer["Content-Disposition"] == 'attachment; filename="Cara_s_note.pdf"'
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    acts = AuditEntry.objects.order_by("pk").values_list("actor", "act", "text")
    assert list(acts) == [
        ("Wanda", "case.evidence", f"Evidence added: PDF, 22 bytes, SHA-256 {DIGEST}"),
        ("Wanda", "evidence.read", f"Evidence {row.pk} of EX-{case.pk} taken as a file"),
    ]
    assert DIGEST in client.get(address).text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param(b"MZ\x90\x00", "By its content the file is none of these", id="program"),
        pytest.param(b"%PDF-" + b" " * rules.MOST_BYTES, "larger than 10.0 MB", id="large"),
        pytest.param(PDF, "kept already", id="twice"),
    ],
)
def test_a_file_is_refused_with_the_reason_and_nothing_is_kept(folder, content, text):
    case = CaseFactory()
    add(case)
    before = (files(folder), AuditEntry.objects.count())

    with pytest.raises(errors.InvalidChoice, match=text):
        add(case, content)

    assert (files(folder), AuditEntry.objects.count()) == before
    assert (EvidenceFile.objects.count(), Case.objects.get().evidence_count) == (1, 1)


def test_a_file_that_cannot_be_written_leaves_no_row(folder, monkeypatch):
    def full(key, content):
        raise OSError("no space left")

    monkeypatch.setattr(evidence_files, "_write", full)

    with pytest.raises(OSError, match="no space left"):
        add(CaseFactory())

    assert (EvidenceFile.objects.count(), AuditEntry.objects.count()) == (0, 0)


@pytest.mark.parametrize("change", ["gone", "other"])
def test_a_file_that_is_not_what_was_kept_is_not_given_out(client, folder, change):
    row = add(CaseFactory())
    (kept,) = files(folder)
    kept.unlink() if change == "gone" else kept.write_bytes(b"%PDF-1.7 forged")
    client.force_login(make_user("wanda"))

    assert client.get(f"/exceptions/{row.case_id}/evidence/{row.pk}/").status_code == 404
    assert not AuditEntry.objects.filter(act="evidence.read").exists()


def test_a_file_is_reached_through_its_own_exception_only(client):
    row, other = add(CaseFactory()), CaseFactory()
    client.force_login(make_user("wanda"))

    assert client.get(f"/exceptions/{other.pk}/evidence/{row.pk}/").status_code == 404


def test_it_goes_with_the_personal_data_and_its_digest_stays(folder):
    old, recent = NOW - timedelta(days=2), NOW
    gone = add(CaseFactory(status="resolved", rma=RmaFactory(source_updated_at=old)))
    still_open = add(CaseFactory(rma=RmaFactory(source_updated_at=old)))
    young = add(CaseFactory(status="resolved", rma=RmaFactory(source_updated_at=recent)))
    before = NOW - timedelta(days=1)

    assert [evidence_files.forget_due(before=before, now=NOW) for _ in range(2)] == [1, 0]

    gone.refresh_from_db()
    assert (gone.name, gone.sha256, gone.forgotten_at) == ("", DIGEST, NOW)
    assert {path.name for path in files(folder)} == {still_open.key, young.key}
    with pytest.raises(errors.EvidenceMissing, match="deleted with the personal data"):
        evidence_files.content(row=gone, actor=make_user("wanda"), now=NOW)


def test_a_file_that_cannot_be_written_whole_leaves_nothing_behind(folder, monkeypatch):
    case = CaseFactory()

    def full(self, target):
        raise OSError("No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)

    with pytest.raises(OSError, match="No space"):
        add(case)

    assert files(folder) == []
    assert not EvidenceFile.objects.exists()
    assert Case.objects.get().evidence_count == 0
