"""Which form asks for which kind of change."""

from __future__ import annotations

from exceptions_app.choices import FixKind
from exceptions_app.forms.dates import PostingDateForm
from exceptions_app.forms.documents import EditDocumentForm
from exceptions_app.forms.fixes import (
    FixForm,
    LinkDocumentForm,
    PostingForm,
    SetLocationForm,
)
from exceptions_app.forms.mapped import (
    DispositionForm,
    FeeForm,
    LocationForm,
    ReasonForm,
    SkuForm,
    StatusForm,
)
from exceptions_app.forms.money import AcceptDifferenceForm, CorrectCreditForm
from exceptions_app.forms.orders import LinkOrderForm
from exceptions_app.forms.vat import VatForm

FORMS: dict[str, type[FixForm]] = {
    FixKind.SKU_ALIAS: SkuForm,
    FixKind.DISPOSITION: DispositionForm,
    FixKind.REASON: ReasonForm,
    FixKind.LOCATION: LocationForm,
    FixKind.STATUS: StatusForm,
    FixKind.VAT: VatForm,
    FixKind.FEE: FeeForm,
    FixKind.SET_LOCATION: SetLocationForm,
    FixKind.LINK_ORDER: LinkOrderForm,
    FixKind.ACCEPT_DIFFERENCE: AcceptDifferenceForm,
    FixKind.CORRECT_CREDIT: CorrectCreditForm,
    FixKind.POSTING_DATE: PostingDateForm,
    FixKind.RETRY: PostingForm,
    FixKind.EDIT_DOCUMENT: EditDocumentForm,
    FixKind.LINK_DOCUMENT: LinkDocumentForm,
}
