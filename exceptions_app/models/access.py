"""Failed tries to sign in: rows, so that all web processes keep one limit."""

from django.db import models


class SignInTry(models.Model):
    """Failures of one user name from one address since `first_at`; only their digest is kept."""

    key = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.failures} failed tries"
