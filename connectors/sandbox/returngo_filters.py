"""Which records a list call of the simulated ReturnGO asks for."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.wrappers import Request

from connectors.sandbox import returngo_query as query
from connectors.sandbox.returngo_records import RmaRecord, TransactionRecord


def rma(request: Request) -> Callable[[RmaRecord], bool]:
    args = request.args
    is_created = query.times(args, "rma_created_at")
    is_updated = query.times(args, "rma_updated_at")
    has_status = query.choices(args, "status")
    has_order = query.choices(args, "order_name")
    has_tracking = query.choices(args, "tracking_numbers")
    return lambda record: (
        is_created(record.created_at)
        and is_updated(record.updated_at)
        and has_status([record.status])
        and has_order([record.facts.get("order_name")])
        and has_tracking(row.get("tracking_number") for row in record.rows("shipments"))
    )


def transaction(request: Request) -> Callable[[TransactionRecord], bool]:
    args = request.args
    is_created = query.times(args, "created_at")
    is_updated = query.times(args, "updated_at")
    has_rma = query.choices(args, "rma_ids")
    has_status = query.choices(args, "statuses")
    has_id = query.choices(args, "ids")
    return lambda row: (
        is_created(row.created_at)
        and is_updated(row.updated_at)
        and has_rma([row.rma_id])
        and has_status([row.facts.get("status", "Success")])
        and has_id([row.facts["id"]])
    )
