"""A stage for each test that plays seeds; its rows are committed, so it takes them away."""

from collections.abc import Iterator

import pytest

from tests.faults import stage as stages


@pytest.fixture
def stage(django_db_setup: None, django_db_blocker) -> Iterator[stages.Stage]:
    """No transaction around it: a seed's crashes need commits that count."""
    with django_db_blocker.unblock():
        stages.dismantle()
        try:
            yield stages.build()
        finally:
            stages.dismantle()
