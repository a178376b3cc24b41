"""One write to an outside system, made from a posting's stored draft."""

from __future__ import annotations

from dataclasses import replace

from connectors.types import DocumentDraft, Receipt
from exceptions_app.choices import PostingKind, PostingStatus
from exceptions_app.models import Posting
from exceptions_app.rules import drafts
from exceptions_app.services import connections


class Call:
    """One write, ready to be made; `preview` is its body without secrets."""

    def __init__(self, posting: Posting) -> None:
        self._posting = posting
        reason = "post" if posting.attempts <= 1 else "retry"
        self._draft = _complete(posting)
        if posting.kind == PostingKind.PLATFORM_UPDATE:
            self._source = connections.source(connection=posting.connection, reason=reason)
            self.preview = self._draft.note
            return
        self._gateway = connections.gateway(connection=posting.connection, reason=reason)
        self.preview = self._gateway.preview(self._draft)

    def __call__(self) -> Receipt | None:
        if self._posting.kind != PostingKind.PLATFORM_UPDATE:
            return self._gateway.create(self._draft)
        self._source.comment(
            rma_external_id=self._posting.rma.external_id,
            text=self._draft.note,
            marker=self._posting.key,
        )
        return None


def prepare(*, posting: Posting) -> Call:
    """The call a claimed posting asks for; nothing leaves before it is called.

    Connector errors pass through: the connection or the draft is not usable.
    """
    return Call(posting)


def waiting(*, posting: Posting) -> str:
    """The body a document that has not left would be sent with; "" for one only keyed by hand.

    Computed now, from the connection's present settings: nothing leaves. Connector errors pass
    through.
    """
    return Call(posting).preview


def _complete(posting: Posting) -> DocumentDraft:
    """The stored draft with what only earlier steps could tell: the authorisation's number."""
    draft = drafts.from_json(posting.draft)
    authorisation = (
        Posting.objects.filter(
            rma_id=posting.rma_id,
            kind=PostingKind.RETURN_AUTHORISATION,
            status=PostingStatus.CONFIRMED,
        )
        .values_list("number", flat=True)
        .first()
    )
    return replace(draft, authorisation_number=authorisation or "")
