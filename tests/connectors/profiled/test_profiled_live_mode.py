"""Live mode: what nobody confirmed never leaves."""

import pytest

from connectors import errors, types
from connectors.types import DocumentKind, Mode
from tests.connectors.profiled.profiled_cast import PROFILED_KINDS

LIVE = {"mode": Mode.LIVE}


@pytest.mark.parametrize("kind", PROFILED_KINDS)
def test_an_unconfirmed_write_is_refused_before_any_call(canned, make_draft, pacer, kind):
    gateway, transport = canned(**LIVE)

    with pytest.raises(errors.Misconfigured) as refused:
        gateway.create(make_draft(kind))

    assert f"'create_{kind.value}' is placeholder" in refused.value.text
    assert "a named user records which page" in refused.value.text
    assert refused.value.is_credentials is False
    assert (transport.requests, pacer.operations) == ([], [])
    assert gateway.capabilities.creates[kind] is types.OperationSupport.MANUAL


def test_an_inferred_write_is_refused_like_a_placeholder(canned, make_draft, profile_text, pacer):
    text = profile_text.replace('evidence = "placeholder"', 'evidence = "inferred"')
    gateway, transport = canned(profile_text=text, **LIVE)

    with pytest.raises(errors.Misconfigured) as refused:
        gateway.create(make_draft())

    assert "'create_credit_memo' is inferred" in refused.value.text
    assert (transport.requests, pacer.operations) == ([], [])


@pytest.mark.parametrize("mark", ["documented", "customer_confirmed"])
def test_a_write_with_evidence_in_the_profile_goes_out(canned, make_draft, profile_text, mark):
    text = profile_text.replace('evidence = "placeholder"', f'evidence = "{mark}"')
    gateway, transport = canned((200, '{"pkey": 7}'), profile_text=text, **LIVE)

    assert gateway.create(make_draft()).external_id == "7"
    assert len(transport.requests) == 1


def test_a_write_a_user_confirmed_goes_out_and_the_others_stay(canned, make_draft):
    gateway, transport = canned((200, '{"pkey": 7}'), confirmed={"create_credit_memo"}, **LIVE)

    gateway.create(make_draft())

    assert [request.method for request in transport.requests] == ["POST"]
    assert gateway.capabilities.creates == {
        DocumentKind.RETURN_AUTHORISATION: "manual",
        DocumentKind.STOCK_RECEIPT: "manual",
        DocumentKind.STOCK_MOVE: "manual",
        DocumentKind.WRITE_OFF: "manual",
        DocumentKind.CREDIT_MEMO: "supported",
        DocumentKind.REFUND_RECORD: "unsupported",
    }


def test_without_a_manual_fallback_support_stays_and_the_call_is_refused(
    canned, make_draft, profile_text
):
    text = profile_text.replace('manual_title = "Enter the credit memo in BlueCherry"\n', "")
    gateway, transport = canned(profile_text=text, **LIVE)

    with pytest.raises(errors.Misconfigured):
        gateway.create(make_draft())

    assert gateway.capabilities.creates[DocumentKind.CREDIT_MEMO] == "supported"
    assert transport.requests == []


def test_an_invented_look_up_proves_nothing_live(canned, pacer):
    gateway, transport = canned(**LIVE)

    with pytest.raises(errors.Misconfigured) as refused:
        gateway.find_documents(DocumentKind.CREDIT_MEMO, ["CM-1"])

    assert "'find_document' is placeholder" in refused.value.text
    assert gateway.capabilities.can_find_by_key is False
    assert (transport.requests, pacer.operations) == ([], [])


def test_documented_reads_go_out_live(canned):
    gateway, transport = canned((200, '{"data": []}'), **LIVE)

    assert gateway.list_locations() == ()
    assert len(transport.requests) == 1


def test_the_sandbox_takes_every_write(canned):
    gateway, _ = canned()

    assert dict.fromkeys(PROFILED_KINDS, "supported") == {
        kind: gateway.capabilities.creates[kind] for kind in PROFILED_KINDS
    }
    assert gateway.capabilities.creates[DocumentKind.REFUND_RECORD] == "unsupported"
    assert gateway.capabilities.can_find_by_key is True


def test_an_operation_that_is_done_by_hand_is_never_called(canned, make_draft, profile_text):
    text = profile_text.replace(
        "[operations.create_credit_memo]\n", '[operations.create_credit_memo]\nsupport = "manual"\n'
    )
    gateway, transport = canned(profile_text=text)

    with pytest.raises(errors.Misconfigured) as refused:
        gateway.create(make_draft())

    assert refused.value.text.startswith("'create_credit_memo' is manual in bluecherry-rest 0.2.0")
    assert transport.requests == []
