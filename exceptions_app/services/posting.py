"""Send what is due: claim, call, settle. No transaction is open during the call (decision 0004).

The intent is committed before the first byte leaves; the claim carries a lease and a fence that
every later write checks; a lost reply makes the posting unconfirmed and is never sent again
blindly. Where the ERP takes several documents in one call, those of one kind that are due go
together; each has an attempt, a fence and an answer of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime

from connectors.errors import ConnectorError
from connectors.types import Receipt
from exceptions_app.errors import PostingSuperseded
from exceptions_app.models import Posting, PostingAttempt
from exceptions_app.services import attempts, calls, claims, connections, health, outcomes
from exceptions_app.services.faultpoints import reach


def post_next(*, now: datetime) -> tuple[Posting, ...]:
    """Claim and send the next due posting, and those that can go with it; empty: nothing is due.

    Connector errors never leave here: each ends as a later time, an unknown outcome or a case.
    """
    first = claims.claim(now=now)
    if first is None:
        return ()
    reach("after_claim", first.key)
    if not health.may_call(connection_id=first.connection_id, now=now):
        return (claims.release(first, now + health.PROBE_EVERY),)
    claimed = (first, *_company(first, now))
    going = []
    for posting in claimed:
        if not outcomes.is_spent(posting):
            going.append(posting)
            continue
        with contextlib.suppress(PostingSuperseded):
            outcomes.give_up(posting, now)
    if len(going) == 1:
        send(posting=going[0], now=now)
    elif going:
        send_set(postings=going, now=now)
    return claimed


def _company(first: Posting, now: datetime) -> list[Posting]:
    try:
        most = calls.most_at_once(posting=first)
    except ConnectorError:
        # The connection cannot be opened: sending the first one tells why.
        return []
    company = claims.claim_company(first=first, most=most - 1, now=now)
    for posting in company:
        reach("after_claim", posting.key)
    return company


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


def send_set(*, postings: Sequence[Posting], now: datetime) -> None:
    """Make one call for claimed postings of one kind and connection, and settle each by its own.

    An error of the whole call holds for each: after a lost reply all of them are looked up.
    """
    try:
        call = calls.SetCall(postings)
    except ConnectorError as error:
        begun = [(posting, _begin(posting, "", now)) for posting in postings]
        outcomes.settle_set(sent=begun, answers=[error] * len(begun), now=now)
        return
    going = _intended(postings, call, now)
    if not going:
        return
    for posting, _ in going:
        reach("before_call", posting.key)
    answers: Sequence[Receipt | ConnectorError]
    try:
        answers = call([posting for posting, _ in going])
    except ConnectorError as error:
        answers = [error] * len(going)
    answered_at = connections.moment()
    for posting, _ in going:
        reach("after_call", posting.key)
    outcomes.settle_set(sent=going, answers=answers, now=answered_at)


def _intended(
    postings: Sequence[Posting], call: calls.SetCall, now: datetime
) -> list[tuple[Posting, PostingAttempt]]:
    """Those that may leave, each with its attempt committed and its claim still ours."""
    for posting in postings:
        if posting.pk in call.unfit:
            outcomes.settle_error(posting, None, call.unfit[posting.pk], now)
    begun = [
        (posting, _begin(posting, call.bodies[posting.pk], now))
        for posting in postings
        if posting.pk in call.bodies
    ]
    going = []
    for posting, attempt in begun:
        if claims.is_ours(posting):
            going.append((posting, attempt))
        else:
            outcomes.withdraw(posting, attempt, now)
    return going


def _begin(posting: Posting, body: str, now: datetime) -> PostingAttempt:
    return attempts.begin(posting=posting, purpose="post", request=body, now=now)
