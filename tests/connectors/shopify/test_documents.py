"""Our GraphQL documents, and the simulated shop's schema, against the vendor's own."""

from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate

import connectors.sandbox
from connectors.shopify import documents, kind
from tests.connectors.shopify.official_schema import VERSIONS, introspection, schema

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


@pytest.mark.parametrize("version", VERSIONS)
def test_every_document_is_valid_in_the_vendors_schema(version):
    problems = [
        f"{name}: {problem.message}"
        for name in documents.names()
        for problem in validate(schema(version), parse(documents.text(name)))
    ]

    assert problems == []


def test_the_check_bites():
    text = documents.text("returns").replace("requestApprovedAt", "requestBlessedAt")

    (problem,) = validate(schema("2026-10"), parse(text))

    assert "requestBlessedAt" in problem.message


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


def test_the_simulated_shop_has_nothing_the_vendor_does_not_have():
    """Every type, field, argument and value of ours is the vendor's, of the same type."""
    text = Path(connectors.sandbox.__file__).with_name("shopify_schema.graphql").read_text()
    theirs = {each["name"]: each for each in introspection("2026-10")["__schema"]["types"]}

    differences = []
    for name, ours in build_schema(text).type_map.items():
        if name.startswith("__"):
            continue
        differences += _differences(name, ours, theirs.get(name))

    assert differences == []


def _differences(name, ours, theirs):
    if theirs is None:
        return [f"{name} is not there"]
    if hasattr(ours, "values"):
        known = {each["name"] for each in theirs["enumValues"]}
        return [f"{name}.{value}" for value in ours.values if value not in known]
    if not hasattr(ours, "fields"):
        return []
    known = {each["name"]: each for each in theirs["fields"] or theirs["inputFields"]}
    found = []
    for field_name, field in ours.fields.items():
        place = f"{name}.{field_name}"
        if field_name not in known:
            found.append(place)
            continue
        if str(field.type) != _written(known[field_name]["type"]):
            found.append(f"{place} is {_written(known[field_name]['type'])}")
        arguments = {each["name"]: each for each in known[field_name].get("args", ())}
        for argument, value in getattr(field, "args", {}).items():
            if argument not in arguments:
                found.append(f"{place}({argument})")
            elif str(value.type) != _written(arguments[argument]["type"]):
                found.append(f"{place}({argument}) is {_written(arguments[argument]['type'])}")
    return found


def _written(kind_of):
    if kind_of["kind"] == "NON_NULL":
        return f"{_written(kind_of['ofType'])}!"
    if kind_of["kind"] == "LIST":
        return f"[{_written(kind_of['ofType'])}]"
    return kind_of["name"]
