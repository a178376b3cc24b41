"""`make schemas`: our GraphQL documents, and the simulated shop's schema, against the vendor's own.

It needs npm and a network, which `make test` must not. What was checked is written down as a
fingerprint beside this file; a test fails as soon as a document or the schema is no longer it.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from graphql import build_schema, parse, validate

import connectors.sandbox
from connectors.shopify import documents
from tests.connectors.shopify.official_schema import (
    PACKAGE,
    SHA256,
    VERSIONS,
    SchemaMissing,
    introspection,
    schema,
)

RECORD = Path(__file__).with_name("checked.json")
OURS = Path(connectors.sandbox.__file__).with_name("shopify_schema.graphql")


def fingerprint() -> dict[str, object]:
    """What a check covers: the vendor's package, the versions, our texts."""
    texts = {name: documents.text(name) for name in documents.names()}
    texts["the simulated shop"] = OURS.read_text(encoding="utf-8")
    return {
        "package": PACKAGE,
        "package_sha256": SHA256,
        "versions": list(VERSIONS),
        "texts": {
            name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(texts.items())
        },
    }


def problems() -> Iterator[str]:
    """Everything the vendor's schemas do not know: sentences, none when all is well."""
    for version in VERSIONS:
        for name in documents.names():
            for problem in validate(schema(version), parse(documents.text(name))):
                yield f"{version}, {name}: {problem.message}"
    spoiled = documents.text("returns").replace("requestApprovedAt", "requestBlessedAt")
    if not validate(schema(VERSIONS[-1]), parse(spoiled)):
        yield "A field nobody has was taken for one: the check does not bite."
    theirs = {each["name"]: each for each in introspection(VERSIONS[-1])["__schema"]["types"]}
    for name, ours in build_schema(OURS.read_text(encoding="utf-8")).type_map.items():
        if not name.startswith("__"):
            yield from _differences(name, ours, theirs.get(name))


def main() -> int:
    try:
        found = list(problems())
    except SchemaMissing as missing:
        sys.stderr.write(f"{missing}\n")
        return 2
    if found:
        sys.stderr.write("\n".join(found) + "\n")
        return 1
    RECORD.write_text(json.dumps(fingerprint(), indent=2) + "\n", encoding="utf-8")
    count = len(documents.names())
    sys.stdout.write(f"{count} documents fit {PACKAGE} in {', '.join(VERSIONS)}.\n")
    return 0


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


if __name__ == "__main__":
    sys.exit(main())
