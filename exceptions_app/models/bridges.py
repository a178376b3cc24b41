"""A returns source paired with an ERP; owns policy and mappings."""

from django.db import models

from exceptions_app.choices import MappingKind, MappingStatus
from exceptions_app.models.connections import Connection


class Bridge(models.Model):
    """Policy is data (DESIGN section 5): what `policy` leaves out comes from the preset."""

    code = models.SlugField(max_length=30, unique=True)
    name = models.CharField(max_length=80)
    source = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="source_bridges")
    erp = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="erp_bridges")
    # The shop whose orders and stock go with it; null where the bridge needs none.
    storefront = models.ForeignKey(
        Connection,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="storefront_bridges",
    )
    preset = models.CharField(max_length=60)
    policy = models.JSONField(default=dict, blank=True)
    currency = models.CharField(max_length=3)
    timezone = models.CharField(max_length=60, default="UTC")
    closed_periods = models.JSONField(default=list, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Mapping(models.Model):
    """Their code to our ERP code. A row is one version and is never edited: a change is a new row.

    `target` is a small object by kind: {"sku"}, {"bucket"}, {"code"}, {"division", "warehouse"},
    {"axis"}, {"treatment"}, {"component", "erp_code"}.
    """

    bridge = models.ForeignKey(Bridge, on_delete=models.PROTECT, related_name="mappings")
    kind = models.CharField(max_length=20, choices=MappingKind.choices)
    source_value = models.CharField(max_length=200)
    # Casefolded and stripped; what look-ups compare.
    source_key = models.CharField(max_length=200)
    target = models.JSONField()
    version = models.PositiveIntegerField()
    status = models.CharField(max_length=20, choices=MappingStatus.choices)
    reason = models.CharField(max_length=300, blank=True, default="")
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    approved_by = models.CharField(max_length=150, blank=True, default="")
    activated_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # The file that brought the version in; null for one made by hand.
    file = models.ForeignKey(
        "MappingImport", on_delete=models.PROTECT, null=True, blank=True, related_name="mappings"
    )
    # What was shown before an admin put it in force by hand: the figures of a Fix's effect.
    effect = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["kind", "source_key", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["bridge", "kind", "source_key", "version"], name="mapping_version_once"
            ),
            models.UniqueConstraint(
                fields=["bridge", "kind", "source_key"],
                condition=models.Q(status=MappingStatus.ACTIVE),
                name="mapping_one_active",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.source_value} v{self.version}"
