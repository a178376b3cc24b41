"""Who may do what with a change that waits for approval, as its page shows it.

The services decide again when it is done; this only keeps a page from offering what they refuse.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest

from exceptions_app import permissions
from exceptions_app.choices import FixStatus
from exceptions_app.forms.kinds import FORMS
from exceptions_app.models import Fix, FixBatch
from exceptions_app.selectors import fixes as fixes_selector


def may_decide(request: HttpRequest, fix: Fix) -> bool:
    """Whether this reader may say yes: no party to the request, and not heard already."""
    if is_party(request, fix) or has_approved(request, fix):
        return False
    return _is_approver(request, fix)


def is_party(request: HttpRequest, fix: Fix) -> bool:
    """Whoever asked for it or edited it."""
    editors = {row.editor_id for row in fix.edits.all()}
    return request.user.pk in {fix.requested_by_id, *editors}


def may_refuse(request: HttpRequest, fix: Fix) -> bool:
    """Whoever asked withdraws it; whoever could approve it may refuse it."""
    return fix.requested_by_id == request.user.pk or _is_approver(request, fix)


def may_edit(request: HttpRequest, fix: Fix) -> bool:
    """Whether the reader could have asked for it; only what came from an exception has a form."""
    return (
        fix.status == FixStatus.REQUESTED
        and fix.case_id is not None
        and fix.kind in FORMS
        and permissions.can(request.user, permissions.FIX_CAPABILITY[fix.kind])
    )


def may_take_back(request: HttpRequest, fix: Fix) -> bool:
    """Whether a held change is this reader's to stop, at a door that asks for approvers."""
    return permissions.can(request.user, "approve_fix") and fixes_selector.may_take_back(
        fix, user_id=request.user.pk or 0, roles=permissions.roles_of(request.user)
    )


def may_take_back_all(request: HttpRequest, batch: FixBatch, held: Iterable[Fix]) -> bool:
    """Whether all that is still held of a batch is this reader's to stop."""
    if batch.released_by_id == request.user.pk:
        return permissions.can(request.user, "approve_fix")
    return all(may_take_back(request, fix) for fix in held)


def _is_approver(request: HttpRequest, fix: Fix) -> bool:
    return bool(fixes_selector.approving(fix) & permissions.roles_of(request.user))


def has_approved(request: HttpRequest, fix: Fix) -> bool:
    """Whether this reader said yes to it as it stands."""
    return any(
        given.approver_id == request.user.pk and given.payload_hash == fix.payload_hash
        for given in fix.approvals.all()
    )
