import pytest
from django.db import DatabaseError, connection

from returnsbridge import health


@pytest.mark.django_db
def test_it_says_ok_when_the_database_answers_and_no_migration_waits(client):
    response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok")
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_it_refuses_traffic_while_a_migration_waits(client):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")

    response = client.get("/healthz")

    assert (response.status_code, response.content) == (503, b"migrations are waiting")


def test_it_refuses_traffic_while_the_database_is_away(rf, monkeypatch):
    def unreachable(_connection):
        raise DatabaseError("could not connect to db.internal")

    monkeypatch.setattr(health, "MigrationExecutor", unreachable)

    response = health.healthz(rf.get("/healthz"))

    assert (response.status_code, response.content) == (503, b"database does not answer")
