"""How many exceptions and documents are open, kept by the database in rows that add up.

Decision 0014. Triggers (migrations 0042 and on) append what every change adds and takes, in its
own transaction; `services.counts` folds rows of the same key into one. Whoever reads sums all rows
of a key, folded or not: that is exact at every moment, and nobody waits for anybody's row.
"""

from typing import Any

from django.conf import settings
from django.db import models

from exceptions_app.models.bridges import Bridge
from exceptions_app.models.cases import CauseGroup

# No foreign key is checked: the exceptions themselves are the truth, and have theirs.
_UNCHECKED: dict[str, Any] = {
    "on_delete": models.DO_NOTHING,
    "db_constraint": False,
    "db_index": False,
    "related_name": "+",
}


class CaseFigures(models.Model):
    """So many open exceptions of one kind more, or fewer: their number and their value at risk."""

    group = models.ForeignKey(CauseGroup, **_UNCHECKED)
    type = models.CharField(max_length=40)
    team = models.CharField(max_length=20)
    severity_rank = models.PositiveSmallIntegerField()
    bridge = models.ForeignKey(Bridge, null=True, **_UNCHECKED)
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, **_UNCHECKED)
    currency = models.CharField(max_length=3, blank=True)
    is_unpaid = models.BooleanField()
    count = models.IntegerField()
    # Those of them that are about a return; one return may have several.
    returns = models.IntegerField()
    total = models.DecimalField(max_digits=24, decimal_places=4)
    # What their facts state: units, and by how much refunds are more than credits (never below
    # zero) and credits more than refunds (never above).
    units = models.IntegerField(db_default=0)
    refund_more = models.DecimalField(max_digits=24, decimal_places=4, db_default=0)
    credit_more = models.DecimalField(max_digits=24, decimal_places=4, db_default=0)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.count} of {self.group_id}"


class CaseCount(CaseFigures):
    """All that is open, what waits behind another one among it."""


class BehindCount(CaseFigures):
    """Of what is open that which waits behind another exception of its return (decision 0024).

    A table of its own: what ran before it was there folds `CaseCount` and knows no more columns.
    """


class PostingCount(models.Model):
    """So many open documents of one kind more, or fewer: number, units and money."""

    bridge = models.ForeignKey(Bridge, **_UNCHECKED)
    kind = models.CharField(max_length=24)
    status = models.CharField(max_length=12)
    hold_reason = models.CharField(max_length=10, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    # They have an exception of their own.
    is_in_trouble = models.BooleanField()
    count = models.IntegerField()
    units = models.IntegerField()
    total = models.DecimalField(max_digits=24, decimal_places=4)

    def __str__(self) -> str:
        return f"{self.count} {self.kind} {self.status}"
