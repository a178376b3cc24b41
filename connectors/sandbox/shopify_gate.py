"""What the simulated shop refuses before anything runs, and how it tells errors."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from graphql import DocumentNode, FieldNode, GraphQLError, OperationDefinitionNode

# What a root field needs; a scope to write includes the one to read.
_NEEDED = {
    "orders": "read_orders",
    "order": "read_orders",
    "return": "read_returns",
    "productVariants": "read_products",
    "products": "read_products",
    "inventoryItem": "read_inventory",
    "shopifyPaymentsAccount": "read_shopify_payments_payouts",
    "orderUpdate": "write_orders",
    "refundCreate": "write_orders",
    "inventoryAdjustQuantities": "write_inventory",
    "inventoryMoveQuantities": "write_inventory",
    "returnApproveRequest": "write_returns",
    "returnDeclineRequest": "write_returns",
    "returnClose": "write_returns",
    "returnReopen": "write_returns",
    "returnCancel": "write_returns",
    "reverseFulfillmentOrderDispose": "write_returns",
}
_KEYED = ("refundCreate", "inventoryAdjustQuantities", "inventoryMoveQuantities")


def forbidden(
    document: DocumentNode, held: Iterable[str], *, may_omit_key: bool
) -> dict[str, Any] | None:
    """The answer to what the token may not do, or what lacks its idempotency key; else None."""
    scopes = set(held)
    scopes |= {f"read_{scope[6:]}" for scope in scopes if scope.startswith("write_")}
    for field in _root_fields(document):
        name = field.name.value
        needed = _NEEDED.get(name)
        if needed is not None and needed not in scopes:
            access = f"`{needed}` access scope."
            text = f"Access denied for {name} field. Required access: {access}"
            extensions = {"code": "ACCESS_DENIED", "requiredAccess": access}
            error = {"message": text, "path": [name], "extensions": extensions}
            return {"data": {name: None}, "errors": [error]}
        keys = [each.name.value for each in field.directives or ()]
        if name in _KEYED and "idempotent" not in keys and not may_omit_key:
            text = f"The @idempotent directive is required for {name}."
            return {"data": None, "errors": [{"message": text, "extensions": _BAD}]}
    return None


def mutations(document: DocumentNode) -> list[str]:
    """The names of what a document asks to be changed; empty for a query."""
    is_write = any(
        isinstance(each, OperationDefinitionNode) and each.operation.value == "mutation"
        for each in document.definitions
    )
    return [field.name.value for field in _root_fields(document)] if is_write else []


_BAD = {"code": "BAD_REQUEST"}


def _root_fields(document: DocumentNode) -> list[FieldNode]:
    return [
        field
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode)
        for field in each.selection_set.selections
        if isinstance(field, FieldNode)
    ]


def told(error: GraphQLError, code: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"message": error.message}
    if error.locations:
        answer["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    if error.path:
        answer["path"] = list(error.path)
    answer["extensions"] = {"code": code, **(error.extensions or {})}
    return answer


def lint_code(error: GraphQLError) -> str:
    """The vendor's word for what a query does wrong, as far as it is recorded."""
    for word, code in (
        ("Cannot query field", "undefinedField"),
        ("Unknown argument", "argumentNotAccepted"),
        ("is required, but it was not provided", "missingRequiredArguments"),
        ("Expected value of type", "argumentLiteralsIncompatible"),
    ):
        if word in error.message:
            return code
    return "BAD_REQUEST"


def without_floats(value: Any) -> Any:
    """Rates leave the executor as floats, which have no exact JSON form here."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, dict):
        return {key: without_floats(each) for key, each in value.items()}
    if isinstance(value, list):
        return [without_floats(each) for each in value]
    return value
