"""Send one posting: claim, call, settle. No transaction is open during the call (decision 0004).

The intent is committed before the first byte leaves; the claim carries a lease and a fence that
every
later write checks; a lost reply makes the posting unconfirmed and is never sent again blindly.
"""

from __future__ import annotations

from datetime import datetime

from connectors.errors import ConnectorError
from exceptions_app.models import Posting
from exceptions_app.services import attempts, calls, claims, connections, health, outcomes
from exceptions_app.services.faultpoints import reach


def post_next(*, now: datetime) -> Posting | None:
    """Claim and send the next due posting; None when nothing is due.

    Connector errors never leave here: each ends as a later time, an unknown outcome or a case.
    """
    posting = claims.claim(now=now)
    if posting is None:
        return None
    reach("after_claim", posting.key)
    if not health.may_call(connection_id=posting.connection_id, now=now):
        return claims.release(posting, now + health.PROBE_EVERY)
    if outcomes.is_spent(posting):
        return outcomes.give_up(posting, now)
    return send(posting=posting, now=now)


def send(*, posting: Posting, now: datetime) -> Posting:
    """Make the call for a claimed posting and settle it by the answer."""
    try:
        call = calls.prepare(posting=posting)
    except ConnectorError as error:
        return outcomes.settle_error(posting, None, error, now)
    attempt = attempts.begin(posting=posting, purpose="post", request=call.preview, now=now)
    if not claims.is_ours(posting):
        return outcomes.withdraw(posting, attempt, now)
    reach("before_call", posting.key)
    try:
        receipt = call()
    except ConnectorError as error:
        # The settle window counts from the lost reply: the claim may be a lease ago by now.
        answered_at = connections.moment()
        reach("after_call", posting.key)
        return outcomes.settle_error(posting, attempt, error, answered_at)
    answered_at = connections.moment()
    reach("after_call", posting.key)
    return outcomes.settle(posting, attempt, receipt, answered_at)
