"""An ERP or warehouse that takes files: documents leave in batches, answers are read from the book.

Sending is begin → put → delivered. The batch is in the book before its first byte leaves, under a
number the partner knows it by, so that the same file handed over twice is still one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from connectors import errors, ports, types
from connectors.exchange import options as exchange_options
from connectors.exchange import places, stores, tasks
from connectors.exchange.book import BatchState, BookedBatch, BookedLine, ExchangeBook
from connectors.exchange.layouts import Layout
from connectors.exchange.local import LocalStore
from connectors.exchange.options import Options
from connectors.exchange.reference import PAGE, Reference
from connectors.exchange.sftp import SftpStore
from connectors.exchange.shapes import Batch, LineResult
from connectors.exchange.ssh_keys import Login, host_keys
from connectors.exchange.stores import FileStore
from connectors.types import DocumentDraft, DocumentKind, DocumentStatus, OperationSupport

# A rename that was asked for may still happen this long after its answer was lost.
SETTLE_SECONDS = 120
_MOST_PER_READ = 500
# A file's number and time are known once it leaves; a preview shows these.
_PREVIEW_NUMBER = 1

Found = TypeVar("Found")
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class FileExchangeGateway:
    """A `ports.BatchGateway` and `ports.ReceiptReader` over files.

    `store`, `layout` and `options` are for whoever reads what comes in.
    """

    def __init__(
        self,
        *,
        store: FileStore,
        layout: Layout,
        options: Options,
        book: ExchangeBook | None,
        clock: Clock = utc_now,
    ) -> None:
        self.store = store
        self.layout = layout
        self.options = options
        self._book_given = book
        self._clock = clock
        self._reference = Reference(store=store, charset=options.layout_settings.charset)
        self.capabilities = _capabilities(layout, options)

    def check(self) -> types.ConnectionCheck:
        """One listing per folder; says what is missing."""
        details = {"Layout": self.layout.version, "Folders": ", ".join(stores.FOLDERS)}
        missing: list[str] = []
        try:
            for folder in stores.FOLDERS:
                try:
                    details[f"Files in {folder}/"] = str(len(self.store.listing(folder)))
                except errors.Misconfigured as error:
                    if not error.text.startswith("There is no folder"):
                        raise
                    missing.append(error.text)
        except errors.ConnectorError as error:
            return types.ConnectionCheck(is_ok=False, text=error.text)
        finally:
            self.store.close()
        if missing:
            return types.ConnectionCheck(
                is_ok=False, text=" ".join(dict.fromkeys(missing)), details=details
            )
        return types.ConnectionCheck(is_ok=True, text="All folders are there.", details=details)

    def list_locations(self) -> tuple[types.ErpLocation, ...]:
        """From the reference files; empty where the partner lays none ready."""
        return self._read(self._reference.locations)

    def changed_items(self, *, since: str, cursor: str = "") -> types.ItemPage:
        """A page of the reference file; it tells no changes, so all of it is read each time."""
        return self._read(lambda: self._reference.page(cursor))

    def find_items(self, skus: Sequence[str]) -> tuple[types.ErpItem, ...]:
        return self._read(lambda: self._reference.items_named(skus))

    def find_orders(self, numbers: Sequence[str]) -> tuple[types.ErpOrder, ...]:
        return self._read(lambda: self._reference.orders_named(numbers))

    def create(self, draft: DocumentDraft) -> types.Receipt:
        (outcome,) = self.create_many([draft])
        if isinstance(outcome, errors.ConnectorError):
            raise outcome
        return outcome

    def create_many(
        self, drafts: Sequence[DocumentDraft]
    ) -> tuple[types.Receipt | errors.ConnectorError, ...]:
        """One file for all that stand in none yet; those that do leave with their own again.

        A document the layout cannot express is refused alone, before anything leaves.
        """
        if not drafts:
            return ()
        kind = drafts[0].kind
        if any(draft.kind is not kind for draft in drafts):
            raise ValueError("the drafts of one call are of one kind")
        self._check_by_file(kind)
        found: dict[str, types.Receipt | errors.ConnectorError] = {}
        try:
            for batch in self._batches(kind, drafts, found):
                try:
                    receipt = self._deliver(batch)
                except (errors.RetryLater, errors.OutcomeUnknown, errors.Rejected) as error:
                    found.update(dict.fromkeys(batch.keys, error))
                else:
                    found.update({key: _receipt(key, batch, receipt) for key in batch.keys})
        finally:
            self.store.close()
        return tuple(found[draft.key] for draft in drafts)

    def find_documents(
        self,
        kind: DocumentKind,
        keys: Sequence[str],
        refs: Mapping[str, types.DocumentRef] | None = None,
    ) -> tuple[types.DocumentState, ...]:
        """What the partner answered, by the book; no call for any file known as delivered.

        A file that was only begun is looked for where it was put and where the partner moves it;
        in neither place it never left.
        """
        lines = self._book.lines(kind, [key for key in dict.fromkeys(keys) if key])
        begun = {
            line.batch_number: line.batch_name for line in lines.values() if _is_only_begun(line)
        }
        try:
            left = {number for number, name in begun.items() if self._has_left(number, name)}
        finally:
            self.store.close()
        return tuple(
            _state(line)
            for line in lines.values()
            if not _is_only_begun(line) or line.batch_number in left
        )

    def receipts(self, authorisation_ids: Sequence[str]) -> tuple[types.ErpReceipt, ...]:
        """What the partner's files said arrived; no call."""
        return self._book.arrivals(authorisation_ids)

    def manual_task(self, draft: DocumentDraft) -> types.ManualTask:
        return tasks.manual_task(draft)

    def preview(self, draft: DocumentDraft) -> str:
        """The file with this document alone, as text; its number and time are examples."""
        if self.capabilities.creates[draft.kind] is not OperationSupport.SUPPORTED:
            return ""
        content = self.layout.build(Batch(_PREVIEW_NUMBER, draft.kind, (draft,), self._clock()))
        return content.decode(self.options.layout_settings.charset)

    @property
    def _book(self) -> ExchangeBook:
        if self._book_given is None:
            raise errors.Misconfigured("This gateway was opened to look only, without its book.")
        return self._book_given

    def _check_by_file(self, kind: DocumentKind) -> None:
        if self.capabilities.creates[kind] is not OperationSupport.SUPPORTED:
            raise errors.Misconfigured(
                f"A {kind.value.replace('_', ' ')} is keyed by hand here; no file holds it."
            )

    def _batches(
        self,
        kind: DocumentKind,
        drafts: Sequence[DocumentDraft],
        found: dict[str, types.Receipt | errors.ConnectorError],
    ) -> Iterator[BookedBatch]:
        """Batches that together hold every draft but those noted in `found` as refused."""
        waiting = {draft.key: draft for draft in drafts}
        while waiting:
            try:
                batch = self._begin(kind, tuple(waiting.values()))
            except errors.Rejected as refusal:
                refused = self._refused_alone(kind, tuple(waiting.values()), refusal)
                found.update(refused)
                waiting = {key: each for key, each in waiting.items() if key not in refused}
                continue
            held = waiting.keys() & set(batch.keys)
            if not held:
                raise errors.RetryLater("The documents of this set are just put into a file.")
            yield batch
            waiting = {key: each for key, each in waiting.items() if key not in held}

    def _begin(self, kind: DocumentKind, drafts: tuple[DocumentDraft, ...]) -> BookedBatch:
        made_at = self._clock()
        return self._book.begin(
            kind=kind,
            drafts=drafts,
            made_at=made_at,
            build=lambda number: self.layout.build(Batch(number, kind, drafts, made_at)),
            name=lambda number: self._name(kind, number, made_at),
        )

    def _refused_alone(
        self, kind: DocumentKind, drafts: tuple[DocumentDraft, ...], refusal: errors.Rejected
    ) -> dict[str, errors.Rejected]:
        """Which of the drafts no file can hold; all of them where it shows in none alone."""
        found = {}
        for draft in drafts:
            try:
                self.layout.build(Batch(_PREVIEW_NUMBER, kind, (draft,), self._clock()))
            except errors.Rejected as error:
                found[draft.key] = error
        return found or dict.fromkeys((draft.key for draft in drafts), refusal)

    def _name(self, kind: DocumentKind, number: int, made_at: datetime) -> str:
        stamp = made_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        parts = (self.options.feed, kind.value, self.layout.version, f"{number:09d}", stamp)
        return "-".join(parts) + self.layout.file_suffix

    def _deliver(self, batch: BookedBatch) -> types.Evidence:
        started_at = self._clock()
        if batch.state is BatchState.BUILT:
            # The partner may have taken it already, after an answer that was lost.
            if not self.store.exists(stores.SENT, batch.name):
                self.store.put(stores.OUT, batch.name, batch.content)
            self._book.delivered(batch.number)
        return _evidence(batch, started_at, self._clock())

    def _has_left(self, number: int, name: str) -> bool:
        if not any(self.store.exists(folder, name) for folder in (stores.OUT, stores.SENT)):
            return False
        self._book.delivered(number)
        return True

    def _read(self, act: Callable[[], Found]) -> Found:
        try:
            return act()
        finally:
            self.store.close()


