"""Whether the parts of a profile fit together, as sentences that name the place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from connectors import types
from connectors.labels import LABELS
from connectors.profiled import targets
from connectors.profiled.hints import nearest
from connectors.profiled.money_parts import AMOUNTS, is_counted
from connectors.profiled.parts import (
    CREATES,
    CursorPaging,
    Operation,
    OperationName,
    Reading,
    Request,
)
from connectors.profiled.trees import (
    PLACEHOLDER,
    Each,
    ObjectNode,
    Value,
    placed_names,
    placed_values,
    values_of,
)
from connectors.profiled.ways import (
    ATTRIBUTE,
    TEXT,
    InBody,
    Manual,
    RestXml,
    SoapString,
    is_xml_name,
    secrets_of,
)

if TYPE_CHECKING:
    from connectors.profiled.schema import Profile

# What a read may name: in its query and path, and in a body as `query.<name>`.
QUERY_VALUES: dict[OperationName, frozenset[str]] = {
    OperationName.CHANGED_ITEMS: frozenset({"since"}),
    OperationName.FIND_ITEM: frozenset({"sku"}),
    OperationName.FIND_ITEM_BY_BARCODE: frozenset({"sku"}),
    OperationName.FIND_ORDER: frozenset({"number"}),
    OperationName.FIND_DOCUMENT: frozenset({"kind", "keys"}),
}
PAGE_VALUES = frozenset({"page", "offset", "cursor", "size"})
# What the path of a write may name.
PATH_FIELDS = frozenset(
    {"key", "order_number", "order_erp_id", "authorisation_number", "customer_code", "division"}
)
_FINDS = frozenset(
    {
        OperationName.FIND_ITEM,
        OperationName.FIND_ITEM_BY_BARCODE,
        OperationName.FIND_ORDER,
        OperationName.FIND_DOCUMENT,
    }
)
_SCOPE_OF = {"draft.lines": "line", "line.taxes": "tax", "query.keys": "query"}


def problems(profile: Profile) -> list[str]:
    """Everything that does not fit, in the order of the parts."""
    found = [
        f"operations.{name}.{problem}"
        for name, operation in profile.operations.items()
        for problem in _operation_problems(profile, name, operation)
    ]
    found += _body_problems(profile) + _reading_problems(profile) + _keying_problems(profile)
    # One reading serves several operations.
    return list(dict.fromkeys(found))


def _keying_problems(profile: Profile) -> list[str]:
    """What a person is told to key must be a value of a document or a part of an item's key."""
    parts = {
        name.removeprefix("key_parts.")
        for reading in profile.readings.values()
        for name in reading.fields
        if name.startswith("key_parts.")
    }
    known = {*LABELS, *parts}
    return [
        f"keying_order: '{name}' is no value of a document{nearest(name, known)}; expected one of"
        f" {sorted(known)}"
        for name in profile.keying_order
        if name not in known
    ]


def _operation_problems(profile: Profile, name: OperationName, operation: Operation) -> list[str]:
    if operation.support is not types.OperationSupport.SUPPORTED or operation.request is None:
        return []
    if isinstance(profile.transport, Manual):
        return ["support: the manual transport makes no calls; expected 'manual' or 'unsupported'"]
    request = operation.request
    found = _query_problems(profile, name, request)
    found += _path_problems(name, request)
    if request.body and request.body not in profile.bodies:
        found.append(f"request.body: {_no('bodies', request.body, profile.bodies)}")
    if isinstance(profile.transport, SoapString):
        found += _soap_problems(request)
    if name in CREATES:
        return found + _create_problems(operation)
    return found + _read_problems(profile, name, operation)


def _query_problems(profile: Profile, name: OperationName, request: Request) -> list[str]:
    known = QUERY_VALUES.get(name, frozenset())
    found = [
        f"request.query.{parameter}: {_no('lookups', template.lookup, profile.lookups)}"
        for parameter, template in request.query.items()
        if template.lookup and template.lookup not in profile.lookups
    ]
    return found + [
        f"request.query.{parameter}: {{{placeholder}}} is not known here;"
        f" expected one of {sorted(known)}"
        for parameter, template in request.query.items()
        for placeholder, _ in PLACEHOLDER.findall(template.value)
        if placeholder not in known
    ]


def _path_problems(name: OperationName, request: Request) -> list[str]:
    if name in CREATES:
        known = frozenset(f"draft.{field}" for field in PATH_FIELDS)
    else:
        known = QUERY_VALUES.get(name, frozenset()) - {"keys"}
    return [
        f"request.path: {{{placeholder}}} is not known here; expected one of {sorted(known)}"
        for placeholder, _ in PLACEHOLDER.findall(request.path)
        if placeholder not in known
    ]


