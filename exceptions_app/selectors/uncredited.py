"""Money that was refunded and stands in no credit, for returns that share a status."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Sum, Value
from django.db.models.functions import Coalesce, NullIf

from connectors.types import Money
from exceptions_app.choices import POSTING_SENT, MappingKind, PostingKind, RefundStatus
from exceptions_app.models import Bridge, Posting, Refund
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import mappings


def of_status(*, bridge: Bridge, status: str) -> list[Money]:
    """Confirmed refunds of unsettled returns with `status`, summed by currency; often empty.

    A return whose credit memo has left counts nowhere. Money as the customer got it, tax in.
    """
    touched = mappings.touched_by(bridge=bridge, kind=MappingKind.STATUS, keys={normalise(status)})
    credited = Posting.objects.filter(
        rma=OuterRef("rma"), kind=PostingKind.CREDIT_MEMO, status__in=POSTING_SENT
    )
    rows = (
        Refund.objects.filter(
            ~Exists(credited),
            rma__in=touched.order_by().values("pk"),
            status=RefundStatus.CONFIRMED,
        )
        .order_by()
        .values(paid_in=Coalesce(NullIf("currency", Value("")), "rma__currency"))
        .annotate(total=Sum("amount"))
        .filter(total__gt=0)
        .order_by("paid_in")
    )
    return [Money(row["total"], row["paid_in"]) for row in rows]
