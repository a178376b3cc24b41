"""What crosses the API, per resource: shapes only, no rule.

Money is text beside its currency, times are ISO in UTC, choices are their codes.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from exceptions_app.api.doors import PageQuery
from exceptions_app.choices import PostingKind, PostingStatus, RefundOrigin, SavedPage, WakeOn
from exceptions_app.forms.kinds import FORMS
from exceptions_app.models import Case, SavedView
from exceptions_app.rules import money
from exceptions_app.selectors import awaited
from exceptions_app.selectors import cases as cases_selector


class MoneyBody(serializers.Serializer):
    amount = serializers.CharField(help_text='A decimal as text, such as "20.00".')
    currency = serializers.CharField()


@extend_schema_field(MoneyBody(allow_null=True))
class MoneyField(serializers.Field):
    """An amount of a row in the row's own currency; null where none is known."""

    def __init__(self, amount: str, **kwargs: Any) -> None:
        self.amount = amount
        super().__init__(source="*", read_only=True, **kwargs)

    def to_representation(self, value: Any) -> dict[str, str] | None:
        amount = getattr(value, self.amount)
        if amount is None:
            return None
        return {
            "amount": money.exact_text(amount, value.currency),
            "currency": value.currency,
        }


class Sum(MoneyBody):
    """One of several sums, each in a currency of its own."""

    def to_representation(self, value: Any) -> dict[str, str]:
        return {
            "amount": money.exact_text(value.amount, value.currency),
            "currency": value.currency,
        }


class PersonField(serializers.CharField):
    """A person's user name; null when there is nobody."""

    def to_representation(self, value: Any) -> str:
        return str(value.get_username())


# --- Cases and causes ------------------------------------------------------------------------


class CaseRow(serializers.Serializer):
    id = serializers.IntegerField()
    type = serializers.CharField()
    title = serializers.CharField()
    team = serializers.CharField()
    severity = serializers.CharField()
    status = serializers.CharField()
    bridge = serializers.CharField(source="bridge.code", default=None, allow_null=True)
    return_id = serializers.IntegerField(source="rma_id", allow_null=True)
    cause_group_id = serializers.IntegerField(source="group_id")
    behind_id = serializers.IntegerField(
        allow_null=True, help_text="The exception of the same return to be solved first, if any."
    )
    assignee = PersonField(allow_null=True)
    value = MoneyField("value")
    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()


class CaseDetail(CaseRow):
    posting_id = serializers.IntegerField(allow_null=True)
    facts = serializers.DictField()
    value_formula = serializers.CharField()
    waiting_for = serializers.CharField()
    resolved_at = serializers.DateTimeField(allow_null=True)
    proof = serializers.CharField()
    closure = serializers.CharField()
    close_reason = serializers.CharField()
    reopened_count = serializers.IntegerField()
    snoozed_until = serializers.DateTimeField(allow_null=True)
    snooze_note = serializers.CharField()
    wakes_on = serializers.CharField(help_text="What brings it back earlier; empty for nothing.")
    wakes_when = serializers.SerializerMethodField(
        help_text="The same in words with its figures, read after “when”."
    )
    same_document = serializers.SerializerMethodField(
        help_text="Ids of the other open exceptions about its document: the strictest approval"
        " that one of them asks for counts for all."
    )

    def get_same_document(self, found: Case) -> list[int]:
        return [each.pk for each in cases_selector.of_same_document(found)]

    def get_wakes_when(self, found: Case) -> str:
        return awaited.words(found)


class AssignBody(serializers.Serializer):
    assignee = serializers.CharField(max_length=150, help_text='A user name of the team, or "me".')


class SnoozeBody(serializers.Serializer):
    until = serializers.DateTimeField(help_text="When it comes back at the latest.")
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)
    wakes_on = serializers.ChoiceField(
        WakeOn.choices, required=False, default="", allow_blank=True, help_text="Or earlier."
    )
    growth = serializers.DecimalField(
        max_digits=14,
        decimal_places=4,
        required=False,
        default=None,
        allow_null=True,
        help_text="By how much its value (in its currency) or its cause's open count has to grow.",
    )


