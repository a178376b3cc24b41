"""Our GraphQL documents: what they ask for, and that the vendor's own schemas know it all."""

import json

import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate

from connectors.shopify import documents, kind
from tests.connectors.shopify.official_schema import VERSIONS
from tests.connectors.shopify.vendor_check import OURS, RECORD, fingerprint

# The vendor's list of mutations that take a key; since 2026-04 they refuse to run without one.
KEYED = {
    "refundCreate",
    "inventoryActivate",
    "inventoryAdjustQuantities",
    "inventoryMoveQuantities",
    "inventorySetQuantities",
    "inventorySetOnHandQuantities",
}


def fields_of(name):
    (operation,) = (
        each
        for each in parse(documents.text(name)).definitions
        if isinstance(each, OperationDefinitionNode)
    )
    return operation, list(operation.selection_set.selections)


def test_every_version_on_offer_is_checked():
    assert kind.VERSIONS == VERSIONS


@pytest.mark.parametrize("name", documents.names())
def test_a_document_asks_for_nothing_the_simulated_shop_lacks(name):
    ours = build_schema(OURS.read_text(encoding="utf-8"))

    assert validate(ours, parse(documents.text(name))) == []


def test_documents_and_simulated_schema_are_as_they_were_checked_with_the_vendors():
    checked = json.loads(RECORD.read_text(encoding="utf-8"))

    assert checked == fingerprint(), "Run `make schemas` where there is a network, and commit."


@pytest.mark.parametrize("name", documents.names())
def test_a_document_is_called_what_its_file_is_called(name):
    operation, fields = fields_of(name)

    assert operation.name.value == documents.operation(name)
    assert fields


def test_every_mutation_that_takes_a_key_has_one():
    keyed = {}
    for name in documents.names():
        operation, fields = fields_of(name)
        if operation.operation.value == "mutation":
            for field in fields:
                directives = [each.name.value for each in field.directives or ()]
                keyed[field.name.value] = "idempotent" in directives

    assert keyed == {
        "orderUpdate": False,
        "inventoryAdjustQuantities": True,
        "inventoryMoveQuantities": True,
    }
    assert {name for name, has_key in keyed.items() if has_key} == KEYED & set(keyed)
