"""Documents that a person keys into the ERP: taken by one, numbered, or told why they could not be.

A number is a person's word until the ERP showed the document under our key. Where the ERP can be
read the document counts as sent and is read back like any other; where it cannot, or shows none,
it is confirmed on the word and marked so for good.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from connectors.types import ManualTask
from exceptions_app import errors, jobs
from exceptions_app.choices import (
    POSTING_FINISHED,
    AttemptOutcome,
    HoldReason,
    Keyed,
    PostingStatus,
)
from exceptions_app.models import KeyingClaim, Posting
from exceptions_app.rules import confirming, keying
from exceptions_app.services import attempts, audit, calls, connections, moments, outcomes, rmas
from exceptions_app.services.claims import replan

LONGEST_NUMBER = 80


def task(*, posting: Posting) -> ManualTask:
    """The values to key, in the order of the ERP's screen, with the numbers of earlier steps."""
    gateway = connections.gateway(connection=posting.connection, reason="plan-read")
    return gateway.manual_task(calls.completed(posting=posting))


def is_read_back(*, posting: Posting) -> bool:
    """Whether the ERP can be asked for the document by our key once it is keyed."""
    gateway = connections.gateway(connection=posting.connection, reason="plan-read")
    capabilities = gateway.capabilities
    return capabilities.can_find_by_key and posting.kind not in capabilities.unseen_kinds


@transaction.atomic
def take(*, posting_id: int, actor: User, now: datetime) -> None:
    """Keep a document for one person, who keys it now; taking it again keeps it longer.

    Raises:
        InvalidChoice: it does not wait, an earlier document comes first, or another person has it.
    """
    posting = _waiting(posting_id)
    _refuse_unfinished_predecessor(posting)
    before = KeyingClaim.objects.select_related("person").filter(posting=posting).first()
    if before is not None and before.person_id != actor.pk and _is_kept(before, now):
        raise errors.InvalidChoice(_taken_words(before))
    KeyingClaim.objects.update_or_create(
        posting=posting, defaults={"person": actor, "taken_at": now}
    )
    _record(posting, actor, "posting.take", "Taken to be keyed by hand", now)


@transaction.atomic
def release(*, posting_id: int, actor: User, now: datetime) -> None:
    """Give a taken document back, for anybody to take.

    Raises:
        InvalidChoice: this person does not have it.
    """
    posting = Posting.objects.select_for_update().get(pk=posting_id)
    deleted, _ = KeyingClaim.objects.filter(posting=posting, person=actor).delete()
    if not deleted:
        raise errors.InvalidChoice(f"{posting.key} is not taken by you.")
    _record(posting, actor, "posting.release", "Given back, not keyed", now)
    # What changed while it was in hands is planned now.
    replan(posting, now)


@transaction.atomic
def key(*, posting_id: int, number: str, actor: User, now: datetime) -> Posting:
    """Record the ERP's number of a document that its taker keyed by hand.

    Raises:
        InvalidChoice: no such number can be, another document has it, the document does not wait
            to be keyed, or somebody else has it.
    """
    posting = _waiting(posting_id)
    _refuse_unfinished_predecessor(posting)
    _refuse_others(posting, actor, now)
    clean = _number(posting, number)
    has_proof_to_come = is_read_back(posting=posting)
    posting.status = PostingStatus.POSTED if has_proof_to_come else PostingStatus.CONFIRMED
    posting.confirmed_at = None if has_proof_to_come else now
    posting.hold_reason = HoldReason.NONE
    posting.number = clean
    posting.keyed = Keyed.WORD
    posting.posted_at = now
    posting.not_before = now
    posting.lookups = 0
    posting.open_type = ""
    posting.open_facts = {}
    posting.save(
        update_fields=[
            "status",
            "confirmed_at",
            "hold_reason",
            "number",
            "keyed",
            "posted_at",
            "not_before",
            "lookups",
            "open_type",
            "open_facts",
        ]
    )
    KeyingClaim.objects.filter(posting=posting).delete()
    text = f"Keyed by {audit.name_of(actor)} as {clean}"
    _note(posting, AttemptOutcome.KEYED, text, now)
    _record(posting, actor, "posting.key_by_hand", f"Keyed by hand as {clean}", now)
    rmas.refresh_search(posting.rma)
    replan(posting, now)
    jobs.nudge("post")
    return posting


