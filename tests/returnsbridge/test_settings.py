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

    assert options["options"] == f"-c statement_timeout={limit}"
    assert ("pool" in options) is pooled


@pytest.mark.parametrize(("workers", "lease"), [("1", 211), ("2", 211), ("8", 211)])
def test_the_lease_of_a_task_outlasts_every_wait_in_the_local_queue(tmp_path, workers, lease):
    cluster = settings_of(tmp_path, "Q_CLUSTER", RETURNSBRIDGE_WORKERS=workers)["Q_CLUSTER"]

    assert (cluster["retry"], cluster["queue_limit"]) == (lease, int(workers))
    assert sorted(cluster["ALT_CLUSTERS"]) == ["post", "report"]


def test_the_deployment_check_is_clean_with_production_settings(tmp_path):
    code = (
        "import sys; sys.argv = ['manage.py', 'check', '--deploy', '--fail-level', 'WARNING']; "
        "import manage; manage.main()"
    )

    result = run_python(code, tmp_path, **PRODUCTION)

    assert result.returncode == 0, result.stderr
    assert "no issues (0 silenced)" in result.stdout
