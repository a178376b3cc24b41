"""The rows a plan reads of its return, its bridge and the ERP: statements built once."""

from __future__ import annotations

from django.db.models import Q

from exceptions_app.choices import FixStatus, MappingKind, MappingStatus
from exceptions_app.models import Fix, Item, Mapping, Refund, RmaLine
from exceptions_app.models.statements import Select, is_one_of

OF_MAPPING = ("bridge_id", "kind", "source_key", "target", "version")
LINES = Select(lambda rma: RmaLine.objects.filter(rma=rma))
REFUNDS = Select(lambda rma: Refund.objects.filter(rma=rma).order_by("external_id"))
DECIDED = Select(
    lambda rma: (
        Fix.objects.filter(
            rma=rma, status__in=[FixStatus.HELD, FixStatus.APPLIED], mapping__isnull=True
        )
        .select_related("requested_by")
        .order_by("id")
    )
)
MAPPED = Select(
    lambda bridge, keys: Mapping.objects.filter(
        ~Q(kind=MappingKind.SKU_ALIAS) | is_one_of("source_key", keys),
        bridge=bridge,
        status=MappingStatus.ACTIVE,
    ).values_list(*OF_MAPPING)
)
ITEMS = Select(
    lambda erp, keys, barcodes: Item.objects.filter(
        is_one_of("sku_key", keys) | is_one_of("barcode", barcodes), connection=erp
    ).order_by("pk")
)
