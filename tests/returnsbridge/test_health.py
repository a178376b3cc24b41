import pytest


@pytest.mark.django_db
def test_it_says_ok_when_the_database_answers_and_no_migration_waits(client):
    response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok")