def build(
    config: types.ConnectionConfig,
    pacer: ports.Pacer,
    *,
    layout: Callable[[Options], Layout],
    book: ExchangeBook | None = None,
    clock: Clock | None = None,
) -> FileExchangeGateway:
    """The gateway of a connection; without `book` it checks, looks up and previews only.

    Raises:
        Misconfigured: a setting, the address or the login cannot be used.
    """
    options = exchange_options.read(config)
    return FileExchangeGateway(
        store=open_store(config, pacer),
        layout=layout(options),
        options=options,
        book=book,
        clock=clock or utc_now,
    )


def open_store(config: types.ConnectionConfig, pacer: ports.Pacer) -> FileStore:
    """Where the connection's files lie; nothing is opened yet.

    Raises:
        Misconfigured: the address, the login or a pinned key cannot be used.
    """
    place = places.read(config.base_url, config.mode)
    if isinstance(place, places.LocalPlace):
        return LocalStore(root=config.files_root, steps=place.steps)
    secrets = {code: text.strip() for code, text in config.secrets.items()}
    if not secrets.get("user"):
        raise errors.Misconfigured("A partner's server needs a user.", is_credentials=True)
    return SftpStore(
        place=place,
        mode=config.mode,
        login=Login(
            user=secrets["user"],
            password=secrets.get("password", ""),
            private_key=secrets.get("private_key", ""),
            passphrase=secrets.get("passphrase", ""),
        ),
        host_keys=host_keys(config.settings.get("host_keys", "")),
        pacer=pacer,
    )