def _soap_problems(request: Request) -> list[str]:
    needs = {
        "request.body: every request of this transport needs a body": not request.body,
        "request.path: every request goes to the path of [transport]": request.path != "/",
        "request.method: every request of this transport is a POST": request.method != "POST",
        "request.query: a request of this transport has no query": bool(request.query),
    }
    return [problem for problem, is_wrong in needs.items() if is_wrong]


def _create_problems(operation: Operation) -> list[str]:
    needs = {
        "success: a create needs a success test": operation.success is None,
        "finality: a create needs 'posted' or 'staged'": operation.finality is None,
        "request.body: a create needs a body": not (operation.request and operation.request.body),
        "request.method: a create cannot be a GET": bool(
            operation.request and operation.request.method == "GET"
        ),
        "none_when_not_found: only a find can find nothing": operation.none_when_not_found,
    }
    return [problem for problem, is_missing in needs.items() if is_missing]


def _read_problems(profile: Profile, name: OperationName, operation: Operation) -> list[str]:
    found = [*_method_problems(operation), *_cursor_problems(profile, operation)]
    if name is OperationName.CHECK_CONNECTION:
        return found if operation.success else [*found, "success: the check needs a success test"]
    if not operation.rows:
        found.append("rows: a read needs the path of its rows")
    if operation.none_when_not_found and name not in _FINDS:
        found.append("none_when_not_found: only a find can find nothing")
    if name is OperationName.CHANGED_ITEMS and operation.paging and not operation.watermark:
        found.append("watermark: changed_items in pages needs a 'watermark'")
    reading = profile.readings.get(operation.read)
    if reading is None:
        return [*found, f"read: {_no('readings', operation.read, profile.readings)}"]
    if name is OperationName.FIND_ORDER and not reading.lines:
        found.append(f"read: [readings.{operation.read}] needs the path of its 'lines'")
    return found


def _cursor_problems(profile: Profile, operation: Operation) -> list[str]:
    """A cursor that is read and never sent would ask for the first page again."""
    paging, request = operation.paging, operation.request
    if not isinstance(paging, CursorPaging) or paging.cursor or request is None:
        return []
    body = profile.bodies.get(request.body) if request.body else None
    sent = {value.source for value in values_of(body)} if body is not None else set()
    if "query.cursor" in sent:
        return []
    return [
        "paging.cursor: nothing sends the cursor; name its parameter, or let the body say"
        " query.cursor"
    ]


def _method_problems(operation: Operation) -> list[str]:
    request = operation.request
    if request is None or request.method == "GET":
        return []
    if request.method == "POST" and request.body:
        return []
    return ["request.method: a read must be a GET, or a POST with a body that asks"]


def _unit_problems(
    profile: Profile, place: str, wanted: targets.Target, reading: Reading
) -> list[str]:
    """A number of minor units says nothing without a currency."""
    placed = [
        (f"{place}.{part}.{field}", extract, targets.fact(facts, field))
        for part, extracts, facts in (
            ("fields", reading.fields, wanted.fields),
            ("line_fields", reading.line_fields, wanted.line_fields),
        )
        for field, extract in extracts.items()
    ]
    found = [
        f"{where}: 'unit' is for amounts of money"
        for where, extract, fact in placed
        if extract.unit and fact.type not in AMOUNTS
    ]
    if "currency" in reading.fields or profile.money.currency:
        return found
    return found + [
        f"{where}: minor units of no currency; say where the record's 'currency' is, or the"
        " instance's own in [money]"
        for where, extract, fact in placed
        if is_counted(profile.money, extract, fact)
    ]


def _target_problems(place: str, wanted: targets.Target, reading: Reading) -> list[str]:
    found = targets.problems(wanted.fields, reading.fields, f"{place}.fields")
    lines = f"{place}.line_fields"
    return found + targets.problems(wanted.line_fields, reading.line_fields, lines)


# --- Bodies ----------------------------------------------------------------------------------


def _body_problems(profile: Profile) -> list[str]:
    asked = _questions(profile)
    found = []
    for name, body in profile.bodies.items():
        if name in asked:
            problems = _question_problems(body, asked[name])
        else:
            problems = _document_problems(body)
        problems += _value_problems(profile, body) + _name_problems(profile, name, body)
        found += [f"bodies.{name}{problem}" for problem in problems]
    return found


