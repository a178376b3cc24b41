"""`manage.py check_profile`: what it prints, and its exit code."""

import io

import pytest
from django.core.management import CommandError, call_command

from connectors.profiled import load, source_load
from connectors.sandbox.prima import PrimaTwin
from connectors.sandbox.wsgi_transport import WsgiTransport
from exceptions_app.services import connections
from tests.connectors.contract import stage_prima

ADDRESS = "http://127.0.0.1:8999/prima/wsa/wsa1"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(stage_prima.with_login(), encoding="utf-8")
    return path


@pytest.fixture
def twin():
    twin = PrimaTwin()
    twin.load(stage_prima.records())
    with connections.through(WsgiTransport({"/prima": twin})):
        yield twin


def run(*args):
    told = io.StringIO()
    try:
        call_command("check_profile", *map(str, args), stdout=told)
    except SystemExit as ended:
        return ended.code, told.getvalue()
    return 0, told.getvalue()


def test_a_good_profile_is_shown_with_its_requests_and_its_placeholders(file):
    code, told = run(file)

    assert code == 0
    assert f"{load.loads(file.read_text()).label}: no problem found." in told
    assert '<Data ProductFrom="" ProductTo="" />' in told
    assert "create_credit_memo (placeholder): Invented for the sandbox" in told
    assert "The profile says nothing of: create_refund_record." in told


def test_every_problem_has_its_line(file):
    file.write_text(file.read_text().replace('rows = "data.order"', 'row = "data.order"'))

    code, told = run(file)

    line = file.read_text().splitlines().index('row = "data.order"') + 1
    assert code == 1
    assert f"{file}:{line}: operations.find_order.row: this key is not known here" in told


def test_a_profile_is_tried_with_its_secrets_and_carries_a_return(file, twin, monkeypatch):
    twin.set_switches({"needs_login": True})
    for name, value in twin.credentials().items():
        monkeypatch.setenv(f"PROFILE_SECRET_{name.upper()}", value)
    asked = ["--secret", "user", "--secret", "password", "--address", ADDRESS, "--quiet"]

    code, told = run(file, *asked, "--order", "#1001", "--sku", "00042-RED-M", "--write")

    assert code == 0
    assert "ok     create_credit_memo: posted as" in told
    assert [made["type"] for made in twin.documents()] == ["SimReturn", "SimGoodsIn", "SimCredit"]
    assert twin.credentials()["password"] not in told


def test_a_trial_that_fails_says_so_and_writes_nothing(file, twin):
    file.write_text(stage_prima.profile_text())
    asked = ["--address", ADDRESS, "--quiet", "--write"]

    code, told = run(file, *asked, "--order", "#404", "--sku", "GHOST")

    assert code == 1
    assert "FAILED find_order: There is no order #404." in told
    assert twin.documents() == []


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--address", "http://10.0.0.1/x"], "not allowed"),
        (["--address", ADDRESS, "--set", "novalue"], "NAME=VALUE"),
        (["--address", ADDRESS], "has no secret 'user'.\nThe profile also needs: --secret user"),
        (
            ["--address", ADDRESS, "--set", "uesr=x"],
            "asks for no setting 'uesr'",
        ),
    ],
)
def test_a_trial_that_cannot_be_made_is_refused(file, args, words):
    with pytest.raises(CommandError, match=words) as refused:
        run(file, "--quiet", *args)

    assert refused.value.returncode == 2


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        run(tmp_path / "none.toml")


def test_a_returns_platforms_profile_is_checked_and_only_that(tmp_path):
    path = tmp_path / "reveni.toml"
    path.write_text(source_load.shipped_text("reveni-rest"), encoding="utf-8")

    code, told = run(path, "--source")

    assert (code, told.splitlines()[0]) == (
        0,
        f"{source_load.load('reveni-rest').label}: no problem found.",
    )
    with pytest.raises(CommandError, match="on its connection's page"):
        run(path, "--source", "--address", ADDRESS)
