"""Which operations of a profile may be called on this connection, and what to say of the others."""

from __future__ import annotations

from typing import NoReturn

from connectors import errors, types
from connectors.profiled.load import LoadedProfile
from connectors.profiled.parts import CREATES, EvidenceMark, Operation, OperationName, Request

_UNPROVEN = frozenset({EvidenceMark.INFERRED, EvidenceMark.PLACEHOLDER})


class OperationBook:
    """The operations of one profile under one connection's mode and confirmations.

    In live mode a write whose shape nobody confirmed is refused, and so is a placeholder read: what
    an invented address answers must not prove that a document is absent.
    """

    def __init__(self, *, loaded: LoadedProfile, config: types.ConnectionConfig) -> None:
        self._label = loaded.label
        self._operations = loaded.profile.operations
        self._money = loaded.profile.money
        self._config = config

    def to_read(self, name: OperationName) -> tuple[Operation, Request]:
        """The operation and its request; raises Misconfigured when it may not be called."""
        operation, request = self._called(name)
        if not self.can_read(name):
            self._refuse(name, operation)
        return operation, request

    def to_write(self, name: OperationName) -> tuple[Operation, Request]:
        """The same for a write, where live mode also refuses what is only inferred."""
        operation, request = self._called(name)
        if self._is_unproven(name):
            self._refuse(name, operation)
        return operation, request

    def has(self, name: OperationName) -> bool:
        return name in self._operations

    def can_read(self, name: OperationName) -> bool:
        operation = self._operations.get(name)
        if operation is None or operation.support is not types.OperationSupport.SUPPORTED:
            return False
        is_placeholder = operation.evidence is EvidenceMark.PLACEHOLDER
        return not (is_placeholder and self._is_unproven(name))

    def support(self, name: OperationName) -> types.OperationSupport:
        """What the planner may assume; an unconfirmed live write falls back to a person's hands.

        Without a manual fallback it stays as declared and `to_write` refuses it: an operation that
        silently became unsupported would be a document nobody posts.
        """
        operation = self._operations.get(name)
        if operation is None:
            return types.OperationSupport.UNSUPPORTED
        is_called = operation.support is types.OperationSupport.SUPPORTED
        if is_called and operation.has_manual_fallback and self._is_unproven(name):
            return types.OperationSupport.MANUAL
        return operation.support

    def capabilities(self, *, settle_seconds: int, timezone: str) -> types.GatewayCapabilities:
        writes = [self._operations[name] for name in CREATES if name in self._operations]
        return types.GatewayCapabilities(
            creates={kind: self.support(name) for name, kind in CREATES.items()},
            can_find_by_key=self.can_read(OperationName.FIND_DOCUMENT),
            is_staged=any(write.finality == "staged" for write in writes),
            settle_seconds=settle_seconds,
            max_orders_per_read=self._batch(OperationName.FIND_ORDER),
            max_items_per_read=self._batch(OperationName.FIND_ITEM),
            max_documents_per_read=self._batch(OperationName.FIND_DOCUMENT),
            profile=self._label,
            timezone=timezone,
            credits_bundle_parts=self._money.credits_bundle_parts,
        )

    def _batch(self, name: OperationName) -> int:
        return self._operations[name].batch if name in self._operations else 1

    def _is_unproven(self, name: OperationName) -> bool:
        return (
            self._config.mode is types.Mode.LIVE
            and self._operations[name].evidence in _UNPROVEN
            and name.value not in self._config.confirmed_operations
        )

    def _called(self, name: OperationName) -> tuple[Operation, Request]:
        operation = self._operations.get(name)
        if operation is None or operation.request is None:
            raise errors.Misconfigured(f"{self._label} does not call '{name.value}'.")
        if operation.support is not types.OperationSupport.SUPPORTED:
            support = operation.support.value
            raise errors.Misconfigured(
                f"'{name.value}' is {support} in {self._label}; it is never called."
            )
        return operation, operation.request

    def _refuse(self, name: OperationName, operation: Operation) -> NoReturn:
        raise errors.Misconfigured(
            f"'{name.value}' is {operation.evidence.value} in {self._label} and may not run live."
            " It is confirmed when a named user records which page of the ERP's own specification,"
            " or which answer of a test instance, shows this request."
            f" Known so far: {operation.source}"
        )
