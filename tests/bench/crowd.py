"""Many rows behind the list pages, made in sets; their content is that of one ordinary row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection as database
from django.db.models import Model

from exceptions_app.choices import SEVERITY_RANK
from exceptions_app.models import Bridge, Case, InboundEvent, Posting, Rma
from tests.factories import (
    NOW,
    BridgeFactory,
    CaseFactory,
    CauseGroupFactory,
    InboundEventFactory,
    PostingFactory,
    RmaFactory,
)

_SEVERITIES = tuple(SEVERITY_RANK)


def fill(count: int, *, bridge: Bridge | None = None) -> Bridge:
    """Add `count` returns, each with a document, a message and an open exception."""
    bridge = bridge or BridgeFactory()
    first = Rma.objects.count()
    numbers = range(first, first + count)
    rma = RmaFactory.build(bridge=bridge)
    rmas = Rma.objects.bulk_create(
        [
            like(rma, external_id=f"C{n}", order_name=f"CO-{n}", requested_at=_moment(n))
            for n in numbers
        ],
        batch_size=1000,
    )
    posting = PostingFactory.build(rma=rmas[0])
    Posting.objects.bulk_create(
        [like(posting, rma_id=row.pk, slot="crowd", key=f"K-{row.pk}") for row in rmas],
        batch_size=1000,
    )
    event = InboundEventFactory.build(connection=bridge.source)
    InboundEvent.objects.bulk_create(
        [like(event, external_id=f"crowd-{n}", received_at=_moment(n)) for n in numbers],
        batch_size=1000,
    )
    groups = [CauseGroupFactory(bridge=bridge) for _ in range(5)]
    case = CaseFactory.build(rma=rmas[0], group=groups[0])
    Case.objects.bulk_create(
        [like(case, **_case_values(n, row, groups)) for n, row in zip(numbers, rmas, strict=True)],
        batch_size=1000,
    )
    with database.cursor() as cursor:
        cursor.execute("ANALYZE")
    return bridge


def _case_values(number: int, rma: Rma, groups: list[Any]) -> dict[str, Any]:
    severity = _SEVERITIES[number % len(_SEVERITIES)]
    return {
        "fingerprint": f"crowd-{number}",
        "rma_id": rma.pk,
        "group_id": groups[number % len(groups)].pk,
        "subject": f"rma:{rma.pk}",
        "severity": severity,
        "severity_rank": SEVERITY_RANK[severity],
        "value": number % 700,
        "opened_at": _moment(number),
        "due_at": _moment(number) + timedelta(hours=4),
    }


def _moment(number: int) -> Any:
    return NOW - timedelta(seconds=number)


def like(template: Model, **values: Any) -> Any:
    """One more unsaved row with the template's values, but for `values`."""
    fields = type(template)._meta.concrete_fields
    same = {field.attname: getattr(template, field.attname) for field in fields}
    same.pop("id")
    return type(template)(**{**same, **values})
