"""Say that a month noted as closed is open again."""

from __future__ import annotations

from typing import Any

from django import forms

from exceptions_app.catalogue.wording import written


class MonthOpenForm(forms.Form):
    """Who reopened the month, and why; `month` is it in words."""

    reason = forms.CharField(
        label="Who reopened it in the ERP, and why",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say who reopened the month in the ERP, and why."},
    )
    use_required_attribute = False

    def __init__(self, *args: Any, month: str, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "month_%s", **kwargs})
        self.month = written("period", {"period": month})
