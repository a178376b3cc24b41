"""A stage for each test that plays seeds. No transaction around it: crashes need real commits."""

import pytest

from tests.faults import stage as stages


@pytest.fixture
def stage(transactional_db: None) -> stages.Stage:
    return stages.build()