def _questions(profile: Profile) -> dict[str, frozenset[str]]:
    """The bodies of reads, and what each may ask for: what all that use it know."""
    asked: dict[str, frozenset[str]] = {}
    for name, operation in profile.operations.items():
        if name in CREATES or operation.request is None or not operation.request.body:
            continue
        known = QUERY_VALUES.get(name, frozenset())
        known = known | PAGE_VALUES if operation.paging else known
        body = operation.request.body
        asked[body] = asked.get(body, known) & known
    return asked


def _question_problems(body: Value | Each | ObjectNode, known: frozenset[str]) -> list[str]:
    found = _scope_problems(body, frozenset({"query", "settings", "secret"}))
    inside = known - {"keys"} | ({"key"} if "keys" in known else set())
    return found + [
        f"{place}: '{value.source}' is not known here; expected one of"
        f" {sorted(f'query.{name}' for name in inside)}"
        for place, value in placed_values(body)
        if value.source.startswith("query.") and value.source.removeprefix("query.") not in inside
    ]


def _document_problems(body: Value | Each | ObjectNode) -> list[str]:
    found = []
    if not any(value.source == "draft.key" for value in values_of(body)):
        found.append(": sends no draft.key, so nothing could be found again")
    return found + _scope_problems(body, frozenset({"draft", "settings", "secret"}))


def _scope_problems(node: Value | Each | ObjectNode, scopes: frozenset[str]) -> list[str]:
    """A line's value outside its `each` has no line to come from; nor has a tax without a line."""
    if isinstance(node, Each):
        outer = node.each.partition(".")[0]
        if outer not in scopes:
            return [f".each: '{node.each}' stands outside 'each'"]
        inner = _scope_problems(node.entry, scopes | {_SCOPE_OF[node.each]})
        return [f".entry{problem}" for problem in inner]
    if isinstance(node, Value):
        return [
            f": '{source}' stands outside 'each'"
            for source in (node.source, node.else_from)
            if source and source.partition(".")[0] not in scopes
        ]
    return [
        f".{name}{problem}"
        for name, child in node.root.items()
        for problem in _scope_problems(child, scopes)
    ]


def _value_problems(profile: Profile, body: Value | Each | ObjectNode) -> list[str]:
    secrets = secrets_of(profile.auth) if isinstance(profile.auth, InBody) else ()
    found = []
    settings = profile.environment.settings
    for place, value in placed_values(body):
        if value.lookup and value.lookup not in profile.lookups:
            found.append(f"{place}: {_no('lookups', value.lookup, profile.lookups)}")
        owner, _, name = value.source.partition(".")
        if owner == "settings" and name not in settings:
            found.append(
                f"{place}: '{name}' is not in environment.settings{nearest(name, settings)}"
            )
        if owner == "secret" and name not in secrets:
            found.append(
                f"{place}: '{name}' is not in the secrets of [auth] kind ="
                f" 'in_body'{nearest(name, secrets)}"
            )
    return found


def _name_problems(profile: Profile, body: str, tree: Value | Each | ObjectNode) -> list[str]:
    if not isinstance(profile.transport, (RestXml, SoapString)):
        return []
    found = [
        f"{place}: '{name}' cannot be the name of an element or attribute"
        for place, name in placed_names(tree)
        if name != TEXT and not is_xml_name(name.removeprefix(ATTRIBUTE))
    ]
    users = [operation.request for operation in profile.operations.values()]
    if any(request and request.body == body and request.wrap_in_array for request in users):
        found.append(": 'wrap_in_array' is for JSON; an XML document has one root")
    if not isinstance(tree, ObjectNode):
        found.append(": expected names with values: the root's content")
    return found


def _reading_problems(profile: Profile) -> list[str]:
    found = [
        f"readings.{name}.{part}.{field}: {_no('lookups', extract.lookup, profile.lookups)}"
        for name, reading in profile.readings.items()
        for part, extracts in (("fields", reading.fields), ("line_fields", reading.line_fields))
        for field, extract in extracts.items()
        if extract.lookup and extract.lookup not in profile.lookups
    ]
    for name, operation in profile.operations.items():
        wanted, asked = targets.TARGETS.get(name.value), profile.readings.get(operation.read)
        if wanted is not None and asked is not None:
            place = f"readings.{operation.read}"
            found += _target_problems(place, wanted, asked)
            found += _unit_problems(profile, place, wanted, asked)
    return found


def _no(table: str, name: str, known: Iterable[str]) -> str:
    return f"no [{table}.{name}]{nearest(name, known)}"
