"""Writes by what an exception of a return closed, from the plan that no longer finds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exceptions_app.choices import POSTING_SENT, PostingStatus
from exceptions_app.models import Case, ErpReceipt, Posting, Rma
from exceptions_app.rules import proving
from exceptions_app.rules.facts import Plan
from exceptions_app.services import acceptances, linking


@dataclass(frozen=True, slots=True)
class Prover:
    """What one plan of a return knows; `accepted` is what finance accepted of its money."""

    rma: Rma
    computed: Plan
    rows: Sequence[Posting]
    accepted: str

    @property
    def of_accepted(self) -> str:
        """What an acceptance closed is proved by: who agreed, and how far the credit is."""
        return acceptances.proof(self.rows, self.accepted)

    def __call__(self, case: Case) -> str:
        gone = proving.Gone(type=case.type, part=case.subject_part, facts=case.facts)
        if self.accepted and proving.is_accepted(gone):
            return self.of_accepted
        if linked := linking.proof(self.rows, case):
            return linked
        told = proving.sentence(gone, self._known())
        numbers = "; ".join(acceptances.numbers(self.rows))
        return f"{told} {numbers}".strip()[:500]

    def _known(self) -> proving.Known:
        return proving.Known(
            found=self.computed.findings,
            checks=self.computed.checks,
            proved=[row.slot for row in self.rows if row.status == PostingStatus.CONFIRMED],
            left=[row.slot for row in self.rows if row.status in POSTING_SENT],
            approval=self.rma.approval,
            called=[row.slot for row in self.computed.postings],
            on_word=[row.slot for row in self.rows if row.is_taken_on_word],
            has_receipts_of_others=ErpReceipt.objects.filter(rma=self.rma).exists(),
        )
