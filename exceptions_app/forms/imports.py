"""Forms of the mappings' pages: one mapping by hand, and a file of many."""

from __future__ import annotations

from typing import Any

from django import forms

from exceptions_app import errors
from exceptions_app.models import Bridge
from exceptions_app.rules.change_words import TARGET_FIELDS
from exceptions_app.rules.mapping import TARGET_CHOICES
from exceptions_app.services import mapping_files, mappings


def day_field(label: str, help_text: str) -> forms.CharField:
    """A day an alias begins or ends with; the service says what is no day."""
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=False,
        max_length=20,
        widget=forms.DateInput(attrs={"type": "date"}),
    )


def _choice(name: str, label: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=[("", "Choose one"), *TARGET_CHOICES[name]])


_FIELDS: dict[str, Any] = {
    "sku": lambda: forms.CharField(label="SKU in the ERP", max_length=120),
    "valid_from": lambda: day_field("Sold from", "The first day of sale it stands for."),
    "valid_until": lambda: day_field("Sold until", "The last one. Leave both empty for always."),
    "bucket": lambda: _choice("bucket", "Where such goods go"),
    "code": lambda: forms.CharField(label="The ERP's reason code", max_length=20),
    # Some ERPs have none; the pair is looked up in what the ERP told.
    "division": lambda: forms.CharField(label="Division", max_length=40, required=False),
    "warehouse": lambda: forms.CharField(label="Warehouse", max_length=40),
    "axis": lambda: _choice("axis", "What the status means"),
    "treatment": lambda: _choice("treatment", "How the prices are meant"),
    "component": lambda: _choice("component", "What the charge is"),
    "erp_code": lambda: forms.CharField(
        label="Charge code in the ERP", max_length=20, required=False
    ),
}


class MapForm(forms.Form):
    """The next version of one mapping. When valid, `target` is what the service stores."""

    value = forms.CharField(
        max_length=200,
        label="Value of the returns platform",
        help_text="Upper and lower case are one.",
    )
    reason = forms.CharField(
        max_length=300, label="Why", help_text="Kept with the version, for whoever looks later."
    )

    def __init__(self, *args: Any, bridge: Bridge, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "map_%s", **kwargs})
        self.bridge = bridge
        self.kind = kind
        self.target: dict[str, str] = {}
        for name in TARGET_FIELDS[kind]:
            self.fields[name] = _FIELDS[name]()
        self.order_fields(["value", *TARGET_FIELDS[kind], "reason"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        names = TARGET_FIELDS[self.kind]
        if "value" not in cleaned or not set(names) <= set(cleaned):
            return cleaned
        try:
            self.target = mappings.clean_target(
                bridge=self.bridge,
                kind=self.kind,
                source_value=cleaned["value"],
                target={name: cleaned[name] for name in names},
            )
        except errors.InvalidChoice as error:
            self.add_error(names[0], str(error))
        return cleaned


class UploadForm(forms.Form):
    """A file and a reason; what the file says is judged by the service."""

    file = forms.FileField(
        label="File",
        help_text=(
            f"CSV or XLSX, at most {mapping_files.MOST_ROWS:,} rows and "
            f"{mapping_files.MOST_BYTES // 1024 // 1024} MB. Commas, semicolons or tabs will do."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,.txt"}),
    )
    reason = forms.CharField(
        max_length=300,
        label="Why",
        help_text="Stands for each row that gives no reason of its own.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "import_%s", **kwargs})

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if not file.name.lower().endswith((".csv", ".xlsx", ".txt")):
            raise forms.ValidationError("Choose a CSV or an XLSX file.")
        if file.size > mapping_files.MOST_BYTES:
            most = mapping_files.MOST_BYTES // 1024 // 1024
            raise forms.ValidationError(
                f"The file has more than {most} MB. Split it into files of at most "
                f"{mapping_files.MOST_ROWS:,} rows."
            )
        return file


class TakeBackForm(forms.Form):
    """Why a mapping or a file is taken back, and the sign of what was shown."""

    reason = forms.CharField(max_length=300, label="Why", help_text="Kept with your name.")
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "take_back_%s", **kwargs})
