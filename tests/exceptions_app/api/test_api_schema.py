"""Requests made up from the schema: never a server error, and every answer as described."""

from contextlib import contextmanager

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.urls import reverse
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from returnsbridge.wsgi import application
from tests import factories
from tests.cast import make_user


@contextmanager
def one_connection():
    """The server closes stale connections around a request; the test's transaction lives in one."""
    ends = (request_started, request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in ends:
            signal.connect(close_old_connections)


pytestmark = pytest.mark.django_db

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
SIZE = settings(
    max_examples=6,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize(("person", "methods"), [("aud", {"GET"}), ("finn", {"GET", "POST"})])
def test_answers_match_the_schema(client, person, methods):
    user = make_user(person)
    case = factories.CaseFactory()
    factories.RefundFactory(rma=case.rma)
    factories.PostingAttemptFactory(posting=factories.PostingFactory(rma=case.rma))
    factories.CreditQuoteFactory(bridge=case.bridge)
    factories.FixFactory(bridge=case.bridge, case=case, requested_by=user)
    client.force_login(user)
    client.get(reverse("case-list"))
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    token = cookies.get("csrftoken", "")
    described = client.get(reverse("api-schema")).json()
    schema = schemathesis.openapi.from_dict(described)
    schema.app = application
    called = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.method.upper() not in methods:
            continue

        @SIZE
        @given(case=operation.as_strategy())
        def walk(case):
            headers = {"X-CSRFToken": token}
            case.call_and_validate(checks=CHECKS, cookies=cookies, headers=headers)

        with one_connection():
            walk()
        called += 1

    assert called == (14 if methods == {"GET"} else 27)
