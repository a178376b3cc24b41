"""The form that decides how a customer's VAT setting is read, with what each answer credits."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms

from exceptions_app.forms.fixes import FixForm
from exceptions_app.rules.mapping import TARGET_CHOICES
from exceptions_app.rules.sayings import spoken
from exceptions_app.services import vat_answers


class VatForm(FixForm):
    treatment = forms.ChoiceField(
        label="How the prices are meant",
        choices=TARGET_CHOICES["treatment"],
        widget=forms.RadioSelect,
    )
    main = ("treatment",)

    def prepare(self) -> None:
        """Each answer with the credit it makes of this return."""
        self.found: Mapping[str, vat_answers.VatAnswer] = {}
        if self.case.rma is None:
            return
        self.found = vat_answers.answers(rma=self.case.rma, setting=self.source_value, now=self.now)
        self.fields["treatment"].choices = [  # type: ignore[attr-defined]
            (code, f"{label}{_makes(self.found[code])}" if code in self.found else label)
            for code, label in TARGET_CHOICES["treatment"]
        ]

    @property
    def hints(self) -> list[str]:
        free = {(row.net, row.tax) for row in self.found.values() if not row.is_denied}
        if len(free) != 1 or len(self.found) < 2:
            return []
        return [
            "Net and tax are those the order was sold with, so the answers that can be credited"
            " come to the same for this return. They differ where an order tells no tax of its own."
        ]

    @property
    def warning(self) -> str:
        answer = self.found.get(self.payload.get("treatment", ""))
        if answer is None or not answer.is_denied:
            return ""
        return (
            f"The order was charged {spoken(answer.tax, answer.currency)} of VAT on what came back,"
            " and a credit reverses what was charged. By this answer there is none, so the credit"
            " stays blocked. Choose it only if the invoice was wrong, and have that corrected in"
            " the ERP."
        )


def _makes(answer: vat_answers.VatAnswer) -> str:
    net, tax, gross = (
        spoken(amount, answer.currency) for amount in (answer.net, answer.tax, answer.gross)
    )
    if answer.is_denied:
        return f". Stays blocked: the order was charged {tax} of VAT"
    return f". Credits {net} and {tax} of VAT: {gross}"
