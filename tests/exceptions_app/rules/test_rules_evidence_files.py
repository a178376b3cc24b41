"""What a file is by its content, and what it may be called."""

import pytest

from exceptions_app.rules import evidence_files as rules

WORKBOOK = b"PK\x03\x04 [Content_Types].xml xl/workbook.xml"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"%PDF-1.7 rest", "pdf", id="pdf"),
        pytest.param(b"\x89PNG\r\n\x1a\nrest", "png", id="png"),
        pytest.param(b"\xff\xd8\xff\xe0rest", "jpeg", id="jpeg"),
        pytest.param(b"RIFF\x00\x00\x00\x00WEBPrest", "webp", id="webp"),
        pytest.param(WORKBOOK, "xlsx", id="workbook"),
        pytest.param("Größe;Preis\r\nM;3,20\n".encode(), "text", id="text"),
        pytest.param(WORKBOOK + b" xl/vbaProject.bin", None, id="macros"),
        pytest.param(b"PK\x03\x04 word/document.xml", None, id="another-archive"),
        pytest.param(b"MZ\x90\x00\x03", None, id="program"),
        pytest.param(b"line\x00line", None, id="a-nul-in-text"),
        pytest.param(b"\xff\xfe\x00", None, id="bytes"),
        pytest.param(b" \n", None, id="blank"),
        pytest.param(b"", None, id="empty"),
    ],
)
def test_a_kind_is_told_by_its_content(content, code):
    found = rules.type_of(content)

    assert (found.code if found else None) == code


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        pytest.param("box photo.PNG", "box photo.pdf", id="another-ending"),
        pytest.param("../../etc/passwd", "passwd.pdf", id="a-path"),
        pytest.param('C:\\in\\"x".html', "_x_.pdf", id="quotes"),
        pytest.param("...", "file.pdf", id="nothing-left"),
        pytest.param("a" * 200 + ".pdf", "a" * 80 + ".pdf", id="long"),
    ],
)
def test_a_name_is_made_safe_and_ends_as_what_it_is(name, kept):
    assert rules.clean_name(name, rules.PDF) == kept


def test_a_size_is_read_at_a_glance():
    sizes = [rules.size_words(size) for size in (1, 812, 120 * 1024, int(3.4 * 1024 * 1024))]

    assert sizes == ["1 byte", "812 bytes", "120 KB", "3.4 MB"]
