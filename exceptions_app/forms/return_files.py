"""Forms of the files of returns: the file, and which of its columns is what."""

from __future__ import annotations

from typing import Any

from django import forms

from exceptions_app.models import Connection, ReturnFile
from exceptions_app.rules import return_values
from exceptions_app.rules.return_columns import COLUMNS
from exceptions_app.rules.return_values import CellWrong
from exceptions_app.selectors import return_files as selector
from exceptions_app.services import return_verdicts

_MB = return_verdicts.MOST_BYTES // 1024 // 1024


class ReturnFileForm(forms.Form):
    """A file and whose it is; what it holds is judged by the service."""

    connection = forms.ModelChoiceField(
        queryset=Connection.objects.none(),
        label="Returns platform",
        empty_label="Choose one",
        help_text="Sources of a bridge in use.",
    )
    file = forms.FileField(
        label="File",
        help_text=(
            f"CSV or XLSX, at most {return_verdicts.MOST_ROWS:,} rows and {_MB} MB. One row is one"
            " product line of a return. Commas, semicolons or tabs will do; of a workbook the"
            " first sheet is read."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "file_%s", **kwargs})
        field: Any = self.fields["connection"]
        field.queryset = selector.sources()

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if not file.name.lower().endswith((".csv", ".txt", ".xlsx")):
            raise forms.ValidationError("Choose a CSV or XLSX file; a spreadsheet can save one.")
        if file.size > return_verdicts.MOST_BYTES:
            raise forms.ValidationError(f"The file has more than {_MB} MB. Split it into several.")
        return file


class ColumnsForm(forms.Form):
    """Which column is what, and how dates and amounts are written in it."""

    date_order = forms.ChoiceField(
        label="Dates have the", choices=list(return_values.DATE_ORDERS.items())
    )
    decimal_sign = forms.ChoiceField(
        label="Decimals stand after", choices=list(return_values.DECIMAL_SIGNS.items())
    )
    file_currency = forms.CharField(
        label="Currency, where no column tells",
        max_length=3,
        required=False,
        help_text="Three letters, as in GBP.",
    )

    def __init__(self, *args: Any, found: ReturnFile, **kwargs: Any) -> None:
        initial = {
            **found.columns,
            "date_order": found.writing.get("date_order"),
            "decimal_sign": found.writing.get("decimal_sign"),
            "file_currency": found.writing.get("currency"),
        }
        super().__init__(*args, **{"auto_id": "col_%s", "initial": initial, **kwargs})
        heads = [("", "Not in the file"), *((head, head) for head in found.heads)]
        for column in COLUMNS:
            self.fields[column.code] = forms.ChoiceField(
                label=column.label, choices=heads, required=column.is_required
            )

    def clean_file_currency(self) -> str:
        text = self.cleaned_data["file_currency"]
        try:
            return return_values.currency(text) if text else ""
        except CellWrong as error:
            raise forms.ValidationError(f"{str(error).capitalize()}.") from error

    @property
    def chosen(self) -> dict[str, str]:
        return {column.code: self.cleaned_data.get(column.code, "") for column in COLUMNS}

    @property
    def writing(self) -> dict[str, str]:
        given = self.cleaned_data
        return {
            "date_order": given["date_order"],
            "decimal_sign": given["decimal_sign"],
            "currency": given["file_currency"],
        }
