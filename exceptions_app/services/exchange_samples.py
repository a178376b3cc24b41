"""Files of an exchange looked at before anything is set up: a partner's sample, and one of ours.

Nothing is stored and no database is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors import types
from connectors.errors import UnreadableReply
from connectors.exchange import options, samples
from connectors.exchange.csv_layout import CsvLayout, CsvPartner
from connectors.exchange.layouts import GENERIC_CSV, X12_4010, RefusedFile
from connectors.exchange.shapes import Batch, Inbound
from connectors.exchange.x12 import X12Layout, X12Partner
from connectors.types import DocumentKind

_OURS: dict[str, type[CsvLayout] | type[X12Layout]] = {
    GENERIC_CSV: CsvLayout,
    X12_4010: X12Layout,
}
_THEIRS: dict[str, type[CsvPartner] | type[X12Partner]] = {
    GENERIC_CSV: CsvPartner,
    X12_4010: X12Partner,
}
_NUMBER = 1


@dataclass(frozen=True, slots=True)
class Report:
    """What a file says. A problem leaves `parts` empty; `answers` are the files owed for it."""

    problem: str = ""
    field: str = ""
    parts: tuple[Inbound, ...] = ()
    answers: tuple[bytes, ...] = ()


def look(*, settings: Mapping[str, str], is_live: bool, content: bytes, is_ours: bool) -> Report:
    """Read a partner's file as we would, or, with `is_ours`, ours as a partner would.

    Raises:
        Misconfigured: a setting is not one that it may be.
    """
    read = _options(settings, is_live=is_live)
    try:
        if is_ours:
            parts = _THEIRS[read.layout](read.layout_settings).read_batch("", content)
        else:
            parts = _OURS[read.layout](read.layout_settings).read("", content)
    except UnreadableReply as error:
        answers = (error.answer,) if isinstance(error, RefusedFile) else ()
        return Report(error.text, error.field, answers=answers)
    return Report(parts=parts, answers=tuple(part.answer for part in parts if part.answer))


def sample(*, settings: Mapping[str, str], is_live: bool, kind: DocumentKind, now: datetime) -> str:
    """A file of ours with one invented document of `kind`.

    Raises:
        Misconfigured: a setting is not one that it may be.
        Rejected: the layout has no way to say such a document.
    """
    read = _options(settings, is_live=is_live)
    layout = _OURS[read.layout](read.layout_settings)
    content = layout.build(Batch(_NUMBER, kind, (samples.draft(kind, now.date()),), now))
    return content.decode(read.layout_settings.charset)


def _options(settings: Mapping[str, str], *, is_live: bool) -> options.Options:
    mode = types.Mode.LIVE if is_live else types.Mode.SANDBOX
    return options.read(types.ConnectionConfig(options.KIND, "", mode, dict(settings)))
