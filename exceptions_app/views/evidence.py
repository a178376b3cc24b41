"""Evidence of one exception: what is kept, one more file, and each as an attachment only."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from exceptions_app import errors, permissions
from exceptions_app.forms.evidence import EvidenceForm
from exceptions_app.models import Case, EvidenceFile
from exceptions_app.rules import evidence_files as rules
from exceptions_app.services import evidence_files


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("use_evidence")
def index(request: HttpRequest, case_id: int) -> HttpResponse:
    case = get_object_or_404(Case, pk=case_id)
    if request.method != "POST":
        return _show(request, case, EvidenceForm())
    form = EvidenceForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, case, form, status=422)
    given = form.cleaned_data["file"]
    try:
        evidence_files.add(
            case_id=case.pk,
            name=given.name,
            content=given.read(),
            note=form.cleaned_data["note"],
            actor=permissions.actor_of(request),
            now=timezone.now(),
        )
    except errors.DeskError as error:
        form.add_error("file", str(error))
        return _show(request, case, form, status=422)
    messages.success(request, "The file is kept with its digest.")
    return redirect("case-evidence", case_id=case.pk)


@require_safe
@permissions.required("use_evidence")
def download(request: HttpRequest, case_id: int, file_id: int) -> HttpResponse:
    """No browser shows it in our pages' place: an attachment of no type that it could open."""
    row = get_object_or_404(EvidenceFile, pk=file_id, case=case_id)
    try:
        content = evidence_files.content(
            row=row, actor=permissions.actor_of(request), now=timezone.now()
        )
    except errors.EvidenceMissing as error:
        raise Http404(str(error)) from error
    response = HttpResponse(content, content_type="application/octet-stream")
    letters = (
        each if (each.isascii() and each.isalnum()) or each in "-_." else "_" for each in row.name
    )
    safe = "".join(letters)
    response["Content-Disposition"] = f'attachment; filename="{safe}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _show(
    request: HttpRequest, case: Case, form: EvidenceForm, *, status: int = 200
) -> HttpResponse:
    rows = [
        {"row": row, "kind": rules.TYPES[row.kind].label, "size": rules.size_words(row.size)}
        for row in case.evidence.select_related("added_by")
    ]
    context = {"case": case, "form": form, "rows": rows, "most": rules.MOST_FILES}
    return render(request, "cases/evidence.html", context, status=status)
