"""What people changed about grouping: a cause merged into another, or some of it split off."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from exceptions_app.models.cases import Case, CauseGroup


class CauseRuleKind(models.TextChoices):
    MERGE = "merge", "Merged"
    SPLIT = "split", "Split"


class CauseRule(models.Model):
    """One merge or split, kept with who, when and why; in force until it is taken back.

    A split names the fact and the value that set exceptions of `group` apart; a merge names none.
    """

    kind = models.CharField(max_length=5, choices=CauseRuleKind.choices)
    group = models.ForeignKey(CauseGroup, on_delete=models.PROTECT, related_name="rules")
    target = models.ForeignKey(CauseGroup, on_delete=models.PROTECT, related_name="rules_into")
    fact = models.CharField(max_length=30, blank=True, default="")
    value = models.CharField(max_length=300, blank=True, default="")
    reason = models.CharField(max_length=300)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField()
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "fact", "value"],
                condition=Q(ended_at__isnull=True),
                name="cause_rule_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="split") ^ Q(fact=""), name="cause_rule_split_names_a_fact"
            ),
        ]
        indexes = [
            models.Index(fields=["-made_at"], name="cause_rule_by_time"),
        ]

    def __str__(self) -> str:
        if self.kind == CauseRuleKind.MERGE:
            return f"{self.group} merged into {self.target}"
        return f"{self.target} split from {self.group}"


def cause_of(case: Case) -> int:
    """The cause the case's finding names, wherever a person's rule puts it."""
    return case.own_group_id or case.group_id


def caused(*, path: str = "", **wanted: object) -> Q:
    """Cases whose own cause is as `wanted`, wherever a person's rule puts them; `path` leads to
    the case."""
    own, shown = f"{path}own_group", f"{path}group"
    found = {f"{own}__{name}": value for name, value in wanted.items()}
    stayed = {f"{shown}__{name}": value for name, value in wanted.items()}
    return Q(**found) | Q(**{f"{own}__isnull": True}, **stayed)