@transaction.atomic
def could_not(
    *, posting_id: int, reason: str, sku: str, words: str, actor: User, now: datetime
) -> Posting:
    """Record that the ERP did not take a document, as if it had refused our call.

    `sku` is the one a reason about SKUs names. The document is refused until a fact is changed or
    somebody sends it on; then it waits to be keyed again.

    Raises:
        InvalidChoice: an unknown reason, a SKU the document has not, no words where the reason
            says nothing, or the document does not wait or somebody else has it.
    """
    posting = _waiting(posting_id)
    _refuse_others(posting, actor, now)
    chosen = next((each for each in keying.REASONS if each.code == reason), None)
    if chosen is None:
        raise errors.InvalidChoice("Choose one of the reasons.")
    text = " ".join(words.split())
    if chosen.code == "other" and not text:
        raise errors.InvalidChoice("Say what the ERP did.")
    value = _value(posting, chosen, sku)
    told = f"{audit.name_of(actor)} could not key it: {text or chosen.label}"
    facts = outcomes.refusal_facts(posting, chosen.refusal, chosen.field, value, told)
    posting.status = PostingStatus.FAILED
    posting.hold_reason = HoldReason.NONE
    posting.open_type = confirming.refusal_type(chosen.refusal, posting.kind)
    posting.open_facts = facts | ({chosen.field: value} if value else {})
    posting.save(update_fields=["status", "hold_reason", "open_type", "open_facts"])
    KeyingClaim.objects.filter(posting=posting).delete()
    _note(posting, AttemptOutcome.REJECTED, told, now)
    _record(posting, actor, "posting.could_not_key", told, now)
    replan(posting, now)
    return posting


def _waiting(posting_id: int) -> Posting:
    posting = (
        Posting.objects.select_for_update(of=("self",))
        .select_related("rma", "connection")
        .get(pk=posting_id)
    )
    if posting.status == PostingStatus.HELD and posting.hold_reason == HoldReason.MANUAL:
        return posting
    if posting.status == PostingStatus.CANCELLED:
        raise errors.InvalidChoice(
            f"Return {posting.rma} changed, and {posting.key} is not called for any more. If it is"
            f" in {posting.connection.name} already, cancel it there. Nothing was changed here."
        )
    raise errors.InvalidChoice(
        f"{posting.key} is not waiting to be keyed by hand (it is {posting.state_label.lower()})."
    )


def _is_kept(claim: KeyingClaim, now: datetime) -> bool:
    return claim.taken_at > now - keying.KEPT_FOR


def _taken_words(claim: KeyingClaim) -> str:
    minutes = int(keying.KEPT_FOR.total_seconds() // 60)
    return (
        f"{audit.name_of(claim.person)} took it {moments.written(claim.taken_at)} and has it for"
        f" {minutes} minutes, unless it is given back before."
    )


def _refuse_others(posting: Posting, actor: User, now: datetime) -> None:
    claim = KeyingClaim.objects.select_related("person").filter(posting=posting).first()
    if claim is None:
        raise errors.InvalidChoice("Take the document first, so that nobody else keys it as well.")
    if claim.person_id != actor.pk:
        raise errors.InvalidChoice(_taken_words(claim))


def _number(posting: Posting, number: str) -> str:
    clean = " ".join(number.split())
    if not clean or len(clean) > LONGEST_NUMBER:
        raise errors.InvalidChoice(
            f"Give the ERP's document number, at most {LONGEST_NUMBER} characters."
        )
    other = (
        Posting.objects.filter(connection=posting.connection, kind=posting.kind, number=clean)
        .exclude(pk=posting.pk)
        .exclude(status=PostingStatus.CANCELLED)
        .select_related("rma")
        .first()
    )
    if other is not None:
        raise errors.InvalidChoice(
            f"{clean} is the number of {other.key} of return {other.rma} already. Read it in"
            f" {posting.connection.name} again."
        )
    return clean


def _value(posting: Posting, reason: keying.Reason, sku: str) -> str:
    if reason.field == "sku":
        known = {str(line["sku"]) for line in posting.draft["lines"] if line["sku"]}
        if sku not in known:
            raise errors.InvalidChoice("Choose the SKU it is about.")
        return sku
    return str(posting.draft.get(reason.field) or "") if reason.field else ""


def _refuse_unfinished_predecessor(posting: Posting) -> None:
    earlier = (
        Posting.objects.filter(rma_id=posting.rma_id, sequence__lt=posting.sequence)
        .exclude(status__in=POSTING_FINISHED)
        .order_by("sequence")
        .first()
    )
    if earlier is not None:
        raise errors.InvalidChoice(
            f"{earlier.get_kind_display()} {earlier.key} comes first and is "
            f"{earlier.state_label.lower()}."
        )


def _note(posting: Posting, outcome: str, text: str, now: datetime) -> None:
    attempts.note(
        posting=posting, purpose="post", outcome=outcome, text=text, evidence=None, now=now
    )


def _record(posting: Posting, actor: User, act: str, text: str, now: datetime) -> None:
    audit.record(actor=actor, act=act, subject=posting, text=text, now=now, rma_id=posting.rma_id)
