"""What a file really is, told by its content: the name it came under proves nothing."""

from __future__ import annotations

from dataclasses import dataclass

MOST_BYTES = 10 * 1024 * 1024
MOST_FILES = 20
_NAME = 80
_XLSX = (b"[Content_Types].xml", b"xl/workbook.xml")
_MACROS = b"vbaProject.bin"
# The only control characters that plain text has.
_BLANKS = frozenset("\t\r\n")


@dataclass(frozen=True, slots=True)
class FileType:
    code: str
    label: str
    suffix: str


PDF = FileType("pdf", "PDF", ".pdf")
PNG = FileType("png", "PNG picture", ".png")
JPEG = FileType("jpeg", "JPEG picture", ".jpg")
WEBP = FileType("webp", "WebP picture", ".webp")
XLSX = FileType("xlsx", "Workbook", ".xlsx")
TEXT = FileType("text", "Text", ".txt")
TYPES = {each.code: each for each in (PDF, PNG, JPEG, WEBP, XLSX, TEXT)}
ALLOWED = "PDF, PNG, JPEG, WebP, XLSX without macros, or plain text"


def type_of(content: bytes) -> FileType | None:
    """None for anything that is not allowed, an empty file among it."""
    if content.startswith(b"%PDF-"):
        return PDF
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return WEBP
    if content.startswith(b"PK\x03\x04"):
        is_workbook = all(part in content for part in _XLSX) and _MACROS not in content
        return XLSX if is_workbook else None
    return TEXT if _is_text(content) else None


def clean_name(name: str, kind: FileType) -> str:
    """A name that is safe to keep and to give back, with the ending of what the file is."""
    stem = name.replace("\\", "/").rpartition("/")[2].strip()
    stem = stem.rpartition(".")[0] or stem
    kept = "".join(each if each.isalnum() or each in "-_ ." else "_" for each in stem)
    return (kept.strip(" .")[:_NAME] or "file") + kind.suffix


def size_words(size: int) -> str:
    """ "812 bytes", "120 KB", "3.4 MB"."""
    if size < 1024:
        return f"{size} byte{'' if size == 1 else 's'}"
    if size < 1024 * 1024:
        return f"{size // 1024} KB"
    return f"{size / 1024 / 1024:.1f} MB"


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return bool(text.strip()) and all(each.isprintable() or each in _BLANKS for each in text)