def _capabilities(layout: Layout, options: Options) -> types.GatewayCapabilities:
    by_file = {
        kind for kind in DocumentKind if kind.value in layout.kinds and kind not in options.by_hand
    }
    return types.GatewayCapabilities(
        creates={
            kind: OperationSupport.SUPPORTED if kind in by_file else OperationSupport.MANUAL
            for kind in DocumentKind
        },
        can_find_by_key=True,
        is_staged=True,
        settle_seconds=SETTLE_SECONDS,
        max_orders_per_read=_MOST_PER_READ,
        max_items_per_read=PAGE,
        max_documents_per_read=_MOST_PER_READ,
        profile=layout.version,
        timezone=options.timezone,
        max_documents_per_write=options.documents_per_file,
        can_read_receipts=True,
        tells_outcomes=True,
        unseen_kinds=frozenset(DocumentKind) - by_file,
    )


def _is_only_begun(line: BookedLine) -> bool:
    return line.batch_state is BatchState.BUILT and line.result is None


def _state(line: BookedLine) -> types.DocumentState:
    status = {
        LineResult.ACCEPTED: DocumentStatus.POSTED,
        LineResult.REJECTED: DocumentStatus.REJECTED,
    }.get(line.result or LineResult.HELD, DocumentStatus.STAGED)
    is_refused = status is DocumentStatus.REJECTED
    return types.DocumentState(
        kind=line.kind,
        key=line.key,
        # The one name both sides know from the beginning; the partner's own is the number.
        external_id=line.key,
        number=line.number or line.erp_id,
        status=status,
        units=line.units,
        gross=line.gross,
        currency=line.currency if line.gross is not None else "",
        warehouse=line.warehouse,
        division=line.division,
        posted_at=line.answered_at if status is DocumentStatus.POSTED else None,
        url="",
        refusal_code=(line.code or errors.RejectionCode.UNCLASSIFIED) if is_refused else "",
        refusal_field=line.field if is_refused else "",
        refusal_text=line.text if is_refused else "",
        tax=line.tax,
    )


def _receipt(key: str, batch: BookedBatch, evidence: types.Evidence) -> types.Receipt:
    return types.Receipt(
        external_id=key, number="", status=DocumentStatus.STAGED, url="", evidence=evidence
    )


def _evidence(batch: BookedBatch, started_at: datetime, ended_at: datetime) -> types.Evidence:
    """What left, told by its name, size and digest; the bytes themselves are in the book."""
    size, digest = len(batch.content), hashlib.sha256(batch.content).hexdigest()
    return types.Evidence(
        operation="put_file",
        method="PUT",
        url=f"{stores.OUT}/{batch.name}",
        request_body=(
            f"File {batch.number}: {len(batch.keys)} documents, {size} bytes, SHA-256 {digest}"
        ),
        status=None,
        response_body="",
        started_at=started_at,
        duration_ms=round((ended_at - started_at).total_seconds() * 1000),
    )
