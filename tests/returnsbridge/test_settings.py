"""Settings read in a fresh process, as a deployment reads them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

REPOSITORY = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "RETURNSBRIDGE_DEBUG": "off",
    "DATABASE_URL": "postgresql://ann:pw@db.example:6543/returns?sslmode=require",
    "SECRET_KEY": "k7-" * 20 + "unpredictable",
    "RETURNSBRIDGE_CREDENTIAL_KEYS": Fernet.generate_key().decode(),
    "RETURNSBRIDGE_ALLOWED_HOSTS": "returns.example",
}


def run_python(code: str, tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {"PATH": os.environ["PATH"], "RETURNSBRIDGE_DATA_DIR": str(tmp_path)}
    return subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env=inherited | variables,
    )


def settings_of(tmp_path: Path, names: str, **variables: str) -> dict[str, object]:
    code = (
        "import json; from returnsbridge import settings as s; "
        f"print(json.dumps({{n: getattr(s, n) for n in {names.split()!r}}}))"
    )
    result = run_python(code, tmp_path, **variables)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_a_clone_needs_no_variable_and_starts_no_server(tmp_path):
    read = settings_of(tmp_path, "DEBUG DATABASES SESSION_COOKIE_SECURE")

    assert read["DEBUG"] is True
    assert read["DATABASES"]["default"]["ENGINE"] == "returnsbridge.embedded_backend"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["credential_key", "secret_key"]


def test_naming_a_database_turns_debug_off(tmp_path):
    variables = {name: text for name, text in PRODUCTION.items() if "DEBUG" not in name}

    assert settings_of(tmp_path, "DEBUG", **variables) == {"DEBUG": False}


@pytest.mark.parametrize(
    "name",
    ["DATABASE_URL", "SECRET_KEY", "RETURNSBRIDGE_CREDENTIAL_KEYS", "RETURNSBRIDGE_ALLOWED_HOSTS"],
)
def test_production_refuses_to_start_without(tmp_path, name):
    variables = {key: text for key, text in PRODUCTION.items() if key != name}

    result = run_python("import returnsbridge.settings", tmp_path, **variables)

    assert result.returncode == 1
    assert f"ImproperlyConfigured: {name} is not set." in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_database_url_is_read_with_all_its_options(tmp_path):
    database = settings_of(tmp_path, "DATABASES", **PRODUCTION)["DATABASES"]["default"]

    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert [database[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == [
        "returns",
        "ann",
        "pw",
        "db.example",
        "6543",
    ]
    assert database["OPTIONS"]["sslmode"] == "require"


@pytest.mark.parametrize(
    ("process", "limit", "pooled"),
    [("web", 5_000, True), ("worker", 60_000, False), ("command", 0, False)],
)
def test_each_kind_of_process_has_its_statement_limit(tmp_path, process, limit, pooled):
    options = settings_of(tmp_path, "DATABASES", **PRODUCTION, RETURNSBRIDGE_PROCESS=process)[
        "DATABASES"
    ]["default"]["OPTIONS"]

    assert options["options"] == f"-c statement_timeout={limit} -c jit=off"
    assert ("pool" in options) is pooled


@pytest.mark.parametrize(("workers", "lease"), [("1", 211), ("2", 211), ("8", 211)])
def test_the_lease_of_a_task_outlasts_every_wait_in_the_local_queue(tmp_path, workers, lease):
    cluster = settings_of(tmp_path, "Q_CLUSTER", RETURNSBRIDGE_WORKERS=workers)["Q_CLUSTER"]

    assert (cluster["retry"], cluster["queue_limit"]) == (lease, int(workers))
    assert sorted(cluster["ALT_CLUSTERS"]) == ["post", "report"]


COMPANY = {
    "RETURNSBRIDGE_OIDC_SERVER": "https://id.alder.example",
    "RETURNSBRIDGE_OIDC_CLIENT_ID": "desk",
    "RETURNSBRIDGE_OIDC_CLIENT_SECRET": "s",
}


@pytest.mark.parametrize(
    ("variables", "roles"),
    [
        pytest.param({}, [], id="clone"),
        pytest.param(PRODUCTION, ["finance", "admin"], id="production"),
        pytest.param(PRODUCTION | {"RETURNSBRIDGE_MFA_ROLES": "none"}, [], id="none"),
        pytest.param({"RETURNSBRIDGE_MFA_ROLES": "cx, auditor"}, ["cx", "auditor"], id="named"),
    ],
)
def test_roles_that_need_a_second_factor(tmp_path, variables, roles):
    assert settings_of(tmp_path, "MFA_ROLES", **variables) == {"MFA_ROLES": roles}


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        pytest.param(
            {"RETURNSBRIDGE_MFA_ROLES": "finanse"},
            "RETURNSBRIDGE_MFA_ROLES names finanse;",
            id="no such role",
        ),
        pytest.param(
            COMPANY | {"RETURNSBRIDGE_OIDC_CLIENT_SECRET": ""},
            "RETURNSBRIDGE_OIDC_CLIENT_SECRET together.",
            id="half a company account",
        ),
        pytest.param(
            COMPANY | {"RETURNSBRIDGE_OIDC_SERVER": "http://id.alder.example"},
            "must begin with https://.",
            id="not https",
        ),
    ],
)
def test_a_way_in_that_cannot_work_stops_the_start(tmp_path, variables, said):
    result = run_python("import returnsbridge.settings", tmp_path, **variables)

    assert result.returncode == 1
    assert said in result.stderr


def test_company_account_and_mail_are_read_from_the_environment(tmp_path):
    names = "SOCIALACCOUNT_PROVIDERS CAN_MAIL EMAIL_BACKEND EMAIL_HOST EMAIL_PORT EMAIL_USE_TLS"
    plain = settings_of(tmp_path, names)
    assert plain["SOCIALACCOUNT_PROVIDERS"]["openid_connect"]["APPS"] == []
    assert (plain["CAN_MAIL"], plain["EMAIL_BACKEND"].split(".")[-2]) == (False, "dummy")

    read = settings_of(tmp_path, names, **COMPANY, RETURNSBRIDGE_MAIL_HOST="mail.alder.example")

    (account,) = read["SOCIALACCOUNT_PROVIDERS"]["openid_connect"]["APPS"]
    assert account == {
        "provider_id": "company",
        "name": "your company account",
        "client_id": "desk",
        "secret": "s",
        "settings": {"server_url": "https://id.alder.example"},
    }
    assert (read["CAN_MAIL"], read["EMAIL_HOST"], read["EMAIL_PORT"]) == (
        True,
        "mail.alder.example",
        587,
    )
    assert read["EMAIL_BACKEND"].split(".")[-2] == "smtp"


def test_cookies_are_kept_to_https_and_this_site_in_production(tmp_path):
    names = (
        "SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE SESSION_COOKIE_SAMESITE SECURE_HSTS_SECONDS "
        "SECURE_HSTS_INCLUDE_SUBDOMAINS SECURE_SSL_REDIRECT MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN"
    )

    assert settings_of(tmp_path, names, **PRODUCTION) == {
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SECURE_HSTS_SECONDS": 31_536_000,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "SECURE_SSL_REDIRECT": True,
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": False,
    }


def test_the_deployment_check_is_clean_with_production_settings(tmp_path):
    code = (
        "import sys; sys.argv = ['manage.py', 'check', '--deploy', '--fail-level', 'WARNING']; "
        "import manage; manage.main()"
    )

    result = run_python(
        code, tmp_path, **PRODUCTION, **COMPANY, RETURNSBRIDGE_MAIL_HOST="mail.alder.example"
    )

    assert result.returncode == 0, result.stderr
    assert "no issues (0 silenced)" in result.stdout
