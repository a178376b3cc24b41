"""SFTP for real, on the loopback: who the host is, who we are, and answers that never come."""

from __future__ import annotations

import base64
import io
import os

import paramiko
import pytest

from connectors import errors, types
from connectors.exchange import places, sftp, ssh_keys, stores
from connectors.sandbox import sftp_server
from connectors.sandbox.sftp_server import SftpFault


def test_an_unpinned_host_gets_no_login_and_its_key_is_shown(make_sftp, partner):
    with pytest.raises(errors.Misconfigured) as refused:
        make_sftp(host_keys=()).listing(stores.IN)

    assert ssh_keys.fingerprint(partner.host_key) in refused.value.text
    assert refused.value.is_credentials is False
    assert partner.logins == []


def test_a_host_with_another_key_gets_no_login(make_sftp, partner):
    pinned = ssh_keys.fingerprint(sftp_server.new_host_key())

    with pytest.raises(errors.Misconfigured) as refused:
        make_sftp(host_keys=(pinned,)).put(stores.OUT, "a.csv", b"1")

    assert ssh_keys.fingerprint(partner.host_key) in refused.value.text
    assert "Compare it" in refused.value.text
    assert partner.logins == []
    assert os.listdir(partner.root / "out") == ["sent"]


def test_a_key_line_pins_as_its_fingerprint_does(make_sftp, partner):
    key = partner.host_key
    line = f"[127.0.0.1]:2222 {key.get_name()} {base64.b64encode(key.asbytes()).decode()}"

    assert make_sftp(host_keys=ssh_keys.host_keys(f"# theirs\n\n{line}\n")).listing(stores.IN) == ()


@pytest.mark.parametrize("text", ["MD5:00:11", "ssh-rsa", "AAAA not base64!"])
def test_a_line_that_pins_nothing_is_refused(text):
    with pytest.raises(errors.Misconfigured, match="SHA256"):
        ssh_keys.host_keys(text)


def test_a_wrong_password_is_told_as_credentials_without_quoting_it(make_sftp, pacer):
    login = ssh_keys.Login(sftp_server.USER, "wrong-secret")

    with pytest.raises(errors.Misconfigured) as refused:
        make_sftp(login=login).listing(stores.IN)

    assert refused.value.is_credentials is True
    assert "wrong-secret" not in refused.value.text + repr(login)
    assert pacer.answered == [("list_files", None)]


def test_a_private_key_opens_the_door(make_sftp, partner):
    key = paramiko.ECDSAKey.generate()
    text = io.StringIO()
    key.write_private_key(text)
    partner.authorised_key = key

    store = make_sftp(login=ssh_keys.Login(sftp_server.USER, private_key=text.getvalue()))

    assert store.listing(stores.IN) == ()


def test_a_private_key_that_cannot_be_read_is_not_quoted(make_sftp):
    login = ssh_keys.Login(sftp_server.USER, private_key="-----BEGIN SECRET-----\nabc")

    with pytest.raises(errors.Misconfigured) as refused:
        make_sftp(login=login).listing(stores.IN)

    assert refused.value.is_credentials is True
    assert "abc" not in refused.value.text.lower().replace("passphrase", "")


def test_a_live_connection_never_reaches_the_loopback(make_sftp, partner):
    with pytest.raises(errors.Misconfigured, match="not allowed"):
        make_sftp(mode=types.Mode.LIVE).listing(stores.IN)

    assert partner.logins == []


def test_an_answer_lost_after_the_rename_is_in_doubt_and_harmless_again(make_sftp, partner):
    store = make_sftp()
    partner.faults.append(SftpFault.DROP_AFTER_RENAME)

    with pytest.raises(errors.OutcomeUnknown):
        store.put(stores.OUT, "a.csv", b"one")
    store.put(stores.OUT, "a.csv", b"one")

    assert (partner.root / "out" / "a.csv").read_bytes() == b"one"
    assert partner.calls["rename"] == 1


def test_an_answer_lost_before_the_rename_is_in_doubt_too(make_sftp, partner):
    store = make_sftp()
    partner.faults.append(SftpFault.DROP_BEFORE_RENAME)

    with pytest.raises(errors.OutcomeUnknown):
        store.put(stores.OUT, "a.csv", b"one")

    assert not store.exists(stores.OUT, "a.csv")
    store.put(stores.OUT, "a.csv", b"one")
    assert store.read(stores.OUT, "a.csv", 10) == b"one"


@pytest.mark.parametrize("fault", [SftpFault.DROP_WHILE_WRITING, SftpFault.KEEP_HALF])
def test_what_is_lost_before_the_rename_may_be_tried_again(make_sftp, partner, fault):
    store = make_sftp()
    partner.faults.append(fault)

    with pytest.raises(errors.RetryLater):
        store.put(stores.OUT, "a.csv", b"one two three")

    assert not (partner.root / "out" / "a.csv").exists()
    assert partner.calls["rename"] == 0
    store.put(stores.OUT, "a.csv", b"one two three")
    assert store.read(stores.OUT, "a.csv", 100) == b"one two three"


def test_a_server_that_never_answers_is_given_up(make_sftp, partner):
    partner.faults.append(SftpFault.HANG)

    with pytest.raises(errors.RetryLater):
        make_sftp(limits=sftp.Limits(answer=0.3, total=5)).listing(stores.IN)


def test_a_call_that_takes_too_long_in_all_is_cut(make_sftp, partner):
    partner.faults.append(SftpFault.HANG)

    with pytest.raises(errors.RetryLater):
        make_sftp(limits=sftp.Limits(answer=60, total=0.3)).listing(stores.IN)


def test_a_host_that_takes_no_connection_may_be_tried_again(make_sftp, partner, unused_port):
    place = places.SftpPlace(sftp_server.HOST, unused_port, "")

    with pytest.raises(errors.RetryLater):
        make_sftp(place=place).put(stores.OUT, "a.csv", b"1")


def test_one_connection_serves_until_it_is_closed_and_every_call_is_paced(
    make_sftp, partner, pacer
):
    store = make_sftp()
    store.put(stores.OUT, "a.csv", b"1")
    store.listing(stores.OUT)
    store.close()
    store.move(stores.OUT, "a.csv", stores.SENT)

    assert len(partner.logins) == 2
    assert pacer.asked == [("put_file", True), ("list_files", False), ("move_file", True)]
    assert pacer.answered == [("put_file", 200), ("list_files", 200), ("move_file", 200)]