class CauseRow(serializers.Serializer):
    id = serializers.IntegerField(source="pk")
    title = serializers.CharField()
    type = serializers.CharField()
    bridge = serializers.CharField(help_text="The bridge's name; empty when there is none.")
    team = serializers.CharField()
    severity = serializers.CharField()
    count = serializers.IntegerField()
    assigned = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="Customers whose refund is not confirmed.")
    values = Sum(many=True)
    oldest = serializers.DateTimeField()
    due_at = serializers.DateTimeField()


class ViewQuery(serializers.Serializer):
    page = serializers.ChoiceField(SavedPage.choices, required=False, default=SavedPage.CASES)


class ViewRow(serializers.Serializer):
    id = serializers.IntegerField()
    page = serializers.CharField()
    name = serializers.CharField()
    query = serializers.CharField(help_text="As the address bar shows it; empty for all.")
    team = serializers.CharField(help_text="Whose it is; empty for a role's and your own.")
    role = serializers.CharField()
    is_default = serializers.BooleanField(help_text="It opens first for all of its team or role.")
    opens_first = serializers.SerializerMethodField(help_text="The page opens with it for you.")

    def get_opens_first(self, found: SavedView) -> bool:
        return bool(found.pk == self.context["opens"])


class ViewList(serializers.Serializer):
    results = ViewRow(many=True)


# --- Postings --------------------------------------------------------------------------------


class PostingQuery(PageQuery):
    status = serializers.ChoiceField(PostingStatus.choices, required=False, default="")
    kind = serializers.ChoiceField(PostingKind.choices, required=False, default="")
    bridge = serializers.CharField(required=False, default="", max_length=60)


class PostingRow(serializers.Serializer):
    id = serializers.IntegerField()
    key = serializers.CharField()
    kind = serializers.CharField()
    status = serializers.CharField()
    connection = serializers.CharField(source="connection.code")
    return_id = serializers.IntegerField(source="rma_id")
    units = serializers.IntegerField()
    gross = MoneyField("gross")
    hold_reason = serializers.CharField()
    hold_until = serializers.DateTimeField(allow_null=True)
    blocked_by = serializers.CharField()
    attempts = serializers.IntegerField()
    external_id = serializers.CharField()
    number = serializers.CharField()
    keyed = serializers.CharField(
        help_text=(
            'Whose word the number is: "word" (keyed by hand, not verified), "verified" (read back'
            ' since), "linked" (by hand); empty where we sent the document.'
        )
    )
    url = serializers.CharField()
    created_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    posted_at = serializers.DateTimeField(allow_null=True)
    confirmed_at = serializers.DateTimeField(allow_null=True)


class AttemptRow(serializers.Serializer):
    purpose = serializers.CharField()
    outcome = serializers.CharField()
    text = serializers.CharField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    status_code = serializers.IntegerField(allow_null=True)
    request = serializers.CharField()
    response = serializers.CharField()


class PostingDetail(PostingRow):
    attempt_rows = AttemptRow(many=True, help_text="Newest first.")
    rounding = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        help_text="How a credit was rounded: mode, scope, cash_step. Empty on other documents.",
    )


# --- Returns ---------------------------------------------------------------------------------


class ReturnQuery(PageQuery):
    q = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)


class ReturnRow(serializers.Serializer):
    id = serializers.IntegerField(source="rma.pk")
    number = serializers.CharField(source="rma.external_id")
    order = serializers.CharField(source="rma.order_name")
    bridge = serializers.CharField(source="rma.bridge.code")
    approval = serializers.CharField(source="rma.approval")
    logistics = serializers.CharField(source="rma.logistics")
    inspection = serializers.CharField(source="rma.inspection")
    money = serializers.CharField(source="rma.money")
    exchange = serializers.CharField(source="rma.exchange")
    customer = serializers.CharField(help_text="Masked unless you may read personal data.")
    requested_at = serializers.DateTimeField(source="rma.requested_at")


class LineRow(serializers.Serializer):
    sku = serializers.CharField()
    item = serializers.CharField(help_text="The ERP's SKU; empty while unknown.")
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    reason = serializers.CharField()
    resolution = serializers.CharField()
    disposition = serializers.CharField()
    bucket = serializers.CharField()
    place = serializers.CharField()
    amount = serializers.CharField(allow_null=True, help_text="In the return's currency.")
    is_charge = serializers.BooleanField()


