"""One write to an outside system, made from the stored drafts of its postings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from connectors.errors import ConnectorError, OutcomeUnknown
from connectors.ports import BatchGateway
from connectors.types import DocumentDraft, DocumentRef, Receipt
from exceptions_app.choices import PostingKind, PostingStatus
from exceptions_app.models import Posting
from exceptions_app.models.statements import Select, is_one_of
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


class SetCall:
    """One write of several documents of one kind and connection, ready to be made.

    `bodies` are the previews by posting id; `unfit` are those whose draft cannot be sent at all.
    """

    def __init__(self, postings: Sequence[Posting]) -> None:
        first = postings[0]
        is_new = any(posting.attempts <= 1 for posting in postings)
        gateway = connections.gateway(
            connection=first.connection, reason="post" if is_new else "retry"
        )
        self._gateway = cast(BatchGateway, gateway)
        self._drafts: dict[int, DocumentDraft] = {}
        self.bodies: dict[int, str] = {}
        self.unfit: dict[int, ConnectorError] = {}
        earlier = _earlier([posting.rma_id for posting in postings])
        for posting in postings:
            draft = _completed(posting, earlier[posting.rma_id])
            try:
                self.bodies[posting.pk] = gateway.preview(draft)
            except ConnectorError as error:
                self.unfit[posting.pk] = error
            else:
                self._drafts[posting.pk] = draft

    def __call__(self, postings: Sequence[Posting]) -> tuple[Receipt | ConnectorError, ...]:
        """Send these of them; one answer each, in their order.

        Raises:
            ConnectorError: of the whole call; it holds for every document.
        """
        drafts_sent = [self._drafts[posting.pk] for posting in postings]
        answers = self._gateway.create_many(drafts_sent)
        if len(answers) != len(drafts_sent):
            raise OutcomeUnknown(f"{len(drafts_sent)} documents sent, {len(answers)} answered")
        return answers


def most_at_once(*, posting: Posting) -> int:
    """How many documents like this one may leave in one call: 1 where the ERP takes no more."""
    if posting.kind == PostingKind.PLATFORM_UPDATE:
        return 1
    gateway = connections.gateway(connection=posting.connection, reason="post")
    return gateway.capabilities.max_documents_per_write


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


def completed(*, posting: Posting) -> DocumentDraft:
    """The draft as it would leave now, with the numbers and ids of the return's earlier steps."""
    return _complete(posting)


def foreseen(*, rma_id: int, draft: DocumentDraft, before: Mapping[str, str]) -> DocumentDraft:
    """The draft of a plan with the ids of the earlier steps, for a preview only.

    `before` names the documents before it by kind; one that is not confirmed has no id yet, and
    words stand in its place.
    """
    earlier = _earlier([rma_id])[rma_id]
    to_come = {kind: f"(number of {name}, once confirmed)" for kind, name in before.items()}
    return replace(
        draft,
        authorisation_number=draft.authorisation_number or earlier.authorisation_number,
        based_on={**to_come, **earlier.ids},
    )


def references(postings: Sequence[Posting]) -> dict[str, DocumentRef]:
    """By key, what a read-back may use besides the key itself; one query for all of them."""
    earlier = _earlier([posting.rma_id for posting in postings])
    return {
        posting.key: DocumentRef(
            external_id=posting.external_id,
            based_on=earlier[posting.rma_id].ids,
            number=posting.number if posting.keyed else "",
        )
        for posting in postings
    }


def _complete(posting: Posting) -> DocumentDraft:
    """The stored draft with what only earlier steps could tell: their numbers and ids."""
    return _completed(posting, _earlier([posting.rma_id])[posting.rma_id])


def _completed(posting: Posting, earlier: _Earlier) -> DocumentDraft:
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


_CONFIRMED = Select(
    lambda rmas: (
        Posting.objects.filter(is_one_of("rma_id", rmas), status=PostingStatus.CONFIRMED)
        .exclude(kind=PostingKind.PLATFORM_UPDATE)
        .order_by("pk")
        .values_list("rma_id", "kind", "external_id", "number")
    )
)


def _earlier(rma_ids: Iterable[int]) -> dict[int, _Earlier]:
    found = {rma_id: _Earlier() for rma_id in rma_ids}
    for rma_id, kind, external_id, number in _CONFIRMED.rows(rmas=list(found)):
        found[rma_id].add(kind, external_id, number)
    return found
