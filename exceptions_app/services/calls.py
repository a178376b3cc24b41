"""One write to an outside system, made from a posting's stored draft."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from connectors.types import DocumentDraft, DocumentRef, Receipt
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


def references(postings: Sequence[Posting]) -> dict[str, DocumentRef]:
    """By key, what a read-back may use besides the key itself; one query for all of them."""
    earlier = _earlier([posting.rma_id for posting in postings])
    return {
        posting.key: DocumentRef(
            external_id=posting.external_id, based_on=earlier[posting.rma_id].ids
        )
        for posting in postings
    }


def _complete(posting: Posting) -> DocumentDraft:
    """The stored draft with what only earlier steps could tell: their numbers and ids."""
    earlier = _earlier([posting.rma_id])[posting.rma_id]
    return replace(
        drafts.from_json(posting.draft),
        authorisation_number=earlier.authorisation_number,
        based_on=earlier.ids,
    )


@dataclass(slots=True)
class _Earlier:
    """A return's confirmed documents at the ERP; of several of one kind the first counts."""

    authorisation_number: str = ""
    ids: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, external_id: str, number: str) -> None:
        if kind == PostingKind.RETURN_AUTHORISATION:
            self.authorisation_number = self.authorisation_number or number
        if external_id:
            self.ids.setdefault(kind, external_id)


def _earlier(rma_ids: Iterable[int]) -> dict[int, _Earlier]:
    found = {rma_id: _Earlier() for rma_id in rma_ids}
    rows = (
        Posting.objects.filter(rma_id__in=list(found), status=PostingStatus.CONFIRMED)
        .exclude(kind=PostingKind.PLATFORM_UPDATE)
        .order_by("pk")
        .values_list("rma_id", "kind", "external_id", "number")
    )
    for rma_id, kind, external_id, number in rows:
        found[rma_id].add(kind, external_id, number)
    return found