class TenderRow(serializers.Serializer):
    kind = serializers.CharField()
    amount = serializers.CharField()


class RefundPartRow(serializers.Serializer):
    component = serializers.CharField()
    line_id = serializers.CharField(help_text="The order line; empty where none is named.")
    amount = serializers.CharField(help_text="Tax included.")
    tax = serializers.CharField()


class RefundRow(serializers.Serializer):
    external_id = serializers.CharField()
    status = serializers.CharField()
    amount = MoneyField("amount")
    confirmed_at = serializers.DateTimeField(allow_null=True)
    origin = serializers.ChoiceField(RefundOrigin.choices)
    tenders = TenderRow(many=True, help_text="Empty where nobody told them.")
    parts = RefundPartRow(many=True, help_text="Empty where nobody told them.")


class StageRow(serializers.Serializer):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # Hides an attribute of fields.
    state = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # As above.
    at = serializers.DateTimeField(allow_null=True)
    proof = serializers.CharField()


class ReturnMoney(serializers.Serializer):
    """Tax included; sums per currency, empty where there is none."""

    claimed = MoneyField("claimed")
    refunded = Sum(many=True)
    pending = Sum(many=True)
    credited = Sum(many=True)
    planned = Sum(many=True)
    difference = Sum(
        allow_null=True, help_text="Refund less credit; null unless both are in one currency."
    )
    expected = Sum(allow_null=True, help_text="The same, credits that are not booked included.")


class ReturnDetail(serializers.Serializer):
    id = serializers.IntegerField(source="rma.pk")
    number = serializers.CharField(source="rma.external_id")
    order = serializers.CharField(source="rma.order_name")
    bridge = serializers.CharField(source="rma.bridge.code")
    customer = serializers.SerializerMethodField()
    currency = serializers.CharField(source="rma.currency")
    requested_at = serializers.DateTimeField(source="rma.requested_at")
    sentence = serializers.CharField()
    stages = StageRow(many=True)
    lines = LineRow(many=True)
    refunds = RefundRow(many=True, source="facts.refunds")
    postings = PostingRow(many=True)
    totals = ReturnMoney(source="money")
    case_ids = serializers.SerializerMethodField()

    def get_customer(self, found: Any) -> str:
        return str(self.context["customer"])

    def get_case_ids(self, found: Any) -> list[int]:
        return [case.pk for case in found.cases]


# --- Fixes -----------------------------------------------------------------------------------


class FixRow(serializers.Serializer):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    status = serializers.CharField()
    bridge = serializers.CharField(source="bridge.code")
    case_id = serializers.IntegerField(allow_null=True)
    return_id = serializers.IntegerField(source="rma_id", allow_null=True)
    change = serializers.CharField(
        source="__str__", help_text="What changes and to what, in one sentence."
    )
    source_value = serializers.CharField()
    level = serializers.CharField()
    requested_by = PersonField()
    requested_at = serializers.DateTimeField()
    decided_by = PersonField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    hold_until = serializers.DateTimeField(allow_null=True)


class FixDetail(FixRow):
    payload = serializers.DictField()
    payload_hash = serializers.CharField(help_text="Send it back when you approve.")
    reason_code = serializers.CharField()
    note = serializers.CharField()
    decision_note = serializers.CharField()
    ended_at = serializers.DateTimeField(allow_null=True)


class FixBody(serializers.Serializer):
    case_id = serializers.IntegerField(min_value=1)
    kind = serializers.ChoiceField([str(kind) for kind in FORMS])
    payload = serializers.DictField(
        child=serializers.CharField(max_length=200), help_text="The new fact, by its kind."
    )
    reason_code = serializers.CharField(required=False, default="", allow_blank=True, max_length=60)
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=300)
    in_spite = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Ask for it although it would change nothing, break something, or is in doubt.",
    )


class CloseBody(serializers.Serializer):
    """One of the type's coded reasons, and in a note what was seen and where.

    Only a decision of one's own about an exception below severity high needs no note.
    """

    reason = serializers.CharField(max_length=60)
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=400)


class ApproveBody(serializers.Serializer):
    payload_hash = serializers.CharField(max_length=64)
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=400)
    in_spite = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Approve it although something speaks against it, as the refusal tells.",
    )


class RejectBody(serializers.Serializer):
    note = serializers.CharField(max_length=400)
