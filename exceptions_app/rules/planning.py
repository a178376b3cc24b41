"""The plan: which documents a return calls for, in which order, and what stands in their way.

Pure and repeatable: the same facts give the same plan, byte for byte. A person changes a fact, and
the plan follows; nobody edits a plan.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

from connectors.types import DocumentDraft, DocumentKind, DraftLine
from exceptions_app.choices import HoldReason, PostingKind, PostingStatus
from exceptions_app.rules import (
    accepting,
    authorising,
    checks,
    clocks,
    credit,
    credit_additions,
    credit_findings,
    dating,
    document_edits,
    leaving,
    money,
    receiving,
    receiving_findings,
    refund_findings,
    refund_records,
    relevance,
    stock,
    support,
    timeliness,
    validation,
    waits,
    watching,
)
from exceptions_app.rules.facts import (
    Finding,
    Plan,
    PlannedPosting,
    RmaFacts,
)
from exceptions_app.rules.resolving import (
    Resolved,
    confirmed_number,
    is_credit_due,
    resolve,
    sent_postings,
)

AUTHORISATION_SLOT = "return_authorisation"
CREDIT_SLOT = "credit_memo"
UPDATE_SLOT = "platform_update"

AUTHORISATION_SEQUENCE = 10
CREDIT_SEQUENCE = 40
REFUND_SEQUENCE = 50
UPDATE_SEQUENCE = 60


def plan(facts: RmaFacts) -> Plan:
    """The postings `facts` call for, in sending order, with every finding and the checks passed.

    A return asked for, refused, cancelled or in a status nobody mapped calls for nothing. What was
    sent already is planned again as it stands, so that the caller can compare; a planned posting
    may be held back by a finding whose `blocks` names its kind. Findings are in order of type and
    subject, one per pair.
    """
    resolved = resolve(facts)
    due_credit = _credit(resolved)
    residue = refund_findings.residue(resolved, due_credit)
    if due_credit is not None:
        due_credit = credit_additions.with_variance(resolved, due_credit, residue)
        due_credit = authorising.with_unpaid(resolved, due_credit)
    stock_plan = stock.plan(resolved) if resolved.is_approved else stock.StockPlan((), ())
    found = list(validation.findings(resolved))
    if resolved.is_approved:
        found.extend(credit_findings.findings(resolved, due_credit))
        found.extend(refund_records.findings(resolved))
        found.extend(receiving_findings.findings(resolved))
    extra = credit_additions.missing(resolved, due_credit) if due_credit else None
    found.extend(watching.findings(resolved))
    found = relevance.still_relevant(resolved, found, owes_credit=extra is not None)
    found.extend(_conflicts(resolved, stock_plan))
    wanted = _postings(resolved, stock_plan, due_credit)
    found.extend(support.findings(resolved, wanted))
    postings = _as_set(facts, support.supported(facts, wanted))
    found.extend(timeliness.findings(resolved, tuple(found), postings))
    found.extend(clocks.over(resolved, tuple(found), postings))
    found = accepting.told(found, facts.decisions.accepted)
    return Plan(
        postings=postings,
        findings=_ordered(found),
        checks=checks.passed(resolved, tuple(found)),
        residue=residue if any(row.slot == CREDIT_SLOT for row in postings) else money.ZERO,
        next_look=waits.first_after(resolved, leaving.look_at(facts, postings, found)),
    )


def _as_set(facts: RmaFacts, postings: tuple[PlannedPosting, ...]) -> tuple[PlannedPosting, ...]:
    """The documents as people set them, where they did."""
    edits = facts.decisions.edits
    if not edits:
        return postings
    return tuple(
        replace(row, draft=document_edits.applied(row.draft, row.slot, edits, plan_hash))
        for row in postings
    )


def _conflicts(resolved: Resolved, stock_plan: stock.StockPlan) -> list[Finding]:
    # With an item, bucket or place in doubt, nobody knows what is due: that is no conflict yet.
    policy = resolved.facts.policy
    is_in_doubt = any(
        line.is_for_stock
        and not (line.item and line.bucket and (line.target or receiving.is_by_erp(policy)))
        for line in resolved.lines
    )
    return [] if is_in_doubt else list(stock_plan.conflicts)


def _ordered(found: list[Finding]) -> tuple[Finding, ...]:
    unique: dict[tuple[str, str], Finding] = {}
    for finding in found:
        unique.setdefault((finding.type, finding.subject), finding)
    return tuple(unique[key] for key in sorted(unique))


def _postings(
    resolved: Resolved, stock_plan: stock.StockPlan, due_credit: DocumentDraft | None
) -> tuple[PlannedPosting, ...]:
    if not resolved.is_approved:
        return ()
    planned = []
    if not resolved.is_waiting_for_items:
        planned.extend(_authorisation(resolved))
        planned.extend(_stock(resolved, stock_plan))
        if due_credit is not None and due_credit.gross > 0 and _is_credit_wanted(resolved):
            planned.append(_planned(resolved, CREDIT_SLOT, CREDIT_SEQUENCE, due_credit))
            planned.extend(_missing(resolved, due_credit))
            planned.extend(_refund_records(resolved))
    planned.extend(_platform_update(resolved))
    return tuple(planned)


def _missing(resolved: Resolved, due_credit: DocumentDraft) -> list[PlannedPosting]:
    """A further credit for what the ones that left hold too little, dated when it is planned."""
    extra = credit_additions.missing(resolved, due_credit)
    if extra is None:
        return []
    slot = f"{CREDIT_SLOT}:{len(sent_postings(resolved.facts, CREDIT_SLOT)) + 1}"
    dated = replace(extra, date=_date(resolved, slot, None))
    return [_planned(resolved, slot, CREDIT_SEQUENCE, dated)]


def _refund_records(resolved: Resolved) -> list[PlannedPosting]:
    return [
        _planned(
            resolved,
            row.slot,
            REFUND_SEQUENCE,
            replace(row.draft, date=_date(resolved, row.slot, None)),
        )
        for row in refund_records.wanted(resolved)
    ]


def _is_credit_wanted(resolved: Resolved) -> bool:
    # A credit that left stays in the plan: a refund that failed afterwards does not unsend it.
    return is_credit_due(resolved) or bool(sent_postings(resolved.facts, CREDIT_SLOT))


def _planned(resolved: Resolved, slot: str, sequence: int, draft: DocumentDraft) -> PlannedPosting:
    kind = re.split("[:#]", slot, maxsplit=1)[0]
    schedule = resolved.facts.policy.schedule.get(kind, "immediate")
    hold = {"run": HoldReason.RUN.value, "immediate": HoldReason.NONE.value}
    return PlannedPosting(
        slot=slot,
        kind=kind,
        sequence=sequence,
        draft=draft,
        hold=hold.get(schedule, HoldReason.WINDOW.value),
    )


def _authorisation(resolved: Resolved) -> list[PlannedPosting]:
    if not resolved.facts.policy.authorise_first:
        return []
    draft = authorising.draft(resolved)
    if not draft.lines:
        return []
    draft = replace(draft, date=_date(resolved, AUTHORISATION_SLOT, None))
    return [_planned(resolved, AUTHORISATION_SLOT, AUTHORISATION_SEQUENCE, draft)]


def _stock(resolved: Resolved, stock_plan: stock.StockPlan) -> list[PlannedPosting]:
    number = confirmed_number(resolved.facts, PostingKind.RETURN_AUTHORISATION)
    planned = []
    for document in stock_plan.documents:
        day = _date(resolved, document.slot, None)
        draft = replace(document.draft, date=day, authorisation_number=number)
        planned.append(_planned(resolved, document.slot, document.sequence, draft))
    return planned


def _credit(resolved: Resolved) -> DocumentDraft | None:
    if not resolved.is_approved:
        return None
    facts = resolved.facts
    return credit.draft(
        resolved,
        posting_date=_date(resolved, CREDIT_SLOT, facts.decisions.posting_date),
        authorisation_number=confirmed_number(facts, PostingKind.RETURN_AUTHORISATION),
    )


def _date(resolved: Resolved, slot: str, decided: date | None) -> date:
    """The day decided, else the live posting's, else today's: a plan does not change overnight."""
    return decided if decided is not None else dating.day(resolved.facts, slot)


def _platform_update(resolved: Resolved) -> list[PlannedPosting]:
    """A note with the ERP's numbers; a later one names only what the earlier notes could not.

    Its draft has no lines and bears the kind of the last document it tells of, since a note is no
    document of its own.
    """
    facts = resolved.facts
    if not facts.policy.note_to_platform:
        return []
    sent = sent_postings(facts, UPDATE_SLOT)
    planned = [
        _planned(resolved, row.slot, UPDATE_SEQUENCE, row.draft) for row in sent if row.draft
    ]
    told = " ".join(row.draft.note for row in sent if row.draft)
    labels = []
    kind = DocumentKind.STOCK_RECEIPT
    for row in sent_postings(facts):
        is_told_of = row.kind in {PostingKind.STOCK_RECEIPT, PostingKind.CREDIT_MEMO}
        if not is_told_of or row.status != PostingStatus.CONFIRMED or not row.number:
            continue
        label = _label(facts, row.kind, row.number, row.gross)
        if label not in told:
            labels.append(label)
            kind = DocumentKind(row.kind)
    if labels:
        slot = f"{UPDATE_SLOT}#{len(sent) + 1}" if sent else UPDATE_SLOT
        draft = _note_draft(resolved, slot, kind, "Booked in the ERP: " + ", ".join(labels))
        planned.append(_planned(resolved, slot, UPDATE_SEQUENCE, draft))
    return planned


def _label(facts: RmaFacts, kind: str, number: str, gross: Decimal) -> str:
    if kind == PostingKind.CREDIT_MEMO:
        return f"credit memo {number} over {money.text(gross, facts.currency)} {facts.currency}"
    return f"stock receipt {number}"


def _note_draft(resolved: Resolved, slot: str, kind: DocumentKind, text: str) -> DocumentDraft:
    facts = resolved.facts
    return DocumentDraft(
        kind=kind,
        key="",
        date=_date(resolved, slot, None),
        division="",
        warehouse="",
        customer_code="",
        currency=facts.currency,
        rma_number=facts.external_id,
        order_number=facts.order.number if facts.order else "",
        order_erp_id="",
        invoice_number="",
        authorisation_number="",
        note=text,
        lines=(),
    )


def plan_hash(draft: DocumentDraft) -> str:
    """Fingerprint of what a document says, as 64 hex digits.

    Key, control number, authorisation number and note are left out: they do not make another
    document. Nor does the date, but a credit's: a person may choose it, and the plan keeps a live
    credit's own day, so that no night changes it. A note to the platform is nothing but its note,
    so there it counts. 1.0 equals 1.00.
    """
    content: dict[str, object] = {
        "kind": draft.kind.value,
        "division": draft.division,
        "warehouse": draft.warehouse,
        "customer": draft.customer_code,
        "currency": draft.currency,
        "rma": draft.rma_number,
        "order": [draft.order_number, draft.order_erp_id, draft.invoice_number],
        "lines": [_canonical(row) for row in draft.lines],
    }
    if not draft.lines:
        content["note"] = draft.note
    elif draft.kind == DocumentKind.CREDIT_MEMO:
        content["date"] = draft.date.isoformat()
    if draft.tender:
        content["paid"] = [draft.tender, draft.reference]
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(row: DraftLine) -> list[object]:
    # Several taxes only where there are: a document of one tax keeps the print it always had.
    taxes = [[[part.code, _plain(part.amount)] for part in row.taxes]] if row.taxes else []
    return [
        row.line_no,
        row.component,
        row.sku,
        row.item_erp_id,
        row.quantity,
        row.order_line_id,
        row.description,
        row.reason_code,
        row.bucket,
        *(_plain(amount) for amount in (row.unit_price, row.net, row.tax)),
        row.tax_code,
        row.charge_code,
        dict(sorted(row.key_parts.items())),
        *taxes,
    ]


def _plain(amount: Decimal) -> str:
    # Normalised so that 1.0 and 1.00 are the same text; zero has one form without a sign.
    return f"{amount.normalize():f}" if amount else "0"
